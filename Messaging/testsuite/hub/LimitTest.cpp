//
// LimitTest.cpp
//
// Every limit of a hub, at the limit and one past it; what is out of range; what was never there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>
#include <climits>
#include <memory>
#include <new>


namespace
{
	TestHub limited(const std::function<void(HubParams&)>& change)
	{
		return TestHub([](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(new MemoryBackplane(clock)); }, change);
	}

	const Poco::Timespan MILLISECOND(1000);
}


TEST(HubLimit, SettersCheckTheirRange)
{
	struct Row
	{
		const char* what;
		void (HubParams::*pSet)(int);
		int (HubParams::*pGet)() const;
		int value; // the default
		int min;
		int max;
	};
	const Row ROWS[] =
	{
		{"MaxChannels", &HubParams::setMaxChannels, &HubParams::getMaxChannels, 128, 1, 4096},
		{"MaxChannelLength", &HubParams::setMaxChannelLength, &HubParams::getMaxChannelLength, 255, 1, 4096},
		{"MaxPayload", &HubParams::setMaxPayload, &HubParams::getMaxPayload, 65536, 1, 64*1024*1024},
		{"MaxRecovered", &HubParams::setMaxRecovered, &HubParams::getMaxRecovered, 300, 0, 65536},
		{"MaxRecoveredBytes", &HubParams::setMaxRecoveredBytes, &HubParams::getMaxRecoveredBytes, 1024*1024, 1, 1024*1024*1024},
		{"MaxWaitingBytes", &HubParams::setMaxWaitingBytes, &HubParams::getMaxWaitingBytes, 8*1024*1024, 1, 1024*1024*1024},
		{"MaxLags", &HubParams::setMaxLags, &HubParams::getMaxLags, 3, 1, 1000},
		{"MaxAcks", &HubParams::setMaxAcks, &HubParams::getMaxAcks, 100000, 1, INT_MAX}
	};
	for (const Row& row: ROWS)
	{
		HubParams::Ptr pParams(new HubParams);
		EXPECT_EQ(row.value, ((*pParams).*row.pGet)()) << row.what;
		for (const int value: {row.min, row.max})
		{
			((*pParams).*row.pSet)(value);
			EXPECT_EQ(value, ((*pParams).*row.pGet)()) << row.what;
		}
		EXPECT_THROW(((*pParams).*row.pSet)(row.min - 1), Poco::InvalidArgumentException) << row.what;
		if (row.max < INT_MAX)
		{
			EXPECT_THROW(((*pParams).*row.pSet)(row.max + 1), Poco::InvalidArgumentException) << row.what;
		}
		EXPECT_EQ(row.max, ((*pParams).*row.pGet)()) << row.what;
	}
}


TEST(HubLimit, SettersOfTimesCheckTheirRange)
{
	HubParams::Ptr pParams(new HubParams);
	EXPECT_EQ(Poco::Timespan(60, 0), pParams->getLagTime());
	EXPECT_EQ(Poco::Timespan(5, 0), pParams->getLeaveDelay());
	EXPECT_EQ(Poco::Timespan(2, 0), pParams->getRepeatInterval());
	pParams->setLagTime(MILLISECOND);
	pParams->setLeaveDelay(0);
	pParams->setLeaveDelay(Poco::Timespan(3600, 0));
	pParams->setRepeatInterval(MILLISECOND);
	EXPECT_THROW(pParams->setLagTime(0), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setLeaveDelay(-1), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setLeaveDelay(Poco::Timespan(3600, 1)), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setRepeatInterval(999), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setClock(Poco::Messaging::Clock()), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setOptionsOf(HubParams::OptionsOf()), Poco::InvalidArgumentException);
}


TEST(HubLimit, ChannelsOfASession)
{
	TestHub hub;
	const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection));
	for (int i = 0; i < 128; ++i) EXPECT_EQ(Error::NONE, hub.subscribe(pSession, "c" + std::to_string(i)).error);
	EXPECT_EQ(Error::TOO_MANY, hub.subscribe(pSession, "c128").error);
	EXPECT_EQ(Error::NONE, hub.subscribe(pSession, "c127").error) << "it is in this one";
	EXPECT_EQ(Error::NONE, hub.unsubscribe(pSession, "c0"));
	EXPECT_EQ(Error::NONE, hub.subscribe(pSession, "c128").error);
	EXPECT_EQ(128u, hub.pHub->metrics().subscriptions);
	EXPECT_EQ(128u, hub.pHub->metrics().channels);
	hub.pHub->detach(pSession);
	EXPECT_EQ(0u, hub.pHub->metrics().subscriptions);
	EXPECT_EQ(0u, hub.pHub->metrics().channels);
	EXPECT_EQ(0u, hub.pHub->metrics().sessions);
}


