//
// GuaranteeTest.cpp
//
// The guarantees of the hub, by their names (Hub.h).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include <gtest/gtest.h>
#include <map>


namespace
{
	std::string numbers(int from, int to, const std::string& channel = "c")
		/// What a client gets of publications with these data.
	{
		std::string result;
		for (int i = from; i <= to; ++i) result += (result.empty() ? "pub " : "|pub ") + channel + ' ' + std::to_string(i);
		return result;
	}

	std::string stored(int from, int to)
		/// The same in the channel "h", where data and offset are equal.
	{
		std::string result;
		for (int i = from; i <= to; ++i) result += (result.empty() ? "pub h " : "|pub h ") + std::to_string(i) + ' ' + std::to_string(i);
		return result;
	}

	void publish(TestHub& hub, const std::string& channel, int from, int to)
	{
		for (int i = from; i <= to; ++i) ASSERT_EQ(Error::NONE, hub.publish(channel, std::to_string(i)).error);
	}
}


TEST(HubGuarantee, EPHEMERAL_ORDER)
{
	TestHub hub;
	std::vector<FakeConnection::Ptr> connections;
	for (int i = 0; i < 1000; ++i)
	{
		connections.emplace_back(new FakeConnection);
		ASSERT_EQ(Error::NONE, hub.subscribe(hub.attach(connections.back()), "c").error);
	}
	for (int i = 1; i <= 5; ++i)
	{
		const PublishResult result = hub.publish("c", std::to_string(i));
		EXPECT_EQ(1000u, result.local.delivered);
		EXPECT_EQ(Position(), result.position);
	}
	for (const auto& pConnection: connections) EXPECT_EQ(numbers(1, 5), pConnection->text());
	EXPECT_EQ(5, hub.pEncoder->publications) << "each is encoded once for all";
}


TEST(HubGuarantee, EPHEMERAL_ORDER_WhatIsPublishedInACallback)
{
	// The second one is published while the first is given out: everybody gets it behind the first.
	TestHub hub;
	std::vector<FakeConnection::Ptr> connections;
	for (int i = 0; i < 300; ++i)
	{
		connections.emplace_back(new FakeConnection);
		hub.subscribe(hub.attach(connections.back()), "c");
	}
	bool once = true;
	connections[0]->onSend = [&]()
	{
		if (!once) return;
		once = false;
		hub.pHub->publish("c", "2");
	};
	hub.publish("c", "1");
	for (const auto& pConnection: connections) EXPECT_EQ(numbers(1, 2), pConnection->text());
}


TEST(HubGuarantee, HISTORY_COMPLETE)
{
	TestHub hub;
	FakeConnection::Ptr pConnection(new FakeConnection);
	hub.subscribe(hub.attach(pConnection), "h");
	for (int i = 1; i <= 30; ++i)
	{
		const PublishResult result = hub.publish("h", std::to_string(i));
		EXPECT_EQ(static_cast<Poco::UInt64>(i), result.position.offset);
		EXPECT_EQ(1u, result.local.delivered);
	}
	EXPECT_EQ(stored(1, 30), pConnection->text());
}


TEST(HubGuarantee, IDEMPOTENT_PUBLISH)
{
	struct Row
	{
		const char* what;
		Time later;
		bool again;
	};
	const Row ROWS[] = {{"at once", 0, false}, {"1 ms before 5 minutes are over", 5*60*1000 - 1, false}, {"after 5 minutes", 5*60*1000, true}};
	for (const Row& row: ROWS)
	{
		TestHub hub;
		FakeConnection::Ptr pConnection(new FakeConnection);
		hub.subscribe(hub.attach(pConnection), "h");
		const PublishResult first = hub.publish("h", "1", "transaction");
		hub.publish("h", "2");
		*hub.pNow += row.later;
		const PublishResult second = hub.publish("h", "3", "transaction");
		EXPECT_EQ(!row.again, second.duplicate) << row.what;
		EXPECT_EQ(row.again ? 3u : 1u, second.position.offset) << row.what;
		EXPECT_EQ(first.position.epoch, second.position.epoch) << row.what;
		EXPECT_EQ(row.again ? 3u : 2u, pConnection->messages().size()) << row.what;
	}
}


