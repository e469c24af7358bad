//
// Backoff.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketBackoff
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Backoff.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketBackoff::reset()
{
	_failures = 0;
}


unsigned WebSocketBackoff::failed()
{
	return ++_failures;
}


void WebSocketBackoff::ended(bool opened, Poco::UInt32 duration)
{
	if (opened && duration >= STABLE) reset();
	else failed();
}


Poco::UInt64 WebSocketBackoff::delay(Poco::UInt64 first, Poco::UInt64 longest, Poco::UInt16 random) const
{
	Poco::UInt64 delay = first;
	for (unsigned i = 1; i < _failures && delay < longest; ++i) delay *= 2;
	delay = std::min(delay, longest);
	return delay - delay*random/0x20000;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
