//
// Proxies.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketProxies
//
// Whom a server believes who its clients are.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProxies_INCLUDED
#define Net_WebSocketProxies_INCLUDED


#include "core/Network.h"
#include "events/HostCounts.h"
#include "events/Via.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Types.h"
#include <atomic>
#include <memory>
#include <vector>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketProxies
	/// The proxies that a server trusts, and what others have claimed. Thread-safe.
{
public:
	explicit WebSocketProxies(const WebSocketServerParams& params);

	std::unique_ptr<WebSocketVia> via(const sockaddr* pPeer, socklen_t length) const;
		/// Returns how a connection from there has come; null if the peer is the client.

	std::unique_ptr<WebSocketVia> via(const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied);
		/// The same of one that has sent a PROXY header.

	static WebSocketHost host(const WebSocketVia* pVia, const sockaddr* pPeer);
		/// Returns whom it counts for: none if that is a trusted proxy, whose client is not known yet.

	bool identify(WebSocketVia& via, HTTPRequest& request, SocketAddress& client);
		/// Reads the request's fields. If they tell of a client, the request, via and client tell it as well from here on. Returns
		/// false, and changes nothing but a count, if who has sent the request is not trusted.

	void ignore(const HTTPRequest& request);
		/// The request comes from nobody who is trusted: counts it if it has such fields.

	void logHeader(const sockaddr* pPeer, const char* pWhy) noexcept;
		/// A connection is closed because of its PROXY header. Logs that, once a minute.

	void read(WebSocketServer::Metrics& metrics) const;
		/// Fills in what is counted here.

private:
	bool trusts(const sockaddr* pAddress) const;

	const std::vector<WebSocketNetwork> _trusted;
	std::atomic<Poco::UInt64> _ignored{0};
	std::atomic<Poco::UInt64> _refused{0};
	std::atomic<Poco::Int64> _logged{0}; // microseconds of a monotonic clock: when it was logged last
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProxies_INCLUDED
