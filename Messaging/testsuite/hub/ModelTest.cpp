//
// ModelTest.cpp
//
// Every interleaving of subscribe, publish, history and live: a backplane whose answers come when the test says so, and a search
// through all orders in which that can be.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include <gtest/gtest.h>
#include <deque>
#include <map>


namespace
{
	class Choices
		/// Goes through all sequences of choices: next() begins another one until there is none.
	{
	public:
		std::size_t choose(std::size_t count)
		{
			if (_place == _path.size()) _path.push_back({0, count});
			return _path[_place++].first;
		}

		bool next()
		{
			while (!_path.empty() && ++_path.back().first == _path.back().second) _path.pop_back();
			_place = 0;
			return !_path.empty();
		}

		std::string text() const
		{
			std::string result;
			for (const auto& step: _path) result += std::to_string(step.first) + ' ';
			return result;
		}

	private:
		std::vector<std::pair<std::size_t, std::size_t>> _path;
		std::size_t _place = 0;
	};

	class StepBackplane: public Backplane
		/// One channel with history. What it answers, and what it passes on, waits until the test takes it.
	{
	public:
		typedef Poco::AutoPtr<StepBackplane> Ptr;
		typedef std::function<void()> Step;

		explicit StepBackplane(std::size_t size, bool readsLate):
			_size(size),
			_readsLate(readsLate)
		{
		}

		void start(const std::shared_ptr<Poco::Messaging::BackplaneSink>& pSink) override
		{
			_pSink = pSink;
		}

		void stop() override
		{
			_pSink.reset();
			_subscriptions.clear();
			_arrivals.clear();
			_histories.clear();
		}

		Poco::UInt32 node() const override
		{
			return 1;
		}

		bool up() const override
		{
			return true;
		}

		void subscribe(const std::string&, const ChannelOptions&, const Positioned& done) override
		{
			_subscribed = true;
			if (_readsLate) _subscriptions.push_back([this, done]() { done(Error::NONE, position()); });
			else _subscriptions.push_back([done, now = position()]() { done(Error::NONE, now); });
		}

		void unsubscribe(const std::string&) override
		{
			_subscribed = false;
		}

		void publish(const std::string& channel, const ChannelOptions&, const Publication::Ptr& pConst, const Poco::Messaging::Receipt::Ptr&) override
		{
			Publication::Ptr pPublication(pConst);
			pPublication->position = {_epoch, ++_top};
			all[pPublication->data] = pPublication->position;
			_log.push_back(pPublication);
			if (_log.size() > _size) _log.pop_front();
			if (_subscribed) _arrivals.push_back([this, channel, pPublication]() { _pSink->onPublication(channel, pPublication, nullptr); });
		}

		void history(const std::string&, const ChannelOptions&, const HistoryQuery& query, const Poco::Messaging::HistoryDone& done) override
		{
			if (_readsLate) _histories.push_back([this, query, done]() { done(read(query)); });
			else _histories.push_back([result = read(query), done]() { done(result); });
		}

		void enter(const std::string&, const Member&) override {}
		void leave(const std::string&, const std::string&) override {}
		void presence(const std::string&, const Poco::Messaging::PresenceDone&) override {}
		void tick() override {}

		Error control(Poco::UInt32, const Poco::Messaging::Control&) override
		{
			return Error::NONE;
		}

		// The test's
		void loseAll()
			/// The engine has lost its data.
		{
			++_epoch;
			_top = 0;
			_log.clear();
		}

		void gap()
		{
			if (_subscribed) _pSink->onGap("h");
		}

		std::vector<Step> steps(bool mayLose)
			/// What can happen next.
		{
			std::vector<Step> result;
			for (auto* pQueue: {&_subscriptions, &_arrivals})
			{
				if (!pQueue->empty()) result.push_back([pQueue]() { take(*pQueue, 0)(); });
			}
			for (std::size_t i = 0; i < _histories.size(); ++i) result.push_back([this, i]() { take(_histories, i)(); });
			if (mayLose && !_arrivals.empty()) result.push_back([this]() { take(_arrivals, 0); lost = true; });
			return result;
		}

		Position position() const
		{
			return {_epoch, _top};
		}

		std::map<std::string, Position> all; // publications that were ever made, by their data
		bool lost = false;

	private:
		static Step take(std::deque<Step>& queue, std::size_t index)
		{
			const auto it = queue.begin() + static_cast<std::ptrdiff_t>(index);
			const Step step = *it;
			queue.erase(it);
			return step;
		}

		HistoryResult read(const HistoryQuery& query) const
		{
			HistoryResult result;
			result.position = position();
			if (query.since.epoch != _epoch) return result;
			for (const Publication::Ptr& pPublication: _log)
			{
				if (pPublication->position.offset > query.since.offset && result.publications.size() < query.limit) result.publications.push_back(pPublication);
			}
			return result;
		}

		const std::size_t _size;
		const bool _readsLate;
		std::shared_ptr<Poco::Messaging::BackplaneSink> _pSink;
		bool _subscribed = false;
		Poco::UInt64 _epoch = 1;
		Poco::UInt64 _top = 0;
		std::deque<Publication::Ptr> _log;
		std::deque<Step> _subscriptions;
		std::deque<Step> _arrivals;
		std::deque<Step> _histories;
	};

