//
// BatonTest.cpp
//
// Which thread serves a channel: none for ever, and nothing grows meanwhile.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include "support/CoreAllocations.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <map>
#include <set>
#include <thread>


namespace
{
	using namespace std::chrono_literals;

	constexpr int ROOM = 64; // so many calls are queued without a wait

	bool until(const std::function<bool()>& condition, std::chrono::milliseconds limit = 20s)
		/// Returns false if the condition has not become true within the limit.
	{
		const auto end = std::chrono::steady_clock::now() + limit;
		while (!condition())
		{
			if (std::chrono::steady_clock::now() > end) return false;
			std::this_thread::sleep_for(1ms);
		}
		return true;
	}

	class Gate
		/// Who enters stays until it is opened, 30 s at most.
	{
	public:
		void enter()
		{
			std::unique_lock<std::mutex> lock(_mutex);
			_entered = true;
			_condition.notify_all();
			_condition.wait_for(lock, 30s, [this]() { return _open; });
		}

		bool entered()
		{
			std::unique_lock<std::mutex> lock(_mutex);
			return _condition.wait_for(lock, 30s, [this]() { return _entered; });
		}

		void open()
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			_open = true;
			_condition.notify_all();
		}

	private:
		std::mutex _mutex;
		std::condition_variable _condition;
		bool _entered = false;
		bool _open = false;
	};

	class Threads
		/// Joins them in the end.
	{
	public:
		~Threads()
		{
			join();
		}

		void run(const std::function<void()>& function)
		{
			_threads.emplace_back(function);
		}

		void join()
		{
			for (std::thread& thread: _threads) thread.join();
			_threads.clear();
		}

	private:
		std::vector<std::thread> _threads;
	};

	struct Crowd
		/// A channel with subscribers, and which threads have served it.
	{
		explicit Crowd(const std::string& name = "c", int count = 4):
			channel(name)
		{
			for (int i = 0; i < count; ++i)
			{
				connections.emplace_back(new FakeConnection);
				hub.subscribe(hub.attach(connections.back()), channel);
			}
			connections[0]->onSend = [this]()
			{
				const std::lock_guard<std::mutex> lock(mutex);
				servers.insert(std::this_thread::get_id());
			};
		}

		std::size_t threads()
			/// How many have sent.
		{
			const std::lock_guard<std::mutex> lock(mutex);
			return servers.size();
		}

		TestHub hub;
		const std::string channel;
		std::vector<FakeConnection::Ptr> connections;
		std::mutex mutex;
		std::set<std::thread::id> servers;
	};

	enum class Work
		/// What calls of a thread bring.
	{
		PUBLICATIONS, // to the backplane's channel
		TURNS         // to the hub's
	};

	std::function<void()> caller(TestHub& hub, Work work, const std::string& channel)
		/// Returns a function for one thread.
	{
		if (work == Work::PUBLICATIONS) return [&hub, channel]() { hub.pHub->publish(channel, "x"); };
		const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection));
		return [&hub, channel, pSession, in = false]() mutable
		{
			in = !in;
			if (in) hub.pHub->subscribe(pSession, channel, [](const SubscribeResult&) {});
			else hub.pHub->unsubscribe(pSession, channel, [](Error) {});
		};
	}
}


class HubBaton: public testing::TestWithParam<std::pair<Work, Work>>
	/// What the served call is, and what others bring.
{
};


TEST_P(HubBaton, AServerIsRelieved)
{
	// Others call without pause until the first one's call has returned.
	Crowd crowd("c", 100);
	Gate gate;
	std::atomic<bool> first{true};
	std::atomic<int> running{0};
	std::atomic<bool> stopped{false};
	std::atomic<bool> returned{false};
	const auto blocks = [&]() { if (first.exchange(false)) gate.enter(); };
	crowd.connections[1]->onSend = blocks;
	Threads threads;
	threads.run([&]()
	{
		if (GetParam().first == Work::PUBLICATIONS) crowd.hub.pHub->publish("c", "first");
		else crowd.hub.pHub->subscribe(crowd.hub.attach(FakeConnection::Ptr(new FakeConnection)), "c", [&](const SubscribeResult&) { blocks(); });
		returned = true;
	});
	ASSERT_TRUE(gate.entered());
	for (int i = 0; i < 3; ++i)
	{
		threads.run([&, call = caller(crowd.hub, GetParam().second, "c")]()
		{
			for (; !stopped; ++running) call();
		});
	}
	EXPECT_TRUE(until([&]() { return running >= ROOM/2; }));
	gate.open();
	EXPECT_TRUE(until([&]() { return returned.load(); })) << "it serves the others for ever";
	stopped = true;
	threads.join();
}


