//
// NATSNode.cpp
//
// A node, for tests, whose backplane is NATS: channels have no presence, and history where the server has JetStream.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NodeProgram.h"
#include "Poco/Messaging/NATSBackplane.h"


using namespace Poco::Messaging;


int main(int argc, char** argv)
{
	return nodeProgram(argc, argv, [](const std::string& engine, const std::string& prefix) -> Backplane::Ptr
	{
		NATSBackplaneParams::Ptr pParams(new NATSBackplaneParams(engine));
		if (!prefix.empty()) pParams->setPrefix(prefix);
		return new NATSBackplane(pParams);
	});
}
