//
// ProxyTunnel.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketProxyTunnel
//
// A connection through a proxy.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProxyTunnel_INCLUDED
#define Net_WebSocketProxyTunnel_INCLUDED


#include "net/HandshakeLimits.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketProxyTunnel: public HTTPClientSession
	/// A session on a connection to a proxy, which passes on what is sent (RFC 9110, 9.3.6).
	///
	/// It does what HTTPClientSession::proxyConnect() does, but stays on the session: what has been
	/// received behind the proxy's answer is in its buffer.
{
public:
	static std::unique_ptr<WebSocketProxyTunnel> open(HTTPClientSession& session, const WebSocketHandshakeLimits& limits, std::unique_ptr<WebSocketTimedSession>& pDeadline);
		/// Connects to the session's proxy, and has it connect to the session's host. If the proxy wants credentials, it gets those of the
		/// session's configuration, if need be on another connection. Returns the tunnel; pDeadline becomes what holds it to the limits.

protected:
	bool mustReconnect() const override;
	int write(const char* pData, std::streamsize length) override;

private:
	struct Request;

	explicit WebSocketProxyTunnel(HTTPClientSession& session);

	bool establish(Request& request, WebSocketTimedSession* pDeadline, const WebSocketHandshakeLimits& limits);

	bool _open;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProxyTunnel_INCLUDED
