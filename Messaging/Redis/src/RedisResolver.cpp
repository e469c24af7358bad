//
// RedisResolver.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisResolver
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisResolver.h"
#include "Poco/Net/IPAddress.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <netdb.h>
#include <sys/socket.h>
#include <system_error>
#include <thread>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


RedisResolver::RedisResolver(RedisLoop& loop):
	_loop(loop)
{
}


bool RedisResolver::find(const std::string& name, Answer& answer)
{
	auto it = _lookups.find(name);
	if (it == _lookups.end())
	{
		Poco::Net::IPAddress address;
		if (Poco::Net::IPAddress::tryParse(name, address))
		{
			answer.addresses.assign(1, name);
			return true;
		}
		it = _lookups.emplace(name, std::make_shared<Lookup>()).first;
		try
		{
			std::thread([pLookup = it->second, pWaker = _loop.waker(), name]()
			{
				pLookup->answer = resolve(name);
				pLookup->done = true;
				pWaker->wake();
			}).detach();
		}
		catch (const std::system_error& exc)
		{
			it->second->answer.problem = exc.what();
			it->second->done = true;
		}
	}
	if (!it->second->done) return false;
	answer = it->second->answer;
	_lookups.erase(it);
	return true;
}


RedisResolver::Answer RedisResolver::resolve(const std::string& name)
{
	Answer answer;
	addrinfo hints = addrinfo();
	hints.ai_flags = AI_ADDRCONFIG;
	hints.ai_socktype = SOCK_STREAM;
	addrinfo* pList = nullptr;
	const int result = ::getaddrinfo(name.c_str(), nullptr, &hints, &pList);
	if (result != 0)
	{
		answer.problem = result == EAI_SYSTEM ? std::strerror(errno) : ::gai_strerror(result);
		return answer;
	}
	for (const addrinfo* p = pList; p; p = p->ai_next)
	{
		char text[NI_MAXHOST];
		if (::getnameinfo(p->ai_addr, p->ai_addrlen, text, sizeof(text), nullptr, 0, NI_NUMERICHOST) != 0) continue;
		if (std::find(answer.addresses.begin(), answer.addresses.end(), text) == answer.addresses.end()) answer.addresses.emplace_back(text);
	}
	::freeaddrinfo(pList);
	if (answer.addresses.empty()) answer.problem = "It has no address";
	return answer;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
