//
// ClassReceiveTest.cpp
//
// What receiveFrame() returns for each event, and how the bytes may come.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include <random>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	struct Sent
	{
		int flags;
		std::string payload;
	};

	const int PING_COUNT = 200000;

	void expectFrame(const Sent& sent, const Received& received)
	{
		EXPECT_EQ(static_cast<int>(sent.payload.size()), received.result);
		EXPECT_EQ(sent.flags, received.flags);
		EXPECT_TRUE(sent.payload == received.payload);
	}

	void expectEnd(const Received& received)
	{
		EXPECT_EQ(0, received.result);
		EXPECT_EQ(0, received.flags);
		EXPECT_EQ("", received.payload);
	}

	std::vector<Sent> conversation()
	{
		return {
			{0x81, "hello"},
			{0x89, ""},
			{0x82, pattern(125)},
			{0x01, pattern(126)},
			{0x8a, "pong"},
			{0x00, pattern(3)},
			{0x89, pattern(125, 2)},
			{0x80, pattern(300)},
			{0x82, ""},
			{0x82, std::string(7, '\0')},
			{0x88, closePayload(1001, "bye")}};
	}
}


class ClassReceiveTest: public ConnectionTest
{
};


class ClassReceiveTLSTest: public ConnectionTest
{
};


TEST_P(ClassReceiveTest, DataFrame)
{
	Pair pair(GetParam());
	for (std::size_t length: {1, 2, 5, 124, 125, 126, 127, 1000, 8191, 8192, 16383, 16384, 65535, 65536, 70000})
	{
		for (int flags: {0x81, 0x82})
		{
			for (Receive receive: overloads())
			{
				const Sent sent = {flags, pattern(length)};
				pair.send(sent.flags, sent.payload);
				expectFrame(sent, receive(pair.ws));
			}
		}
	}
}


TEST_P(ClassReceiveTest, LargeFrame)
{
	for (Receive receive: {Receive(appendFrame), Receive([](WebSocket& ws) { return receiveFrame(ws, 3000000); })})
	{
		Pair pair(GetParam());
		const Sent sent = {0x82, pattern(3000000)};
		std::future<void> sending = std::async(std::launch::async, [&]
		{
			pair.send(sent.flags, sent.payload);
			pair.send(0x81, "next");
		});
		expectFrame(sent, receive(pair.ws));
		expectFrame({0x81, "next"}, receive(pair.ws));
		get(sending);
	}
}


TEST_P(ClassReceiveTest, EmptyFrameHasFlags)
{
	Pair pair(GetParam());
	for (int flags: {0x81, 0x82, 0x89, 0x8a, 0x01, 0x80, 0x02, 0x80})
	{
		pair.send(flags);
		expectFrame({flags, ""}, appendFrame(pair.ws));
	}
	for (int flags: {0x81, 0x82, 0x89, 0x8a, 0x01, 0x80, 0x02, 0x80})
	{
		pair.send(flags);
		int received = 0;
		EXPECT_EQ(0, pair.ws.receiveFrame(nullptr, 0, received));
		EXPECT_EQ(flags, received);
	}
}


TEST_P(ClassReceiveTest, EmptyContinuationIsNotTheEnd)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.send(0x01, "a");
		pair.send(0x00);
		pair.send(0x00, "b");
		pair.send(0x80);
		pair.peer.endSending();
		expectFrame({0x01, "a"}, receive(pair.ws));
		expectFrame({WebSocket::FRAME_FLAG_EMPTY, ""}, receive(pair.ws));
		expectFrame({0x00, "b"}, receive(pair.ws));
		expectFrame({0x80, ""}, receive(pair.ws));
		expectEnd(receive(pair.ws));
	}
}


