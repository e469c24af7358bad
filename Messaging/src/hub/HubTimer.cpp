//
// HubTimer.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubTimer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/HubTimer.h"
#include "Poco/Exception.h"
#include <chrono>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


HubTimer::HubTimer(Hub& hub, const Poco::Timespan& interval):
	_stopped(false)
{
	const Poco::Int64 microseconds = interval.totalMicroseconds();
	if (microseconds < 1000) throw Poco::InvalidArgumentException("HubTimer's interval");
	_thread = std::thread([this, &hub, microseconds]() { run(hub, microseconds); });
}


HubTimer::~HubTimer()
{
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_stopped = true;
	}
	_condition.notify_all();
	_thread.join();
}


void HubTimer::run(Hub& hub, Poco::Int64 microseconds)
{
	std::unique_lock<std::mutex> lock(_mutex);
	while (!_stopped)
	{
		lock.unlock();
		try
		{
			hub.tick();
		}
		catch (...) // there is no memory: it is tried again
		{
		}
		lock.lock();
		if (!_stopped) _condition.wait_for(lock, std::chrono::microseconds(microseconds));
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
