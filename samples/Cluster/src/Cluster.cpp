//
// Cluster.cpp
//
// Several ChatServers with a Redis behind them and a balancer before them, and a page on which they can be watched, killed and started again.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ClusterService.h"
#include "Engine.h"
#include "SampleServer.h"
#include "Poco/Util/IntValidator.h"
#include "Poco/Util/Option.h"
#include <cstdlib>
#include <iostream>


using Poco::Util::Option;


class Cluster: public SampleServer
{
public:
	Cluster():
		SampleServer("Cluster", "Three ChatServers, a Redis and a HAProxy, and a page to watch them, kill them and start them again.")
	{
	}

protected:
	void defineOptions(Poco::Util::OptionSet& options) override
	{
		SampleServer::defineOptions(options);
		options.addOption(Option("first-port", "", "The first one of six ports: of the chat, through the balancer, which is on --address as well; and on 127.0.0.1 of the three nodes, "
			"of Redis, and of the balancer's statistics. 0: any free ones. Default: 9003.")
			.argument("number").binding("cluster.first-port")
			.validator(new Poco::Util::IntValidator(0, 65530)));
		options.addOption(Option("operator-token", "", "Print a token for an operator to the standard error output, for the panel of the chat's page, as ChatServer does.")
			.binding("cluster.operator-token"));
	}

	std::unique_ptr<SampleService> createService() override
	{
		const std::string address = config().getRawString("server.address", "localhost");
		auto pService = std::make_unique<ClusterService>(config().getString("application.dir"), address == "localhost" ? "127.0.0.1" : address, ports());
		if (config().has("cluster.operator-token")) std::cerr << "Token for an operator: " << pService->tokens().forOperator() << std::endl;
		return pService;
	}

private:
	ClusterPorts ports() const
	{
		const int first = config().getInt("cluster.first-port", 9003);
		std::vector<Poco::UInt16> numbers;
		if (first == 0) numbers = freePorts(6);
		else for (int i = 0; i < 6; ++i) numbers.push_back(static_cast<Poco::UInt16>(first + i));
		return {numbers[0], {numbers[1], numbers[2], numbers[3]}, numbers[4], numbers[5]};
	}
};


int main(int argc, char** argv)
{
	const char* const pPath = std::getenv("PATH");
	setenv("PATH", ((pPath ? pPath : "/usr/bin") + std::string(":/usr/sbin")).c_str(), 1); // HAProxy is there
	Cluster cluster;
	return cluster.runCommand(argc, argv);
}
