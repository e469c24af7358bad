//
// ThreadTest.cpp
//
// The hub under many threads: what is true for one is true for all.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include "Poco/Messaging/HubTimer.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>
#include <atomic>
#include <map>
#include <chrono>
#include <thread>


namespace
{
	constexpr int PUBLISHERS = 3;
	constexpr int EACH = 400;
	constexpr int ALL = PUBLISHERS*EACH;

	std::vector<std::string> without(const std::vector<std::string>& messages, const std::string& head)
	{
		std::vector<std::string> result;
		for (const std::string& message: messages)
		{
			if (message.rfind(head, 0) != 0) result.push_back(message);
		}
		return result;
	}

	void expectOrder(const std::vector<std::string>& messages)
		/// Those of each publisher come in its order; the data are "PUBLISHER.NUMBER".
	{
		std::map<std::string, int> last;
		for (const std::string& message: messages)
		{
			const std::string data = message.substr(message.rfind(' ') + 1);
			const std::string publisher = data.substr(0, data.find('.'));
			const int number = std::stoi(data.substr(data.find('.') + 1));
			EXPECT_LT(last[publisher], number) << message;
			last[publisher] = number;
		}
	}

	class Churn
		/// Threads that publish, and threads that do everything else meanwhile.
	{
	public:
		explicit Churn(TestHub& testHub):
			hub(testHub)
		{
		}

		std::vector<FakeConnection::Ptr> subscribers(const std::string& channel)
			/// Returns four that are fast. There are three slow ones besides.
		{
			std::vector<FakeConnection::Ptr> fast;
			for (int i = 0; i < 4; ++i)
			{
				fast.emplace_back(new FakeConnection);
				hub.subscribe(hub.attach(fast.back()), channel);
			}
			for (int i = 0; i < 3; ++i)
			{
				FakeConnection::Ptr pConnection(new FakeConnection(3));
				const Session::Ptr pSession = hub.attach(pConnection);
				hub.subscribe(pSession, channel);
				slows.emplace_back(pConnection, pSession);
			}
			return fast;
		}

		void run(const std::string& channel)
		{
			std::vector<std::thread> publishers;
			std::vector<std::thread> others;
			std::atomic<bool> done{false};
			const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
			const auto goesOn = [&done, end]() { return !done && std::chrono::steady_clock::now() < end; }; // a thread that is held comes back then
			for (int i = 0; i < PUBLISHERS; ++i)
			{
				publishers.emplace_back([&, i]()
				{
					for (int number = 1; number <= EACH; ++number)
					{
						const std::string data = std::to_string(i) + '.' + std::to_string(number);
						hub.pHub->publish(channel, data, [&](const PublishResult& result)
						{
							if (result.error != Error::NONE) ++refused;
							++answers;
						});
					}
				});
			}
			for (int i = 0; i < 2; ++i)
			{
				others.emplace_back([&]()
				{
					while (goesOn())
					{
						FakeConnection::Ptr pConnection(new FakeConnection(2));
						const Session::Ptr pSession = hub.attach(pConnection, "user");
						hub.pHub->subscribe(pSession, channel, [](const SubscribeResult&) {});
						hub.pHub->subscribe(pSession, "other", [](const SubscribeResult&) {});
						hub.pHub->unsubscribe(pSession, channel, [](Error) {}, true);
						hub.pHub->subscribe(pSession, channel, Position(), [](const SubscribeResult&) {});
						hub.pHub->sendToUser("user", "x");
						pConnection->drain();
						hub.pHub->drained(pSession);
						hub.pHub->detach(pSession);
					}
				});
			}
			others.emplace_back([&]()
			{
				while (goesOn())
				{
					for (auto& slow: slows)
					{
						slow.first->drain();
						hub.pHub->drained(slow.second);
					}
					hub.pass(2);
					hub.pHub->metrics();
				}
			});
			for (std::thread& thread: publishers) thread.join();
			EXPECT_TRUE(goesOn()) << "a call does not return while others go on";
			done = true;
			for (std::thread& thread: others) thread.join();
			for (int i = 0; i < 1000; ++i)
			{
				for (auto& slow: slows)
				{
					slow.first->drain();
					hub.pHub->drained(slow.second);
				}
			}
		}

		TestHub& hub;
		std::vector<std::pair<FakeConnection::Ptr, Session::Ptr>> slows;
		std::atomic<int> answers{0};
		std::atomic<int> refused{0};
	};
}


