//
// Forwarded.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketForwardedFields
//
// What the fields of a request tell that proxies have added.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketForwardedFields_INCLUDED
#define Net_WebSocketForwardedFields_INCLUDED


#include "core/Network.h"
#include "Poco/Net/MessageHeader.h"
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketForwardedFields
	/// Reads Forwarded (RFC 7239), or X-Forwarded-For, X-Forwarded-Proto and X-Forwarded-Host.
	///
	/// If there is X-Forwarded-For, Forwarded is not looked at: most proxies set the former, and let pass what a client sends in the
	/// latter. Without X-Forwarded-For and Forwarded the other two are read.
{
	typedef std::vector<WebSocketNetwork> Networks;

	static bool contains(const MessageHeader& header);
		/// Returns true if there is one of these fields.

	static WebSocketProxied read(const MessageHeader& header, const Networks& trusted);
		/// Reads the fields of a request that a trusted proxy has sent.
		///
		/// Each proxy adds an element with the address of who has connected to it. The last element is that of the sender. As long as
		/// an element has a trusted address, the one before it is read: it is that proxy's. The client is the first that is not
		/// trusted, or the one in the first element of all. At an element that is malformed, or has no address, reading ends, and the client is
		/// the last address that was found.
		///
		/// Scheme and host are those of the same element of Forwarded. X-Forwarded-Proto and X-Forwarded-Host are lists
		/// too, but many proxies replace them: their element is as far from the end, or the first one if there are fewer.
		/// A scheme other than http, https, ws, wss, and a host that cannot stand in Host, are not told.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketForwardedFields_INCLUDED
