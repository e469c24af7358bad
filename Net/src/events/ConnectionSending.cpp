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
#include "events/Reactor.h"
#include "Poco/Net/NetException.h"
#include "Poco/Clock.h"
#include <algorithm>
#include <cstring>
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	inline bool within(const char* p, const char* pBegin, std::size_t length)
	{
		return p >= pBegin && p < pBegin + length;
	}

	[[noreturn, gnu::cold]] void throwNoMessage()
	{
		throw InvalidArgumentException("A message is text or binary");
	}

	[[noreturn, gnu::cold]] void throwNoText()
	{
		throw InvalidArgumentException("A text message must be UTF-8");
	}
}


void WebSocketEventConnection::wakeFlush()
	/// Sees to it that flush() is called soon.
{
	if (_reactor.reading() != this) _reactor.markDirty(*this); // otherwise read() does
}


[[gnu::always_inline]] inline void WebSocketEventConnection::put(int flags, const char* pData, std::size_t length)
	/// append(), for what sends messages.
{
	WebSocketBuffer& bytes = output().bytes();
	if (_group.role == WebSocketFramer::ROLE_CLIENT)
	{
		char* const pFrame = bytes.room(WebSocketFrameHeader::MAX_LENGTH + length);
		const unsigned char* const pKey = _reactor.nextKey();
		const std::size_t headerLength = _framer.buildHeader(flags, length, pKey, pFrame);
		WebSocketMask(pKey).apply(pFrame + headerLength, pData, length);
		bytes.extend(headerLength + length);
	}
	else
	{
		const bool refer = length >= WebSocketOutput::LARGE && stays(pData);
		char* const pFrame = bytes.room(WebSocketFrameHeader::MAX_LENGTH + (refer ? 0 : length));
		const std::size_t headerLength = _framer.buildHeader(flags, length, nullptr, pFrame);
		if (refer)
		{
			_pOutput->refer(pData, length, nullptr, headerLength);
		}
		else
		{
			if (length > 0) std::memcpy(pFrame + headerLength, pData, length);
			bytes.extend(headerLength + length);
		}
	}
	_framer.sent(flags);
	wakeFlush();
}


[[gnu::always_inline]] inline void WebSocketEventConnection::write(const char* pData, std::size_t length, int opcode)
	/// With put() 30 instructions fewer for each message than out of line.
{
	if (_pWriter)
	{
		_pWriter->begin(opcode, length >= _pWriter->threshold());
		try
		{
			const WebSocketMessageWriter::Frame frame = _pWriter->frame(pData, length, true, _reactor.compressed());
			put(frame.flags, frame.pData, frame.length);
		}
		catch (const std::bad_alloc&)
		{
			_pWriter->lost();
			throw;
		}
	}
	else
	{
		put(WebSocketMessageWriter::wholeFlags(opcode), pData, length);
	}
	tally(_messagesSent, _reactor.counters.messagesSent, 1);
	_lastMessage = _reactor.now();
}


[[gnu::always_inline]] inline void WebSocketEventConnection::write(const WebSocketPreparedMessage::Ptr& pMessage)
{
	const std::string& message = pMessage->message();
	if (_group.role == WebSocketFramer::ROLE_CLIENT || (_pWriter && _pWriter->deflates() && message.size() >= _pWriter->threshold()))
	{
		write(message.data(), message.size(), pMessage->opcode());
		return;
	}
	const std::string& frame = pMessage->frame();
	WebSocketOutput& out = output();
	if (frame.size() >= WebSocketOutput::LARGE && _stream.plain())
	{
		out.refer(frame.data(), frame.size(), const_cast<WebSocketPreparedMessage*>(pMessage.get()));
	}
	else
	{
		const char* const pFrame = _stream.plain() && !is(BLOCKED) ? _reactor.fanOut().place(pMessage) : nullptr;
		if (pFrame && out.empty()) out.refer(pFrame, frame.size(), nullptr);
		else if (!pFrame || !out.extend(pFrame, frame.size())) out.bytes().append(frame.data(), frame.size());
	}
	wakeFlush();
	tally(_messagesSent, _reactor.counters.messagesSent, 1);
	_lastMessage = _reactor.now();
}


void WebSocketEventConnection::performSend(Task& task)
{
	catchUp();
	if (is(IN_PARTS) && state() == OPEN)
	{
		rare().held.push_back(std::move(task)); // RFC 6455, 5.4: not between the fragments of another message
		return;
	}
	const std::size_t length = task.length();
	const std::size_t cost = task.cost();
	if (state() == OPEN)
	{
		if (deflatesLong(length))
		{
			const char* const pMessage = task.message(); // which moving does not move
			deflateSteps(std::move(task), pMessage, length);
			return;
		}
		if (task.pPrepared) write(task.pPrepared);
		else write(task.data.data(), length, task.number);
		account(cost);
		return;
	}
	_queued.fetch_sub(cost, std::memory_order_relaxed);
}


