//
// UnitTest.cpp
//
// The parts of the loop by themselves: timers, poller, a HTTP session, a connection's size.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassPeer.h"
#include "events/Channel.h"
#include "events/EventConnection.h"
#include "events/HTTPSession.h"
#include "events/Listener.h"
#include "events/Poller.h"
#include "events/Reactor.h"
#include "events/TimerWheel.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/HTTPServerResponseImpl.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Buffer.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <functional>
#include <random>
#include <thread>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>


using Poco::Net::WebSocketEventConnection;
using Poco::Net::WebSocketHTTPSession;
using Poco::Net::WebSocketListener;
using Poco::Net::WebSocketPoller;
using Poco::Net::WebSocketReactor;
using Poco::Net::WebSocketTimerWheel;


namespace WebSocketTest {


//
// Timers
//
namespace
{
	using Time = WebSocketTimerWheel::Time;

	class Timer: public WebSocketTimerWheel::Entry
	{
	public:
		void due(Time now) override
		{
			calledAt.push_back(now);
			if (then) then(now);
		}

		std::vector<Time> calledAt;
		std::function<void (Time)> then;
	};
}


class EventTimerWheel: public ::testing::TestWithParam<Time>
	/// The time when it begins.
{
};

INSTANTIATE_TEST_SUITE_P(Event, EventTimerWheel, ::testing::Values(Time(0), Time(63), Time(1000000), Time(0x7ffffff0), Time(0xffffff00), Time(0xffffffff)));


TEST_P(EventTimerWheel, CalledInTime)
{
	for (const Time delay: {0u, 1u, 63u, 64u, 65u, 1000u, 32703u, 32704u, 32768u, 33000u, 65536u, 100000u, 500000u})
	{
		Time now = GetParam();
		WebSocketTimerWheel wheel(now);
		EXPECT_EQ(-1, wheel.untilNext(now));
		Timer timer;
		wheel.set(timer, GetParam() + delay);
		for (int i = 0; i < 100000 && timer.calledAt.empty(); ++i)
		{
			const int wait = wheel.untilNext(now);
			ASSERT_LE(0, wait);
			now += static_cast<Time>(wait);
			wheel.run(now);
		}
		ASSERT_EQ(1u, timer.calledAt.size()) << delay;
		const Time late = timer.calledAt[0] - (GetParam() + delay);
		EXPECT_GE(64u, late) << delay;
		EXPECT_FALSE(timer.scheduled());
		EXPECT_EQ(-1, wheel.untilNext(now));
	}
}


TEST_P(EventTimerWheel, RandomAgainstAModel)
{
	std::mt19937 random(GetParam());
	Time now = GetParam();
	WebSocketTimerWheel wheel(now);
	std::vector<Timer> timers(50);
	std::vector<bool> expected(timers.size());
	for (int step = 0; step < 20000; ++step)
	{
		Timer& timer = timers[random() % timers.size()];
		const std::size_t index = static_cast<std::size_t>(&timer - timers.data());
		switch (random() % 4)
		{
		case 0:
			wheel.set(timer, now + random() % (random() % 8 == 0 ? 200000 : 500));
			expected[index] = true;
			break;
		case 1:
			wheel.cancel(timer);
			expected[index] = false;
			break;
		default:
			now += random() % 100;
			do wheel.run(now); while (wheel.untilNext(now) == 0);
			for (std::size_t i = 0; i < timers.size(); ++i)
			{
				if (timers[i].calledAt.empty())
				{
					if (expected[i]) { ASSERT_GT(64, static_cast<Poco::Int32>(now - timers[i].dueTime())); }
				}
				else
				{
					ASSERT_TRUE(expected[i]);
					ASSERT_EQ(1u, timers[i].calledAt.size());
					ASSERT_TRUE(WebSocketTimerWheel::reached(timers[i].dueTime(), now)) << "too early";
					timers[i].calledAt.clear();
					expected[i] = false;
				}
			}
		}
		for (std::size_t i = 0; i < timers.size(); ++i) ASSERT_EQ(expected[i], timers[i].scheduled());
	}
}


TEST_P(EventTimerWheel, SetAndCancelledByTheCalled)
{
	Time now = GetParam();
	WebSocketTimerWheel wheel(now);
	Timer first, second, third;
	first.then = [&](Time time)
	{
		wheel.cancel(second);
		wheel.set(third, time);
		if (first.calledAt.size() < 3) wheel.set(first, time);
	};
	wheel.set(first, now + 10);
	wheel.set(second, now + 10);
	for (int i = 0; i < 10; ++i) wheel.run(now += 64);
	EXPECT_EQ(3u, first.calledAt.size());
	EXPECT_EQ(0u, second.calledAt.size());
	EXPECT_LE(1u, third.calledAt.size());
	EXPECT_EQ(-1, wheel.untilNext(now));
	{
		Timer gone;
		wheel.set(gone, now + 1);
	}
	wheel.run(now + 1000);
}


TEST_P(EventTimerWheel, LeapOfTime)
{
	Time now = GetParam();
	WebSocketTimerWheel wheel(now);
	Timer near, far;
	wheel.set(near, now + 100);
	wheel.set(far, now + 0x7fffffff);
	now += 10*24*3600*1000u;
	wheel.run(now);
	EXPECT_EQ(1u, near.calledAt.size());
	EXPECT_EQ(0u, far.calledAt.size());
}


TEST(EventTimers, OneThatThrowsTakesNoneWithIt)
{
	WebSocketTimerWheel wheel(0);
	Timer first, second;
	first.then = [](Time) { throw std::bad_alloc(); };
	wheel.set(first, 10);
	wheel.set(second, 10);
	EXPECT_THROW(wheel.run(100), std::bad_alloc);
	for (Time now = 100; now < 1000; now += 64) wheel.run(now);
	EXPECT_EQ(1u, second.calledAt.size());
}


TEST(EventTimers, OthersHaveTheirTurn)
	/// Few are called at once, and time goes on meanwhile.
{
	WebSocketTimerWheel wheel(0);
	std::vector<Timer> timers(1000);
	for (Timer& timer: timers) wheel.set(timer, 10);
	const auto called = [&] { return std::count_if(timers.begin(), timers.end(), [](const Timer& timer) { return !timer.calledAt.empty(); }); };
	Timer later;
	Time now = 64;
	wheel.set(later, now + 1);
	std::ptrdiff_t before = 0;
	int runs = 0;
	for (; wheel.untilNext(now) == 0; ++runs, ++now)
	{
		wheel.run(now);
		ASSERT_LT(before, called());
		ASSERT_GE(before + 4, called());
		before = called();
		if (runs == 5)
		{
			wheel.cancel(timers.back());
			wheel.set(timers[998], now + 2000);
		}
	}
	EXPECT_LE(998/4, runs);
	EXPECT_EQ(998, before);
	EXPECT_EQ(1u, later.calledAt.size());
	EXPECT_FALSE(timers.back().scheduled());
	for (int i = 0; i < 100; ++i) wheel.run(now += 64);
	EXPECT_EQ(999, called());
	EXPECT_EQ(-1, wheel.untilNext(now));
}


TEST(EventTimers, ManyForLater)
	/// What is only looked at, once a turn of the wheel, is not all looked at in one turn of the loop either.
{
	WebSocketTimerWheel wheel(0);
	std::vector<Timer> timers(5000);
	for (Timer& timer: timers) wheel.set(timer, 100000);
	Time now = 0;
	int atOnce = 0; // runs without a wait before them
	while (now < 100000)
	{
		const int wait = wheel.untilNext(now);
		if (wait == 0) ++atOnce;
		wheel.run(now += static_cast<Time>(wait));
	}
	EXPECT_LE(3*(5000/1024), atOnce);
	while (wheel.untilNext(now) == 0) wheel.run(now);
	for (const Timer& timer: timers) EXPECT_EQ(1u, timer.calledAt.size());
}


//
// Poller
//
namespace
{
	class Readable: public WebSocketPoller::Source
		/// Something that has something to read all the time.
	{
	public:
		Readable()
		{
			if (::socketpair(AF_UNIX, SOCK_STREAM, 0, _fds) != 0) throw Poco::SystemException("socketpair");
			::send(_fds[1], "x", 1, 0);
		}

		virtual ~Readable()
		{
			::close(_fds[0]);
			::close(_fds[1]);
		}

		int fd() const
		{
			return _fds[0];
		}

		void ready(int events) override
		{
			EXPECT_NE(0, events);
			seen |= events;
			++calls;
			if (then) then();
		}

		int calls = 0;
		int seen = 0;
		std::function<void ()> then;

	private:
		int _fds[2];
	};

