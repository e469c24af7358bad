//
// WithoutMemoryTest.cpp
//
// Whichever allocation of a call fails: it was done, or not at all, and the caller is told.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include "support/CoreAllocations.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <new>


namespace
{
	template <typename Function>
	bool fails(std::size_t n, Function&& function, bool& thrown)
		/// Calls the function, whose n-th allocation fails. Returns false if it has fewer.
	{
		const FailingAllocations failing(n, n + 1);
		try
		{
			function();
		}
		catch (const std::bad_alloc&)
		{
			thrown = true;
		}
		return failing.struck();
	}

	enum class From
	{
		OUTSIDE, // the channel is free
		CALLBACK // it is being served: the call waits for its turn
	};

	template <typename Function>
	bool call(From from, TestHub& hub, FakeConnection::Ptr pObserver, const std::string& channel, std::size_t n, Function&& function, bool& thrown)
		/// The same, in a callback of the channel if it is to be.
	{
		if (from == From::OUTSIDE) return fails(n, function, thrown);
		bool struck = false;
		bool once = true;
		pObserver->onSend = [&]()
		{
			if (!once) return;
			once = false;
			struck = fails(n, function, thrown);
		};
		hub.publish(channel, "x");
		pObserver->onSend = nullptr;
		return struck;
	}
}


TEST(HubMemory, SubscribesWithoutMemory)
{
	struct Row
	{
		const char* what;
		std::string channel;
		bool since;
		From from;
	};
	const Row ROWS[] =
	{
		{"ephemeral", "c", false, From::OUTSIDE},
		{"presence", "p", false, From::OUTSIDE},
		{"history", "h", false, From::OUTSIDE},
		{"behind a position", "h", true, From::OUTSIDE},
		{"ephemeral, queued", "c", false, From::CALLBACK},
		{"presence, queued", "p", false, From::CALLBACK},
		{"history, queued", "h", false, From::CALLBACK},
		{"behind a position, queued", "h", true, From::CALLBACK}
	};
	for (const Row& row: ROWS)
	{
		for (const bool others: {true, false}) // somebody is in the channel
		{
			if (!others && row.from == From::CALLBACK) continue;
			TestHub hub;
			FakeConnection::Ptr pObserver(new FakeConnection);
			const Session::Ptr pObserving = hub.attach(pObserver, "observer");
			if (others) hub.subscribe(pObserving, row.channel);
			hub.publish(row.channel, "first");
			const Position since = hub.publish(row.channel, "second").position;
			bool struck = true;
			for (std::size_t i = 0; struck; ++i)
			{
				SCOPED_TRACE(std::string(row.what) + (others ? ", with others, " : ", alone, ") + std::to_string(i));
				const FakeConnection::Ptr pConnection(new FakeConnection);
				const Session::Ptr pSession = hub.attach(pConnection, "user");
				int answers = 0;
				Error error = Error::NONE;
				bool thrown = false;
				const auto done = [&](const SubscribeResult& result)
				{
					error = result.error;
					++answers;
				};
				struck = call(row.from, hub, pObserver, row.channel, i, [&]()
				{
					if (row.since) hub.pHub->subscribe(pSession, row.channel, {since.epoch, since.offset - 1}, done);
					else hub.pHub->subscribe(pSession, row.channel, done);
				}, thrown);
				ASSERT_EQ(1, answers + (thrown ? 1 : 0)) << "it is answered once, or throws";
				const bool in = answers == 1 && error == Error::NONE;
				ASSERT_EQ(in ? 1u : 0u, pSession->metrics().channels);
				ASSERT_EQ((others ? 1u : 0u) + (in ? 1u : 0u), hub.pHub->metrics().subscriptions);
				ASSERT_EQ(others || in ? 1u : 0u, hub.pHub->metrics().channels);
				ASSERT_EQ(row.channel == "p" ? (others ? 1u : 0u) + (in ? 1u : 0u) : 0u, hub.members("p").size());
				ASSERT_EQ(Error::NONE, hub.subscribe(pSession, row.channel).error) << "it can come again";
				hub.publish(row.channel, "last");
				const auto messages = pConnection->messages();
				ASSERT_EQ(1, std::count_if(messages.begin(), messages.end(), [](const std::string& message) { return message.find("last") != std::string::npos; }));
				ASSERT_EQ(Error::NONE, hub.unsubscribe(pSession, row.channel));
				hub.pHub->detach(pSession);
				ASSERT_EQ(1, pSession->referenceCount()) << "nothing of it is kept";
			}
		}
	}
}


