//
// RedisPublisher.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisPublisher
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisPublisher.h"
#include "RedisShard.h"
#include "node/NodeFormat.h"
#include "Poco/Messaging/RedisBackplane.h"
#include "Poco/NumberParser.h"
#include <algorithm>
#include <unordered_map>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr std::size_t FEW_SCRIPTS = 2;    // on their way, if they are not full
	constexpr std::size_t MAX_SCRIPTS = 16;   // the same, if they are
	constexpr std::size_t AT_ONCE = 1024;     // publications without history that are answered together, at most
	constexpr std::size_t MAX_PUBLISHES = 4;  // the same, on their way
	constexpr std::size_t MAX_EVENT = 1024*1024; // bytes of publications that go out as one
}


RedisPublisher::RedisPublisher(RedisShard& shard):
	_shard(shard),
	_number(0)
{
}


bool RedisPublisher::publish(const std::string& channel, const ChannelOptions& options, const Publication& publication, const Receipt::Ptr& pReceipt)
{
	NodeFormat::Source source;
	source.node = _shard.node().number;
	source.number = ++_number;
	Item item{channel, options, publication.transaction, {}, pReceipt, source.number, RedisNode::wallClock(), 0};
	NodeFormat::append(item.frame, source, publication);
	const std::size_t size = item.frame.size() + channel.size() + sizeof(Item);
	auto& waiting = _shard.node().waitingBytes;
	if (waiting.fetch_add(size) + size > RedisBackplane::MAX_WAITING)
	{
		waiting -= size;
		return false;
	}
	bool first = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		first = _queue.empty();
		_queue.push_back(std::move(item));
	}
	if (first) _shard.node().loop.wake();
	return true;
}


void RedisPublisher::turn()
{
	std::vector<Item> queue;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		queue.swap(_queue);
	}
	for (Item& item: queue)
	{
		item.waits = _shard.node().now;
		(item.options.history() ? _stored : _ephemeral).push_back(std::move(item));
	}
	if (_shard.reachable())
	{
		sendStored();
		sendEphemeral();
	}
	else
	{
		if (_shard.node().pParams->getLocalWhenAway()) passLocally();
		refuse(_stored, false);
		refuse(_ephemeral, false);
	}
}


void RedisPublisher::sendStored()
	/// A call of the script costs the server more than what it does for a publication: so it carries what has come meanwhile.
{
	while (!_stored.empty() && _shard.reachable() && (_scripts < FEW_SCRIPTS || (_stored.size() >= RedisBackplane::BATCH && _scripts < MAX_SCRIPTS)))
	{
		auto pGroups = std::make_shared<Groups>(grouped(_stored, RedisBackplane::BATCH));
		RedisArguments arguments = _shard.beginning(RedisScript::PUBLISH);
		for (const Group& group: *pGroups)
		{
			const ChannelOptions& options = group.front().options;
			arguments.add(group.front().channel);
			arguments.add(static_cast<Poco::UInt64>(options.historySize));
			arguments.add(static_cast<Poco::UInt64>(options.historyTime));
			arguments.add(static_cast<Poco::UInt64>(std::max(options.positionTime, options.historyTime)));
			arguments.add(_shard.node().newEpoch());
			arguments.add(static_cast<Poco::UInt64>(group.size()));
			for (const Item& item: group)
			{
				arguments.add(item.transaction);
				arguments.add(item.frame);
				_shard.topics().expect(item.channel, item.number, item.pReceipt);
			}
		}
		++_scripts;
		_shard.commands().command(arguments, [this, pGroups](const redisReply* pReply)
		{
			--_scripts;
			stored(*pGroups, pReply);
		});
	}
}


RedisPublisher::Groups RedisPublisher::grouped(Queue& items, std::size_t count)
	/// Takes some, those of a channel together, in their order.
{
	Groups groups;
	std::unordered_map<std::string, std::size_t> places;
	std::size_t bytes = 0;
	for (; count > 0 && !items.empty() && bytes < MAX_EVENT; --count)
	{
		Item& item = items.front();
		bytes += item.frame.size();
		const auto place = places.try_emplace(item.channel, groups.size());
		if (place.second) groups.emplace_back();
		groups[place.first->second].push_back(std::move(item));
		items.pop_front();
	}
	return groups;
}


