//
// RedisMembers.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisMembers
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisMembers.h"
#include "RedisShard.h"
#include "node/NodeFormat.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr std::size_t SAID_AT_ONCE = 64;
}


RedisMembers::RedisMembers(RedisShard& shard):
	_shard(shard)
{
}


void RedisMembers::enter(const std::string& channel, const Member& member)
{
	const Name name(channel, member.id);
	Entry& entry = _entries[name];
	if (++entry.sessions > 1) return;
	entry.info = member.info;
	if (_shard.reachable()) say(true, name);
}


void RedisMembers::leave(const std::string& channel, const std::string& member)
{
	const Name name(channel, member);
	const auto it = _entries.find(name);
	if (it == _entries.end() || --it->second.sessions > 0) return;
	_entries.erase(it);
	if (_shard.reachable()) say(false, name);
	else _gone.insert(name);
}


void RedisMembers::say(bool enters, const Name& name)
{
	_waiting.push_back({enters, name, enters ? NodeFormat::joined({name.second, _entries[name].info}) : std::string()});
}


void RedisMembers::sayAgain()
{
	_waiting.clear();
	for (const Name& name: _gone)
	{
		if (_entries.count(name) == 0) say(false, name);
	}
	_gone.clear();
	for (const auto& entry: _entries) say(true, entry.first);
}


void RedisMembers::saySome()
{
	if (!_waiting.empty()) return;
	auto it = _entries.lower_bound(_next);
	for (std::size_t i = 0; i < SAID_AT_ONCE && it != _entries.end(); ++i, ++it) say(true, it->first);
	_next = it == _entries.end() ? Name() : it->first;
}


void RedisMembers::turn()
{
	while (!_waiting.empty() && _shard.reachable())
	{
		auto pSome = std::make_shared<std::vector<Said>>();
		while (!_waiting.empty() && pSome->size() < SAID_AT_ONCE)
		{
			pSome->push_back(std::move(_waiting.front()));
			_waiting.pop_front();
		}
		RedisArguments arguments = _shard.beginning(RedisScript::MEMBERS);
		arguments.add(_shard.node().number);
		for (const Said& said: *pSome)
		{
			arguments.add(said.enters ? "+" : "-");
			arguments.add(said.name.first);
			arguments.add(said.name.second);
			if (said.enters) arguments.add(said.event);
		}
		_shard.commands().command(arguments, [this, pSome](const redisReply* pReply)
		{
			if (RedisConnection::failed(pReply)) unsaid(*pSome); // those who are there are said again
		});
	}
}


void RedisMembers::unsaid(const std::vector<Said>& some)
{
	for (const Said& said: some)
	{
		if (!said.enters) _gone.insert(said.name);
	}
}


void RedisMembers::lost()
{
	for (const Said& said: _waiting)
	{
		if (!said.enters) _gone.insert(said.name);
	}
	_waiting.clear();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
