//
// WebSocketTimedSession.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTimedSession
//
// A socket that does not wait for ever.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTimedSession_INCLUDED
#define Net_WebSocketTimedSession_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Clock.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTimedSession
	/// As long as it exists, a session, which is connected, sends and receives in the given time, in all, or a TimeoutException
	/// comes out of it. The header of a response, with those of interim responses before it, may have the given number
	/// of bytes; of one that is longer comes a WebSocketException (HANDSHAKE_REFUSED).
{
public:
	WebSocketTimedSession(HTTPClientSession& session, const Poco::Clock& start, const Poco::Timespan& timeout, int maxHeaderSize);
	~WebSocketTimedSession();

	void send(HTTPRequest& request);
		/// Has the session send a request without a body.

	bool headerIsWhole() const;
		/// Returns false if the end of the last response's header has not come, which Poco does not always mind.

private:
	WebSocketTimedSession(const WebSocketTimedSession&) = delete;
	WebSocketTimedSession& operator = (const WebSocketTimedSession&) = delete;

	class Substitute;

	bool attached() const;
	void attach();
	void detach();

	HTTPClientSession& _session;
	Substitute* _pSocket; // stands in for the session's own
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTimedSession_INCLUDED
