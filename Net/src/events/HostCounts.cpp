//
// HostCounts.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketHostCounts
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/HostCounts.h"
#include <cstring>
#include <netinet/in.h>
#include <new>
#include <tuple>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketHost::WebSocketHost(const sockaddr* pAddress)
{
	if (pAddress->sa_family == AF_INET)
	{
		std::memcpy(bytes.data(), &reinterpret_cast<const sockaddr_in*>(pAddress)->sin_addr, sizeof(in_addr));
	}
	else if (pAddress->sa_family == AF_INET6)
	{
		const sockaddr_in6* const pIPv6 = reinterpret_cast<const sockaddr_in6*>(pAddress);
		std::memcpy(bytes.data(), &pIPv6->sin6_addr, sizeof(in6_addr));
		scope = pIPv6->sin6_scope_id;
	}
	if (bytes != std::array<unsigned char, 16>()) family = pAddress->sa_family;
}


bool WebSocketHost::known() const
{
	return family != 0;
}


std::array<unsigned char, 16> WebSocketHost::network() const
{
	std::array<unsigned char, 16> result = {};
	in6_addr address;
	std::memcpy(&address, bytes.data(), sizeof(address));
	if (family == AF_INET6 && !IN6_IS_ADDR_V4MAPPED(&address))
	{
		std::memcpy(result.data(), bytes.data(), 8);
		result[15] = 6; // no IPv4 address is so
	}
	else
	{
		std::memcpy(result.data(), bytes.data() + (family == AF_INET6 ? 12 : 0), 4);
	}
	return result;
}


bool WebSocketHost::operator < (const WebSocketHost& other) const
{
	return std::tie(family, scope, bytes) < std::tie(other.family, other.scope, other.bytes);
}


bool WebSocketHostCounts::add(const WebSocketHost& host, int most)
{
	if (!host.known()) return true;
	try
	{
		int& count = _counts[host];
		if (count >= most) return false;
		++count;
		return true;
	}
	catch (const std::bad_alloc&)
	{
		return false;
	}
}


void WebSocketHostCounts::remove(const WebSocketHost& host) noexcept
{
	const auto it = _counts.find(host);
	if (it != _counts.end() && --it->second == 0) _counts.erase(it);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