TEST(HubLimit, ChannelNames)
{
	struct Row
	{
		std::string channel;
		Error error;
	};
	const Row ROWS[] = {{"", Error::CHANNEL_NAME}, {"c", Error::NONE}, {std::string(255, 'c'), Error::NONE}, {std::string(256, 'c'), Error::CHANNEL_NAME}};
	TestHub hub;
	const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection));
	for (const Row& row: ROWS)
	{
		EXPECT_EQ(row.error, hub.subscribe(pSession, row.channel).error) << row.channel;
		EXPECT_EQ(row.error, hub.publish(row.channel, "x").error) << row.channel;
		Error error = Error::NONE;
		hub.pHub->history(row.channel, HistoryQuery(), [&](const HistoryResult& result) { error = result.error; });
		EXPECT_EQ(row.error == Error::NONE ? Error::NO_HISTORY : row.error, error);
		hub.pHub->presence(row.channel, [&](const PresenceResult& result) { error = result.error; });
		EXPECT_EQ(row.error == Error::NONE ? Error::NO_HISTORY : row.error, error);
	}
}


TEST(HubLimit, Payloads)
{
	TestHub hub = limited([](HubParams& params) { params.setMaxPayload(100); });
	FakeConnection::Ptr pConnection(new FakeConnection);
	const Session::Ptr pSession = hub.attach(pConnection, "user");
	hub.subscribe(pSession, "c");
	for (const std::size_t size: {0u, 100u, 101u})
	{
		const std::string data(size, 'x');
		const Error error = size > 100 ? Error::TOO_LARGE : Error::NONE;
		pConnection->clear();
		EXPECT_EQ(error, hub.publish("c", data).error) << size;
		EXPECT_EQ(error, hub.pHub->send(pSession->id(), data).error) << size;
		EXPECT_EQ(error, hub.pHub->sendToUser("user", data).error) << size;
		EXPECT_EQ(error, hub.pHub->broadcast(data).error) << size;
		EXPECT_EQ(size > 100 ? 0u : 4u, pConnection->messages().size());
		Error answer = Error::NONE;
		hub.pHub->sendAcknowledged(Hub::To::USER, "user", data, "", Poco::Timespan(1, 0), [&](Error result) { answer = result; });
		EXPECT_EQ(error, answer);
		hub.pHub->acknowledge(hub.pHub->node(), 1);
		hub.pHub->acknowledge(hub.pHub->node(), 2);
		EXPECT_EQ(0u, hub.pHub->metrics().acks);
	}
}


TEST(HubLimit, Transactions)
{
	TestHub hub;
	EXPECT_EQ(Error::NONE, hub.publish("h", "x", std::string(255, 't')).error);
	EXPECT_EQ(Error::TOO_LARGE, hub.publish("h", "x", std::string(256, 't')).error);

	// Who publishes 1,000 each second is never refused, and each repetition is known for 5 minutes.
	constexpr int SECONDS = 301;
	const auto name = [](int i) { return "0123456789abcdef-" + std::to_string(i); }; // as clients choose them
	Error error = Error::NONE;
	for (int i = 0; i < 1000*SECONDS && error == Error::NONE; ++i)
	{
		if (i % 1000 == 0) *hub.pNow += 1000;
		hub.pHub->publish("h", "", Hub::PublishOptions{name(i), "", {}}, [&](const PublishResult& result) { error = result.error; });
	}
	EXPECT_EQ(Error::NONE, error);
	EXPECT_TRUE(hub.publish("h", "", name(1000)).duplicate) << "299 s ago";
	EXPECT_FALSE(hub.publish("h", "", name(999)).duplicate) << "300 s ago";
}


TEST(HubLimit, Acknowledgements)
{
	TestHub hub = limited([](HubParams& params) { params.setMaxAcks(2); });
	std::vector<Error> answers;
	const auto done = [&](Error error) { answers.push_back(error); };
	for (int i = 0; i < 3; ++i) hub.pHub->sendAcknowledged(Hub::To::SESSION, "1-1", "x", "", Poco::Timespan(1, 0), done);
	EXPECT_EQ(std::vector<Error>({Error::BUSY}), answers);
	hub.pHub->acknowledge(hub.pHub->node(), 7); // nobody waits for that
	hub.pass(999);
	EXPECT_EQ(1u, answers.size());
	hub.pass(1);
	EXPECT_EQ(std::vector<Error>({Error::BUSY, Error::TIMED_OUT, Error::TIMED_OUT}), answers);
}


