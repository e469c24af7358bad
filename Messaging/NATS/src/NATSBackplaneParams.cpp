//
// NATSBackplaneParams.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSBackplaneParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/NATSBackplaneParams.h"
#include "Poco/Messaging/HubParams.h"
#include "NATSServers.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


NATSBackplaneParams::NATSBackplaneParams(const std::string& url):
	_url(url),
	_prefix("poco"),
	_connectTimeout(5, 0),
	_retryAtStart(false),
	_historyInMemory(false),
	_historyReplicas(1),
	_clock(&HubParams::monotonic)
{
	NATSServers::parse(url);
}


NATSBackplaneParams::~NATSBackplaneParams()
{
}


const std::string& NATSBackplaneParams::getURL() const
{
	return _url;
}


void NATSBackplaneParams::setCAFile(const std::string& path)
{
	_caFile = path;
}


const std::string& NATSBackplaneParams::getCAFile() const
{
	return _caFile;
}


void NATSBackplaneParams::setPrefix(const std::string& prefix)
{
	const auto valid = [&]()
	{
		if (prefix.empty() || prefix.size() > 255 || prefix.front() == '.' || prefix.back() == '.' || prefix.find("..") != std::string::npos) return false;
		std::string names;
		for (const char c: prefix)
		{
			if (c != '.') names += c;
		}
		return subjectToken(names) == names;
	};
	if (!valid()) throw Poco::InvalidArgumentException("Prefix of a NATSBackplane");
	_prefix = prefix;
}


const std::string& NATSBackplaneParams::getPrefix() const
{
	return _prefix;
}


void NATSBackplaneParams::setConnectTimeout(const Poco::Timespan& timeout)
{
	if (timeout < Poco::Timespan(0, 10000) || timeout > Poco::Timespan(3600, 0)) throw Poco::InvalidArgumentException("Connect timeout of a NATSBackplane");
	_connectTimeout = timeout;
}


const Poco::Timespan& NATSBackplaneParams::getConnectTimeout() const
{
	return _connectTimeout;
}


void NATSBackplaneParams::setRetryAtStart(bool retry)
{
	_retryAtStart = retry;
}


bool NATSBackplaneParams::getRetryAtStart() const
{
	return _retryAtStart;
}


void NATSBackplaneParams::setHistoryInMemory(bool inMemory)
{
	_historyInMemory = inMemory;
}


bool NATSBackplaneParams::getHistoryInMemory() const
{
	return _historyInMemory;
}


void NATSBackplaneParams::setHistoryReplicas(int replicas)
{
	if (replicas < 1 || replicas > 5) throw Poco::InvalidArgumentException("Replicas of a NATSBackplane's histories");
	_historyReplicas = replicas;
}


int NATSBackplaneParams::getHistoryReplicas() const
{
	return _historyReplicas;
}


void NATSBackplaneParams::setClock(const Clock& clock)
{
	if (!clock) throw Poco::InvalidArgumentException("Clock of a NATSBackplane");
	_clock = clock;
}


const Clock& NATSBackplaneParams::getClock() const
{
	return _clock;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
