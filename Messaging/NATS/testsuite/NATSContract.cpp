//
// NATSContract.cpp
//
// The contract of backplanes (ContractTest.cpp) with a real server of NATS, with JetStream and without it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"
#include "NATSServer.h"
#include "Poco/Messaging/NATSBackplane.h"


namespace
{
	using Poco::Messaging::Clock;
	using Poco::Messaging::NATSBackplane;
	using Poco::Messaging::NATSBackplaneParams;

	Nodes nodesAt(const NATSServer& server, const Clock& clock)
	{
		static int number = 0; // the server keeps what there was
		++number;
		const auto node = [&]()
		{
			NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams(server.url()));
			pParams->setPrefix("test" + std::to_string(number));
			pParams->setClock(clock);
			return Backplane::Ptr(new NATSBackplane(pParams));
		};
		return {node(), node(), [](Time) {}};
	}

	Engine without()
	{
		Engine result{"Without", [](const Clock& clock)
		{
			static NATSServer server;
			return nodesAt(server, clock);
		}};
		result.history = false;
		result.presence = false;
		result.oneOrder = false; // what two connections publish at the same time, a server passes on to each subscriber in an order of its own
		return result;
	}

	Engine withJetStream()
	{
		Engine result{"JetStream", [](const Clock& clock)
		{
			static NATSServer server(NATSServer::jetStream());
			return nodesAt(server, clock);
		}};
		result.presence = false;
		result.forgets = false;
		result.oneOrder = false;
		return result;
	}
}


INSTANTIATE_TEST_SUITE_P(NATS, BackplaneContract, testing::Values(without(), withJetStream()), [](const auto& row) { return std::string(row.param.name); });