TEST(HubGuarantee, IDEMPOTENT_PUBLISH_AlsoWhenTheHistoryIsShorter)
{
	TestHub hub;
	hub.publish("h", "1", "transaction");
	publish(hub, "h", 2, 30);
	const PublishResult again = hub.publish("h", "1", "transaction");
	EXPECT_TRUE(again.duplicate);
	EXPECT_EQ(1u, again.position.offset);
}


TEST(HubGuarantee, IDEMPOTENT_SUBSCRIBE)
{
	for (const std::string channel: {"c", "h", "p"})
	{
		TestHub hub;
		FakeConnection::Ptr pConnection(new FakeConnection);
		const Session::Ptr pSession = hub.attach(pConnection);
		const SubscribeResult first = hub.subscribe(pSession, channel);
		EXPECT_FALSE(first.existing);
		hub.publish(channel, "1");
		const SubscribeResult second = hub.subscribe(pSession, channel);
		EXPECT_EQ(Error::NONE, second.error);
		EXPECT_TRUE(second.existing);
		EXPECT_EQ(first.position.epoch, second.position.epoch);
		EXPECT_EQ(channel == "h" ? 1u : 0u, second.position.offset);
		pConnection->clear();
		EXPECT_EQ(1u, hub.publish(channel, "2").local.delivered);
		EXPECT_EQ(1u, pConnection->messages().size());
		EXPECT_EQ(1u, pSession->metrics().channels);
	}
}


TEST(HubGuarantee, HONEST_RECOVERY)
{
	struct Row
	{
		const char* what;
		int published;        // before the client comes back
		Poco::UInt64 since;
		Time later;
		bool sameEpoch;
		int maxRecovered;
		bool recovered;
	};
	const Row ROWS[] =
	{
		{"nothing missed", 5, 5, 0, true, 300, true},
		{"some missed", 5, 2, 0, true, 300, true},
		{"all that the history has", 20, 10, 0, true, 300, true},
		{"one more than that", 20, 9, 0, true, 300, false},
		{"as many as may be", 8, 2, 0, true, 6, true},
		{"one more", 8, 1, 0, true, 6, false},
		{"none may be, none missed", 8, 8, 0, true, 0, true},
		{"none may be, one missed", 8, 7, 0, true, 0, false},
		{"from the beginning", 5, 0, 0, true, 300, true},
		{"a position that was never reached", 5, 6, 0, true, 300, false},
		{"the largest position", 5, ~Poco::UInt64(0), 0, true, 300, false},
		{"another epoch", 5, 2, 0, false, 300, false},
		{"another epoch, same offset", 5, 5, 0, false, 300, false},
		{"1 ms before the history is too old", 5, 2, 300*1000 - 1, true, 300, true},
		{"the history is too old", 5, 2, 300*1000, true, 300, false},
		{"the history is too old, nothing missed", 5, 5, 300*1000, true, 300, true}
	};
	for (const Row& row: ROWS)
	{
		for (const bool others: {false, true})
		{
			TestHub hub([](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(new MemoryBackplane(clock)); },
				[&](HubParams& params) { params.setMaxRecovered(row.maxRecovered); });
			FakeConnection::Ptr pOther(new FakeConnection);
			if (others) hub.subscribe(hub.attach(pOther), "h"); // the node knows the channel
			publish(hub, "h", 1, row.published);
			Position since;
			hub.pHub->history("h", HistoryQuery(), [&](const HistoryResult& result) { since = result.position; });
			since.offset = row.since;
			if (!row.sameEpoch) --since.epoch;
			*hub.pNow += row.later;
			FakeConnection::Ptr pConnection(new FakeConnection);
			hub.pHub->subscribe(hub.attach(pConnection), "h", since, [&](const SubscribeResult& result)
			{
				EXPECT_EQ(Error::NONE, result.error);
				EXPECT_EQ(row.recovered, result.recovered) << row.what;
				EXPECT_EQ(static_cast<Poco::UInt64>(row.published), result.position.offset) << row.what;
				pConnection->log("answer");
			});
			publish(hub, "h", row.published + 1, row.published + 2);
			const int from = row.recovered ? static_cast<int>(row.since) + 1 : row.published + 1;
			EXPECT_EQ("answer|" + stored(from, row.published + 2), pConnection->text()) << row.what << others;
			EXPECT_EQ(0, pConnection->closed());
		}
	}
}


