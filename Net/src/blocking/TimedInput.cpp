//
// TimedInput.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketReader
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/TimedInput.h"
#include "net/PeerState.h"
#include "Poco/Exception.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketTimedInput::WebSocketTimedInput(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender):
	_transport(transport),
	_framer(framer),
	_sender(sender),
	_pLimit(nullptr),
	_timed(false),
	_transferTimeout(0),
	_messageTimed(false)
{
}


void WebSocketTimedInput::setKeepAlive(const Poco::Timespan& pingInterval, const Poco::Timespan& pongTimeout, const Poco::Timespan& transferTimeout)
{
	_keepAliveLimits = WebSocketKeepAlive::Limits(pingInterval, pongTimeout, _transport.getSendTimeout(), transferTimeout);
	_transferTimeout = transferTimeout;
	_timed = pingInterval > 0 || _pLimit;
	_keepAlive.received(now());
}


void WebSocketTimedInput::setLimit(const WebSocketDeadline* pLimit)
{
	_pLimit = pLimit;
	_timed = _keepAliveLimits.pingInterval > 0 || _pLimit;
}


int WebSocketTimedInput::fetch(char* pTarget, std::size_t length, Fetch how)
{
	const bool pending = !_sender.beforeWaiting();
	const int n = pending || _timed || _sender.repliesWait() ? fetchAlive(pTarget, length, how, pending)
		: how == PEEK ? _transport.peek(pTarget, length) : _transport.receive(pTarget, length);
	_sender.afterWaiting();
	return n;
}


int WebSocketTimedInput::fetchAlive(char* pTarget, std::size_t length, Fetch how, bool pending)
	/// Like fetch(), but sends a PING when nothing has come for a while, and
	/// fails if nothing comes then either. Meanwhile sends what is pending. With a limit, keeps to that instead.
{
	WebSocketDeadline receiveTimeout(_transport.getReceiveTimeout());
	const WebSocketDeadline& limit = _pLimit ? *_pLimit : receiveTimeout;
	for (;;)
	{
		bool arrived = false;
		const int n = _transport.receiveNow(pTarget, length, how == PEEK, &arrived);
		if (n != WebSocketTransport::AGAIN || arrived)
		{
			if (_keepAlive.received(now())) probePeer(_transport.socket()->sockfd(), false);
			if (!arrived) return n;
			receiveTimeout = WebSocketDeadline(_transport.getReceiveTimeout());
		}
		if (!_transport.getBlocking()) return AGAIN;

		Poco::Timespan left = 0; // for ever
		if (_keepAliveLimits.pingInterval > 0 && !_pLimit && _framer.checkSend(WebSocketFrameHeader::PING, nullptr, 0) == WebSocketFramer::SEND)
		{
			if (!keepAlive(left, pending)) return FAILED;
		}
		if (limit.limited())
		{
			const Poco::Timespan limitLeft = limit.left();
			if (limitLeft == 0) throw TimeoutException(POCO_ETIMEDOUT);
			left = left > 0 ? std::min(left, limitLeft) : limitLeft;
		}
		if (!pending && _sender.repliesWait()) // another thread is to send them, and may give up
		{
			const Poco::Timespan again(WebSocketSender::LOOK_AGAIN);
			left = left > 0 ? std::min(left, again) : again;
		}
		_transport.waitReadable(left, pending);
		const bool before = pending;
		pending = !_sender.beforeWaiting();
		if (before && !pending) _keepAlive.restart(now()); // from here on an answer can come
	}
}


bool WebSocketTimedInput::keepAlive(Poco::Timespan& left, bool pending)
	/// Does what is due to keep the connection alive, and sets left to when the next thing is. Returns false if the peer has not answered.
{
	const int fd = _transport.socket()->sockfd();
	const WebSocketKeepAlive::Time time = now();
	_keepAliveLimits.slowPongTimeout = std::max(_keepAliveLimits.pongTimeout, WebSocketKeepAlive::milliseconds(_transport.getSendTimeout()));
	if (!pending && _sender.pingWaits()) _keepAlive.restart(time); // another thread is sending, and has a time-out of its own
	for (;;)
	{
		switch (_keepAlive.timeReached(time, _keepAliveLimits, _progress))
		{
		case WebSocketKeepAlive::SEND_PING:
			_sender.sendPing();
			break;
		case WebSocketKeepAlive::LOOK:
			if (_keepAlive.look(time, peerState(fd, _transport.bytesSent()), _progress) & WebSocketKeepAlive::PROBE) probePeer(fd, true);
			break;
		case WebSocketKeepAlive::FAIL:
			_framer.failSilence();
			return false;
		default:
			left = Poco::Timespan(1000*static_cast<Poco::Timespan::TimeDiff>(_keepAlive.deadline(_keepAliveLimits, _progress) - time));
			return true;
		}
	}
}


WebSocketKeepAlive::Time WebSocketTimedInput::now()
	/// Returns milliseconds, which wrap around.
{
	return static_cast<WebSocketKeepAlive::Time>(Poco::Clock().microseconds()/1000);
}


bool WebSocketTimedInput::tooSlow(WebSocketMessageParser& parser)
{
	if (_transferTimeout == 0 || parser.getParts() || !parser.inMessage())
	{
		_messageTimed = false;
		return false;
	}
	if (!_messageTimed)
	{
		_messageTimed = true;
		_messageSince.update();
		return false;
	}
	if (!_messageSince.isElapsed(_transferTimeout.totalMicroseconds())) return false;
	if (_transport.poll(0, SocketImpl::SELECT_READ)) return false; // it has come, and the program was away
	_framer.failSlowMessage();
	return true;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
