//
// NATSContract.cpp
//
// The contract of backplanes (ContractTest.cpp) with a real server of NATS.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"
#include "NATSServer.h"
#include "Poco/Messaging/NATSBackplane.h"


namespace
{
	using Poco::Messaging::NATSBackplane;

	Nodes make()
	{
		static NATSServer server; // it keeps nothing
		return {Backplane::Ptr(new NATSBackplane(server.url())), Backplane::Ptr(new NATSBackplane(server.url())), [](Time) {}};
	}

	Engine engine()
	{
		Engine result{"NATS", [](const Poco::Messaging::Clock&) { return make(); }};
		result.history = false;
		result.presence = false;
		result.oneOrder = false; // what two connections publish at the same time, a server passes on to each subscriber in an order of its own
		return result;
	}
}


INSTANTIATE_TEST_SUITE_P(NATS, BackplaneContract, testing::Values(engine()), [](const auto& row) { return std::string(row.param.name); });
