//
// WebSocketDeadline.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketDeadline
//
// A socket that does not wait for ever.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketDeadline_INCLUDED
#define Net_WebSocketDeadline_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Clock.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketDeadline
	/// As long as it exists, what a connected session receives has to come in the given
	/// time, in all, and be no more than the given number of bytes: a TimeoutException
	/// or a WebSocketException (HANDSHAKE_REFUSED) comes out of the session otherwise.
{
public:
	WebSocketDeadline(HTTPClientSession& session, const Poco::Clock& start, const Poco::Timespan& timeout, int maxSize);
	~WebSocketDeadline();

private:
	WebSocketDeadline(const WebSocketDeadline&) = delete;
	WebSocketDeadline& operator = (const WebSocketDeadline&) = delete;

	HTTPClientSession& _session;
	StreamSocket _socket; // the session's own
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketDeadline_INCLUDED
