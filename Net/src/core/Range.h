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
#include "Poco/Timespan.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


int inRange(int value, int min, int max, const char* name);
	/// Returns value. Throws an InvalidArgumentException that begins with name if it is less than min or greater than max.


const Poco::Timespan& inRange(const Poco::Timespan& value, const Poco::Timespan& min, const Poco::Timespan& max, const char* name);
	/// The same of a time.


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRange_INCLUDED
