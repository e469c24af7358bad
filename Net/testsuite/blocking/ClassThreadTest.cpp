//
// ClassThreadTest.cpp
//
// Several threads on one connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Net/WebSocketImpl.h"
#include <atomic>
#include <csignal>
#include <thread>
#include <pthread.h>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	constexpr int SENDERS = 4;

	std::string numbered(int sender, int number, std::size_t length)
		/// Every byte depends on both numbers.
	{
		const std::string head = std::to_string(sender) + ":" + std::to_string(number) + ":";
		return (head + pattern(length, static_cast<unsigned>(sender*100000 + number))).substr(0, std::max(length, head.size()));
	}

	class Checker
		/// What each sender has sent must come once, whole and in order.
	{
	public:
		explicit Checker(const std::function<std::size_t (int)>& length):
			_length(length),
			_next(SENDERS, 0)
		{
		}

		void check(const std::string& payload)
		{
			const int sender = payload.empty() ? -1 : payload[0] - '0';
			ASSERT_TRUE(sender >= 0 && sender < SENDERS) << payload.substr(0, 20);
			int& number = _next[static_cast<std::size_t>(sender)];
			ASSERT_TRUE(numbered(sender, number, _length(number)) == payload)
				<< "expected " << number << " of " << sender << ", got " << payload.substr(0, 20);
			++number;
		}

		const std::vector<int>& counts() const
		{
			return _next;
		}

	private:
		std::function<std::size_t (int)> _length;
		std::vector<int> _next;
	};

	void sendAll(WebSocket ws, int sender, int count, const std::function<std::size_t (int)>& length)
	{
		for (int i = 0; i < count; ++i)
		{
			const std::string payload = numbered(sender, i, length(i));
			ASSERT_EQ(static_cast<int>(payload.size()), ws.sendFrame(payload.data(), static_cast<int>(payload.size()), WebSocket::FRAME_BINARY));
		}
	}

	void receiveAll(WebSocket& ws, int count, const std::function<std::size_t (int)>& length)
		/// From SENDERS senders, count each. PONGs may come between.
	{
		Checker checker(length);
		for (int i = 0; i < SENDERS*count;)
		{
			const Received received = appendFrame(ws);
			if (received.flags == 0x8a) continue;
			ASSERT_EQ(WebSocket::FRAME_BINARY, received.flags);
			ASSERT_NO_FATAL_FAILURE(checker.check(received.payload));
			++i;
		}
		EXPECT_EQ(std::vector<int>(SENDERS, count), checker.counts());
	}

	void exchange(Transport transport, int count, const std::function<std::size_t (int)>& length)
		/// Four threads send on each side, while one receives there.
	{
		Both both(transport);
		std::vector<std::future<void>> sending;
		for (int sender = 0; sender < SENDERS; ++sender)
			for (const WebSocket& ws: {both.client, both.server})
				sending.push_back(std::async(std::launch::async, sendAll, ws, sender, count, length));
		std::atomic<bool> stop{false};
		std::future<void> pings = std::async(std::launch::async, [&]
		{
			for (int i = 0; i < 1000 && !stop; ++i) both.client.sendFrame("pong", 4, 0x8a);
		});
		std::future<void> receiving = std::async(std::launch::async, [&] { receiveAll(both.server, count, length); });
		receiveAll(both.client, count, length);
		get(receiving);
		stop = true;
		for (std::future<void>& future: sending) get(future);
		get(pings);
	}

	struct Outcome
	{
		bool threw;
		Received received;
	};

	std::future<Outcome> startReceiving(WebSocket& ws)
		/// Returns when the thread is running.
	{
		auto pStarted = std::make_shared<std::promise<void>>();
		std::future<void> started = pStarted->get_future();
		std::future<Outcome> result = std::async(std::launch::async, [&ws, pStarted]
		{
			pStarted->set_value();
			try
			{
				return Outcome{false, receiveFixed(ws)};
			}
			catch (const Poco::TimeoutException&)
			{
				throw; // the deadline: it was not woken
			}
			catch (const Poco::Exception&)
			{
				return Outcome{true, {}};
			}
		});
		started.get();
		return result;
	}

	void expectWoken(const Connection& connection, const std::function<void (Pair&)>& wake)
	{
		for (int i = 0; i < 20; ++i) // before or after the receiver has begun to wait
		{
			Pair pair(connection);
			std::future<Outcome> receiving = startReceiving(pair.ws);
			if (i % 2 == 1) std::this_thread::yield();
			wake(pair);
			const Outcome outcome = get(receiving);
			EXPECT_TRUE(outcome.threw || outcome.received.flags == 0);
		}
	}
}


