//
// ClassFailureTest.cpp
//
// Streams that end or break inside a frame.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Net/WebSocketImpl.h"
#include <sys/resource.h>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	double cpuSeconds()
		/// Of this thread.
	{
		rusage usage = rusage();
		::getrusage(RUSAGE_THREAD, &usage);
		const auto seconds = [](const timeval& time) { return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec)*1e-6; };
		return seconds(usage.ru_utime) + seconds(usage.ru_stime);
	}

	void expectIncomplete(Pair& pair, Receive receive)
	{
		for (int i = 0; i < 3; ++i)
			EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { receive(pair.ws); }));
		EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { pair.ws.sendFrame("x", 1); }));
		EXPECT_EQ(0, pair.ws.shutdown());
		EXPECT_EQ(WebSocketFrame::CLOSED, pair.ws.closeState());
	}
}


class ClassFailureTest: public ConnectionTest
{
};


class ClassFailureTLSTest: public ConnectionTest
{
};


TEST_P(ClassFailureTest, EndInsideHeader)
{
	for (Poco::UInt64 length: {10, 300, 70000})
	{
		const std::string header = frameHeader(0x82, length, GetParam().peerMasks());
		for (std::size_t cut = 1; cut <= header.size(); ++cut)
		{
			for (Receive receive: overloads())
			{
				Pair pair(GetParam());
				pair.peer.send(header.substr(0, cut));
				pair.peer.endSending();
				expectIncomplete(pair, receive);
			}
		}
	}
}


TEST_P(ClassFailureTest, EndInsidePayload)
{
	for (std::size_t length: {2, 10, 300, 70000})
	{
		for (std::size_t cut: {std::size_t(1), length/2, length - 1})
		{
			for (Receive receive: overloads())
			{
				Pair pair(GetParam());
				pair.peer.send(pair.header(0x82, length) + std::string(cut, 'x'));
				pair.peer.endSending();
				expectIncomplete(pair, receive);
			}
		}
	}
}


TEST_P(ClassFailureTest, EndInsideFrameAfterWholeFrames)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.peer.send(pair.frame(0x81, "whole") + pair.frame(0x89) + pair.frame(0x82, "cut off").substr(0, 5));
		pair.peer.endSending();
		EXPECT_EQ("whole", receive(pair.ws).payload);
		EXPECT_EQ(0x89, receive(pair.ws).flags);
		expectIncomplete(pair, receive);
	}
}


TEST_P(ClassFailureTest, EndInsideHeaderBurnsNoCPU) // 5472
{
	Pair pair(GetParam());
	pair.peer.send(pair.frame(0x81, "x").substr(0, 1));
	pair.peer.endSending();
	const double start = cpuSeconds();
	expectIncomplete(pair, receiveFixed);
	EXPECT_LT(cpuSeconds() - start, 1.0);
}


TEST_P(ClassFailureTLSTest, EndInsideFrameWithoutCloseNotify)
{
	// Peers that end abruptly, or are ended, are frequent; a WebSocket has its Close frame to tell.
	for (std::size_t cut: {1, 5, 50})
	{
		for (Receive receive: overloads())
		{
			Pair pair(GetParam());
			pair.peer.send(pair.frame(0x82, pattern(100)).substr(0, cut));
			pair.peer.abandonTLS();
			expectIncomplete(pair, receive);
		}
	}
}


TEST_P(ClassFailureTLSTest, EndBetweenFramesWithoutCloseNotify)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.send(0x81, "last");
		pair.peer.abandonTLS();
		EXPECT_EQ("last", receive(pair.ws).payload);
		for (int i = 0; i < 3; ++i)
		{
			const Received received = receive(pair.ws);
			EXPECT_EQ(0, received.result);
			EXPECT_EQ(0, received.flags);
		}
	}
}


TEST_P(ClassFailureTLSTest, ResetBehindEndWithoutCloseNotify)
{
	for (Receive receive: overloads())
	{
		Pair pair(GetParam());
		pair.peer.abandonTLS();
		pair.peer.reset(); // OpenSSL's alert about the end cannot be sent
		for (int i = 0; i < 3; ++i)
		{
			const Received received = receive(pair.ws);
			EXPECT_EQ(0, received.result);
			EXPECT_EQ(0, received.flags);
		}
	}
}


TEST_P(ClassFailureTest, BufferIsKeptWhenAFrameFails)
{
	Pair pair(GetParam());
	pair.peer.send(pair.header(0x82, 100000) + pattern(50000));
	pair.peer.endSending();
	Poco::Buffer<char> buffer("kept", 4);
	int flags = 77;
	EXPECT_EQ(WebSocket::WS_ERR_INCOMPLETE_FRAME, errorOf([&] { pair.ws.receiveFrame(buffer, flags); }));
	EXPECT_EQ("kept", std::string(buffer.begin(), buffer.size()));
}


