//
// RedisContract.cpp
//
// The contract of backplanes (ContractTest.cpp) with real servers of Redis: one, three as shards, and one that a Sentinel knows.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"
#include "RedisServer.h"
#include "Poco/Messaging/RedisBackplane.h"
#include <future>
#include <memory>
#include <vector>


namespace
{
	using Poco::Messaging::RedisBackplane;
	using Poco::Messaging::RedisBackplaneParams;

	struct Servers
		/// They are started once, and emptied for each test.
	{
		explicit Servers(std::size_t count, bool watched = false)
		{
			for (std::size_t i = 0; i < count; ++i) servers.push_back(std::make_unique<RedisServer>());
			if (watched) pSentinel = std::make_unique<RedisSentinel>(*servers.front(), 1, 60000);
		}

		Nodes make(const Poco::Messaging::Clock& clock)
		{
			for (const auto& pServer: servers) pServer->command({"FLUSHALL"});
			Nodes nodes{backplane(clock), backplane(clock), nullptr};
			nodes.pass = [this, pFirst = nodes.pFirst, pSecond = nodes.pSecond](Time time)
			{
				finish(*Backplane::Ptr(pFirst));
				finish(*Backplane::Ptr(pSecond));
				pass(time);
			};
			return nodes;
		}

		Backplane::Ptr backplane(const Poco::Messaging::Clock& clock) const
		{
			RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(pSentinel ? "redis+sentinel://" + pSentinel->address() + "/master" : servers[0]->url()));
			pParams->setClock(clock);
			for (std::size_t i = 1; i < servers.size(); ++i) pParams->addShard(servers[i]->url());
			return Backplane::Ptr(new RedisBackplane(pParams));
		}

		static void finish(Backplane& backplane)
			/// What was asked of it before is done when it answers this.
		{
			for (const std::string channel: {"h", "p", "c", "x1", "x2", "x3"}) // on each server
			{
				std::promise<void> done;
				backplane.presence(channel, [&](const PresenceResult&) { done.set_value(); });
				done.get_future().wait();
			}
		}

		void pass(Time time) const
			/// Nobody can set a server's clock. But all that it forgets with time has a time to live.
		{
			const char* const pScript =
				"for _, key in ipairs(redis.call('KEYS', '*')) do\n"
				"	local left = redis.call('PTTL', key)\n"
				"	if left >= 0 then redis.call('PEXPIRE', key, left - tonumber(ARGV[1])) end\n"
				"end";
			for (const auto& pServer: servers) pServer->command({"EVAL", pScript, "0", std::to_string(time)});
		}

		std::vector<std::unique_ptr<RedisServer>> servers;
		std::unique_ptr<RedisSentinel> pSentinel;
	};

	template <std::size_t Count, bool Watched>
	Nodes nodesOf(const Poco::Messaging::Clock& clock)
	{
		static Servers servers(Count, Watched);
		return servers.make(clock);
	}
}


INSTANTIATE_TEST_SUITE_P(Redis, BackplaneContract, testing::Values(
	Engine{"OneServer", &nodesOf<1, false>},
	Engine{"ThreeServers", &nodesOf<3, false>},
	Engine{"Sentinel", &nodesOf<1, true>}), [](const auto& row) { return std::string(row.param.name); });
