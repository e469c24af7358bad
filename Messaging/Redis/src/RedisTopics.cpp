//
// RedisTopics.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisTopics
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisTopics.h"
#include "RedisShard.h"
#include "node/NodeFormat.h"
#include <algorithm>
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Time COMPARE_AFTER = 6000; // ms: by then the other nodes have said who is there, if the server has forgotten it
	constexpr Time RETURN_TIME = 2000;   // ms that an answered publication may take to come back
	constexpr Time SWEEP_INTERVAL = 1000;

	Time positionTime(const ChannelOptions& options)
	{
		return std::max(options.positionTime, options.historyTime);
	}
}


RedisTopics::RedisTopics(RedisShard& shard):
	_shard(shard)
{
}


RedisTopics::~RedisTopics()
{
}


std::string RedisTopics::nameOf(const std::string& channel) const
{
	return _shard.topicPrefix() + "s:" + channel;
}


RedisTopics::Topic& RedisTopics::add(const std::string& channel, const std::string& name)
{
	auto& pTopic = _topics[name];
	if (!pTopic)
	{
		pTopic = std::make_unique<Topic>();
		pTopic->pTopics = this;
		pTopic->name = name;
		pTopic->channel = channel;
	}
	return *pTopic;
}


RedisTopics::Topic* RedisTopics::find(const std::string& name)
{
	const auto it = _topics.find(name);
	return it == _topics.end() ? nullptr : it->second.get();
}


void RedisTopics::begin()
{
	// What is for this node, and what is for all
	for (const std::string& name: {_shard.topicPrefix() + "c:" + std::to_string(_shard.node().number), _shard.topicPrefix() + 'c'}) advance(add("", name));
}


void RedisTopics::subscribe(const std::string& channel, const ChannelOptions& options, const Backplane::Positioned& done)
{
	Topic& topic = add(channel, nameOf(channel));
	topic.wanted = true;
	topic.options = options;
	topic.waiting.push_back({done, _shard.node().now});
	if (options.presence && options.joinLeave && !topic.pMembers) topic.pMembers = std::make_unique<Members>();
	_waits.emplace_back(_shard.node().now + RedisShard::WAIT_TIME, topic.name);
	if (topic.state == ON) subscribed(topic);
	else advance(topic);
}


void RedisTopics::unsubscribe(const std::string& channel)
{
	Topic* const pTopic = find(nameOf(channel));
	if (!pTopic || !pTopic->wanted) return;
	pTopic->wanted = false;
	pTopic->gap = false;
	pTopic->seen = Position();
	pTopic->pMembers.reset();
	if (pTopic->options.history() && _shard.reachable())
	{
		// From now on its position is kept for as long as was promised
		RedisArguments arguments = _shard.beginning(RedisScript::KEEP);
		arguments.add(channel);
		arguments.add(static_cast<Poco::UInt64>(positionTime(pTopic->options)));
		_shard.commands().command(arguments, [](const redisReply*) {});
	}
	answer(*pTopic, Error::UNAVAILABLE, Position());
	advance(*pTopic);
}


void RedisTopics::advance(Topic& topic)
	/// Brings it nearer to what is wanted. It may be gone then.
{
	if (!_shard.subscriptions().ready()) topic.state = OFF;
	else if (topic.state == OFF && topic.wanted)
	{
		topic.state = SUBSCRIBING;
		send("SUBSCRIBE", topic);
	}
	else if (topic.state == ON && !topic.wanted)
	{
		topic.state = UNSUBSCRIBING;
		send("UNSUBSCRIBE", topic);
	}
	if (topic.state == OFF && !topic.wanted) _topics.erase(std::string(topic.name));
}


void RedisTopics::send(const char* pCommand, Topic& topic)
{
	RedisArguments arguments{pCommand, topic.name};
	_shard.subscriptions().listen(arguments, &RedisTopics::onEvent, &topic);
}


void RedisTopics::ready()
{
	_heard = _shard.node().now;
	std::vector<Topic*> topics;
	for (const auto& item: _topics) topics.push_back(item.second.get());
	for (Topic* pTopic: topics) advance(*pTopic);
}


