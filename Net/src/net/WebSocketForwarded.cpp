//
// WebSocketForwarded.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketForwarded
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketForwarded.h"
#include "core/Forwarded.h"
#include "net/Nodes.h"
#include "Poco/Net/HTTPServerRequest.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketForwarded WebSocketForwarded::of(const HTTPServerRequest& request, const std::vector<std::string>& trustedProxies)
{
	const std::vector<WebSocketNetwork> trusted = WebSocketNodes::networks(trustedProxies);
	WebSocketForwarded result;
	result.address = request.clientAddress();
	result.secure  = request.secure();
	result.host    = request.get(HTTPRequest::HOST, "");
	if (!WebSocketNodes::contain(trusted, result.address.addr())) return result;
	const WebSocketProxied proxied = WebSocketForwardedFields::read(request, trusted);
	if (proxied.client.known()) result.address = WebSocketNodes::address(proxied.client);
	if (proxied.scheme != WebSocketScheme::NOT_TOLD) result.secure = proxied.scheme == WebSocketScheme::SECURE;
	if (!proxied.host.empty()) result.host = proxied.host;
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
