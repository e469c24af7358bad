//
// Poller.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketPoller
//
// Waits for many sockets.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPoller_INCLUDED
#define Net_WebSocketPoller_INCLUDED


#include "events/LoopMember.h"
#include "Poco/Net/WebSocketConfig.h"
#include <atomic>
#include <chrono>
#include <cstddef>
#include <sys/epoll.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPoller
	/// Tells which sockets are ready. This is the place for another system's way to do that; the
	/// present one is Linux's epoll, level-triggered.
	///
	/// All but wakeUp() is called by one thread.
{
public:
	enum Events
	{
		READ  = 1, // or the end of the stream, or an error
		WRITE = 2,
		LAST  = 4  // asked for: the source is told when all others have been, or in another turn; told: they have been
	};

	typedef WebSocketLoopMember Source;
		/// Something with a socket.

	WebSocketPoller();
	~WebSocketPoller();

	void add(int fd, int events, Source& source);
	void change(int fd, int events, Source& source);
		/// Throw a SystemException if the system cannot do that.

	void remove(int fd);

	bool wait(int milliseconds);
		/// Waits until something is ready, or wakeUp() is called, or for so long (-1: for ever). Returns false if nothing is.

	void dispatch(std::chrono::steady_clock::time_point begin);
		/// Calls ready() of the sources that wait() has found. Those with LAST together get an eighth of the time that the others have had since begin, 0.1 ms at least; one of them is
		/// always told, and the next turn goes on behind it.

	void wakeUp();
		/// Ends wait(), now or the next time. May be called by any thread.

	void forget(const Source& source);
		/// To be called by ready() of a source, when a source, that one or another, goes: it is not called any more.

private:
	WebSocketPoller(const WebSocketPoller&) = delete;
	WebSocketPoller& operator = (const WebSocketPoller&) = delete;

	enum
	{
		BATCH_SIZE = 1024
	};

	void dispatch(const epoll_event& event, int how);
	void dispatchLast(std::chrono::steady_clock::time_point begin);
	void close();

	const int _epoll;
	const int _last; // those with LAST; it is in the other one
	const int _wake;
	std::atomic<bool> _woken;
	epoll_event _batch[BATCH_SIZE]; // what wait() has found
	int _count;
	int _position; // where dispatch() is
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPoller_INCLUDED