void RedisTopics::lost()
{
	std::vector<Topic*> topics;
	for (const auto& item: _topics) topics.push_back(item.second.get());
	for (Topic* pTopic: topics)
	{
		if (pTopic->state == ON) pTopic->gap = true;
		advance(*pTopic);
	}
	_returning.clear(); // what is lost does not come back
}


Time RedisTopics::heard() const
{
	return _heard;
}


bool RedisTopics::listens() const
{
	const auto it = _topics.find(_shard.topicPrefix() + "c:" + std::to_string(_shard.node().number));
	return it != _topics.end() && it->second->state == ON;
}


void RedisTopics::onEvent(redisAsyncContext* pContext, void* pReply, void* pData)
{
	const auto* const p = static_cast<const redisReply*>(pReply);
	if (!p || !pContext->data || p->type != REDIS_REPLY_ARRAY || p->elements != 3) return; // the connection is over
	Topic& topic = *static_cast<Topic*>(pData);
	RedisTopics& topics = *topic.pTopics;
	topics._heard = topics._shard.node().now;
	const std::string_view kind(p->element[0]->str, static_cast<std::size_t>(p->element[0]->len));
	if (kind == "message") topics.event(topic, std::string_view(p->element[2]->str, static_cast<std::size_t>(p->element[2]->len)));
	else if (kind == "subscribe")
	{
		topic.state = ON;
		if (topic.wanted) topics.subscribed(topic);
		else topics.advance(topic);
	}
	else if (kind == "unsubscribe")
	{
		topic.state = OFF;
		topics.advance(topic);
	}
}


//
// What follows a subscription
//
void RedisTopics::subscribed(Topic& topic)
{
	if (topic.channel.empty()) return;
	const bool gap = topic.gap;
	if (topic.options.history() && !(topic.waiting.empty() && !gap)) readPosition(topic);
	else
	{
		topic.gap = false;
		answer(topic, Error::NONE, Position());
		if (gap && _shard.node().pSink) _shard.node().pSink->onGap(topic.channel);
	}
	if (!topic.pMembers) return;
	if (!topic.pMembers->complete) listMembers(topic);
	else if (gap) _compares.emplace_back(_shard.node().now + COMPARE_AFTER, topic.name);
}


void RedisTopics::readPosition(Topic& topic)
	/// Before the hub reads what it has missed, the server looks whether it has lost what this node has seen.
{
	const Time time = positionTime(topic.options);
	topic.keepAt = _shard.node().pParams->getClock()() + time/4;
	HistoryQuery latest;
	latest.limit = 1;
	_shard.read(topic.channel, topic.options, latest, time + time/3, topic.seen, topic.seenTime,
		[this, name = topic.name](bool ok, const HistoryResult& result, Time lastTime)
	{
		Topic* const pTopic = find(name);
		if (!pTopic || !pTopic->wanted || !ok) return; // without an answer they wait for the server
		if (pTopic->seen.epoch != result.position.epoch || pTopic->seen.offset < result.position.offset)
		{
			pTopic->seen = result.position;
			pTopic->seenTime = lastTime;
		}
		// If it is not subscribed any more, what comes until it is again is missing too
		const bool gap = pTopic->state == ON && std::exchange(pTopic->gap, false);
		answer(*pTopic, Error::NONE, result.position);
		if (gap && _shard.node().pSink) _shard.node().pSink->onGap(std::string(pTopic->channel));
	});
}


void RedisTopics::check()
	/// Otherwise the next publication could get an offset that another one has had, at a server that has lost it.
{
	constexpr std::size_t AT_ONCE = 512;
	auto it = _topics.begin();
	while (it != _topics.end())
	{
		RedisArguments arguments = _shard.beginning(RedisScript::CHECK);
		std::size_t count = 0;
		for (; it != _topics.end() && count < AT_ONCE; ++it)
		{
			const Topic& topic = *it->second;
			if (!topic.wanted || topic.seen.epoch == 0 || topic.seen.offset == 0) continue;
			arguments.add(topic.channel);
			arguments.add(static_cast<Poco::UInt64>(positionTime(topic.options)));
			arguments.add(_shard.node().newEpoch());
			arguments.add(topic.seen.epoch);
			arguments.add(topic.seen.offset);
			arguments.add(static_cast<Poco::UInt64>(topic.seenTime));
			++count;
		}
		if (count > 0) _shard.commands().command(arguments, [](const redisReply*) {});
	}
}


