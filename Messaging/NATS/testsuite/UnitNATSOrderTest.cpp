//
// UnitNATSOrderTest.cpp
//
// In which order what a stream has stored is given on (NATSOrder).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSOrder.h"
#include <gtest/gtest.h>
#include <string>


using Poco::Messaging::NATSMessage;
using Poco::Messaging::NATSOrder;
using Poco::Messaging::Position;


namespace
{
	std::unique_ptr<NATSMessage> message(std::size_t size = 1)
	{
		natsMsg* pMessage = nullptr;
		const std::string data(size, 'x');
		EXPECT_EQ(NATS_OK, natsMsg_Create(&pMessage, "s", nullptr, data.data(), static_cast<int>(size)));
		return std::make_unique<NATSMessage>(pMessage);
	}

	struct Order: public NATSOrder
	{
		bool come(Poco::UInt64 offset, Poco::UInt64 epoch = 1, std::size_t size = 1)
		{
			return add({epoch, offset}, message(size), now);
		}

		std::string all()
			/// Returns the numbers of those that are next.
		{
			std::string result;
			Position position;
			while (next(position, now)) result += std::to_string(position.offset) + ' ';
			return result;
		}

		Poco::Messaging::Time now = 1000;
	};
}


TEST(UnitNATSOrder, EachIsGivenOnceInItsOrder)
{
	Order order;
	EXPECT_FALSE(order.come(4)) << "it is not known where the stream stands";
	EXPECT_FALSE(order.come(6));
	EXPECT_EQ("", order.all());
	EXPECT_TRUE(order.stands({1, 4}));
	EXPECT_EQ("", order.all());
	EXPECT_TRUE(order.come(5));
	EXPECT_EQ("5 6 ", order.all());
	EXPECT_TRUE(order.come(5)) << "it was given";
	EXPECT_TRUE(order.come(8));
	EXPECT_TRUE(order.come(9));
	EXPECT_TRUE(order.come(8)) << "it waits already";
	EXPECT_EQ("", order.all());
	EXPECT_TRUE(order.come(7));
	EXPECT_EQ("7 8 9 ", order.all());
	EXPECT_TRUE(order.empty());
}


TEST(UnitNATSOrder, OneThatIsMissingIsNoticedInTime)
{
	Order order;
	EXPECT_TRUE(order.stands({1, 0}));
	order.now += 10*NATSOrder::WAIT_TIME;
	EXPECT_FALSE(order.late(order.now));
	EXPECT_TRUE(order.come(2));
	order.now += NATSOrder::WAIT_TIME - 1;
	EXPECT_TRUE(order.come(3));
	EXPECT_FALSE(order.late(order.now));
	EXPECT_TRUE(order.late(order.now + 1));
	order.lose();
	EXPECT_TRUE(order.stands({1, 2}));
	EXPECT_EQ("3 ", order.all()) << "what is behind has waited";
	EXPECT_FALSE(order.late(order.now + 1));
}


TEST(UnitNATSOrder, AnotherStreamIsNoticed)
{
	Order order;
	EXPECT_TRUE(order.stands({1, 7}));
	EXPECT_TRUE(order.come(9));
	EXPECT_FALSE(order.come(1, 2));
	EXPECT_FALSE(order.known());
	EXPECT_FALSE(order.come(2, 2));
	EXPECT_TRUE(order.stands({2, 1}));
	EXPECT_EQ("2 ", order.all());
	EXPECT_FALSE(order.come(3, 3));
	EXPECT_FALSE(order.stands({2, 2})) << "what waits is of a newer one: it is asked for once more";
	EXPECT_TRUE(order.stands({3, 3}));
	EXPECT_TRUE(order.come(4, 3));
	EXPECT_EQ("4 ", order.all());
}


TEST(UnitNATSOrder, NotMoreThanFitsWaits)
{
	for (const bool known: {true, false})
	{
		Order order;
		EXPECT_TRUE(!known || order.stands({1, 0}));
		for (std::size_t i = 0; i < NATSOrder::MAX_WAITING; ++i) ASSERT_EQ(known, order.come(2 + i));
		EXPECT_FALSE(order.come(2 + NATSOrder::MAX_WAITING)) << "one too many";
		EXPECT_FALSE(order.stands({1, 1})) << "something was dropped";
		EXPECT_TRUE(order.stands({1, 1 + NATSOrder::MAX_WAITING}));
		EXPECT_EQ(std::to_string(2 + NATSOrder::MAX_WAITING) + ' ', order.all());
		EXPECT_TRUE(order.come(4 + NATSOrder::MAX_WAITING, 1, NATSOrder::MAX_BYTES));
		EXPECT_FALSE(order.come(5 + NATSOrder::MAX_WAITING)) << "too large";
	}
}
