//
// ContractTest.cpp
//
// What every backplane does (Backplane.h), between two nodes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"
#include <algorithm>
#include <thread>


TEST_P(BackplaneContract, NodesHaveDifferentNumbers)
{
	EXPECT_NE(first.pHub->node(), second.pHub->node());
	EXPECT_NE(0u, first.pHub->node());
	EXPECT_TRUE(first.pHub->healthy());
}


TEST_P(BackplaneContract, PublicationsComeToAllNodesInTheSameOrder)
{
	std::vector<std::string> channels{"c"};
	if (offersHistory()) channels.push_back("h");
	for (const std::string& channel: channels)
	{
		pOne->clear();
		pTwo->clear();
		subscribed(first, pOne, channel);
		subscribed(second, pTwo, channel);
		for (int i = 1; i <= 20; ++i) EXPECT_EQ(1u, published(i % 2 ? first : second, channel, std::to_string(i)).local.delivered) << "those of its own node";
		EXPECT_TRUE(until([&]() { return pOne->messages().size() == 20 && pTwo->messages().size() == 20; }));
		EXPECT_EQ(pOne->text(), pTwo->text());
	}
}


TEST_P(BackplaneContract, PublicationsOfAllNodesAtOnceComeInTheSameOrder)
{
	constexpr std::size_t EACH = 500;
	std::vector<std::string> channels{"c"};
	if (offersHistory()) channels.push_back("h");
	for (const std::string& channel: channels)
	{
		pOne->clear();
		pTwo->clear();
		subscribed(first, pOne, channel);
		subscribed(second, pTwo, channel);
		const auto publish = [&](TestHub& hub, const std::string& name)
		{
			for (std::size_t i = 0; i < EACH; ++i) hub.pHub->publish(channel, name + std::to_string(i), Hub::PublishOptions(), nullptr);
		};
		std::thread other([&]() { publish(second, "b"); });
		publish(first, "a");
		other.join();
		EXPECT_TRUE(until([&]() { return pOne->messages().size() == 2*EACH && pTwo->messages().size() == 2*EACH; }));
		const auto ofNode = [](std::vector<std::string> messages, char node)
		{
			messages.erase(std::remove_if(messages.begin(), messages.end(), [&](const std::string& message) { return message[message.rfind(' ') + 1] != node; }), messages.end());
			return messages;
		};
		EXPECT_TRUE((channel != "h" && !GetParam().oneOrder) || pOne->messages() == pTwo->messages()) << channel;
		for (const char node: {'a', 'b'})
		{
			const std::vector<std::string> messages = ofNode(pOne->messages(), node);
			ASSERT_EQ(EACH, messages.size());
			for (std::size_t i = 0; i < EACH; ++i) EXPECT_EQ(node + std::to_string(i), messages[i].substr(messages[i].rfind(' ') + 1));
			EXPECT_TRUE(channel == "h" || messages == ofNode(pTwo->messages(), node)) << "without positions";
		}
	}
}


TEST_P(BackplaneContract, NothingComesAfterTheLastHasLeft)
{
	const Session::Ptr pSession = subscribed(second, pTwo, "c");
	EXPECT_EQ(Error::NONE, unsubscribe(second, pSession, "c"));
	EXPECT_EQ(0u, published(first, "c", "1").local.delivered);
	subscribed(second, pTwo, "c");
	published(first, "c", "2");
	gets(pTwo, "pub c 2");
}


TEST_P(BackplaneContract, ASessionOfOneNodeIsRecoveredByAnother)
{
	if (!offersHistory()) return;
	const Session::Ptr pSession = subscribed(first, pOne, "h");
	Position since;
	for (int i = 1; i <= 3; ++i) since = published(first, "h", std::to_string(i)).position;
	gets(pOne, "pub h 1 1|pub h 2 2|pub h 3 3");
	first.pHub->detach(pSession);
	published(first, "h", "4");
	const SubscribeResult result = subscribe(second, second.attach(pTwo), "h", &since);
	EXPECT_TRUE(result.recovered);
	EXPECT_EQ(4u, result.position.offset);
	published(first, "h", "5");
	gets(pTwo, "pub h 4 4|pub h 5 5");
}


TEST_P(BackplaneContract, ATransactionIsKnownToAllNodes)
{
	if (!offersHistory()) return;
	subscribed(first, pOne, "h");
	const PublishResult result = published(first, "h", "1", "t");
	const PublishResult again = published(second, "h", "1", "t");
	EXPECT_FALSE(result.duplicate);
	EXPECT_TRUE(again.duplicate);
	EXPECT_EQ(result.position, again.position);
	published(second, "h", "2");
	gets(pOne, "pub h 1 1|pub h 2 2");
}