void RedisTopics::reachable()
{
	for (const auto& item: _topics)
	{
		Topic& topic = *item.second;
		if (topic.state == ON && topic.wanted && (topic.gap || !topic.waiting.empty() || (topic.pMembers && !topic.pMembers->complete))) subscribed(topic);
	}
}


void RedisTopics::answer(Topic& topic, Error error, const Position& position)
{
	const std::vector<Waiting> waiting = std::move(topic.waiting);
	topic.waiting.clear();
	if (!_shard.node().pSink) return;
	for (const Waiting& one: waiting) one.done(error, position);
}


std::vector<std::pair<std::string, Time>> RedisTopics::due(Time now)
{
	std::vector<std::pair<std::string, Time>> result;
	for (const auto& item: _topics)
	{
		Topic& topic = *item.second;
		if (!topic.wanted || !topic.options.history() || topic.keepAt == 0 || topic.keepAt > now) continue;
		const Time time = positionTime(topic.options);
		topic.keepAt = now + time/4;
		result.emplace_back(topic.channel, time + time/3);
	}
	return result;
}


void RedisTopics::turn()
{
	const Time now = _shard.node().now;
	while (!_waits.empty() && _waits.front().first <= now)
	{
		Topic* const pTopic = find(_waits.front().second);
		_waits.pop_front();
		if (!pTopic || pTopic->waiting.empty() || pTopic->waiting.front().since + RedisShard::WAIT_TIME > now) continue;
		unsubscribe(std::string(pTopic->channel)); // which answers
	}
	while (!_compares.empty() && _compares.front().first <= now)
	{
		Topic* const pTopic = find(_compares.front().second);
		_compares.pop_front();
		if (pTopic && pTopic->pMembers) listMembers(*pTopic);
	}
	if (now - _swept < SWEEP_INTERVAL) return;
	_swept = now;
	for (auto it = _returning.begin(); it != _returning.end();)
	{
		if (it->second.answered != 0 && now - it->second.answered >= RETURN_TIME) it = _returning.erase(it);
		else ++it;
	}
}


//
// What comes
//
void RedisTopics::event(Topic& topic, std::string_view text)
{
	if (!_shard.node().pSink) return;
	if (topic.channel.empty())
	{
		if (text.empty() || text.front() != 'H') return control(text);
		if (text.size() > 1) _shard.found(text.substr(1));
		return;
	}
	if (!topic.wanted) return;
	Member one;
	switch (NodeFormat::kind(text))
	{
	case NodeFormat::PUBLICATIONS:
		return publications(topic, text);
	case NodeFormat::JOINED:
		if (NodeFormat::parseJoined(text, one)) return member(topic, one, true);
		break;
	case NodeFormat::LEFT:
		if (NodeFormat::parseLeft(text, one.id)) return member(topic, one, false);
		break;
	default:
		break;
	}
	_shard.node().foreign("channel \"" + topic.channel + '"');
}


void RedisTopics::publications(Topic& topic, std::string_view text)
{
	RedisNode& node = _shard.node();
	NodeFormat::Header header;
	bool ok = NodeFormat::parse(text, header);
	const std::string channel = topic.channel; // the topic may be gone after a call of the sink
	const std::shared_ptr<BackplaneSink> pSink = node.pSink;
	Position position = header.position;
	const bool kept = position.epoch != 0;
	while (ok && !header.frames.empty())
	{
		NodeFormat::Source source;
		Publication::Ptr pPublication = NodeFormat::nextPublication(header.frames, source);
		ok = static_cast<bool>(pPublication);
		if (!ok) break;
		pPublication->position = position;
		pPublication->published = node.toLocal(header.time);
		if (kept)
		{
			topic.seen = position;
			topic.seenTime = header.time;
			++position.offset;
		}
		++node.received;
		pSink->onPublication(channel, pPublication, source.node == node.number ? returned(source.number) : Receipt::Ptr());
	}
	if (!ok) node.foreign("channel \"" + channel + '"');
}


