//
// HubTimer.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  HubTimer
//
// A thread that lets a hub do what is due.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_HubTimer_INCLUDED
#define Messaging_HubTimer_INCLUDED


#include "Poco/Messaging/Hub.h"
#include "Poco/Timespan.h"
#include <condition_variable>
#include <mutex>
#include <thread>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API HubTimer
	/// A thread that calls Hub::tick(), for programs that have no timer of their own. The hub must outlive it.
{
public:
	explicit HubTimer(Hub& hub, const Poco::Timespan& interval = Poco::Timespan(0, 200000));
		/// Starts the thread, which calls tick() each interval. Throws an InvalidArgumentException if that is less than
		/// a millisecond.

	~HubTimer();
		/// Ends the thread, and waits for it. Not to be called by what tick() calls.

private:
	HubTimer(const HubTimer&) = delete;
	HubTimer& operator = (const HubTimer&) = delete;

	void run(Hub& hub, Poco::Int64 microseconds);

	bool _stopped;
	std::mutex _mutex;
	std::condition_variable _condition;
	std::thread _thread;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_HubTimer_INCLUDED
