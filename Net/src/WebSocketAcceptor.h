//
// WebSocketAcceptor.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketAcceptor
//
// The opening handshake of the blocking shell, on the server.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAcceptor_INCLUDED
#define Net_WebSocketAcceptor_INCLUDED


#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {


class HTTPServerRequest;
class HTTPServerResponse;


POCO_WEBSOCKET_BEGIN


class WebSocketImpl;
class WebSocketParams;


struct WebSocketAcceptor
	/// Answers the opening handshake; whether it is one, and what the answer is, is
	/// WebSocketHandshake's business.
{
	static WebSocketImpl* accept(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams* pParams);
		/// See WebSocket's constructors for servers. pParams may be null.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAcceptor_INCLUDED
