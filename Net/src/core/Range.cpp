//
// Range.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketRange
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Range.h"
#include "Poco/Exception.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


int inRange(int value, int min, int max, const char* name)
{
	if (value < min || value > max)
		throw InvalidArgumentException(std::string(name) + " out of range: " + std::to_string(value));
	return value;
}


const Poco::Timespan& inRange(const Poco::Timespan& value, const Poco::Timespan& min, const Poco::Timespan& max, const char* name)
{
	if (value < min || value > max)
		throw InvalidArgumentException(std::string(name) + " out of range: " + std::to_string(value.totalMicroseconds()) + " microseconds");
	return value;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
