//
// Nodes.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketNodes
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/Nodes.h"
#include "Poco/Exception.h"
#include "Poco/Net/IPAddress.h"
#include <algorithm>
#include <netinet/in.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketNode WebSocketNodes::of(const sockaddr* pAddress)
{
	WebSocketNode node;
	if (pAddress->sa_family == AF_INET)
	{
		const sockaddr_in* const pIPv4 = reinterpret_cast<const sockaddr_in*>(pAddress);
		node = WebSocketNode::ofBytes(WebSocketNode::IPV4, &pIPv4->sin_addr);
		node.port = ntohs(pIPv4->sin_port);
	}
	else if (pAddress->sa_family == AF_INET6)
	{
		const sockaddr_in6* const pIPv6 = reinterpret_cast<const sockaddr_in6*>(pAddress);
		node = WebSocketNode::ofBytes(WebSocketNode::IPV6, &pIPv6->sin6_addr);
		node.port = ntohs(pIPv6->sin6_port);
	}
	else if (pAddress->sa_family == AF_UNIX)
	{
		node.family = WebSocketNode::UNIX;
	}
	return node;
}


SocketAddress WebSocketNodes::address(const WebSocketNode& node)
{
	const bool isIPv4 = node.family == WebSocketNode::IPV4;
	return SocketAddress(IPAddress(node.bytes.data(), static_cast<poco_socklen_t>(isIPv4 ? sizeof(in_addr) : sizeof(in6_addr))), node.port);
}


std::vector<WebSocketNetwork> WebSocketNodes::networks(const std::vector<std::string>& texts)
{
	std::vector<WebSocketNetwork> networks(texts.size());
	for (std::size_t i = 0; i < texts.size(); ++i)
	{
		if (!WebSocketNetwork::parse(texts[i], networks[i])) throw InvalidArgumentException("Not a network: " + texts[i]);
	}
	return networks;
}


bool WebSocketNodes::contain(const std::vector<WebSocketNetwork>& networks, const sockaddr* pAddress)
{
	if (networks.empty()) return false;
	const WebSocketNode node = of(pAddress);
	return std::any_of(networks.begin(), networks.end(), [&node](const WebSocketNetwork& network) { return network.contains(node); });
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
