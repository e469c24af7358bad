//
// ConnectionBroadcast.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// How a connection of the event shell is given what goes to all.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/Reactor.h"
#include <exception>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


bool WebSocketEventConnection::isBehind() const
{
	return _queue.broadcasts != _reactor.multicast().broadcasts().count() && state() == OPEN && group().role == WebSocketFramer::ROLE_SERVER;
}


void WebSocketEventConnection::distribute()
{
	if (_queue.hasRun()) settleRun(); // it was given the others meanwhile
	else giveBroadcasts();
	flush();
}


void WebSocketEventConnection::giveRun()
{
	if (!_queue.hasRun()) return; // it was sent before
	settleRun();
	flush();
}


void WebSocketEventConnection::settleRun()
{
	try
	{
		_queue.sendRun(link());
	}
	catch (const std::exception&) // no memory, above all
	{
		abort(); // this may be called by a callback of another connection
	}
}


void WebSocketEventConnection::loseBroadcast()
{
	if (state() != OPEN || group().role != WebSocketFramer::ROLE_SERVER) return;
	catchUp();
	refuse();
	_reactor.markDirty(*this); // which tells when there is room
}


void WebSocketEventConnection::catchUp()
{
	if (_queue.broadcasts == _reactor.multicast().broadcasts().count()) return;
	if (_queue.hasRun()) settleRun();
	else giveBroadcasts();
	if (_queue.hasOutput()) wakeFlush();
}


void WebSocketEventConnection::giveBroadcasts()
{
	const WebSocketBroadcasts& broadcasts = _reactor.multicast().broadcasts();
	std::size_t i = isBehind() ? broadcasts.since(_queue.broadcasts) : broadcasts.size();
	_queue.broadcasts = broadcasts.count(); // first: what sends calls this
	try
	{
		while (i < broadcasts.size())
		{
			const std::size_t extended = extendBy(i);
			if (extended == 0) sendPrepared(WebSocketPreparedMessage::Ptr(broadcasts[i].pMessage)); // a policy for full queues may ask for more
			i += extended > 0 ? extended : 1;
		}
	}
	catch (const std::exception&) // no memory, above all
	{
		abort(); // this may be called by a callback of another connection
	}
}


std::size_t WebSocketEventConnection::extendBy(std::size_t first)
	/// Sends those from the first on whose frames lie one behind the other, and behind what this is going to send. Returns
	/// how many these are.
{
	if (!_stream.plain() || !_queue.isDirect()) return 0;
	const WebSocketBroadcasts& broadcasts = _reactor.multicast().broadcasts();
	const char* const pFrames = broadcasts[first].pFrame;
	if (!pFrames) return 0;
	std::size_t length = 0;
	std::size_t end = first;
	while (end < broadcasts.size() && broadcasts[end].pFrame == pFrames + length) length += broadcasts[end++].length;
	return _queue.sendFrames(link(), pFrames, length, end - first) ? end - first : 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
