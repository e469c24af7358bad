//
// MessageClientParams.cpp
//
// Library: PocoMessaging
// Package: Client
// Module:  MessageClientParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/MessageClientParams.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


MessageClientParams::MessageClientParams():
	_pFormat(&MessageFormat::binary()),
	_requestTimeout(10, 0),
	_maxPendingBytes(1024*1024)
{
}


MessageClientParams::~MessageClientParams()
{
}


void MessageClientParams::setFormat(const MessageFormat& format)
{
	_pFormat = &format;
}


const MessageFormat& MessageClientParams::getFormat() const
{
	return *_pFormat;
}


void MessageClientParams::setToken(const TokenFunction& function)
{
	_token = function;
}


const MessageClientParams::TokenFunction& MessageClientParams::getToken() const
{
	return _token;
}


void MessageClientParams::setInfo(const std::string& info)
{
	_info = info;
}


const std::string& MessageClientParams::getInfo() const
{
	return _info;
}


void MessageClientParams::setRequestTimeout(const Poco::Timespan& timeout)
{
	if (timeout < Poco::Timespan(0, 10000) || timeout > Poco::Timespan(240, 0)) throw Poco::InvalidArgumentException("RequestTimeout is out of range");
	_requestTimeout = timeout;
}


Poco::Timespan MessageClientParams::getRequestTimeout() const
{
	return _requestTimeout;
}


void MessageClientParams::setMaxPendingBytes(int size)
{
	if (size < 1) throw Poco::InvalidArgumentException("MaxPendingBytes is out of range");
	_maxPendingBytes = size;
}


int MessageClientParams::getMaxPendingBytes() const
{
	return _maxPendingBytes;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
