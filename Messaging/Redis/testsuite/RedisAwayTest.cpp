//
// RedisAwayTest.cpp
//
// What is asked of a hub while Redis is away, and what it answers then and afterwards.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "BadNetwork.h"
#include "HubSupport.h"
#include "RedisServer.h"
#include "Poco/Messaging/RedisBackplane.h"
#include "Poco/Net/ServerSocket.h"
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <set>
#include <thread>


using Poco::Messaging::RedisBackplane;
using Poco::Messaging::RedisBackplaneParams;


namespace
{
	bool eventually(const std::function<bool()>& condition)
	{
		const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
		while (!condition())
		{
			if (std::chrono::steady_clock::now() >= end) return false;
			std::this_thread::sleep_for(std::chrono::milliseconds(2));
		}
		return true;
	}

	class RedisAway: public testing::Test
		/// Two nodes. The first one has a network that can fail.
	{
	protected:
		RedisBackplane::Ptr backplane(const std::string& address, bool local = false) const
		{
			RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams("redis://" + address));
			pParams->setLocalWhenAway(local);
			return RedisBackplane::Ptr(new RedisBackplane(pParams));
		}

		void cut()
		{
			network.fail(BadNetwork::CUT);
			EXPECT_TRUE(eventually([&]() { return !first.pHub->healthy(); }));
		}

		void restore()
		{
			network.restore();
			EXPECT_TRUE(eventually([&]() { return first.pHub->healthy(); }));
		}

		template <typename Result>
		struct Given
		{
			std::mutex mutex;
			std::unique_ptr<Result> pResult;
		};

		template <typename Result>
		static Result wait(const std::shared_ptr<Given<Result>>& pGiven)
		{
			EXPECT_TRUE(eventually([&]()
			{
				const std::lock_guard<std::mutex> lock(pGiven->mutex);
				return pGiven->pResult != nullptr;
			})) << "no answer";
			const std::lock_guard<std::mutex> lock(pGiven->mutex);
			return pGiven->pResult ? *pGiven->pResult : Result();
		}

		template <typename Result>
		static std::function<void(const Result&)> into(const std::shared_ptr<Given<Result>>& pGiven)
		{
			return [pGiven](const Result& result)
			{
				const std::lock_guard<std::mutex> lock(pGiven->mutex);
				EXPECT_FALSE(pGiven->pResult) << "a second answer";
				pGiven->pResult = std::make_unique<Result>(result);
			};
		}

		static std::shared_ptr<Given<SubscribeResult>> subscribe(TestHub& hub, const Session::Ptr& pSession, const std::string& channel, const Position* pSince = nullptr)
		{
			const auto pGiven = std::make_shared<Given<SubscribeResult>>();
			if (pSince) hub.pHub->subscribe(pSession, channel, *pSince, into(pGiven));
			else hub.pHub->subscribe(pSession, channel, into(pGiven));
			return pGiven;
		}

		static std::shared_ptr<Given<PublishResult>> publish(TestHub& hub, const std::string& channel, const std::string& data, const std::string& transaction = "")
		{
			const auto pGiven = std::make_shared<Given<PublishResult>>();
			hub.pHub->publish(channel, data, Hub::PublishOptions{transaction, "", {}}, into(pGiven));
			return pGiven;
		}

		std::set<Poco::UInt16> connections(const std::string& type) const
			/// Returns the ports that connections of a type (NORMAL, PUBSUB) come from.
		{
			const std::string list = redis.command({"CLIENT", "LIST", "TYPE", type});
			std::set<Poco::UInt16> result;
			for (std::size_t at = list.find(" addr="); at != std::string::npos; at = list.find(" addr=", at + 1)) result.insert(static_cast<Poco::UInt16>(std::stoi(list.substr(list.find(':', at) + 1))));
			return result;
		}

		bool cutSubscriptions()
			/// Cuts the connection for subscriptions of the first node. Returns false if it has none.
		{
			for (const Poco::UInt16 port: connections("PUBSUB"))
			{
				if (network.cut(port)) return true;
			}
			return false;
		}

		RedisServer redis{RedisServer::KEEPS};
		BadNetwork network{redis.port()};
		TestHub first{backplane(network.address())};
		TestHub second{backplane(redis.address())};
		FakeConnection::Ptr pOne{new FakeConnection};
		FakeConnection::Ptr pTwo{new FakeConnection};
	};
}


