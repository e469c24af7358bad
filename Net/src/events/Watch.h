//
// Watch.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketWatch
//
// What the poller is asked about a connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketWatch_INCLUDED
#define Net_WebSocketWatch_INCLUDED


#include "events/Poller.h"
#include "events/Stream.h"
#include "Poco/Net/WebSocketConfig.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketWatch
	/// Whether the poller looks after a connection, and for what. TLS may need its socket for the other direction than the connection
	/// does (crossed): then the poller waits for that.
	///
	/// What is watched is known to the poller, and not kept here: an idle connection is small.
{
public:
	WebSocketWatch();

	bool active() const;
		/// Returns false if the poller does not know the connection: at the beginning, and after stop().

	bool crossed() const;

	bool last() const;
		/// Returns whether others come first: WebSocketPoller::LAST.

	void set(WebSocketPoller& poller, WebSocketStream& stream, int events, WebSocketLoopMember& member);
		/// From now on, the poller waits for what the stream needs for these WebSocketPoller::Events.

	void stop(WebSocketPoller& poller, WebSocketStream& stream);
		/// There is nothing that the poller could tell.

private:
	bool _active: 1;
	bool _crossed: 1;
	bool _last: 1;
};


//
// inlines
//
inline WebSocketWatch::WebSocketWatch():
	_active(false),
	_crossed(false),
	_last(false)
{
}


inline bool WebSocketWatch::active() const
{
	return _active;
}


inline bool WebSocketWatch::crossed() const
{
	return _crossed;
}


inline bool WebSocketWatch::last() const
{
	return _last;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketWatch_INCLUDED
