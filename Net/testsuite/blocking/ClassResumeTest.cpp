//
// ClassResumeTest.cpp
//
// Receiving that is interrupted inside a frame, by a timeout or because it must not block, and goes on.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Clock.h"
#include <future>
#include <set>
#include <thread>
#include <sys/socket.h>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	const Poco::Timespan SHORT(0, 1000);

	struct Case
	{
		int flags;
		std::size_t length;
		std::set<std::size_t> cuts; // bytes of the frame that come first
	};

	std::vector<Case> cases(bool masked)
		/// A frame with each length of header, cut at every byte of the header and at some of the payload.
	{
		std::vector<Case> result;
		for (std::size_t length: {0, 1, 10, 126, 70001})
		{
			Case entry = {length % 2 == 0 ? 0x82 : 0x81, length, {}};
			const std::size_t header = frameHeader(entry.flags, length, masked).size();
			for (std::size_t cut = 0; cut < header + length && cut <= header + 5; ++cut) entry.cuts.insert(cut);
			if (length > 10) entry.cuts.insert({header + length/2, header + length - 1});
			result.push_back(entry);
		}
		return result;
	}

	Received receiveWaiting(WebSocket& ws, Receive receive)
		/// For a non-blocking WebSocket: waits for the frame.
	{
		Received received = receive(ws);
		while (received.result == -1)
		{
			if (!ws.poll(deadline(), WebSocket::SELECT_READ)) throw Poco::TimeoutException("No frame");
			received = receive(ws);
		}
		return received;
	}

	void expectNothingYet(WebSocket& ws)
		/// -1, and what the caller has is untouched: with both overloads.
	{
		static const std::string UNTOUCHED(200000, '#');
		std::string fixed = UNTOUCHED;
		int flags = 0x777;
		EXPECT_EQ(-1, ws.receiveFrame(&fixed[0], static_cast<int>(fixed.size()), flags));
		EXPECT_EQ(0x777, flags);
		EXPECT_TRUE(UNTOUCHED == fixed);

		Poco::Buffer<char> buffer("kept", 4);
		EXPECT_EQ(-1, ws.receiveFrame(buffer, flags));
		EXPECT_EQ(0x777, flags);
		EXPECT_EQ("kept", std::string(buffer.begin(), buffer.size()));
	}

	void expectFrame(const Case& entry, const Received& received)
	{
		EXPECT_EQ(static_cast<int>(entry.length), received.result);
		EXPECT_EQ(entry.flags, received.flags);
		EXPECT_TRUE(pattern(entry.length) == received.payload);
	}
}


class ClassResumeTest: public ConnectionTest
{
};


class ClassResumeTLSTest: public ConnectionTest
{
};


TEST_P(ClassResumeTest, TimeoutAtEveryByte) // 3590, 602
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(SHORT);
	for (const Case& entry: cases(GetParam().peerMasks()))
	{
		const std::string wire = pair.frame(entry.flags, pattern(entry.length));
		for (std::size_t cut: entry.cuts)
		{
			for (Receive receive: overloads())
			{
				pair.peer.send(wire.substr(0, cut));
				EXPECT_THROW(receive(pair.ws), Poco::TimeoutException) << cut;
				pair.peer.send(wire.substr(cut));
				pair.ws.setReceiveTimeout(deadline());
				expectFrame(entry, receive(pair.ws));
				pair.ws.setReceiveTimeout(SHORT);
			}
		}
	}
}


TEST_P(ClassResumeTest, TimeoutBetweenAnyTwoBytes)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.ws.setReceiveTimeout(SHORT);
		const std::string wire = pair.frame(0x82, pattern(126));
		const std::size_t bytes = 20;
		for (std::size_t i = 0; i < bytes; ++i)
		{
			pair.peer.send(wire.substr(i, 1));
			EXPECT_THROW(receive(pair.ws), Poco::TimeoutException) << i;
			EXPECT_THROW(receive(pair.ws), Poco::TimeoutException) << i;
		}
		pair.ws.setReceiveTimeout(deadline());
		pair.peer.send(wire.substr(bytes) + pair.frame(0x81, "next"));
		EXPECT_EQ(pattern(126), receive(pair.ws).payload);
		EXPECT_EQ("next", receive(pair.ws).payload);
	}
}


