//
// ParamRange.h
//
// Library: PocoMessaging
// Package: Core
// Module:  ParamRange
//
// The ranges of parameters.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_ParamRange_INCLUDED
#define Messaging_ParamRange_INCLUDED


#include "Poco/Exception.h"
#include "Poco/Messaging/Config.h"
#include <string>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


template <typename Value>
const Value& inRange(const Value& value, const Value& min, const Value& max, const char* name)
	/// Returns value. Throws an InvalidArgumentException that begins with name if it is less than min or greater than max.
{
	if (value < min || value > max) throw Poco::InvalidArgumentException(std::string(name) + " is out of range");
	return value;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_ParamRange_INCLUDED