TEST_P(ClassReceiveTest, FragmentsComeOneByOneWithControlFramesBetween)
{
	Pair pair(GetParam());
	for (Receive receive: overloads())
	{
		for (const Sent& sent: std::vector<Sent>{{0x01, "one"}, {0x89, "p"}, {0x00, "two"}, {0x8a, ""}, {0x80, "three"}})
		{
			pair.send(sent.flags, sent.payload);
			expectFrame(sent, receive(pair.ws));
		}
	}
}


TEST_P(ClassReceiveTest, CloseFrame)
{
	for (Receive receive: overloads())
	{
		for (const std::string& payload: {std::string(), closePayload(1000), closePayload(1001, "going"), closePayload(4999, pattern(123))})
		{
			Pair pair(GetParam());
			pair.send(0x88, payload);
			expectFrame({0x88, payload}, receive(pair.ws));
			EXPECT_EQ(WebSocketFrame::CLOSE_RECEIVED, pair.ws.closeState());
		}
	}
}


TEST_P(ClassReceiveTest, NothingIsReturnedAfterTheCloseFrame)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.peer.send(pair.frame(0x88, closePayload(1000)) + pair.frame(0x81, "late") + pair.frame(0x83, "wrong"));
		expectFrame({0x88, closePayload(1000)}, receive(pair.ws));
		for (int i = 0; i < 3; ++i) expectEnd(receive(pair.ws));
	}
}


TEST_P(ClassReceiveTest, EndOfStreamBetweenFramesIsRepeated)
{
	for (Receive receive: overloads())
	{
		for (int frames: {0, 1, 3})
		{
			Pair pair(GetParam());
			for (int i = 0; i < frames; ++i) pair.send(0x81, "x");
			pair.peer.endSending();
			for (int i = 0; i < frames; ++i) expectFrame({0x81, "x"}, receive(pair.ws));
			for (int i = 0; i < 4; ++i) expectEnd(receive(pair.ws));
			EXPECT_EQ(1, pair.ws.sendFrame("y", 1)); // the other half is open
			EXPECT_EQ("y", pair.peer.receiveFrame().payload);
		}
	}
}


TEST_P(ClassReceiveTest, EndOfStreamOverwritesFlagsAndKeepsTheBuffer)
{
	Pair pair(GetParam());
	pair.peer.endSending();
	Poco::Buffer<char> buffer("kept", 4);
	char fixed[4] = {'k', 'e', 'p', 't'};
	int flags = 0x81;
	EXPECT_EQ(0, pair.ws.receiveFrame(buffer, flags));
	EXPECT_EQ(0, flags);
	EXPECT_EQ("kept", std::string(buffer.begin(), buffer.size()));
	flags = 0x81;
	EXPECT_EQ(0, pair.ws.receiveFrame(fixed, 4, flags));
	EXPECT_EQ(0, flags);
	EXPECT_EQ("kept", std::string(fixed, 4));
}


TEST_P(ClassReceiveTest, PeerThatClosesTheConnectionIsTheEnd)
{
	Pair pair(GetParam());
	pair.send(0x81, "last");
	pair.peer.close();
	expectFrame({0x81, "last"}, receiveFixed(pair.ws));
	for (int i = 0; i < 3; ++i) expectEnd(receiveFixed(pair.ws));
}


TEST_P(ClassReceiveTest, BufferOverloadAppends)
{
	Pair pair(GetParam());
	Poco::Buffer<char> buffer("before ", 7);
	int flags = 0;
	std::string expected = "before ";
	for (std::size_t length: {3, 0, 1000, 100000, 1})
	{
		const std::string payload = pattern(length);
		pair.send(0x81, payload);
		EXPECT_EQ(static_cast<int>(length), pair.ws.receiveFrame(buffer, flags));
		expected += payload;
		ASSERT_EQ(expected.size(), buffer.size());
		EXPECT_TRUE(expected == std::string(buffer.begin(), buffer.size()));
	}
}