	struct Client
		/// What a client does, and what it believes.
	{
		TestHub* pHub;
		StepBackplane* pBackplane;
		FakeConnection::Ptr pConnection;
		Session::Ptr pSession;
		bool subscribed = false; // it has an answer, and nothing has ended it
		bool waits = false;
		bool left = false; // it has unsubscribed
		Position position;
		std::size_t seen = 0; // messages that it has looked at
		std::string problem;

		void subscribe(bool withPosition, const Position& since)
		{
			waits = true;
			left = false;
			const auto done = [this, withPosition, since](const SubscribeResult& result)
			{
				look();
				waits = false;
				if (result.error != Error::NONE) return;
				if (result.recovered && !withPosition) problem = "recovered without a position";
				if (result.recovered && since.epoch != result.position.epoch) problem = "recovered over an epoch";
				if (!result.existing) position = result.recovered ? since : result.position;
				subscribed = true;
			};
			if (withPosition) pHub->pHub->subscribe(pSession, "h", since, done);
			else pHub->pHub->subscribe(pSession, "h", done);
		}

		void unsubscribe()
		{
			pHub->pHub->unsubscribe(pSession, "h", [this](Error)
			{
				look();
				subscribed = false;
				left = true;
			});
		}

		void look()
			/// Takes what was sent.
		{
			const auto messages = pConnection->messages();
			for (; seen < messages.size(); ++seen)
			{
				const std::string& message = messages[seen];
				if (message.rfind("unsubscribed", 0) == 0)
				{
					if (!subscribed) problem = "told that it is not subscribed, which it was not";
					subscribed = false;
					left = true;
					continue;
				}
				const Position next = pBackplane->all[message.substr(message.rfind(' ') + 1)];
				if (!subscribed) problem = "gets \"" + message + "\" but is not subscribed";
				else if (next.epoch != position.epoch || next.offset != position.offset + 1)
					problem = "gets \"" + message + "\" behind " + std::to_string(position.offset);
				position = next;
			}
		}
	};

