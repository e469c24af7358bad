//
// NATSNodesTest.cpp
//
// What goes wrong between nodes and NATS, with real processes. Clients on all nodes publish and subscribe meanwhile; what each was promised is held against what it
// got. Without history: each publication at most once, those of a publisher in order; what is missing is not told, nobody can. With history: nothing is lost, in one order.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cluster.h"
#include "NATSServer.h"
#include "NetworkSpaces.h"
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>


namespace
{
	int connectionsTo(Poco::UInt16 port, const char* pState)
		/// Returns how many connections to this port, on whichever host, there are in the thread's network namespace. States: "01" is ESTABLISHED, "04" FIN_WAIT1, which
		/// still sends what its program has left behind.
	{
		std::ifstream file("/proc/thread-self/net/tcp");
		std::string line;
		std::getline(file, line);
		int result = 0;
		while (std::getline(file, line))
		{
			std::istringstream fields(line);
			std::string number, local, remote, state;
			fields >> number >> local >> remote >> state;
			if (state == pState && std::stoi(remote.substr(remote.find(':') + 1), nullptr, 16) == port) ++result;
		}
		return result;
	}
}


class NATSNodes: public ClusterTest
{
protected:
	NATSNodes():
		ClusterTest(Record::OF_EACH_PUBLISHER)
	{
	}

	void beginAt(const std::string& url)
	{
		pNodes = std::make_unique<Cluster>(url);
		begin(pNodes->ports(), {"c1", "c2"});
	}

	void allKnow()
		/// Waits until no node is healthy: what it has sent is decided.
	{
		for (std::size_t node = 0; node < 3; ++node)
		{
			EXPECT_TRUE(eventually([&]() { return pNodes->state(node).back() == '0'; })) << node;
		}
	}

	std::unique_ptr<Cluster> pNodes;
};


TEST_F(NATSNodes, WithoutAFault)
{
	NATSServer server;
	beginAt(server.url());
	for (int i = 0; i < (longForm() ? 100 : 10); ++i) flows("still");
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.missing + findings.uncertain);
}


TEST_F(NATSNodes, TheServerIsKilled)
{
	NATSServer server;
	beginAt(server.url());
	for (int i = 0; i < (longForm() ? 20 : 2); ++i)
	{
		server.kill();
		ASSERT_TRUE(pTraffic->refused()) << pTraffic->waits();
		server.start();
		flows("after kill -9 and a start of the server");
	}
	finish();
}


TEST_F(NATSNodes, TheServerStops)
{
	NATSServer server;
	beginAt(server.url());
	for (int i = 0; i < (longForm() ? 10 : 1); ++i)
	{
		server.stop();
		allKnow();
		server.cont();
		flows("after SIGSTOP and SIGCONT of the server");
	}
	finish();
}


TEST_F(NATSNodes, ANodeIsKilled)
{
	NATSServer server;
	beginAt(server.url());
	for (int i = 0; i < (longForm() ? 20 : 2); ++i)
	{
		(*pNodes)[0].kill();
		flows("between the others", {1, 2});
		(*pNodes)[0].start();
		flows("after kill -9 and a start of a node");
	}
	finish();
}


TEST_F(NATSNodes, ANodeStops)
{
	NATSServer server;
	beginAt(server.url());
	for (int i = 0; i < (longForm() ? 10 : 1); ++i)
	{
		(*pNodes)[0].stop();
		flows("between the others", {1, 2});
		(*pNodes)[0].cont();
		flows("after SIGSTOP and SIGCONT of a node");
	}
	const Findings findings = finish();
	EXPECT_EQ(0u, findings.missing) << "what the server had for it has come";
}


TEST_F(NATSNodes, TheNetworkDropsEverything)
{
	std::unique_ptr<NetworkSpaces> pSpaces;
	try
	{
		pSpaces = std::make_unique<NetworkSpaces>(1);
	}
	catch (const std::runtime_error& error)
	{
		GTEST_SKIP() << error.what();
	}
	std::unique_ptr<NATSServer> pServer;
	pSpaces->atServer([&]() { pServer = std::make_unique<NATSServer>(ServerProcess::Texts{"-a", "0.0.0.0"}); });
	beginAt("nats://" + pSpaces->server(0) + ':' + std::to_string(pServer->port()));
	for (int i = 0; i < (longForm() ? 5 : 1); ++i)
	{
		pSpaces->drop(0);
		allKnow();
		if (longForm())
		{
			EXPECT_TRUE(eventually([&]() { return connectionsTo(pServer->port(), "01") == 0; })) << "they are given up";
		}
		// What is in the kernel's queues of these must not come behind what is sent then
		pSpaces->restore(0);
		flows("after the network has dropped everything");
		EXPECT_TRUE(eventually([&]() { return connectionsTo(pServer->port(), "04") == 0; }));
		flows("when all has been sent");
	}
	finish();
	pNodes.reset();
}


class NATSHistoryNodes: public ClusterTest
	/// Channels with history.
{
protected:
	NATSHistoryNodes():
		server(NATSServer::jetStream()),
		nodes(server.url())
	{
		begin(nodes.ports(), {"h1", "h2"});
	}

	NATSServer server;
	Cluster nodes;
};


TEST_F(NATSHistoryNodes, WithoutAFault)
{
	for (int i = 0; i < (longForm() ? 100 : 10); ++i) flows("still");
	finish();
}


TEST_F(NATSHistoryNodes, TheServerIsKilled)
{
	for (int i = 0; i < (longForm() ? 20 : 2); ++i)
	{
		server.kill();
		ASSERT_TRUE(pTraffic->refused()) << pTraffic->waits();
		server.start();
		flows("after kill -9 and a start of the server");
	}
	finish();
}


TEST_F(NATSHistoryNodes, TheServerIsKilledAndLosesEverything)
{
	for (int i = 0; i < (longForm() ? 10 : 1); ++i)
	{
		server.kill();
		ASSERT_TRUE(pTraffic->refused()) << pTraffic->waits();
		server.clear();
		server.start();
		flows("after the server has lost everything");
	}
	finish(TOLD);
}


TEST_F(NATSHistoryNodes, TheServerStops)
{
	for (int i = 0; i < (longForm() ? 10 : 1); ++i)
	{
		server.stop();
		for (std::size_t node = 0; node < 3; ++node)
		{
			EXPECT_TRUE(eventually([&]() { return nodes.state(node).back() == '0'; })) << node;
		}
		server.cont();
		flows("after SIGSTOP and SIGCONT of the server");
	}
	finish();
}


TEST_F(NATSHistoryNodes, ANodeIsKilled)
{
	for (int i = 0; i < (longForm() ? 20 : 2); ++i)
	{
		nodes[0].kill();
		flows("between the others", {1, 2});
		nodes[0].start();
		flows("after kill -9 and a start of a node");
	}
	finish();
}


TEST_F(NATSHistoryNodes, ANodeAndTheServerAreKilled)
{
	for (int i = 0; i < (longForm() ? 10 : 1); ++i)
	{
		server.kill();
		nodes[0].kill();
		server.start();
		flows("between the others", {1, 2});
		nodes[0].start();
		flows("after kill -9 and a start of a node and the server");
	}
	finish();
}


TEST_F(NATSHistoryNodes, ANodeStops)
{
	for (int i = 0; i < (longForm() ? 10 : 1); ++i)
	{
		nodes[0].stop();
		flows("between the others", {1, 2});
		nodes[0].cont();
		flows("after SIGSTOP and SIGCONT of a node");
	}
	finish();
}
