//
// ContractSupport.h
//
// What every backplane does (Backplane.h), between two nodes. A test program of a backplane compiles ContractTest.cpp and HubSupport.cpp, and has its rows:
// INSTANTIATE_TEST_SUITE_P(Redis, BackplaneContract, testing::Values(...)).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ContractSupport_INCLUDED
#define ContractSupport_INCLUDED


#include "HubSupport.h"
#include <gtest/gtest.h>
#include <functional>
#include <ostream>


struct Nodes
	/// The backplanes of two nodes of an engine in which there is nothing yet.
{
	Backplane::Ptr pFirst;
	Backplane::Ptr pSecond;
	std::function<void(Time)> pass; // makes so many milliseconds pass in the engine
};


struct Engine
	/// A row of the suite.
{
	const char* name;
	std::function<Nodes(const Poco::Messaging::Clock&)> make; // the clock is that of the test
	bool remote = true;   // answers come later, from other threads. If not: before the call has returned
	bool history = true;  // it has channels with history. If not, it has to say so
	bool presence = true; // the same
	bool forgets = true;  // positions as soon as their time is over. If not: some time later
	bool oneOrder = true; // all nodes get the publications of a channel without history in one order. If not: those of each node in their order
};

inline void PrintTo(const Engine& engine, std::ostream* pStream)
{
	*pStream << engine.name;
}


class BackplaneContract: public testing::TestWithParam<Engine>
{
protected:
	BackplaneContract();

	bool until(const std::function<bool()>& condition);
		/// Returns whether it becomes true, within 10 s if the engine is remote.

	void pass(Time milliseconds, int ticks = 1);
		/// Makes time pass in the engine, in so many steps, and calls Hub::tick() of both after each.

	bool gets(const FakeConnection::Ptr& pConnection, const std::string& text);
		/// Expects that this and nothing else comes.

	Session::Ptr subscribed(TestHub& hub, const FakeConnection::Ptr& pConnection, const std::string& channel, const std::string& user = "");
	SubscribeResult subscribe(TestHub& hub, const Session::Ptr& pSession, const std::string& channel, const Position* pSince = nullptr);
	Error unsubscribe(TestHub& hub, const Session::Ptr& pSession, const std::string& channel);
	PublishResult published(TestHub& hub, const std::string& channel, const std::string& data, const std::string& transaction = "");
	HistoryResult history(TestHub& hub, const std::string& channel, const HistoryQuery& query);
	PresenceResult presence(TestHub& hub, const std::string& channel);
	std::vector<std::string> members(TestHub& hub, std::size_t count);
		/// Of the channel p, sorted, when there are so many.

	bool offersHistory();
	bool offersPresence();
		/// If not, expects that the engine says so: Error::NO_HISTORY.

	std::atomic<Time> now{1000000};
	Nodes nodes;
	TestHub first;
	TestHub second;
	FakeConnection::Ptr pOne{new FakeConnection};
	FakeConnection::Ptr pTwo{new FakeConnection};

private:
	template <typename Result>
	Result answer(const std::function<void(const std::function<void(const Result&)>&)>& ask)
		/// Waits for the answer.
	{
		struct Given
		{
			std::mutex mutex;
			std::unique_ptr<Result> pResult;
		};
		const auto pGiven = std::make_shared<Given>(); // it may come when nobody waits any more
		ask([pGiven](const Result& result)
		{
			const std::lock_guard<std::mutex> lock(pGiven->mutex);
			EXPECT_FALSE(pGiven->pResult) << "a second answer";
			pGiven->pResult = std::make_unique<Result>(result);
		});
		EXPECT_TRUE(until([&]()
		{
			const std::lock_guard<std::mutex> lock(pGiven->mutex);
			return pGiven->pResult != nullptr;
		})) << "no answer";
		const std::lock_guard<std::mutex> lock(pGiven->mutex);
		return pGiven->pResult ? *pGiven->pResult : Result();
	}

	void expectRefused(const std::string& channel);
};


#endif // ContractSupport_INCLUDED