	struct Model
		/// A state that is made anew for each sequence of choices.
	{
		Model(std::size_t room, std::size_t historySize, bool readsLate, int maxRecovered):
			pBackplane(new StepBackplane(historySize, readsLate)),
			hub([&](const Poco::Messaging::Clock&) { return Backplane::Ptr(pBackplane); }, [=](HubParams& params)
			{
				params.setMaxLags(1000);
				params.setMaxRecovered(maxRecovered);
			})
		{
			for (Client& client: clients)
			{
				client.pHub = &hub;
				client.pBackplane = pBackplane.get();
				client.pConnection = new FakeConnection(room);
				client.pSession = hub.attach(client.pConnection);
			}
		}

		void publish()
		{
			hub.pHub->publish("h", std::to_string(++published));
		}

		void drain(Client& client)
		{
			client.pConnection->drain();
			hub.pHub->drained(client.pSession);
		}

		void settle()
			/// Everything that waits happens; clients take what they are sent.
		{
			if (pBackplane->lost) pBackplane->gap();
			for (int quiet = 0; quiet < 2;)
			{
				bool some = false;
				for (;;)
				{
					const auto steps = pBackplane->steps(false);
					if (steps.empty()) break;
					steps[0]();
					some = true;
				}
				for (Client& client: clients)
				{
					const std::size_t before = client.pConnection->messages().size();
					drain(client);
					some = some || client.pConnection->messages().size() > before;
				}
				hub.pass(1);
				quiet = some ? 0 : quiet + 1;
			}
		}

		StepBackplane::Ptr pBackplane;
		TestHub hub;
		Client clients[2];
		int published = 0;
	};

	using Action = std::function<void(Model&)>;
	using Script = std::vector<Action>;

	struct Scenario
	{
		const char* what;
		std::size_t room;
		int before;                 // publications before it begins
		std::vector<Script> actors; // each does its actions in order
		bool mayLose;               // one publication on its way
		std::size_t historySize = 100;
		int maxRecovered = 300;
	};

	const Action PUBLISH = [](Model& model) { model.publish(); };
	const Action SUBSCRIBE = [](Model& model) { model.clients[0].subscribe(false, Position()); };
	const Action OTHER_SUBSCRIBES = [](Model& model) { model.clients[1].subscribe(false, Position()); };
	const Action OTHER_LEAVES = [](Model& model) { model.clients[1].unsubscribe(); };
	const Action UNSUBSCRIBE = [](Model& model) { model.clients[0].unsubscribe(); };
	const Action DRAIN = [](Model& model) { model.drain(model.clients[0]); };
	const Action LOSE_ALL = [](Model& model) { model.pBackplane->loseAll(); };
	const Action DETACH = [](Model& model) { model.hub.pHub->detach(model.clients[0].pSession); };
	const Action GAP = [](Model& model) { model.pBackplane->gap(); };

	Action since(Poco::UInt64 offset)
	{
		return [offset](Model& model) { model.clients[0].subscribe(true, {1, offset}); };
	}

	const Action RESUBSCRIBE = [](Model& model) { model.clients[0].subscribe(true, model.clients[0].position); };