TEST(HubGuarantee, HONEST_RECOVERY_AtMostSoManyBytes)
{
	for (const int spare: {0, -1})
	{
		const int each = static_cast<int>(sizeof(Publication)) + 1; // their data are one byte
		TestHub hub([](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(new MemoryBackplane(clock)); },
			[&](HubParams& params) { params.setMaxRecoveredBytes(3*each + spare); });
		publish(hub, "h", 1, 3);
		Position since;
		hub.pHub->history("h", HistoryQuery(), [&](const HistoryResult& result) { since = result.position; });
		since.offset = 0;
		FakeConnection::Ptr pConnection(new FakeConnection);
		EXPECT_EQ(spare == 0, hub.subscribe(hub.attach(pConnection), "h", since).recovered);
		EXPECT_EQ(spare == 0 ? stored(1, 3) : "", pConnection->text());
	}
}


TEST(HubGuarantee, DIRECT_AT_MOST_ONCE)
{
	TestHub hub;
	FakeConnection::Ptr connections[3];
	Session::Ptr sessions[3];
	for (int i = 0; i < 3; ++i)
	{
		connections[i] = new FakeConnection(1);
		sessions[i] = hub.attach(connections[i], i < 2 ? "user" : "");
	}
	EXPECT_EQ(1u, hub.pHub->send(sessions[2]->id(), "a").queued);
	EXPECT_EQ(2u, hub.pHub->sendToUser("user", "b").queued);
	EXPECT_EQ(2u, hub.pHub->sendToUser("user", "c").full);
	EXPECT_EQ(1u, hub.pHub->send(sessions[2]->id(), "d").full);
	EXPECT_EQ("msg b", connections[0]->text());
	EXPECT_EQ("msg b", connections[1]->text());
	EXPECT_EQ("msg a", connections[2]->text());
	const std::string node = Session::id(hub.pHub->node(), 0).substr(0, Session::id(hub.pHub->node(), 0).find('-'));
	for (const std::string& id: {std::string(), std::string("x"), node, node + "-", std::string("-1"), node + "-ffff", node + "-10000000000000000", std::string("100000000-1"), node + "-1-1"})
	{
		const Hub::SendResult result = hub.pHub->send(id, "e");
		EXPECT_EQ(0u, result.queued + result.full) << id;
		EXPECT_EQ(Error::DETACHED, result.error) << id;
	}
	hub.pHub->detach(sessions[2]);
	EXPECT_EQ(Error::DETACHED, hub.pHub->send(sessions[2]->id(), "f").error);
	hub.pHub->detach(sessions[0]);
	EXPECT_EQ(1u, hub.pHub->sendToUser("user", "g").full);
}


