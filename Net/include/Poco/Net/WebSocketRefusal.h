//
// WebSocketRefusal.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketRefusal
//
// What a server has refused, and why.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketRefusal_INCLUDED
#define Net_WebSocketRefusal_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketRefusalReason.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/SocketAddress.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketRefusal: public WebSocketRefusalReason
	/// A connection, or an opening handshake, that a WebSocketServer has refused. See WebSocketServerHandler::onRefused().
{
	Reason reason = MALFORMED;
		/// Why it was refused.

	HTTPResponse::HTTPStatus status = HTTPResponse::HTTPStatus(0);
		/// The status that was sent; 0 if the connection was closed without a response.

	std::string text;
		/// One line that says what was wrong. Nothing in it comes from the peer, but for what a hook has put there.

	SocketAddress address;
		/// The peer's address.

	std::string path;
		/// The path that was asked for, as the peer has sent it, without a query; empty if it is not known. If the request is cut short, it may be too.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRefusal_INCLUDED
