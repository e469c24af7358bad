//
// ClusterService.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ClusterService.h"
#include "Engine.h"
#include "PageFactory.h"
#include "Poco/Exception.h"
#include "Poco/JSON/Parser.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/IPAddress.h"
#include "Poco/StringTokenizer.h"
#include "Poco/Thread.h"
#include "Poco/UUIDGenerator.h"
#include <csignal>
#include <fstream>
#include <sstream>
#include <sys/stat.h>


using Poco::JSON::Array;
using Poco::JSON::Object;
using Poco::Net::HTTPServerRequest;
using Poco::Net::IPAddress;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketPreparedMessage;
using Poco::Net::WebSocketServerCallbacks;


namespace
{
	constexpr auto LOOK_EVERY = std::chrono::milliseconds(500);
	constexpr int PATIENCE = 20*1000;     // ms, with a program that starts
	constexpr int STEP = 50;              // ms
	constexpr const char* DRAIN = "4";    // s; the balancer notices within one


	std::string addressOf(Poco::UInt16 port)
	{
		return "127.0.0.1:" + std::to_string(port);
	}


	std::string bindsOf(const std::string& host, Poco::UInt16 port)
		/// Where the balancer listens: on 127.0.0.1 in any case, since the watchers come from there.
	{
		if (host == "127.0.0.1" || IPAddress(host).isWildcard()) return host + ":" + std::to_string(port);
		return host + ":" + std::to_string(port) + "," + addressOf(port);
	}


	std::string hostForURL(const std::string& host)
	{
		const IPAddress address(host);
		if (address.isWildcard() || host == "127.0.0.1") return "localhost";
		return address.family() == IPAddress::IPv6 ? "[" + host + "]" : host;
	}


	Object parseObject(const std::string& text)
	{
		return *Poco::JSON::Parser().parse(text).extract<Object::Ptr>();
	}


	std::string sample(const std::string& metrics, const std::string& name)
		/// Returns the value of a metric without labels.
	{
		const std::size_t begin = metrics.find("\n" + name + " ");
		if (begin == std::string::npos) return "0";
		const std::size_t value = begin + name.size() + 2;
		return metrics.substr(value, metrics.find('\n', value) - value);
	}


	std::vector<std::string> fieldsOf(const std::string& line)
	{
		const Poco::StringTokenizer fields(line, ",");
		return std::vector<std::string>(fields.begin(), fields.end());
	}
}


ClusterService::ClusterService(const std::string& programs, const std::string& balancerAddress, const ClusterPorts& ports):
	_ports(ports),
	_balancerAddress(balancerAddress),
	_secret(Poco::UUIDGenerator::defaultGenerator().createRandom().toString()),
	_tokens(_secret)
{
	_folder.createDirectories();
	if (chmod(_folder.path().c_str(), S_IRWXU) != 0) throw Poco::FileException(_folder.path()); // the secret is in it
	write("secret", _secret + "\n");
	_redis.name = "redis";
	_redis.port = ports.redis;
	_redis.pChild = std::make_unique<Child>(_folder.path() + "/redis.log", std::vector<std::string>{"redis-server", "--bind", "127.0.0.1", "--port", std::to_string(ports.redis),
		"--dir", _folder.path(), "--appendonly", "yes", "--save", ""});
	std::vector<std::string> addresses{"CHAT=" + bindsOf(balancerAddress, ports.balancer), "STATS=" + addressOf(ports.statistics)};
	for (const Poco::UInt16 port: ports.nodes)
	{
		const std::string number = std::to_string(_nodes.size() + 1);
		Program node;
		node.name = "n" + number;
		node.port = port;
		node.pChild = std::make_unique<Child>(_folder.path() + "/" + node.name + ".log", std::vector<std::string>{programs + "ChatServer", "--name=" + node.name,
			"--port=" + std::to_string(port), "--redis=redis://" + addressOf(ports.redis) + "/0", "--secret=" + _folder.path() + "/secret", std::string("--drain=") + DRAIN, "--trusted-proxy=127.0.0.1"});
		_nodes.push_back(std::move(node));
		addresses.push_back("NODE" + number + "=" + addressOf(port));
	}
	_balancer.name = "balancer";
	_balancer.port = ports.balancer;
	_balancer.pChild = std::make_unique<Child>(_folder.path() + "/balancer.log", std::vector<std::string>{"haproxy", "-db", "-f", programs + "haproxy.cfg"}, addresses);
}


ClusterService::~ClusterService()
{
	stop(Poco::Timespan());
}


