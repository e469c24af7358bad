//
// RedisEngine.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisEngine
//
// What a RedisBackplane stands on.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisEngine_INCLUDED
#define Messaging_RedisEngine_INCLUDED


#include "RedisShard.h"
#include "Poco/Messaging/RedisBackplane.h"
#include <condition_variable>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisEngine: public std::enable_shared_from_this<RedisEngine>
	/// The servers, and the thread that speaks with them. Calls of other threads become tasks of that.
{
public:
	explicit RedisEngine(const RedisBackplaneParams::Ptr& pParams);
	~RedisEngine();

	void start(const std::shared_ptr<BackplaneSink>& pSink);
	void stop();

	using Task = std::function<void()>;
	void post(Task&& task);
		/// Has it done by the loop's thread. Nothing is done after stop().

	RedisShard& shardOf(const std::string& channel);
	Error control(Poco::UInt32 node, const Control& control);
	void tick();
	Poco::UInt32 node() const;
	bool up() const;
	RedisBackplane::Metrics metrics() const;

private:
	enum Stage
	{
		STARTING,
		RUNNING,
		ENDING,
		ENDED
	};

	std::string hosts() const;
	void turn();
	void tryToBegin();
	void begin();
	void end();
	static std::size_t jump(Poco::UInt64 hash, std::size_t count);

	RedisNode _node;
	std::vector<std::unique_ptr<RedisShard>> _shards;
	mutable std::mutex _mutex; // for what follows
	std::condition_variable _changed;
	std::vector<Task> _tasks;
	Stage _stage;
	std::string _problem;
	bool _started;
	Time _begun;       // when the loop's thread has; 0: not yet
	std::atomic<bool> _up;
	std::atomic<unsigned> _connected;
	std::atomic<Poco::UInt64> _commands;
	std::atomic<Poco::UInt64> _reconnects;
	bool _claiming;    // by the loop's thread, as what follows
	std::size_t _ends; // servers that have not answered the end
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisEngine_INCLUDED
