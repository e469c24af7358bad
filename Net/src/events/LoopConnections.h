//
// LoopConnections.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketLoopConnections
//
// The connections of a loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketLoopConnections_INCLUDED
#define Net_WebSocketLoopConnections_INCLUDED


#include "events/EventConnection.h"
#include "Poco/Net/WebSocketConfig.h"
#include <atomic>
#include <mutex>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketLoopConnections
	/// The list of a loop's connections, which shares their ownership. The loop's thread changes it.
{
public:
	typedef std::vector<WebSocketEventConnection*>::const_iterator Iterator;

	WebSocketLoopConnections();

	void add(WebSocketEventConnection& connection);
		/// Throws a std::bad_alloc if there is no memory.

	void remove(WebSocketEventConnection& connection);
		/// The caller has its share of the ownership now.

	int count() const;
		/// Any thread may ask.

	Iterator begin() const;
	Iterator end() const;
		/// For the loop's thread, as long as nobody comes or goes.

	WebSocketEventConnection& last() const;

	std::vector<WebSocketEventConnection::Ptr> all() const;
		/// The same, but they may come and go meanwhile.

	void collect(const WebSocketConnectionGroup& group, std::vector<WebSocketConnection::Ptr>& result) const;
		/// Appends the group's connections that are open, or being closed. May be called by any thread. The loop may have to wait, if it has
		/// a connection that comes or goes, while references to SLICE connections are taken.

private:
	enum
	{
		SLICE = 128
	};

	std::vector<WebSocketEventConnection*> _connections; // each knows its place here
	mutable std::mutex _mutex; // for who is not the loop's thread, and for the loop's thread when it changes them
	std::atomic<int> _count;
};


//
// inlines
//
inline int WebSocketLoopConnections::count() const
{
	return _count.load(std::memory_order_relaxed);
}


inline WebSocketEventConnection& WebSocketLoopConnections::last() const
{
	return *_connections.back();
}


inline WebSocketLoopConnections::Iterator WebSocketLoopConnections::begin() const
{
	return _connections.begin();
}


inline WebSocketLoopConnections::Iterator WebSocketLoopConnections::end() const
{
	return _connections.end();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketLoopConnections_INCLUDED
