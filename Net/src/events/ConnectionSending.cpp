//
// ConnectionSending.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventSending
//
// How a connection of the event shell sends.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "core/SendRules.h"
#include "events/Reactor.h"
#include "events/SendQueueInline.h"
#include "Poco/Net/NetException.h"
#include "Poco/Clock.h"
#include <limits>
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr Poco::Clock::ClockDiff DEFLATE_TIME = 50; // microseconds at a time
}


void WebSocketEventConnection::wakeFlush()
	/// Sees to it that flush() is called soon.
{
	if (_reactor.reading() != this) _reactor.markDirty(*this); // otherwise read() does
}


[[gnu::hot]] WebSocketConnection::SendResult WebSocketEventConnection::send(std::string_view message, WebSocketFrame::Opcode opcode)
{
	const char* const pMessage = message.data();
	const std::size_t length = message.size();
	if (!_reactor.current()) return sendElsewhere(pMessage, length, opcode);
	if (opcode == WebSocketFrame::OP_TEXT)
	{
		if (!(_input.isText(pMessage, length) && _reactor.reading() == this)) return sendText(pMessage, length);
		if (_queue.sendShort(link(), pMessage, length, WebSocketFrame::OP_TEXT)) return SENT;
	}
	else
	{
		WebSocketSendRules::checkOpcode(opcode);
		if (_queue.sendShort(link(), pMessage, length, WebSocketFrame::OP_BINARY)) return SENT;
	}
	return sendAny(pMessage, length, opcode);
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendText(const char* pMessage, std::size_t length)
	/// Sends a text that has not been checked.
{
	if (!_queue.isOpen()) return NOT_OPEN;
	checkText(pMessage, length);
	return _queue.sendShort(link(), pMessage, length, WebSocketFrame::OP_TEXT) ? SENT : sendAny(pMessage, length, WebSocketFrame::OP_TEXT);
}


inline void WebSocketEventConnection::checkText(const char* pMessage, std::size_t length) const
{
	if (_framer.getVerifyUTF8()) WebSocketSendRules::checkText(pMessage, length);
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendAny(const char* pMessage, std::size_t length, int opcode)
	/// What _queue.sendShort(link(), ) does not send.
{
	if (!_queue.isOpen()) return NOT_OPEN;
	if (_queue.isInParts() || _queue.broadcasts != _reactor.multicast().broadcasts().count() || !_queue.fits(link(), length) || _queue.isLong(length)) return sendUnusual(pMessage, length, opcode, true);
	_queue.send(link(), pMessage, length, opcode);
	return SENT;
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendUnusual(const char* pMessage, std::size_t length, int opcode, bool limited)
	/// Behind other messages, or where there is no room, or compressed in steps.
{
	catchUp();
	if (!_queue.isOpen()) return NOT_OPEN;
	if (!_queue.isInParts())
	{
		if (!makeRoom(length, limited)) return refuse();
		if (!_queue.isLong(length))
		{
			_queue.send(link(), pMessage, length, opcode);
			return SENT;
		}
		if (_input.isGathered(pMessage, length))
		{
			_queue.deflateReceived(link(), opcode);
			deflating();
			return SENT;
		}
	}
	WebSocketMessageQueue::Message message{opcode, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()};
	message.data.append(pMessage, length);
	return sendLater(std::move(message), limited);
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendElsewhere(const char* pMessage, std::size_t length, int opcode)
	/// In another thread.
{
	WebSocketSendRules::checkOpcode(opcode);
	if (state() != OPEN) return NOT_OPEN;
	if (opcode == WebSocketFrame::OP_TEXT) checkText(pMessage, length);
	WebSocketMessageQueue::Message message{opcode, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()};
	message.data.append(pMessage, length);
	return sendLater(std::move(message));
}


WebSocketConnection::SendResult WebSocketEventConnection::send(const WebSocketPreparedMessage::Ptr& pMessage)
{
	return _reactor.current() && _queue.sendAgain(link(), *pMessage) ? SENT : sendPrepared(pMessage);
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendPrepared(const WebSocketPreparedMessage::Ptr& pMessage, bool limited)
{
	if (_reactor.current()) catchUp();
	if (state() != OPEN) return NOT_OPEN;
	if (_reactor.current() && !_queue.isInParts())
	{
		if (!makeRoom(pMessage->message().size(), limited)) return refuse();
		if (!_queue.isLong(*pMessage))
		{
			_queue.send(link(), pMessage);
			return SENT;
		}
	}
	return sendLater({pMessage->opcode(), WebSocketBuffer(), pMessage}, limited);
}


WebSocketConnection::SendResult WebSocketEventConnection::sendPart(std::string_view part, WebSocketFrame::Opcode opcode, bool last, WebSocketFrame::Compression compression)
{
	const char* const pPart = part.data();
	const std::size_t length = part.size();
	if (!_reactor.current()) throw IllegalStateException("Parts of messages are sent by callbacks only");
	WebSocketSendRules::checkOpcode(opcode);
	catchUp(); // first: it may begin to compress
	deflateAll();
	if (!_queue.isOpen()) return NOT_OPEN;
	if (!makeRoom(length)) return refuse();
	if (!_queue.beginPart(link(), pPart, length, opcode, compression == WebSocketFrame::Compression::AS_AGREED, last)) WebSocketSendRules::refuseText();
	orAbort([&]
	{
		_queue.sendPart(link(), pPart, length, last);
		deflating();
	});
	return SENT;
}


bool WebSocketEventConnection::makeRoom(std::size_t length, bool limited)
	/// Returns true if so many bytes more can be queued.
{
	if (!limited || _queue.fits(link(), length)) return true;
	if (_queue.isBlocked()) return false;
	_reactor.markDirty(*this); // flush() tells what has come of it
	return push() && _queue.fits(link(), length);
}


WebSocketConnection::SendResult WebSocketEventConnection::refuse()
{
	if (state() != OPEN) return NOT_OPEN;
	_notQueued.fetch_add(1, std::memory_order_relaxed);
	group().root.messagesNotQueued.fetch_add(1, std::memory_order_relaxed);
	if (!_queue.owe() && !_reactor.current()) _reactor.postbox().post(newTask(Task::FLUSH)); // all may have been sent just now
	switch (group().pConnectionParams->getQueuePolicy())
	{
	case WebSocketConnectionParams::QUEUE_REFUSE:
		return QUEUE_FULL;
	case WebSocketConnectionParams::QUEUE_DROP:
		return DROPPED;
	case WebSocketConnectionParams::QUEUE_CLOSE_1008:
		close(WebSocketFrame::POLICY_VIOLATION, "Reads too slowly");
		break;
	default:
		close(WebSocketFrame::TRY_AGAIN_LATER, "Reads too slowly");
	}
	return NOT_OPEN;
}


[[gnu::cold, gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendBehind(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (state() != OPEN) return NOT_OPEN;
	return sendLater({pMessage->opcode(), WebSocketBuffer(), pMessage}, true, true);
}


WebSocketConnection::SendResult WebSocketEventConnection::sendLater(WebSocketMessageQueue::Message&& message, bool limited, bool posted)
	/// In another thread, or while a message is sent in parts, or if the message is compressed in steps. posted: behind what other threads have sent.
{
	const bool here = _reactor.current();
	const std::size_t cost = message.cost();
	if (!_queue.reserve(limited ? group().maxQueuedBytes : std::numeric_limits<std::size_t>::max(), cost, here)) return refuse();
	try
	{
		if (here && !posted)
		{
			_queue.take(link(), std::move(message));
			deflating();
		}
		else
		{
			_reactor.postbox().post(Task{Ptr(this, true), Task::SEND, std::move(message)});
		}
	}
	catch (const std::bad_alloc&)
	{
		_queue.giveBack(cost);
		throw;
	}
	return SENT;
}


WebSocketConnection::SendResult WebSocketEventConnection::sendKept(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression)
{
	if (!_queue.isOpen()) return NOT_OPEN;
	if (compression == WebSocketFrame::Compression::NONE) return sendPrepared(new WebSocketPreparedMessage(message, opcode, compression), false);
	if (opcode == WebSocketFrame::OP_TEXT) checkText(message.data(), message.size());
	return sendUnusual(message.data(), message.size(), opcode, false);
}


void WebSocketEventConnection::deflating()
	/// If a message is being compressed now, goes on in the next turn. Until that has been done nothing is read: who sends more than can
	/// be compressed waits.
{
	if (!_queue.isDeflating()) return;
	_reactor.again(*this);
	if (_input.isPaused()) return;
	stopReading();
	goOnLater();
}


void WebSocketEventConnection::deflateStep()
{
	catchUp(); // as long as it is held
	if (_queue.isDeflating()) _queue.deflateStep(link()); // otherwise a policy for full queues has closed the connection
}


void WebSocketEventConnection::deflateSome()
{
	const Poco::Clock start;
	do deflateStep();
	while (_queue.isDeflating() && !start.isElapsed(DEFLATE_TIME));
	if (_queue.isDeflating()) _reactor.again(*this);
}


void WebSocketEventConnection::deflateAll()
	/// Before what has to come behind the messages that were sent.
{
	orAbort([this]
	{
		while (_queue.isDeflating() && state() == OPEN) deflateStep();
	});
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
