//
// RateLimit.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketRateLimit
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/RateLimit.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr WebSocketRateLimit::Time SECOND = 1000000;

	std::size_t rowOf(const WebSocketRateLimit::Key& key, Poco::UInt64 seed)
		/// FNV-1a, mixed at the end.
	{
		Poco::UInt64 hash = seed ^ 0xcbf29ce484222325u;
		for (const unsigned char c: key) hash = (hash ^ c)*0x100000001b3u;
		hash ^= hash >> 32;
		hash *= seed | 1;
		hash ^= hash >> 29;
		return static_cast<std::size_t>(hash % WebSocketRateLimit::ROWS);
	}
}


WebSocketRateLimit::WebSocketRateLimit(int perSecond, int burst, Poco::UInt64 seed):
	_interval(std::max<Time>(1, SECOND/static_cast<Time>(perSecond))),
	_depth(static_cast<Time>(burst - 1)*_interval),
	_seed(seed),
	_buckets(ENTRIES)
{
}


bool WebSocketRateLimit::take(const Key& key, Time now)
{
	Bucket& bucket = bucketOf(key, now);
	if (bucket.full > now + _depth) return false;
	bucket.full = std::max(bucket.full, now) + _interval;
	return true;
}


WebSocketRateLimit::Bucket& WebSocketRateLimit::bucketOf(const Key& key, Time now)
{
	Bucket* const pRow = &_buckets[rowOf(key, _seed)*WAYS];
	Bucket* pSoonest = pRow;
	for (Bucket* p = pRow; p < pRow + WAYS; ++p)
	{
		if (p->full != 0 && p->key == key) return *p;
		if (p->full < pSoonest->full) pSoonest = p;
	}
	*pSoonest = {key, now}; // full
	return *pSoonest;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