TEST(HubGuarantee, DIRECT_AT_MOST_ONCE_TheAnswerSaysWhetherAnybodyCanHaveBeenTold)
{
	struct Elsewhere: public MemoryBackplane
		/// Says what it is told to say of the other nodes.
	{
		explicit Elsewhere(const Poco::Messaging::Clock& clock):
			MemoryBackplane(clock)
		{
		}

		Error control(Poco::UInt32, const Poco::Messaging::Control&) override
		{
			return error;
		}

		Error error = Error::NONE;
	};
	struct Row
	{
		Error others;
		Error anna;     // who is here
		Error nobody;
		Error session;  // of another node
		Error everyone; // broadcast()
		bool passedOn;
	};
	const Row ROWS[] =
	{
		{Error::NONE, Error::NONE, Error::NONE, Error::NONE, Error::NONE, true},
		{Error::DETACHED, Error::NONE, Error::DETACHED, Error::DETACHED, Error::NONE, false},
		{Error::UNAVAILABLE, Error::UNAVAILABLE, Error::UNAVAILABLE, Error::UNAVAILABLE, Error::UNAVAILABLE, false}
	};
	Poco::AutoPtr<Elsewhere> pElsewhere;
	TestHub hub([&](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(pElsewhere = new Elsewhere(clock)); }, [](HubParams&) {});
	const FakeConnection::Ptr pAnna(new FakeConnection);
	const Session::Ptr pSession = hub.attach(pAnna, "anna");
	const std::string other = Session::id(hub.pHub->node() + 1, 1);
	for (const Row& row: ROWS)
	{
		SCOPED_TRACE(toString(row.others));
		pElsewhere->error = row.others;
		const auto check = [&](const char* what, Error error, Poco::UInt32 queued, bool passedOn, const Hub::SendResult& result)
		{
			EXPECT_STREQ(toString(error), toString(result.error)) << what;
			EXPECT_EQ(queued, result.queued) << what;
			EXPECT_EQ(passedOn, result.passedOn) << what;
		};
		check("a user of this node", row.anna, 1, row.passedOn, hub.pHub->sendToUser("anna", "x"));
		check("a user that is not here", row.nobody, 0, row.passedOn, hub.pHub->sendToUser("nobody", "x"));
		check("a session of this node", Error::NONE, 1, false, hub.pHub->send(pSession->id(), "x"));
		check("one that was of this node", Error::DETACHED, 0, false, hub.pHub->send(Session::id(hub.pHub->node(), 99), "x"));
		check("one of another node", row.session, 0, row.passedOn, hub.pHub->send(other, "x"));
		check("one of no node", Error::DETACHED, 0, false, hub.pHub->send("0-1", "x"));
		check("all", row.everyone, 1, row.passedOn, hub.pHub->broadcast("x"));
		check("the connections of nobody", row.nobody, 0, row.passedOn, hub.pHub->disconnectUser("nobody", 4000, ""));
		check("the connection of another node's", row.session, 0, row.passedOn, hub.pHub->disconnect(other, 4000, ""));
	}
}


TEST(HubGuarantee, DIRECT_AT_LEAST_ONCE)
{
	struct Row
	{
		const char* what;
		int tries;       // that the client does not answer
		bool comesLater; // it is not there when the message is sent
		Error answer;
	};
	const Row ROWS[] =
	{
		{"answered at once", 0, false, Error::NONE},
		{"answered the third time", 2, false, Error::NONE},
		{"never answered", 100, false, Error::TIMED_OUT},
		{"there when it is sent again", 0, true, Error::NONE}
	};
	for (const Row& row: ROWS)
	{
		TestHub hub;
		FakeConnection::Ptr pConnection(new FakeConnection);
		if (!row.comesLater) hub.attach(pConnection, "user");
		int answers = 0;
		Error answer = Error::BUSY;
		hub.pHub->sendAcknowledged(Hub::To::USER, "user", "a", "", Poco::Timespan(10, 0), [&](Error error)
		{
			++answers;
			answer = error;
		});
		if (row.comesLater) hub.attach(pConnection, "user");
		for (int i = 0; i < 12; ++i)
		{
			if (pConnection->messages().size() > static_cast<std::size_t>(row.tries)) hub.pHub->acknowledge(hub.pHub->node(), 1);
			hub.pass(1000);
		}
		EXPECT_EQ(1, answers) << row.what;
		EXPECT_EQ(row.answer, answer) << row.what;
		EXPECT_EQ(row.tries == 100 ? 5u : static_cast<std::size_t>(row.tries + 1), pConnection->messages().size()) << row.what;
		for (const std::string& message: pConnection->messages()) EXPECT_EQ("msg a ack 1", message);
		EXPECT_EQ(0u, hub.pHub->metrics().acks);
	}
}


