//
// Connector.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketConnector
//
// A client's opening handshake, for both shells.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketConnector_INCLUDED
#define Net_WebSocketConnector_INCLUDED


#include "net/Upgrade.h"
#include "Poco/Net/WebSocketConfig.h"
#include <string>


namespace Poco {
namespace Net {


class HTTPClientSession;
class HTTPRequest;
class HTTPResponse;
class HTTPCredentials;


POCO_WEBSOCKET_BEGIN


class WebSocketParams;
class WebSocketTLSSession;


struct WebSocketConnector
	/// Makes a client's connection: WebSocketClientExchange sends the request to a server and receives the response, WebSocketRedirect says where
	/// else to ask, and WebSocketHandshake what requests and responses must be.
{
	static WebSocketUpgrade connect(HTTPClientSession& session, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, const WebSocketParams* pParams, WebSocketTLSSession* pLast = nullptr);
		/// See WebSocket's constructors for clients. pParams may be null. If there is a last TLS session, it is continued, and the new one is kept there.

	static WebSocketUpgrade complete(HTTPClientSession& session, const HTTPResponse& response, const std::string& key);
		/// Checks the response and turns the session's connection into a WebSocket.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnector_INCLUDED
