//
// RedisNameTest.cpp
//
// A Redis that is known by its name.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisServer.h"
#include "support/TestResolver.h"
#include "Poco/Exception.h"
#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/RedisBackplane.h"
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <thread>


using namespace Poco::Messaging;
using WebSocketTest::Name;
using WebSocketTest::SilentName;


namespace
{
	template <class Condition>
	bool eventually(const Condition& condition)
	{
		const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
		while (!condition())
		{
			if (std::chrono::steady_clock::now() > end) return false;
			std::this_thread::sleep_for(std::chrono::milliseconds(2));
		}
		return true;
	}

	Backplane::Ptr backplane(const std::string& url)
	{
		return Backplane::Ptr(new RedisBackplane(url));
	}
}


TEST(RedisName, AllItsAddressesAreTried)
	/// The server listens at the last one only.
{
	RedisServer server;
	const std::string port = server.address().substr(server.address().find(':'));
	const Name name("redis.test", {"127.0.0.9", "127.0.0.8", "127.0.0.1"});
	Hub hub(backplane("redis://redis.test" + port));
	EXPECT_TRUE(eventually([&] { return hub.healthy(); }));
	server.kill();
	EXPECT_TRUE(eventually([&] { return !hub.healthy(); }));
	server.start();
	EXPECT_TRUE(eventually([&] { return hub.healthy(); })) << "the same after a loss";
}


TEST(RedisName, ASentinelsToo)
{
	const RedisServer server;
	const std::string port = server.address().substr(server.address().find(':'));
	const Name name("sentinel.test", {"127.0.0.9", "127.0.0.1"});
	try
	{
		Hub hub(backplane("redis+sentinel://sentinel.test" + port + "/master"));
		ADD_FAILURE() << "it is no Sentinel";
	}
	catch (const Poco::Exception& exc)
	{
		EXPECT_EQ(std::string::npos, exc.displayText().find("refused")) << exc.displayText();
	}
}


TEST(RedisName, ThatIsNotFoundInTimeHoldsUpNobody)
	/// Of two servers the name of one does not resolve.
{
	const RedisServer server;
	SilentName silent("silent.test");
	RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(server.url()));
	pParams->addShard("redis://silent.test:6379");
	pParams->setConnectTimeout(Poco::Timespan(1, 0));
	pParams->setRetryAtStart(true);
	std::atomic<int> done{0};
	std::atomic<int> refused{0};
	{
		Hub hub{Backplane::Ptr(new RedisBackplane(pParams))};
		EXPECT_TRUE(eventually([&] { return silent.waiting() > 0; }));
		for (int i = 0; done == 0 && i < 1000; ++i)
		{
			hub.publish("channel-" + std::to_string(i), "x", [&](const PublishResult& result) { ++(result.error == Error::NONE ? done : refused); });
			std::this_thread::sleep_for(std::chrono::milliseconds(5)); // until it looks again whether one was answered
		}
		EXPECT_LT(0, done) << "what goes to the other one";
		EXPECT_FALSE(hub.healthy());
	} // nor does it hold up the end
	EXPECT_GE(2, silent.waiting()) << "it is looked up once by each connection";
}


TEST(RedisName, IsSaidWithWhy)
{
	const SilentName silent("silent.test");
	for (const char* pName: {"silent.test", "no-such-name.invalid"})
	{
		RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(std::string("redis://") + pName + ":6379"));
		pParams->setConnectTimeout(Poco::Timespan(0, 500000));
		try
		{
			Hub hub{Backplane::Ptr(new RedisBackplane(pParams))};
			ADD_FAILURE() << pName;
		}
		catch (const Poco::Exception& exc)
		{
			EXPECT_NE(std::string::npos, exc.displayText().find(std::string(pName) + ":6379")) << exc.displayText();
		}
	}
}