TEST(HubMemory, CatchesUpWithoutMemory)
{
	// A subscriber that lags gets all in order, or is told, or closed: never silent.
	for (const bool publishes: {true, false}) // the call whose allocations fail
	{
		bool struck = true;
		for (std::size_t i = 0; struck; ++i)
		{
			SCOPED_TRACE(std::string(publishes ? "publish " : "drained ") + std::to_string(i));
			TestHub hub;
			FakeConnection::Ptr pSlow(new FakeConnection(2));
			const FakeConnection::Ptr pQuick(new FakeConnection);
			const Session::Ptr pSession = hub.attach(pSlow);
			hub.subscribe(pSession, "h");
			hub.subscribe(hub.attach(pQuick), "h");
			bool thrown = false;
			for (int k = 1; k <= 5; ++k)
			{
				const auto publish = [&]() { hub.pHub->publish("h", std::to_string(k)); };
				if (publishes && k == 3) struck = fails(i, publish, thrown);
				else publish();
				if (thrown) publish();
				thrown = false;
			}
			pSlow->drain();
			if (publishes) hub.pHub->drained(pSession);
			else struck = fails(i, [&]() { hub.pHub->drained(pSession); }, thrown);
			for (int k = 0; k < 10; ++k)
			{
				pSlow->drain();
				hub.pass(100);
			}
			hub.publish("h", "6");
			const std::string all = "pub h 1 1|pub h 2 2|pub h 3 3|pub h 4 4|pub h 5 5|pub h 6 6";
			ASSERT_TRUE(pQuick->text() == all || pQuick->text().find("dropped h 1") != std::string::npos) << pQuick->text();
			if (pSlow->text() == all || pSlow->closed() != 0) continue;
			const std::string text = pSlow->text();
			ASSERT_TRUE(text.find("unsubscribed h ") != std::string::npos || text.find("dropped h 1") != std::string::npos) << text;
		}
	}
}


TEST(HubMemory, LeavesWithoutMemory)
{
	// Who goes has gone, and the others are told once, now or when there is memory, or are told that they have missed something.
	for (const From from: {From::OUTSIDE, From::CALLBACK})
	{
		for (const bool detaches: {false, true})
		{
			TestHub hub;
			FakeConnection::Ptr pObserver(new FakeConnection);
			hub.subscribe(hub.attach(pObserver, "observer"), "p");
			bool struck = true;
			for (std::size_t i = 0; struck; ++i)
			{
				SCOPED_TRACE(std::string(from == From::OUTSIDE ? "outside" : "callback") + (detaches ? ", detach " : ", unsubscribe ") + std::to_string(i));
				const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection), "user");
				hub.subscribe(pSession, "p");
				ASSERT_EQ(2u, hub.members("p").size());
				pObserver->clear();
				bool thrown = false;
				struck = call(from, hub, pObserver, "p", i, [&]()
				{
					if (detaches) hub.pHub->detach(pSession);
					else hub.pHub->unsubscribe(pSession, "p", [](Error) {});
				}, thrown);
				if (thrown)
				{
					ASSERT_FALSE(detaches) << "nobody could repeat it";
					hub.unsubscribe(pSession, "p");
				}
				hub.pass(0);
				hub.pass(5000);
				hub.pass(5000);
				ASSERT_EQ(1u, hub.members("p").size());
				ASSERT_EQ(1u, hub.pHub->metrics().subscriptions);
				const auto messages = pObserver->messages();
				ASSERT_EQ(1, std::count_if(messages.begin(), messages.end(), [](const std::string& message) { return message == "leave p user" || message.find("dropped") == 0; })) << pObserver->text();
				hub.pHub->detach(pSession);
				ASSERT_EQ(1, pSession->referenceCount());
			}
		}
	}
}


TEST(HubMemory, EndsWithoutMemory)
{
	bool struck = true;
	for (std::size_t i = 0; struck; ++i)
	{
		MemoryBackplane::Ptr pFirst(new MemoryBackplane);
		TestHub one{Backplane::Ptr(pFirst)};
		TestHub other{Backplane::Ptr(new MemoryBackplane(*pFirst))};
		FakeConnection::Ptr pObserver(new FakeConnection);
		one.subscribe(one.attach(pObserver, "observer"), "p");
		std::vector<Session::Ptr> sessions;
		for (const std::string user: {"a", "b", "c"})
		{
			sessions.push_back(other.attach(FakeConnection::Ptr(new FakeConnection), user));
			other.subscribe(sessions.back(), "p");
			other.subscribe(sessions.back(), "h");
		}
		pObserver->clear();
		{
			const FailingAllocations failing(i, i + 1);
			other.pHub.reset();
			struck = failing.struck();
		}
		ASSERT_EQ(std::vector<std::string>({"observer"}), one.members("p")) << i;
		ASSERT_EQ(3u, pObserver->messages().size()) << i << ": " << pObserver->text();
		for (const Session::Ptr& pSession: sessions) ASSERT_EQ(1, pSession->referenceCount());
	}
}