TEST_P(BackplaneContract, HistoryIsReadByPosition)
{
	if (!offersHistory()) return;
	struct Row
	{
		const char* what;
		bool hasSince;
		Poco::UInt64 since;
		std::size_t limit;
		const char* data;
	};
	const Row ROWS[] =
	{
		{"the position only", false, 0, 0, ""},
		{"the latest", false, 0, 2, "11 12 "},
		{"all that there are", false, 0, 100, "3 4 5 6 7 8 9 10 11 12 "},
		{"behind a position", true, 9, 100, "10 11 12 "},
		{"behind a position, not all", true, 9, 2, "10 11 "},
		{"behind the first one", true, 3, 1, "4 "},
		{"before the first one", true, 0, 2, "3 4 "},
		{"behind the last one", true, 12, 100, ""},
		{"behind that", true, 13, 100, ""}
	};
	Position position;
	for (int i = 1; i <= 12; ++i) position = published(first, "h", std::to_string(i)).position;
	for (const Row& row: ROWS)
	{
		HistoryQuery query;
		query.hasSince = row.hasSince;
		query.since = {position.epoch, row.since};
		query.limit = row.limit;
		std::string data;
		const HistoryResult result = history(second, "h", query);
		EXPECT_EQ(position, result.position) << row.what;
		for (const Publication::Ptr& pPublication: result.publications) data += pPublication->data + ' ';
		EXPECT_EQ(row.data, data) << row.what;
	}
}


TEST_P(BackplaneContract, WhoIsSubscribedKeepsItsPosition)
{
	if (!offersHistory()) return;
	// Metadata is not evicted under a subscriber, however long nothing is published.
	subscribed(first, pOne, "h");
	const Position position = published(first, "h", "1").position;
	for (int i = 0; i < 100; ++i) pass(3600*1000, 10);
	const Position next = published(second, "h", "2").position;
	EXPECT_EQ(position.epoch, next.epoch);
	EXPECT_EQ(2u, next.offset);
	gets(pOne, "pub h 1 1|pub h 2 2");
}


TEST_P(BackplaneContract, WhoHasLeftAQuietChannelCanComeBackToItsPosition)
{
	if (!offersHistory()) return;
	struct Row
	{
		const char* what;
		int publications;
		Time quiet; // ms that it was in the channel without another one
		Time away;
		bool recovered;
	};
	const Time shortly = GetParam().remote ? 5000 : 1; // ms: the time of an engine passes by itself, too
	const Row ROWS[] =
	{
		{"nothing was ever published", 0, 0, 1000, true},
		{"nor for hours", 0, 10*3600*1000, 1000, true},
		{"the last one was long ago", 2, 10*3600*1000, 1000, true},
		{"shortly before the time is over", 0, 0, 3600*1000 - shortly, true},
		{"after it", 0, 0, 3600*1000, false},
		{"also behind a publication", 2, 10*3600*1000, 3600*1000, false}
	};
	pass(100*3600*1000, 100); // the clock has begun long ago
	for (const Row& row: ROWS)
	{
		const Session::Ptr pSession = first.attach(pOne);
		Position since = subscribe(first, pSession, "h").position;
		for (int i = 0; i < row.publications; ++i) since = published(first, "h", "x").position;
		pass(row.quiet, 100);
		first.pHub->detach(pSession);
		pass(row.away, 100);
		pass(0, 100); // what is over is looked for
		const Session::Ptr pBack = first.attach(pTwo);
		const bool recovered = subscribe(first, pBack, "h", &since).recovered;
		EXPECT_TRUE(recovered == row.recovered || (recovered && !GetParam().forgets)) << row.what;
		first.pHub->detach(pBack);
		pass(3600*1000, 100);
	}
}


TEST_P(BackplaneContract, EXACTLY_ONE_LEAVE_OnTwoNodes)
{
	if (!offersPresence()) return;
	const Session::Ptr pObserver = subscribed(first, pOne, "p", "observer");
	const Session::Ptr pThere = subscribed(first, FakeConnection::Ptr(new FakeConnection), "p", "user");
	const Session::Ptr pHere = subscribed(second, pTwo, "p", "user");
	EXPECT_EQ(std::vector<std::string>({"observer", "user"}), members(second, 2));
	EXPECT_EQ(Error::NONE, unsubscribe(first, pThere, "p"));
	EXPECT_EQ(std::vector<std::string>({"observer", "user"}), members(first, 2)) << "it is on the other node";
	EXPECT_EQ(Error::NONE, unsubscribe(second, pHere, "p"));
	EXPECT_EQ(std::vector<std::string>({"observer"}), members(first, 1));
	gets(pOne, "join p observer|join p user|leave p user");
}


