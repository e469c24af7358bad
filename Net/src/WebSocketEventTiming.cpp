//
// WebSocketEventTiming.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketEventTiming
//
// The times that a connection of the event shell keeps.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketEventConnection.h"
#include "WebSocketOpening.h"
#include "WebSocketReactor.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketEventConnection::due(Time now)
{
	if (is(GONE)) return;
	_reactor.timers().set(*this, now + WebSocketTimerWheel::MAX_DISTANCE); // stays in the loop, whatever is thrown
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
		output().bytes().append(response.data(), response.size());
		_reactor.markDirty(*this);
		discard();
		beginClosing();
		return;
	}
	if (is(CLOSING_BEGUN))
	{
		if (WebSocketTimerWheel::reached(_waits + _group.closeTimeout, now))
		{
			if (!is(DISCARD)) tellError(TimeoutException("No Close frame from the peer"));
			cut();
			return;
		}
	}
	else if (is(BLOCKED) && WebSocketTimerWheel::reached(_progress + _group.sendTimeout, now))
	{
		broken(TimeoutException("The peer does not take what is sent"));
		return;
	}
	else if (_group.idleTimeout > 0 && WebSocketTimerWheel::reached(_lastMessage + _group.idleTimeout, now))
	{
		sendClose(WebSocketFrame::GOING_AWAY, "Idle for too long");
	}
	else if (is(PAUSED) || is(BLOCKED))
	{
		// an answer would not be seen, or a PING not be sent
	}
	else if (is(PINGING) && WebSocketTimerWheel::reached(_waits + _group.pongTimeout, now))
	{
		_framer.fail(WebSocketError::PING_TIMEOUT, 0, "No answer to a PING");
		broken(WebSocketException(_framer.errorText(), _framer.error()));
		return;
	}
	else if (!is(PINGING) && _group.pingInterval > 0 && WebSocketTimerWheel::reached(_received + _group.pingInterval, now))
	{
		set(PINGING, true);
		_waits = now;
		sendPing();
	}
	schedule();
}


WebSocketEventConnection::Time WebSocketEventConnection::deadline() const
{
	if (_pOpening) return _received + _group.handshakeTimeout;
	if (is(CLOSING_BEGUN)) return _waits + _group.closeTimeout;

	const Time now = _reactor.now();
	Time left = WebSocketTimerWheel::MAX_DISTANCE;
	const auto consider = [&](Time time)
	{
		left = std::min(left, WebSocketTimerWheel::reached(time, now) ? 0 : time - now);
	};
	if (is(BLOCKED)) consider(_progress + _group.sendTimeout);
	if (_group.idleTimeout > 0) consider(_lastMessage + _group.idleTimeout);
	if (is(PAUSED) || is(BLOCKED)) return now + left;
	if (is(PINGING)) consider(_waits + _group.pongTimeout);
	else if (_group.pingInterval > 0) consider(_received + _group.pingInterval);
	return now + left;
}


[[gnu::noinline]] void WebSocketEventConnection::schedule()
{
	if (is(GONE)) return;
	const Time time = deadline();
	if (WebSocketTimerWheel::reached(time, dueTime())) _reactor.timers().set(*this, time);
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::answered()
	/// The peer is there. The next PING is due earlier than the answer to the last would have been late.
{
	set(PINGING, false);
	schedule();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
