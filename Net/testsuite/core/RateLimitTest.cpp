//
// RateLimitTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketRateLimitTest
//
// Token buckets, with a clock that is a variable.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/RateLimit.h"
#include <gtest/gtest.h>
#include <cstring>
#include <vector>


using Poco::Net::WebSocketRateLimit;


namespace
{
	using Time = WebSocketRateLimit::Time;

	constexpr Time SECOND = 1000000;
	constexpr Time START = 5*SECOND;

	WebSocketRateLimit::Key key(Poco::UInt32 number)
	{
		WebSocketRateLimit::Key result = {};
		std::memcpy(result.data(), &number, sizeof(number));
		return result;
	}

	int taken(WebSocketRateLimit& limit, const WebSocketRateLimit::Key& key, Time now, int attempts)
	{
		int count = 0;
		for (int i = 0; i < attempts; ++i) count += limit.take(key, now) ? 1 : 0;
		return count;
	}
}


TEST(RateLimitTest, BurstThenRate)
{
	const struct
	{
		int perSecond;
		int burst;
		Time after; // the burst
		int taken;  // then
	}
	rows[] =
	{
		{1, 1, 0, 0},
		{1, 1, SECOND - 1, 0},
		{1, 1, SECOND, 1},
		{1, 1, 10*SECOND, 1},
		{10, 20, 0, 0},
		{10, 20, SECOND/10 - 1, 0},
		{10, 20, SECOND/10, 1},
		{10, 20, SECOND, 10},
		{10, 20, 2*SECOND, 20},
		{10, 20, 100*SECOND, 20},
		{1000000, 1, 1, 1},
		{2000000, 1, 1, 1} // more than one in a microsecond are one
	};
	for (const auto& row: rows)
	{
		WebSocketRateLimit limit(row.perSecond, row.burst, 42);
		EXPECT_EQ(row.burst, taken(limit, key(1), START, row.burst + 100));
		EXPECT_EQ(row.taken, taken(limit, key(1), START + row.after, row.burst + 100)) << row.perSecond << ' ' << row.burst << ' ' << row.after;
	}
}


TEST(RateLimitTest, WhoIsRefusedLosesNothing)
{
	WebSocketRateLimit limit(10, 5, 42);
	EXPECT_EQ(5, taken(limit, key(1), START, 1000));
	EXPECT_EQ(5, taken(limit, key(1), START + SECOND/2, 1000)); // attempts that were refused do not count
}


TEST(RateLimitTest, EachKeyHasItsOwn)
{
	WebSocketRateLimit limit(1, 3, 42);
	for (Poco::UInt32 i = 0; i < 100; ++i) EXPECT_EQ(3, taken(limit, key(i), START, 10)) << i;
	for (Poco::UInt32 i = 0; i < 100; ++i) EXPECT_EQ(0, taken(limit, key(i), START, 10)) << i;
	EXPECT_EQ(0, taken(limit, key(0), START + SECOND - 1, 10));
	EXPECT_EQ(1, taken(limit, key(0), START + SECOND, 10));
}


TEST(RateLimitTest, SteadyRateIsNeverRefused)
{
	WebSocketRateLimit limit(7, 1, 42);
	for (Time i = 0; i < 1000; ++i) EXPECT_TRUE(limit.take(key(1), START + i*SECOND/7 + 1)) << i;
}


TEST(RateLimitTest, MoreKeysThanThereIsRoomFor)
{
	// Nobody who is there for the first time is refused, however many there are.
	WebSocketRateLimit limit(1, 1, 42);
	for (Poco::UInt32 i = 0; i < 10*WebSocketRateLimit::ENTRIES; ++i) ASSERT_TRUE(limit.take(key(i), START + i)) << i;
}


TEST(RateLimitTest, FewKeepTheirBucketsBesideMany)
{
	// The bucket that is full soonest goes first: who has taken most stays.
	WebSocketRateLimit limit(1, 100, 42);
	EXPECT_EQ(100, taken(limit, key(0xffffffff), START, 1000));
	for (Poco::UInt32 i = 0; i < 2*WebSocketRateLimit::ENTRIES; ++i) ASSERT_TRUE(limit.take(key(i), START));
	EXPECT_EQ(0, taken(limit, key(0xffffffff), START, 1000));
}


TEST(RateLimitTest, KeysAreSpread)
{
	// With as many keys as half of the entries, hardly any bucket is lost, whatever the seed: neighbours do not share a row.
	for (const Poco::UInt64 seed: {Poco::UInt64(0), Poco::UInt64(42), ~Poco::UInt64(0)})
	{
		WebSocketRateLimit limit(1, 1, seed);
		constexpr int COUNT = WebSocketRateLimit::ENTRIES/2;
		for (Poco::UInt32 i = 0; i < COUNT; ++i) EXPECT_TRUE(limit.take(key(i), START));
		int lost = 0;
		for (Poco::UInt32 i = 0; i < COUNT; ++i) lost += limit.take(key(i), START) ? 1 : 0;
		EXPECT_LT(lost, COUNT/4) << seed;
	}
}
