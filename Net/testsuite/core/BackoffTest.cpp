//
// BackoffTest.cpp
//
// How long a client waits before it tries again: RFC 6455, 7.2.3.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Backoff.h"
#include <gtest/gtest.h>


using Poco::Net::WebSocketBackoff;


namespace
{
	constexpr Poco::UInt16 NO_JITTER = 0;
	constexpr Poco::UInt16 MOST_JITTER = 0xffff;
}


TEST(CoreBackoff, DoublesUpToTheLongest)
{
	struct Row
	{
		unsigned failures;
		Poco::UInt64 delay;
	};
	const Row ROWS[] = {{0, 500}, {1, 500}, {2, 1000}, {3, 2000}, {4, 4000}, {5, 8000}, {6, 16000}, {7, 30000}, {8, 30000}, {100000, 30000}};
	WebSocketBackoff backoff;
	unsigned failures = 0;
	for (const Row& row: ROWS)
	{
		while (failures < row.failures) EXPECT_EQ(++failures, backoff.failed());
		EXPECT_EQ(row.delay, backoff.delay(500, 30000, NO_JITTER)) << failures;
	}
}


TEST(CoreBackoff, JitterTakesAwayUpToAHalf)
{
	WebSocketBackoff backoff;
	backoff.failed();
	EXPECT_EQ(750u, backoff.delay(1000, 1000, 0x8000));
	EXPECT_EQ(501u, backoff.delay(1000, 1000, MOST_JITTER));
	EXPECT_EQ(0u, backoff.delay(0, 1000, MOST_JITTER));
	EXPECT_EQ(1u, backoff.delay(1, 1, MOST_JITTER));
}


TEST(CoreBackoff, WhatEndsTheFailures)
{
	struct Row
	{
		const char* what;
		bool opened;
		Poco::UInt32 duration;
		Poco::UInt64 delay; // after three failures
	};
	const Row ROWS[] =
	{
		{"a connection that was open for long enough", true, WebSocketBackoff::STABLE, 100},
		{"one that was not", true, WebSocketBackoff::STABLE - 1, 800},
		{"one that was never opened", false, WebSocketBackoff::STABLE, 800}
	};
	for (const Row& row: ROWS)
	{
		WebSocketBackoff backoff;
		for (int i = 0; i < 3; ++i) backoff.failed();
		EXPECT_EQ(400u, backoff.delay(100, 100000, NO_JITTER));
		backoff.ended(row.opened, row.duration);
		EXPECT_EQ(row.delay, backoff.delay(100, 100000, NO_JITTER)) << row.what;
		backoff.reset();
		EXPECT_EQ(100u, backoff.delay(100, 100000, NO_JITTER)) << row.what;
	}
}
