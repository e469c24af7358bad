//
// ConnectionTiming.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventTiming
//
// The times that a connection of the event shell keeps, and its PINGs and PONGs.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/OpeningHandshake.h"
#include "net/PeerState.h"
#include "events/Reactor.h"
#include "Poco/Net/NetException.h"
#include "Poco/Clock.h"
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


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
		if (_pOpening->waits())
		{
			decided(WebSocketRefusal::TIMED_OUT, "The answer has taken too long");
			return;
		}
		_pOpening->timedOut();
		const std::string response = _pOpening->response();
		const bool idle = response.empty() && _life.counted() == WebSocketConnectionGroup::HTTP; // between two requests
		if (!idle) tellRefused(_pOpening->refusal(), response.size(), _pOpening->isRead());
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
	while (act(_timing.timeReached(now, group().limits, facts(), more()), now)) continue;
	if (!_life.gone()) schedule();
}


bool WebSocketEventConnection::act(WebSocketTiming::Action action, Time now)
	/// Returns true if there may be more to be done.
{
	if (action >= WebSocketTiming::IDLE) group().root.timeouts[action].fetch_add(1, std::memory_order_relaxed);
	switch (action)
	{
	case WebSocketTiming::NOTHING:
	case WebSocketTiming::ACTIONS: // is none
		return false;
	case WebSocketTiming::LOOK:
		if (_timing.look(now, peerState(_stream.fd(), _queue.bytesSent()), facts(), _extras.get().timing)) probePeer(_stream.fd(), true);
		return true;
	case WebSocketTiming::SEND_PING:
		sendPing();
		return !_life.gone();
	case WebSocketTiming::IDLE:
		sendClose(WebSocketFrame::GOING_AWAY, "Idle for too long");
		return false;
	case WebSocketTiming::AGED:
		sendClose(WebSocketFrame::GOING_AWAY, "Open for too long");
		return false;
	case WebSocketTiming::MESSAGE_TIMEOUT:
		_framer.failSlowMessage();
		protocolFailed();
		return false;
	case WebSocketTiming::PING_TIMEOUT:
		_framer.failSilence();
		broken(WebSocketException(_framer.errorText(), _framer.error()));
		return false;
	case WebSocketTiming::SEND_TIMEOUT:
		broken(TimeoutException("The peer does not take what is sent"));
		return false;
	case WebSocketTiming::CLOSE_TIMEOUT:
		if (!_life.discards()) tellError(TimeoutException("No Close frame from the peer"));
		cut();
		return false;
	case WebSocketTiming::READ_TIMEOUT:
		streamBroken();
		return false;
	}
	return false;
}


WebSocketTiming::Facts WebSocketEventConnection::facts() const
{
	WebSocketTiming::Facts facts;
	facts.open           = state() == OPEN;
	facts.paused         = _input.isPaused();
	facts.blocked        = _queue.isBlocked();
	facts.closing        = _life.closing();
	facts.discarding     = _life.discards();
	facts.sendBroken     = _life.phase() == WebSocketLife::BROKEN;
	facts.messageArrives = !_framer.betweenMessages() && !_input.parser().getParts() && !_input.isPaused() && !_life.discards();
	facts.messages       = _input.messages;
	facts.sent           = _queue.bytesSent();
	facts.queued         = _queue.end() - facts.sent;
	return facts;
}


WebSocketTiming::More* WebSocketEventConnection::more() const
{
	Extras* const pExtras = _extras.find();
	return pExtras ? &pExtras->timing : nullptr;
}


WebSocketEventConnection::Time WebSocketEventConnection::deadline() const
{
	if (!_pOpening) return _timing.deadline(_reactor.now(), group().limits, facts(), more());
	if (_pOpening->waits()) return dueTime();
	const bool idle = _life.counted() == WebSocketConnectionGroup::HTTP && _pOpening->received().empty(); // between two requests
	return _timing.lastReceived() + (idle ? WebSocketKeepAlive::milliseconds(group().pHTTPParams->getKeepAliveTimeout()) : group().handshakeTimeout);
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
	WebSocketTiming::More* const pMore = more();
	if (pMore && pMore->probing)
	{
		pMore->probing = false;
		probePeer(_stream.fd(), false);
	}
	schedule();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
