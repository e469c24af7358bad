//
// PingTimes.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketPingTimes
//
// Round-trip times.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPingTimes_INCLUDED
#define Net_WebSocketPingTimes_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <atomic>
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPingTimes
	/// Measures round-trip times with PINGs (RFC 6455, 5.5.2). The payload of each is the time when it was sent, and the
	/// PONG brings it back. Times are microseconds in 32 bits, which wrap around after 71 minutes.
	///
	/// Used by one thread at a time; roundTrip() may be called by any.
{
public:
	typedef Poco::UInt32 Time;

	enum
	{
		LENGTH = 2*sizeof(Time) /// Bytes of a payload: the time, and its complement, which other payloads do not have.
	};

	void begin(Time now, char* pPayload);
		/// A PING is sent. Writes its payload, LENGTH bytes, which is different from those that wait for an answer.

	void received(const char* pPayload, std::size_t length, Time now);
		/// Takes the payload of a PONG. It is ignored if no PING can have had it, or the last one has been answered (5.5.3: those
		/// before it need not be).

	bool awaited() const;
		/// Returns true if the last PING has not been answered.

	Time roundTrip() const;
		/// Returns the last round-trip time, at least 1; 0 if there is none yet.

private:
	static constexpr Time AWAITED = 1u << 31; // round-trip times are shorter

	Time _newest = 0;
	std::atomic<Time> _roundTrip{0}; // and AWAITED, until the newest PING is answered
};


//
// inlines
//
inline bool WebSocketPingTimes::awaited() const
{
	return (_roundTrip.load(std::memory_order_relaxed) & AWAITED) != 0;
}


inline WebSocketPingTimes::Time WebSocketPingTimes::roundTrip() const
{
	return _roundTrip.load(std::memory_order_relaxed) & ~AWAITED;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPingTimes_INCLUDED