TEST_P(ClassResumeTest, TimeoutThenTheOtherOverload)
{
	Pair pair(GetParam());
	const std::string wire = pair.frame(0x82, pattern(90000));
	for (std::size_t cut: {3, 14, 20, 50000})
	{
		for (std::size_t first: {0, 1})
		{
			pair.peer.send(wire.substr(0, cut));
			pair.ws.setReceiveTimeout(SHORT);
			EXPECT_THROW(overloads()[first](pair.ws), Poco::TimeoutException);
			EXPECT_THROW(overloads()[1 - first](pair.ws), Poco::TimeoutException);
			pair.ws.setReceiveTimeout(deadline());
			pair.peer.send(wire.substr(cut));
			EXPECT_TRUE(pattern(90000) == overloads()[first](pair.ws).payload);
		}
	}
}


TEST_P(ClassResumeTest, TimeoutKeepsTheContentOfTheBuffer)
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(SHORT);
	Poco::Buffer<char> buffer("kept", 4);
	int flags = 0;
	const std::string wire = pair.frame(0x82, pattern(1000));
	for (std::size_t i = 0; i < 900; i += 300)
	{
		pair.peer.send(wire.substr(i, 300));
		EXPECT_THROW(pair.ws.receiveFrame(buffer, flags), Poco::TimeoutException);
		EXPECT_EQ("kept", std::string(buffer.begin(), buffer.size()));
	}
	pair.peer.send(wire.substr(900));
	pair.ws.setReceiveTimeout(deadline());
	EXPECT_EQ(1000, pair.ws.receiveFrame(buffer, flags));
	EXPECT_EQ("kept" + pattern(1000), std::string(buffer.begin(), buffer.size()));
}


TEST_P(ClassResumeTest, TimeoutThenSmallerBuffer)
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(SHORT);
	pair.peer.send(pair.frame(0x82, pattern(100)).substr(0, 50));
	EXPECT_THROW(receiveFrame(pair.ws, 100), Poco::TimeoutException);
	EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { receiveFrame(pair.ws, 40); }));
	EXPECT_EQ(1009, pair.peer.receiveFrame().closeCode());
}


TEST_P(ClassResumeTest, TimeoutThenEndOfStream)
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(SHORT);
	pair.peer.send(pair.frame(0x82, pattern(100)).substr(0, 50));
	EXPECT_THROW(receiveFixed(pair.ws), Poco::TimeoutException);
	pair.peer.endSending();
	pair.ws.setReceiveTimeout(deadline());
	for (int i = 0; i < 2; ++i)
		EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { receiveFixed(pair.ws); }));
}


TEST_P(ClassResumeTest, LargePayload)
	/// A megabyte is waited for at a time. Afterwards, whatever has happened, the socket is readable with one byte.
{
	const std::string payload = pattern(5*1024*1024 + 17);
	const Receive receive = overloads()[1];
	for (std::size_t cut: {std::size_t(100), std::size_t(1024*1024 - 1), std::size_t(3*1024*1024), payload.size()})
	{
		Pair pair(GetParam());
		const auto expectOneByte = [&pair]
		{
			int low = 0;
			socklen_t length = sizeof(low);
			ASSERT_EQ(0, ::getsockopt(pair.ws.impl()->sockfd(), SOL_SOCKET, SO_RCVLOWAT, &low, &length));
			EXPECT_EQ(1, low);
		};
		std::promise<void> timedOut;
		std::future<void> hasTimedOut = timedOut.get_future();
		std::thread peer([&]
		{
			const std::string wire = pair.frame(0x82, payload);
			pair.peer.send(wire.substr(0, cut));
			if (cut < payload.size()) get(hasTimedOut);
			pair.peer.send(wire.substr(cut) + pair.frame(0x81, "next") + pair.frame(0x82, payload).substr(0, 4*1024*1024));
			pair.peer.endSending();
		});
		if (cut < payload.size())
		{
			pair.ws.setReceiveTimeout(Poco::Timespan(0, 100000));
			EXPECT_THROW(receive(pair.ws), Poco::TimeoutException);
			expectOneByte();
			timedOut.set_value();
		}
		pair.ws.setReceiveTimeout(deadline());
		EXPECT_TRUE(receive(pair.ws).payload == payload) << cut;
		expectOneByte();
		EXPECT_EQ("next", receive(pair.ws).payload);
		EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { receive(pair.ws); }));
		expectOneByte();
		peer.join();
	}
}