TEST(HubGuarantee, BROADCAST_AT_MOST_ONCE)
{
	TestHub hub;
	std::vector<FakeConnection::Ptr> connections;
	for (int i = 0; i < 1000; ++i)
	{
		connections.emplace_back(new FakeConnection);
		hub.attach(connections.back(), i % 2 ? "user" : "");
	}
	EXPECT_EQ(1000u, hub.pHub->broadcast("a").queued);
	for (const auto& pConnection: connections) EXPECT_EQ("msg a", pConnection->text());
}


TEST(HubGuarantee, EXACTLY_ONE_LEAVE)
{
	struct Row
	{
		const char* what;
		std::function<void(TestHub&, Session::Ptr&)> what1;
		const char* events; // that the observer sees
	};
	const auto lose = [](TestHub& hub, Session::Ptr& pSession) { hub.pHub->detach(pSession); };
	const auto back = [](TestHub& hub, Session::Ptr& pSession)
	{
		pSession = hub.attach(FakeConnection::Ptr(new FakeConnection), "user");
		hub.subscribe(pSession, "p");
	};
	const Row ROWS[] =
	{
		{"unsubscribes", [](TestHub& hub, Session::Ptr& pSession) { hub.unsubscribe(pSession, "p"); }, "join p user|leave p user"},
		{"unsubscribes, and is lost", [=](TestHub& hub, Session::Ptr& pSession) { hub.unsubscribe(pSession, "p"); lose(hub, pSession); hub.pass(5000); }, "join p user|leave p user"},
		{"lost for less than 5 s", [=](TestHub& hub, Session::Ptr& pSession) { lose(hub, pSession); hub.pass(4999); }, "join p user"},
		{"lost for 5 s", [=](TestHub& hub, Session::Ptr& pSession) { lose(hub, pSession); hub.pass(5000); hub.pass(5000); }, "join p user|leave p user"},
		{"lost, and back in time", [=](TestHub& hub, Session::Ptr& pSession) { lose(hub, pSession); hub.pass(4999); back(hub, pSession); hub.pass(60000); }, "join p user"},
		{"lost, and back too late", [=](TestHub& hub, Session::Ptr& pSession) { lose(hub, pSession); hub.pass(5000); back(hub, pSession); }, "join p user|leave p user|join p user"},
		{"lost twice", [=](TestHub& hub, Session::Ptr& pSession) { lose(hub, pSession); back(hub, pSession); lose(hub, pSession); hub.pass(5000); hub.pass(5000); }, "join p user|leave p user"},
		{"a second session comes and goes", [=](TestHub& hub, Session::Ptr&) { Session::Ptr pOther; back(hub, pOther); hub.unsubscribe(pOther, "p"); }, "join p user"},
		{"both sessions go", [=](TestHub& hub, Session::Ptr& pSession) { Session::Ptr pOther; back(hub, pOther); hub.unsubscribe(pSession, "p"); hub.unsubscribe(pOther, "p"); }, "join p user|leave p user"}
	};
	for (const Row& row: ROWS)
	{
		TestHub hub;
		FakeConnection::Ptr pObserver(new FakeConnection);
		hub.subscribe(hub.attach(pObserver, "observer"), "p");
		EXPECT_EQ("join p observer", pObserver->text());
		pObserver->clear();
		Session::Ptr pSession;
		back(hub, pSession);
		row.what1(hub, pSession);
		EXPECT_EQ(row.events, pObserver->text()) << row.what;
		const std::string events = row.events;
		const bool there = events.rfind("join p user") != std::string::npos && (events.find("leave") == std::string::npos || events.rfind("join p user") > events.rfind("leave"));
		EXPECT_EQ(there ? 2u : 1u, hub.members("p").size()) << row.what;
	}
}


