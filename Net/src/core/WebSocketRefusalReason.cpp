//
// WebSocketRefusalReason.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketRefusalReason
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketRefusalReason.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


const char* WebSocketRefusalReason::name(Reason reason)
{
	static constexpr const char* NAMES[] =
	{
		"connection_limit",
		"address_limit",
		"handshake_limit",
		"handshake_rate",
		"busy",
		"proxy_header",
		"tls_failed",
		"malformed",
		"too_large",
		"timed_out",
		"origin",
		"hook",
		"draining",
		"no_route"
	};
	static_assert(sizeof(NAMES)/sizeof(*NAMES) == REASONS, "each has a name");
	return NAMES[reason];
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
