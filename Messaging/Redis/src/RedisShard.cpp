//
// RedisShard.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisShard
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisShard.h"
#include "node/NodeFormat.h"
#include "Poco/Logger.h"
#include "Poco/Messaging/HubParams.h"
#include "Poco/NumberParser.h"
#include "Poco/Timestamp.h"
#include <algorithm>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr unsigned MAX_UNHEARD = 5; // heartbeats that do not come back
	constexpr std::size_t KEPT_AT_ONCE = 512;
	constexpr Poco::UInt64 MAX_EPOCH = (Poco::UInt64(1) << 53) - 1; // a script's numbers are doubles
}


//
// RedisNode
//
RedisNode::RedisNode(const RedisBackplaneParams::Ptr& pParameters):
	pParams(pParameters),
	_wallOffset(wallClock() - pParameters->getClock()()),
	_random(std::random_device()())
{
}


Poco::UInt64 RedisNode::newEpoch()
{
	return _random() % MAX_EPOCH + 1;
}


void RedisNode::foreign(const std::string& where)
{
	if (foreigners++ == 0) Poco::Logger::get("Messaging.Redis").warning("Another program has written into the " + where + ": it was dropped. Further ones are counted, and not logged");
}


Time RedisNode::toLocal(Time wall) const
{
	return wall - _wallOffset;
}


Time RedisNode::wallClock()
{
	return Poco::Timestamp().epochMicroseconds()/1000;
}


//
// RedisShard
//
RedisShard::RedisShard(RedisNode& node, const RedisURL& url):
	_node(node),
	_prefix(node.pParams->getPrefix()),
	_topicPrefix(_prefix + (url.database == 0 ? "" : std::to_string(url.database) + ':')), // databases do not separate PUB/SUB
	_commands(node.loop, url, *node.pParams, *this),
	_subscriptions(node.loop, url, *node.pParams, *this),
	_topics(*this),
	_publisher(*this),
	_members(*this)
{
}


void RedisShard::turn()
{
	_commands.turn(_node.now);
	_subscriptions.turn(_node.now);
	_topics.turn();
	if (!_begun) return;
	_publisher.turn();
	_members.turn();
	if (_commands.ready() && _node.now >= _nextBeat) beat();
}


bool RedisShard::reachable() const
{
	return _commands.ready();
}


bool RedisShard::ready() const
{
	return _commands.ready() && _subscriptions.ready() && _topics.listens();
}


bool RedisShard::hopeless() const
{
	return (!_commands.ready() && _commands.hopeless()) || (!_subscriptions.ready() && _subscriptions.hopeless());
}


std::string RedisShard::problem() const
{
	return _commands.problem().empty() ? _subscriptions.problem() : _commands.problem();
}


Poco::UInt64 RedisShard::reconnects() const
{
	return _commands.losses + _subscriptions.losses;
}


Poco::UInt64 RedisShard::commandsSent() const
{
	return _commands.commands + _subscriptions.commands;
}


void RedisShard::onReady(RedisConnection& connection)
{
	if (&connection == &_subscriptions)
	{
		if (_begun) _topics.ready();
		return;
	}
	for (const RedisScript* pScript: RedisScript::all())
	{
		RedisArguments arguments{"SCRIPT", "LOAD", pScript->text};
		_commands.command(arguments, [this](const redisReply* pReply)
		{
			if (pReply && RedisConnection::failed(pReply)) _commands.lose(RedisConnection::text(pReply));
		});
	}
	if (!_begun) return;
	_nextBeat = 0;
	_topics.check();
	_members.sayAgain();
	_topics.reachable();
}


void RedisShard::onLost(RedisConnection& connection)
{
	if (&connection == &_subscriptions) return _topics.lost();
	_members.lost();
	_unheard = MAX_UNHEARD - 2; // the other one may be silent too
	if (_lastBeat != 0) _lastBeat = _node.now;
	_heartbeats.clear();
}


void RedisShard::claimNumber(const std::function<void(Poco::UInt32 number)>& done)
{
	RedisArguments arguments = beginning(RedisScript::NUMBER);
	_commands.command(arguments, [done](const redisReply* pReply)
	{
		done(pReply && pReply->type == REDIS_REPLY_INTEGER ? static_cast<Poco::UInt32>(pReply->integer) : 0);
	});
}


