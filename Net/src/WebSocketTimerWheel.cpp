//
// WebSocketTimerWheel.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketTimerWheel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketTimerWheel.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketTimerWheel::Entry::Entry():
	_pNext(nullptr),
	_pPrevious(nullptr),
	_dueTime(0)
{
}


WebSocketTimerWheel::Entry::~Entry()
{
	if (_pNext && _pNext != this) unlink(*this);
}


void WebSocketTimerWheel::Entry::dropped()
{
}


WebSocketTimerWheel::Slot::Slot()
{
	_pNext = _pPrevious = this;
}


void WebSocketTimerWheel::Slot::due(Time)
{
}


WebSocketTimerWheel::WebSocketTimerWheel(Time now):
	_now(now - now % TICK),
	_count(0)
{
}


WebSocketTimerWheel::~WebSocketTimerWheel()
{
	clear();
}


void WebSocketTimerWheel::clear()
{
	for (Slot& slot: _slots)
	{
		while (slot._pNext != &slot)
		{
			Entry& entry = *slot._pNext;
			cancel(entry);
			entry.dropped();
		}
	}
}


WebSocketTimerWheel::Slot& WebSocketTimerWheel::slotOf(Time time)
{
	return _slots[time/TICK % SLOTS];
}


void WebSocketTimerWheel::unlink(Entry& entry)
{
	entry._pPrevious->_pNext = entry._pNext;
	entry._pNext->_pPrevious = entry._pPrevious;
	entry._pNext = entry._pPrevious = nullptr;
}


void WebSocketTimerWheel::link(Slot& slot, Entry& entry)
{
	entry._pNext = &slot;
	entry._pPrevious = slot._pPrevious;
	slot._pPrevious->_pNext = &entry;
	slot._pPrevious = &entry;
}


void WebSocketTimerWheel::set(Entry& entry, Time time)
{
	cancel(entry);
	entry._dueTime = time;
	const Time horizon = _now + TICK*(SLOTS - 1);
	if (reached(time, _now)) link(slotOf(_now), entry);
	else link(slotOf(reached(time, horizon) ? time : horizon), entry);
	++_count;
}


void WebSocketTimerWheel::cancel(Entry& entry)
{
	if (!entry.scheduled()) return;
	unlink(entry);
	--_count;
}


void WebSocketTimerWheel::run(Time now)
{
	while (reached(_now, now))
	{
		// Taken out first: an entry may be set into the same slot again.
		Slot ready;
		Slot& slot = slotOf(_now);
		while (slot._pNext != &slot)
		{
			Entry& entry = *slot._pNext;
			unlink(entry);
			link(ready, entry);
		}
		const Time end = _now + TICK;
		const bool whole = reached(end, now);
		if (whole) _now = end;
		while (ready._pNext != &ready)
		{
			Entry& entry = *ready._pNext;
			const Time time = entry._dueTime;
			cancel(entry);
			if (reached(time, now)) entry.due(now);
			else set(entry, time);
		}
		if (!whole) return;
	}
}


int WebSocketTimerWheel::untilNext(Time now) const
{
	if (_count == 0) return -1;
	for (Time time = _now; time != _now + TICK*SLOTS; time += TICK)
	{
		const Slot& slot = _slots[time/TICK % SLOTS];
		if (slot._pNext == &slot) continue;
		const Time end = time + TICK;
		return reached(end, now) ? 0 : static_cast<int>(end - now);
	}
	return 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
