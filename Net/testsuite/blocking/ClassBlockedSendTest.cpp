//
// ClassBlockedSendTest.cpp
//
// Sending to a peer that does not read: timeouts, non-blocking sends, and what is on the wire afterwards.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include <atomic>
#include <functional>
#include <thread>
#include <sys/ioctl.h>


using namespace WebSocketTest;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketFrame;


namespace
{
	const Poco::Timespan SHORT(0, 20000);
	constexpr int MANY = 100000;
	constexpr int SEND_BUFFER = 64*1024; // Megabytes of tiny segments are more than the receiving system has room for: it then makes the sender wait for up to a minute.

	int send(WebSocket& ws, const std::string& payload, int flags = 0x82)
	{
		return ws.sendFrame(payload.data(), static_cast<int>(payload.size()), flags);
	}

	std::string numbered(int i, std::size_t length)
	{
		const std::string head = std::to_string(i) + ":";
		return head + std::string(length - head.size(), static_cast<char>('a' + i % 26));
	}

	int sendUntilTimeout(WebSocket& ws, std::size_t length, bool& begun)
		/// Sends numbered frames until one times out; returns its number. begun tells
		/// whether it counts as sent.
	{
		ws.setSendBufferSize(SEND_BUFFER);
		for (int i = 0; i < MANY; ++i)
		{
			try
			{
				EXPECT_EQ(static_cast<int>(length), send(ws, numbered(i, length)));
			}
			catch (const Poco::TimeoutException& exc)
			{
				begun = exc.displayText().find("not been begun") == std::string::npos;
				return i;
			}
		}
		throw Poco::IllegalStateException("No end to what the connection takes");
	}

	int sendUntilAgain(WebSocket& ws, std::size_t length)
		/// Non-blocking: sends numbered frames until one returns -1; returns its number.
	{
		ws.setSendBufferSize(SEND_BUFFER);
		for (int i = 0; i < MANY; ++i)
			if (send(ws, numbered(i, length)) == -1) return i;
		throw Poco::IllegalStateException("No end to what the connection takes");
	}

	int repeat(WebSocket& ws, const std::function<int ()>& call)
		/// Repeats a non-blocking call until it is done.
	{
		int n = call();
		while (n == -1)
		{
			if (!ws.poll(deadline(), WebSocket::SELECT_WRITE)) throw Poco::TimeoutException("Not writable");
			n = call();
		}
		return n;
	}

	std::future<std::vector<Frame>> receiveUntilPing(RawPeer& peer)
	{
		return std::async(std::launch::async, [&peer]
		{
			std::vector<Frame> frames;
			do frames.push_back(peer.receiveFrame());
			while (frames.back().opcode() != WebSocket::FRAME_OP_PING);
			return frames;
		});
	}

	void expectNumbered(const std::vector<Frame>& frames, int count, std::size_t length)
		/// count numbered frames and the PING.
	{
		ASSERT_EQ(static_cast<std::size_t>(count) + 1, frames.size());
		for (int i = 0; i < count; ++i)
		{
			EXPECT_EQ(0x82, frames[static_cast<std::size_t>(i)].flags);
			ASSERT_TRUE(numbered(i, length) == frames[static_cast<std::size_t>(i)].payload) << i;
		}
		EXPECT_EQ("end", frames.back().payload);
	}
}


class ClassBlockedSendTest: public ConnectionTest
{
};


