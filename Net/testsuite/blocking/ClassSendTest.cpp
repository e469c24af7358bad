//
// ClassSendTest.cpp
//
// What sendFrame() puts on the wire.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Net/WebSocketImpl.h"
#include "Poco/Random.h"
#include <bitset>
#include <cstring>
#include <ctime>
#include <limits>
#include <set>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	int send(WebSocket& ws, const std::string& payload, int flags)
	{
		return ws.sendFrame(payload.data(), static_cast<int>(payload.size()), flags);
	}

	Poco::UInt32 number(const std::string& key)
		/// The key as stock has it in memory.
	{
		Poco::UInt32 result = 0;
		std::memcpy(&result, key.data(), sizeof(result));
		return result;
	}

	void expectNotFromRandom(const std::vector<std::string>& keys, std::time_t start)
		/// Stock takes its keys from a Random seeded with the time.
	{
		for (std::time_t seed = start - 2; seed <= std::time(nullptr) + 2; ++seed)
		{
			Poco::Random random;
			random.seed(static_cast<Poco::UInt32>(seed));
			std::set<std::pair<Poco::UInt32, Poco::UInt32>> successive;
			Poco::UInt32 before = random.next();
			for (int i = 0; i < 2000; ++i)
			{
				const Poco::UInt32 now = random.next();
				successive.insert({before, now});
				before = now;
			}
			for (std::size_t i = 0; i + 1 < keys.size(); ++i)
				EXPECT_EQ(0u, successive.count({number(keys[i]), number(keys[i + 1])}));
		}
	}
}


class ClassSendTest: public ConnectionTest
{
};


TEST_P(ClassSendTest, FlagsGoOutVerbatim)
{
	Pair pair(GetParam());
	for (int flags = 0; flags < 256; ++flags)
	{
		if ((flags & WebSocket::FRAME_OP_BITMASK) == WebSocket::FRAME_OP_CLOSE) continue; // the end
		EXPECT_EQ(3, send(pair.ws, "abc", flags));
		const Frame frame = pair.peer.receiveFrame();
		EXPECT_EQ(flags, frame.flags);
		EXPECT_EQ(GetParam().weMask(), frame.masked);
		EXPECT_EQ("abc", frame.payload);
	}
}


TEST_P(ClassSendTest, FlagsAboveTheLowestByteAreNotSent)
{
	Pair pair(GetParam());
	for (int flags: {WebSocket::FRAME_FLAG_EMPTY | 0x00, WebSocket::FRAME_OP_SETRAW | 0x81, 0x7f00 | 0x02})
	{
		EXPECT_EQ(1, send(pair.ws, "x", flags));
		EXPECT_EQ(flags & 0xff, pair.peer.receiveFrame().flags);
	}
}


TEST_P(ClassSendTest, TextIsTheDefault)
{
	Pair pair(GetParam());
	EXPECT_EQ(5, pair.ws.sendFrame("hello", 5));
	EXPECT_EQ(0x81, pair.peer.receiveFrame().flags);
}


TEST_P(ClassSendTest, SendBytes)
{
	Pair pair(GetParam());
	const std::vector<std::pair<int, int>> table = { // flags, first byte
		{0, 0x82},
		{WebSocket::FRAME_OP_SETRAW, 0x00},
		{WebSocket::FRAME_TEXT, 0x81},
		{WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_CONT | WebSocket::FRAME_OP_SETRAW, 0x80},
		{WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PING, 0x89}};
	for (const auto& row: table)
	{
		EXPECT_EQ(4, pair.ws.sendBytes("data", 4, row.first));
		const Frame frame = pair.peer.receiveFrame();
		EXPECT_EQ(row.second, frame.flags);
		EXPECT_EQ("data", frame.payload);
	}
	EXPECT_EQ(4, pair.ws.sendBytes("data", 4));
	EXPECT_EQ(0x82, pair.peer.receiveFrame().flags);
}


TEST_P(ClassSendTest, LengthsAndTheirShortestForm)
{
	Pair pair(GetParam());
	for (std::size_t length: {0, 1, 2, 3, 4, 5, 124, 125, 126, 127, 1000, 2047, 2048, 2049, 4096, 16371, 16384, 16385, 65525, 65535, 65536, 65537, 131072, 200001})
	{
		const std::string payload = pattern(length);
		EXPECT_EQ(static_cast<int>(length), send(pair.ws, payload, WebSocket::FRAME_BINARY));
		const Frame frame = pair.peer.receiveFrame();
		const std::size_t shortest = (length < 126 ? 2 : length < 65536 ? 4 : 10) + (GetParam().weMask() ? 4 : 0);
		EXPECT_EQ(shortest, frame.headerLength) << length;
		EXPECT_EQ(0x82, frame.flags);
		EXPECT_TRUE(payload == frame.payload) << length;
	}
}


TEST_P(ClassSendTest, LargeFrame)
{
	Pair pair(GetParam());
	const std::string payload = pattern(16*1024*1024 + 3);
	std::future<int> sending = std::async(std::launch::async, [&] { return send(pair.ws, payload, WebSocket::FRAME_BINARY); });
	EXPECT_TRUE(payload == pair.peer.receiveFrame().payload);
	EXPECT_EQ(static_cast<int>(payload.size()), get(sending));
}


TEST_P(ClassSendTest, EmptyFrames)
{
	Pair pair(GetParam());
	for (int flags: {0x81, 0x82, 0x00, 0x80, 0x89, 0x8a})
	{
		EXPECT_EQ(0, pair.ws.sendFrame(nullptr, 0, flags));
		const Frame frame = pair.peer.receiveFrame();
		EXPECT_EQ(flags, frame.flags);
		EXPECT_EQ("", frame.payload);
	}
}


