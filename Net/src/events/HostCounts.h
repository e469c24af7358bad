//
// HostCounts.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketHostCounts
//
// How many connections each address has.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHostCounts_INCLUDED
#define Net_WebSocketHostCounts_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <array>
#include <map>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketHost
	/// An IP address, without memory of its own, as Poco's have.
{
	WebSocketHost() = default;
		/// None.

	explicit WebSocketHost(const sockaddr* pAddress);
		/// Of an address that is not of IP, or the wildcard: none.

	bool known() const;
	std::array<unsigned char, 16> network() const;
		/// Returns what one subscriber has: an IPv4 address, or the first 64 bits of an IPv6 address. An IPv4 address in an IPv6 one is the same.

	bool operator < (const WebSocketHost& other) const;

	int family = 0; // 0 for none
	Poco::UInt32 scope = 0;
	std::array<unsigned char, 16> bytes = {};
};


class WebSocketHostCounts
	/// Counts the connections of each host. Not thread-safe.
{
public:
	bool add(const WebSocketHost& host, int most);
		/// Returns false, and counts nothing, if there are as many already, or there is no memory. What is no host is not counted.

	void remove(const WebSocketHost& host) noexcept;
		/// Needs no memory.

private:
	std::map<WebSocketHost, int> _counts;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHostCounts_INCLUDED
