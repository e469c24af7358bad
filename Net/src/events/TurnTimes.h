//
// TurnTimes.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketTurnTimes
//
// How long the turns of a loop take.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTurnTimes_INCLUDED
#define Net_WebSocketTurnTimes_INCLUDED


#include "events/Counter.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <array>
#include <chrono>
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTurnTimes
	/// A histogram of the time that a loop's turns take, without waiting. One thread adds to it; any thread may read it.
{
public:
	typedef std::chrono::steady_clock::duration Duration;

	static constexpr std::array<const char*, 7> LIMITS = {"0.001", "0.005", "0.025", "0.1", "0.5", "2.5", "+Inf"};
		/// Seconds, as text: the longest times of each bucket.

	void add(Duration duration);
		/// Adds a turn.

	void add(const WebSocketTurnTimes& other);
		/// Adds all turns of another loop.

	Poco::UInt64 count(std::size_t bucket) const;
		/// Returns how many turns are in that bucket, and in none before.

	double seconds() const;
		/// Returns how long they all took.

private:
	static constexpr std::array<std::chrono::microseconds, 6> LONGEST = {{std::chrono::microseconds(1000), std::chrono::microseconds(5000),
		std::chrono::microseconds(25000), std::chrono::microseconds(100000), std::chrono::microseconds(500000), std::chrono::microseconds(2500000)}};
	static_assert(LONGEST.size() + 1 == LIMITS.size(), "the last has no limit");

	std::array<WebSocketCounter, LIMITS.size()> _counts;
	WebSocketCounter _nanoseconds;
};


//
// inlines
//
inline void WebSocketTurnTimes::add(Duration duration)
{
	std::size_t bucket = 0;
	while (bucket < LONGEST.size() && duration > LONGEST[bucket]) ++bucket;
	_counts[bucket].add(1);
	_nanoseconds.add(static_cast<Poco::UInt64>(std::chrono::duration_cast<std::chrono::nanoseconds>(duration).count()));
}


inline void WebSocketTurnTimes::add(const WebSocketTurnTimes& other)
{
	for (std::size_t i = 0; i < _counts.size(); ++i) _counts[i].add(other._counts[i]);
	_nanoseconds.add(other._nanoseconds);
}


inline Poco::UInt64 WebSocketTurnTimes::count(std::size_t bucket) const
{
	return _counts[bucket];
}


inline double WebSocketTurnTimes::seconds() const
{
	return static_cast<double>(static_cast<Poco::UInt64>(_nanoseconds))/1e9;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTurnTimes_INCLUDED