TEST(HubMemory, EntersAndLeavesTheBackplaneWithoutMemory)
{
	struct Sink: public Poco::Messaging::BackplaneSink
		/// Takes no memory.
	{
		void onPublication(const std::string&, const Publication::Ptr&, const Poco::Messaging::Receipt::Ptr&) noexcept override
		{
		}

		void onGap(const std::string&) noexcept override
		{
		}

		void onPresence(const std::string&, const Member&, bool joined) noexcept override
		{
			++(joined ? joins : leaves);
		}

		void onControl(const Poco::Messaging::Control&) noexcept override
		{
		}

		int joins = 0;
		int leaves = 0;
	};
	const auto pSink = std::make_shared<Sink>();
	MemoryBackplane::Ptr pBackplane(new MemoryBackplane);
	MemoryBackplane::Ptr pOther(new MemoryBackplane(*pBackplane));
	pBackplane->start(pSink);
	pOther->start(std::make_shared<Sink>());
	pBackplane->subscribe("p", TestHub::optionsOf("p"), [](Error, const Position&) {});
	const auto members = [&]()
	{
		std::size_t count = 0;
		pBackplane->presence("p", [&](const PresenceResult& result) { count = result.members.size(); });
		return count;
	};
	const std::string id = "somebody whose name does not fit into the object of a string";
	const Member member{id, id + " and more"};
	const std::string channel = "p";
	bool struck = true;
	for (std::size_t i = 0; struck; ++i)
	{
		for (MemoryBackplane* pNode: {pBackplane.get(), pOther.get()}) // with its first session, and with another one
		{
			*pSink = Sink();
			const std::size_t before = members();
			bool thrown = false;
			struck = fails(i, [&]() { pNode->enter(channel, member); }, thrown);
			ASSERT_EQ(before == 0 && !thrown ? 1 : 0, pSink->joins) << i;
			ASSERT_EQ(before == 0 && thrown ? 0u : 1u, members()) << i;
			if (thrown) pNode->enter(channel, member);
			ASSERT_EQ(before == 0 ? 1 : 0, pSink->joins) << i << ": nothing was done before";
		}
		{
			const FailingAllocations none(0);
			pBackplane->leave(channel, id);
			if (i % 2 == 0) pOther->leave(channel, id);
			else pOther->stop();
			EXPECT_FALSE(none.struck());
		}
		if (i % 2 != 0)
		{
			pOther = new MemoryBackplane(*pBackplane);
			pOther->start(std::make_shared<Sink>());
		}
		ASSERT_EQ(1, pSink->leaves) << i;
		ASSERT_EQ(0u, members()) << i;
	}
}


TEST(HubMemory, AttachesWithoutMemory)
{
	TestHub hub;
	bool struck = true;
	for (std::size_t i = 0; struck; ++i)
	{
		const FakeConnection::Ptr pConnection(new FakeConnection);
		const std::string user = "somebody whose name does not fit into the object of a string, and who is number " + std::to_string(i);
		bool thrown = false;
		Session::Ptr pSession;
		struck = fails(i, [&]() { pSession = hub.attach(pConnection, user); }, thrown);
		ASSERT_EQ(thrown, !pSession) << i;
		ASSERT_EQ(thrown ? 0u : 1u, hub.pHub->metrics().sessions) << i;
		ASSERT_EQ(thrown ? 0u : 1u, hub.pHub->sendToUser(user, "x").queued) << i;
		ASSERT_EQ(thrown ? 1 : 2, pConnection->referenceCount()) << i;
		if (pSession) hub.pHub->detach(pSession);
	}
}


TEST(HubSlow, NothingIsKeptOfWhoHasBeenDetached)
{
	TestHub hub;
	for (const std::string channel: {"c", "h"})
	{
		const FakeConnection::Ptr pConnection(new FakeConnection(1));
		const Session::Ptr pSession = hub.attach(pConnection);
		hub.subscribe(pSession, channel);
		for (int i = 0; i < 3; ++i) hub.publish(channel, "x");
		ASSERT_LT(1, pSession->referenceCount());
		hub.pHub->detach(pSession);
		EXPECT_EQ(1, pSession->referenceCount()) << channel << ": it is looked after no more, also if nobody ticks";
	}
}
