//
// TopChannelsTest.cpp
//
// What an operator sees of the channels.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include <gtest/gtest.h>
#include <atomic>
#include <thread>


namespace
{
	std::string top(const TestHub& hub, std::size_t count, Hub::Top by)
		/// "NAME SUBSCRIBERS PUBLICATIONS|..."
	{
		std::string text;
		for (const Hub::ChannelMetrics& channel: hub.pHub->topChannels(count, by))
			text += (text.empty() ? "" : "|") + channel.channel + ' ' + std::to_string(channel.subscribers) + ' ' + std::to_string(channel.publications);
		return text;
	}
}


TEST(HubTopChannels, AreInOrder)
{
	TestHub hub;
	EXPECT_EQ("", top(hub, 10, Hub::Top::SUBSCRIBERS));
	std::vector<Session::Ptr> sessions;
	for (int i = 0; i < 3; ++i)
	{
		sessions.push_back(hub.attach(FakeConnection::Ptr(new FakeConnection)));
		for (const std::string channel: {"h", "c", "a"})
		{
			if (channel != "h" || i == 0) hub.subscribe(sessions[static_cast<std::size_t>(i)], channel);
		}
	}
	for (int i = 0; i < 5; ++i) hub.publish("h", "x");
	for (int i = 0; i < 2; ++i) hub.publish("c", "x");
	hub.publish("nobody is here", "x");
	hub.publish("h", "once", "t");
	hub.publish("h", "twice", "t");
	const std::string bySubscribers = "c 3 2|a 3 0|h 1 6"; // a transaction counts once
	const std::string byPublications = "h 1 6|c 3 2|a 3 0";
	EXPECT_EQ(bySubscribers, top(hub, 3, Hub::Top::SUBSCRIBERS));
	EXPECT_EQ(byPublications, top(hub, 3, Hub::Top::PUBLICATIONS));
	EXPECT_EQ(bySubscribers, top(hub, 1000, Hub::Top::SUBSCRIBERS));
	EXPECT_EQ("c 3 2|a 3 0", top(hub, 2, Hub::Top::SUBSCRIBERS));
	EXPECT_EQ("h 1 6", top(hub, 1, Hub::Top::PUBLICATIONS));
	EXPECT_EQ("", top(hub, 0, Hub::Top::SUBSCRIBERS));
	hub.unsubscribe(sessions[0], "h");
	EXPECT_EQ("c 3 2|a 3 0", top(hub, 3, Hub::Top::PUBLICATIONS)) << "nobody is in it any more";
	hub.subscribe(sessions[0], "h");
	EXPECT_EQ("c 3 2|a 3 0|h 1 0", top(hub, 3, Hub::Top::PUBLICATIONS)) << "it counts from anew";
}


TEST(HubTopChannels, OfThousands)
{
	TestHub hub;
	constexpr int CHANNELS = 3000;
	std::vector<Session::Ptr> sessions;
	for (int i = 0; i < CHANNELS; ++i)
	{
		if (i % 100 == 0) sessions.push_back(hub.attach(FakeConnection::Ptr(new FakeConnection)));
		hub.subscribe(sessions.back(), std::to_string(i));
	}
	for (int i = 0; i < CHANNELS; i += 1000)
	{
		for (int k = 0; k <= i/1000; ++k) hub.publish(std::to_string(i), "x");
	}
	EXPECT_EQ("2000 1 3|1000 1 2|0 1 1", top(hub, 3, Hub::Top::PUBLICATIONS));
	EXPECT_EQ(100u, hub.pHub->topChannels(100, Hub::Top::SUBSCRIBERS).size());
}


TEST(HubTopChannels, WhileOthersPublishAndLeave)
{
	TestHub hub;
	std::atomic<bool> stops{false};
	std::vector<std::thread> threads;
	for (int i = 0; i < 2; ++i)
	{
		threads.emplace_back([&hub, &stops, i]()
		{
			const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection));
			for (int k = 0; !stops; ++k)
			{
				const std::string channel = std::to_string((k + i) % 50);
				hub.pHub->subscribe(pSession, channel, {});
				hub.pHub->publish(channel, "x");
				hub.pHub->unsubscribe(pSession, channel, {});
			}
		});
	}
	for (int i = 0; i < 1000; ++i) EXPECT_GE(10u, hub.pHub->topChannels(10, Hub::Top::PUBLICATIONS).size());
	stops = true;
	for (std::thread& thread: threads) thread.join();
	EXPECT_TRUE(hub.pHub->topChannels(10, Hub::Top::PUBLICATIONS).empty()) << "all have left";
}
