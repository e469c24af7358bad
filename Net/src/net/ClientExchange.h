//
// ClientExchange.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketClientExchange
//
// The HTTP side of a client's connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketClientExchange_INCLUDED
#define Net_WebSocketClientExchange_INCLUDED


#include "net/HandshakeKey.h"
#include "net/HandshakeLimits.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include <istream>
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTLSSession;


class WebSocketClientExchange
	/// Connects to one server, sends it the request of the opening handshake, and receives the response: on the caller's session or,
	/// behind a proxy, a session on a tunnel made for it. Connects again if the connection had been closed before the request came, or a challenge
	/// is to be answered on another one.
{
public:
	WebSocketClientExchange(HTTPClientSession& session, const WebSocketHandshakeLimits& limits, WebSocketTLSSession* pLast);
		/// pLast may be null: see WebSocketConnector. All exist as long as this does.

	~WebSocketClientExchange();

	HTTPClientSession& session();
		/// Returns the session that the response came from.

	void run(HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, WebSocketHandshakeKey& key);
		/// Sends the request and receives the response; several times, if the server wants credentials.

	void abandon(const HTTPResponse& response);
		/// There is no WebSocket. The caller may go on using the session.

private:
	WebSocketClientExchange(const WebSocketClientExchange&) = delete;
	WebSocketClientExchange& operator = (const WebSocketClientExchange&) = delete;

	void exchange(HTTPRequest& request, HTTPResponse& response, WebSocketTimedSession* pDeadline);
	bool exchangeAgain(HTTPRequest& request, HTTPResponse& response, WebSocketTimedSession* pDeadline);
	bool open(std::unique_ptr<WebSocketTimedSession>& pDeadline);
	void secure();
	void reset();
	bool bodyIsHere(const HTTPResponse& response);

	HTTPClientSession& _session;
	const HTTPClientSession::ProxyConfig _proxyConfig;
	std::unique_ptr<HTTPClientSession> _pTunnel;
	std::istream* _pBody; // of the last response
	bool _tunnelled; // there is a proxy, and a session on a tunnel in place of the caller's,
	bool _secured;   // or the caller's on a tunnel
	const WebSocketHandshakeLimits& _limits;
	WebSocketTLSSession* const _pLast;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketClientExchange_INCLUDED
