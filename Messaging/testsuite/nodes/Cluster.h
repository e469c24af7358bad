//
// Cluster.h
//
// Several nodes, as processes, and clients on all of them.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Cluster_INCLUDED
#define Cluster_INCLUDED


#include "ServerProcess.h"
#include "Traffic.h"
#include <gtest/gtest.h>
#include <functional>
#include <memory>
#include <set>
#include <string>
#include <vector>


bool longForm();
	/// Returns whether POCO_TEST_LONG is set: tests do more rounds.

bool eventually(const std::function<bool()>& condition, int seconds = 60);
	/// Waits until the condition is true.

void waitSeconds(int seconds);
	/// For what is longer than a limit.


class Cluster
	/// Processes of POCO_TEST_NODE (NodeProgram.h). Each has the same options.
{
public:
	explicit Cluster(const std::string& url, std::size_t count = 3, const ServerProcess::Texts& options = {});
		/// Starts nodes whose engine is there.

	explicit Cluster(const std::vector<std::string>& urls, const ServerProcess::Texts& options = {});
		/// Starts a node for each URL.

	ServerProcess& operator [] (std::size_t i);

	std::vector<Poco::UInt16> ports() const;

	static std::set<std::string> members(Poco::UInt16 port, const std::string& channel);
		/// Asks a node who is in a channel.

	std::string state(std::size_t i);
		/// Asks a node how it is: "NODE HEALTHY".

private:
	std::vector<std::unique_ptr<ServerProcess>> _processes;
};


class ClusterTest: public testing::Test
	/// What a test of nodes begins and ends with.
{
protected:
	explicit ClusterTest(Record::Order order = Record::ONE);

	void begin(const std::vector<Poco::UInt16>& ports, const std::vector<std::string>& channels = {"h1", "h2", "c1", "p1"}, std::size_t payload = 0);
		/// Starts clients on nodes: one publisher and two subscribers each; with POCO_TEST_TRAFFIC_JS, the path of traffic.js, as many in TypeScript, but for one subscriber.
		/// Returns when all get what all publish.

	void withUsers(const std::function<std::string(const std::string& name)>& user);
		/// To be called before begin(): what the user of a client is; several may be the same one. Nodes need "--secret=" + SECRET.

	void flows(const std::string& what, const std::set<std::size_t>& nodes = {});
		/// Waits until publications get through between all, and prints how long that took.

	enum Expected
	{
		ALL,  // is there: nothing was lost
		TOLD  // what was lost, with history
	};

	Findings finish(Expected expected = ALL);
		/// Ends the clients, and checks what they got.

	void membersAreRight(const Cluster& nodes, const std::string& channel = "p1");
		/// Waits until each node says that the subscribers are in the channel, and nobody else. For clients without users.

	void usersAreRight(const std::string& what, const Cluster& nodes, const std::set<std::size_t>& alive, const std::set<std::string>& users, const std::string& channel = "p1");
		/// Waits until each node that lives says that these users are in the channel, and nobody else, and the subscribers there were told the same. Prints how long that took.

	Record record;
	std::unique_ptr<Traffic> pTraffic;
	std::size_t subscribers = 0;

private:
	std::function<std::string(const std::string& name)> _token;
};


#endif // Cluster_INCLUDED
