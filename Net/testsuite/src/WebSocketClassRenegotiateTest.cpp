//
// WebSocketClassRenegotiateTest.cpp
//
// TLS 1.2: the peer renegotiates. Sending then waits for something to be received, and receiving for room to send.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketTestSupport.h"
#include <linux/sockios.h>
#include <sys/ioctl.h>
#include <sys/resource.h>


using namespace WebSocketTest;
using Poco::Net::Socket;
using Poco::Net::WebSocket;


namespace
{
	const Poco::Timespan TIMEOUT(0, 500*1000);
	constexpr long LITTLE = 100*1000; // of such a time: microseconds of the processor

	long processorTime()
		/// Returns the time that the thread has used, in microseconds.
	{
		rusage usage = {};
		::getrusage(RUSAGE_THREAD, &usage);
		return 1000000*(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
	}

	int send(WebSocket& ws, const std::string& text)
	{
		return ws.sendFrame(text.data(), static_cast<int>(text.size()));
	}

	std::string receiveTwo(RawPeer& peer)
	{
		const std::string first = peer.receiveFrame().payload;
		return first + peer.receiveFrame().payload;
	}

	struct Connected: private OnlyTLS12, public Pair
	{
		explicit Connected(const Connection& connection):
			Pair(connection)
		{
		}
	};

	void expectTimeout(const std::function<void ()>& call)
		/// While the thread waits, it sleeps.
	{
		const long before = processorTime();
		try
		{
			call();
			ADD_FAILURE() << "no time-out";
		}
		catch (const Poco::TimeoutException&)
		{
			// as it should be
		}
		catch (const Poco::Exception& exc)
		{
			ADD_FAILURE() << exc.displayText();
		}
		EXPECT_GT(LITTLE, processorTime() - before) << "does not sleep";
	}

	void takeRequest(WebSocket& ws)
		/// Takes the peer's request for a new handshake.
	{
		ws.setReceiveTimeout(TIMEOUT);
		expectTimeout([&] { appendFrame(ws); });
		ws.setReceiveTimeout(deadline());
	}

	void fill(WebSocket& ws, int& frames)
		/// Sends so much that nothing more can be sent until the peer takes something of it.
	{
		constexpr int ENOUGH = 300*1000;
		constexpr int MANY = 100000;
		const std::string payload = pattern(10000);
		ws.setSendBufferSize(4*ENOUGH);
		int queued = 0;
		for (frames = 0; frames < MANY && queued < ENOUGH; ++frames)
		{
			ASSERT_EQ(static_cast<int>(payload.size()), send(ws, payload));
			::ioctl(ws.impl()->sockfd(), SIOCOUTQNSD, &queued);
		}
		ASSERT_LT(frames, MANY);
		ws.setSendBufferSize(1); // much more than that is in it already
	}
}


class ClassRenegotiateTest: public ConnectionTest
{
};


class ClassServerRenegotiatesTest: public ConnectionTest
	/// The server may send messages between its request and its part of the handshake. A client may not.
{
};


TEST_P(ClassRenegotiateTest, SendKeepsItsTimeoutWhileThePeerIsSilent)
{
	Connected pair(GetParam());
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	pair.ws.setSendTimeout(TIMEOUT);
	expectTimeout([&] { send(pair.ws, "one"); });
	expectTimeout([&] { send(pair.ws, "two"); });
	pair.ws.setSendTimeout(deadline());
	std::future<std::string> received = std::async(std::launch::async, [&] { return receiveTwo(pair.peer); });
	EXPECT_EQ(5, send(pair.ws, "three"));
	EXPECT_EQ("onethree", get(received));
	pair.send(0x81, "answer");
	EXPECT_EQ("answer", appendFrame(pair.ws).payload);
}


TEST_P(ClassServerRenegotiatesTest, SendKeepsItsTimeoutWhileThePeerSendsOtherThings)
{
	Connected pair(GetParam());
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	for (int i = 0; i < 10; ++i) pair.send(0x82, pattern(10000));
	pair.ws.setSendTimeout(TIMEOUT);
	expectTimeout([&] { send(pair.ws, "one"); });
	for (int i = 0; i < 10; ++i) EXPECT_TRUE(pattern(10000) == appendFrame(pair.ws).payload);
	expectTimeout([&] { send(pair.ws, "two"); });
	std::future<std::string> received = std::async(std::launch::async, [&] { return receiveTwo(pair.peer); });
	pair.ws.setSendTimeout(deadline());
	EXPECT_EQ(5, send(pair.ws, "three"));
	EXPECT_EQ("onethree", get(received));
}


TEST_P(ClassRenegotiateTest, NonBlockingPollWaits)
{
	Connected pair(GetParam());
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	pair.ws.setBlocking(false);
	EXPECT_EQ(-1, send(pair.ws, "one"));
	const long before = processorTime();
	EXPECT_FALSE(pair.ws.poll(TIMEOUT, Socket::SELECT_WRITE));
	EXPECT_GT(LITTLE, processorTime() - before);
	std::future<std::string> received = std::async(std::launch::async, [&] { return pair.peer.receiveFrame().payload; });
	int n = -1;
	while ((n = send(pair.ws, "one")) == -1) ASSERT_TRUE(pair.ws.poll(deadline(), Socket::SELECT_WRITE));
	EXPECT_EQ(3, n);
	EXPECT_EQ("one", get(received));
}


TEST_P(ClassServerRenegotiatesTest, BothDirectionsGoOn)
{
	Connected pair(GetParam());
	pair.ws.setSendTimeout(deadline());
	constexpr int FRAMES = 200;
	std::future<void> receiving = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < FRAMES; ++i) EXPECT_TRUE(pattern(5000) == appendFrame(pair.ws).payload) << i;
	});
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < FRAMES; ++i)
		{
			if (i % 20 == 10) pair.peer.renegotiate();
			pair.send(0x82, pattern(5000));
			EXPECT_TRUE(pattern(3000) == pair.peer.receiveFrame().payload) << i;
		}
	});
	for (int i = 0; i < FRAMES; ++i) ASSERT_EQ(3000, send(pair.ws, pattern(3000))) << i;
	get(peer);
	get(receiving);
}


