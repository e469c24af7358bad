//
// Nodes.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketNodes
//
// Between the addresses of the core and those of sockets.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketNodes_INCLUDED
#define Net_WebSocketNodes_INCLUDED


#include "core/Network.h"
#include "Poco/Net/SocketAddress.h"
#include <string>
#include <vector>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketNodes
	/// Converts addresses.
{
	static WebSocketNode of(const sockaddr* pAddress);
		/// Needs no memory.

	static SocketAddress address(const WebSocketNode& node);
		/// Returns the address of a node of IP.

	static std::vector<WebSocketNetwork> networks(const std::vector<std::string>& texts);
		/// Throws an InvalidArgumentException if one of them is no network.

	static bool contain(const std::vector<WebSocketNetwork>& networks, const sockaddr* pAddress);
		/// Returns true if the address is in one of the networks. Needs no memory.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketNodes_INCLUDED
