//
// WebSocketEventDeflating.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketEventDeflating
//
// How a connection of the event shell compresses long messages: a piece at a time, so that the others have their turn.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketEventConnection.h"
#include "WebSocketReactor.h"
#include "Poco/Clock.h"
#include <algorithm>
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t STEP = 16*1024;
	constexpr Poco::Clock::ClockDiff DEFLATE_TIME = 100; // microseconds at a time
}


void WebSocketEventConnection::deflateSteps(Task&& task)
	/// Begins to compress a message. Until that has been done nothing is read: who sends more than can be compressed waits.
{
	Rare& more = rare();
	more.pDeflated = std::make_unique<Task>(std::move(task));
	more.deflated = 0;
	_pWriter->begin(more.pDeflated->number, true);
	set(DEFLATING, true);
	set(IN_PARTS, true);
	_reactor.again(*this);
	if (is(PAUSED)) return;
	pause();
	goOnLater();
}


void WebSocketEventConnection::deflateStep()
{
	Rare& more = rare();
	const std::size_t length = std::min(STEP, more.pDeflated->length() - more.deflated);
	const char* const pData = more.pDeflated->message() + more.deflated;
	const bool last = more.deflated + length == more.pDeflated->length();
	const WebSocketMessageWriter::Frame frame = _pWriter->frame(pData, length, last, _reactor.compressed());
	if (!frame.nothing) append(frame.flags, frame.pData, frame.length);
	_waiting.store(_pOutput ? _pOutput->size() : 0, std::memory_order_relaxed); // before it is not posted any more
	_posted.fetch_sub(length, std::memory_order_relaxed);
	more.deflated += length;
	if (!last) return;

	more.pDeflated.reset();
	set(DEFLATING, false);
	set(IN_PARTS, false);
	_lastMessage = _reactor.now();
	partsSent();
}


void WebSocketEventConnection::deflateSome()
{
	try
	{
		const Poco::Clock start;
		do deflateStep();
		while (is(DEFLATING) && !start.isElapsed(DEFLATE_TIME));
	}
	catch (const std::bad_alloc&)
	{
		noMemory();
	}
	if (is(DEFLATING)) _reactor.again(*this);
}


void WebSocketEventConnection::deflateAll()
	/// Before what has to come behind the messages that were sent.
{
	while (is(DEFLATING) && state() == OPEN) deflateStep();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