TEST(HubLimit, PublicationsThatWaitForTheirTurn)
{
	// The first one's delivery publishes further ones, which have to wait.
	for (const std::string channel: {"c", "h"})
	{
		for (const int spare: {0, -1})
		{
			const std::size_t each = sizeof(Publication) + 1;
			struct Flooding: MemoryBackplane
				/// Passes on at once what is published: the hub has to let it wait.
			{
				explicit Flooding(const Poco::Messaging::Clock& clock): MemoryBackplane(clock)
				{
				}
				void start(const std::shared_ptr<Poco::Messaging::BackplaneSink>& pSink) override
				{
					pHubSink = pSink;
					MemoryBackplane::start(pSink);
				}
				void stop() override
				{
					pHubSink.reset();
					MemoryBackplane::stop();
				}
				std::shared_ptr<Poco::Messaging::BackplaneSink> pHubSink;
			};
			Flooding* pFlooding = nullptr;
			TestHub hub([&](const Poco::Messaging::Clock& clock)
			{
				pFlooding = new Flooding(clock);
				return Backplane::Ptr(pFlooding);
			}, [&](HubParams& params) { params.setMaxWaitingBytes(static_cast<int>(3*each) + spare); });
			FakeConnection::Ptr pConnection(new FakeConnection);
			hub.subscribe(hub.attach(pConnection), channel);
			bool first = true;
			pConnection->onSend = [&]()
			{
				if (!first) return;
				first = false;
				for (int i = 2; i <= 4; ++i)
				{
					Publication::Ptr pPublication(new Publication);
					pPublication->data = std::to_string(i);
					if (channel == "h")
					{
						// It is in the history, and comes to the hub meanwhile.
						hub.pHub->publish("h", pPublication->data);
						hub.pHub->history("h", HistoryQuery(), [&](const HistoryResult& result) { pPublication->position = result.position; });
					}
					pFlooding->pHubSink->onPublication(channel, pPublication, nullptr);
				}
			};
			hub.publish(channel, "1");
			if (channel == "h") EXPECT_EQ("pub h 1 1|pub h 2 2|pub h 3 3|pub h 4 4", pConnection->text()) << "read from history if it was too much";
			else
			{
				EXPECT_EQ(spare == 0 ? "pub c 1|pub c 2|pub c 3|pub c 4" : "pub c 1|pub c 2|pub c 3|dropped c 1", pConnection->text());
				EXPECT_EQ(spare == 0 ? 0u : 1u, hub.pHub->metrics().dropped);
			}
		}
	}
}


TEST(HubLimit, HistoryOfAChannel)
{
	for (const std::size_t size: {std::size_t(65536), std::size_t(65537), ~std::size_t(0)})
	{
		TestHub hub = limited([&](HubParams& params)
		{
			params.setOptionsOf([size](const std::string&)
			{
				ChannelOptions options;
				options.historySize = size;
				return options;
			});
		});
		for (int i = 0; i < 65537; ++i) hub.pHub->publish("h", "x");
		HistoryQuery query;
		query.limit = 100000;
		query.maxBytes = ~std::size_t(0);
		hub.pHub->history("h", query, [&](const HistoryResult& result)
		{
			EXPECT_EQ(65537u, result.position.offset);
			EXPECT_EQ(65536u, result.publications.size());
		});
	}
}


TEST(HubLimit, EncodersHaveSlots)
{
	EXPECT_NO_THROW(TextEncoder::Ptr(new TextEncoder(Publication::SLOTS - 1)));
	EXPECT_THROW(TextEncoder::Ptr(new TextEncoder(Publication::SLOTS)), Poco::InvalidArgumentException);
}


TEST(HubMisuse, WhatIsMissing)
{
	EXPECT_THROW(Hub{Backplane::Ptr()}, Poco::InvalidArgumentException);
	EXPECT_THROW(Hub(Backplane::Ptr(new MemoryBackplane), HubParams::Ptr()), Poco::InvalidArgumentException);
	TestHub hub;
	EXPECT_THROW(hub.attach(FakeConnection::Ptr()), Poco::InvalidArgumentException);
	EXPECT_THROW(hub.pHub->attach(FakeConnection::Ptr(new FakeConnection), Encoder::Ptr()), Poco::InvalidArgumentException);
	EXPECT_THROW(hub.subscribe(Session::Ptr(), "c"), Poco::InvalidArgumentException);
	EXPECT_THROW(hub.unsubscribe(Session::Ptr(), "c"), Poco::InvalidArgumentException);
	EXPECT_THROW(hub.pHub->detach(Session::Ptr()), Poco::InvalidArgumentException);
	EXPECT_THROW(hub.pHub->drained(Session::Ptr()), Poco::InvalidArgumentException);
}


