//
// ConnectionTiming.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventTiming
//
// The times that a connection of the event shell keeps.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/OpeningHandshake.h"
#include "net/PeerState.h"
#include "events/Reactor.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr Poco::UInt32 CONTROL_SIZE = 4*1024; // what a control frame takes in the system's memory at most
}


void WebSocketEventConnection::due(Time now)
{
	if (_life.gone()) return;
	_reactor.timers().set(*this, now + WebSocketTimerWheel::MAX_DISTANCE); // schedule() only brings it forward
	guarded([this, now] { timeReached(now); });
}


void WebSocketEventConnection::timeReached(Time now)
{
	if (_pOpening)
	{
		_pOpening->timedOut();
		const std::string response = _pOpening->response();
		if (response.empty())
		{
			cut();
			return;
		}
		_pOpening.reset();
		_queue.output(_reactor).bytes().append(response.data(), response.size());
		_reactor.markDirty(*this);
		go(WebSocketLife::CLOSED);
		return;
	}
	if (_life.closing())
	{
		if (WebSocketTimerWheel::reached(_closingSince + _group.transferTimeout, now) || (late(closeLimit(), now) && WebSocketTimerWheel::reached(_waits + closeLimit(), now))) // a look may have changed the limit
		{
			if (!_life.discards()) tellError(TimeoutException("No Close frame from the peer"));
			cut();
			return;
		}
	}
	else if (_life.phase() == WebSocketLife::BROKEN)
	{
		if (!_input.isPaused() && WebSocketTimerWheel::reached(_waits, _input.received)) _waits = _input.received; // there is more to be read
		if (WebSocketTimerWheel::reached(readingUntil(), now) || WebSocketTimerWheel::reached(_closingSince + _group.transferTimeout, now))
		{
			streamBroken();
			return;
		}
	}
	else if (_queue.isBlocked() && (late(_group.sendTimeout, now) || takesTooLong(now)))
	{
		broken(TimeoutException("The peer does not take what is sent"));
		return;
	}
	else
	{
		if (arrivesTooSlowly(now)) failSlowMessage();
		else if (_group.idleTimeout > 0) checkIdle(now);
		if (state() == OPEN && !_input.isPaused() && !_queue.isBlocked()) keepAlive(now); // otherwise an answer would not be seen, or a PING not be sent
		if (_life.gone()) return;
	}
	schedule();
}


WebSocketEventConnection::Time WebSocketEventConnection::readingUntil() const
	/// How long what the peer has sent may take to be read, if nothing can be sent any more: as long as the closing handshake. While
	/// reading is paused, that does not count.
{
	if (!_input.isPaused()) return _waits + _group.closeTimeout;
	return _group.idleTimeout > 0 ? _queue.lastMessage + _group.idleTimeout : _reactor.now() + WebSocketTimerWheel::MAX_DISTANCE;
}


[[gnu::noinline]] bool WebSocketEventConnection::late(Time limit, Time now)
	/// Returns true if there has been no sign of what is waited for, and the peer has not got on either, for so long. What
	/// has moved is known then only: nothing is looked at while all goes well.
{
	if (WebSocketTimerWheel::reached(_waits + limit, now)) watch(now);
	return WebSocketTimerWheel::reached(_waits + limit, now);
}


void WebSocketEventConnection::watch(Time now)
	/// Looks at the peer. If it has got on, limits of silence count from there.
{
	const auto advance = [now](Time& time, Time other)
	{
		if (WebSocketTimerWheel::reached(time, other) && WebSocketTimerWheel::reached(other, now)) time = other;
	};
	WebSocketProgress& progress = rare().progress;
	const int result = progress.look(peerState(_stream.fd()), now);
	const bool answerAwaited = is(PINGING) && !_queue.isBlocked() && !_life.closing();
	if (result & (answerAwaited ? WebSocketProgress::READ : WebSocketProgress::TAKEN)) advance(_waits, progress.time());
	if ((result & WebSocketProgress::TAKEN) && (progress.waiting() || _queue.isBlocked())) advance(_queue.lastMessage, progress.time());
	if (result & WebSocketProgress::ARRIVED) _queue.lastMessage = now;
	if (answerAwaited && (result & WebSocketProgress::ARRIVED)) advance(_waits, now);
	if (_life.closing())
	{
		if (!_life.discards()) advance(_waits, result & WebSocketProgress::ARRIVED ? now : _input.received);
		if (progress.unacknowledged() > CONTROL_SIZE) expectLateClose();
		else probePeer(_stream.fd(), true); // it may be reading still
	}
}


void WebSocketEventConnection::expectLateClose()
	/// In the closing handshake: the peer has still to read what was sent before the Close frame.
{
	if (is(CLOSES_LATER)) return;
	set(CLOSES_LATER, true);
	probePeer(_stream.fd(), true);
}


WebSocketEventConnection::Time WebSocketEventConnection::pongLimit() const
	/// Returns the limit of silence before the answer to a PING.
{
	const Rare* const pRare = _pRare.load(std::memory_order_acquire);
	return pRare && pRare->progress.slow() ? std::max(_group.pongTimeout, _group.sendTimeout) : _group.pongTimeout;
}


WebSocketEventConnection::Time WebSocketEventConnection::closeLimit() const
	/// Returns the limit of silence in the closing handshake.
{
	return is(CLOSES_LATER) ? std::max(_group.closeTimeout, _group.sendTimeout) : _group.closeTimeout;
}


void WebSocketEventConnection::limitQueue()
	/// What is queued now has the time of a transfer from now on.
{
	Rare& more = rare();
	more.queueEnd = _queue.end();
	more.queueSince = _reactor.now();
}


