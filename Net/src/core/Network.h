//
// Network.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketNetwork
//
// Addresses and networks, as proxies and their configuration write them.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketNetwork_INCLUDED
#define Net_WebSocketNetwork_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <array>
#include <string>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketNode
	/// A client or a proxy: an IP address and a port (RFC 7239, 6). An IPv4 address that is written or mapped as an IPv6
	/// address (RFC 4291, 2.5.5.2) is one of IPv4.
{
	typedef std::array<unsigned char, 16> Bytes;

	enum Family: unsigned char
	{
		UNKNOWN, /// There is no address.
		IPV4,
		IPV6,
		UNIX     /// A Unix-domain socket, without a path.
	};

	Family family = UNKNOWN;
	Bytes bytes = {};
		/// The address in network byte order. IPv4 has the first four.

	Poco::UInt16 port = 0;
		/// 0 if it is not known.

	bool known() const;

	static WebSocketNode ofBytes(Family family, const void* pBytes);
		/// Returns the address that has these 4 (IPV4) or 16 (IPV6) bytes.

	static bool parseAddress(std::string_view text, WebSocketNode& node);
		/// Parses an address without a port: an IPv4 address of four decimal numbers without leading zeros, or an IPv6 address
		/// without brackets and zone (RFC 4291, 2.2). Changes node only if it returns true.

	static bool parse(std::string_view text, WebSocketNode& node);
		/// Parses what RFC 7239, 6 calls a node: an IPv4 address, an IPv6 address in brackets, "unknown", or a name that begins
		/// with "_"; behind it there may be a port. An IPv6 address without brackets and a port is taken as well: that is how
		/// X-Forwarded-For has it. The node of a word is UNKNOWN, and a port that is a word is 0. Changes node only if it returns true.

	static bool parsePort(std::string_view text, Poco::UInt16& port);
		/// Parses a decimal number up to 65535 without leading zeros. Changes port only if it returns true.
};


class WebSocket_API WebSocketNetwork
	/// Addresses that have the same first bits (RFC 4632, 3.1).
{
public:
	static bool parse(std::string_view text, WebSocketNetwork& network);
		/// Parses "10.0.0.0/8", "2001:db8::/32", a single address, or "unix:", which is all Unix-domain sockets. Returns false,
		/// and does not change network, if it is neither, or if a bit behind the prefix is set.

	bool contains(const WebSocketNode& node) const;

private:
	WebSocketNode _first;
	unsigned _prefix = 0; // bits
};


enum class WebSocketScheme: unsigned char
	/// How a client has connected to a proxy.
{
	NOT_TOLD,
	PLAIN,
	SECURE /// With TLS
};


struct WebSocketProxied
	/// What a proxy tells of a client.
{
	WebSocketNode client;
		/// UNKNOWN if it is not told.

	WebSocketScheme scheme = WebSocketScheme::NOT_TOLD;
	std::string host;
		/// What the client has sent in Host; empty if it is not told.
};


//
// inlines
//
inline bool WebSocketNode::known() const
{
	return family != UNKNOWN;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketNetwork_INCLUDED
