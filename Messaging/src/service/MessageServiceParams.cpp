//
// MessageServiceParams.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageServiceParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/MessageServiceParams.h"
#include "core/ParamRange.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


MessageServiceParams::MessageServiceParams():
	_tokenRequired(true),
	_connectTimeout(10, 0),
	_refreshTime(30, 0),
	_maxMalformed(3),
	_maxQueuedBytes(1024*1024),
	_tokenThreads(1)
{
}


MessageServiceParams::~MessageServiceParams()
{
}


void MessageServiceParams::setVerifier(const std::shared_ptr<TokenVerifier>& pVerifier)
{
	_pVerifier = pVerifier;
}


const std::shared_ptr<TokenVerifier>& MessageServiceParams::getVerifier() const
{
	return _pVerifier;
}


void MessageServiceParams::setTokenRequired(bool flag)
{
	_tokenRequired = flag;
}


bool MessageServiceParams::getTokenRequired() const
{
	return _tokenRequired;
}


void MessageServiceParams::setConnectTimeout(const Poco::Timespan& timeout)
{
	_connectTimeout = inRange(timeout, Poco::Timespan(0, 10000), Poco::Timespan(600, 0), "ConnectTimeout");
}


Poco::Timespan MessageServiceParams::getConnectTimeout() const
{
	return _connectTimeout;
}


void MessageServiceParams::setRefreshTime(const Poco::Timespan& time)
{
	_refreshTime = inRange(time, Poco::Timespan(0, 0), Poco::Timespan(3600, 0), "RefreshTime");
}


Poco::Timespan MessageServiceParams::getRefreshTime() const
{
	return _refreshTime;
}


void MessageServiceParams::setMaxMalformed(int count)
{
	_maxMalformed = inRange(count, 1, 1000, "MaxMalformed");
}


int MessageServiceParams::getMaxMalformed() const
{
	return _maxMalformed;
}


void MessageServiceParams::setMaxQueuedBytes(int size)
{
	_maxQueuedBytes = inRange(size, 1024, 0x7FFFFFFF, "MaxQueuedBytes");
}


int MessageServiceParams::getMaxQueuedBytes() const
{
	return _maxQueuedBytes;
}


void MessageServiceParams::setQuota(const QuotaRules::Ptr& pRules)
{
	_pQuota = pRules;
}


const QuotaRules::Ptr& MessageServiceParams::getQuota() const
{
	return _pQuota;
}


void MessageServiceParams::setQuotaOf(const QuotaOf& function)
{
	_quotaOf = function;
}


const MessageServiceParams::QuotaOf& MessageServiceParams::getQuotaOf() const
{
	return _quotaOf;
}


void MessageServiceParams::setTokenThreads(int count)
{
	_tokenThreads = inRange(count, 1, 64, "TokenThreads");
}


int MessageServiceParams::getTokenThreads() const
{
	return _tokenThreads;
}


void MessageServiceParams::setState(const std::shared_ptr<void>& pState)
{
	_pState = pState;
}


const std::shared_ptr<void>& MessageServiceParams::getState() const
{
	return _pState;
}


void MessageServiceParams::setSpanHook(const SpanHook& hook)
{
	_spanHook = hook;
}


const MessageServiceParams::SpanHook& MessageServiceParams::getSpanHook() const
{
	return _spanHook;
}


void MessageServiceParams::setErrorHook(const ErrorHook& hook)
{
	_errorHook = hook;
}


const MessageServiceParams::ErrorHook& MessageServiceParams::getErrorHook() const
{
	return _errorHook;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
