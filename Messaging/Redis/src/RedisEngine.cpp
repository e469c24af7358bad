//
// RedisEngine.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisEngine
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisEngine.h"
#include "node/NodeFormat.h"
#include "Poco/Messaging/HubParams.h"
#include "Poco/Net/NetException.h"
#include <chrono>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr std::chrono::seconds END_TIME(2); // that the servers have for the end
	constexpr Poco::UInt32 UNCLAIMED = 0x80000000; // numbers that no server has given have this bit
}


RedisEngine::RedisEngine(const RedisBackplaneParams::Ptr& pParams):
	_node(pParams),
	_stage(STARTING),
	_started(false),
	_begun(0),
	_up(false),
	_connected(0),
	_commands(0),
	_reconnects(0),
	_claiming(false),
	_ends(0)
{
	for (const std::string& url: pParams->getURLs()) _shards.push_back(std::make_unique<RedisShard>(_node, RedisURL(url)));
}


RedisEngine::~RedisEngine()
{
}


void RedisEngine::start(const std::shared_ptr<BackplaneSink>& pSink)
{
	_node.pSink = pSink;
	_node.loop.start([pSelf = shared_from_this()]() { pSelf->turn(); });
	std::unique_lock<std::mutex> lock(_mutex);
	_started = true;
	_changed.wait(lock, [this]() { return _stage == RUNNING || !_problem.empty(); }); // tryToBegin() ends it in time
	if (_stage == RUNNING) return;
	const std::string problem = _problem;
	lock.unlock();
	stop();
	throw Poco::Net::NetException("Redis cannot be used", problem);
}


std::string RedisEngine::hosts() const
{
	std::string result;
	for (const std::string& url: _node.pParams->getURLs())
	{
		for (const RedisURL::Host& host: RedisURL(url).hosts) result += (result.empty() ? "" : ", ") + host.toString();
	}
	return result;
}


void RedisEngine::stop()
{
	{
		std::unique_lock<std::mutex> lock(_mutex);
		if (!_started || _stage == ENDED) return;
		if (!_node.loop.isCurrent())
		{
			const bool running = _stage == RUNNING;
			_stage = ENDING;
			if (running)
			{
				_node.loop.wake();
				_changed.wait_for(lock, END_TIME, [this]() { return _stage == ENDED; });
			}
		}
		_stage = ENDED;
		_tasks.clear();
	}
	const bool inside = _node.loop.isCurrent();
	_node.loop.stop();
	_up = false;
	_node.pSink.reset();
	if (inside) return; // this is called by what a connection has received: they end with the engine
	for (const auto& pShard: _shards) pShard->close();
}


void RedisEngine::post(Task&& task)
{
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_stage > RUNNING) return;
		_tasks.push_back(std::move(task));
	}
	_node.loop.wake();
}


void RedisEngine::turn()
{
	_node.now = HubParams::monotonic();
	std::vector<Task> tasks;
	Stage stage = STARTING;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		tasks.swap(_tasks);
		stage = _stage;
	}
	if (stage == ENDED) return;
	for (const Task& task: tasks) task();
	unsigned connected = 0;
	Poco::UInt64 commands = 0;
	Poco::UInt64 reconnects = 0;
	for (const auto& pShard: _shards)
	{
		pShard->turn();
		if (pShard->ready()) ++connected;
		commands += pShard->commandsSent();
		reconnects += pShard->reconnects();
	}
	_connected = connected;
	_commands = commands;
	_reconnects = reconnects;
	_up = connected == _shards.size();
	if (stage == STARTING) tryToBegin();
	if (stage == ENDING && _ends == 0) end();
}


