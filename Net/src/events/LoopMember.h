//
// LoopMember.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketLoopMember
//
// What an event loop calls.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketLoopMember_INCLUDED
#define Net_WebSocketLoopMember_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketLoopMember
	/// What an event loop calls. One interface for the poller and the timers, because each costs
	/// a connection a pointer.
{
public:
	virtual void ready(int events);
		/// Some of WebSocketPoller::Events have happened.

	virtual void due(Poco::UInt32 now);
		/// The time set with WebSocketTimerWheel::set() has come, and is not set any more.

	virtual void dropped();
		/// The time is not set any more, because there is no wheel any more.

protected:
	~WebSocketLoopMember() = default;
};


//
// inlines
//
inline void WebSocketLoopMember::ready(int)
{
}


inline void WebSocketLoopMember::due(Poco::UInt32)
{
}


inline void WebSocketLoopMember::dropped()
{
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketLoopMember_INCLUDED
