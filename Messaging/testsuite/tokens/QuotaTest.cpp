//
// QuotaTest.cpp
//
// What a client may send and be sent: at the limits and one past them, with a clock that is a variable.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Quota.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>
#include <functional>
#include <string>


using Poco::Messaging::Quota;
using Poco::Messaging::QuotaRule;
using Poco::Messaging::QuotaRules;
using Poco::Messaging::Time;


namespace
{
	QuotaRule limits(Poco::UInt64 soft, Poco::UInt64 hard, const std::function<void(QuotaRule&)>& change = [](QuotaRule&) {})
	{
		QuotaRule rule;
		rule.soft = soft;
		rule.hard = hard;
		change(rule);
		return rule;
	}

	std::string actions(Quota& quota, int count, Time now, std::size_t bytes = 1, QuotaRule::Direction direction = QuotaRule::RECEIVED, Poco::UInt16 opcode = 0)
		/// What becomes of so many messages, a letter each.
	{
		std::string result;
		for (int i = 0; i < count; ++i) result += "-WDRT"[quota.count(direction, opcode, bytes, now).action];
		return result;
	}

	void delays(QuotaRule& rule)
	{
		rule.softAction = QuotaRule::DELAY;
	}

	void terminates(QuotaRule& rule)
	{
		rule.hardAction = QuotaRule::TERMINATE;
	}

	void bytes(QuotaRule& rule)
	{
		rule.unit = QuotaRule::BYTES;
	}
}


TEST(Quota, AtTheLimitAndPastIt)
{
	struct Row
	{
		const char* what;
		std::vector<QuotaRule> rules;
		std::size_t bytes;
		const char* actions;
	};
	const Row ROWS[] =
	{
		{"no rules", {}, 1, "------"},
		{"no limits", {limits(0, 0)}, 1, "------"},
		{"soft", {limits(2, 0)}, 1, "--WWWW"},
		{"soft, delays", {limits(2, 0, delays)}, 1, "--DDDD"},
		{"hard", {limits(0, 2)}, 1, "--RRRR"},
		{"hard, terminates", {limits(0, 2, terminates)}, 1, "--TTTT"},
		{"both", {limits(2, 4)}, 1, "--WWRR"},
		{"both the same", {limits(2, 2)}, 1, "--RRRR"},
		{"bytes, up to the limit", {limits(0, 30, bytes)}, 10, "---RRR"},
		{"bytes, one past it", {limits(0, 29, bytes)}, 10, "--RRRR"},
		{"a message that exceeds it by itself", {limits(0, 9, bytes)}, 10, "RRRRRR"},
		{"empty messages have no bytes", {limits(0, 1, bytes)}, 0, "------"},
		{"the strictest of several", {limits(1, 0), limits(0, 3), limits(2, 0, delays)}, 1, "-WDRRR"},
		{"what is rejected is not counted elsewhere", {limits(0, 2), limits(0, 3, terminates)}, 1, "--RRRR"},
		{"rejected too often", {limits(0, 2, [](QuotaRule& rule) { rule.maxRejected = 2; })}, 1, "--RRTT"}
	};
	for (const Row& row: ROWS)
	{
		Quota quota(new QuotaRules(row.rules));
		EXPECT_EQ(row.actions, actions(quota, 6, 1000, row.bytes)) << row.what;
	}
	Quota none{QuotaRules::Ptr()};
	EXPECT_EQ("---", actions(none, 3, 1000));
}


TEST(Quota, IsForgottenEvenly)
{
	Quota quota(new QuotaRules({limits(0, 4)})); // in 1,000 ms
	EXPECT_EQ("----R", actions(quota, 5, 5000));
	EXPECT_EQ("R", actions(quota, 1, 5249));
	EXPECT_EQ("-R", actions(quota, 2, 5250));
	EXPECT_EQ("--R", actions(quota, 3, 5750));
	EXPECT_EQ("----R", actions(quota, 5, 100000));
	EXPECT_EQ("R", actions(quota, 1, 99000)) << "a clock that goes back gives nothing";
	EXPECT_EQ(4, quota.used(0, 100000));
	EXPECT_EQ(3, quota.used(0, 100250));
	EXPECT_EQ(0, quota.used(0, 200000));
	EXPECT_THROW(quota.used(1, 0), Poco::RangeException);
}


