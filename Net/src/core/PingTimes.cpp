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
	_newest = awaited() && _newest - now < AHEAD ? _newest + 1 : now;
	_roundTrip.store(roundTrip() | AWAITED, std::memory_order_relaxed);
	const Time payload[] = {_newest, ~_newest};
	std::memcpy(pPayload, payload, sizeof(payload));
}


void WebSocketPingTimes::received(const char* pPayload, std::size_t length, Time now)
{
	Time payload[2] = {};
	if (!awaited() || length != sizeof(payload)) return;
	std::memcpy(payload, pPayload, sizeof(payload));
	const Time ping = payload[0];
	if (payload[1] != ~ping || isAfter(ping, _newest)) return; // none was sent then
	const Time time = isAfter(now, ping) ? now - ping : 1;
	_roundTrip.store(ping == _newest ? time : time | AWAITED, std::memory_order_relaxed);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