TEST_P(ClassSendTest, ArgumentsWithoutSenseAreRefusedBeforeAnythingIsSent)
{
	struct Row
	{
		const char* name;
		int length;
		int flags;
		std::string payload;
	};
	const std::string long126 = pattern(126);
	const std::vector<Row> table = {
		{"negative length", -1, 0x81, "x"},
		{"least length", std::numeric_limits<int>::min(), 0x82, "x"},
		{"ping of 126", 126, 0x89, long126},
		{"pong of 126", 126, 0x8a, long126},
		{"reserved control opcode of 126", 126, 0x8b, long126},
		{"close of 126", 126, 0x88, closePayload(1000, pattern(124))},
		{"close of 1", 1, 0x88, "\x03"},
		{"close 999", 2, 0x88, closePayload(999)},
		{"close 1004", 2, 0x88, closePayload(1004)},
		{"close 1005", 2, 0x88, closePayload(1005)},
		{"close 1006", 2, 0x88, closePayload(1006)},
		{"close 1015", 2, 0x88, closePayload(1015)},
		{"close 2999", 2, 0x88, closePayload(2999)},
		{"close 5000", 2, 0x88, closePayload(5000)}};
	Pair pair(GetParam());
	for (const Row& row: table)
		EXPECT_THROW(pair.ws.sendFrame(row.payload.data(), row.length, row.flags), Poco::InvalidArgumentException) << row.name;
	EXPECT_THROW(pair.ws.sendFrame(nullptr, 5), Poco::InvalidArgumentException);
	EXPECT_EQ(WebSocketFrame::OPEN, pair.ws.closeState());
	send(pair.ws, "clean", 0x81);
	EXPECT_EQ("clean", pair.peer.receiveFrame().payload);
}


TEST_P(ClassSendTest, ControlFrameOf125Bytes)
{
	Pair pair(GetParam());
	EXPECT_EQ(125, send(pair.ws, pattern(125), 0x89));
	EXPECT_EQ(pattern(125), pair.peer.receiveFrame().payload);
}


TEST_P(ClassSendTest, SendingAfterThePeersHalfClose)
{
	Pair pair(GetParam());
	pair.peer.endSending();
	EXPECT_EQ(0, receiveFixed(pair.ws).flags);
	send(pair.ws, pattern(100000), 0x82);
	EXPECT_TRUE(pattern(100000) == pair.peer.receiveFrame().payload);
	EXPECT_EQ(2, pair.ws.shutdown());
	EXPECT_EQ(1000, pair.peer.receiveFrame().closeCode());
}


TEST_P(ClassSendTest, PayloadOfTheCallerIsNotChanged)
{
	Pair pair(GetParam());
	for (std::size_t length: {10, 3000, 100000})
	{
		const std::string payload = pattern(length);
		std::string copy(payload.begin(), payload.end());
		send(pair.ws, copy, 0x82);
		EXPECT_TRUE(payload == copy);
		pair.peer.receiveFrame();
	}
}


INSTANTIATE_TEST_SUITE_P(Each, ClassSendTest, ::testing::ValuesIn(allConnections()), connectionName);


class ClassMaskingKeyTest: public SocketTest
{
};


TEST_F(ClassMaskingKeyTest, KeysOfTwoClientsAreNotPredictable) // 2993
{
	const int count = 1000;
	const std::time_t start = std::time(nullptr);
	Pair first({Role::CLIENT, Transport::PLAIN});
	Pair second({Role::CLIENT, Transport::PLAIN});
	std::vector<std::string> keys[2];
	int ones = 0;
	for (int i = 0; i < count; ++i)
	{
		for (int j: {0, 1})
		{
			Pair& pair = j == 0 ? first : second;
			send(pair.ws, "12345678", 0x82);
			keys[j].push_back(pair.peer.receiveFrame().key);
			ones += static_cast<int>(std::bitset<32>(number(keys[j].back())).count());
		}
	}
	std::set<std::string> all(keys[0].begin(), keys[0].end());
	all.insert(keys[1].begin(), keys[1].end());
	EXPECT_GE(all.size(), 2u*count - 3); // one pair is the same by chance in one run of 2,000
	const int half = 2*count*32/2;
	EXPECT_NEAR(ones, half, 1000); // eight standard deviations
	for (const std::vector<std::string>& each: keys) expectNotFromRandom(each, start);
}


TEST_F(ClassMaskingKeyTest, KeysOfLargeFramesChangeToo)
{
	Pair pair({Role::CLIENT, Transport::PLAIN});
	std::set<std::string> keys;
	for (int i = 0; i < 20; ++i)
	{
		send(pair.ws, pattern(50000), 0x82);
		keys.insert(pair.peer.receiveFrame().key);
	}
	EXPECT_GE(keys.size(), 19u);
}


TEST_F(ClassMaskingKeyTest, ControlFramesAreMaskedWithTheirOwnKeys)
{
	Pair pair({Role::CLIENT, Transport::PLAIN});
	std::set<std::string> keys;
	for (int flags: {0x89, 0x8a, 0x81})
	{
		send(pair.ws, "x", flags);
		keys.insert(pair.peer.receiveFrame().key);
	}
	pair.ws.shutdown();
	const Frame close = pair.peer.receiveFrame();
	EXPECT_TRUE(close.masked);
	keys.insert(close.key);
	EXPECT_GE(keys.size(), 3u);
}
