//
// SenderReplies.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketSender
//
// What is sent without waiting: answers to control frames, PINGs, and the Close frame after a failure.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/Sender.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <cstring>
#include <exception>
#include <new>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketSender::sendFailure()
{
	if (!_mutex.tryLock(FAILURE_WAIT_MS))
	{
		_transport.wake(); // a thread is stuck in a frame: nothing can be said any more
		return;
	}

	try
	{
		_now = true;
		_corks = 0;
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = _framer.buildFailure(payload);
		if (length > 0 && !_broken && finish(false))
		{
			_broken = !sendFrame(payload, length, WebSocketFrameHeader::CLOSE, false);
			_framer.sent(WebSocketFrameHeader::CLOSE);
			if (_transport.plain()) _transport.shutdownSend();
		}
	}
	catch (const std::exception&)
	{
		_broken = true; // the peer is not there to hear it, or there is no memory
	}
	_now = false;
	_mutex.unlock();
}


unsigned WebSocketSender::reply(int flags, const char* pPayload, std::size_t length)
{
	const bool pong = (flags & WebSocketFrameHeader::OPCODE) == WebSocketFrame::OP_PONG;
	if (pong)
	{
		Poco::FastMutex::ScopedLock lock(_replyMutex);
		++_pings;
	}
	postReply(pong ? _pong : _close, flags, pPayload, length);
	Poco::FastMutex::ScopedLock lock(_replyMutex);
	return _pings;
}


void WebSocketSender::postClose(int statusCode, const std::string& reason)
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const int length = buildClose(statusCode, reason, payload);
	postReply(_close, WebSocketFrameHeader::CLOSE, payload, static_cast<std::size_t>(length));
}


void WebSocketSender::sendReplies(const WebSocketDeadline& limit)
{
	while (_replies && !limit.over() && _mutex.tryLock() && !unlock())
		_transport.waitWritable(std::max(Poco::Timespan(1), limit.left()));
}


void WebSocketSender::ping()
{
	Poco::Int64 payload = 0;
	{
		Poco::FastMutex::ScopedLock lock(_replyMutex);
		_newestPing = std::max(_newestPing + 1, _pingClock.elapsed());
		payload = _newestPing;
	}
	send(reinterpret_cast<const char*>(&payload), static_cast<int>(sizeof(payload)), WebSocketFrameHeader::PING);
}


void WebSocketSender::pongReceived(const char* pPayload, std::size_t length)
{
	Poco::Int64 ping = 0;
	if (length != sizeof(ping)) return;
	std::memcpy(&ping, pPayload, length);
	Poco::FastMutex::ScopedLock lock(_replyMutex);
	if (ping < _oldestPing || ping > _newestPing) return;
	_oldestPing = ping + 1; // RFC 6455, 5.5.3: those before need not be answered
	_pingTime = std::max<Poco::Int64>(1, _pingClock.elapsed() - ping);
}


Poco::Timespan WebSocketSender::pingTime() const
{
	return Poco::Timespan(_pingTime);
}


void WebSocketSender::sendPing()
{
	{
		Poco::FastMutex::ScopedLock lock(_replyMutex);
		_pingSent.update();
	}
	postReply(_ping, WebSocketFrameHeader::PING, nullptr, 0);
}


void WebSocketSender::postReply(Reply& reply, int flags, const char* pPayload, std::size_t length)
{
	{
		Poco::FastMutex::ScopedLock lock(_replyMutex);
		reply.flags  = flags;
		reply.length = length;
		if (length > 0) std::memcpy(reply.payload, pPayload, length);
		_replies = true;
	}
	if (_mutex.tryLock()) unlock();
}


[[gnu::noinline]] bool WebSocketSender::sendBeforeWaiting()
{
	if (_corks > 0)
	{
		_receiverWaits = true; // first: what another thread sends from now on goes out at once
		_replies = true;       // what was gathered is sent as answers are
	}
	return !_mutex.tryLock() || unlock();
}


Poco::Timespan WebSocketSender::pingAge()
{
	Poco::FastMutex::ScopedLock lock(_replyMutex);
	return _ping.flags != 0 ? Poco::Timespan(0) : Poco::Timespan(_pingSent.elapsed());
}


void WebSocketSender::afterWaiting()
{
	if (_receiverWaits.load(std::memory_order_relaxed)) _receiverWaits = false;
}


bool WebSocketSender::sendAllReplies()
	/// Returns false if something is still waiting.
{
	_now = true;
	try
	{
		// One behind the other: what has been begun is noted as sent by its first byte.
		if (!_broken && finish(false) && sendReply(_ping) && !unfinished() && sendReply(_pong) && !unfinished()) sendReply(_close);
	}
	catch (const Poco::Exception&)
	{
		_broken = true; // the receiving side will notice as well
	}
	catch (const std::bad_alloc&)
	{
		_broken = _begun; // otherwise later, when there is memory
	}
	_now = false;

	Poco::FastMutex::ScopedLock lock(_replyMutex);
	if (_broken) _ping.flags = _pong.flags = _close.flags = 0;
	_replies = _ping.flags != 0 || _pong.flags != 0 || _close.flags != 0 || (!_broken && unfinished());
	return !_replies;
}


bool WebSocketSender::sendReply(Reply& waiting)
	/// Returns false if it has not been begun.
{
	Reply reply;
	{
		Poco::FastMutex::ScopedLock lock(_replyMutex);
		reply = waiting;
	}
	if (reply.flags == 0) return true;

	if (_framer.checkSend(reply.flags, reply.payload, reply.length) == WebSocketFramer::SEND
		&& !sendFrame(reply.payload, reply.length, reply.flags, false) && !_begun)
		return false;

	Poco::FastMutex::ScopedLock lock(_replyMutex);
	const bool same = reply.length == waiting.length && std::memcmp(reply.payload, waiting.payload, reply.length) == 0;
	if (same) waiting.flags = 0; // no newer one has come
	if (&waiting == &_pong) _pings = 0;
	if (&waiting == &_ping) _pingSent.update();
	return true;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
