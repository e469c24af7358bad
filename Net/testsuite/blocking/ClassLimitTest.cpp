//
// ClassLimitTest.cpp
//
// Sizes: limits, claims, and what they may allocate.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassAllocations.h"
#include "support/TestSupport.h"
#include <limits>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	constexpr std::size_t MiB = 1024*1024;

	void expectTooBig(Pair& pair, const std::function<void ()>& receive)
	{
		EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf(receive));
		for (Receive again: overloads())
			EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { again(pair.ws); }));
		EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { pair.ws.sendFrame("x", 1); }));
		EXPECT_EQ(WebSocketFrame::CLOSED, pair.ws.closeState());
		const Frame close = pair.peer.receiveFrame();
		EXPECT_EQ(0x88, close.flags);
		EXPECT_EQ(1009, close.closeCode());
	}
}


class ClassLimitTest: public ConnectionTest
{
};


TEST_P(ClassLimitTest, MaximumIsChecked)
{
	Pair pair(GetParam());
	EXPECT_EQ(std::numeric_limits<int>::max(), pair.ws.getMaxPayloadSize());
	pair.ws.setMaxPayloadSize(1000);
	EXPECT_EQ(1000, pair.ws.getMaxPayloadSize());
	for (int size: {0, -1, std::numeric_limits<int>::min()})
		EXPECT_THROW(pair.ws.setMaxPayloadSize(size), Poco::InvalidArgumentException);
	EXPECT_EQ(1000, pair.ws.getMaxPayloadSize());
	EXPECT_EQ(1000, WebSocket(pair.ws).getMaxPayloadSize());
}


TEST_P(ClassLimitTest, MaximumAndOneMore)
{
	for (std::size_t limit: {1, 2, 125, 126, 127, 8191, 8192, 65535, 65536, 100000})
	{
		for (Receive receive: overloads())
		{
			Pair pair(GetParam());
			pair.ws.setMaxPayloadSize(static_cast<int>(limit));
			pair.send(0x82, pattern(limit));
			EXPECT_TRUE(pattern(limit) == receive(pair.ws).payload);
			pair.send(0x82, pattern(limit + 1));
			expectTooBig(pair, [&] { receive(pair.ws); });
		}
	}
}


TEST_P(ClassLimitTest, BufferAndOneMore)
{
	for (std::size_t room: {1, 125, 126, 10000, 65536})
	{
		Pair pair(GetParam());
		pair.send(0x82, pattern(room));
		EXPECT_TRUE(pattern(room) == receiveFrame(pair.ws, room).payload);
		pair.send(0x82, pattern(room + 1));
		expectTooBig(pair, [&] { receiveFrame(pair.ws, room); });
	}
}


TEST_P(ClassLimitTest, NoRoomAtAll)
{
	Pair pair(GetParam());
	pair.send(0x89);
	EXPECT_EQ(0x89, receiveFrame(pair.ws, 0).flags);
	pair.send(0x89, "x");
	expectTooBig(pair, [&] { receiveFrame(pair.ws, 0); });
}


TEST_P(ClassLimitTest, SizeIsRefusedBeforeThePayloadComes)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.ws.setMaxPayloadSize(100);
		pair.peer.send(pair.header(0x82, 101));
		expectTooBig(pair, [&] { receive(pair.ws); });
	}
}


TEST_P(ClassLimitTest, PayloadOfARefusedFrameIsNotParsed)
{
	// Frames inside of a payload that was too big.
	Pair pair(GetParam());
	const std::string inner = pair.frame(0x81, "injected");
	pair.peer.send(pair.header(0x82, 3*inner.size()) + inner + inner + inner);
	expectTooBig(pair, [&] { receiveFrame(pair.ws, 20); });
	for (int i = 0; i < 10; ++i)
		EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { receiveFixed(pair.ws); }));
}


TEST_P(ClassLimitTest, LargeClaimsAreRefusedWithoutAllocating)
{
	if (!Allocations::counted()) GTEST_SKIP() << "Allocations cannot be counted here";
	const std::vector<std::pair<Poco::UInt64, int>> table = { // claim, error
		{Poco::UInt64(1) << 31, WebSocket::WS_ERR_PAYLOAD_TOO_BIG},
		{(Poco::UInt64(1) << 32) + 1, WebSocket::WS_ERR_PAYLOAD_TOO_BIG},
		{Poco::UInt64(1) << 62, WebSocket::WS_ERR_PAYLOAD_TOO_BIG},
		{(Poco::UInt64(1) << 63) - 1, WebSocket::WS_ERR_PAYLOAD_TOO_BIG},
		{Poco::UInt64(1) << 63, WebSocket::WS_ERR_PROTOCOL_VIOLATION},
		{~Poco::UInt64(0), WebSocket::WS_ERR_PROTOCOL_VIOLATION}};
	for (const auto& row: table)
	{
		Pair pair(GetParam());
		pair.peer.send(pair.header(0x82, row.first) + "some");
		Poco::Buffer<char> buffer(0);
		int flags = 0;
		Allocations allocations;
		EXPECT_EQ(row.second, errorOf([&] { pair.ws.receiveFrame(buffer, flags); })) << row.first;
		EXPECT_LT(allocations.largest(), MiB);
		EXPECT_LT(buffer.capacity(), MiB);
		EXPECT_EQ(0u, buffer.size());
		EXPECT_EQ(row.second == WebSocket::WS_ERR_PAYLOAD_TOO_BIG ? 1009 : 1002, pair.peer.receiveFrame().closeCode());
	}
}


TEST_P(ClassLimitTest, MemoryFollowsWhatHasArrived)
{
	if (!Allocations::counted()) GTEST_SKIP() << "Allocations cannot be counted here";
	for (int claim: {std::numeric_limits<int>::max(), 1 << 30})
	{
		for (std::size_t arrived: {std::size_t(0), std::size_t(10), MiB})
		{
			Pair pair(GetParam());
			std::future<void> sending = std::async(std::launch::async, [&]
			{
				pair.peer.send(pair.header(0x82, static_cast<Poco::UInt64>(claim)) + pattern(arrived));
				pair.peer.endSending();
			});
			Poco::Buffer<char> buffer(0);
			int flags = 0;
			Allocations allocations;
			EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { pair.ws.receiveFrame(buffer, flags); }));
			EXPECT_LT(allocations.largest(), MiB + 4*arrived);
			EXPECT_LT(buffer.capacity(), MiB + 4*arrived);
			get(sending);
		}
	}
}


TEST_P(ClassLimitTest, MemoryFollowsWhatHasArrivedAfterATimeout)
{
	if (!Allocations::counted()) GTEST_SKIP() << "Allocations cannot be counted here";
	for (bool blocking: {true, false})
	{
		Pair pair(GetParam());
		pair.ws.setBlocking(blocking);
		pair.ws.setReceiveTimeout(Poco::Timespan(0, 1000));
		pair.peer.send(pair.header(0x82, 0x7fffffff));
		Poco::Buffer<char> buffer(0);
		int flags = 0;
		Allocations allocations;
		for (int i = 0; i < 20; ++i)
		{
			pair.peer.send(pattern(1000));
			if (blocking) EXPECT_THROW(pair.ws.receiveFrame(buffer, flags), Poco::TimeoutException);
			else EXPECT_EQ(-1, pair.ws.receiveFrame(buffer, flags));
		}
		EXPECT_LT(allocations.largest(), MiB);
		EXPECT_LT(buffer.capacity(), MiB);
	}
}


INSTANTIATE_TEST_SUITE_P(Each, ClassLimitTest, ::testing::ValuesIn(allConnections()), connectionName);