TEST_P(BackplaneContract, EXACTLY_ONE_LEAVE_WhenANodeHasGone)
{
	if (!offersPresence()) return;
	subscribed(first, pOne, "p", "observer");
	gets(pOne, "join p observer"); // each node tells the engine in its own time
	subscribed(second, pTwo, "p", "user");
	subscribed(second, FakeConnection::Ptr(new FakeConnection), "p", "user");
	subscribed(second, FakeConnection::Ptr(new FakeConnection), "p", "observer");
	gets(pOne, "join p observer|join p user");
	second.pHub.reset();
	EXPECT_EQ(std::vector<std::string>({"observer"}), members(first, 1));
	gets(pOne, "join p observer|join p user|leave p user");
}


TEST_P(BackplaneContract, MessagesComeToSessionsOfOtherNodes)
{
	const Session::Ptr pHere = first.attach(pOne, "user");
	const Session::Ptr pThere = second.attach(pTwo, "user");
	EXPECT_TRUE(first.pHub->send(pThere->id(), "a").passedOn);
	gets(pTwo, "msg a");
	const Hub::SendResult result = first.pHub->sendToUser("user", "b");
	EXPECT_EQ(1u, result.queued);
	EXPECT_TRUE(result.passedOn);
	first.pHub->broadcast("c");
	gets(pTwo, "msg a|msg b|msg c");
	gets(pOne, "msg b|msg c");
	first.pHub->disconnect(pThere->id(), 4000, "");
	EXPECT_TRUE(until([&]() { return pTwo->closed() == 4000; }));
	second.pHub->disconnectUser("user", 4001, "");
	EXPECT_TRUE(until([&]() { return pOne->closed() == 4001; }));
	EXPECT_EQ(4000, pTwo->closed());
}


TEST_P(BackplaneContract, NodesThatAreGoneAreDetached)
{
	const auto detached = [&](const Hub::SendResult& result)
	{
		return result.error == Error::DETACHED && !result.passedOn;
	};
	const std::string there = second.attach(pTwo, "user")->id();
	EXPECT_EQ(Error::NONE, first.pHub->send(there, "a").error);
	gets(pTwo, "msg a");
	second.pHub.reset();
	EXPECT_TRUE(until([&]() { return detached(first.pHub->send(there, "b")); })) << "a session of that node";
	EXPECT_TRUE(until([&]() { return detached(first.pHub->disconnect(there, 4000, "")); }));
	EXPECT_TRUE(until([&]() { return detached(first.pHub->sendToUser("user", "b")); })) << "no node is left that could know the user";
	EXPECT_TRUE(detached(first.pHub->disconnectUser("user", 4000, "")));
	EXPECT_TRUE(until([&]() { return detached(first.pHub->send(Session::id(first.pHub->node() + 1000, 1), "b")); })) << "no such node ever was";
	EXPECT_TRUE(detached(first.pHub->send("0-1", "b"))) << "no node has that number";
	first.attach(pOne, "user");
	const Hub::SendResult result = first.pHub->sendToUser("user", "c");
	EXPECT_EQ(Error::NONE, result.error) << "it is here";
	EXPECT_EQ(1u, result.queued);
	EXPECT_FALSE(result.passedOn);
	EXPECT_EQ(Error::NONE, first.pHub->broadcast("d").error);
	EXPECT_EQ("msg c|msg d", pOne->text());
	EXPECT_EQ("msg a", pTwo->text());
}


TEST_P(BackplaneContract, DIRECT_AT_LEAST_ONCE_FromAnotherNode)
{
	second.attach(pTwo, "user");
	std::atomic<int> answer{-1};
	first.pHub->sendAcknowledged(Hub::To::USER, "user", "a", "", Poco::Timespan(10, 0), [&](Error error) { answer = static_cast<int>(error); });
	gets(pTwo, "msg a ack 1");
	second.pHub->acknowledge(first.pHub->node(), 1);
	EXPECT_TRUE(until([&]() { return answer == static_cast<int>(Error::NONE); }));
}
