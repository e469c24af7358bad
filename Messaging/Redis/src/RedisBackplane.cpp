//
// RedisBackplane.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisBackplane
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/RedisBackplane.h"
#include "RedisEngine.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	const RedisBackplaneParams::Ptr& checkedParams(const RedisBackplaneParams::Ptr& pParams)
	{
		if (!pParams) throw Poco::InvalidArgumentException("There are no parameters");
		return pParams;
	}
}


RedisBackplane::RedisBackplane(const std::string& url):
	RedisBackplane(RedisBackplaneParams::Ptr(new RedisBackplaneParams(url)))
{
}


RedisBackplane::RedisBackplane(const RedisBackplaneParams::Ptr& pParams):
	_pEngine(std::make_shared<RedisEngine>(checkedParams(pParams)))
{
}


RedisBackplane::~RedisBackplane()
{
	_pEngine->stop();
}


void RedisBackplane::start(const std::shared_ptr<BackplaneSink>& pSink)
{
	_pEngine->start(pSink);
}


void RedisBackplane::stop()
{
	_pEngine->stop();
}


Poco::UInt32 RedisBackplane::node() const
{
	return _pEngine->node();
}


bool RedisBackplane::up() const
{
	return _pEngine->up();
}


void RedisBackplane::subscribe(const std::string& channel, const ChannelOptions& options, const Positioned& done)
{
	_pEngine->post([&shard = _pEngine->shardOf(channel), channel, options, done]() { shard.subscribe(channel, options, done); });
}


void RedisBackplane::unsubscribe(const std::string& channel)
{
	_pEngine->post([&shard = _pEngine->shardOf(channel), channel]() { shard.unsubscribe(channel); });
}


void RedisBackplane::publish(const std::string& channel, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt)
{
	if (!_pEngine->shardOf(channel).publisher().publish(channel, options, *pPublication, pReceipt) && pReceipt)
		Receipt::Ptr(pReceipt)->answer(Error::BUSY, Position(), false);
}


void RedisBackplane::history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done)
{
	_pEngine->post([&shard = _pEngine->shardOf(channel), channel, options, query, done]() { shard.history(channel, options, query, done); });
}


void RedisBackplane::enter(const std::string& channel, const Member& member)
{
	_pEngine->post([&shard = _pEngine->shardOf(channel), channel, member]() { shard.members().enter(channel, member); });
}


void RedisBackplane::leave(const std::string& channel, const std::string& member)
{
	_pEngine->post([&shard = _pEngine->shardOf(channel), channel, member]() { shard.members().leave(channel, member); });
}


void RedisBackplane::presence(const std::string& channel, const PresenceDone& done)
{
	_pEngine->post([&shard = _pEngine->shardOf(channel), channel, done]() { shard.presence(channel, done); });
}


Error RedisBackplane::control(Poco::UInt32 node, const Control& control)
{
	return _pEngine->control(node, control);
}


void RedisBackplane::tick()
{
	_pEngine->tick();
}


RedisBackplane::Metrics RedisBackplane::metrics() const
{
	return _pEngine->metrics();
}


std::vector<Poco::Net::WebSocketMonitor::Metric> RedisBackplane::monitored() const
{
	const Metrics now = metrics();
	return
	{
		{"messaging_redis_servers", "Redis servers that this node uses.", false, now.servers},
		{"messaging_redis_connected_servers", "Those that can be reached.", false, now.connected},
		{"messaging_redis_waiting_bytes", "Bytes of publications that wait for a server.", false, now.waitingBytes},
		{"messaging_redis_reconnects", "Connections that were made again.", true, now.reconnects},
		{"messaging_redis_published", "Publications of this node that a server has taken.", true, now.published},
		{"messaging_redis_refused", "Those that were answered with an error.", true, now.refused},
		{"messaging_redis_commands", "Commands that were sent.", true, now.commands},
		{"messaging_redis_received", "Publications that have come from the servers.", true, now.received},
		{"messaging_redis_foreign", "Messages of other programs where nodes write.", true, now.foreign}
	};
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