TEST_F(RedisAway, ALateUnsubscribeDoesNotEndANewSubscription)
{
	// StackExchange.Redis 1110
	const Session::Ptr pSession = first.attach(pOne);
	for (const std::string channel: {"c", "h"})
	{
		EXPECT_EQ(Error::NONE, wait(subscribe(first, pSession, channel)).error);
		cut();
		first.unsubscribe(pSession, channel);
		const auto pGiven = subscribe(first, pSession, channel);
		restore();
		EXPECT_EQ(Error::NONE, wait(pGiven).error) << channel;
		pOne->clear();
		EXPECT_EQ(Error::NONE, wait(publish(second, channel, "1")).error);
		EXPECT_TRUE(eventually([&]() { return pOne->messages().size() == 1; })) << channel << ": " << pOne->text();

		// The same while it is connected, one behind the other
		for (int i = 0; i < 100; ++i)
		{
			first.unsubscribe(pSession, channel);
			const auto pAgain = subscribe(first, pSession, channel);
			EXPECT_EQ(Error::NONE, i % 10 == 0 ? wait(pAgain).error : Error::NONE);
		}
		EXPECT_EQ(Error::NONE, wait(subscribe(first, pSession, channel)).error);
		pOne->clear();
		EXPECT_EQ(Error::NONE, wait(publish(second, channel, "2")).error);
		EXPECT_TRUE(eventually([&]() { return pOne->messages().size() == 1; })) << channel << ": " << pOne->text();
	}
}


TEST_F(RedisAway, SubscriptionsAreCutAgainBeforeTheHistoryIsRead)
{
	// What was published before it was subscribed again the second time came to nobody, if nothing followed
	ASSERT_EQ(Error::NONE, wait(subscribe(first, first.attach(pOne), "h")).error);
	pOne->clear();
	ASSERT_EQ(Error::NONE, wait(publish(second, "h", "1")).error);
	ASSERT_TRUE(eventually([&]() { return pOne->messages().size() == 1; })) << pOne->text();

	// It is subscribed again, and the answer that says where the channel is waits
	int held = 0;
	for (const Poco::UInt16 port: connections("NORMAL")) held += network.hold(port) ? 1 : 0;
	ASSERT_EQ(1, held);
	const std::string reads = redis.info("cmdstat_xrange");
	ASSERT_TRUE(cutSubscriptions());
	ASSERT_TRUE(eventually([&]() { return redis.info("cmdstat_xrange") != reads; }));

	// It is cut again, and only then the answer comes
	const Poco::Net::ServerSocket silent(Poco::Net::SocketAddress("127.0.0.1", 0));
	network.setTarget(silent.address().port());
	ASSERT_TRUE(cutSubscriptions());
	ASSERT_TRUE(eventually([&]() { return !first.pHub->healthy(); }));
	network.release();
	const auto pAfterwards = std::make_shared<Given<HistoryResult>>();
	first.pHub->history("h", HistoryQuery(), into(pAfterwards));
	ASSERT_EQ(Error::NONE, wait(pAfterwards).error);

	ASSERT_EQ(Error::NONE, wait(publish(second, "h", "2")).error);
	network.setTarget(redis.port());
	EXPECT_TRUE(eventually([&]() { return first.pHub->healthy(); }));
	EXPECT_TRUE(eventually([&]() { return pOne->messages().size() == 2; })) << pOne->text();
}


TEST_F(RedisAway, AQuietChannelIsRecovered)
{
	// socket.io 5282: there is a position, also when nothing was ever published
	const Session::Ptr pSession = first.attach(pOne);
	const Position since = wait(subscribe(first, pSession, "h")).position;
	EXPECT_NE(0u, since.epoch);
	first.pHub->detach(pSession);
	cut();
	redis.kill();
	redis.start();
	restore();
	EXPECT_TRUE(wait(subscribe(second, second.attach(pTwo), "h", &since)).recovered) << "at another node";
	EXPECT_TRUE(wait(subscribe(first, first.attach(pOne), "h", &since)).recovered);
}


TEST_F(RedisAway, WhatIsAskedIsAnsweredWithinBounds)
{
	const Session::Ptr pSession = first.attach(pOne);
	cut();
	const auto pStored = publish(first, "h", "1", "t");
	const auto pEphemeral = publish(first, "c", "1");
	const auto pInto = subscribe(first, pSession, "h");
	const auto pIntoOther = subscribe(first, pSession, "c");
	const auto pHistory = std::make_shared<Given<HistoryResult>>();
	first.pHub->history("h", HistoryQuery(), into(pHistory));
	const auto pPresence = std::make_shared<Given<PresenceResult>>();
	first.pHub->presence("p", into(pPresence));
	EXPECT_EQ(Error::UNAVAILABLE, wait(pStored).error);
	EXPECT_EQ(Error::UNAVAILABLE, wait(pEphemeral).error);
	EXPECT_EQ(Error::UNAVAILABLE, wait(pInto).error);
	EXPECT_EQ(Error::UNAVAILABLE, wait(pIntoOther).error);
	EXPECT_EQ(Error::UNAVAILABLE, wait(pHistory).error);
	EXPECT_EQ(Error::UNAVAILABLE, wait(pPresence).error);

	// What waits has a limit: the rest is refused at once
	std::vector<std::shared_ptr<Given<PublishResult>>> all;
	const std::string large(60000, 'x');
	for (int i = 0; i < 400; ++i) all.push_back(publish(first, "h", large, "large " + std::to_string(i)));
	int busy = 0;
	for (const auto& pGiven: all)
	{
		const Error error = wait(pGiven).error;
		EXPECT_TRUE(error == Error::BUSY || error == Error::UNAVAILABLE) << Poco::Messaging::toString(error);
		if (error == Error::BUSY) ++busy;
	}
	EXPECT_LT(0, busy);
	EXPECT_GT(400, busy);
	restore();
	EXPECT_EQ(Error::NONE, wait(publish(first, "h", "1", "t")).error);
	EXPECT_EQ(Error::NONE, wait(subscribe(first, pSession, "h")).error);
}


