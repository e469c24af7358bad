//
// Grants.cpp
//
// Library: PocoMessaging
// Package: Token
// Module:  Grants
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/TokenVerifier.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


void Grants::add(const std::string& pattern, unsigned rights)
{
	_grants.push_back({pattern, rights});
}


bool Grants::allow(const std::string& channel, Right right) const
{
	if (isPublic(channel)) return true;
	for (const Grant& grant: _grants)
	{
		if ((grant.rights & right) && matches(grant.pattern, channel)) return true;
	}
	return false;
}


bool Grants::empty() const
{
	return _grants.empty();
}


bool Grants::isPublic(const std::string& channel)
{
	return channel.rfind("private-", 0) != 0 && channel.rfind("presence-", 0) != 0;
}


bool Grants::matches(const std::string& pattern, const std::string& channel)
{
	std::size_t p = 0;
	std::size_t c = 0;
	std::size_t star = std::string::npos; // the last one
	std::size_t from = 0;                 // what it does not stand for begins here
	while (c < channel.size())
	{
		if (p < pattern.size() && pattern[p] == '*')
		{
			star = p++;
			from = c;
		}
		else if (p < pattern.size() && pattern[p] == channel[c])
		{
			++p;
			++c;
		}
		else if (star != std::string::npos)
		{
			p = star + 1;
			c = ++from;
		}
		else return false;
	}
	while (p < pattern.size() && pattern[p] == '*') ++p;
	return p == pattern.size();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