TEST_P(HubBaton, TheQueueIsBounded)
{
	// While a callback does not return.
	Crowd crowd;
	Gate gate;
	std::atomic<bool> first{true};
	std::atomic<bool> stopped{false};
	std::atomic<int> returned{0};
	const auto blocks = [&]() { if (first.exchange(false)) gate.enter(); };
	crowd.connections[1]->onSend = blocks;
	Threads threads;
	threads.run([&]()
	{
		if (GetParam().first == Work::PUBLICATIONS) crowd.hub.pHub->publish("c", "first");
		else crowd.hub.pHub->subscribe(crowd.hub.attach(FakeConnection::Ptr(new FakeConnection)), "c", [&](const SubscribeResult&) { blocks(); });
	});
	ASSERT_TRUE(gate.entered());
	for (int i = 0; i < 4; ++i)
	{
		threads.run([&, call = caller(crowd.hub, GetParam().second, "c")]()
		{
			for (int j = 0; j < 1000 && !stopped; ++j)
			{
				call();
				++returned;
			}
		});
	}
	EXPECT_TRUE(until([&]() { return returned >= ROOM; }));
	EXPECT_FALSE(until([&]() { return returned > 4*ROOM; }, 300ms)); // publications are queued in the backplane, taken by who gives them out, and queued in the hub
	gate.open();
	EXPECT_TRUE(until([&]() { return returned > 5*ROOM; })) << "then they go on";
	stopped = true;
	threads.join();
}


INSTANTIATE_TEST_SUITE_P(, HubBaton, testing::Values(std::make_pair(Work::PUBLICATIONS, Work::PUBLICATIONS), std::make_pair(Work::TURNS, Work::TURNS),
	std::make_pair(Work::TURNS, Work::PUBLICATIONS), std::make_pair(Work::PUBLICATIONS, Work::TURNS)), [](const auto& parameter)
{
	const auto name = [](Work work) { return std::string(work == Work::PUBLICATIONS ? "Publications" : "Turns"); };
	return name(parameter.param.first) + "Then" + name(parameter.param.second);
});


TEST(HubBatonOrder, LargePublicationsAreNotLost)
{
	// They wait before the limit of their bytes is reached.
	const std::size_t size = 60000;
	TestHub hub([](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(new MemoryBackplane(clock)); }, [&](HubParams& params)
	{
		params.setMaxWaitingBytes(static_cast<int>(8*size));
	});
	FakeConnection::Ptr pConnection(new FakeConnection);
	hub.subscribe(hub.attach(pConnection), "c");
	Gate gate;
	std::atomic<int> refused{0};
	Threads threads;
	threads.run([&]()
	{
		hub.pHub->subscribe(hub.attach(FakeConnection::Ptr(new FakeConnection)), "c", [&](const SubscribeResult&) { gate.enter(); });
	});
	ASSERT_TRUE(gate.entered());
	for (int i = 0; i < 4; ++i)
	{
		threads.run([&]()
		{
			for (int j = 0; j < 200; ++j)
			{
				hub.pHub->publish("c", std::string(size, 'x'), [&](const PublishResult& result) { if (result.error != Error::NONE) ++refused; });
			}
		});
	}
	gate.open();
	threads.join();
	EXPECT_EQ(0, refused);
	EXPECT_EQ(0u, hub.pHub->metrics().dropped);
	EXPECT_EQ(800u, pConnection->messages().size());
}


TEST(HubBatonOrder, IsKeptWhenTheBatonChangesHands)
{
	for (const std::string channel: {"c", "h"})
	{
		Crowd crowd(channel);
		constexpr int EACH = 3000;
		std::atomic<bool> stopped{false};
		Threads publishers;
		Threads others;
		for (int i = 0; i < 2; ++i)
		{
			others.run([&, call = caller(crowd.hub, Work::TURNS, channel)]() mutable
			{
				for (const auto end = std::chrono::steady_clock::now() + 60s; !stopped && std::chrono::steady_clock::now() < end;) call();
			});
		}
		for (int i = 0; i < 4; ++i)
		{
			publishers.run([&, i]()
			{
				for (int number = 0; number < EACH; ++number) crowd.hub.pHub->publish(channel, std::to_string(i) + '.' + std::to_string(number));
			});
		}
		publishers.join();
		stopped = true;
		others.join();
		const std::vector<std::string> messages = crowd.connections[0]->messages();
		ASSERT_EQ(static_cast<std::size_t>(4*EACH), messages.size());
		std::map<std::string, int> next;
		for (std::size_t i = 0; i < messages.size(); ++i)
		{
			if (channel == "h")
			{
				EXPECT_EQ(0u, messages[i].rfind("pub h " + std::to_string(i + 1) + ' ', 0)) << messages[i];
			}
			const std::string data = messages[i].substr(messages[i].rfind(' ') + 1);
			const std::size_t dot = data.find('.');
			EXPECT_EQ(next[data.substr(0, dot)]++, std::stoi(data.substr(dot + 1))) << messages[i];
		}
		for (const auto& pConnection: crowd.connections) EXPECT_EQ(messages, pConnection->messages());
		EXPECT_LT(1u, crowd.threads());
	}
}


