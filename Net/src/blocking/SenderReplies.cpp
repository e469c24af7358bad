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
			if (_framer.endsStream() && _transport.plain()) _transport.shutdownSend();
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
	post(flags, pPayload, length);
	Poco::FastMutex::ScopedLock lock(_replyMutex);
	return _control.pendingPings();
}


void WebSocketSender::postClose(int statusCode, const std::string& reason)
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const int length = buildClose(statusCode, reason, payload);
	post(WebSocketFrameHeader::CLOSE, payload, static_cast<std::size_t>(length));
}


void WebSocketSender::sendReplies(const WebSocketDeadline& limit)
{
	while (_replies && !limit.over() && _mutex.tryLock() && !unlock())
		_transport.waitWritable(std::max(Poco::Timespan(1), limit.left()));
}


void WebSocketSender::ping()
{
	char payload[WebSocketPingTimes::LENGTH];
	{
		Poco::FastMutex::ScopedLock lock(_replyMutex);
		_pingTimes.begin(static_cast<WebSocketPingTimes::Time>(Poco::Clock().microseconds()), payload);
	}
	send(payload, sizeof(payload), WebSocketFrameHeader::PING);
}


void WebSocketSender::pongReceived(const char* pPayload, std::size_t length)
{
	Poco::FastMutex::ScopedLock lock(_replyMutex);
	_pingTimes.received(pPayload, length, static_cast<WebSocketPingTimes::Time>(Poco::Clock().microseconds()));
}


Poco::Timespan WebSocketSender::pingTime() const
{
	return Poco::Timespan(_pingTimes.roundTrip());
}


void WebSocketSender::sendPing()
{
	post(WebSocketFrameHeader::PING, nullptr, 0);
}


bool WebSocketSender::pingWaits()
{
	Poco::FastMutex::ScopedLock lock(_replyMutex);
	return _control.waits(WebSocketFrameHeader::PING);
}


void WebSocketSender::post(int flags, const char* pPayload, std::size_t length)
{
	{
		Poco::FastMutex::ScopedLock lock(_replyMutex);
		_control.post(flags, pPayload, length);
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
		const auto next = [this](WebSocketControlFrames::Frame& frame)
		{
			Poco::FastMutex::ScopedLock lock(_replyMutex);
			return _control.next(frame);
		};
		WebSocketControlFrames::Frame frame;
		for (bool goOn = !_broken && finish(false); goOn && next(frame);) goOn = sendReply(frame) && !unfinished();
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
	if (_broken) _control.clear();
	_replies = !_control.empty() || (!_broken && unfinished());
	return !_replies;
}


bool WebSocketSender::sendReply(const WebSocketControlFrames::Frame& reply)
	/// Returns false if it has not been begun.
{
	if (_framer.checkSend(reply.flags, reply.payload, reply.length) == WebSocketFramer::SEND
		&& !sendFrame(reply.payload, reply.length, reply.flags, false) && !_begun)
		return false;

	Poco::FastMutex::ScopedLock lock(_replyMutex);
	_control.sent(reply);
	return true;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