TEST_P(ClassBlockedSendTest, AnswerToAPINGIsNotBehindMegabytes)
	/// Of what a peer does not take the system has little: if it reads 80 KB/s, the answer would come more than half a minute later otherwise.
{
	constexpr int COUNT = 128;
	constexpr std::size_t LENGTH = 64*1024;
	Pair pair(GetParam());
	pair.ws.setSendTimeout(deadline());
	pair.peer.socket().setReceiveBufferSize(64*1024);
	std::atomic<int> count(0);
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		for (; count < COUNT; ++count) send(pair.ws, numbered(count, LENGTH));
	});
	std::future<void> received = std::async(std::launch::async, [&]
	{
		std::string message;
		WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
		pair.ws.receiveMessage(message, opcode); // answers the PING
		EXPECT_EQ("end", message);
	});
	const auto untilNothingMoves = [](const std::function<int ()>& value)
	{
		int before = value();
		for (int equal = 0; equal < 200; ++equal)
		{
			std::this_thread::sleep_for(std::chrono::milliseconds(1));
			const int now = value();
			if (now != before) equal = 0;
			before = now;
		}
		return before;
	};
	untilNothingMoves([&]() { return count.load(); }); // the system takes nothing more
	pair.send(0x89, "now");
	const int left = untilNothingMoves([fd = pair.ws.impl()->sockfd()]()
	{
		int bytes = 0;
		::ioctl(fd, FIONREAD, &bytes);
		return bytes;
	});
	EXPECT_EQ(0, left) << "the PING has been received: its answer is the next frame";
	std::size_t bytes = 0;
	Frame frame = pair.peer.receiveFrame();
	for (; frame.opcode() != WebSocket::FRAME_OP_PONG; frame = pair.peer.receiveFrame()) bytes += frame.payload.size();
	EXPECT_GE(2u*1024u*1024u, bytes); // nearly twice as much otherwise
	while (bytes < COUNT*LENGTH) bytes += pair.peer.receiveFrame().payload.size();
	pair.send(0x81, "end");
	get(sent);
	get(received);
}


TEST_P(ClassBlockedSendTest, TimeoutThenTheNextFrame) // 3075
{
	for (std::size_t length: {100, 10000, 300000})
	{
		Pair pair(GetParam());
		pair.ws.setSendTimeout(SHORT);
		bool begun = false;
		const int last = sendUntilTimeout(pair.ws, length, begun);
		pair.ws.setSendTimeout(deadline());
		std::future<std::vector<Frame>> receiving = receiveUntilPing(pair.peer);
		EXPECT_EQ(3, send(pair.ws, "end", 0x89));
		expectNumbered(get(receiving), begun ? last + 1 : last, length);
	}
}


TEST_P(ClassBlockedSendTest, TimeoutsAgainAndAgain)
{
	// The kernel may take some more after a timeout: what has been taken is noted.
	Pair pair(GetParam());
	pair.ws.setSendTimeout(SHORT);
	std::vector<std::size_t> sent;
	int timeouts = 0;
	for (std::size_t i = 0; timeouts < 5; ++i)
	{
		const std::size_t length = 1 + i*77777 % 300000;
		try
		{
			send(pair.ws, pattern(length));
			sent.push_back(length);
		}
		catch (const Poco::TimeoutException& exc)
		{
			++timeouts;
			if (exc.displayText().find("not been begun") == std::string::npos) sent.push_back(length);
		}
	}
	pair.ws.setSendTimeout(deadline());
	std::future<std::vector<Frame>> receiving = receiveUntilPing(pair.peer);
	EXPECT_EQ(3, send(pair.ws, "end", 0x89));
	const std::vector<Frame> frames = get(receiving);
	ASSERT_EQ(sent.size() + 1, frames.size());
	for (std::size_t i = 0; i < sent.size(); ++i) EXPECT_TRUE(pattern(sent[i]) == frames[i].payload) << i;
}


TEST_P(ClassBlockedSendTest, TimeoutThenShutdown)
{
	const std::size_t length = 100000;
	Pair pair(GetParam());
	pair.ws.setSendTimeout(SHORT);
	bool begun = false;
	const int last = sendUntilTimeout(pair.ws, length, begun);
	pair.ws.setSendTimeout(deadline());
	std::future<int> receiving = std::async(std::launch::async, [&]
	{
		int i = 0;
		Frame frame = pair.peer.receiveFrame();
		for (; frame.flags == 0x82; frame = pair.peer.receiveFrame()) EXPECT_TRUE(numbered(i++, length) == frame.payload);
		EXPECT_EQ(1000, frame.closeCode());
		return i;
	});
	EXPECT_EQ(2, pair.ws.shutdown());
	EXPECT_EQ(begun ? last + 1 : last, get(receiving));
	EXPECT_EQ(WebSocket::WS_ERR_CLOSED, errorOf([&] { send(pair.ws, "late"); }));
}


TEST_P(ClassBlockedSendTest, ReceivingGoesOnWhileSendingIsBlocked)
{
	Pair pair(GetParam());
	pair.ws.setSendTimeout(SHORT);
	bool begun = false;
	sendUntilTimeout(pair.ws, 100000, begun);
	for (std::size_t size: {5, 300, 40000})
	{
		pair.send(0x81, pattern(size));
		EXPECT_TRUE(pattern(size) == receiveFixed(pair.ws).payload);
	}
}