TEST(HubThreads, EPHEMERAL_ORDER)
{
	TestHub hub;
	Churn churn(hub);
	const std::vector<FakeConnection::Ptr> connections = churn.subscribers("c");
	churn.run("c");
	EXPECT_EQ(ALL, churn.answers);
	EXPECT_EQ(0, churn.refused);
	EXPECT_EQ(static_cast<std::size_t>(ALL), connections[0]->messages().size());
	expectOrder(connections[0]->messages());
	for (const auto& pConnection: connections) EXPECT_EQ(connections[0]->messages(), pConnection->messages()) << "one order for all";
	for (const auto& slow: churn.slows)
	{
		expectOrder(without(slow.first->messages(), "dropped"));
		std::size_t count = 0;
		for (const std::string& message: slow.first->messages()) count += message.rfind("dropped c ", 0) == 0 ? std::stoul(message.substr(10)) : 1;
		EXPECT_EQ(static_cast<std::size_t>(ALL), count) << "it is told of each";
	}
}


TEST(HubThreads, HISTORY_COMPLETE)
{
	TestHub hub([](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(new MemoryBackplane(clock)); }, [](HubParams& params)
	{
		params.setMaxLags(1000);
		params.setLagTime(1000); // 1 ms, which passes with each tick
		params.setOptionsOf([](const std::string& channel)
		{
			ChannelOptions options;
			if (channel == "h") options.historySize = ALL;
			options.historyTime = 1000*1000*1000;
			return options;
		});
	});
	Churn churn(hub);
	const std::vector<FakeConnection::Ptr> connections = churn.subscribers("h");
	churn.run("h");
	EXPECT_EQ(ALL, churn.answers);
	EXPECT_EQ(0, churn.refused);
	const auto messages = connections[0]->messages();
	ASSERT_EQ(static_cast<std::size_t>(ALL), messages.size());
	for (int i = 0; i < ALL; ++i) EXPECT_EQ(0u, messages[static_cast<std::size_t>(i)].rfind("pub h " + std::to_string(i + 1) + ' ', 0));
	expectOrder(messages);
	for (const auto& pConnection: connections) EXPECT_EQ(messages, pConnection->messages());
	for (const auto& slow: churn.slows) EXPECT_EQ(messages, slow.first->messages()) << "a slow one gets all of it as well";
}


TEST(HubThreads, EXACTLY_ONE_LEAVE)
{
	TestHub hub;
	FakeConnection::Ptr pObserver(new FakeConnection);
	hub.subscribe(hub.attach(pObserver, "observer"), "p");
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; ++i)
	{
		threads.emplace_back([&, i]()
		{
			for (int round = 0; round < 100; ++round)
			{
				const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection), "user" + std::to_string(i % 2));
				hub.pHub->subscribe(pSession, "p", [](const SubscribeResult&) {});
				if (round % 2) hub.pHub->unsubscribe(pSession, "p", [](Error) {});
				hub.pHub->detach(pSession);
				hub.pass(1000);
			}
		});
	}
	for (std::thread& thread: threads) thread.join();
	hub.pass(5000);
	EXPECT_EQ(std::vector<std::string>({"observer"}), hub.members("p"));
	std::map<std::string, int> there;
	for (const std::string& message: pObserver->messages())
	{
		const std::string user = message.substr(message.rfind(' ') + 1);
		there[user] += message.rfind("join", 0) == 0 ? 1 : -1;
		EXPECT_LE(0, there[user]) << message;
		EXPECT_GE(1, there[user]) << message;
	}
	EXPECT_EQ(1, there["observer"]);
	EXPECT_EQ(0, there["user0"]);
	EXPECT_EQ(0, there["user1"]);
}


TEST(HubThreads, DestroyedWhileOthersPublishToTheSameEngine)
{
	MemoryBackplane::Ptr pFirst(new MemoryBackplane);
	std::atomic<bool> done{false};
	TestHub hub{Backplane::Ptr(pFirst)};
	std::thread publisher([&]()
	{
		while (!done) hub.pHub->publish("h", "x");
	});
	for (int i = 0; i < 50; ++i)
	{
		TestHub other{Backplane::Ptr(new MemoryBackplane(*pFirst))};
		FakeConnection::Ptr pConnection(new FakeConnection);
		other.subscribe(other.attach(pConnection), "h");
	}
	done = true;
	publisher.join();
}


TEST(HubThreads, TimerTicks)
{
	TestHub hub;
	EXPECT_THROW(Poco::Messaging::HubTimer(*hub.pHub, Poco::Timespan(999)), Poco::InvalidArgumentException);
	Poco::Messaging::HubTimer timer(*hub.pHub, Poco::Timespan(1000));
	std::atomic<int> answer{-1};
	hub.pHub->sendAcknowledged(Hub::To::USER, "nobody", "x", "", Poco::Timespan(10, 0), [&](Error error) { answer = static_cast<int>(error); });
	*hub.pNow += 10000;
	for (int i = 0; i < 30000 && answer == -1; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1)); // until it has ticked, 30 s at most
	EXPECT_EQ(static_cast<int>(Error::TIMED_OUT), answer);
}
