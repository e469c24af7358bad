//
// RedisResolver.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisResolver
//
// The addresses of hosts, looked up without holding up the loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisResolver_INCLUDED
#define Messaging_RedisResolver_INCLUDED


#include "RedisLoop.h"
#include <map>
#include <memory>
#include <string>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisResolver
	/// Looks up names in threads of their own, one for a name: a resolver that does not answer holds up nobody, and nobody waits for its thread. By the
	/// loop's thread.
{
public:
	struct Answer
	{
		std::vector<std::string> addresses; // in the order of RFC 6724
		std::string problem;                // why there are none
	};

	explicit RedisResolver(RedisLoop& loop);

	bool find(const std::string& name, Answer& answer);
		/// Returns true if the answer is there: at once for an address. Otherwise the loop is woken when it is: then it is to be called again.

private:
	struct Lookup
	{
		std::atomic<bool> done{false};
		Answer answer; // when it is done
	};

	static Answer resolve(const std::string& name);

	RedisLoop& _loop;
	std::map<std::string, std::shared_ptr<Lookup>> _lookups; // those under way
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisResolver_INCLUDED
