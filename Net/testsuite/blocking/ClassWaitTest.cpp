//
// ClassWaitTest.cpp
//
// Programs that wait for the socket to become readable and call receiveFrame() once for each wake-up.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Event.h"
#include "Poco/NObserver.h"
#include "Poco/Net/PollSet.h"
#include "Poco/Net/SocketNotification.h"
#include "Poco/Net/SocketReactor.h"
#include "Poco/Thread.h"
#include <random>


using namespace WebSocketTest;
using Poco::Net::PollSet;
using Poco::Net::Socket;
using Poco::Net::WebSocket;


namespace
{
	using Wait = bool (*)(const WebSocket& ws, const Poco::Timespan& timeout);

	bool waitPoll(const WebSocket& ws, const Poco::Timespan& timeout)
	{
		return ws.poll(timeout, Socket::SELECT_READ);
	}

	bool waitSelect(const WebSocket& ws, const Poco::Timespan& timeout)
	{
		Socket::SocketList readable{ws};
		Socket::SocketList writable;
		Socket::SocketList broken;
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations" // by Poco 1.14, but programs use it
		return Socket::select(readable, writable, broken, timeout) > 0 && !readable.empty();
#pragma GCC diagnostic pop
	}

	bool waitPollSet(const WebSocket& ws, const Poco::Timespan& timeout)
	{
		PollSet set;
		set.add(ws, PollSet::POLL_READ);
		const PollSet::SocketModeMap ready = set.poll(timeout);
		const auto it = ready.find(ws);
		return it != ready.end() && (it->second & PollSet::POLL_READ) != 0;
	}

	std::vector<Wait> ways(Transport transport)
		/// Kernel readiness is enough on a plain connection only.
	{
		if (transport == Transport::PLAIN) return {waitPoll, waitSelect, waitPollSet};
		return {waitPoll};
	}

	void expectNext(WebSocket& ws, Wait wait, Receive receive, const std::string& payload)
		/// The wait must end, and one call must return the frame.
	{
		ASSERT_TRUE(wait(ws, deadline()));
		EXPECT_TRUE(payload == receive(ws).payload);
	}
}


class ClassWaitTest: public ConnectionTest
{
};


TEST_P(ClassWaitTest, ThreeFramesInOneSegmentAndAPart)
{
	for (Wait wait: ways(GetParam().transport))
	{
		for (Receive receive: overloads())
		{
			for (std::size_t cut: {0, 1, 5, 7, 30})
			{
				Pair pair(GetParam());
				const std::string fourth = pair.frame(0x82, pattern(100));
				EXPECT_FALSE(wait(pair.ws, 0));
				pair.peer.send(pair.frame(0x81, "one") + pair.frame(0x89, "two") + pair.frame(0x82, "three") + fourth.substr(0, cut));
				ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receive, "one"));
				ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receive, "two"));
				ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receive, "three"));
				EXPECT_TRUE(cut > 0 || !wait(pair.ws, 0)); // a blocking call would hang
				pair.peer.send(fourth.substr(cut));
				ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receive, pattern(100)));
				EXPECT_FALSE(wait(pair.ws, 0));
			}
		}
	}
}


TEST_P(ClassWaitTest, EmptyFramesInOneSegment)
{
	for (Wait wait: ways(GetParam().transport))
	{
		Pair pair(GetParam());
		pair.peer.send(pair.frame(0x89) + pair.frame(0x81) + pair.frame(0x8a));
		for (int flags: {0x89, 0x81, 0x8a})
		{
			ASSERT_TRUE(wait(pair.ws, deadline()));
			EXPECT_EQ(flags, receiveFixed(pair.ws).flags);
		}
		EXPECT_FALSE(wait(pair.ws, 0));
	}
}


TEST_P(ClassWaitTest, AnyMixtureOfSizesInOneSegment)
{
	// Also frames that are cut by whatever is looked at in one go.
	std::mt19937 random(1970);
	for (Wait wait: ways(GetParam().transport))
	{
		for (int round = 0; round < 12; ++round)
		{
			Pair pair(GetParam());
			std::vector<std::string> payloads;
			std::string wire;
			while (wire.size() < 40000)
			{
				const unsigned limit = round % 3 == 0 ? 300 : round % 3 == 1 ? 9000 : 20000;
				payloads.push_back(pattern(random() % limit, static_cast<unsigned>(payloads.size())));
				wire += pair.frame(0x82, payloads.back());
			}
			pair.peer.send(wire);
			for (const std::string& payload: payloads)
				ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, overloads()[random() % 2], payload));
			EXPECT_FALSE(wait(pair.ws, 0));
		}
	}
}