[[gnu::hot]] WebSocketConnection::SendResult WebSocketEventConnection::send(const void* pData, std::size_t length, int opcode)
{
	const char* const pMessage = static_cast<const char*>(pData);
	if (!_reactor.current()) return sendElsewhere(pMessage, length, opcode);
	if (opcode == WebSocketFrame::OP_TEXT)
	{
		if (!isReceivedText(pMessage, length)) return sendText(pMessage, length);
		if (sendsShort(pMessage, length, WebSocketFrame::OP_TEXT)) return SENT;
	}
	else
	{
		if (opcode != WebSocketFrame::OP_BINARY) throwNoMessage();
		if (sendsShort(pMessage, length, WebSocketFrame::OP_BINARY)) return SENT;
	}
	return sendAny(pMessage, length, opcode);
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendText(const char* pMessage, std::size_t length)
	/// Sends a text that has not been checked.
{
	if (!is(IS_OPEN)) return NOT_OPEN;
	checkText(pMessage, length);
	return sendsShort(pMessage, length, WebSocketFrame::OP_TEXT) ? SENT : sendAny(pMessage, length, WebSocketFrame::OP_TEXT);
}


inline void WebSocketEventConnection::checkText(const char* pMessage, std::size_t length) const
{
	if (_framer.getVerifyUTF8() && !WebSocketUTF8::isValid(pMessage, length)) throwNoText();
}


[[gnu::always_inline]] inline bool WebSocketEventConnection::sendsShort(const char* pMessage, std::size_t length, int opcode)
	/// Sends a short message of a server (WebSocketFramer::buildWhole()), if there is an output that is going to be flushed anyway: it is put there, and that is
	/// all. Returns false if it is not like that.
{
	if ((_flags & (IS_OPEN | IN_PARTS | BLOCKED | COMPRESSES)) != IS_OPEN) return false;
	if (!_pOutput || _broadcasts != _reactor.broadcasts().count()) return false;
	WebSocketReactor& reactor = _reactor;
	WebSocketBuffer& bytes = _pOutput->bytes();
	const std::size_t waiting = _pOutput->size();
	if (waiting == 0 && reactor.reading() != this) return false;
	if (waiting + length > _group.maxQueuedBytes || bytes.capacity() - bytes.size() < WebSocketFrameHeader::MIN_LENGTH + length) return false;
	const int flags = WebSocketMessageWriter::wholeFlags(opcode);
	const std::size_t frameLength = _framer.buildWhole(flags, pMessage, length, bytes.room(0));
	if (frameLength == 0) return false;
	bytes.extend(frameLength);
	_framer.sent(flags);
	tally(_messagesSent, reactor.counters.messagesSent, 1);
	_lastMessage = reactor.now();
	return true;
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendAny(const char* pMessage, std::size_t length, int opcode)
	/// What sendsShort() does not send.
{
	if (!is(IS_OPEN)) return NOT_OPEN;
	if (is(IN_PARTS) || _broadcasts != _reactor.broadcasts().count() || !fits(length) || deflatesLong(length)) return sendUnusual(pMessage, length, opcode);
	write(pMessage, length, opcode);
	return SENT;
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendUnusual(const char* pMessage, std::size_t length, int opcode)
	/// Behind other messages, or where there is no room, or compressed in steps.
{
	catchUp();
	if (state() != OPEN) return NOT_OPEN;
	if (!is(IN_PARTS))
	{
		if (!makeRoom(length)) return refuse();
		if (!deflatesLong(length))
		{
			write(pMessage, length, opcode);
			return SENT;
		}
		if (isGathered(pMessage, length))
		{
			deflateSteps(newTask(Task::SEND, opcode), pMessage, length);
			_queued.fetch_add(length + WebSocketConnectionParams::QUEUE_ENTRY, std::memory_order_relaxed);
			return SENT;
		}
	}
	Task task = newTask(Task::SEND, opcode);
	task.data.append(pMessage, length);
	return sendLater(std::move(task));
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendElsewhere(const char* pMessage, std::size_t length, int opcode)
	/// In another thread.
{
	if (!WebSocketFrame::isMessage(opcode)) throwNoMessage();
	if (state() != OPEN) return NOT_OPEN;
	if (opcode == WebSocketFrame::OP_TEXT) checkText(pMessage, length);
	Task task = newTask(Task::SEND, opcode);
	task.data.append(pMessage, length);
	return sendLater(std::move(task));
}


inline bool WebSocketEventConnection::isReceivedText(const char* pData, std::size_t length) const
	/// Returns true for the text message that the handler is being told: it need not be checked again.
{
	return pData == _parser.data() && length == _parser.length() && _reactor.reading() == this
		&& _parser.opcode() == WebSocketFrame::OP_TEXT && !_parser.getParts();
}


inline bool WebSocketEventConnection::isGathered(const char* pData, std::size_t length) const
	/// Returns true for the message that the handler is being told, if it has memory of its own: keepMessage() keeps that.
{
	return _parser.gathered() && pData == _parser.data() && length == _parser.length();
}


inline bool WebSocketEventConnection::fits(std::size_t length) const
	/// Returns true if so many bytes more can be queued.
{
	return !_pOutput || _pOutput->size() + length <= _group.maxQueuedBytes || _pOutput->empty();
}


WebSocketConnection::SendResult WebSocketEventConnection::send(const WebSocketPreparedMessage::Ptr& pMessage)
{
	return fansOut(*pMessage) ? SENT : sendPrepared(pMessage);
}


inline bool WebSocketEventConnection::fansOut(const WebSocketPreparedMessage& message)
	/// Sends a message that another connection was given just before, if this one gets all that the other does: then its
	/// output is longer by that, and that is all. Returns false if it is not like that.
{
	if (!_reactor.current() || state() != OPEN || !_pOutput || (_flags & (IN_PARTS | BLOCKED | COMPRESSES))) return false; // the rest is the loop's
	if (_broadcasts != _reactor.broadcasts().count()) return false;
	const char* const pFrame = _reactor.fanOut().again(message);
	const std::size_t length = message.frame().size();
	if (!pFrame || _pOutput->size() + length > _group.maxQueuedBytes || !_pOutput->extend(pFrame, length)) return false;
	tally(_messagesSent, _reactor.counters.messagesSent, 1);
	_lastMessage = _reactor.now();
	return true;
}


[[gnu::noinline]] WebSocketConnection::SendResult WebSocketEventConnection::sendPrepared(const WebSocketPreparedMessage::Ptr& pMessage)
{
	if (_reactor.current()) catchUp();
	if (state() != OPEN) return NOT_OPEN;
	if (_reactor.current() && !is(IN_PARTS))
	{
		const std::size_t length = pMessage->message().size();
		if (!makeRoom(length)) return refuse();
		if (!deflatesLong(length))
		{
			write(pMessage);
			return SENT;
		}
	}
	Task task = newTask(Task::PREPARED, pMessage->opcode());
	task.pPrepared = pMessage;
	return sendLater(std::move(task));
}


WebSocketConnection::SendResult WebSocketEventConnection::sendPart(const void* pData, std::size_t length, int opcode, bool last)
{
	const char* const pPart = static_cast<const char*>(pData);
	if (!_reactor.current()) throw IllegalStateException("Parts of messages are sent by callbacks only");
	if (!WebSocketFrame::isMessage(opcode)) throwNoMessage();
	catchUp(); // first: it may begin to compress
	deflateAll();
	if (state() != OPEN) return NOT_OPEN;
	if (is(IN_PARTS) && opcode != writer().opcode()) throw InvalidArgumentException("All parts of a message have the same opcode");
	if (!makeRoom(length)) return refuse();
	if (!is(IN_PARTS)) writer().begin(opcode, true);
	if (_framer.getVerifyUTF8() && !writer().check(pPart, length, last)) throwNoText();
	orAbort([&]
	{
		const WebSocketMessageWriter::Frame frame = writer().frame(pPart, length, last, _reactor.compressed());
		if (!frame.nothing) append(frame.flags, frame.pData, frame.length);
		set(IN_PARTS, !last);
		_lastMessage = _reactor.now();
		if (last) partsSent();
	});
	return SENT;
}


void WebSocketEventConnection::partsSent()
	/// What has waited for the end of the message is sent.
{
	tally(_messagesSent, _reactor.counters.messagesSent, 1);
	if (!_pRare.load(std::memory_order_acquire) || rare().held.empty()) return;
	std::vector<Task> held;
	held.swap(rare().held);
	for (Task& task: held) performSend(task);
}


void WebSocketEventConnection::append(int flags, const char* pData, std::size_t length)
	/// Puts a frame into the output.
{
	put(flags, pData, length);
}


bool WebSocketEventConnection::stays(const char* pData) const
	/// Returns true for bytes that are in their place until the output is flushed after reading.
{
	return _reactor.reading() == this && _stream.plain()
		&& (within(pData, _reactor.input(), _reactor.inputSize()) || (_parser.gathered() && within(pData, _parser.data(), _parser.length())));
}


WebSocketOutput& WebSocketEventConnection::output()
{
	if (!_pOutput) _reactor.takeOutput(_pOutput);
	return *_pOutput;
}


bool WebSocketEventConnection::makeRoom(std::size_t length)
	/// Returns true if so many bytes more can be queued.
{
	if (fits(length) || is(KEPT)) return true;
	if (is(BLOCKED)) return false;
	_reactor.markDirty(*this); // flush() tells what has come of it
	return push() && fits(length);
}


WebSocketConnection::SendResult WebSocketEventConnection::refuse()
{
	if (state() != OPEN) return NOT_OPEN;
	_notQueued.fetch_add(1, std::memory_order_relaxed);
	if (!_drain.exchange(true) && !_reactor.current()) _reactor.post(newTask(Task::FLUSH)); // all may have been sent just now
	switch (_group.pConnectionParams->getQueuePolicy())
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


WebSocketConnection::SendResult WebSocketEventConnection::sendLater(Task&& task)
	/// In another thread, or while a message is sent in parts, or if the message is compressed in steps.
{
	const std::size_t cost = task.cost();
	const std::size_t unaccounted = _reactor.current() && _pOutput ? _pOutput->size() - _accounted : 0;
	const bool limited = !_reactor.current() || !is(KEPT);
	std::size_t queued = _queued.load(std::memory_order_relaxed);
	do
	{
		const std::size_t before = queued + unaccounted;
		if (limited && before > 0 && before + cost > _group.maxQueuedBytes) return refuse();
	}
	while (!_queued.compare_exchange_weak(queued, queued + cost, std::memory_order_relaxed));
	try
	{
		if (_reactor.current()) performSend(task);
		else _reactor.post(std::move(task));
	}
	catch (const std::bad_alloc&)
	{
		_queued.fetch_sub(cost, std::memory_order_relaxed);
		throw;
	}
	return SENT;
}


WebSocketConnection::SendResult WebSocketEventConnection::sendKept(const std::string& message, int opcode)
{
	set(KEPT, true);
	const SendResult result = send(message.data(), message.size(), opcode);
	set(KEPT, false);
	return result;
}


Poco::UInt32 WebSocketEventConnection::pingClock()
{
	return static_cast<Poco::UInt32>(Poco::Clock().microseconds());
}


void WebSocketEventConnection::sendPing()
{
	if (state() != OPEN) return;
	if (is(BLOCKED) && is(ASKED)) return; // one waits to be sent already
	_pingClock = pingClock();
	set(ASKED, true);
	char payload[sizeof(_pingClock)];
	std::memcpy(payload, &_pingClock, sizeof(payload));
	if (_framer.checkSend(WebSocketFrameHeader::PING, payload, sizeof(payload)) == WebSocketFramer::SEND) append(WebSocketFrameHeader::PING, payload, sizeof(payload));
}


void WebSocketEventConnection::sendPong(const char* pPayload, std::size_t length)
{
	if (_framer.checkSend(WebSocketFrameHeader::PONG, pPayload, length) != WebSocketFramer::SEND) return;
	if (!is(BLOCKED))
	{
		set(PONG_WAITS, false);
		append(WebSocketFrameHeader::PONG, pPayload, length);
		return;
	}
	// RFC 6455, 5.5.3: the last one is answered
	Rare& more = rare();
	more.pong.assign(pPayload, length);
	set(PONG_WAITS, true);
	if (_parser.assembler().limitPings(++more.pendingPings) != WebSocketFramer::OK) protocolFailed();
}


void WebSocketEventConnection::sendClose(int code, const std::string& reason)
{
	if (!_life.opened()) cut();
	if (is(SEND_BROKEN) && !_life.gone()) resume(); // as below
	if (state() != OPEN) return;
	catchUp(); // first: it may begin to compress
	deflateAll();
	if (state() != OPEN) return;
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const std::size_t length = WebSocketFrame::buildClose(payload, code, reason.data(), reason.size());
	if (_framer.checkSend(WebSocketFrameHeader::CLOSE, payload, length) == WebSocketFramer::SEND) append(WebSocketFrameHeader::CLOSE, payload, length);
	go(WebSocketLife::CLOSING);
	resume(); // or the peer's Close would not be seen
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
