//
// Place.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketPlace
//
// Where the application is called, and who waits for that.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPlace_INCLUDED
#define Net_WebSocketPlace_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <condition_variable>
#include <functional>
#include <mutex>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPlace
	/// Where functions of the application are called: an event loop, the handlers of HTTP requests, a session factory.
	/// stop() and destructors wait until nothing is called there any more. A thread that is in a place must not wait for it, nor for a
	/// thread that waits for it: Wait finds that out. Thread-safe.
{
public:
	class Visit
		/// As long as it exists, the thread that has made it is in the place.
	{
	public:
		explicit Visit(const WebSocketPlace& place);
		~Visit();

	private:
		Visit(const Visit&) = delete;
		Visit& operator = (const Visit&) = delete;

		friend class WebSocketPlace;

		const WebSocketPlace& _place;
		const Visit* const _pOuter;
	};

	class Wait
		/// As long as it exists, the thread that has made it waits for the threads in some places.
	{
	public:
		typedef std::vector<const WebSocketPlace*> Places;

		enum Whom
		{
			ALL,   /// the threads in the places
			OTHERS /// the same, but for this one
		};

		explicit Wait(const Places& places, Whom whom = ALL);
			/// Throws a std::bad_alloc if there is no memory.

		~Wait();

		bool possible() const;
			/// Returns false if the wait would have no end: one of the threads waits for this one, or is this one.

	private:
		Wait(const Wait&) = delete;
		Wait& operator = (const Wait&) = delete;

		bool isEndless(Whom whom) const;
		bool follow(Places& reached) const;

		const Visit* const _pVisit; // of the thread
		const Places _places;
		bool _possible;
	};

	WebSocketPlace() = default;

	bool visited() const;
		/// Returns true if this thread is in it.

	static void callElsewhere(const std::function<void()>& function);
		/// Calls the function in a thread of its own, which may wait for this one. If there is no thread to be had, what the function
		/// refers to stays in memory for ever. Throws nothing but a std::bad_alloc.

protected:
	int visits() const;
		/// Returns how often this thread is in it.

private:
	WebSocketPlace(const WebSocketPlace&) = delete;
	WebSocketPlace& operator = (const WebSocketPlace&) = delete;

	static bool isIn(const Visit* pVisit, const WebSocketPlace* pPlace);
};


class WebSocketRoom: public WebSocketPlace
	/// A place that threads come to and leave.
{
public:
	class Guest
		/// A thread that is in it.
	{
	public:
		explicit Guest(WebSocketRoom& room);
		~Guest();

	private:
		WebSocketRoom& _room;
		const Visit _visit;
	};

	void waitForOthers();
		/// Waits until no other thread is in it. Who comes later is not waited for, and has to look whether it may.

private:
	std::mutex _mutex;
	std::condition_variable _left;
	int _guests = 0;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPlace_INCLUDED
