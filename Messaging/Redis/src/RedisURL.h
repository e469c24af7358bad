//
// RedisURL.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisURL
//
// Where a server is.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisURL_INCLUDED
#define Messaging_RedisURL_INCLUDED


#include "Poco/Messaging/Config.h"
#include "Poco/Types.h"
#include <string>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct RedisURL
	/// Where a server is, or the Sentinels that know where it is.
{
	struct Host
	{
		std::string name;
		int port = 0;

		std::string toString() const;
	};

	explicit RedisURL(const std::string& url);
		/// See RedisBackplaneParams.

	std::vector<Host> hosts; // the server, or the Sentinels
	std::string master;      // not empty: the hosts are Sentinels
	std::string user;
	std::string password;
	int database = 0;
	bool tls = false;

private:
	Host host(const std::string& text, int defaultPort) const;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisURL_INCLUDED