	bool poll(WebSocketPoller& poller, int milliseconds)
	{
		const bool result = poller.wait(milliseconds);
		poller.dispatch(std::chrono::steady_clock::now());
		return result;
	}
}


TEST(EventChannel, ASocketOfAnotherClassIsNotForChildren)
{
	struct Other: public Poco::Net::StreamSocketImpl
	{
		explicit Other(int fd): StreamSocketImpl(fd)
		{
		}
	};

	int fds[2];
	ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	{
		Poco::AutoPtr<Other> pSocket(new Other(fds[0]));
		EXPECT_EQ(0, ::fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
		const auto pChannel = Poco::Net::WebSocketChannel::make(pSocket.get());
		EXPECT_NE(0, ::fcntl(fds[0], F_GETFD) & FD_CLOEXEC);
	}
	::close(fds[1]);
}


TEST(EventPoller, AddChangeRemove)
{
	WebSocketPoller poller;
	Readable source;
	EXPECT_FALSE(poll(poller, 0));
	poller.add(source.fd(), WebSocketPoller::READ, source);
	EXPECT_TRUE(poll(poller, -1));
	EXPECT_EQ(int(WebSocketPoller::READ), source.seen);
	poller.change(source.fd(), WebSocketPoller::READ | WebSocketPoller::WRITE, source);
	EXPECT_TRUE(poll(poller, -1));
	EXPECT_EQ(WebSocketPoller::READ | WebSocketPoller::WRITE, source.seen);
	poller.change(source.fd(), 0, source);
	EXPECT_FALSE(poll(poller, 0));
	poller.remove(source.fd());
	EXPECT_THROW(poller.change(source.fd(), WebSocketPoller::READ, source), Poco::SystemException);
	EXPECT_THROW(poller.add(-1, WebSocketPoller::READ, source), Poco::SystemException);
	EXPECT_EQ(2, source.calls);
}


TEST(EventPoller, HangUp)
	/// That is for who waits to write, too.
{
	WebSocketPoller poller;
	Readable source;
	int fds[2];
	ASSERT_EQ(0, ::pipe(fds));
	poller.add(fds[0], WebSocketPoller::WRITE, source);
	EXPECT_FALSE(poll(poller, 0));
	::close(fds[1]);
	EXPECT_TRUE(poll(poller, -1)); // the system says EPOLLHUP, and nothing else
	EXPECT_EQ(WebSocketPoller::READ | WebSocketPoller::WRITE, source.seen);
	::close(fds[0]);
}


TEST(EventPoller, ToldAtLast)
	/// Whatever the order in which they became ready; and forgotten while it waits for that.
{
	for (const bool forgotten: {false, true})
	{
		WebSocketPoller poller;
		Readable first, last, second;
		std::string order;
		first.then = [&]
		{
			order += 'f';
			if (!forgotten) return;
			poller.remove(last.fd());
			poller.forget(last);
		};
		last.then = [&] { order += 'l'; };
		second.then = [&] { order += 's'; };
		poller.add(last.fd(), WebSocketPoller::READ | WebSocketPoller::LAST, last);
		poller.add(first.fd(), WebSocketPoller::READ, first);
		poller.add(second.fd(), WebSocketPoller::READ, second);
		EXPECT_TRUE(poll(poller, -1));
		EXPECT_EQ(forgotten ? "fs" : "fsl", order);
		EXPECT_TRUE(poll(poller, -1));
		EXPECT_EQ(forgotten ? "fsfs" : "fslfsl", order);
	}
}


TEST(EventPoller, ThoseToldAtLastDoNotHoldUpTheOthers)
	/// One in a turn, if it takes long; each when it is its turn.
{
	const auto busy = [](std::chrono::milliseconds time)
	{
		const auto end = std::chrono::steady_clock::now() + time;
		while (std::chrono::steady_clock::now() < end) {}
	};
	WebSocketPoller poller;
	Readable first, last[3];
	for (Readable& one: last)
	{
		one.then = [&] { busy(std::chrono::milliseconds(20)); };
		poller.add(one.fd(), WebSocketPoller::READ | WebSocketPoller::LAST, one);
	}
	poller.add(first.fd(), WebSocketPoller::READ, first);
	for (int turn = 1; turn <= 6; ++turn)
	{
		EXPECT_TRUE(poll(poller, -1));
		EXPECT_EQ(turn, first.calls);
		EXPECT_EQ(turn, last[0].calls + last[1].calls + last[2].calls);
	}
	for (const Readable& one: last) EXPECT_EQ(2, one.calls) << "who is always ready does not come before the rest";

	// As long as the others have had eight times as long, there is time for all.
	for (Readable& one: last) one.then = nullptr;
	poller.wait(-1);
	poller.dispatch(std::chrono::steady_clock::now() - std::chrono::hours(1));
	EXPECT_EQ(9, last[0].calls + last[1].calls + last[2].calls);
}


TEST(EventPoller, ForgottenInTheSameTurn)
{
	// The first of three that is called takes the others away.
	WebSocketPoller poller;
	std::vector<std::unique_ptr<Readable>> sources;
	for (int i = 0; i < 3; ++i) sources.push_back(std::make_unique<Readable>());
	int calls = 0;
	for (auto& pSource: sources)
	{
		Readable* const pThis = pSource.get();
		pSource->then = [&, pThis]
		{
			++calls;
			for (auto& pOther: sources)
			{
				if (pOther.get() == pThis || !pOther) continue;
				poller.remove(pOther->fd());
				poller.forget(*pOther);
				pOther.reset();
			}
		};
		poller.add(pSource->fd(), WebSocketPoller::READ, *pSource);
	}
	EXPECT_TRUE(poll(poller, -1));
	EXPECT_EQ(1, calls);
}


TEST(EventPoller, WakeUpOfManyThreads)
{
	WebSocketPoller poller;
	poller.wakeUp();
	EXPECT_TRUE(poll(poller, -1));
	EXPECT_FALSE(poll(poller, 0));
	std::atomic<int> posted(0), done(0);
	std::vector<std::thread> threads;
	for (int t = 0; t < 4; ++t)
	{
		threads.emplace_back([&]
		{
			for (int i = 0; i < 2000; ++i)
			{
				++posted;
				poller.wakeUp();
			}
		});
	}
	while (done < 8000) // hangs if a call was lost
	{
		if (posted == done) poll(poller, 10000);
		done = posted.load();
	}
	for (std::thread& thread: threads) thread.join();
}


//
// A socket with a prefix
//
TEST(EventListener, OthersHaveTheirTurn)
	/// Few connections are taken at once, and fewer of those that are refused.
{
	class Acceptor final: public WebSocketListener::Acceptor
	{
	public:
		void accepted(int& fd, const sockaddr*, socklen_t) override
		{
			++count;
			if (refuses) return;
			::close(fd);
			fd = -1;
		}

		bool accepted(const Poco::Net::StreamSocket&) override
		{
			return false;
		}

		void acceptFailed(int) override
		{
		}

		void shutDown(const Poco::Net::ServerSocket&) noexcept override
		{
		}

		bool announced(const sockaddr*, socklen_t) override
		{
			return false;
		}

		void introduced(int&, const sockaddr*, socklen_t, const Poco::Net::WebSocketProxied&) override
		{
		}

		void introduced(const Poco::Net::StreamSocket&, const sockaddr*, socklen_t, const Poco::Net::WebSocketProxied&) override
		{
		}

		void notIntroduced(const sockaddr*, socklen_t, const char*) noexcept override
		{
		}

		bool refuses = false;
		int count = 0;
	};

	Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
	std::vector<Poco::Net::StreamSocket> clients;
	for (int i = 0; i < 12; ++i) clients.emplace_back(socket.address());
	Acceptor acceptor;
	WebSocketReactor::Ptr pReactor = new WebSocketReactor(0);
	WebSocketListener listener(socket, false, *pReactor, acceptor);
	listener.begin();
	for (const auto& [refuses, count]: {std::pair(true, 2), {false, 6}, {true, 8}, {false, 12}, {true, 12}})
	{
		acceptor.refuses = refuses;
		listener.ready(WebSocketPoller::READ);
		EXPECT_EQ(count, acceptor.count);
	}
	listener.end();
}


TEST(EventHTTPSession, HeaderAndWhatIsBehindIt)
	/// When the header was read, all that has been received is in the session's buffer, and the session has the connection's socket.
{
	const Poco::Net::SocketAddress remote("1.2.3.4:5");
	const Poco::Net::SocketAddress local("6.7.8.9:10");
	const std::size_t most = WebSocketHTTPSession::MAX_BEHIND;
	for (const std::size_t target: {std::size_t(1), std::size_t(4000), std::size_t(4096), std::size_t(8000)})
	{
		for (const std::size_t length: {std::size_t(0), std::size_t(1), most/2, most})
		{
			SCOPED_TRACE(std::to_string(target) + " " + std::to_string(length));
			const std::string behind = pattern(length);
			const std::string fields = "X: " + pattern(target) + "\r\nY: " + pattern(target/2) + "\r\n"; // Poco takes 8 KiB
			Poco::Net::HTTPServerParams::Ptr pParams = new Poco::Net::HTTPServerParams;
			WebSocketHTTPSession session("POST / HTTP/1.1\r\n" + fields + "\r\n" + behind, remote, local, pParams);
			Poco::Net::HTTPServerResponseImpl response(session);
			Poco::AutoPtr<Poco::Net::StreamSocketImpl> pSocket = new Poco::Net::StreamSocketImpl;
			Poco::Net::HTTPServerRequestImpl request(response, session, pParams);
			EXPECT_FALSE(session.has(pSocket));
			session.attach(pSocket);
			EXPECT_TRUE(session.has(pSocket));
			EXPECT_EQ(pSocket.get(), request.socket().impl());
			EXPECT_EQ(target, request.get("X").size());
			EXPECT_EQ(remote, request.clientAddress());
			EXPECT_EQ(local, request.serverAddress());
			Poco::Buffer<char> buffer(0);
			session.drainBuffer(buffer);
			EXPECT_TRUE(behind == std::string(buffer.begin(), buffer.size()));
		}
	}
}


//
// Connection
//
TEST(EventConnection, Size)
	/// An idle connection is one block of memory of 384 bytes.
{
	if (sizeof(void*) != 8) GTEST_SKIP() << "it is counted where an address has 8 bytes";
	EXPECT_LE(sizeof(WebSocketEventConnection) + sizeof(std::size_t), 384u);
}


} // namespace WebSocketTest