const ChatTokens& ClusterService::tokens() const
{
	return _tokens;
}


std::string ClusterService::more() const
{
	return "The chat is on http://" + hostForURL(_balancerAddress) + ":" + std::to_string(_ports.balancer) + "/, through HAProxy. ^C ends all.";
}


void ClusterService::write(const std::string& name, const std::string& text)
{
	std::ofstream file(_folder.path() + "/" + name, std::ios::binary);
	file << text;
	file.close();
	if (!file) throw Poco::WriteFileException(_folder.path() + "/" + name);
}


void ClusterService::start(const ListeningPorts& ports)
{
	_redis.pChild->start();
	await(_redis, [this] { return !redisInfo(_redis.port).empty(); });
	for (Program& node: _nodes) node.pChild->start();
	for (Program& node: _nodes) await(node, [&node] { std::string body; return get(node.port, "/health/ready", body); });
	_balancer.pChild->start();
	await(_balancer, [this] { std::string body; return get(_balancer.port, "/", body); });

	std::vector<std::string> names;
	for (const Program& node: _nodes) names.push_back(node.name);
	_pWatchers = std::make_unique<Watchers>("ws://" + addressOf(_balancer.port), names,
		[this] { return _tokens.forPerson("watcher"); }, [this] { show(); });
	_pWatchers->start();

	WebSocketServerCallbacks callbacks;
	callbacks.onOpen = [this](WebSocketConnection&, HTTPServerRequest&) { show(); };
	callbacks.onMessage = [this](WebSocketConnection&, std::string_view message, WebSocketFrame::Opcode)
	{
		post([this, text = std::string(message)] { command(text); });
	};
	_server.addRoute("/", callbacks);
	_server.setHTTP(new PageFactory);
	for (const auto& port: ports) _server.listen(port);
	_server.start();
	_thread = std::thread(&ClusterService::run, this);
}


void ClusterService::await(const Program& program, const std::function<bool()>& ready)
{
	for (int waited = 0; !ready(); waited += STEP)
	{
		if (!program.pChild->running() || waited > PATIENCE)
		{
			const std::string how = program.pChild->running() ? "is not ready" : program.pChild->last();
			throw Poco::ApplicationException(program.name + " on port " + std::to_string(program.port) + " " + how + ": " + program.pChild->lastWords());
		}
		Poco::Thread::sleep(STEP);
	}
}


void ClusterService::stop(const Poco::Timespan& patience)
{
	if (_thread.joinable())
	{
		{
			std::lock_guard<std::mutex> lock(_mutex);
			_end = true;
		}
		_changed.notify_one();
		_thread.join(); // which kills what it has started, too: see Child
	}
	_pWatchers.reset();
	_balancer.pChild->end(SIGTERM);
	for (Program& node: _nodes) node.pChild->end(SIGKILL); // nobody is left who could come back
	_redis.pChild->end(SIGTERM);
	_server.drain(patience);
	_server.stop();
}


//
// The thread that watches
//
void ClusterService::run()
{
	std::unique_lock<std::mutex> lock(_mutex);
	auto due = std::chrono::steady_clock::now();
	while (!_end)
	{
		_changed.wait_until(lock, due, [this] { return _end || _show || !_jobs.empty(); });
		std::deque<Job> jobs;
		jobs.swap(_jobs);
		bool show = _show || !jobs.empty();
		_show = false;
		lock.unlock();
		for (const Job& job: jobs) job();
		if (std::chrono::steady_clock::now() >= due)
		{
			due = std::chrono::steady_clock::now() + LOOK_EVERY;
			look();
			show = true;
			std::vector<bool> ready;
			for (const Program& node: _nodes) ready.push_back(node.ready);
			_pWatchers->setReady(ready);
		}
		if (show) _server.broadcast(WebSocketPreparedMessage::text(state()));
		lock.lock();
	}
}


void ClusterService::look()
{
	for (Program& node: _nodes) lookAtNode(node);
	lookAtRedis();
	lookAtBalancer();
}


