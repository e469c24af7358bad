//
// RedisBackplaneParams.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisBackplaneParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/RedisBackplaneParams.h"
#include "RedisURL.h"
#include "Poco/Messaging/HubParams.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr std::size_t MAX_PREFIX = 255;
	const Poco::Timespan SHORTEST(0, 10*1000);
	const Poco::Timespan LONGEST_WAIT(3600, 0);

	const Poco::Timespan& checkedTimeout(const Poco::Timespan& timeout, const char* name)
	{
		if (timeout < SHORTEST || timeout > LONGEST_WAIT) throw Poco::InvalidArgumentException(std::string(name) + " is out of range");
		return timeout;
	}
}


RedisBackplaneParams::RedisBackplaneParams(const std::string& url):
	_prefix("poco:"),
	_connectTimeout(5, 0),
	_replyTimeout(5, 0),
	_retryAtStart(false),
	_localWhenAway(false),
	_clock(&HubParams::monotonic)
{
	addShard(url);
}


RedisBackplaneParams::~RedisBackplaneParams()
{
}


void RedisBackplaneParams::addShard(const std::string& url)
{
	const RedisURL checked(url);
	_urls.push_back(url);
}


const std::vector<std::string>& RedisBackplaneParams::getURLs() const
{
	return _urls;
}


void RedisBackplaneParams::setPrefix(const std::string& prefix)
{
	if (prefix.size() > MAX_PREFIX) throw Poco::InvalidArgumentException("Prefix is too long");
	_prefix = prefix;
}


const std::string& RedisBackplaneParams::getPrefix() const
{
	return _prefix;
}


void RedisBackplaneParams::setConnectTimeout(const Poco::Timespan& timeout)
{
	_connectTimeout = checkedTimeout(timeout, "ConnectTimeout");
}


const Poco::Timespan& RedisBackplaneParams::getConnectTimeout() const
{
	return _connectTimeout;
}


void RedisBackplaneParams::setReplyTimeout(const Poco::Timespan& timeout)
{
	_replyTimeout = checkedTimeout(timeout, "ReplyTimeout");
}


const Poco::Timespan& RedisBackplaneParams::getReplyTimeout() const
{
	return _replyTimeout;
}


void RedisBackplaneParams::setCAFile(const std::string& path)
{
	_caFile = path;
}


const std::string& RedisBackplaneParams::getCAFile() const
{
	return _caFile;
}


void RedisBackplaneParams::setCertificate(const std::string& certificateFile, const std::string& keyFile)
{
	_certificateFile = certificateFile;
	_keyFile = keyFile;
}


const std::string& RedisBackplaneParams::getCertificateFile() const
{
	return _certificateFile;
}


const std::string& RedisBackplaneParams::getKeyFile() const
{
	return _keyFile;
}


void RedisBackplaneParams::setRetryAtStart(bool retry)
{
	_retryAtStart = retry;
}


bool RedisBackplaneParams::getRetryAtStart() const
{
	return _retryAtStart;
}


void RedisBackplaneParams::setLocalWhenAway(bool local)
{
	_localWhenAway = local;
}


bool RedisBackplaneParams::getLocalWhenAway() const
{
	return _localWhenAway;
}


void RedisBackplaneParams::setClock(const Clock& clock)
{
	if (!clock) throw Poco::InvalidArgumentException("Clock is missing");
	_clock = clock;
}


const Clock& RedisBackplaneParams::getClock() const
{
	return _clock;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
