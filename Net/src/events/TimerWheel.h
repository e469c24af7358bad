//
// TimerWheel.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketTimerWheel
//
// A time for each of many objects.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTimerWheel_INCLUDED
#define Net_WebSocketTimerWheel_INCLUDED


#include "events/LoopMember.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTimerWheel
	/// Calls objects at about their time. An object has one time at most, and setting it costs the
	/// same however many there are. What is due later than a turn of the wheel is looked at once a turn.
	///
	/// Times are milliseconds, and wrap around.
{
public:
	typedef Poco::UInt32 Time;

	static constexpr Time MAX_DISTANCE = 0x7fffffff; /// between two times

	class Entry: public WebSocketLoopMember
		/// What is put into the wheel.
	{
	public:
		bool scheduled() const;
		Time dueTime() const;

	protected:
		Entry();
		virtual ~Entry();

	private:
		Entry(const Entry&) = delete;
		Entry& operator = (const Entry&) = delete;

		friend class WebSocketTimerWheel;

		Entry* _pNext;
		Entry* _pPrevious;
		Time   _dueTime;
	};

	explicit WebSocketTimerWheel(Time now);
	~WebSocketTimerWheel();

	void set(Entry& entry, Time time);
		/// Sets the time, in place of the one set before.

	void cancel(Entry& entry);

	void clear();
		/// Takes all objects out.

	void run(Time now);
		/// Calls the objects whose time has come. They may set and cancel times. If they are many it calls some of
		/// them, and untilNext() is 0 until it has called them all.

	int untilNext(Time now) const;
		/// Returns in how many milliseconds run() should be called; -1 if there is nothing to call.

	static bool reached(Time time, Time now);

private:
	enum
	{
		TICK  = 64, // milliseconds
		SLOTS = 512,
		READY = SLOTS, // the slot of those whose tick has ended
		WORK  = 1024,  // entries looked at in one run()
		CALL  = 256    // one that is called counts as so many
	};

	struct Slot: public Entry
		/// The head of a ring of entries.
	{
		Slot();
	};

	WebSocketTimerWheel(const WebSocketTimerWheel&) = delete;
	WebSocketTimerWheel& operator = (const WebSocketTimerWheel&) = delete;

	Slot& slotOf(Time time);
	void advance(Time time);
	void findEarliest();
	static void take(Slot& slot, Slot& ready);
	static void unlink(Entry& entry);
	static void link(Slot& slot, Entry& entry);

	Slot _slots[SLOTS + 1];
	Time _now;      // up to here all slots have been looked at
	Time _earliest; // no entry stands in a slot before that one
	int  _count;
};


//
// inlines
//
inline bool WebSocketTimerWheel::Entry::scheduled() const
{
	return _pNext != nullptr;
}


inline WebSocketTimerWheel::Time WebSocketTimerWheel::Entry::dueTime() const
{
	return _dueTime;
}


inline bool WebSocketTimerWheel::reached(Time time, Time now)
{
	return static_cast<Poco::Int32>(now - time) >= 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTimerWheel_INCLUDED