bool WebSocketEventConnection::takesTooLong(Time now)
	/// Returns true if what is queued goes out so slowly that the peer does it on purpose, or is of no use.
{
	Rare& more = rare();
	if (!WebSocketTimerWheel::reached(more.queueSince + _group.transferTimeout, now)) return false;
	if (_queue.bytesSent() < more.queueEnd) return true;
	limitQueue();
	return false;
}


bool WebSocketEventConnection::arrivesTooSlowly(Time now)
	/// The same of a message that is received, and not handed over in parts. It is known from the first look at it.
{
	const Poco::UInt64 number = _input.messages;
	if (_framer.betweenMessages() || _input.parser().getParts() || _input.isPaused() || _life.discards())
	{
		if (Rare* const pRare = _pRare.load(std::memory_order_acquire)) pRare->messageArrives = false;
		return false;
	}
	Rare& more = rare();
	if (more.messageArrives && more.messageNumber == number) return WebSocketTimerWheel::reached(more.messageSince + _group.transferTimeout, now);
	more.messageArrives = true;
	more.messageNumber = number;
	more.messageSince = now;
	return false;
}


void WebSocketEventConnection::failSlowMessage()
{
	_framer.fail(WebSocketError::POLICY_VIOLATION, WebSocketFrame::POLICY_VIOLATION, "A message takes too long to arrive");
	protocolFailed();
}


void WebSocketEventConnection::checkIdle(Time now)
{
	if (!WebSocketTimerWheel::reached(_queue.lastMessage + _group.idleTimeout, now)) return;
	if (!_framer.betweenMessages() && WebSocketTimerWheel::reached(_queue.lastMessage, _input.received)) _queue.lastMessage = _input.received; // a message is arriving
	if (WebSocketTimerWheel::reached(_queue.lastMessage + _group.idleTimeout, now)) watch(now);
	if (WebSocketTimerWheel::reached(_queue.lastMessage + _group.idleTimeout, now)) sendClose(WebSocketFrame::GOING_AWAY, "Idle for too long");
}


void WebSocketEventConnection::keepAlive(Time now)
{
	if (!is(PINGING))
	{
		if (_group.pingInterval == 0 || !WebSocketTimerWheel::reached(_input.received + _group.pingInterval, now)) return;
		set(PINGING, true);
		set(ASKED_AGAIN, false);
		if (Rare* const pRare = _pRare.load(std::memory_order_acquire)) pRare->progress = WebSocketProgress();
		_waits = now;
		sendPing();
	}
	else if (!is(ASKED_AGAIN))
	{
		if (!WebSocketTimerWheel::reached(_waits + _group.pongTimeout/2, now)) return;
		set(ASKED_AGAIN, true);
		const WebSocketPeerState peer = peerState(_stream.fd());
		if (peer.waiting <= CONTROL_SIZE && !WebSocketTimerWheel::reached(_input.received, _queue.lastMessage)) return; // nothing was sent that the answer could lie behind
		rare().progress.expectAnswer(peer);
		rare().probing = true;
		probePeer(_stream.fd(), true);
		_waits = now; // what is there to compare with is of now
		sendPing();
	}
	else if (late(pongLimit(), now) || WebSocketTimerWheel::reached(_input.received + _group.longestSilence, now))
	{
		_framer.fail(WebSocketError::PING_TIMEOUT, 0, "No answer to a PING");
		broken(WebSocketException(_framer.errorText(), _framer.error()));
	}
}


WebSocketEventConnection::Time WebSocketEventConnection::deadline() const
{
	if (_pOpening)
	{
		const bool idle = _life.counted() == WebSocketConnectionGroup::HTTP && _pOpening->received().empty(); // between two requests
		return _input.received + (idle ? WebSocketConnectionGroup::milliseconds(_group.pHTTPParams->getKeepAliveTimeout()) : _group.handshakeTimeout);
	}

	const Time now = _reactor.now();
	Time left = WebSocketTimerWheel::MAX_DISTANCE;
	const auto consider = [&](Time time)
	{
		left = std::min(left, WebSocketTimerWheel::reached(time, now) ? 0 : time - now);
	};
	if (_life.closing())
	{
		consider(_waits + closeLimit());
		consider(_closingSince + _group.transferTimeout);
		return now + left;
	}
	if (_life.phase() == WebSocketLife::BROKEN)
	{
		consider(readingUntil());
		return now + left;
	}
	left = _group.transferTimeout/4 + 1; // that is how exactly the time that a message takes to arrive is known
	if (_queue.isBlocked())
	{
		consider(_waits + _group.sendTimeout);
		consider(rare().queueSince + _group.transferTimeout);
	}
	if (_group.idleTimeout > 0) consider(_queue.lastMessage + _group.idleTimeout);
	if (_input.isPaused() || _queue.isBlocked()) return now + left;
	if (is(PINGING)) consider(_waits + (is(ASKED_AGAIN) ? pongLimit() : _group.pongTimeout/2));
	else if (_group.pingInterval > 0) consider(_input.received + _group.pingInterval);
	return now + left;
}


[[gnu::noinline]] void WebSocketEventConnection::schedule()
{
	if (_life.gone()) return;
	const Time time = deadline();
	if (WebSocketTimerWheel::reached(time, dueTime())) _reactor.timers().set(*this, time);
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::answered()
	/// The peer is there. The next PING is due earlier than the answer to the last would have been late.
{
	Rare* const pRare = _pRare.load(std::memory_order_acquire);
	if (pRare && pRare->probing)
	{
		pRare->probing = false;
		probePeer(_stream.fd(), false);
	}
	set(PINGING, false);
	set(ASKED_AGAIN, false);
	schedule();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