void ClusterService::lookAtNode(Program& node)
{
	node.ready = false;
	node.health.clear();
	node.figures.clear();
	if (!node.pChild->running()) node.draining = false;
	std::string text;
	if (!node.pChild->running()) return;
	node.ready = get(node.port, "/health/ready", node.health);
	if (!get(node.port, "/connections", text)) return;
	try
	{
		const Object connections = parseObject(text);
		Array users;
		for (const auto& entry: *connections.getArray("connections"))
		{
			const Object::Ptr pConnection = entry.extract<Object::Ptr>();
			if (pConnection->getValue<std::string>("session").empty()) continue; // a request of HTTP, or not connected yet
			Object user;
			user.set("user", pConnection->getValue<std::string>("user"));
			user.set("session", pConnection->getValue<std::string>("session"));
			user.set("since", pConnection->getValue<Poco::Int64>("since"));
			users.add(user);
		}
		node.figures.set("users", users);
		node.figures.set("total", connections.getValue<int>("total"));
	}
	catch (Poco::Exception&)
	{
		return; // it has ended in the middle of the answer
	}
	if (!get(node.port, "/metrics", text)) return;
	node.figures.set("sessions", sample(text, "messaging_sessions"));
	node.figures.set("published", sample(text, "messaging_published_total"));
	node.figures.set("delivered", sample(text, "messaging_delivered_total"));
}


void ClusterService::lookAtRedis()
{
	std::map<std::string, std::string> info = redisInfo(_redis.port);
	_redis.ready = _redis.pChild->running() && !info.empty();
	_redis.figures.clear();
	for (const auto& [name, title]: {std::pair("redis_version", "version"), {"instantaneous_ops_per_sec", "commands"}, {"used_memory_human", "memory"}, {"connected_clients", "clients"}})
		_redis.figures.set(title, info[name]);
}


void ClusterService::lookAtBalancer()
	/// What it thinks of the nodes: fields of its statistics have names in the first line.
{
	std::string text;
	_balancer.figures.clear();
	_balancer.ready = get(_ports.statistics, "/;csv", text);
	std::istringstream lines(text);
	std::string line;
	std::getline(lines, line);
	const std::vector<std::string> names = fieldsOf(line);
	while (std::getline(lines, line))
	{
		const std::vector<std::string> fields = fieldsOf(line);
		if (fields.size() < 2 || fields[0] != "nodes") continue;
		Object server;
		for (std::size_t i = 2; i < std::min(fields.size(), names.size()); ++i)
		{
			if (names[i] == "status" || names[i] == "scur" || names[i] == "stot") server.set(names[i], fields[i]);
		}
		_balancer.figures.set(fields[1], server);
	}
}


//
// What the page says
//
void ClusterService::command(const std::string& text)
{
	try
	{
		const Object message = parseObject(text);
		order(message.getValue<std::string>("do"), message.optValue<std::string>("to", ""));
	}
	catch (Poco::Exception&)
	{
		// nobody but the page says something
	}
}


void ClusterService::order(const std::string& what, const std::string& name)
{
	if (what == "traffic") return _pWatchers->setTraffic(name == "on");
	Program* const pProgram = program(name);
	if (!pProgram) return;
	if (what == "kill") pProgram->pChild->end(SIGKILL);
	else if (what == "start") pProgram->pChild->start();
	else if (what == "drain" && pProgram != &_redis)
	{
		pProgram->draining = pProgram->pChild->running();
		pProgram->pChild->signal(SIGTERM);
	}
	else if (what == "send" && pProgram != &_redis) _pWatchers->send(static_cast<std::size_t>(pProgram - _nodes.data()));
	if (!pProgram->pChild->running())
	{
		pProgram->ready = pProgram->draining = false;
		pProgram->figures.clear();
	}
}


ClusterService::Program* ClusterService::program(const std::string& name)
{
	if (name == _redis.name) return &_redis;
	for (Program& node: _nodes)
	{
		if (node.name == name) return &node;
	}
	return nullptr;
}


void ClusterService::post(const Job& job)
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_jobs.push_back(job);
	}
	_changed.notify_one();
}


void ClusterService::show()
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_show = true;
	}
	_changed.notify_one();
}


std::string ClusterService::state()
{
	const auto describe = [](Program& program)
	{
		Object object;
		const bool running = program.pChild->running();
		object.set("name", program.name);
		object.set("port", program.port);
		object.set("state", !running ? "dead" : program.draining ? "draining" : program.ready ? "ready" : "not ready");
		object.set("process", static_cast<int>(program.pChild->id()));
		object.set("last", running ? "" : program.pChild->last());
		object.set("words", running ? "" : program.pChild->lastWords());
		object.set("health", program.ready ? "" : program.health);
		object.set("figures", program.figures);
		return object;
	};
	Array nodes;
	for (Program& node: _nodes) nodes.add(describe(node));
	Object object;
	object.set("nodes", nodes);
	object.set("redis", describe(_redis));
	object.set("balancer", describe(_balancer));
	object.set("watchers", _pWatchers->state());
	std::ostringstream stream;
	object.stringify(stream);
	return stream.str();
}
