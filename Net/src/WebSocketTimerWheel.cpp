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


WebSocketTimerWheel::Slot::Slot()
{
	_pNext = _pPrevious = this;
}


WebSocketTimerWheel::WebSocketTimerWheel(Time now):
	_now(now - now % TICK),
	_earliest(_now),
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
	const Time place = reached(time, _now) ? _now : reached(time, horizon) ? time : horizon;
	link(slotOf(place), entry);
	const Time begin = place - place % TICK;
	if (_count == 0 || reached(begin, _earliest)) _earliest = begin;
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
	if (_count == 0 || !reached(_earliest, now))
	{
		advance(now); // there is nothing up to then
		return;
	}
	advance(_earliest);
	while (_count > 0 && reached(_now, now))
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
		const bool whole = reached(_now + TICK, now);
		if (whole) _now += TICK;
		try
		{
			while (ready._pNext != &ready)
			{
				Entry& entry = *ready._pNext;
				const Time time = entry._dueTime;
				cancel(entry);
				if (reached(time, now)) entry.due(now);
				else set(entry, time);
			}
		}
		catch (...) // there is no memory: the others have their turn later
		{
			while (ready._pNext != &ready)
			{
				Entry& entry = *ready._pNext;
				unlink(entry);
				link(slotOf(_now), entry);
			}
			findEarliest();
			throw;
		}
		if (!whole) break;
	}
	findEarliest();
}


void WebSocketTimerWheel::advance(Time time)
{
	const Time begin = time - time % TICK;
	if (reached(_now, begin)) _now = begin;
}


void WebSocketTimerWheel::findEarliest()
{
	_earliest = _now;
	for (int i = 0; i < SLOTS && _count > 0; ++i, _earliest += TICK)
	{
		const Slot& slot = slotOf(_earliest);
		if (slot._pNext != &slot) return;
	}
}


int WebSocketTimerWheel::untilNext(Time now) const
{
	if (_count == 0) return -1;
	const Time end = _earliest + TICK;
	return reached(end, now) ? 0 : static_cast<int>(end - now);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
