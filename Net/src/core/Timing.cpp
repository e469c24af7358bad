//
// Timing.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketTiming
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Timing.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	typedef WebSocketTiming::Time Time;

	constexpr Poco::UInt32 CLOSE_SIZE = 4*1024; // what a control frame takes in the system's memory at most
	constexpr Time NEVER = 1u << 30;            // as far away as a time can be

	void limitQueue(Time now, const WebSocketTiming::Facts& facts, WebSocketTiming::More& more)
		/// What is queued now has the time of a transfer from now on.
	{
		more.queueEnd = facts.sent + facts.queued;
		more.queueSince = now;
	}

	const WebSocketProgress& progressOf(const WebSocketTiming::More* pMore)
	{
		static const WebSocketProgress none;
		return pMore ? pMore->progress : none;
	}
}


WebSocketTiming::Limits::Limits(const WebSocketConnectionParams& params):
	WebSocketKeepAlive::Limits(params.getPingInterval(), params.getPongTimeout(), params.getSendTimeout(), params.getTransferTimeout()),
	idleTimeout(WebSocketKeepAlive::milliseconds(params.getIdleTimeout())),
	sendTimeout(WebSocketKeepAlive::milliseconds(params.getSendTimeout())),
	closeTimeout(WebSocketKeepAlive::milliseconds(params.getCloseTimeout())),
	transferTimeout(WebSocketKeepAlive::milliseconds(params.getTransferTimeout()))
{
}


void WebSocketTiming::begin(Time now)
{
	received(now);
	_lastMessage = now;
}


void WebSocketTiming::limitAge(Time now, const Limits& limits, Poco::UInt32 random)
{
	const Time less = static_cast<Time>(Poco::UInt64(limits.maxAge/4)*random >> 32);
	_closingSince = now + limits.maxAge - less;
}


WebSocketTiming::Action WebSocketTiming::timeReached(Time now, const Limits& limits, const Facts& facts, More* pMore)
{
	const bool looked = _looked;
	_looked = _forAnswer = false;
	const auto lookOr = [looked](Action action)
	{
		return looked ? action : LOOK;
	};

	const Time since = sign();
	if (facts.closing)
	{
		if (reached(_closingSince + limits.transferTimeout, now)) return CLOSE_TIMEOUT;
		return reached(since + closeLimit(limits), now) ? lookOr(CLOSE_TIMEOUT) : NOTHING;
	}
	if (facts.sendBroken)
	{
		if (!facts.paused && reached(since, lastReceived())) sign(lastReceived()); // there is more to be read
		return reached(readingUntil(now, limits, facts), now) || reached(_closingSince + limits.transferTimeout, now) ? READ_TIMEOUT : NOTHING;
	}
	if (facts.blocked)
	{
		if (reached(since + limits.sendTimeout, now)) return lookOr(SEND_TIMEOUT);
		if (reached(pMore->queueSince + limits.transferTimeout, now))
		{
			if (facts.sent < pMore->queueEnd) return SEND_TIMEOUT;
			limitQueue(now, facts, *pMore);
		}
	}
	const bool noted = pMore && pMore->messageArrives;
	const bool known = noted && pMore->message == facts.messages;
	if (facts.messageArrives && known && reached(pMore->messageSince + limits.transferTimeout, now)) return MESSAGE_TIMEOUT;
	if (!looked && (facts.messageArrives ? !known : noted)) return LOOK; // which notes it, or that there is none any more
	if (limits.idleTimeout > 0 && facts.open && reached(_lastMessage + limits.idleTimeout, now)) return lookOr(IDLE);
	if (limits.maxAge > 0 && facts.open && reached(_closingSince, now)) return AGED;
	if (!facts.open || facts.paused || facts.blocked) return NOTHING; // an answer would not be seen, or a PING not be sent

	switch (WebSocketKeepAlive::timeReached(now, limits, progressOf(pMore)))
	{
	case WebSocketKeepAlive::SEND_PING:
		return SEND_PING;
	case WebSocketKeepAlive::LOOK:
		_forAnswer = true;
		return LOOK;
	case WebSocketKeepAlive::FAIL:
		return PING_TIMEOUT;
	default:
		return NOTHING;
	}
}


