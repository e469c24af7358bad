//
// Ticks.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketTicks
//
// A clock for who hardly ever wants to know how long something has taken.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTicks_INCLUDED
#define Net_WebSocketTicks_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Clock.h"
#include "Poco/Timespan.h"
#include "Poco/Types.h"
#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#include <x86intrin.h>
#endif


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTicks
	/// The processor's own counter. Reading it costs a few instructions, a system's clock a hundred. What a tick is worth is found out
	/// afterwards, from what the system's clock and the counter have counted since the object was made.
{
public:
	using Value = Poco::UInt64;

	WebSocketTicks():
		_begin(now())
	{
	}

	static Value now()
		/// Returns 0 if the processor has none.
	{
#if defined(__x86_64__) || defined(__i386__)
		return __rdtsc();
#elif defined(__aarch64__)
		Value value;
		__asm__ __volatile__("mrs %0, cntvct_el0" : "=r"(value));
		return value;
#else
		return 0;
#endif
	}

	Poco::Timespan since(Value begin) const
		/// Returns the time since begin, which must have been read after the object was made; 0 if it is not known, because there is
		/// no counter, or none that always counts with the same speed.
	{
		const Value end = now();
		const Poco::Clock::ClockDiff lifetime = _clock.elapsed();
		if (begin < _begin || end <= begin || !steady()) return Poco::Timespan(0);
		const double share = static_cast<double>(end - begin)/static_cast<double>(end - _begin);
		return Poco::Timespan(static_cast<Poco::Timespan::TimeDiff>(share*static_cast<double>(lifetime)));
	}

private:
	static bool steady()
	{
#if defined(__x86_64__) || defined(__i386__)
		constexpr unsigned ADVANCED_POWER_MANAGEMENT = 0x80000007;
		constexpr unsigned INVARIANT_TSC = 1u << 8; // of EDX
		unsigned a = 0;
		unsigned b = 0;
		unsigned c = 0;
		unsigned d = 0;
		return __get_cpuid(ADVANCED_POWER_MANAGEMENT, &a, &b, &c, &d) && (d & INVARIANT_TSC);
#else
		return true;
#endif
	}

	Poco::Clock _clock;
	Value _begin;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTicks_INCLUDED
