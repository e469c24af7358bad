//
// WebSocketAuth.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketAuth
//
// Authentication in the opening handshake.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAuth_INCLUDED
#define Net_WebSocketAuth_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocket_API WebSocketAuth
	/// Helpers for a hook (WebSocketParams::setHook()) that asks for credentials:
	///
	///     params.setHook([](HTTPServerRequest& request, HTTPServerResponse& response)
	///     {
	///         return WebSocketAuth::bearer(request, token) || WebSocketAuth::challenge(response, "Bearer", "chat");
	///     });
{
	static bool basic(const HTTPRequest& request, const std::string& username, const std::string& password);
		/// Returns true if the request has these Basic credentials (RFC 7617). The time
		/// that it takes does not tell how much of them is right.

	static bool bearer(const HTTPRequest& request, const std::string& token);
		/// Returns true if the request has this Bearer token (RFC 6750, 2.1). The time that it
		/// takes does not tell how much of it is right.

	static bool challenge(HTTPResponse& response, const std::string& scheme, const std::string& realm);
		/// Sets status 401 and WWW-Authenticate. Returns false, for the hook to return.

	static bool equal(const std::string& given, const std::string& expected);
		/// Returns true if the strings are equal. The time that it takes depends on the lengths only.
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAuth_INCLUDED
