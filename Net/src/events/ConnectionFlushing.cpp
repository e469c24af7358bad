//
// ConnectionFlushing.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventFlushing
//
// How what a connection of the event shell sends gets to the wire.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "net/PeerState.h"
#include "events/Reactor.h"
#include <new>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketEventConnection::flush()
{
	if (!_life.gone()) guarded([this] { tryFlush(); });
}


void WebSocketEventConnection::tryFlush()
{
	if (_life.aborted()) return;
	if (likely(_queue.hasOutput()) && !push()) sendBroken();
	else if (!_queue.hasOutput() && !likely(_queue.isOpen() && !_queue.owes() && !_controlWaits) && !_queue.isDeflating()) flushed();
}


[[gnu::hot]] bool WebSocketEventConnection::push()
	/// Sends what it can, and tells nobody: a callback may be running. Returns false if the connection is broken.
{
	if (_life.discards() && !_controlWaits && _framer.closed() && _framer.endsStream()) _stream.beLast();
	const WebSocketSendQueue::Flushed result = _queue.flush(link());
	return likely(result == WebSocketSendQueue::SENT) || pushed(result);
}


[[gnu::cold, gnu::noinline]] bool WebSocketEventConnection::pushed(WebSocketSendQueue::Flushed result)
{
	switch (result)
	{
	case WebSocketSendQueue::FAILED:
		return false;
	case WebSocketSendQueue::LOST: // part of a message has been sent, perhaps
		abort();
		throw std::bad_alloc();
	case WebSocketSendQueue::UNBLOCKED:
		unblocked();
		break;
	default:
		blocked(result);
	}
	return true;
}


void WebSocketEventConnection::blocked(WebSocketSendQueue::Flushed result)
	/// The peer has not taken everything.
{
	if (result != WebSocketSendQueue::STUCK) _timing.taken(_reactor.now());
	if (result == WebSocketSendQueue::BLOCKED && _timing.blocked(_reactor.now(), peerState(_stream.fd(), _queue.bytesSent()), facts(), _extras.get().timing)) probePeer(_stream.fd(), true);
	_queue.owe();
	if (result == WebSocketSendQueue::BLOCKED || _watch.crossed() || _stream.crossed()) updateInterest();
	schedule();
}


void WebSocketEventConnection::unblocked()
	/// It has, at last.
{
	_timing.unblocked(_reactor.now());
	schedule();
	updateInterest();
}


void WebSocketEventConnection::flushed()
	/// Everything has been sent.
{
	if (_controlWaits)
	{
		sendWaitingControl();
		if (_queue.hasOutput()) return; // it is flushed at the end of the turn
	}
	if (!_life.discards() && _life.opened())
	{
		// While other messages wait for the last part of one, only if reading is paused: that part may come by reading.
		if (_queue.owes() && (_input.isPaused() || !_queue.holds()) && _queue.pay())
			call([this] { group().handler().onDrained(*this); });
		return;
	}
	// All has been said. A peer that is still sending would lose what was said last if the stream were closed.
	if (!enter(WebSocketLife::SHUT)) return;
	if (!_framer.endsStream(true)) return;
	if (_framer.closed())
	{
		cut();
		return;
	}
	_stream.shutdownSend();
	if (_watch.crossed()) updateInterest();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
