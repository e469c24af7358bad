//
// UnitHistoryTest.cpp
//
// Which transactions a channel knows: those of 5 minutes, as far as there is room, the latest in any case.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/History.h"
#include "support/CoreAllocations.h"
#include <gtest/gtest.h>
#include <new>
#include <string>


using Poco::Messaging::ChannelOptions;
using Poco::Messaging::Error;
using Poco::Messaging::History;
using Poco::Messaging::Publication;
using Poco::Messaging::Time;


namespace
{
	constexpr std::size_t SIZE = 20; // of a name

	std::string name(int i)
	{
		std::string result = std::to_string(i);
		result.insert(0, SIZE - result.size(), '0');
		return result;
	}

	History::Stored add(History& history, const std::string& transaction, Time now = 0)
	{
		Publication::Ptr pPublication(new Publication);
		pPublication->transaction = transaction;
		return history.add(const_cast<Publication&>(*pPublication), now);
	}

	ChannelOptions options()
	{
		ChannelOptions result;
		result.historySize = 10;
		return result;
	}
}


TEST(History, ForgetsTheOldestTransactionsWithoutRoom)
{
	constexpr int COUNT = 100;
	History history(options(), 1, COUNT*(SIZE + History::TRANSACTION_SIZE));
	for (int i = 1; i <= COUNT; ++i) ASSERT_FALSE(add(history, name(i)).duplicate);
	EXPECT_TRUE(add(history, name(1)).duplicate) << "there is room for all";
	EXPECT_EQ(1u, add(history, name(1)).position.offset);
	const History::Stored stored = add(history, name(COUNT + 1));
	EXPECT_EQ(Error::NONE, stored.error) << "one more is not refused";
	EXPECT_EQ(static_cast<Poco::UInt64>(COUNT + 1), stored.position.offset);
	for (int i = 2; i <= COUNT + 1; ++i) EXPECT_TRUE(add(history, name(i)).duplicate) << i;
	EXPECT_FALSE(add(history, name(1)).duplicate) << "the oldest one went for it";
	EXPECT_FALSE(add(history, name(2)).duplicate) << "and that one for the first";
	EXPECT_TRUE(add(history, name(4)).duplicate);
	EXPECT_FALSE(add(history, std::string(10*COUNT*SIZE, 'x')).duplicate) << "larger than all the room";
	EXPECT_TRUE(add(history, std::string(10*COUNT*SIZE, 'x')).duplicate) << "the latest one is known in any case";
}


TEST(History, TransactionsMakeRoomWhenTheirTimeIsOver)
{
	constexpr int COUNT = 10;
	History history(options(), 1, COUNT*(SIZE + History::TRANSACTION_SIZE));
	for (int round = 0; round < 3; ++round)
	{
		const Time now = round*History::TRANSACTION_TIME;
		for (int i = 1; i <= COUNT; ++i) EXPECT_FALSE(add(history, name(i), now).duplicate) << round;
		for (int i = 1; i <= COUNT; ++i) EXPECT_TRUE(add(history, name(i), now + History::TRANSACTION_TIME - 1).duplicate) << round;
	}
}


TEST(History, AddsWithoutMemory)
{
	History history(options(), 1, 1024*1024);
	Poco::UInt64 offset = 0;
	bool struck = true;
	for (std::size_t i = 0; struck; ++i)
	{
		Publication::Ptr pPublication(new Publication);
		pPublication->transaction = "a name that does not fit into the object of a string " + std::to_string(i);
		bool thrown = false;
		{
			const FailingAllocations failing(i, i + 1);
			try
			{
				history.add(const_cast<Publication&>(*pPublication), 0);
			}
			catch (const std::bad_alloc&)
			{
				thrown = true;
			}
			struck = failing.struck();
		}
		++offset;
		const History::Stored stored = add(history, pPublication->transaction);
		ASSERT_EQ(!thrown, stored.duplicate) << i;
		ASSERT_EQ(offset, stored.position.offset) << i;
	}
}
