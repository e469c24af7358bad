//
// ConnectionDeflating.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventDeflating
//
// How a connection of the event shell compresses long messages: a piece at a time, so that the others have their turn.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/Reactor.h"
#include "Poco/Clock.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr Poco::Clock::ClockDiff DEFLATE_TIME = 50; // microseconds at a time
}


void WebSocketEventConnection::deflating()
	/// If a message is being compressed now, goes on in the next turn. Until that has been done nothing is read: who sends more than can
	/// be compressed waits.
{
	if (!_queue.isDeflating()) return;
	_reactor.again(*this);
	if (_input.isPaused()) return;
	stopReading();
	goOnLater();
}


void WebSocketEventConnection::deflateStep()
{
	catchUp(); // as long as it is held
	if (_queue.isDeflating()) _queue.deflateStep(link()); // otherwise a policy for full queues has closed the connection
}


void WebSocketEventConnection::deflateSome()
{
	const Poco::Clock start;
	do deflateStep();
	while (_queue.isDeflating() && !start.isElapsed(DEFLATE_TIME));
	if (_queue.isDeflating()) _reactor.again(*this);
}


void WebSocketEventConnection::deflateAll()
	/// Before what has to come behind the messages that were sent.
{
	orAbort([this]
	{
		while (_queue.isDeflating() && state() == OPEN) deflateStep();
	});
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