TEST_P(ClassReceiveTest, FixedBufferIsNotTouchedBehindThePayload)
{
	Pair pair(GetParam());
	for (std::size_t length: {0, 1, 5, 125, 20000})
	{
		pair.send(0x82, pattern(length));
		std::string buffer(length + 32, '#');
		int flags = 0;
		EXPECT_EQ(static_cast<int>(length), pair.ws.receiveFrame(&buffer[0], static_cast<int>(buffer.size()), flags));
		EXPECT_TRUE(pattern(length) + std::string(32, '#') == buffer);
	}
}


TEST_P(ClassReceiveTest, ArgumentsWithoutSense)
{
	Pair pair(GetParam());
	pair.send(0x81, "abc");
	char buffer[8] = {};
	int flags = 0;
	EXPECT_THROW(pair.ws.receiveFrame(buffer, -1, flags), Poco::InvalidArgumentException);
	EXPECT_THROW(pair.ws.receiveFrame(nullptr, 8, flags), Poco::InvalidArgumentException);
	EXPECT_EQ(3, pair.ws.receiveFrame(buffer, 8, flags));
	EXPECT_STREQ("abc", buffer);
}


TEST_P(ClassReceiveTest, AnyChunking) // 4838: the phase of the mask
{
	const std::vector<Sent> frames = conversation();
	for (std::size_t chunk: {1, 2, 3, 4, 5, 6, 7, 9, 11, 13, 14, 15, 64, 127, 1000})
	{
		for (Receive receive: overloads())
		{
			Pair pair(GetParam());
			std::string wire;
			for (const Sent& sent: frames) wire += pair.frame(sent.flags, sent.payload);
			std::future<void> sending = std::async(std::launch::async, [&] { pair.peer.send(wire, chunk); });
			for (const Sent& sent: frames) expectFrame(sent, receive(pair.ws));
			get(sending);
		}
	}
}


TEST_P(ClassReceiveTest, RandomStream)
{
	std::mt19937 random(4838);
	const auto below = [&random](unsigned limit) { return static_cast<std::size_t>(random() % limit); };
	std::vector<Sent> frames;
	for (unsigned i = 0; i < 300; ++i)
	{
		const std::size_t length = i % 10 == 0 ? below(100000) : i % 10 == 5 ? below(40000) : below(300);
		frames.push_back({i % 3 == 0 ? 0x81 : 0x82, pattern(length, i)});
	}
	Pair pair(GetParam());
	std::future<void> sending = std::async(std::launch::async, [&]
	{
		std::string wire;
		for (const Sent& sent: frames) wire += pair.frame(sent.flags, sent.payload);
		std::mt19937 cuts(42);
		for (std::size_t i = 0; i < wire.size();)
		{
			const std::size_t n = 1 + cuts() % (cuts() % 4 == 0 ? 20000 : 200);
			pair.peer.send(wire.substr(i, n));
			i += n;
		}
	});
	for (const Sent& sent: frames) expectFrame(sent, overloads()[below(2)](pair.ws));
	get(sending);
}


TEST_P(ClassReceiveTest, FrameIsReturnedWithoutWaitingForMore)
{
	Pair pair(GetParam());
	for (std::size_t length = 0; length < 140; ++length) // masked, length 1: the frame of 7 bytes
	{
		for (Receive receive: overloads())
		{
			const Sent sent = {0x82, pattern(length)};
			pair.send(sent.flags, sent.payload);
			expectFrame(sent, receive(pair.ws));
		}
	}
}