TEST_P(ClassWaitTest, FrameAtTheEndOfEachWindow)
{
	// The frame before ends at, or just beside, 16 KiB, and the next follows at once.
	for (Wait wait: ways(GetParam().transport))
	{
		for (std::size_t length = 16384 - 20; length < 16384 + 3; ++length)
		{
			Pair pair(GetParam());
			pair.peer.send(pair.frame(0x82, pattern(length)) + pair.frame(0x81, "next") + pair.frame(0x89, "last"));
			ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receiveFixed, pattern(length)));
			ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receiveFixed, "next"));
			ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receiveFixed, "last"));
			EXPECT_FALSE(wait(pair.ws, 0));
		}
	}
}


TEST_P(ClassWaitTest, NonBlockingPartOfAFrameDoesNotSpin)
{
	for (Wait wait: ways(GetParam().transport))
	{
		Pair pair(GetParam());
		pair.ws.setBlocking(false);
		const std::string wire = pair.frame(0x81, "first") + pair.frame(0x82, pattern(100));
		std::size_t sent = 0;
		std::vector<std::string> received;
		while (received.size() < 2)
		{
			pair.peer.send(wire.substr(sent++, 1));
			ASSERT_TRUE(wait(pair.ws, deadline()));
			const Received result = receiveFixed(pair.ws);
			if (result.result != -1) received.push_back(result.payload);
			EXPECT_FALSE(wait(pair.ws, 0)) << "after " << sent << " bytes";
		}
		EXPECT_EQ(wire.size(), sent);
		EXPECT_EQ("first", received[0]);
		EXPECT_EQ(pattern(100), received[1]);
	}
}


TEST_P(ClassWaitTest, ShortFramesBehindTheRestOfAHeader)
{
	for (Wait wait: ways(GetParam().transport))
	{
		for (bool blocking: {false, true})
		{
			Pair pair(GetParam());
			const std::string wire = pair.frame(0x81, "a") + pair.frame(0x89) + pair.frame(0x81, "b") + pair.frame(0x82);
			for (std::size_t cut = 1; cut < pair.frame(0x81, "a").size(); ++cut)
			{
				pair.peer.send(wire.substr(0, cut));
				pair.ws.setBlocking(blocking);
				pair.ws.setReceiveTimeout(Poco::Timespan(0, 1000));
				if (blocking) EXPECT_THROW(receiveFixed(pair.ws), Poco::TimeoutException);
				else EXPECT_EQ(-1, receiveFixed(pair.ws).result);
				pair.ws.setReceiveTimeout(deadline());
				pair.peer.send(wire.substr(cut));
				for (const char* pPayload: {"a", "", "b", ""})
					ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receiveFixed, pPayload));
				EXPECT_FALSE(wait(pair.ws, 0));
			}
		}
	}
}


TEST_P(ClassWaitTest, NonBlockingUntilThereIsNoMore)
{
	for (Wait wait: ways(GetParam().transport))
	{
		Pair pair(GetParam());
		pair.ws.setBlocking(false);
		const std::string last = pair.frame(0x82, pattern(10));
		pair.peer.send(pair.frame(0x81, "one") + pair.frame(0x81, "two") + last.substr(0, 4));
		ASSERT_TRUE(wait(pair.ws, deadline()));
		EXPECT_EQ("one", receiveFixed(pair.ws).payload);
		EXPECT_EQ("two", receiveFixed(pair.ws).payload);
		EXPECT_EQ(-1, receiveFixed(pair.ws).result);
		EXPECT_FALSE(wait(pair.ws, 0));
		pair.peer.send(last.substr(4));
		ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receiveFixed, pattern(10)));
		EXPECT_FALSE(wait(pair.ws, 0));
	}
}


TEST_P(ClassWaitTest, EndOfStreamIsReadable)
{
	for (Wait wait: ways(GetParam().transport))
	{
		Pair pair(GetParam());
		pair.send(0x81, "last");
		pair.peer.endSending();
		ASSERT_NO_FATAL_FAILURE(expectNext(pair.ws, wait, receiveFixed, "last"));
		ASSERT_TRUE(wait(pair.ws, deadline()));
		EXPECT_EQ(0, receiveFixed(pair.ws).flags);
	}
}