TEST_F(RedisAway, WhatWaitsIsPublishedIfRedisIsSoonBack)
{
	EXPECT_EQ(Error::NONE, wait(subscribe(second, second.attach(pTwo), "h")).error);
	cut();
	std::vector<std::shared_ptr<Given<PublishResult>>> all;
	for (int i = 1; i <= 5; ++i) all.push_back(publish(first, "h", std::to_string(i)));
	restore();
	std::string expected;
	for (std::size_t i = 0; i < all.size(); ++i)
	{
		if (wait(all[i]).error == Error::NONE) expected += (expected.empty() ? "" : "|") + std::string("pub h ") + std::to_string(wait(all[i]).position.offset) + ' ' + std::to_string(i + 1);
	}
	EXPECT_TRUE(eventually([&]() { return pTwo->text() == expected; })) << pTwo->text();
}


TEST_F(RedisAway, AnswersThatWereLostAreFoundByTheirTransaction)
{
	// Cut at each place of the answer: what was stored is not stored again
	EXPECT_EQ(Error::NONE, wait(subscribe(second, second.attach(pTwo), "h")).error);
	int stored = 0;
	for (int bytes = 0; bytes < 60; bytes += 3)
	{
		network.failAfter(BadNetwork::DOWN, bytes, BadNetwork::CUT);
		const std::string name = std::to_string(bytes);
		PublishResult result;
		for (int i = 0; i < 100 && (i == 0 || result.error != Error::NONE); ++i) result = wait(publish(first, "h", name, name));
		EXPECT_EQ(Error::NONE, result.error);
		EXPECT_EQ(static_cast<Poco::UInt64>(++stored), result.position.offset) << name;
	}
	EXPECT_TRUE(eventually([&]() { return pTwo->messages().size() == static_cast<std::size_t>(stored); })) << pTwo->text();
}


TEST_F(RedisAway, EphemeralOnesReachTheOwnNodeIfThatIsWanted)
{
	TestHub local(backplane(network.address(), true));
	EXPECT_EQ(Error::NONE, wait(subscribe(local, local.attach(pOne), "c")).error);
	EXPECT_EQ(Error::NONE, wait(subscribe(second, second.attach(pTwo), "c")).error);
	network.fail(BadNetwork::CUT);
	EXPECT_TRUE(eventually([&]() { return !local.pHub->healthy(); }));
	EXPECT_EQ(Error::NONE, wait(publish(local, "c", "1")).error);
	EXPECT_EQ(Error::UNAVAILABLE, wait(publish(local, "h", "1")).error);
	EXPECT_EQ("pub c 1", pOne->text());
	network.restore();
	EXPECT_TRUE(eventually([&]() { return local.pHub->healthy(); }));
	EXPECT_EQ(Error::NONE, wait(publish(second, "c", "2")).error);
	EXPECT_TRUE(eventually([&]() { return pOne->text() == "pub c 1|pub c 2"; })) << pOne->text();
	EXPECT_EQ("pub c 2", pTwo->text());
}


TEST_F(RedisAway, WhatOthersWriteIsCounted)
{
	const RedisBackplane::Ptr pBackplane = backplane(redis.address());
	TestHub hub{Backplane::Ptr(pBackplane)};
	EXPECT_EQ(Error::NONE, wait(subscribe(hub, hub.attach(pOne), "h")).error);
	EXPECT_EQ(0u, pBackplane->metrics().foreign);
	Poco::UInt64 count = 0;
	for (const std::string topic: {"s:h", "c"})
	{
		for (const std::string& data: {std::string("x"), std::string(), std::string("P"), std::string("P1 1 1\n\xff\xff\xff\xff"), std::string("C\x01"), std::string(100000, 'P')})
		{
			redis.command({"PUBLISH", "poco:" + topic, data});
			++count;
			EXPECT_TRUE(eventually([&]() { return pBackplane->metrics().foreign >= count; })) << topic << ' ' << data.substr(0, 10) << ": " << pBackplane->metrics().foreign;
		}
	}
	EXPECT_EQ("", pOne->text());
	EXPECT_EQ(Error::NONE, wait(publish(second, "h", "1")).error);
	EXPECT_TRUE(eventually([&]() { return pOne->text() == "pub h 1 1"; })) << pOne->text();
}