TEST(HubGuarantee, SLOW_ALONE)
{
	TestHub hub;
	for (const std::string channel: {"c", "h"})
	{
		FakeConnection::Ptr pSlow(new FakeConnection(0)); // never takes anything
		hub.subscribe(hub.attach(pSlow), channel);
		std::vector<FakeConnection::Ptr> connections;
		for (int i = 0; i < 1000; ++i)
		{
			connections.emplace_back(new FakeConnection);
			hub.subscribe(hub.attach(connections.back()), channel);
		}
		for (int i = 1; i <= 20; ++i)
		{
			const PublishResult result = hub.publish(channel, std::to_string(i));
			EXPECT_EQ(1000u, result.local.delivered);
			EXPECT_EQ(channel == "c" ? 1u : 0u, result.local.dropped);
			EXPECT_EQ(channel == "h" ? 1u : 0u, result.local.lagging);
		}
		for (const auto& pConnection: connections) EXPECT_EQ(20u, pConnection->messages().size());
		EXPECT_EQ("", pSlow->text());
	}
}


TEST(HubGuarantee, SLOW_TOLD)
{
	TestHub hub;
	FakeConnection::Ptr pConnection(new FakeConnection(2));
	const Session::Ptr pSession = hub.attach(pConnection);
	hub.subscribe(pSession, "c");
	publish(hub, "c", 1, 7);
	EXPECT_EQ(5u, pSession->metrics().dropped);
	pConnection->drain();
	hub.pHub->drained(pSession);
	hub.pHub->drained(pSession);
	publish(hub, "c", 8, 8);
	EXPECT_EQ(numbers(1, 2) + "|dropped c 5|" + numbers(8, 8), pConnection->text());
	EXPECT_EQ(0, pConnection->closed());
	EXPECT_EQ(5u, hub.pHub->metrics().dropped);
}


TEST(HubGuarantee, SLOW_TOLD_AlsoOfJoinAndLeave)
{
	TestHub hub;
	FakeConnection::Ptr pConnection(new FakeConnection(1));
	const Session::Ptr pSession = hub.attach(pConnection, "a");
	hub.subscribe(pSession, "p");
	const Session::Ptr pOther = hub.attach(FakeConnection::Ptr(new FakeConnection), "b");
	hub.subscribe(pOther, "p");
	hub.unsubscribe(pOther, "p");
	pConnection->drain();
	hub.pHub->drained(pSession);
	EXPECT_EQ("join p a|dropped p 2", pConnection->text());
}


TEST(HubGuarantee, SLOW_REPLAYED)
{
	struct Row
	{
		const char* what;
		std::size_t room;
		int published;
		const char* end; // "": it gets all
	};
	const Row ROWS[] =
	{
		{"fits", 5, 5, ""},
		{"one does not fit", 5, 6, ""},
		{"as many as the history has do not", 5, 15, ""},
		{"one more than that", 5, 16, "unsubscribed h GAP"},
		{"replayed in several parts", 3, 12, ""}
	};
	for (const Row& row: ROWS)
	{
		TestHub hub;
		FakeConnection::Ptr pConnection(new FakeConnection(row.room));
		const Session::Ptr pSession = hub.attach(pConnection);
		hub.subscribe(pSession, "h");
		publish(hub, "h", 1, row.published);
		const int room = static_cast<int>(row.room);
		EXPECT_EQ(stored(1, std::min(room, row.published)), pConnection->text()) << row.what;
		for (int i = 0; i < 5; ++i)
		{
			pConnection->drain();
			hub.pHub->drained(pSession);
		}
		const std::string end = row.end;
		if (end.empty())
		{
			pConnection->drain();
			publish(hub, "h", row.published + 1, row.published + 1);
			EXPECT_EQ(stored(1, row.published + 1), pConnection->text()) << row.what;
		}
		else
		{
			EXPECT_EQ(stored(1, room) + '|' + end, pConnection->text()) << row.what;
			EXPECT_EQ(0u, pSession->metrics().channels);
			EXPECT_EQ(0u, hub.pHub->metrics().channels);
		}
		EXPECT_EQ(0, pConnection->closed()) << row.what;
	}
}


