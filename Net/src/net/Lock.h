//
// Lock.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketLock
//
// A mutex that costs two atomic operations while nobody waits for it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketLock_INCLUDED
#define Net_WebSocketLock_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Clock.h"
#include "Poco/Event.h"
#include "Poco/ScopedLock.h"
#include "Poco/Thread.h"
#include <atomic>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketLock
	/// A mutex, not recursive. _users counts the owner and those who wait for it; each
	/// release with somebody waiting lets one of them go on.
{
public:
	using ScopedLock = Poco::ScopedLock<WebSocketLock>;

	WebSocketLock():
		_users(0),
		_released(Poco::Event::EVENT_AUTORESET)
	{
	}

	void lock()
	{
		if (_users.fetch_add(1, std::memory_order_acquire) > 0) _released.wait();
	}

	bool tryLock()
	{
		int none = 0;
		return _users.compare_exchange_strong(none, 1, std::memory_order_acquire);
	}

	bool tryLock(long milliseconds)
	{
		const Poco::Clock start;
		while (!tryLock())
		{
			if (start.isElapsed(1000*static_cast<Poco::Clock::ClockDiff>(milliseconds))) return false;
			Poco::Thread::sleep(5);
		}
		return true;
	}

	void unlock()
	{
		if (_users.fetch_sub(1, std::memory_order_release) > 1) _released.set();
	}

private:
	WebSocketLock(const WebSocketLock&) = delete;
	WebSocketLock& operator = (const WebSocketLock&) = delete;

	std::atomic<int> _users;
	Poco::Event _released;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketLock_INCLUDED
