//
// KeepAlive.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketKeepAlive
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/KeepAlive.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr Poco::Timespan::TimeDiff LONGEST_TIME = 20LL*24*3600*1000*1000;
	constexpr WebSocketKeepAlive::Time LONGEST_SILENCE = 24u*24*3600*1000;
}


WebSocketKeepAlive::Limits::Limits(const Poco::Timespan& ping, const Poco::Timespan& pong, const Poco::Timespan& sendTimeout, const Poco::Timespan& transferTimeout):
	pingInterval(milliseconds(ping)),
	pongTimeout(milliseconds(pong)),
	slowPongTimeout(std::max(pongTimeout, milliseconds(sendTimeout))),
	longestSilence(std::min(pingInterval + milliseconds(transferTimeout), LONGEST_SILENCE))
{
}


WebSocketKeepAlive::Time WebSocketKeepAlive::milliseconds(const Poco::Timespan& time)
{
	return static_cast<Time>((std::min(time.totalMicroseconds(), LONGEST_TIME) + 999)/1000);
}


bool WebSocketKeepAlive::reached(Time time, Time now)
{
	return static_cast<Poco::Int32>(now - time) >= 0;
}


inline WebSocketKeepAlive::Time WebSocketKeepAlive::answerLimit(const Limits& limits, const WebSocketProgress& progress)
{
	return progress.slow() ? limits.slowPongTimeout : limits.pongTimeout;
}


WebSocketKeepAlive::Action WebSocketKeepAlive::timeReached(Time now, const Limits& limits, const WebSocketProgress& progress)
{
	switch (_phase)
	{
	case QUIET:
		if (limits.pingInterval == 0 || !reached(_received + limits.pingInterval, now)) return NOTHING;
		_phase = PINGED;
		_sign = now;
		return SEND_PING;
	case PINGED:
		return reached(_sign + limits.pongTimeout/2, now) ? LOOK : NOTHING;
	case LOOKED:
		_phase = PINGED_AGAIN;
		_sign = now; // what is there to compare with is of now
		return SEND_PING;
	default:
		break;
	}
	if (reached(_received + limits.longestSilence, now)) return FAIL;
	const bool looked = _phase == LOOKED_AGAIN;
	_phase = PINGED_AGAIN;
	if (!reached(_sign + answerLimit(limits, progress), now)) return NOTHING;
	return looked ? FAIL : LOOK;
}


int WebSocketKeepAlive::look(Time now, const WebSocketPeerState& peer, WebSocketProgress& progress, bool sentBefore)
{
	if (_phase == PINGED)
	{
		progress = WebSocketProgress();
		if (sentBefore) progress.expectAnswer(peer, now);
		else progress.begin(peer);
		_phase = sentBefore ? LOOKED : PINGED_AGAIN;
		return sentBefore ? static_cast<int>(PROBE) : static_cast<int>(WebSocketProgress::NONE);
	}
	if (_phase == PINGED_AGAIN) _phase = LOOKED_AGAIN;
	const int result = progress.look(peer, now);
	const Time time = result & WebSocketProgress::READ ? progress.time() : now - peer.quiet;
	if (((result & WebSocketProgress::READ) || progress.readsUnseen(now)) && reached(_sign, time) && reached(time, now)) _sign = time;
	if (result & WebSocketProgress::ARRIVED) _sign = now;
	return result;
}


WebSocketKeepAlive::Time WebSocketKeepAlive::deadline(const Limits& limits, const WebSocketProgress& progress) const
{
	switch (_phase)
	{
	case QUIET:
		return _received + limits.pingInterval;
	case PINGED:
		return _sign + limits.pongTimeout/2;
	case LOOKED:
		return _sign;
	default:
		break;
	}
	const Time answer = _sign + answerLimit(limits, progress);
	const Time longest = _received + limits.longestSilence;
	return reached(answer, longest) ? answer : longest;
}


void WebSocketKeepAlive::restart(Time now)
{
	_sign = now;
	if (_phase > PINGED) _phase = PINGED;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
