//
// PendingAcceptance.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketPendingAcceptance
//
// What a handshake in an event loop and the application's WebSocketAcceptance share.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPendingAcceptance_INCLUDED
#define Net_WebSocketPendingAcceptance_INCLUDED


#include "Poco/Net/WebSocketAcceptance.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include <functional>
#include <memory>
#include <mutex>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPendingAcceptance: public std::enable_shared_from_this<WebSocketPendingAcceptance>
	/// A handshake request whose answer is to come. One side is the handshake, which asks, awaits and finishes; the other
	/// is the application, which answers, in any thread.
	///
	///     ASKING ---> AWAITED ---> ANSWERED ---> FINISHED
	///        |           |                          ^
	///        +-----------|--> ANSWERED              |
	///        +-----------+--------------------------+ CANCELLED in its place
	///
	/// While the hook is being called (ASKING) nobody need be told of an answer: it is looked for when the hook has returned.
{
public:
	struct Answer
	{
		HTTPResponse::HTTPStatus status = HTTPResponse::HTTP_SWITCHING_PROTOCOLS;
		std::string reason;
		std::string subprotocol;
		NameValueCollection fields;
		std::shared_ptr<void> pUserData;
	};

	typedef std::function<bool()> Tell;
		/// Tells the handshake that there is an answer. Is called by any thread. Returns false if there is no handshake any more.

	WebSocketPendingAcceptance(const HTTPRequest& itsRequest, const SocketAddress& itsAddress, bool isSecure, const WebSocketTLSInfo& itsTLSInfo, const std::string& itsRoute, const std::string& itsParameter, const Tell& tell);

	//
	// The handshake
	//
	void ask(const WebSocketConnectionParams::AsyncHook& hook);
		/// Calls the hook.

	bool await();
		/// After ask(). Returns false if there is an answer already.

	bool finish(Answer& answer);
		/// From here on no answer comes. Returns true if there was one, which is not lost by that.

	//
	// The application
	//
	bool answer(Answer&& answer);
		/// Returns false if it comes too late.

	void drop();
		/// There will be no answer.

	void setUserData(const std::shared_ptr<void>& pData);
	bool cancelled() const;

	const HTTPRequest request;
	const SocketAddress remoteAddress;
	const bool secure;
	const WebSocketTLSInfo tlsInfo;
	const std::string route;
	const std::string routeParameter;

private:
	enum State
	{
		ASKING,
		AWAITED,
		ANSWERED,
		FINISHED,
		CANCELLED
	};

	mutable std::mutex _mutex;
	State _state;
	Tell _tell; // owns the connection
	Answer _answer;
	std::shared_ptr<void> _pUserData;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPendingAcceptance_INCLUDED