TEST_P(ClassResumeTest, TimeoutInsideTextKeepsTheCheck)
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(SHORT);
	const std::string wire = pair.frame(0x81, "\xe2\x82\xac\xe2\x82");
	for (std::size_t i = 0; i + 1 < wire.size(); ++i)
	{
		pair.peer.send(wire.substr(i, 1));
		EXPECT_THROW(receiveFixed(pair.ws), Poco::TimeoutException);
	}
	pair.peer.send(wire.substr(wire.size() - 1));
	pair.ws.setReceiveTimeout(deadline());
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_UTF8, errorOf([&] { receiveFixed(pair.ws); }));
}


TEST_P(ClassResumeTest, TimeoutIsOneInterval) // 1844, 3848
{
	// The defect doubles every interval. A stall of the machine may lengthen one, but not five in a row.
	const Poco::Timespan interval(0, 400000);
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(interval);
	Poco::Clock::ClockDiff shortest = 0;
	for (int attempt = 0; attempt < 5; ++attempt)
	{
		const Poco::Clock start;
		EXPECT_THROW(receiveFixed(pair.ws), Poco::TimeoutException);
		const Poco::Clock::ClockDiff elapsed = start.elapsed();
		EXPECT_GE(elapsed, interval.totalMicroseconds() - 10000);
		if (attempt == 0 || elapsed < shortest) shortest = elapsed;
		if (shortest < interval.totalMicroseconds()*8/5) break;
	}
	EXPECT_LT(shortest, interval.totalMicroseconds()*8/5);
}


TEST_P(ClassResumeTest, TimeoutsAreReturnedAsSet)
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(Poco::Timespan(7, 0));
	pair.ws.setSendTimeout(Poco::Timespan(9, 0));
	EXPECT_EQ(7, pair.ws.getReceiveTimeout().totalSeconds());
	EXPECT_EQ(9, pair.ws.getSendTimeout().totalSeconds());
	pair.ws.setReceiveTimeout(Poco::Timespan());
	EXPECT_EQ(0, pair.ws.getReceiveTimeout().totalMicroseconds());
}


TEST_P(ClassResumeTest, NonBlockingAtEveryByte)
{
	Pair pair(GetParam());
	pair.ws.setBlocking(false);
	EXPECT_FALSE(pair.ws.getBlocking());
	expectNothingYet(pair.ws);
	for (const Case& entry: cases(GetParam().peerMasks()))
	{
		const std::string wire = pair.frame(entry.flags, pattern(entry.length));
		for (std::size_t cut: entry.cuts)
		{
			for (Receive receive: overloads())
			{
				pair.peer.send(wire.substr(0, cut));
				expectNothingYet(pair.ws);
				pair.peer.send(wire.substr(cut));
				expectFrame(entry, receiveWaiting(pair.ws, receive));
				expectNothingYet(pair.ws);
			}
		}
	}
}


TEST_P(ClassResumeTest, NonBlockingByteByByte) // 4838
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.ws.setBlocking(false);
		for (std::size_t length: {0, 1, 3, 7, 130})
		{
			const std::string wire = pair.frame(0x81, pattern(length));
			for (std::size_t i = 0; i + 1 < wire.size(); ++i)
			{
				pair.peer.send(wire.substr(i, 1));
				expectNothingYet(pair.ws);
			}
			pair.peer.send(wire.substr(wire.size() - 1));
			const Received received = receiveWaiting(pair.ws, receive);
			EXPECT_EQ(0x81, received.flags);
			EXPECT_EQ(pattern(length), received.payload);
		}
	}
}


TEST_P(ClassResumeTest, NonBlockingSeveralFramesAndAPart)
{
	Pair pair(GetParam());
	pair.ws.setBlocking(false);
	for (Receive receive: overloads())
	{
		const std::string last = pair.frame(0x82, pattern(50));
		pair.peer.send(pair.frame(0x81, "one") + pair.frame(0x89) + pair.frame(0x82, pattern(20000)) + last.substr(0, 20));
		EXPECT_EQ("one", receiveWaiting(pair.ws, receive).payload);
		EXPECT_EQ(0x89, receiveWaiting(pair.ws, receive).flags);
		EXPECT_TRUE(pattern(20000) == receiveWaiting(pair.ws, receive).payload);
		expectNothingYet(pair.ws);
		pair.peer.send(last.substr(20));
		EXPECT_EQ(pattern(50), receiveWaiting(pair.ws, receive).payload);
	}
}