TEST(HubMisuse, AfterDetach)
{
	TestHub hub;
	FakeConnection::Ptr pConnection(new FakeConnection);
	const Session::Ptr pSession = hub.attach(pConnection, "user");
	hub.subscribe(pSession, "c");
	hub.pHub->detach(pSession);
	hub.pHub->detach(pSession);
	EXPECT_EQ(Error::DETACHED, hub.subscribe(pSession, "c").error);
	EXPECT_EQ(Error::NOT_SUBSCRIBED, hub.unsubscribe(pSession, "c"));
	hub.pHub->drained(pSession);
	EXPECT_EQ(0u, hub.publish("c", "x").local.delivered);
	EXPECT_EQ(0u, hub.pHub->broadcast("x").queued);
	EXPECT_EQ("", pConnection->text());
	EXPECT_FALSE(hub.pHub->session(pSession->id()));
}


TEST(HubMisuse, EmptyAnswersAreNotCalled)
{
	TestHub hub;
	const Session::Ptr pSession = hub.attach(FakeConnection::Ptr(new FakeConnection));
	hub.pHub->subscribe(pSession, "c", Poco::Messaging::SubscribeDone());
	hub.pHub->subscribe(pSession, "", Poco::Messaging::SubscribeDone());
	hub.pHub->publish("c", "x");
	hub.pHub->publish("", "x");
	hub.pHub->unsubscribe(pSession, "c", Poco::Messaging::Done());
	hub.pHub->unsubscribe(pSession, "c", Poco::Messaging::Done());
	hub.pHub->history("h", HistoryQuery(), Poco::Messaging::HistoryDone());
	hub.pHub->presence("p", Poco::Messaging::PresenceDone());
	EXPECT_EQ(0u, hub.pHub->metrics().failures);
}


TEST(HubMisuse, AnswersThatThrow)
{
	TestHub hub;
	FakeConnection::Ptr pConnection(new FakeConnection);
	const Session::Ptr pSession = hub.attach(pConnection);
	hub.pHub->subscribe(pSession, "c", [](const SubscribeResult&) { throw Poco::IOException("x"); });
	EXPECT_EQ(1u, hub.publish("c", "1").local.delivered);
	hub.pHub->publish("c", "2", [](const PublishResult&) { throw Poco::IOException("x"); });
	hub.pHub->unsubscribe(pSession, "c", [](Error) { throw Poco::IOException("x"); });
	EXPECT_EQ(0u, hub.publish("c", "3").local.delivered);
	EXPECT_EQ("pub c 1|pub c 2", pConnection->text());
	EXPECT_LE(2u, hub.pHub->metrics().failures);
}


TEST(HubMisuse, AnEncoderThatFailsIsTold)
{
	for (const std::string channel: {"c", "h"})
	{
		TestHub hub;
		FakeConnection::Ptr pConnection(new FakeConnection);
		FakeConnection::Ptr pOther(new FakeConnection);
		const TextEncoder::Ptr pOtherEncoder(new TextEncoder(1));
		hub.subscribe(hub.attach(pConnection), channel);
		const Session::Ptr pSession = hub.pHub->attach(pOther, pOtherEncoder);
		hub.subscribe(pSession, channel);
		hub.pEncoder->fails = true;
		const PublishResult result = hub.publish(channel, "1");
		EXPECT_EQ(1u, result.local.delivered);
		EXPECT_EQ(1u, result.local.dropped);
		hub.pEncoder->fails = false;
		hub.publish(channel, "2");
		EXPECT_EQ(2u, pOther->messages().size());
		hub.pass(1);
		EXPECT_NE(std::string::npos, pConnection->text().find("dropped " + channel + " 1")) << pConnection->text();
		EXPECT_EQ(2u, pConnection->messages().size()) << pConnection->text();
	}
}


