//
// HandshakeLimits.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketHandshakeLimits
//
// How long a client's opening handshake may take, and how much may be received in it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHandshakeLimits_INCLUDED
#define Net_WebSocketHandshakeLimits_INCLUDED


#include "net/TimedSession.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Clock.h"
#include "Poco/Timespan.h"
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketParams;


class WebSocketHandshakeLimits
	/// What the parameters allow for one handshake, with everything that belongs to it: the look-up of the name, the proxy's tunnel, TLS, and
	/// the requests after a challenge or a redirect. Time is counted from when the object is made. Without parameters there are only the sessions' own limits.
{
public:
	explicit WebSocketHandshakeLimits(const WebSocketParams* pParams);
		/// The parameters, which may be null, must exist as long as the limits do.

	Poco::Timespan timeLeft(const HTTPClientSession& session) const;
		/// Returns how long connecting the session may take now.

	std::unique_ptr<WebSocketTimedSession> deadline(HTTPClientSession& session) const;
		/// Returns what holds the session, which is connected, to the limits; null without parameters.

	void checkFields(const HTTPResponse& response) const;
		/// Throws a WebSocketException if the response has more fields than the parameters allow.

private:
	const Poco::Clock _start;
	const WebSocketParams* const _pParams;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHandshakeLimits_INCLUDED
