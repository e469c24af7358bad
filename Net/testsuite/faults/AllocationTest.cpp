//
// AllocationTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFaultAllocationTest
//
// Every allocation fails in turn.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/FaultSupport.h"


using namespace FaultTest;


namespace
{
	void failEachAllocation(WebSocketFramer::Role role, Level level, bool blocking)
		/// The call that finds no memory throws; a message is then sent completely or not at
		/// all, and receiving can be repeated, unless the connection has failed.
	{
		Plan plan;
		plan.role = role;
		plan.level = level;
		plan.blocking = blocking;
		const int allocations = converse(plan).allocations;
		ASSERT_GT(allocations, 5);
		for (plan.failingAllocation = 0; plan.failingAllocation < allocations && !::testing::Test::HasFailure(); ++plan.failingAllocation)
		{
			SCOPED_TRACE(::testing::PrintToString(plan));
			const Report report = converse(plan);
			expectSound(plan, report);
			EXPECT_TRUE(report.constructed);
			if (report.exceptions == 0)
			{
				EXPECT_TRUE(report.ended);
				EXPECT_EQ(expectedItems(level), report.received) << "something was lost";
				EXPECT_EQ(1000, report.lastCloseCode);
			}
		}
	}
}


TEST(FaultAllocationTest, ServerFrames)
{
	failEachAllocation(WebSocketFramer::ROLE_SERVER, Level::FRAMES, true);
}


TEST(FaultAllocationTest, ServerFramesNonBlocking)
{
	failEachAllocation(WebSocketFramer::ROLE_SERVER, Level::FRAMES, false);
}


TEST(FaultAllocationTest, ServerMessages)
{
	failEachAllocation(WebSocketFramer::ROLE_SERVER, Level::MESSAGES, true);
}


TEST(FaultAllocationTest, ServerMessagesNonBlocking)
{
	failEachAllocation(WebSocketFramer::ROLE_SERVER, Level::MESSAGES, false);
}


TEST(FaultAllocationTest, ClientFrames)
{
	failEachAllocation(WebSocketFramer::ROLE_CLIENT, Level::FRAMES, true);
}


TEST(FaultAllocationTest, ClientFramesNonBlocking)
{
	failEachAllocation(WebSocketFramer::ROLE_CLIENT, Level::FRAMES, false);
}


TEST(FaultAllocationTest, ClientMessages)
{
	failEachAllocation(WebSocketFramer::ROLE_CLIENT, Level::MESSAGES, true);
}


TEST(FaultAllocationTest, ClientMessagesNonBlocking)
{
	failEachAllocation(WebSocketFramer::ROLE_CLIENT, Level::MESSAGES, false);
}