void RedisShard::begin()
{
	_begun = true;
	_topics.begin();
	if (_commands.ready()) beat();
}


void RedisShard::end(const std::function<void()>& done)
{
	_begun = false;
	_publisher.refuseAll();
	if (!_commands.ready()) return done();
	bury(std::to_string(_node.number), "", done);
}


void RedisShard::close()
{
	_commands.close();
	_subscriptions.close();
}


//
// Scripts
//
RedisArguments RedisShard::beginning(const RedisScript& script) const
{
	return RedisArguments{"EVALSHA", script.sha, "0", _prefix, _topicPrefix};
}


bool RedisShard::parse(const redisReply* pReply, Poco::UInt64& number)
{
	return Poco::NumberParser::tryParseUnsigned64(RedisConnection::text(pReply), number);
}


void RedisShard::read(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, Time keep, const Position& seen, Time seenTime, const Read& done)
{
	if (!_commands.ready()) return done(false, HistoryResult(), 0);
	RedisArguments arguments = beginning(RedisScript::READ);
	arguments.add(channel);
	arguments.add(static_cast<Poco::UInt64>(std::max(options.positionTime, options.historyTime)));
	arguments.add(static_cast<Poco::UInt64>(keep));
	arguments.add(_node.newEpoch());
	if (query.hasSince && query.since.epoch == 0) arguments.add("none");
	else arguments.add(query.hasSince ? query.since.epoch : 0);
	arguments.add(query.since.offset);
	arguments.add(static_cast<Poco::UInt64>(query.limit));
	arguments.add(static_cast<Poco::UInt64>(query.maxBytes));
	arguments.add(static_cast<Poco::UInt64>(options.historySize));
	arguments.add(static_cast<Poco::UInt64>(options.historyTime));
	arguments.add(seen.epoch);
	arguments.add(seen.offset);
	arguments.add(static_cast<Poco::UInt64>(seenTime));
	_commands.command(arguments, [this, channel, done](const redisReply* pReply)
	{
		HistoryResult result;
		Time lastTime = 0;
		bool ok = pReply && pReply->type == REDIS_REPLY_ARRAY && pReply->elements == 3 && pReply->element[2]->type == REDIS_REPLY_ARRAY &&
			parse(pReply->element[0], result.position.epoch) && parse(pReply->element[1], result.position.offset);
		for (std::size_t i = 0; ok && i < pReply->element[2]->elements; ++i)
		{
			const redisReply& entry = *pReply->element[2]->element[i];
			Poco::UInt64 time = 0;
			if (entry.type != REDIS_REPLY_ARRAY || entry.elements != 3 || !parse(entry.element[1], time)) continue;
			std::string_view frame(entry.element[2]->str, static_cast<std::size_t>(entry.element[2]->len));
			NodeFormat::Source source;
			Publication::Ptr pPublication = NodeFormat::nextPublication(frame, source);
			if (!pPublication)
			{
				_node.foreign("history of \"" + channel + '"');
				continue;
			}
			pPublication->position = {result.position.epoch, static_cast<Poco::UInt64>(entry.element[0]->integer)};
			pPublication->published = _node.toLocal(static_cast<Time>(time));
			if (pPublication->position == result.position) lastTime = static_cast<Time>(time);
			result.publications.push_back(pPublication);
		}
		done(ok, result, lastTime);
	});
}


void RedisShard::history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done)
{
	read(channel, options, query, 0, Position(), 0, [this, done](bool ok, const HistoryResult& result, Time)
	{
		if (!_node.pSink) return;
		if (ok) return done(result);
		HistoryResult none;
		none.error = Error::UNAVAILABLE;
		done(none);
	});
}


void RedisShard::presence(const std::string& channel, const PresenceDone& done)
{
	PresenceResult none;
	none.error = Error::UNAVAILABLE;
	if (!_commands.ready()) return done(none);
	_members.turn(); // the answer has those who came before
	const std::string key = _prefix + "p:" + channel;
	RedisArguments arguments{"HGETALL", key};
	_commands.command(arguments, [this, channel, done, none](const redisReply* pReply)
	{
		if (!_node.pSink) return;
		if (RedisConnection::failed(pReply) || pReply->type != REDIS_REPLY_ARRAY) return done(none);
		PresenceResult result;
		for (std::size_t i = 1; i < pReply->elements; i += 2)
		{
			const std::string_view value(pReply->element[i]->str, static_cast<std::size_t>(pReply->element[i]->len));
			const std::size_t bar = value.find('|');
			Member member;
			if (bar != std::string_view::npos && NodeFormat::parseJoined(value.substr(bar + 1), member)) result.members.push_back(std::move(member));
			else _node.foreign("presence of \"" + channel + '"');
		}
		done(result);
	});
}


