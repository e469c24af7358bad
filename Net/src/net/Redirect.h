//
// Redirect.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketRedirect
//
// A redirect in answer to the opening handshake.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketRedirect_INCLUDED
#define Net_WebSocketRedirect_INCLUDED


#include "core/Address.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketRedirect
	/// Where a response sends a client (RFC 9110, 15.4). Nobody is sent from TLS to plain text.
{
public:
	static bool is(const HTTPResponse& response);
		/// Returns true if the response is a redirect.

	WebSocketRedirect(const HTTPClientSession& session, const HTTPRequest& request, const HTTPResponse& response);
		/// Throws a WebSocketException (NO_HANDSHAKE) if the response to the request, which was sent on the session, sends to where nobody goes.

	bool sameOrigin() const;
		/// Returns true if credentials for the one are for the other too.

	std::unique_ptr<HTTPClientSession> follow(HTTPRequest& request) const;
		/// Makes a session for the redirect, and the request fit for it.

private:
	WebSocketAddress _from;
	WebSocketAddress _to;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRedirect_INCLUDED
