//
// Multicast.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketMulticast
//
// Messages that one loop sends to several of its connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMulticast_INCLUDED
#define Net_WebSocketMulticast_INCLUDED


#include "events/Broadcasts.h"
#include "events/FanOut.h"
#include "events/LoopConnections.h"
#include "events/TurnMessages.h"
#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketMulticast
	/// The messages of one turn that go to all connections of a loop, or to several. Each connection is given what is for it at the end of the
	/// turn, all of it at once, so that the memory of a connection is reached once for each turn, and not for each message.
{
public:
	explicit WebSocketMulticast(const WebSocketLoopConnections& connections);

	static std::size_t cost(const WebSocketPreparedMessage& message);
		/// Returns what a message counts against the limits.

	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t limit);
		/// Sends a message to all connections that clients have opened: at the end of the turn, or before anything else is
		/// sent to one of them, or when there are more bytes than the limit. Throws a std::bad_alloc if there is no memory: then nothing is sent.

	std::size_t share(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t reserved, std::size_t count);
		/// So many connections get a message, for which each has reserved something, or 0. Returns its index in shared().
		/// Throws a std::bad_alloc if there is no memory.

	void begins(WebSocketEventConnection& connection);
		/// One of them has a run from now on.

	const WebSocketBroadcasts& broadcasts() const;
		/// Returns what goes to all.

	const WebSocketTurnMessages& shared() const;
		/// Returns what goes to several.

	WebSocketFanOut& fanOut();
		/// Returns where the frames are.

	bool waiting() const;
		/// Returns true if there is something to distribute().

	void distribute();
		/// Gives what is shared or broadcast to those that have not got it yet, and flushes them. Callbacks may add some.

	void clear();
		/// The turn ends: all have got everything.

private:
	const char* place(const WebSocketPreparedMessage::Ptr& pMessage);
	void giveRuns();
	void settleRuns();
	void giveBroadcasts();

	const WebSocketLoopConnections& _connections;
	WebSocketFanOut _fanOut;
	WebSocketBroadcasts _broadcasts;
	std::size_t _broadcastBytes; // of these
	WebSocketTurnMessages _shared;
	std::vector<WebSocketEventConnection*> _runs; // those that have some of these, or had
	std::vector<WebSocketEventConnection*> _receivers; // memory for distribute()
};


//
// inlines
//
inline const WebSocketBroadcasts& WebSocketMulticast::broadcasts() const
{
	return _broadcasts;
}


inline const WebSocketTurnMessages& WebSocketMulticast::shared() const
{
	return _shared;
}


inline WebSocketFanOut& WebSocketMulticast::fanOut()
{
	return _fanOut;
}


inline void WebSocketMulticast::begins(WebSocketEventConnection& connection)
{
	_runs.push_back(&connection); // share() has made room
}


inline bool WebSocketMulticast::waiting() const
{
	return _broadcasts.waiting();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMulticast_INCLUDED