TEST(Quota, SaysHowLongToWait)
{
	Quota quota(new QuotaRules({limits(10, 0, delays)}));
	for (int i = 0; i < 10; ++i) EXPECT_EQ(QuotaRule::NONE, quota.count(QuotaRule::RECEIVED, 0, 1, 1000).action);
	for (int i = 1; i <= 3; ++i)
	{
		const Quota::Verdict verdict = quota.count(QuotaRule::RECEIVED, 0, 1, 1000);
		EXPECT_EQ(QuotaRule::DELAY, verdict.action);
		EXPECT_EQ(100*i, verdict.delay);
		EXPECT_EQ(0, verdict.rule);
	}
	EXPECT_EQ(10, quota.used(0, 1300)) << "who waits so long is within the limit";
	Quota fast(new QuotaRules({limits(1000000, 0, [](QuotaRule& rule) { delays(rule); bytes(rule); })}));
	EXPECT_EQ(1, fast.count(QuotaRule::RECEIVED, 0, 1000001, 0).delay) << "never 0";
}


TEST(Quota, OnlyWhatTheRuleIsFor)
{
	Quota quota(new QuotaRules({limits(0, 1, [](QuotaRule& rule)
	{
		rule.direction = QuotaRule::SENT;
		rule.firstOpcode = 200;
		rule.lastOpcode = 300;
	})}));
	EXPECT_EQ("---", actions(quota, 3, 0, 1, QuotaRule::RECEIVED, 250));
	for (const Poco::UInt16 opcode: {199, 301}) EXPECT_EQ("---", actions(quota, 3, 0, 1, QuotaRule::SENT, opcode));
	EXPECT_EQ("-R", actions(quota, 2, 0, 1, QuotaRule::SENT, 200));
	EXPECT_EQ("R", actions(quota, 1, 0, 1, QuotaRule::SENT, 300));
}


TEST(Quota, AnotherTokenDoesNotForget)
{
	Quota quota(new QuotaRules({limits(0, 2)}));
	EXPECT_EQ("--R", actions(quota, 3, 0));
	quota.setRules(new QuotaRules({limits(0, 4)}), 0);
	EXPECT_EQ("--R", actions(quota, 3, 0));
	quota.setRules(new QuotaRules({limits(0, 1), limits(0, 2)}), 0);
	EXPECT_EQ("-R", actions(quota, 2, 0));
	quota.setRules(QuotaRules::Ptr(), 0);
	EXPECT_EQ("---", actions(quota, 3, 0));
}


TEST(Quota, RulesThatAreNone)
{
	struct Row
	{
		const char* what;
		std::function<void(QuotaRule&)> change;
		bool valid;
	};
	const Row ROWS[] =
	{
		{"1 ms", [](QuotaRule& rule) { rule.period = 1; }, true},
		{"0 ms", [](QuotaRule& rule) { rule.period = 0; }, false},
		{"a day", [](QuotaRule& rule) { rule.period = 24*3600*1000; }, true},
		{"a day and a millisecond", [](QuotaRule& rule) { rule.period = 24*3600*1000 + 1; }, false},
		{"the largest limits", [](QuotaRule& rule) { rule.soft = rule.hard = Poco::UInt64(1) << 50; }, true},
		{"a larger soft limit", [](QuotaRule& rule) { rule.soft = (Poco::UInt64(1) << 50) + 1; }, false},
		{"a larger hard limit", [](QuotaRule& rule) { rule.hard = (Poco::UInt64(1) << 50) + 1; }, false},
		{"hard below soft", [](QuotaRule& rule) { rule.soft = 2; rule.hard = 1; }, false},
		{"opcodes in the wrong order", [](QuotaRule& rule) { rule.firstOpcode = 2; rule.lastOpcode = 1; }, false},
		{"a hard action for the soft limit", [](QuotaRule& rule) { rule.softAction = QuotaRule::REJECT; }, false},
		{"a soft action for the hard limit", [](QuotaRule& rule) { rule.hardAction = QuotaRule::DELAY; }, false}
	};
	for (const Row& row: ROWS)
	{
		QuotaRule rule;
		row.change(rule);
		if (row.valid) EXPECT_NO_THROW(QuotaRules::Ptr(new QuotaRules({rule}))) << row.what;
		else EXPECT_THROW(QuotaRules::Ptr(new QuotaRules({rule})), Poco::InvalidArgumentException) << row.what;
	}
	EXPECT_NO_THROW(QuotaRules::Ptr(new QuotaRules(std::vector<QuotaRule>(16))));
	EXPECT_THROW(QuotaRules::Ptr(new QuotaRules(std::vector<QuotaRule>(17))), Poco::InvalidArgumentException);
}