class ClassThreadTest: public ConnectionTest
{
};


class ClassExchangeTest: public SocketTest
{
};


TEST_F(ClassExchangeTest, FourSendersOneReceiverPlain) // 3355, 3888
{
	exchange(Transport::PLAIN, 500, [](int) { return std::size_t(2000); });
}


TEST_F(ClassExchangeTest, FourSendersOneReceiverTLS)
{
	exchange(Transport::TLS, 500, [](int) { return std::size_t(2000); });
}


TEST_F(ClassExchangeTest, FramesOfManySizesPlain)
{
	exchange(Transport::PLAIN, 60, [](int i) { return static_cast<std::size_t>(i*i*i % 140000); });
}


TEST_F(ClassExchangeTest, FramesOfManySizesTLS)
{
	exchange(Transport::TLS, 60, [](int i) { return static_cast<std::size_t>(i*i*i % 140000); });
}


TEST_P(ClassThreadTest, FourSendersToARawPeer)
{
	const auto length = [](int i) { return static_cast<std::size_t>(100 + i*997 % 70000); };
	const int count = 100;
	Pair pair(GetParam());
	std::vector<std::future<void>> sending;
	for (int sender = 0; sender < SENDERS; ++sender)
		sending.push_back(std::async(std::launch::async, sendAll, pair.ws, sender, count, length));
	Checker checker(length);
	for (int i = 0; i < SENDERS*count; ++i)
	{
		const Frame frame = pair.peer.receiveFrame();
		ASSERT_EQ(0x82, frame.flags);
		ASSERT_NO_FATAL_FAILURE(checker.check(frame.payload));
	}
	for (std::future<void>& future: sending) get(future);
}


TEST_P(ClassThreadTest, FourNonBlockingSenders)
{
	// Each thread repeats its call until it is done: its frame must go out, once, and no other's instead of it.
	const std::size_t length = 40000;
	const int count = 100;
	Pair pair(GetParam());
	pair.ws.setBlocking(false);
	std::vector<std::future<void>> sending;
	for (int sender = 0; sender < SENDERS; ++sender)
	{
		sending.push_back(std::async(std::launch::async, [&pair, sender]
		{
			for (int i = 0; i < count; ++i)
			{
				const std::string payload = numbered(sender, i, length);
				while (pair.ws.sendFrame(payload.data(), static_cast<int>(length), WebSocket::FRAME_BINARY) == -1)
					if (!pair.ws.poll(deadline(), WebSocket::SELECT_WRITE)) throw Poco::TimeoutException("Not writable");
			}
		}));
	}
	Checker checker([](int) { return length; });
	bool good = true;
	for (int i = 0; i < SENDERS*count; ++i)
	{
		const std::string payload = pair.peer.receiveFrame().payload;
		if (good) checker.check(payload);
		good = good && !HasFatalFailure();
	}
	for (std::future<void>& future: sending) get(future);
}