TEST(HubMisuse, ACarrierThatFailsIsTold)
	/// Who has not got the message counts as slow, and the others as served.
{
	class Failing: public Poco::Messaging::Carrier
	{
	public:
		void send(const Prepared& pMessage, Connection* const* ppConnections, std::size_t count, Connection::Result* pResults) override
		{
			Poco::Messaging::Carrier::send(pMessage, ppConnections, fails ? 1 : count, pResults);
			if (fails) throw std::bad_alloc();
		}

		bool fails = true;
	};

	for (const std::string channel: {"c", "h"})
	{
		TestHub hub;
		const auto pCarrier = std::make_shared<Failing>();
		hub.pHub = std::make_unique<Hub>(Backplane::Ptr(new MemoryBackplane(hub.pParams->getClock())), hub.pParams, pCarrier);
		FakeConnection::Ptr connections[3];
		for (FakeConnection::Ptr& pConnection: connections)
		{
			pConnection = new FakeConnection;
			hub.subscribe(hub.attach(pConnection), channel);
		}
		const PublishResult result = hub.publish(channel, "1");
		EXPECT_EQ(1u, result.local.delivered);
		EXPECT_EQ(2u, channel == "h" ? result.local.lagging : result.local.dropped);
		pCarrier->fails = false;
		hub.pass(1);
		hub.publish(channel, "2");
		EXPECT_EQ(2u, connections[0]->messages().size()) << connections[0]->text();
		for (std::size_t i: {1u, 2u}) // told, or replayed
		{
			EXPECT_EQ(2u, connections[i]->messages().size()) << connections[i]->text();
			EXPECT_EQ(channel == "c", connections[i]->text().find("dropped " + channel + " 1") != std::string::npos) << connections[i]->text();
		}
	}
}


TEST(HubLimit, ClientsOfSeveralFormatsAreSentToInBatches)
{
	struct CountingCarrier: public Poco::Messaging::Carrier
	{
		void send(const Prepared& pMessage, Connection* const* ppConnections, std::size_t count, Connection::Result* pResults) override
		{
			++calls;
			Carrier::send(pMessage, ppConnections, count, pResults);
		}

		int calls = 0;
	};
	constexpr std::size_t EACH = 2*Poco::Messaging::Carrier::BATCH + 1;
	const auto pCarrier = std::make_shared<CountingCarrier>();
	HubParams::Ptr pParams(new HubParams);
	Hub hub(Backplane::Ptr(new MemoryBackplane), pParams, pCarrier);
	std::vector<TextEncoder::Ptr> encoders;
	for (unsigned slot = 0; slot < Publication::SLOTS; ++slot) encoders.emplace_back(new TextEncoder(slot));
	std::vector<FakeConnection::Ptr> connections;
	for (std::size_t i = 0; i < EACH*encoders.size(); ++i)
	{
		connections.emplace_back(new FakeConnection);
		hub.subscribe(hub.attach(connections.back(), encoders[i % encoders.size()]), "c", {});
	}
	hub.publish("c", "x", [&](const PublishResult& result) { EXPECT_EQ(connections.size(), result.local.delivered); });
	EXPECT_EQ(3*static_cast<int>(encoders.size()), pCarrier->calls);
	for (const auto& pEncoder: encoders) EXPECT_EQ(1, pEncoder->publications);
	for (const auto& pConnection: connections) EXPECT_EQ("pub c x", pConnection->text());
}


TEST(HubMisuse, CallsFromWithinCalls)
{
	// Whatever a connection's send() calls, nothing waits for itself.
	TestHub hub;
	std::vector<FakeConnection::Ptr> connections;
	std::vector<Session::Ptr> sessions;
	for (int i = 0; i < 200; ++i)
	{
		connections.emplace_back(new FakeConnection(5));
		sessions.push_back(hub.attach(connections.back(), "user"));
		for (const std::string channel: {"c", "h", "p"}) hub.subscribe(sessions.back(), channel);
	}
	int depth = 0;
	for (std::size_t i = 0; i < connections.size(); ++i)
	{
		connections[i]->onSend = [&, i]()
		{
			if (++depth < 50)
			{
				switch (i % 7)
				{
				case 0: hub.pHub->detach(sessions[i]); break;
				case 1: hub.unsubscribe(sessions[i], "h", true); break;
				case 2: hub.pHub->publish("h", "again"); break;
				case 3: hub.subscribe(sessions[i], "other"); break;
				case 4: hub.pHub->disconnect(sessions[i]->id(), 1000, ""); break;
				case 5: hub.pHub->sendToUser("user", "x"); break;
				case 6: connections[i]->drain(); hub.pHub->drained(sessions[i]); hub.pHub->tick(); break;
				}
			}
			--depth;
		};
	}
	for (const std::string channel: {"c", "h", "p"}) EXPECT_EQ(Error::NONE, hub.publish(channel, "1").error);
	for (const Session::Ptr& pSession: sessions) hub.pHub->detach(pSession);
	EXPECT_EQ(0u, hub.pHub->metrics().subscriptions);
	EXPECT_EQ(0u, hub.pHub->metrics().channels);
}
