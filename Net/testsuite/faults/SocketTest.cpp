//
// SocketTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFaultSocketTest
//
// Every operation on the socket goes wrong in turn, in every way.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/FaultSupport.h"


using namespace FaultTest;


namespace
{
	std::vector<Plan> plans()
		/// Without a fault: each role, each level, blocking and not.
	{
		std::vector<Plan> result;
		for (const WebSocketFramer::Role role: FramerTest::ROLES)
		{
			for (const Level level: {Level::FRAMES, Level::MESSAGES})
			{
				for (const bool blocking: {true, false})
				{
					Plan plan;
					plan.role = role;
					plan.level = level;
					plan.blocking = blocking;
					result.push_back(plan);
				}
			}
		}
		return result;
	}

	template <class Check>
	void atEveryOperation(Fault fault, const Check& check)
	{
		for (Plan plan: plans())
		{
			const int operations = converse(plan).operations;
			ASSERT_GT(operations, 5);
			plan.fault = fault;
			for (plan.at = 0; plan.at < operations + 2 && !::testing::Test::HasFailure(); ++plan.at) check(plan, converse(plan));
		}
	}
}


TEST(FaultSocketTest, WithoutFault)
{
	for (const Plan& plan: plans())
	{
		const Report report = converse(plan);
		expectSound(plan, report);
		expectComplete(plan, report);
	}
}


TEST(FaultSocketTest, OneByteAtEachOperation)
{
	for (Plan plan: plans())
	{
		plan.fault = Fault::SINGLE;
		const Report report = converse(plan);
		expectSound(plan, report);
		expectComplete(plan, report);
	}
}


class FaultSocketResumeTest: public ::testing::TestWithParam<Fault>
{
};


TEST_P(FaultSocketResumeTest, GoesOnAsIfNothingHadHappened)
{
	atEveryOperation(GetParam(), [](const Plan& plan, const Report& report)
	{
		expectSound(plan, report);
		expectComplete(plan, report);
	});
}


INSTANTIATE_TEST_SUITE_P(Faults, FaultSocketResumeTest, ::testing::Values(Fault::SHORT, Fault::AGAIN, Fault::TIMEOUT));


class FaultSocketBreakTest: public ::testing::TestWithParam<Fault>
{
};


TEST_P(FaultSocketBreakTest, EndsWithAnExceptionOrTheEnd)
{
	atEveryOperation(GetParam(), [](const Plan& plan, const Report& report)
	{
		expectSound(plan, report);
		EXPECT_TRUE(report.ended || report.exceptions > 0) << ::testing::PrintToString(plan);
	});
}


INSTANTIATE_TEST_SUITE_P(Faults, FaultSocketBreakTest, ::testing::Values(Fault::RESET_ONCE, Fault::RESET, Fault::END));
