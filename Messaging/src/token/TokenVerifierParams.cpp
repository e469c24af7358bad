//
// TokenVerifierParams.cpp
//
// Library: PocoMessaging
// Package: Token
// Module:  TokenVerifierParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/TokenVerifier.h"
#include "core/ParamRange.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


TokenVerifierParams::TokenVerifierParams():
	_leeway(5, 0),
	_expiryRequired(true),
	_maxLength(8192)
{
}


TokenVerifierParams::~TokenVerifierParams()
{
}


void TokenVerifierParams::setIssuer(const std::string& issuer)
{
	_issuer = issuer;
}


const std::string& TokenVerifierParams::getIssuer() const
{
	return _issuer;
}


void TokenVerifierParams::setAudience(const std::string& audience)
{
	_audience = audience;
}


const std::string& TokenVerifierParams::getAudience() const
{
	return _audience;
}


void TokenVerifierParams::setLeeway(const Poco::Timespan& time)
{
	_leeway = inRange<Poco::Timespan>(time, 0, Poco::Timespan(300, 0), "Leeway");
}


Poco::Timespan TokenVerifierParams::getLeeway() const
{
	return _leeway;
}


void TokenVerifierParams::setExpiryRequired(bool flag)
{
	_expiryRequired = flag;
}


bool TokenVerifierParams::getExpiryRequired() const
{
	return _expiryRequired;
}


void TokenVerifierParams::setMaxLength(int length)
{
	_maxLength = inRange(length, 64, 65536, "MaxLength");
}


int TokenVerifierParams::getMaxLength() const
{
	return _maxLength;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
