//
// Connector.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketConnector
//
// The opening handshake of the blocking shell, on the client.
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
	/// Exchanges the messages of the opening handshake; what they must be is
	/// WebSocketHandshake's business.
{
	static WebSocketUpgrade connect(HTTPClientSession& session, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, const WebSocketParams* pParams, WebSocketTLSSession* pLast = nullptr);
		/// See WebSocket's constructors for clients. pParams may be null. If there is a last TLS session, it is continued, and the new one is kept there.

	static WebSocketUpgrade complete(HTTPClientSession& session, const HTTPResponse& response, const std::string& key);
		/// Checks the response and turns the session's connection into a WebSocket.

	static std::string createKey();
		/// Returns a Sec-WebSocket-Key from a cryptographic random number generator.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnector_INCLUDED
