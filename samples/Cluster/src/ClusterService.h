//
// ClusterService.h
//
// Definition of the ClusterService class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ClusterService_INCLUDED
#define ClusterService_INCLUDED


#include "ChatTokens.h"
#include "Child.h"
#include "SampleService.h"
#include "Watchers.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/TemporaryFile.h"
#include <condition_variable>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>


struct ClusterPorts
	/// Where everything listens, on 127.0.0.1.
{
	Poco::UInt16 balancer;
	std::vector<Poco::UInt16> nodes;
	Poco::UInt16 redis;
	Poco::UInt16 statistics; // the balancer's
};


class ClusterService: public SampleService
	/// Runs a Redis, three ChatServers and a balancer, shows them on a page, and kills and starts them as that says. All their files are in a folder that is removed.
{
public:
	ClusterService(const std::string& programs, const std::string& balancerAddress, const ClusterPorts& ports);
		/// programs: the folder of ChatServer and the balancer's configuration, with a slash at its end.

	~ClusterService() override;

	const ChatTokens& tokens() const;
		/// Returns what makes tokens that all nodes accept.

	void start(const ListeningPorts& ports) override;
		/// Returns when all can be used. Throws a Poco::ApplicationException if one does not start.

	void stop(const Poco::Timespan& patience) override;

	std::string more() const override;

private:
	struct Program
		/// One that runs, and what was last known of it.
	{
		std::string name;
		Poco::UInt16 port = 0;
		std::unique_ptr<Child> pChild;
		bool ready = false;
		bool draining = false;
		std::string health;           // what it says itself, if it is not ready
		Poco::JSON::Object figures;
	};

	using Job = std::function<void()>;

	void write(const std::string& name, const std::string& text);
	void run();
	void look();
	void lookAtNode(Program& node);
	void lookAtRedis();
	void lookAtBalancer();
	void await(const Program& program, const std::function<bool()>& ready);
	void command(const std::string& text);
	void order(const std::string& what, const std::string& name);
	Program* program(const std::string& name);
	void post(const Job& job);
	void show();
	std::string state();

	const ClusterPorts _ports;
	const std::string _balancerAddress;
	const std::string _secret;
	const ChatTokens _tokens;
	Poco::TemporaryFile _folder;
	std::vector<Program> _nodes;
	Program _redis;
	Program _balancer;
	std::unique_ptr<Watchers> _pWatchers;
	std::mutex _mutex;
	std::condition_variable _changed;
	std::deque<Job> _jobs;
	bool _show = false;
	bool _end = false;
	std::thread _thread; // starts and watches the others
	Poco::Net::WebSocketServer _server;
};


#endif // ClusterService_INCLUDED