//
// Beginning and end
//
void RedisEngine::tryToBegin()
	/// The node begins when all servers can be reached, or, if it need not wait for them, when one cannot, or none has said so in time.
{
	if (_begun == 0) _begun = _node.now;
	std::string problem;
	bool reachable = true;
	for (const auto& pShard: _shards)
	{
		reachable = reachable && pShard->reachable();
		if (problem.empty() && pShard->hopeless()) problem = pShard->problem();
	}
	if (problem.empty() && _node.now - _begun >= _node.pParams->getConnectTimeout().totalMilliseconds()) problem = hosts() + ": It did not answer in time";
	const bool claimed = _node.number != 0;
	if (claimed && _up) return begin();
	if (!claimed && reachable && !_claiming)
	{
		_claiming = true;
		_shards.front()->claimNumber([this](Poco::UInt32 number)
		{
			_claiming = false;
			if (number == 0 || _node.number != 0) return;
			_node.number = number;
			for (const auto& pShard: _shards) pShard->begin();
		});
	}
	if (problem.empty()) return;
	if (_node.pParams->getRetryAtStart())
	{
		if (!claimed)
		{
			_node.number = UNCLAIMED | static_cast<Poco::UInt32>(_node.newEpoch());
			for (const auto& pShard: _shards) pShard->begin();
		}
		return begin();
	}
	const std::lock_guard<std::mutex> lock(_mutex);
	_problem = problem;
	_changed.notify_all();
}


void RedisEngine::begin()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	if (_stage == STARTING) _stage = RUNNING;
	_changed.notify_all();
}


void RedisEngine::end()
{
	_ends = _shards.size();
	for (const auto& pShard: _shards)
	{
		pShard->end([this]()
		{
			if (--_ends > 0) return;
			const std::lock_guard<std::mutex> lock(_mutex);
			_stage = ENDED;
			_changed.notify_all();
		});
	}
}


//
// What it is asked
//
RedisShard& RedisEngine::shardOf(const std::string& channel)
{
	if (_shards.size() == 1) return *_shards.front();
	Poco::UInt64 hash = 14695981039346656037u; // FNV-1a
	for (const char c: channel) hash = (hash ^ static_cast<unsigned char>(c))*1099511628211u;
	return *_shards[jump(hash, _shards.size())];
}


std::size_t RedisEngine::jump(Poco::UInt64 hash, std::size_t count)
	/// Lamping and Veach, "A Fast, Minimal Memory, Consistent Hash Algorithm": another server at the end takes its part from each of the others.
{
	Poco::Int64 place = -1;
	Poco::Int64 next = 0;
	while (next < static_cast<Poco::Int64>(count))
	{
		place = next;
		hash = hash*2862933555777941757u + 1;
		next = static_cast<Poco::Int64>(static_cast<double>(place + 1)*(static_cast<double>(Poco::Int64(1) << 31)/static_cast<double>((hash >> 33) + 1)));
	}
	return static_cast<std::size_t>(place);
}


Error RedisEngine::control(Poco::UInt32 node, const Control& control)
{
	if (_connected == 0) return Error::UNAVAILABLE;
	bool known = false;
	for (const auto& pShard: _shards) known = known || pShard->mayHaveNode(node);
	post([this, topic = node == 0 ? std::string("c") : "c:" + std::to_string(node), event = NodeFormat::control(_node.number, control)]()
	{
		for (const auto& pShard: _shards)
		{
			if (!pShard->ready()) continue;
			return pShard->control(topic, event);
		}
	});
	return known ? Error::NONE : Error::DETACHED; // one that has just begun may be told nevertheless
}


void RedisEngine::tick()
{
	post([this]()
	{
		for (const auto& pShard: _shards) pShard->keep();
	});
}


Poco::UInt32 RedisEngine::node() const
{
	return _node.number;
}


bool RedisEngine::up() const
{
	return _up;
}


RedisBackplane::Metrics RedisEngine::metrics() const
{
	RedisBackplane::Metrics metrics;
	metrics.servers = static_cast<unsigned>(_shards.size());
	metrics.connected = _connected;
	metrics.reconnects = _reconnects;
	metrics.commands = _commands;
	metrics.published = _node.published;
	metrics.refused = _node.refused;
	metrics.received = _node.received;
	metrics.foreign = _node.foreigners;
	metrics.waitingBytes = _node.waitingBytes;
	return metrics;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
