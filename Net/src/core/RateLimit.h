//
// RateLimit.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketRateLimit
//
// How often each of many may do something.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketRateLimit_INCLUDED
#define Net_WebSocketRateLimit_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <array>
#include <cstddef>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketRateLimit
	/// A token bucket for each of many keys: it holds burst tokens at most, gets so many per second, and each time takes one. An empty bucket
	/// refuses. A bucket is one number: when it will be full again.
	///
	/// Memory is fixed: ENTRIES buckets. A key without one gets that of a key whose bucket is full; if there is none in its row of the table, that
	/// which is full soonest. So with more keys than the table has room for, some that are refused get through, and nobody is
	/// refused who did not do it too often.
	///
	/// Times are microseconds, of a clock that does not go back. Not thread-safe.
{
public:
	typedef Poco::UInt64 Time;
	typedef std::array<unsigned char, 16> Key;

	enum
	{
		WAYS    = 8,
		ROWS    = 1024,
		ENTRIES = WAYS*ROWS
	};

	WebSocketRateLimit(int perSecond, int burst, Poco::UInt64 seed);
		/// Both are 1 or more. The seed is random: nobody outside can tell which keys share a row.

	bool take(const Key& key, Time now);
		/// Returns true if it is not too often.

private:
	struct Bucket
	{
		Key key = {};
		Time full = 0; // 0: of nobody
	};

	Bucket& bucketOf(const Key& key, Time now);

	const Time _interval; // between two tokens
	const Time _depth;    // from an empty bucket to one that is full, but for one token
	const Poco::UInt64 _seed;
	std::vector<Bucket> _buckets;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRateLimit_INCLUDED
