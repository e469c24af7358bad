//
// Session.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  Session
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Session.h"
#include "core/Subscription.h"
#include "Poco/NumberFormatter.h"
#include "Poco/NumberParser.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


Session::Session(const Connection::Ptr& pConnection, const Encoder::Ptr& pEncoder, const std::string& user, const std::string& info, Poco::UInt32 node, Poco::UInt64 number):
	_pConnection(pConnection),
	_pEncoder(pEncoder),
	_number(number),
	_user(user),
	_info(info),
	_node(node),
	_attached(true),
	_pNextWatched(nullptr),
	_pPreviousWatched(nullptr),
	_lagging(0),
	_lagCount(0),
	_dropped(0)
{
}


Session::~Session()
{
}


std::string Session::id() const
{
	return id(_node, _number);
}


const std::string& Session::user() const
{
	return _user;
}


const std::string& Session::info() const
{
	return _info;
}


std::string Session::member() const
{
	return _user.empty() ? id() : _user;
}


Connection& Session::connection() const
{
	return const_cast<Connection&>(*_pConnection);
}


const Encoder& Session::encoder() const
{
	return *_pEncoder;
}


Session::Metrics Session::metrics() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Metrics metrics;
	metrics.channels = _entries.size();
	metrics.dropped = _dropped;
	metrics.lags = _lagCount;
	return metrics;
}


std::string Session::id(Poco::UInt32 node, Poco::UInt64 number)
{
	return Poco::NumberFormatter::formatHex(node) + '-' + Poco::NumberFormatter::formatHex(number);
}


bool Session::parse(const std::string& id, Poco::UInt32& node, Poco::UInt64& number)
{
	const std::size_t dash = id.find('-');
	if (dash == std::string::npos || id.size() > 8 + 1 + 16) return false;
	unsigned nodeNumber = 0;
	if (!Poco::NumberParser::tryParseHex(id.substr(0, dash), nodeNumber) || !Poco::NumberParser::tryParseHex64(id.substr(dash + 1), number)) return false;
	node = nodeNumber;
	return true;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
