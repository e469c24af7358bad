//
// UnitHeartbeatsTest.cpp
//
// How long a node that is killed counts as living: with the clock of the test.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisHeartbeats.h"
#include <gtest/gtest.h>
#include <limits>
#include <string>


using Poco::Messaging::RedisHeartbeats;
using Poco::Messaging::Time;


namespace
{
	constexpr Time TURN = 100; // ms between two looks at the clock, of a node for which nothing comes (RedisLoop)

	Time buried(Time offset, Time killed)
		/// A node has heartbeats at 0, 2100, 4200 and so on; another one offset ms later; the first one is killed. Returns how many ms after that it is dead for the other one.
	{
		RedisHeartbeats heartbeats;
		Time next = offset;
		for (Time now = offset;; now += TURN)
		{
			if (now < next) continue;
			next = now + RedisHeartbeats::INTERVAL + TURN/2; // it is late for each of them
			const Time count = std::min(now, killed)/(RedisHeartbeats::INTERVAL + TURN);
			if (!heartbeats.see({{"7", std::to_string(count)}}, now).empty()) return now - killed;
			next = std::min(next, heartbeats.due());
		}
	}
}


TEST(UnitHeartbeats, ANodeThatIsKilledIsDeadAfter5400To9700ms)
{
	Time first = std::numeric_limits<Time>::max();
	Time last = 0;
	for (Time offset = 0; offset < 2100; offset += 10)
	{
		for (Time killed = 21000; killed < 2*21000; killed += 70)
		{
			const Time time = buried(offset, killed);
			first = std::min(first, time);
			last = std::max(last, time);
		}
	}
	EXPECT_LE(5400, first);
	EXPECT_GE(6000, first) << "the cases have the earliest one";
	EXPECT_GE(9700, last);
	EXPECT_LE(9000, last) << "the cases have the latest one";
}


TEST(UnitHeartbeats, ANodeThatLivesIsNotDead)
{
	RedisHeartbeats heartbeats;
	Time now = 0;
	for (int i = 0; i < 100; ++i)
	{
		EXPECT_TRUE(heartbeats.see({{"7", std::to_string(i)}, {"8", std::to_string(i/3)}}, now).empty()) << i; // 8 has one every 6.3 s
		EXPECT_LT(now, heartbeats.due());
		now += 2100;
	}
	EXPECT_TRUE(heartbeats.has("7"));
	EXPECT_TRUE(heartbeats.has("8"));
	EXPECT_FALSE(heartbeats.has("9"));
	EXPECT_TRUE(heartbeats.see({{"8", "x"}}, now).empty());
	EXPECT_FALSE(heartbeats.has("7")) << "it has gone";
}


TEST(UnitHeartbeats, WhoIsDeadIsDueNoMore)
{
	// A server that does not bury it would be asked all the time
	RedisHeartbeats heartbeats;
	EXPECT_FALSE(heartbeats.any());
	heartbeats.found("7", "1", 1000);
	EXPECT_TRUE(heartbeats.any());
	EXPECT_EQ(8500, heartbeats.due());
	EXPECT_TRUE(heartbeats.see({{"7", "1"}}, 8499).empty());
	EXPECT_EQ(8500, heartbeats.due());
	EXPECT_EQ((RedisHeartbeats::Counts{{"7", "1"}}), heartbeats.see({{"7", "1"}}, 8500));
	EXPECT_EQ(std::numeric_limits<Time>::max(), heartbeats.due());
	EXPECT_EQ(1u, heartbeats.see({{"7", "1"}}, 10500).size()) << "it is said again";
	EXPECT_TRUE(heartbeats.see({{"7", "2"}}, 12500).empty()) << "it was only slow";
	EXPECT_EQ(20000, heartbeats.due());
	heartbeats.clear();
	EXPECT_TRUE(heartbeats.see({{"7", "2"}}, 30000).empty()) << "measured anew";
	EXPECT_EQ(37500, heartbeats.due());
}
