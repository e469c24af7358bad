//
// ProxyHeader.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketProxyHeader
//
// The PROXY protocol, versions 1 and 2 (HAProxy's proxy-protocol.txt of 2020/03/05).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProxyHeader_INCLUDED
#define Net_WebSocketProxyHeader_INCLUDED


#include "core/Network.h"
#include <cstddef>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketProxyHeader
	/// What a proxy that does not know the protocol sends before everything else.
{
	enum
	{
		MAX_LINE = 107, /// Bytes of version 1 at most (2.1).
		MAX_SIZE = 4096 /// Bytes of version 2 that are taken at most, although it could have 65551.
	};

	enum Result
	{
		NEED_MORE, /// All bytes belong to the header.
		COMPLETE,
		MALFORMED
	};

	WebSocketProxied proxied;
		/// The client is UNKNOWN if the connection is the proxy's own (LOCAL), or the proxy does not know more (UNKNOWN,
		/// UNSPEC), or if it is not a TCP connection. The scheme is known if there is a PP2_TYPE_SSL. There is no host.

	std::size_t size = 0;
		/// How many bytes the header has.

	static Result parse(std::string_view bytes, WebSocketProxyHeader& header);
		/// Parses the header at the beginning of bytes. Returns MALFORMED as soon as no header begins so. If there is a checksum
		/// (2.2.3), it is verified; other TLVs are skipped. Changes header only if it returns COMPLETE.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProxyHeader_INCLUDED