TEST_P(ClassReceiveTest, FramesInTheSegmentOfTheHandshake) // 1212, 3270
{
	for (Receive receive: overloads())
	{
		const bool masked = GetParam().peerMasks();
		const std::string half = frame(0x82, pattern(1000), masked);
		const std::string three = frame(0x81, "first", masked) + frame(0x89, "", masked) + frame(0x82, "third", masked);
		for (std::size_t cut: {0, 1, 5, 500})
		{
			Pair pair(GetParam(), three + half.substr(0, cut));
			EXPECT_TRUE(pair.ws.poll(0, WebSocket::SELECT_READ));
			EXPECT_EQ(static_cast<int>(three.size() + cut), pair.ws.available());
			expectFrame({0x81, "first"}, receive(pair.ws));
			EXPECT_TRUE(pair.ws.poll(0, WebSocket::SELECT_READ));
			expectFrame({0x89, ""}, receive(pair.ws));
			EXPECT_TRUE(pair.ws.poll(0, WebSocket::SELECT_READ));
			expectFrame({0x82, "third"}, receive(pair.ws));
			EXPECT_EQ(static_cast<int>(cut), pair.ws.available());
			pair.peer.send(half.substr(cut));
			expectFrame({0x82, pattern(1000)}, receive(pair.ws));
			EXPECT_EQ(0, pair.ws.available());
			EXPECT_FALSE(pair.ws.poll(0, WebSocket::SELECT_READ));
		}
	}
}


TEST_P(ClassReceiveTest, LargeFramesBehindTheHandshake)
{
	const bool masked = GetParam().peerMasks();
	const std::string wire = frame(0x82, pattern(30000), masked) + frame(0x81, "small", masked) + frame(0x82, pattern(50000), masked);
	Pair pair(GetParam(), wire);
	expectFrame({0x82, pattern(30000)}, appendFrame(pair.ws));
	expectFrame({0x81, "small"}, receiveFixed(pair.ws));
	expectFrame({0x82, pattern(50000)}, appendFrame(pair.ws));
}


TEST_P(ClassReceiveTest, EndOfStreamBehindTheHandshake)
{
	const std::string wire = frame(0x81, "only", GetParam().peerMasks());
	Pair pair(GetParam(), wire + wire.substr(0, 3));
	pair.peer.endSending();
	expectFrame({0x81, "only"}, receiveFixed(pair.ws));
	EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { receiveFixed(pair.ws); }));
}


TEST_P(ClassReceiveTest, EmptyPingsAreReturnedAsOftenAsTheyCome) // 4884, and the quadratic effort of 1.15
{
	for (Receive receive: {Receive([](WebSocket& ws) { return receiveFrame(ws, 16); }), Receive(appendFrame)})
	{
		Pair pair(GetParam());
		std::future<void> sending = std::async(std::launch::async, [&]
		{
			const std::string ping = pair.frame(0x89);
			std::string wire;
			for (int i = 0; i < PING_COUNT; ++i) wire += ping;
			pair.peer.send(wire);
			pair.peer.endSending();
		});
		int count = 0;
		for (Received received = receive(pair.ws); received.flags != 0; received = receive(pair.ws))
		{
			if (received.flags != 0x89 || received.result != 0) FAIL() << "flags " << received.flags;
			++count;
		}
		EXPECT_EQ(PING_COUNT, count);
		get(sending);
	}
}


TEST_P(ClassReceiveTLSTest, HeaderSplitOverTwoRecords) // 4850
{
	for (const Sent& sent: std::vector<Sent>{{0x81, "hello"}, {0x82, pattern(300)}, {0x82, pattern(65536)}})
	{
		for (Receive receive: overloads())
		{
			Pair pair(GetParam());
			const std::string wire = pair.frame(sent.flags, sent.payload);
			for (std::size_t cut = 1; cut < 16 && cut < wire.size(); ++cut)
			{
				pair.peer.send(wire.substr(0, cut));
				pair.peer.send(wire.substr(cut));
				expectFrame(sent, receive(pair.ws));
			}
		}
	}
}


INSTANTIATE_TEST_SUITE_P(Each, ClassReceiveTest, ::testing::ValuesIn(allConnections()), connectionName);
INSTANTIATE_TEST_SUITE_P(Each, ClassReceiveTLSTest, ::testing::ValuesIn(secureConnections()), connectionName);