TEST_P(ClassWaitTest, AvailableCountsTheBytesOfFrames)
{
	Pair pair(GetParam());
	EXPECT_EQ(0, pair.ws.available());
	const std::vector<std::string> payloads = {"one", "", pattern(300), pattern(12000)};
	std::string wire;
	for (const std::string& payload: payloads) wire += pair.frame(0x82, payload);
	pair.peer.send(wire);
	std::size_t left = wire.size();
	for (std::size_t i = 0; i < payloads.size(); ++i)
	{
		ASSERT_TRUE(pair.ws.poll(deadline(), Socket::SELECT_READ));
		const bool decrypted = i > 0 || GetParam().transport == Transport::PLAIN;
		EXPECT_EQ(decrypted ? static_cast<int>(left) : 0, pair.ws.available());
		EXPECT_EQ(payloads[i], receiveFixed(pair.ws).payload);
		left -= pair.frame(0x82, payloads[i]).size();
	}
	EXPECT_EQ(0, pair.ws.available());
	EXPECT_FALSE(pair.ws.poll(0, Socket::SELECT_READ));
}


TEST_P(ClassWaitTest, PollForWriting)
{
	Pair pair(GetParam());
	EXPECT_TRUE(pair.ws.poll(deadline(), Socket::SELECT_WRITE));
	EXPECT_TRUE(pair.ws.poll(deadline(), Socket::SELECT_READ | Socket::SELECT_WRITE));
	EXPECT_FALSE(pair.ws.poll(0, Socket::SELECT_READ));
}


INSTANTIATE_TEST_SUITE_P(Each, ClassWaitTest, ::testing::ValuesIn(allConnections()), connectionName);


class ClassReactorTest: public ConnectionTest
{
};


namespace
{
	class Collector
		/// Calls receiveFrame() once for each notification of a SocketReactor.
	{
	public:
		Collector(WebSocket& ws, std::size_t count):
			_ws(ws),
			_count(count),
			_observer(*this, &Collector::onReadable)
		{
			_reactor.addEventHandler(_ws, _observer);
			_thread.start(_reactor);
		}

		~Collector()
		{
			_reactor.stop();
			_reactor.wakeUp();
			_thread.join();
		}

		bool wait()
		{
			return _done.tryWait(DEADLINE_S*1000);
		}

		const std::vector<std::string>& payloads() const
			/// To be called after wait().
		{
			return _payloads;
		}

	private:
		void onReadable(const Poco::AutoPtr<Poco::Net::ReadableNotification>&)
		{
			_payloads.push_back(appendFrame(_ws).payload);
			if (_payloads.size() < _count) return;
			_reactor.removeEventHandler(_ws, _observer);
			_done.set();
		}

		WebSocket _ws;
		const std::size_t _count;
		Poco::NObserver<Collector, Poco::Net::ReadableNotification> _observer;
		Poco::Net::SocketReactor _reactor;
		Poco::Thread _thread;
		Poco::Event _done;
		std::vector<std::string> _payloads;
	};
}


TEST_P(ClassReactorTest, ThreeFramesInOneSegmentAndAPart)
{
	for (std::size_t cut: {0, 3, 50})
	{
		Pair pair(GetParam());
		const std::string fourth = pair.frame(0x82, pattern(100));
		pair.peer.send(pair.frame(0x81, "one") + pair.frame(0x89, "two") + pair.frame(0x82, "three") + fourth.substr(0, cut));
		Collector collector(pair.ws, 4);
		pair.peer.send(fourth.substr(cut));
		ASSERT_TRUE(collector.wait());
		EXPECT_EQ((std::vector<std::string>{"one", "two", "three", pattern(100)}), collector.payloads());
	}
}


TEST_P(ClassReactorTest, NothingMoreIsSentAfterTheThreeFrames)
{
	Pair pair(GetParam());
	pair.peer.send(pair.frame(0x81, pattern(5000)) + pair.frame(0x81, pattern(9000)) + pair.frame(0x82, "three"));
	Collector collector(pair.ws, 3);
	ASSERT_TRUE(collector.wait());
	EXPECT_EQ((std::vector<std::string>{pattern(5000), pattern(9000), "three"}), collector.payloads());
}


INSTANTIATE_TEST_SUITE_P(Each, ClassReactorTest, ::testing::ValuesIn(plainConnections()), connectionName);
