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
	if (likely(_pOutput != nullptr) && !push()) sendBroken();
	else if (!_pOutput && !likely(is(IS_OPEN) && !_drain.load(std::memory_order_relaxed) && !is(PONG_WAITS)) && !is(DEFLATING)) flushed();
}


bool WebSocketEventConnection::allSent() const
	/// Returns true if onDrained() may be called: while other messages wait for the last part of one, only if reading is
	/// paused, since that part may come by reading.
{
	return is(PAUSED) || !is(IN_PARTS) || !_pRare.load(std::memory_order_acquire) || rare().held.empty();
}


[[gnu::hot]] bool WebSocketEventConnection::push()
	/// Sends what it can, and tells nobody: a callback may be running. Returns false if the connection is broken.
{
	if (likely(!_pOutput->empty()))
	{
		if (is(DISCARDS) && !is(PONG_WAITS) && closesCleanly()) _stream.beLast();
		const long n = _pOutput->flush(_stream, _reactor.record());
		if (n == WebSocketStream::BROKEN) return false;
		tally(_bytesSent, _reactor.counters.bytesSent, static_cast<std::size_t>(n));
		if (!_pOutput->empty())
		{
			blocked(n > 0);
			return true;
		}
	}
	_reactor.giveOutput(_pOutput);
	if (_flags & (BLOCKED | WRITING | ACCOUNTED)) unblocked();
	return true;
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::blocked(bool progress)
	/// The peer has not taken everything.
{
	orAbort([this] { _pOutput->keep(); });
	account();
	if (progress || !is(BLOCKED)) _waits = _reactor.now();
	if (!is(BLOCKED))
	{
		rare().progress.begin(peerState(_stream.fd()));
		limitQueue();
		if (_life.closing()) expectLateClose();
	}
	set(BLOCKED, true);
	_drain.store(true, std::memory_order_relaxed);
	if (!is(WRITING) || is(CROSSED) || _stream.crossed())
	{
		set(WRITING, true);
		updateInterest();
	}
	schedule();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::unblocked()
	/// It has, at last.
{
	account();
	if (is(BLOCKED))
	{
		set(BLOCKED, false);
		_waits = _reactor.now(); // from here on an answer can come
		set(ASKED_AGAIN, false);
		schedule();
	}
	if (is(WRITING))
	{
		set(WRITING, false);
		updateInterest();
	}
}


bool WebSocketEventConnection::closesCleanly() const
	/// Returns true for a server that has nothing to do, when all has been sent, but to end the stream (RFC 6455, 7.1.1): both
	/// Close frames were exchanged, and nothing can come any more.
{
	return !_framer.failed() && _framer.closeState() == WebSocketFramer::CLOSED && _group.role == WebSocketFramer::ROLE_SERVER;
}


void WebSocketEventConnection::flushed()
	/// Everything has been sent.
{
	if (is(PONG_WAITS))
	{
		set(PONG_WAITS, false);
		Rare& more = rare();
		more.pendingPings = 0;
		if (_framer.checkSend(WebSocketFrameHeader::PONG, more.pong.data(), more.pong.size()) == WebSocketFramer::SEND)
		{
			append(WebSocketFrameHeader::PONG, more.pong.data(), more.pong.size());
			return; // it is flushed at the end of the turn
		}
	}
	if (!_life.discards() && _life.opened())
	{
		if (_drain.load(std::memory_order_relaxed) && allSent() && _drain.exchange(false))
			call([this] { _group.handler().onDrained(*this); });
		return;
	}
	// All has been said. A peer that is still sending would lose what was said last if the stream were closed.
	if (!enter(WebSocketLife::SHUT)) return;
	if (closesCleanly()) cut();
	else if (_framer.failed() || _group.role == WebSocketFramer::ROLE_SERVER)
	{
		_stream.shutdownSend();
		if (is(CROSSED)) updateInterest();
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
