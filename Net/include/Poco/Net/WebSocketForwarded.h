//
// WebSocketForwarded.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketForwarded
//
// Who has made a request to a HTTPServer that has proxies before it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketForwarded_INCLUDED
#define Net_WebSocketForwarded_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/SocketAddress.h"
#include <string>
#include <vector>


namespace Poco {
namespace Net {


class HTTPServerRequest;


POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketForwarded
	/// What trusted proxies tell of a request's client, for handlers of a HTTPServer, and for hooks and Origin checks of the class:
	///
	///     const WebSocketForwarded client = WebSocketForwarded::of(request, {"10.0.0.0/8"});
	///
	/// A WebSocketServer does this itself (WebSocketServerParams::setTrustedProxies()).
{
	SocketAddress address;
		/// The client's address. The port is 0 if the proxy has not told it.

	bool secure = false;
		/// True if the client uses TLS.

	std::string host;
		/// What the client has sent in the field Host.

	static WebSocketForwarded of(const HTTPServerRequest& request, const std::vector<std::string>& trustedProxies);
		/// Returns what X-Forwarded-For, -Proto and -Host, or Forwarded, tell if the request comes from one of these networks
		/// (see WebSocketServerParams::setTrustedProxies()). What they do not tell, and if the request does not come from there, is
		/// what the request itself tells. Throws an InvalidArgumentException if one of the networks is none.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketForwarded_INCLUDED