	const Scenario SCENARIOS[] =
	{
		{"subscribe while others publish", SIZE_MAX, 1, {{SUBSCRIBE}, {PUBLISH, PUBLISH, PUBLISH}}, false},
		{"recover while others publish", SIZE_MAX, 3, {{since(1)}, {PUBLISH, PUBLISH, PUBLISH}}, false},
		{"recover a channel that the node has", SIZE_MAX, 3, {{OTHER_SUBSCRIBES, since(1)}, {PUBLISH, PUBLISH}}, false},
		{"recover too much, or not", SIZE_MAX, 2, {{since(1)}, {PUBLISH, PUBLISH}}, false, 100, 2},
		{"recover what is about to go", SIZE_MAX, 3, {{since(1)}, {PUBLISH, PUBLISH}}, false, 3},
		{"leave and come back", SIZE_MAX, 0, {{SUBSCRIBE, UNSUBSCRIBE, RESUBSCRIBE}, {PUBLISH, PUBLISH}}, false},
		{"subscribe twice at once", SIZE_MAX, 2, {{since(1), SUBSCRIBE}, {PUBLISH, PUBLISH}}, false},
		{"the last one leaves, another comes", SIZE_MAX, 1, {{OTHER_SUBSCRIBES, OTHER_LEAVES}, {SUBSCRIBE}, {PUBLISH, PUBLISH}}, false},
		{"detach", SIZE_MAX, 2, {{since(1), DETACH}, {PUBLISH, PUBLISH}}, false},
		{"slow", 1, 0, {{SUBSCRIBE}, {PUBLISH, PUBLISH, PUBLISH}, {DRAIN, DRAIN}}, false},
		{"slow, recovering", 1, 3, {{since(1)}, {PUBLISH}, {DRAIN, DRAIN}}, false},
		{"slow, with a short history", 1, 0, {{SUBSCRIBE}, {PUBLISH, PUBLISH, PUBLISH}, {DRAIN}}, false, 1},
		{"slow, leaves and comes back", 1, 0, {{SUBSCRIBE, UNSUBSCRIBE, RESUBSCRIBE}, {PUBLISH, PUBLISH}, {DRAIN}}, false},
		{"a publication is lost on its way", SIZE_MAX, 0, {{SUBSCRIBE}, {PUBLISH, PUBLISH, PUBLISH}}, true},
		{"a publication is lost, and the history is too short", SIZE_MAX, 0, {{SUBSCRIBE}, {PUBLISH, PUBLISH, PUBLISH}}, true, 1},
		{"a publication is lost while one recovers", SIZE_MAX, 2, {{since(1)}, {PUBLISH, PUBLISH}}, true},
		{"the backplane speaks of a gap", SIZE_MAX, 1, {{OTHER_SUBSCRIBES, since(0)}, {PUBLISH}, {GAP}}, false},
		{"the engine loses all", SIZE_MAX, 2, {{since(1)}, {PUBLISH, LOSE_ALL, PUBLISH}}, false},
		{"the engine loses all, and the offsets come again", SIZE_MAX, 1, {{since(0)}, {PUBLISH, LOSE_ALL, PUBLISH, PUBLISH}}, false},
		{"the engine loses all, one is slow", 1, 0, {{SUBSCRIBE}, {PUBLISH, PUBLISH, LOSE_ALL, PUBLISH}, {DRAIN}}, false}
	};

	std::string check(Model& model)
		/// Returns what is wrong when everything is quiet.
	{
		for (Client& client: model.clients)
		{
			client.look();
			if (!client.problem.empty()) return client.problem;
			const bool attached = model.hub.pHub->session(client.pSession->id());
			if (client.waits && attached) return "no answer";
			if (attached && client.subscribed && client.position != model.pBackplane->position()) return "is at " + std::to_string(client.position.offset) + " and knows nothing of it";
			const std::size_t channels = attached && client.subscribed ? 1 : 0;
			if (client.pSession->metrics().channels != channels) return "is in " + std::to_string(client.pSession->metrics().channels) + " channels";
			if (client.pConnection->closed() != 0) return "closed";
		}
		return "";
	}

	std::string runOne(const Scenario& scenario, bool readsLate, Choices& choices)
	{
		Model model(scenario.room, scenario.historySize, readsLate, scenario.maxRecovered);
		for (int i = 0; i < scenario.before; ++i) model.publish();
		std::vector<std::size_t> places(scenario.actors.size());
		for (;;)
		{
			std::vector<StepBackplane::Step> steps = model.pBackplane->steps(scenario.mayLose && !model.pBackplane->lost);
			for (std::size_t i = 0; i < places.size(); ++i)
			{
				if (places[i] < scenario.actors[i].size()) steps.push_back([&, i]() { scenario.actors[i][places[i]++](model); });
			}
			if (steps.empty()) break;
			steps[choices.choose(steps.size())]();
			for (Client& client: model.clients) client.look();
		}
		model.settle();
		return check(model);
	}
}


TEST(HubModel, HISTORY_COMPLETE_EveryInterleaving)
{
	for (const Scenario& scenario: SCENARIOS)
	{
		std::size_t runs = 0;
		for (const bool readsLate: {false, true})
		{
			Choices choices;
			do
			{
				++runs;
				const std::string problem = runOne(scenario, readsLate, choices);
				ASSERT_EQ("", problem) << scenario.what << ", " << readsLate << ": " << choices.text();
			}
			while (choices.next());
		}
		EXPECT_LT(50u, runs) << scenario.what;
	}
}
