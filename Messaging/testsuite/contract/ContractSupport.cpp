//
// ContractSupport.cpp
//
// What every backplane does (Backplane.h), between two nodes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"
#include <algorithm>
#include <chrono>
#include <thread>


using Poco::Messaging::Control;


BackplaneContract::BackplaneContract():
	nodes(GetParam().make([this]() { return now.load(); })),
	first([this](const Poco::Messaging::Clock&) { return nodes.pFirst; }, [](HubParams&) {}),
	second([this](const Poco::Messaging::Clock&) { return nodes.pSecond; }, [](HubParams&) {})
{
	first.pNow->store(now);
	second.pNow->store(now);
	Control nothing;
	nothing.kind = Control::ACK; // of something that nobody waits for
	EXPECT_TRUE(until([&]()
	{
		return nodes.pFirst->control(nodes.pSecond->node(), nothing) == Error::NONE && nodes.pSecond->control(nodes.pFirst->node(), nothing) == Error::NONE;
	})) << "they know each other";
}


bool BackplaneContract::until(const std::function<bool()>& condition)
{
	const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
	auto tick = std::chrono::steady_clock::now() + std::chrono::seconds(1);
	while (!condition())
	{
		const auto present = std::chrono::steady_clock::now();
		if (!GetParam().remote || present >= end) return false;
		if (present >= tick)
		{
			if (first.pHub) first.pHub->tick();
			if (second.pHub) second.pHub->tick();
			tick = present + std::chrono::seconds(1);
		}
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	return true;
}


void BackplaneContract::pass(Time milliseconds, int ticks)
{
	for (int i = 0; i < ticks; ++i)
	{
		const Time step = milliseconds/ticks + (i == 0 ? milliseconds%ticks : 0);
		now += step;
		nodes.pass(step);
		first.pHub->tick();
		second.pHub->tick();
	}
}


bool BackplaneContract::gets(const FakeConnection::Ptr& pConnection, const std::string& text)
{
	const bool result = until([&]() { return pConnection->text() == text; });
	EXPECT_EQ(text, pConnection->text());
	return result;
}


Session::Ptr BackplaneContract::subscribed(TestHub& hub, const FakeConnection::Ptr& pConnection, const std::string& channel, const std::string& user)
{
	const Session::Ptr pSession = hub.attach(pConnection, user);
	EXPECT_EQ(Error::NONE, subscribe(hub, pSession, channel).error);
	return pSession;
}


SubscribeResult BackplaneContract::subscribe(TestHub& hub, const Session::Ptr& pSession, const std::string& channel, const Position* pSince)
{
	return answer<SubscribeResult>([&](const std::function<void(const SubscribeResult&)>& done)
	{
		if (pSince) hub.pHub->subscribe(pSession, channel, *pSince, done);
		else hub.pHub->subscribe(pSession, channel, done);
	});
}


Error BackplaneContract::unsubscribe(TestHub& hub, const Session::Ptr& pSession, const std::string& channel)
{
	return answer<Error>([&](const std::function<void(const Error&)>& done) { hub.pHub->unsubscribe(pSession, channel, done); });
}


PublishResult BackplaneContract::published(TestHub& hub, const std::string& channel, const std::string& data, const std::string& transaction)
{
	return answer<PublishResult>([&](const std::function<void(const PublishResult&)>& done)
	{
		hub.pHub->publish(channel, data, Hub::PublishOptions{transaction, "", {}}, done);
	});
}


HistoryResult BackplaneContract::history(TestHub& hub, const std::string& channel, const HistoryQuery& query)
{
	return answer<HistoryResult>([&](const std::function<void(const HistoryResult&)>& done) { hub.pHub->history(channel, query, done); });
}


PresenceResult BackplaneContract::presence(TestHub& hub, const std::string& channel)
{
	return answer<PresenceResult>([&](const std::function<void(const PresenceResult&)>& done) { hub.pHub->presence(channel, done); });
}


std::vector<std::string> BackplaneContract::members(TestHub& hub, std::size_t count)
{
	std::vector<std::string> names;
	until([&]()
	{
		names.clear();
		for (const Member& member: presence(hub, "p").members) names.push_back(member.id);
		return names.size() == count;
	});
	std::sort(names.begin(), names.end());
	return names;
}


void BackplaneContract::expectRefused(const std::string& channel)
{
	const Session::Ptr pSession = first.attach(FakeConnection::Ptr(new FakeConnection));
	EXPECT_EQ(Error::NO_HISTORY, subscribe(first, pSession, channel).error);
	EXPECT_EQ(Error::NO_HISTORY, published(first, channel, "1").error);
	EXPECT_EQ(Error::NONE, subscribe(first, pSession, "c").error) << "others are there";
	first.pHub->detach(pSession);
}


bool BackplaneContract::offersHistory()
{
	if (GetParam().history) return true;
	expectRefused("h");
	EXPECT_EQ(Error::NO_HISTORY, history(first, "h", HistoryQuery()).error);
	return false;
}


bool BackplaneContract::offersPresence()
{
	if (GetParam().presence) return true;
	expectRefused("p");
	EXPECT_EQ(Error::NO_HISTORY, presence(first, "p").error);
	return false;
}