TEST_P(ClassThreadTest, FourSendersWithTimeouts)
{
	// What timed out was begun, and will come, or was not, and is sent again.
	const std::size_t length = 50000;
	const int count = 100;
	Pair pair(GetParam());
	pair.ws.setSendTimeout(Poco::Timespan(0, 5000));
	std::atomic<int> timeouts{0};
	std::vector<std::future<void>> sending;
	for (int sender = 0; sender < SENDERS; ++sender)
	{
		sending.push_back(std::async(std::launch::async, [&pair, &timeouts, sender]
		{
			for (int i = 0; i < count;)
			{
				const std::string payload = numbered(sender, i, length);
				try
				{
					pair.ws.sendFrame(payload.data(), static_cast<int>(length), WebSocket::FRAME_BINARY);
					++i;
				}
				catch (const Poco::TimeoutException& exc)
				{
					++timeouts;
					if (exc.displayText().find("not been begun") == std::string::npos) ++i;
				}
			}
		}));
	}
	while (timeouts < 2*SENDERS) std::this_thread::yield();
	std::future<void> ending = std::async(std::launch::async, [&]
	{
		for (std::future<void>& future: sending) get(future);
		pair.ws.setSendTimeout(deadline());
		pair.ws.sendFrame("end", 3, 0x89); // takes the rest of an unfinished frame with it
	});
	Checker checker([](int) { return length; });
	bool good = true;
	for (Frame frame = pair.peer.receiveFrame(); frame.flags == 0x82; frame = pair.peer.receiveFrame())
	{
		if (good) checker.check(frame.payload);
		good = good && !HasFatalFailure();
	}
	EXPECT_EQ(std::vector<int>(SENDERS, count), checker.counts());
	get(ending);
}


TEST_P(ClassThreadTest, SignalsDisturbNobody)
{
	struct Handler
		/// A handler that lets system calls end with EINTR.
	{
		Handler()
		{
			struct sigaction action = {};
			action.sa_handler = [](int) {};
			::sigaction(SIGUSR1, &action, &before);
		}

		~Handler()
		{
			::sigaction(SIGUSR1, &before, nullptr);
		}

		struct sigaction before = {};
	};

	const Handler handler;
	const std::string payload = pattern(8000000);
	Pair pair(GetParam());
	std::promise<pthread_t> receiverId;
	std::promise<pthread_t> senderId;
	std::atomic<bool> received{false};
	std::atomic<bool> sent{false};
	std::future<void> receiving = std::async(std::launch::async, [&]
	{
		receiverId.set_value(::pthread_self());
		EXPECT_EQ("hello", receiveFixed(pair.ws).payload);
		received = true;
		while (!sent) std::this_thread::yield(); // signals must find the thread
	});
	std::future<void> sending = std::async(std::launch::async, [&]
	{
		senderId.set_value(::pthread_self());
		EXPECT_EQ(static_cast<int>(payload.size()), pair.ws.sendFrame(payload.data(), static_cast<int>(payload.size())));
		sent = true;
		while (!received) std::this_thread::yield();
	});
	const pthread_t threads[] = {receiverId.get_future().get(), senderId.get_future().get()};
	for (int i = 0; i < 200; ++i)
	{
		for (pthread_t thread: threads) ::pthread_kill(thread, SIGUSR1);
		std::this_thread::yield();
	}
	EXPECT_TRUE(payload == pair.peer.receiveFrame().payload);
	for (int i = 0; i < 200; ++i) ::pthread_kill(threads[0], SIGUSR1);
	pair.send(0x81, "hello");
	get(receiving);
	get(sending);
}


TEST_P(ClassThreadTest, ShutdownWakesTheReceiverWhenThePeerAnswers)
{
	for (int i = 0; i < 20; ++i)
	{
		Pair pair(GetParam());
		std::future<Outcome> receiving = startReceiving(pair.ws);
		pair.ws.shutdown(1001, "end");
		EXPECT_EQ(1001, pair.peer.receiveFrame().closeCode());
		pair.send(0x88, closePayload(1001));
		const Outcome outcome = get(receiving);
		EXPECT_FALSE(outcome.threw);
		EXPECT_EQ(0x88, outcome.received.flags);
		EXPECT_EQ(WebSocketFrame::CLOSED, pair.ws.closeState());
	}
}


TEST_P(ClassThreadTest, ShutdownOfTheStreamWakesTheReceiver)
{
	expectWoken(GetParam(), [](Pair& pair) { pair.ws.impl()->shutdown(); });
}


TEST_P(ClassThreadTest, ShutdownReceiveWakesTheReceiver)
{
	expectWoken(GetParam(), [](Pair& pair) { pair.ws.shutdownReceive(); });
}


TEST_P(ClassThreadTest, ShutdownSendWakesTheReceiverWhenThePeerCloses)
{
	expectWoken(GetParam(), [](Pair& pair)
	{
		pair.ws.shutdownSend();
		EXPECT_TRUE(pair.peer.atEnd());
		pair.peer.close();
	});
}


