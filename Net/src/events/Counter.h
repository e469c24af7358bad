//
// Counter.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketCounter
//
// A number that grows.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketCounter_INCLUDED
#define Net_WebSocketCounter_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"
#include <atomic>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketCounter
	/// Counts in one thread, without a locked instruction; any thread may read it.
{
public:
	void add(Poco::UInt64 number)
	{
		_value.store(_value.load(std::memory_order_relaxed) + number, std::memory_order_relaxed);
	}

	operator Poco::UInt64 () const
	{
		return _value.load(std::memory_order_relaxed);
	}

private:
	std::atomic<Poco::UInt64> _value{0};
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketCounter_INCLUDED