void RedisShard::control(const std::string& topic, const std::string& event)
{
	const std::string name = _topicPrefix + topic;
	RedisArguments arguments{"PUBLISH", name, event};
	_commands.command(arguments, [](const redisReply*) {});
}


void RedisShard::found(std::string_view node)
	/// "NUMBER HEARTBEAT"
{
	const std::size_t space = node.find(' ');
	if (space == std::string_view::npos) return;
	const std::string number(node.substr(0, space));
	if (number == std::to_string(_node.number)) return;
	_heartbeats.found(number, std::string(node.substr(space + 1)), _node.now);
}


void RedisShard::subscribe(const std::string& channel, const ChannelOptions& options, const Backplane::Positioned& done)
{
	_topics.subscribe(channel, options, done);
}


void RedisShard::unsubscribe(const std::string& channel)
{
	_topics.unsubscribe(channel);
}


//
// Heartbeats
//
void RedisShard::beat()
{
	_nextBeat = _node.now + RedisHeartbeats::INTERVAL;
	RedisArguments arguments = beginning(RedisScript::BEAT);
	arguments.add(_node.number);
	_commands.command(arguments, [this](const redisReply* pReply) { beaten(pReply); });
	_members.saySome();
}


void RedisShard::keep()
{
	if (!_commands.ready()) return;
	const auto due = _topics.due(_node.pParams->getClock()());
	for (std::size_t i = 0; i < due.size();)
	{
		RedisArguments kept = beginning(RedisScript::KEEP);
		for (const std::size_t end = std::min(i + KEPT_AT_ONCE, due.size()); i < end; ++i)
		{
			kept.add(due[i].first);
			kept.add(static_cast<Poco::UInt64>(due[i].second));
		}
		_commands.command(kept, [](const redisReply*) {});
	}
}


void RedisShard::beaten(const redisReply* pReply)
{
	if (!pReply || pReply->type != REDIS_REPLY_ARRAY || pReply->elements != 2 || pReply->element[1]->type != REDIS_REPLY_ARRAY) return;
	const bool known = pReply->element[0]->integer == 1;
	if (!known && _lastBeat != 0) _members.sayAgain(); // the others, or the server, have taken this node for dead
	// What the server sends to subscribers has to come as well: a fail-over may have left them at a server that is none any more.
	_unheard = _topics.heard() >= _lastBeat ? 0 : _unheard + 1;
	_lastBeat = _node.now;
	if (_unheard >= MAX_UNHEARD && _subscriptions.ready())
	{
		_unheard = 0;
		_subscriptions.lose("Heartbeats do not come back");
	}
	RedisHeartbeats::Counts others;
	const redisReply& list = *pReply->element[1];
	for (std::size_t i = 0; i + 1 < list.elements; i += 2)
	{
		const std::string number = RedisConnection::text(list.element[i]);
		if (number != std::to_string(_node.number)) others.emplace_back(number, RedisConnection::text(list.element[i + 1]));
	}
	const RedisHeartbeats::Counts dead = _heartbeats.see(others, _node.now);
	_nextBeat = std::min(_nextBeat, _heartbeats.due()); // to see a dead one when it is dead, not up to an interval later
	for (const auto& one: dead) bury(one.first, one.second, []() {});
}


void RedisShard::bury(const std::string& number, const std::string& heartbeat, const std::function<void()>& done)
{
	RedisArguments arguments = beginning(RedisScript::BURY);
	arguments.add(number);
	arguments.add(heartbeat);
	_commands.command(arguments, [this, number, heartbeat, done](const redisReply* pReply)
	{
		if (pReply && pReply->type == REDIS_REPLY_INTEGER && pReply->integer == 1) bury(number, heartbeat, done);
		else done();
	});
}


bool RedisShard::mayHaveNode(Poco::UInt32 number) const
{
	return number == 0 ? _heartbeats.any() : _heartbeats.has(std::to_string(number));
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