TEST(HubBatonCallbacks, DoNotWait)
{
	// Neither for their own channel nor for another one that is full.
	Crowd crowd;
	TestHub& hub = crowd.hub;
	FakeConnection::Ptr pOther(new FakeConnection);
	hub.subscribe(hub.attach(pOther), "d");
	Gate gate;
	pOther->onSend = [&, first = std::make_shared<std::atomic<bool>>(true)]() { if (first->exchange(false)) gate.enter(); };
	Threads threads;
	threads.run([&]() { hub.pHub->publish("d", "first"); });
	ASSERT_TRUE(gate.entered());
	constexpr int CALLS = 10*ROOM;
	std::atomic<bool> first{true};
	bool returned = false;
	std::atomic<int> answers{0};
	crowd.connections[1]->onSend = [&]()
	{
		if (!first.exchange(false)) return;
		const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection));
		for (const std::string channel: {"c", "d"})
		{
			for (int i = 0; i < CALLS; ++i)
			{
				hub.pHub->publish(channel, "x", [&](const PublishResult&) { ++answers; });
				hub.pHub->subscribe(pSession, channel, [&](const SubscribeResult&) { ++answers; });
				hub.pHub->unsubscribe(pSession, channel, [&](Error) { ++answers; });
			}
		}
		returned = true;
	};
	hub.pHub->publish("c", "first"); // the gate is closed: it returns only if nothing waits
	EXPECT_TRUE(returned);
	gate.open();
	threads.join();
	EXPECT_EQ(2*3*CALLS, answers);
	EXPECT_EQ(static_cast<std::size_t>(CALLS + 1), pOther->messages().size());
	EXPECT_EQ(static_cast<std::size_t>(CALLS + 1), crowd.connections[0]->messages().size());
}


TEST(HubBatonCallbacks, OfTwoChannelsCallForEachOther)
{
	TestHub hub;
	constexpr int CALLS = 10*ROOM;
	std::atomic<int> inside{0};
	std::atomic<int> answers{0};
	Threads threads;
	std::vector<FakeConnection::Ptr> connections;
	for (const std::string channel: {"a", "b"})
	{
		connections.emplace_back(new FakeConnection);
		hub.subscribe(hub.attach(connections.back()), channel);
		connections.back()->onSend = [&, other = std::string(channel == "a" ? "b" : "a"), pFirst = std::make_shared<std::atomic<bool>>(true)]()
		{
			if (!pFirst->exchange(false)) return;
			++inside;
			EXPECT_TRUE(until([&]() { return inside == 2; }));
			const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection));
			for (int i = 0; i < CALLS; ++i)
			{
				hub.pHub->publish(other, "x", [&](const PublishResult&) { ++answers; });
				hub.pHub->subscribe(pSession, other, [&](const SubscribeResult&) { ++answers; });
				hub.pHub->unsubscribe(pSession, other, [&](Error) { ++answers; });
			}
		};
	}
	for (const std::string channel: {"a", "b"})
	{
		threads.run([&hub, channel]() { hub.pHub->publish(channel, "first"); });
	}
	threads.join();
	EXPECT_EQ(2*3*CALLS, answers);
}


TEST(HubBatonMemory, GivesOutWithoutMemory)
{
	// Whichever allocation of a publisher fails: the channel is served afterwards.
	MemoryBackplane::Ptr pFirst(new MemoryBackplane);
	TestHub one{Backplane::Ptr(pFirst)};
	TestHub other{Backplane::Ptr(new MemoryBackplane(*pFirst))};
	FakeConnection::Ptr pHere(new FakeConnection);
	FakeConnection::Ptr pThere(new FakeConnection);
	one.subscribe(one.attach(pHere), "h");
	other.subscribe(other.attach(pThere), "h");
	bool struck = true;
	for (std::size_t i = 0; struck; ++i)
	{
		{
			FailingAllocations failing(i, i + 1);
			try
			{
				one.pHub->publish("h", "x");
			}
			catch (const std::bad_alloc&)
			{
			}
			struck = failing.struck();
		}
		bool answered = false;
		one.pHub->publish("h", std::to_string(i), [&](const PublishResult& result)
		{
			EXPECT_EQ(Error::NONE, result.error);
			answered = true;
		});
		ASSERT_TRUE(answered) << i;
		ASSERT_EQ(std::to_string(i), pHere->messages().back().substr(pHere->messages().back().rfind(' ') + 1)) << i;
		ASSERT_EQ(pHere->messages().back(), pThere->messages().back()) << i;
	}
}
