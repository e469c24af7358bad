//
// Proxies.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketProxies
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Proxies.h"
#include "core/Forwarded.h"
#include "events/Stream.h"
#include "net/Nodes.h"
#include "Poco/Clock.h"
#include "Poco/Logger.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr Poco::Int64 HEADER_LOG_INTERVAL = 60*Poco::Clock::ClockDiff(1000000);
}


WebSocketProxies::WebSocketProxies(const WebSocketServerParams& params):
	_trusted(WebSocketNodes::networks(params.getTrustedProxies()))
{
}


bool WebSocketProxies::trusts(const sockaddr* pAddress) const
{
	return WebSocketNodes::contain(_trusted, pAddress);
}


std::unique_ptr<WebSocketVia> WebSocketProxies::via(const sockaddr* pPeer, socklen_t length) const
{
	if (!trusts(pPeer)) return nullptr;
	auto pVia = std::make_unique<WebSocketVia>();
	pVia->peer    = WebSocketStream::address(pPeer, length);
	pVia->speaker = pVia->peer;
	pVia->trusted = true;
	return pVia;
}


std::unique_ptr<WebSocketVia> WebSocketProxies::via(const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied)
{
	std::unique_ptr<WebSocketVia> pVia = via(pPeer, length);
	if (!pVia)
	{
		if (proxied.client.known()) _ignored.fetch_add(1, std::memory_order_relaxed);
		return nullptr;
	}
	pVia->scheme = proxied.scheme;
	if (!proxied.client.known()) return pVia;
	pVia->speaker = WebSocketNodes::address(proxied.client);
	pVia->trusted = trusts(pVia->speaker.addr());
	return pVia;
}


WebSocketHost WebSocketProxies::host(const WebSocketVia* pVia, const sockaddr* pPeer)
{
	if (!pVia) return WebSocketHost(pPeer);
	return pVia->trusted ? WebSocketHost() : WebSocketHost(pVia->speaker.addr());
}


bool WebSocketProxies::identify(WebSocketVia& via, HTTPRequest& request, SocketAddress& client)
{
	if (!via.trusted)
	{
		ignore(request);
		return false;
	}
	const WebSocketProxied proxied = WebSocketForwardedFields::read(request, _trusted);
	if (proxied.client.known()) client = WebSocketNodes::address(proxied.client);
	if (proxied.scheme != WebSocketScheme::NOT_TOLD) via.told = proxied.scheme;
	via.host = proxied.host;
	if (!via.host.empty()) request.setHost(via.host);
	return true;
}


void WebSocketProxies::ignore(const HTTPRequest& request)
{
	if (WebSocketForwardedFields::contains(request)) _ignored.fetch_add(1, std::memory_order_relaxed);
}


void WebSocketProxies::logHeader(const sockaddr* pPeer, const char* pWhy) noexcept
{
	const Poco::UInt64 count = _refused.fetch_add(1, std::memory_order_relaxed) + 1;
	try
	{
		const Poco::Int64 now = Poco::Clock().microseconds();
		Poco::Int64 before = _logged;
		if (before != 0 && now - before < HEADER_LOG_INTERVAL) return;
		if (!_logged.compare_exchange_strong(before, now)) return; // another thread does it
		const WebSocketNode peer = WebSocketNodes::of(pPeer);
		const std::string name = peer.family == WebSocketNode::UNIX || !peer.known() ? "a Unix-domain socket" : WebSocketNodes::address(peer).toString();
		Poco::Logger::get("WebSocketServer").warning("PROXY header from " + name + " is " + pWhy + "; connections cut because of such headers: " + std::to_string(count));
	}
	catch (...)
	{
		// it is counted
	}
}


void WebSocketProxies::read(WebSocketServer::Metrics& metrics) const
{
	metrics.forwardedIgnored = _ignored;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
