//
// TimerWheel.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketTimerWheel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/TimerWheel.h"


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
	Slot& ready = _slots[READY];
	int left = WORK;
	while (true)
	{
		while (ready._pNext != &ready)
		{
			if (left <= 0) return; // the rest has its turn later, also if due() throws
			Entry& entry = *ready._pNext;
			const Time time = entry._dueTime;
			cancel(entry);
			if (reached(time, now))
			{
				left -= CALL;
				entry.due(now);
			}
			else
			{
				--left;
				set(entry, time);
			}
		}
		if (_count == 0 || !reached(_earliest + TICK, now))
		{
			advance(now); // there is nothing up to then
			return;
		}
		advance(_earliest);
		take(slotOf(_now), ready);
		_now += TICK;
		findEarliest();
	}
}


void WebSocketTimerWheel::take(Slot& slot, Slot& ready)
	/// Moves everything; ready is empty.
{
	if (slot._pNext == &slot) return;
	ready._pNext = slot._pNext;
	ready._pPrevious = slot._pPrevious;
	ready._pNext->_pPrevious = ready._pPrevious->_pNext = &ready;
	slot._pNext = slot._pPrevious = &slot;
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
	if (_slots[READY]._pNext != &_slots[READY]) return 0;
	const Time end = _earliest + TICK;
	return reached(end, now) ? 0 : static_cast<int>(end - now);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
