//
// ServerName.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketServerName
//
// The name by which a TLS client asks for a server.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketServerName_INCLUDED
#define Net_WebSocketServerName_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <string>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketServerName
	/// Host names as DNS compares them: in lower case, without a dot at the end, up to 253 characters. Labels have 1 to 63 letters, digits,
	/// "-" or "_". Names in other scripts are written as their A-labels (xn--...).
{
	static std::string canonical(std::string_view name);
		/// Returns a host name like that; empty if it is none.

	static std::string canonicalPattern(std::string_view pattern);
		/// Returns a host name like that, whose first label may be "*"; empty if it is none. "*" alone is none.

	static std::string patternOf(const std::string& name);
		/// Returns the pattern with "*" in place of the first label of a canonical name; empty if it has no other label.

	static std::string asked(const unsigned char* pExtension, std::size_t length);
		/// Returns the name in the data of a server_name extension (RFC 6066, 3), canonical; empty if there is none.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServerName_INCLUDED
