//
// Admission.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketAdmission
//
// Who may come in to a server, and how many there are.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAdmission_INCLUDED
#define Net_WebSocketAdmission_INCLUDED


#include "events/ConnectionGroup.h"
#include "events/HostCounts.h"
#include "core/RateLimit.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Timespan.h"
#include "Poco/Types.h"
#include <array>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketAdmission
	/// Counts the connections of a server, and decides whether there may be one more. Thread-safe.
{
public:
	typedef WebSocketConnectionGroup::Phase Phase;

	explicit WebSocketAdmission(const WebSocketServerParams::Ptr& pParams);
		/// Is closed.

	void open();
	void close();
	bool isOpen() const;

	enum Answer
	{
		ADMITTED,
		REFUSED, /// See the reason.
		CLOSED
	};

	Answer admit(const WebSocketHost& host, bool counted, WebSocketRefusal::Reason& reason) noexcept;
		/// Counts a connection in its opening handshake. Counts nobody if it is closed, a limit is reached, or there is no
		/// memory for counting (ADDRESS_LIMIT). A connection that is counted as one of another kind, which will leave soon, needs no room of its own.

	bool identify(const WebSocketHost& host, bool begins, WebSocketRefusal::Reason& reason) noexcept;
		/// Counts a connection, which was admitted without a host, for this one. Returns false, and does not, if that has too many, or, if this is the
		/// beginning of one, begins too often.

	void forget(const WebSocketHost& host) noexcept;
		/// A connection that stays does not count for the host any more.

	void change(Phase from, Phase to) noexcept;
		/// A connection that counts counts as something else.

	void opened(Phase before) noexcept;
		/// The opening handshake of a connection is complete.

	void leave(Phase phase, const WebSocketHost& host) noexcept;
		/// A connection counts no more.

	void refused(WebSocketRefusal::Reason reason) noexcept;
		/// Counts a connection, or a request, that was refused, here or later.

	void abandoned() noexcept;
		/// Counts a connection whose peer has ended it before its request was complete.

	bool await() noexcept;
		/// Counts a connection whose request waits for an answer. Returns false, and does not, if it is closed, or there are too many.

	void awaited() noexcept;
		/// It does not any more.


	void waitUntilEmpty(const Poco::Timespan& timeout);
		/// Waits until nobody is counted, but not longer. Is to be closed.

	int count() const;
		/// Returns how many there are.

	void read(WebSocketServer::Metrics& metrics) const;
		/// Fills in what is counted here.

private:
	std::atomic<int>& counter(Phase phase);

	bool perHost() const;
	bool inTime(const WebSocketHost& host);
	bool hasRoom(const WebSocketHost& host, int handshakes, int own, WebSocketRefusal::Reason& reason);

	const WebSocketServerParams::Ptr _pParams;
	std::atomic<bool> _open{false};
	std::atomic<int> _connections{0};
	std::atomic<int> _handshakes{0};
	std::atomic<int> _http{0};
	std::atomic<int> _awaited{0};
	std::atomic<Poco::UInt64> _opened{0};
	std::array<std::atomic<Poco::UInt64>, WebSocketRefusal::REASONS> _refused = {};
	std::atomic<Poco::UInt64> _abandoned{0};
	std::mutex _mutex;
	std::condition_variable _empty;
	WebSocketHostCounts _hosts;
	std::unique_ptr<WebSocketRateLimit> _pRate; // null: there is none
	std::mutex _rateMutex;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAdmission_INCLUDED
