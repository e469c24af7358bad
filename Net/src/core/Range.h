//
// Range.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketRange
//
// The check of an option's value.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketRange_INCLUDED
#define Net_WebSocketRange_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Exception.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


inline int inRange(int value, int min, int max, const char* name)
	/// Returns value. Throws an InvalidArgumentException that begins with name if it is less than min or greater than max.
{
	if (value < min || value > max)
		throw InvalidArgumentException(std::string(name) + " out of range: " + std::to_string(value));
	return value;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRange_INCLUDED
