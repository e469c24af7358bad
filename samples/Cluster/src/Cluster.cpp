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
#include "Poco/Util/OptionException.h"
#include <cstdlib>
#include <iostream>


using Poco::Util::InvalidArgumentException;
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
		options.addOption(Option("first-port", "", "The first one of six ports: of the chat, through the balancer, which is on --address as well, without TLS; and on 127.0.0.1 of the three "
			"nodes, of Redis, and of the balancer's statistics. 0: any free ones. Default: the one behind --port.")
			.argument("number").binding("cluster.first-port")
			.validator(new Poco::Util::IntValidator(0, LAST_PORT - COUNT + 1)));
		options.addOption(Option("operator-token", "", "Print a token for an operator to the standard error output, for the panel of the chat's page, as ChatServer does.")
			.binding("cluster.operator-token"));
	}

	std::unique_ptr<SampleService> createService() override
	{
		const std::string address = config().getRawString("server.address", "localhost");
		const std::string balancer = address == "localhost" ? "127.0.0.1" : address;
		const ClusterPorts all = ports();
		makeSure(all.balancer, "the balancer", balancer); // another server there would be taken for ours
		for (std::size_t i = 0; i < all.nodes.size(); ++i) makeSure(all.nodes[i], "n" + std::to_string(i + 1));
		makeSure(all.redis, "Redis");
		makeSure(all.statistics, "the balancer's statistics");
		auto pService = std::make_unique<ClusterService>(config().getString("application.dir"), balancer, all);
		if (config().has("cluster.operator-token")) std::cerr << "Token for an operator: " << pService->tokens().forOperator() << std::endl;
		return pService;
	}

private:
	static constexpr int COUNT = 6; // ports
	static constexpr int LAST_PORT = 65535;

	static void makeSure(Poco::UInt16 port, const std::string& owner, const std::string& address = "127.0.0.1")
	{
		if (isFree(address, port)) return;
		throw Poco::ApplicationException("port " + std::to_string(port) + ", for " + owner + ", is in use: --first-port takes others");
	}

	ClusterPorts ports() const
	{
		const int page = config().getInt("server.port", 9002);
		const int first = config().getInt("cluster.first-port", page == 0 ? 0 : page + 1);
		if (first + COUNT - 1 > LAST_PORT) throw InvalidArgumentException("--first-port: there are not six ports behind that of the page");
		if (page != 0 && page >= first && page < first + COUNT) throw InvalidArgumentException("--first-port: --port is one of the six");
		std::vector<Poco::UInt16> numbers;
		if (first == 0) numbers = freePorts(COUNT);
		else for (int i = 0; i < COUNT; ++i) numbers.push_back(static_cast<Poco::UInt16>(first + i));
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