TEST_P(ClassRenegotiateTest, ReceiveWaitsForRoomToSend)
{
	Connected pair(GetParam());
	int frames = 0;
	fill(pair.ws, frames);
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < frames; ++i) EXPECT_TRUE(pattern(10000) == pair.peer.receiveFrame().payload);
		EXPECT_EQ("one", pair.peer.receiveFrame().payload);
		pair.send(0x81, "answer");
	});
	std::future<std::string> received = std::async(std::launch::async, [&] { return appendFrame(pair.ws).payload; });
	EXPECT_EQ(3, send(pair.ws, "one"));
	EXPECT_EQ("answer", get(received));
	get(peer);
}


TEST_P(ClassRenegotiateTest, ReceiveAloneWaitsForRoomToSend)
{
	Connected pair(GetParam());
	int frames = 0;
	fill(pair.ws, frames);
	pair.peer.renegotiate();
	takeRequest(pair.ws);
	if (GetParam().role == Role::CLIENT)
	{
		pair.send(0x81, "before"); // comes through all the same
		EXPECT_EQ("before", appendFrame(pair.ws).payload);
		takeRequest(pair.ws);
	}
	std::future<void> peer = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < frames; ++i) EXPECT_TRUE(pattern(10000) == pair.peer.receiveFrame().payload);
		pair.peer.socket().poll(deadline(), Socket::SELECT_READ); // the other side's part of the handshake
		pair.send(0x81, "after");
	});
	EXPECT_EQ("after", appendFrame(pair.ws).payload);
	get(peer);
}


INSTANTIATE_TEST_SUITE_P(All, ClassRenegotiateTest, ::testing::ValuesIn(secureConnections()), connectionName);
INSTANTIATE_TEST_SUITE_P(All, ClassServerRenegotiatesTest, ::testing::Values(Connection{Role::CLIENT, Transport::TLS}), connectionName);
