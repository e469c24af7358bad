//
// Address.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketAddress
//
// What a WebSocket URI names.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAddress_INCLUDED
#define Net_WebSocketAddress_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <string>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketAddress
	/// A server, and what it is asked for (RFC 6455, 3), as they stand in the opening handshake.
{
	bool secure = false;
	std::string host;
		/// Without the brackets of an IPv6 address.

	Poco::UInt16 port = 0;
	std::string target = "/";
		/// Path and query (RFC 9112, 3.2.1). Escapes stay as they are.

	bool resolve(std::string_view reference, WebSocketAddress& result) const;
		/// Resolves a URI reference, as in a Location field, relative to this address (RFC 3986, 5.2; RFC 9110, 10.2.2).
		/// The schemes ws and http are the same, and so are wss and https. A fragment is dropped. What no URI can contain
		/// is escaped in path and query. Changes result, which may be this, only if it returns true.
		///
		/// Returns false if the reference is malformed, if its scheme is another one, if it has no host, or a port that
		/// is not one, if it has user information (RFC 9110, 4.2.4), or if it has a fragment and the scheme ws or
		/// wss (RFC 6455, 3).

	bool sameOrigin(const WebSocketAddress& other) const;
		/// Returns true if scheme, host and port are the same (RFC 6454, 4).

	std::string hostField() const;
		/// Returns the value of the field Host: without the port if that is the scheme's default (RFC 6455, 4.1).

	std::string authority() const;
		/// Returns host and port, as for CONNECT (RFC 9112, 3.2.3).

	std::string uri() const;
		/// Returns a http or https URI.

	static bool isHostField(std::string_view text);
		/// Returns true if text can be the value of the field Host, and is not empty: a host, and perhaps a port (RFC 9110, 7.2).

	static Poco::UInt16 defaultPort(bool secure);
		/// Returns 443 or 80.

	static std::string targetOf(const std::string& pathAndQuery);
		/// Puts "/" in place of an empty path (RFC 6455, 3).
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAddress_INCLUDED
