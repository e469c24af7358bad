//
// PingTimes.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketPingTimes
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/PingTimes.h"
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr WebSocketPingTimes::Time AHEAD = 1000*1000; // a million PINGs of one microsecond

	bool isAfter(WebSocketPingTimes::Time time, WebSocketPingTimes::Time other)
	{
		return static_cast<Poco::Int32>(time - other) > 0;
	}
}


void WebSocketPingTimes::begin(Time now, char* pPayload)
{
	const bool first = !awaited() && roundTrip() == 0;
	if (!awaited() || isAfter(_answered, now)) _answered = now - 1; // however long ago that was
	_newest = !first && _newest - now < AHEAD ? _newest + 1 : now;
	std::memcpy(pPayload, &_newest, sizeof(_newest));
}


void WebSocketPingTimes::received(const char* pPayload, std::size_t length, Time now)
{
	Time ping = 0;
	if (length != sizeof(ping)) return;
	std::memcpy(&ping, pPayload, sizeof(ping));
	if (!isAfter(ping, _answered) || isAfter(ping, _newest)) return;
	_answered = ping;
	_roundTrip.store(isAfter(now, ping) ? now - ping : 1, std::memory_order_relaxed);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