TEST_P(ClassBlockedSendTest, NonBlockingSendIsRepeated)
{
	for (std::size_t length: {100, 10000, 300000})
	{
		Pair pair(GetParam());
		pair.ws.setBlocking(false);
		const int last = sendUntilAgain(pair.ws, length);
		std::future<std::vector<Frame>> receiving = receiveUntilPing(pair.peer);
		for (int i = last; i < last + 20; ++i)
			EXPECT_EQ(static_cast<int>(length), repeat(pair.ws, [&] { return send(pair.ws, numbered(i, length)); }));
		EXPECT_EQ(3, repeat(pair.ws, [&] { return send(pair.ws, "end", 0x89); }));
		expectNumbered(get(receiving), last + 20, length);
	}
}


TEST_P(ClassBlockedSendTest, NonBlockingLargeFrame)
{
	const std::string payload = pattern(20*1000*1000);
	Pair pair(GetParam());
	pair.ws.setBlocking(false);
	EXPECT_EQ(-1, send(pair.ws, payload));
	std::future<std::vector<Frame>> receiving = receiveUntilPing(pair.peer);
	EXPECT_EQ(static_cast<int>(payload.size()), repeat(pair.ws, [&] { return send(pair.ws, payload); }));
	repeat(pair.ws, [&] { return send(pair.ws, "end", 0x89); });
	const std::vector<Frame> frames = get(receiving);
	ASSERT_EQ(2u, frames.size());
	EXPECT_TRUE(payload == frames[0].payload);
}


TEST_P(ClassBlockedSendTest, NonBlockingShutdownIsRepeated)
{
	const std::size_t length = 100000;
	Pair pair(GetParam());
	pair.ws.setBlocking(false);
	const int last = sendUntilAgain(pair.ws, length);
	const int result = pair.ws.shutdown(1001, "later"); // usually -1, but the kernel may have room again
	std::future<int> receiving = std::async(std::launch::async, [&]
	{
		int i = 0;
		Frame frame = pair.peer.receiveFrame();
		for (; frame.flags == 0x82; frame = pair.peer.receiveFrame()) EXPECT_TRUE(numbered(i++, length) == frame.payload);
		EXPECT_EQ(1001, frame.closeCode());
		EXPECT_EQ("later", frame.closeReason());
		return i;
	});
	EXPECT_EQ(static_cast<int>(length), repeat(pair.ws, [&] { return send(pair.ws, numbered(last, length)); }));
	if (result == -1) EXPECT_EQ(7, repeat(pair.ws, [&] { return pair.ws.shutdown(1001, "later"); }));
	else EXPECT_EQ(7, result);
	EXPECT_EQ(WebSocketFrame::CLOSE_SENT, pair.ws.closeState());
	EXPECT_EQ(last + 1, get(receiving));
}


TEST_P(ClassBlockedSendTest, EqualFramesAreEachSentOnce)
{
	// The repetition of a frame must not be taken for the next one of the same length, nor the other way round.
	const std::size_t length = 50000;
	Pair pair(GetParam());
	pair.ws.setBlocking(false);
	std::future<std::vector<Frame>> receiving = receiveUntilPing(pair.peer);
	for (int i = 0; i < 400; ++i)
		EXPECT_EQ(static_cast<int>(length), repeat(pair.ws, [&] { return send(pair.ws, numbered(i, length)); }));
	repeat(pair.ws, [&] { return send(pair.ws, "end", 0x89); });
	expectNumbered(get(receiving), 400, length);
}


TEST_P(ClassBlockedSendTest, ResetInsideAFrame)
{
	Pair pair(GetParam());
	pair.ws.setSendTimeout(SHORT);
	bool begun = false;
	sendUntilTimeout(pair.ws, 300000, begun);
	pair.peer.reset();
	pair.ws.setSendTimeout(deadline());
	for (int i = 0; i < 3; ++i)
		EXPECT_THROW(send(pair.ws, "next", 0x81), Poco::Net::NetException);
}


INSTANTIATE_TEST_SUITE_P(Each, ClassBlockedSendTest, ::testing::ValuesIn(allConnections()), connectionName);