TEST_P(ClassThreadTest, ShutdownInsideAFrameWakesTheReceiver)
{
	expectWoken(GetParam(), [](Pair& pair)
	{
		pair.peer.send(pair.frame(0x82, pattern(100)).substr(0, 50));
		pair.ws.impl()->shutdown();
	});
}


TEST_P(ClassThreadTest, ShutdownOfTheStreamWakesABlockedSender)
{
	Pair pair(GetParam());
	std::future<void> sending = std::async(std::launch::async, [&]
	{
		const std::string payload = pattern(500000);
		EXPECT_THROW(for (;;) pair.ws.sendFrame(payload.data(), static_cast<int>(payload.size())), Poco::Exception);
	});
	while (pair.ws.poll(0, WebSocket::SELECT_WRITE)) std::this_thread::yield(); // until it is blocked, or about to be
	pair.ws.impl()->shutdown();
	get(sending);
}


TEST_P(ClassThreadTest, ResetWakesABlockedSender)
{
	Pair pair(GetParam());
	std::future<void> sending = std::async(std::launch::async, [&]
	{
		const std::string payload = pattern(500000);
		EXPECT_THROW(for (;;) pair.ws.sendFrame(payload.data(), static_cast<int>(payload.size())), Poco::Net::NetException);
	});
	while (pair.ws.poll(0, WebSocket::SELECT_WRITE)) std::this_thread::yield();
	pair.peer.reset();
	get(sending);
}


TEST_P(ClassThreadTest, ReceivingGoesOnWhileASenderIsBlocked)
{
	Pair pair(GetParam());
	std::future<void> sending = std::async(std::launch::async, [&]
	{
		const std::string payload = pattern(500000);
		EXPECT_ANY_THROW(for (;;) pair.ws.sendFrame(payload.data(), static_cast<int>(payload.size())));
	});
	while (pair.ws.poll(0, WebSocket::SELECT_WRITE)) std::this_thread::yield();
	for (std::size_t length: {3, 1000, 30000})
	{
		pair.send(0x82, pattern(length));
		EXPECT_TRUE(pattern(length) == receiveFixed(pair.ws).payload);
	}
	pair.send(0x83, "a violation: no Close can be sent in the middle of the frame");
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_OPCODE, errorOf([&] { receiveFixed(pair.ws); }));
	pair.peer.reset();
	get(sending);
}


TEST_P(ClassThreadTest, ViolationWhileOthersSend)
{
	Pair pair(GetParam());
	std::vector<std::future<void>> sending;
	for (int sender = 0; sender < SENDERS; ++sender)
	{
		sending.push_back(std::async(std::launch::async, [&]
		{
			// until the connection has failed
			EXPECT_EQ(WebSocket::WS_ERR_INVALID_RSV_BITS, errorOf([&] { for (;;) pair.ws.sendFrame("hello", 5); }));
		}));
	}
	std::future<int> receiving = std::async(std::launch::async, [&] { return errorOf([&] { receiveFixed(pair.ws); }); });
	EXPECT_EQ("hello", pair.peer.receiveFrame().payload);
	pair.send(0xf1, "x");
	Frame frame = pair.peer.receiveFrame();
	while (frame.flags == 0x81) frame = pair.peer.receiveFrame();
	EXPECT_EQ(1002, frame.closeCode());
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_RSV_BITS, get(receiving));
	for (std::future<void>& future: sending) get(future);
	pair.ws.impl()->close();
	EXPECT_EQ("", pair.peer.receiveToEnd());
}


TEST_P(ClassThreadTest, StateIsAskedWhileOthersWork)
{
	Pair pair(GetParam());
	std::future<Outcome> receiving = startReceiving(pair.ws);
	std::future<void> asking = std::async(std::launch::async, [&]
	{
		while (pair.ws.closeState() != WebSocketFrame::CLOSED) std::this_thread::yield();
	});
	pair.ws.shutdown();
	pair.peer.receiveFrame();
	pair.send(0x88, closePayload(1000));
	EXPECT_EQ(0x88, get(receiving).received.flags);
	get(asking);
}


INSTANTIATE_TEST_SUITE_P(Each, ClassThreadTest, ::testing::ValuesIn(allConnections()), connectionName);
