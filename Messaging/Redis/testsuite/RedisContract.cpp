//
// RedisContract.cpp
//
// The contract of backplanes (ContractTest.cpp) with real servers of Redis: one, and three as shards.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"
#include "RedisServer.h"
#include "Poco/Messaging/RedisBackplane.h"


namespace
{
	using Poco::Messaging::RedisBackplane;
	using Poco::Messaging::RedisBackplaneParams;

	struct Servers
		/// They are started once, and emptied for each test.
	{
		explicit Servers(std::size_t count)
		{
			for (std::size_t i = 0; i < count; ++i) servers.push_back(std::make_unique<RedisServer>());
		}

		Nodes make()
		{
			for (const auto& pServer: servers) pServer->command({"FLUSHALL"});
			return {backplane(), backplane(), [this](Time time) { pass(time); }};
		}

		Backplane::Ptr backplane() const
		{
			RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(servers[0]->url()));
			for (std::size_t i = 1; i < servers.size(); ++i) pParams->addShard(servers[i]->url());
			return Backplane::Ptr(new RedisBackplane(pParams));
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
	};

	Nodes nodesOf(std::size_t count)
	{
		static std::map<std::size_t, std::unique_ptr<Servers>> all;
		auto& pServers = all[count];
		if (!pServers) pServers = std::make_unique<Servers>(count);
		return pServers->make();
	}
}


INSTANTIATE_TEST_SUITE_P(Redis, BackplaneContract, testing::Values(
	Engine{"OneServer", [](const Poco::Messaging::Clock&) { return nodesOf(1); }},
	Engine{"ThreeServers", [](const Poco::Messaging::Clock&) { return nodesOf(3); }}), [](const auto& row) { return std::string(row.param.name); });