void RedisTopics::control(std::string_view text)
{
	Poco::UInt32 from = 0;
	Control control;
	if (!NodeFormat::parse(text, from, control)) return _shard.node().foreign("channel of nodes");
	if (from != _shard.node().number) _shard.node().pSink->onControl(control);
}


//
// Publications of this node
//
void RedisTopics::expect(const std::string& channel, Poco::UInt64 number, const Receipt::Ptr& pReceipt)
{
	if (!pReceipt || _topics.size() <= 2) return; // those of nodes
	const Topic* const pTopic = find(nameOf(channel));
	if (pTopic && pTopic->wanted && pTopic->state == ON) _returning[number].pReceipt = pReceipt;
}


void RedisTopics::answered(Poco::UInt64 number, bool comes)
{
	const auto it = _returning.find(number);
	if (it == _returning.end()) return;
	if (comes) it->second.answered = _shard.node().now;
	else _returning.erase(it);
}


Receipt::Ptr RedisTopics::returned(Poco::UInt64 number)
{
	const auto it = _returning.find(number);
	if (it == _returning.end()) return Receipt::Ptr();
	const Receipt::Ptr pReceipt = std::move(it->second.pReceipt);
	_returning.erase(it);
	return pReceipt;
}


//
// Members
//
void RedisTopics::listMembers(Topic& topic)
{
	if (topic.pMembers->asked) return;
	topic.pMembers->asked = true;
	_shard.presence(topic.channel, [this, name = topic.name](const PresenceResult& result)
	{
		Topic* const pTopic = find(name);
		if (!pTopic || !pTopic->pMembers) return;
		pTopic->pMembers->asked = false;
		if (result.error == Error::NONE) membersListed(*pTopic, result.members);
		else if (pTopic->pMembers->complete) _compares.emplace_back(_shard.node().now + COMPARE_AFTER, name);
	});
}


void RedisTopics::membersListed(Topic& topic, const std::vector<Member>& members)
	/// What has come since the list was asked for is newer than the list.
{
	Members& own = *topic.pMembers;
	const std::unordered_set<std::string> touched = std::move(own.touched);
	own.touched.clear();
	if (!own.complete)
	{
		own.complete = true;
		for (const Member& one: members)
		{
			if (touched.count(one.id) == 0) own.known.insert(one.id);
		}
		return;
	}
	const std::string channel = topic.channel;
	const std::shared_ptr<BackplaneSink> pSink = _shard.node().pSink;
	std::unordered_set<std::string> there;
	std::vector<Member> changes;
	for (const Member& one: members)
	{
		there.insert(one.id);
		if (touched.count(one.id) == 0 && own.known.insert(one.id).second) changes.push_back(one);
	}
	const std::size_t joined = changes.size();
	for (const std::string& id: own.known)
	{
		if (there.count(id) == 0 && touched.count(id) == 0) changes.push_back({id, ""});
	}
	for (std::size_t i = joined; i < changes.size(); ++i) own.known.erase(changes[i].id);
	for (std::size_t i = 0; i < changes.size(); ++i) pSink->onPresence(channel, changes[i], i < joined);
}


void RedisTopics::member(Topic& topic, const Member& member, bool joined)
	/// One that is known does not come, one that is not does not leave: so each is told once, also if the server has forgotten it meanwhile.
{
	if (!topic.pMembers) return;
	Members& own = *topic.pMembers;
	if (own.asked) own.touched.insert(member.id);
	const bool was = joined ? !own.known.insert(member.id).second : own.known.erase(member.id) == 0;
	if (was && (joined || own.complete)) return;
	_shard.node().pSink->onPresence(std::string(topic.channel), member, joined);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
