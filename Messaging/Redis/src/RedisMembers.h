//
// RedisMembers.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisMembers
//
// Who is in channels by this node.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisMembers_INCLUDED
#define Messaging_RedisMembers_INCLUDED


#include "Poco/Messaging/Types.h"
#include <deque>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisShard;


class RedisMembers
	/// The members that this node has in the channels of a server. Their sessions are counted here; the server knows whether there are some. By the loop's thread.
	///
	/// All are said again when the server is back, and some with each heartbeat: what the server has lost is right again then.
{
public:
	explicit RedisMembers(RedisShard& shard);

	void enter(const std::string& channel, const Member& member);
	void leave(const std::string& channel, const std::string& member);

	void sayAgain();
		/// The server may have forgotten all.

	void saySome();
		/// It may have forgotten some.

	void turn();
		/// Sends what waits.

	void lost();
		/// The server cannot be told.

private:
	using Name = std::pair<std::string, std::string>; // channel, member

	struct Entry
	{
		std::string info;
		Poco::UInt32 sessions = 0;
	};

	struct Said
	{
		bool enters;
		Name name;
		std::string event; // Join
	};

	void say(bool enters, const Name& name);
	void unsaid(const std::vector<Said>& some);

	RedisShard& _shard;
	std::map<Name, Entry> _entries;
	std::deque<Said> _waiting;
	std::set<Name> _gone; // have left while the server could not be told
	Name _next;           // where saySome() goes on
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisMembers_INCLUDED