void RedisPublisher::stored(Groups& groups, const redisReply* pReply)
{
	const std::size_t count = pReply && pReply->type == REDIS_REPLY_ARRAY ? pReply->elements : 0;
	std::size_t i = 0;
	for (Group& group: groups)
	{
		Poco::UInt64 epoch = 0;
		if (i < count) Poco::NumberParser::tryParseUnsigned64(RedisConnection::text(pReply->element[i]), epoch);
		++i;
		for (Item& item: group)
		{
			const redisReply* const pOffset = i < count ? pReply->element[i] : nullptr;
			++i;
			const bool ok = epoch != 0 && pOffset && pOffset->type == REDIS_REPLY_INTEGER;
			const bool duplicate = ok && pOffset->integer < 0;
			_shard.topics().answered(item.number, ok && !duplicate);
			if (!ok) answer(item, Error::UNAVAILABLE);
			else answer(item, Error::NONE, {epoch, static_cast<Poco::UInt64>(duplicate ? -pOffset->integer : pOffset->integer)}, duplicate);
		}
	}
}


void RedisPublisher::sendEphemeral()
	/// One PUBLISH for those of a channel. The server replies in order: the last reply answers all.
{
	std::string topic;
	std::string frames;
	while (!_ephemeral.empty() && _shard.reachable() && _publishes < MAX_PUBLISHES)
	{
		auto pGroups = std::make_shared<Groups>(grouped(_ephemeral, AT_ONCE));
		++_publishes;
		for (const Group& group: *pGroups)
		{
			frames.clear();
			for (const Item& item: group)
			{
				_shard.topics().expect(item.channel, item.number, item.pReceipt);
				frames += item.frame;
			}
			topic.assign(_shard.topicPrefix()).append("s:").append(group.front().channel);
			const std::string event = NodeFormat::publications(Position(), group.front().queued, frames);
			RedisArguments arguments{"PUBLISH", topic, event};
			if (&group != &pGroups->back()) _shard.commands().post(arguments);
			else _shard.commands().command(arguments, [this, pGroups](const redisReply* pReply) { published(*pGroups, pReply); });
		}
	}
}


void RedisPublisher::published(Groups& groups, const redisReply* pReply)
{
	--_publishes;
	const bool ok = !RedisConnection::failed(pReply);
	for (Group& group: groups)
	{
		for (Item& item: group)
		{
			_shard.topics().answered(item.number, ok);
			answer(item, ok ? Error::NONE : Error::UNAVAILABLE);
		}
	}
}


void RedisPublisher::passLocally()
{
	while (!_ephemeral.empty())
	{
		Item item = std::move(_ephemeral.front());
		_ephemeral.pop_front();
		std::string_view frames(item.frame);
		NodeFormat::Source source;
		Publication::Ptr pPublication = NodeFormat::nextPublication(frames, source);
		pPublication->published = _shard.node().toLocal(item.queued);
		if (item.pReceipt) item.pReceipt->answer(Error::NONE, Position(), false);
		if (_shard.node().pSink) _shard.node().pSink->onPublication(item.channel, pPublication, item.pReceipt);
		item.pReceipt = nullptr;
		answer(item, Error::NONE);
	}
}


void RedisPublisher::refuse(Queue& items, bool all)
{
	while (!items.empty() && (all || _shard.node().now - items.front().waits >= RedisShard::WAIT_TIME))
	{
		Item item = std::move(items.front());
		items.pop_front();
		answer(item, Error::UNAVAILABLE);
	}
}


void RedisPublisher::refuseAll()
{
	turn();
	refuse(_stored, true);
	refuse(_ephemeral, true);
}


void RedisPublisher::answer(Item& item, Error error, const Position& position, bool duplicate)
{
	RedisNode& node = _shard.node();
	node.waitingBytes -= item.frame.size() + item.channel.size() + sizeof(Item);
	++(error == Error::NONE ? node.published : node.refused);
	const Receipt::Ptr pReceipt = std::move(item.pReceipt);
	if (pReceipt) Receipt::Ptr(pReceipt)->answer(error, position, duplicate);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