TEST_P(ClassResumeTest, NonBlockingEndOfStream)
{
	for (Receive receive: overloads())
	{
		for (std::size_t cut: {0, 1, 4, 10})
		{
			Pair pair(GetParam());
			pair.ws.setBlocking(false);
			pair.peer.send(pair.frame(0x82, pattern(50)).substr(0, cut));
			expectNothingYet(pair.ws);
			pair.peer.endSending();
			for (int i = 0; i < 2; ++i)
			{
				if (cut > 0) EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { receiveWaiting(pair.ws, receive); }));
				else EXPECT_EQ(0, receiveWaiting(pair.ws, receive).result);
			}
		}
	}
}


TEST_P(ClassResumeTest, NonBlockingViolation)
{
	Pair pair(GetParam());
	pair.ws.setBlocking(false);
	const std::string wire = pair.frame(0x89, pattern(5)) + pair.header(0x09, 5);
	pair.peer.send(wire);
	EXPECT_EQ(0x89, receiveWaiting(pair.ws, receiveFixed).flags);
	EXPECT_EQ(WebSocket::WS_ERR_PROTOCOL_VIOLATION, errorOf([&] { receiveWaiting(pair.ws, receiveFixed); }));
	EXPECT_EQ(1002, pair.peer.receiveFrame().closeCode());
}


TEST_P(ClassResumeTest, BlockingIsSwitchedInsideAFrame)
{
	Pair pair(GetParam());
	const std::string wire = pair.frame(0x82, pattern(30000));
	for (std::size_t cut: {1, 4, 8, 9, 20000})
	{
		for (Receive receive: overloads())
		{
			pair.ws.setBlocking(false);
			pair.peer.send(wire.substr(0, cut));
			expectNothingYet(pair.ws);
			pair.ws.setBlocking(true);
			EXPECT_TRUE(pair.ws.getBlocking());
			pair.ws.setReceiveTimeout(SHORT);
			EXPECT_THROW(receive(pair.ws), Poco::TimeoutException);
			pair.ws.setBlocking(false);
			expectNothingYet(pair.ws);
			pair.ws.setBlocking(true);
			pair.ws.setReceiveTimeout(deadline());
			pair.peer.send(wire.substr(cut));
			EXPECT_TRUE(pattern(30000) == receive(pair.ws).payload);
		}
	}
}


TEST_P(ClassResumeTLSTest, PartsOfARecord)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		const std::string wire = pair.frame(0x82, pattern(40));
		std::size_t size = 2;
		for (std::size_t cut = 1; cut < size; cut += 3)
		{
			const std::string record = pair.peer.seal(wire);
			size = record.size();
			pair.peer.sendSealed(record.substr(0, cut));
			pair.ws.setReceiveTimeout(SHORT);
			EXPECT_THROW(receive(pair.ws), Poco::TimeoutException);
			pair.ws.setBlocking(false);
			expectNothingYet(pair.ws);
			pair.ws.setBlocking(true);
			pair.ws.setReceiveTimeout(deadline());
			pair.peer.sendSealed(record.substr(cut));
			EXPECT_EQ(pattern(40), receive(pair.ws).payload);
		}
		EXPECT_GT(size, wire.size());
	}
}


TEST_P(ClassResumeTLSTest, ReadableButNoData)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		const std::string wire = pair.frame(0x82, pattern(40));
		for (std::size_t cut: {0, 1, 20})
		{
			pair.peer.send(wire.substr(0, cut));
			pair.peer.updateKeys();
			pair.ws.setReceiveTimeout(SHORT);
			EXPECT_THROW(receive(pair.ws), Poco::TimeoutException);
			pair.ws.setBlocking(false);
			expectNothingYet(pair.ws);
			pair.peer.updateKeys();
			expectNothingYet(pair.ws);
			pair.ws.setBlocking(true);
			pair.ws.setReceiveTimeout(deadline());
			pair.peer.send(wire.substr(cut));
			EXPECT_EQ(pattern(40), receive(pair.ws).payload);
			pair.ws.sendFrame("answer", 6);
			EXPECT_EQ("answer", pair.peer.receiveFrame().payload);
		}
	}
}


INSTANTIATE_TEST_SUITE_P(Each, ClassResumeTest, ::testing::ValuesIn(allConnections()), connectionName);
INSTANTIATE_TEST_SUITE_P(Each, ClassResumeTLSTest, ::testing::ValuesIn(secureConnections()), connectionName);
