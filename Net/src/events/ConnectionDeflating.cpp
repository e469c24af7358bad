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
#include <algorithm>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t STEP = 8*1024;
	constexpr Poco::Clock::ClockDiff DEFLATE_TIME = 50; // microseconds at a time
}


void WebSocketEventConnection::deflateSteps(Task&& task, const char* pData, std::size_t length)
	/// Begins to compress a message. Until that has been done nothing is read: who sends more than can be compressed waits.
{
	rare().pDeflating.reset(new Deflating{std::move(task), nullptr, pData, length});
	_pWriter->begin(rare().pDeflating->task.number, true);
	set(DEFLATING, true);
	set(IN_PARTS, true);
	_reactor.again(*this);
	if (is(PAUSED)) return;
	stopReading();
	goOnLater();
}


void WebSocketEventConnection::deflateStep()
{
	catchUp(); // as long as it is held
	if (!is(DEFLATING)) return; // a policy for full queues has closed the connection
	Rare& more = rare();
	Deflating& message = *more.pDeflating;
	const std::size_t length = std::min(STEP, message.length);
	const bool last = length == message.length;
	const WebSocketMessageWriter::Frame frame = _pWriter->frame(message.pData, length, last, _reactor.compressed());
	if (!frame.nothing) append(frame.flags, frame.pData, frame.length);
	account(last ? length + WebSocketConnectionParams::QUEUE_ENTRY : length);
	message.pData  += length;
	message.length -= length;
	if (!last) return;

	more.pDeflating.reset();
	set(DEFLATING, false);
	set(IN_PARTS, false);
	_lastMessage = _reactor.now();
	partsSent();
}


void WebSocketEventConnection::deflateSome()
{
	const Poco::Clock start;
	do deflateStep();
	while (is(DEFLATING) && !start.isElapsed(DEFLATE_TIME));
	if (is(DEFLATING)) _reactor.again(*this);
}


void WebSocketEventConnection::deflateAll()
	/// Before what has to come behind the messages that were sent.
{
	orAbort([this]
	{
		while (is(DEFLATING) && state() == OPEN) deflateStep();
	});
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
