//
// Peer.h
//
// Library: PocoMessaging
// Package: Service
// Module:  Peer
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Peer_INCLUDED
#define Messaging_Peer_INCLUDED


#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/Message.h"
#include "Poco/Messaging/Quota.h"
#include "Poco/Messaging/TokenVerifier.h"
#include "Poco/Net/WebSocketConnection.h"
#include <atomic>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Peer final: public Connection
	/// A client of a MessageService: its connection, which the hub sends on as well, and what is known of it.
	///
	/// Messages to it never overtake each other. An answer that does not fit into the connection's queue waits here, and nothing is
	/// read from the client until it has gone out. So a client that does not read its answers cannot ask for more.
	///
	/// What the hub sends before the client knows that it is connected waits here as well.
{
public:
	typedef Poco::AutoPtr<Peer> Ptr;

	Peer(Poco::Net::WebSocketConnection& connection, const MessageFormat& format, const Clock& clock);

	// Connection
	Result send(const Prepared& pMessage) override;
	std::size_t queued() const override;
	void close(int code, const std::string& reason) override;

	void answer(const Message& message);
		/// Sends it, or keeps it until there is room.

	void greet(const Message& connected);
		/// Answers Connect, then sends what the hub has sent before.

	bool drained();
		/// The connection's queue is empty: sends what was kept. Returns true if nothing is kept any more.

	const MessageFormat& format() const;
	Poco::Net::WebSocketConnection& connection() const;

	void pause();
	void resume();
		/// Stop reading, and go on; there may be several reasons at a time.

	void setRules(const QuotaRules::Ptr& pRules);
		/// By the mutex. Sets the limits of what it sends and is sent.

	// By the mutex:
	mutable std::mutex mutex;
	Session::Ptr pSession;         // null before Connect, and when the connection has ended
	TokenResult token;             // of the handshake, then of the session
	Quota quota;
	TraceContext trace;            // of the handshake
	Time due = 0;                  // when the service has to look at it; 0: never
	Time resumeAt = 0;             // when a delay is over; 0: there is none
	Time deadline = 0;             // until when it has to connect, or when its token runs out; 0: never
	Time warned = 0;               // when it was told of its quota
	int malformed = 0;
	bool connecting = false;       // its token is being checked
	bool hasToken = false;
	bool asked = false;            // for another token
	bool closed = false;

protected:
	~Peer() override;

private:
	typedef Poco::Net::WebSocketConnection WebSocketConnection;

	enum
	{
		MAX_EARLY = 64 // messages of the hub that wait for the answer to Connect
	};

	bool admit(const Prepared& pMessage, Result& result);
		/// Returns true if the hub's message may go to the connection now. Otherwise it has this result.

	[[gnu::noinline, gnu::cold]] bool waits(const Prepared& pMessage, Result& result);
		/// The same, if something was kept. Returns false if nothing is kept any more.

	static Result resultOf(WebSocketConnection::SendResult sent);

	bool overtakes();
		/// Returns true in the loop's thread, if it has not taken yet what another thread has sent: send() would overtake that, sendBehind() does not.

	void sent();
		/// This thread has sent something.

	WebSocketConnection::SendResult deliver(const std::string& bytes);

	friend class PeerCarrier;

	QuotaRule::Action count(Poco::UInt16 opcode, std::size_t bytes);
		/// Counts what is about to be sent. Returns REJECT or TERMINATE (and closes), or NONE.

	const WebSocketConnection::Ptr _pConnection;
	const MessageFormat& _format;
	const Clock& _clock;
	std::atomic<bool> _limited; // there are rules for what it is sent
	std::atomic<bool> _elsewhere; // another thread has sent something that the loop may not have taken yet
	const std::thread::id _loop; // whose callback has made this
	std::mutex _sending; // for what follows, and the order of answers; held for no call of anybody else's but the connection's
	std::deque<std::string> _kept;
	std::vector<Prepared> _early; // what the hub has sent before the answer to Connect
	bool _greeted; // Connect was answered
	std::atomic<bool> _keeps; // is set by that: the hub's messages do not go out
	std::mutex _reading;
	int _pauses = 0;
};


class PeerCarrier: public Carrier
	/// Gives a message to the connections of many peers at once.
{
public:
	void send(const Prepared& pMessage, Connection* const* ppConnections, std::size_t count, Connection::Result* pResults) override;
};


inline const MessageFormat& Peer::format() const
{
	return _format;
}


inline Poco::Net::WebSocketConnection& Peer::connection() const
{
	return const_cast<WebSocketConnection&>(*_pConnection);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Peer_INCLUDED