bool WebSocketTiming::look(Time now, const WebSocketPeerState& peer, const Facts& facts, More& more)
{
	_looked = true;
	if (!facts.messageArrives)
	{
		more.messageArrives = false;
	}
	else if (!more.messageArrives || more.message != facts.messages)
	{
		more.messageArrives = true;
		more.message = facts.messages;
		more.messageSince = now;
	}
	const bool before = sentBefore(peer);
	const bool answerAwaited = pinging() && !facts.blocked && !facts.closing;
	Time since = sign();
	int result = 0;
	if (answerAwaited && _forAnswer)
	{
		result = WebSocketKeepAlive::look(now, peer, more.progress, before);
		if (result & WebSocketKeepAlive::PROBE) more.probing = true;
	}
	else
	{
		result = more.progress.look(peer, now);
		if (result & (answerAwaited ? WebSocketProgress::READ : WebSocketProgress::TAKEN)) advance(since, more.progress.time(), now);
		if (answerAwaited && (result & WebSocketProgress::ARRIVED)) since = now;
		if (facts.closing && before && more.progress.readsUnseen(now))
		{
			_closesLater = true;
			advance(since, more.probing ? now - peer.quiet : now, now); // nobody has asked it before the first look
		}
		if (facts.closing && !facts.discarding) advance(since, result & WebSocketProgress::ARRIVED ? now : lastReceived(), now);
		sign(since);
	}
	if ((result & WebSocketProgress::TAKEN) && (more.progress.waiting() || facts.blocked)) advance(_lastMessage, more.progress.time(), now);
	if (facts.messageArrives) advance(_lastMessage, lastReceived(), now);
	if (result & WebSocketProgress::ARRIVED) _lastMessage = now;
	if (!facts.closing) return (result & WebSocketKeepAlive::PROBE) != 0;
	if (more.progress.unacknowledged() > CLOSE_SIZE) _closesLater = true;
	return more.probing = true; // it may be reading still
}


WebSocketTiming::Time WebSocketTiming::deadline(Time now, const Limits& limits, const Facts& facts, const More* pMore) const
{
	Time left = NEVER;
	const auto consider = [&left, now](Time time)
	{
		left = std::min(left, reached(time, now) ? 0 : time - now);
	};
	const Time since = sign();
	if (facts.closing)
	{
		consider(since + closeLimit(limits));
		consider(_closingSince + limits.transferTimeout);
		return now + left;
	}
	if (facts.sendBroken)
	{
		consider(readingUntil(now, limits, facts));
		consider(_closingSince + limits.transferTimeout);
		return now + left;
	}
	left = limits.transferTimeout/4 + 1; // that is how exactly the time that a message takes to arrive is known
	if (facts.blocked)
	{
		consider(since + limits.sendTimeout);
		consider(pMore->queueSince + limits.transferTimeout);
	}
	if (!facts.open) return now + left;
	if (limits.idleTimeout > 0) consider(_lastMessage + limits.idleTimeout);
	if (limits.maxAge > 0) consider(_closingSince);
	if (!facts.paused && !facts.blocked && (limits.pingInterval > 0 || pinging())) consider(WebSocketKeepAlive::deadline(limits, progressOf(pMore)));
	return now + left;
}


bool WebSocketTiming::blocked(Time now, const WebSocketPeerState& peer, const Facts& facts, More& more)
{
	sign(now);
	more.progress.begin(peer);
	limitQueue(now, facts, more);
	if (facts.closing) _closesLater = true;
	return facts.closing;
}


void WebSocketTiming::taken(Time now)
{
	sign(now);
}


void WebSocketTiming::unblocked(Time now)
{
	restart(now); // from here on an answer can come
	_lastMessage = now; // the peer has taken something
}


bool WebSocketTiming::closing(Time now, bool late)
{
	sign(now);
	_closingSince = now;
	_closesLater = _closesLater || late;
	return late;
}


void WebSocketTiming::resumed(Time now)
{
	received(now);
	sign(now);
}


bool WebSocketTiming::sentBefore(const WebSocketPeerState& peer) const
	/// Returns true if the peer may have something to read before it answers.
{
	if (peer.waiting > CLOSE_SIZE || !reached(_lastMessage, lastReceived())) return true;
	return _lastMessage == lastReceived() && peer.acknowledged > CLOSE_SIZE; // a message has come, and perhaps was answered at once
}


WebSocketTiming::Time WebSocketTiming::closeLimit(const Limits& limits) const
	/// Returns the limit of silence in the closing handshake.
{
	return _closesLater ? std::max(limits.closeTimeout, limits.sendTimeout) : limits.closeTimeout;
}


WebSocketTiming::Time WebSocketTiming::readingUntil(Time now, const Limits& limits, const Facts& facts) const
	/// How long what the peer has sent may take to be read, if nothing can be sent any more: as long as the closing handshake. While
	/// reading is paused, that does not count.
{
	if (!facts.paused) return sign() + limits.closeTimeout;
	return limits.idleTimeout > 0 ? _lastMessage + limits.idleTimeout : now + NEVER;
}


void WebSocketTiming::advance(Time& time, Time other, Time now)
	/// Sets time to other if that is later, and not in the future.
{
	if (reached(time, other) && reached(other, now)) time = other;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
