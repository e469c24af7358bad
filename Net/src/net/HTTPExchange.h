//
// HTTPExchange.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketHTTPExchange
//
// A request, and the response to it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHTTPExchange_INCLUDED
#define Net_WebSocketHTTPExchange_INCLUDED


#include "core/Address.h"
#include "net/HandshakeLimits.h"
#include "net/TimedSession.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include <istream>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketHTTPExchange
	/// A request without a body, and the response to it, on a session that is connected. With a deadline, the response's header is read here:
	/// a field may be of any length, and the limits say how much may come.
{
	static void send(HTTPClientSession& session, HTTPRequest& request, WebSocketTimedSession* pDeadline);
		/// The deadline may be null, as everywhere here.

	static std::istream& receive(HTTPClientSession& session, HTTPResponse& response, const WebSocketTimedSession* pDeadline, const WebSocketHandshakeLimits& limits);
		/// Receives the final response's header; interim responses before it are skipped. Returns its body.

	static bool drain(std::istream& body, const HTTPResponse& response);
		/// Takes the body of a response off the connection. Returns false
		/// if it is not worth it: then the connection cannot be used again.
		/// A deadline ends it, or the body is here already.

	static WebSocketAddress address(HTTPClientSession& session);
		/// Returns where a session is connected, or connects.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHTTPExchange_INCLUDED
