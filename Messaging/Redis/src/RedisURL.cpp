//
// RedisURL.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisURL
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisURL.h"
#include "RedisTLS.h"
#include "Poco/Exception.h"
#include "Poco/NumberParser.h"
#include "Poco/StringTokenizer.h"
#include "Poco/URI.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr int REDIS_PORT = 6379;
	constexpr int SENTINEL_PORT = 26379;
	constexpr int MAX_PORT = 65535;
	constexpr int MAX_DATABASE = 16383;

	[[noreturn]] void malformed(const char* what)
	{
		throw Poco::SyntaxException(std::string("Redis URL: ") + what); // without the URL: that may have a password
	}

	bool take(std::string& text, const std::string& prefix)
	{
		if (text.compare(0, prefix.size(), prefix) != 0) return false;
		text.erase(0, prefix.size());
		return true;
	}

	std::string decoded(const std::string& text)
	{
		std::string result;
		Poco::URI::decode(text, result);
		return result;
	}
}


std::string RedisURL::Host::toString() const
{
	return (name.find(':') == std::string::npos ? name : '[' + name + ']') + ':' + std::to_string(port);
}


RedisURL::RedisURL(const std::string& url)
{
	std::string text(url);
	if (!take(text, "redis")) malformed("it does not begin with redis");
	tls = take(text, "s");
	const bool sentinel = take(text, "+sentinel");
	if (!take(text, "://")) malformed("it begins with none of redis://, rediss://, redis+sentinel://, rediss+sentinel://");
	if (tls && !RedisTLS::available()) malformed("TLS needs hiredis 1.0 or newer, with which this library was not built");

	const std::string::size_type slash = text.find('/');
	std::string authority = text.substr(0, slash);
	std::string path = slash == std::string::npos ? "" : text.substr(slash + 1);
	const std::string::size_type at = authority.rfind('@');
	if (at != std::string::npos)
	{
		const std::string::size_type colon = authority.find(':');
		if (colon == std::string::npos || colon > at) malformed("there is no password before @");
		user = decoded(authority.substr(0, colon));
		password = decoded(authority.substr(colon + 1, at - colon - 1));
		authority.erase(0, at + 1);
	}
	for (const std::string& part: Poco::StringTokenizer(authority, ",")) hosts.push_back(host(part, sentinel ? SENTINEL_PORT : REDIS_PORT));
	if (hosts.empty()) malformed("there is no host");
	if (!sentinel && hosts.size() > 1) malformed("there is more than one host; for several servers see RedisBackplaneParams::addShard()");
	if (sentinel)
	{
		const std::string::size_type end = path.find('/');
		master = decoded(path.substr(0, end));
		if (master.empty()) master = "mymaster";
		path = end == std::string::npos ? "" : path.substr(end + 1);
	}
	if (!path.empty() && (!Poco::NumberParser::tryParse(path, database) || database < 0 || database > MAX_DATABASE)) malformed("the database is not a number");
}


RedisURL::Host RedisURL::host(const std::string& text, int defaultPort) const
{
	Host result;
	result.port = defaultPort;
	const std::string::size_type bracket = text.find(']');
	const std::string::size_type colon = text.find(':', bracket == std::string::npos ? 0 : bracket);
	result.name = text.substr(0, colon);
	if (bracket != std::string::npos && result.name.front() == '[' && result.name.back() == ']') result.name = result.name.substr(1, result.name.size() - 2);
	if (result.name.empty()) malformed("there is no host");
	if (colon != std::string::npos && (!Poco::NumberParser::tryParse(text.substr(colon + 1), result.port) || result.port < 1 || result.port > MAX_PORT))
		malformed("the port is not a number from 1 to 65535");
	return result;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
