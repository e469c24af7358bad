//
// UnitKeptMessagesTest.cpp
//
// What a client keeps until it is connected: the order, and the limit at its edge.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/KeptMessages.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include <gtest/gtest.h>
#include <string>


using Poco::Net::WebSocketConnectionParams;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketKeptMessages;


namespace
{
	constexpr std::size_t ENTRY = WebSocketConnectionParams::QUEUE_ENTRY;

	class EventKeptMessagesTest: public testing::Test
	{
	protected:
		bool add(const std::string& message, std::size_t limit = 1000000)
		{
			return kept.add(message, WebSocketFrame::OP_BINARY, WebSocketFrame::Compression::NONE, limit);
		}

		std::string take()
			/// Returns what is kept, one behind the other.
		{
			kept.take(taken);
			std::string result;
			for (const auto& message: taken) result += message.data;
			return result;
		}

		WebSocketKeptMessages kept;
		WebSocketKeptMessages::Messages taken;
	};
}


TEST_F(EventKeptMessagesTest, LimitAtItsEdge)
{
	const std::size_t limit = 2*ENTRY + 3;
	EXPECT_TRUE(add("ab", limit));
	EXPECT_FALSE(add("cd", limit));
	EXPECT_TRUE(add("c", limit));
	EXPECT_FALSE(add("", limit));
	EXPECT_EQ("abc", take());
}


TEST_F(EventKeptMessagesTest, EmptyMessagesCount)
{
	int count = 0;
	while (add("", 10*ENTRY)) ++count;
	EXPECT_EQ(10, count);
}


TEST_F(EventKeptMessagesTest, WhatIsTakenCountsUntilAllIs)
{
	const std::size_t limit = 2*ENTRY;
	EXPECT_TRUE(add("", limit));
	EXPECT_TRUE(kept.take(taken));
	EXPECT_TRUE(add("", limit));
	EXPECT_FALSE(add("", limit));
	EXPECT_TRUE(kept.take(taken));
	EXPECT_FALSE(kept.take(taken));
	EXPECT_TRUE(add("", limit));
	EXPECT_TRUE(add("", limit));
}


TEST_F(EventKeptMessagesTest, WhatIsGivenBackComesFirst)
{
	add("a");
	add("b");
	EXPECT_TRUE(kept.take(taken));
	taken.pop_front(); // was sent
	add("c");
	kept.giveBack(taken);
	EXPECT_FALSE(add("d", 2*ENTRY + 2)); // what was sent counts no more, the others do
	EXPECT_TRUE(add("d", 3*ENTRY + 3));
	EXPECT_EQ("bcd", take());
}


TEST_F(EventKeptMessagesTest, Cleared)
{
	EXPECT_TRUE(add("a", ENTRY + 1));
	kept.clear();
	EXPECT_TRUE(add("b", ENTRY + 1));
	EXPECT_EQ("b", take());
}