TEST(HubGuarantee, SLOW_REPLAYED_IfNobodySaysThatItIsDrained)
{
	for (const std::string channel: {"c", "h"})
	{
		TestHub hub;
		FakeConnection::Ptr pConnection(new FakeConnection(1));
		hub.subscribe(hub.attach(pConnection), channel);
		hub.publish(channel, "1");
		hub.publish(channel, "2");
		hub.pass(1);
		EXPECT_EQ(1u, pConnection->messages().size());
		pConnection->drain();
		hub.pass(1);
		EXPECT_EQ(channel == "h" ? stored(1, 2) : numbers(1, 1) + "|dropped c 1", pConnection->text());
	}
}


TEST(HubGuarantee, SLOW_REPLAYED_IfItIsDrainedBeforeTheHubKnows)
{
	// The loop empties the queue between FULL and the hub's note of it: nobody calls again.
	class Racing: public FakeConnection
	{
	public:
		Racing(): FakeConnection(1)
		{
		}

		Result send(const Prepared& pMessage) override
		{
			const Result result = FakeConnection::send(pMessage);
			if (result == FULL) drain();
			return result;
		}
	};
	TestHub hub([](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(new MemoryBackplane(clock)); },
		[](HubParams& params) { params.setMaxLags(1000); });
	Poco::AutoPtr<Racing> pConnection(new Racing);
	hub.subscribe(hub.attach(pConnection), "h");
	publish(hub, "h", 1, 8);
	EXPECT_EQ(stored(1, 8), pConnection->text());
}


TEST(HubGuarantee, SLOW_CLOSED)
{
	struct Row
	{
		const char* what;
		Time between; // two lags
		int closed;
	};
	const Row ROWS[] = {{"three lags in a moment", 0, 1013}, {"three within a minute", 29999, 1013}, {"three in a minute and longer", 30000, 0}};
	for (const Row& row: ROWS)
	{
		TestHub hub;
		FakeConnection::Ptr pConnection(new FakeConnection(1));
		const Session::Ptr pSession = hub.attach(pConnection);
		for (const std::string channel: {"h", "h2"}) hub.subscribe(pSession, channel);
		for (int lag = 0; lag < 3; ++lag)
		{
			EXPECT_EQ(0, pConnection->closed()) << row.what << lag;
			if (lag > 0) *hub.pNow += row.between;
			for (const std::string channel: {"h", "h", "h2"}) hub.publish(channel, "x"); // a lag in two channels is one
			for (int i = 0; i < 3; ++i)
			{
				pConnection->drain();
				hub.pHub->drained(pSession);
			}
			pConnection->drain();
		}
		EXPECT_EQ(3u, pSession->metrics().lags) << row.what;
		EXPECT_EQ(row.closed, pConnection->closed()) << row.what;
		EXPECT_EQ(row.closed ? 1u : 0u, hub.pHub->metrics().closedAsSlow);
	}
}


TEST(HubGuarantee, SLOW_CLOSED_IfItCannotBeTold)
{
	TestHub hub;
	FakeConnection::Ptr pConnection(new FakeConnection(0));
	const Session::Ptr pSession = hub.attach(pConnection);
	hub.subscribe(pSession, "c");
	EXPECT_EQ(Error::NONE, hub.unsubscribe(pSession, "c", true));
	EXPECT_EQ(1013, pConnection->closed());
}