TEST_P(ClassFailureTest, Reset)
{
	for (std::size_t cut: {0, 1, 3, 8, 20})
	{
		for (Receive receive: overloads())
		{
			Pair pair(GetParam());
			pair.send(0x81, "whole");
			EXPECT_EQ("whole", receive(pair.ws).payload);
			pair.peer.send(pair.frame(0x82, pattern(100)).substr(0, cut));
			pair.peer.reset();
			EXPECT_THROW(receive(pair.ws), Poco::Net::ConnectionResetException) << "after " << cut << " bytes";
			for (int i = 0; i < 2; ++i) // no frame, no waiting
			{
				try
				{
					EXPECT_EQ(0, receive(pair.ws).flags);
				}
				catch (const Poco::Net::NetException&)
				{
					// said once more
				}
			}
		}
	}
}


TEST_P(ClassFailureTest, ResetWakesTheReceiver)
{
	Pair pair(GetParam());
	std::promise<void> started;
	std::future<void> receiving = std::async(std::launch::async, [&]
	{
		started.set_value();
		EXPECT_THROW(receiveFixed(pair.ws), Poco::Net::ConnectionResetException);
	});
	started.get_future().get();
	pair.peer.reset();
	get(receiving);
}


TEST_P(ClassFailureTest, SendingAfterReset)
{
	Pair pair(GetParam());
	pair.peer.reset();
	EXPECT_THROW(receiveFixed(pair.ws), Poco::Net::ConnectionResetException);
	for (int i = 0; i < 3; ++i) // and no SIGPIPE
	{
		EXPECT_THROW(pair.ws.sendFrame("x", 1), Poco::Net::NetException);
		EXPECT_THROW(pair.ws.shutdown(), Poco::Net::NetException); // 2704
	}
}


TEST_P(ClassFailureTest, SendingAfterShutdownSend)
{
	Pair pair(GetParam());
	pair.ws.shutdownSend();
	EXPECT_TRUE(pair.peer.atEnd());
	EXPECT_THROW(pair.ws.sendFrame("x", 1), Poco::Net::NetException);
	if (GetParam().transport == Transport::TLS) return; // it ends both directions
	pair.send(0x81, "still");
	EXPECT_EQ("still", receiveFixed(pair.ws).payload);
}


TEST_P(ClassFailureTest, SendingUntilThePeerHasGone)
{
	Pair pair(GetParam());
	pair.peer.close();
	const std::string payload = pattern(10000);
	EXPECT_THROW(
		for (int i = 0; i < 10000; ++i) pair.ws.sendFrame(payload.data(), static_cast<int>(payload.size())),
		Poco::Net::NetException);
	EXPECT_THROW(pair.ws.sendFrame("x", 1), Poco::Net::NetException);
}


TEST_P(ClassFailureTest, ShutdownInADestructorAfterTheEnd) // 2704, 3188
{
	struct Owner
	{
		explicit Owner(const WebSocket& socket):
			ws(socket)
		{
		}

		~Owner()
		{
			try
			{
				ws.shutdown();
			}
			catch (const Poco::Exception&)
			{
				// the peer has gone
			}
		}

		WebSocket ws;
	};

	for (int way = 0; way < 4; ++way)
	{
		Pair pair(GetParam());
		Owner owner(pair.ws);
		if (way == 0) pair.peer.reset();
		if (way == 1) pair.peer.close();
		if (way == 2) pair.ws.close();
		if (way == 3) pair.ws.impl()->close();
	}
}


TEST_P(ClassFailureTest, UseAfterClose) // 3188
{
	Pair pair(GetParam());
	WebSocket copy(pair.ws);
	pair.ws.close();
	for (WebSocket* pSocket: {&pair.ws, &copy})
	{
		EXPECT_THROW(pSocket->shutdown(), Poco::Exception);
		EXPECT_THROW(pSocket->sendFrame("x", 1), Poco::Exception);
		EXPECT_THROW(receiveFixed(*pSocket), Poco::Exception);
		EXPECT_NO_THROW(pSocket->close());
	}
	EXPECT_TRUE(pair.peer.atEnd());
}


INSTANTIATE_TEST_SUITE_P(Each, ClassFailureTest, ::testing::ValuesIn(allConnections()), connectionName);
INSTANTIATE_TEST_SUITE_P(Each, ClassFailureTLSTest, ::testing::ValuesIn(secureConnections()), connectionName);
