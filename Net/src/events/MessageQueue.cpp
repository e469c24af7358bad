//
// MessageQueue.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketMessageQueue
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/MessageQueue.h"
#include "events/SendQueueInline.h"
#include <algorithm>
#include <limits>
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t STEP = 8*1024; // bytes that are compressed at a time
	constexpr Poco::UInt32 RUN = 0x80000000; // with a run, broadcasts is so far from what it was, and more by the index of the first message

	class Keeper: public Poco::RefCountedObject
		/// A message that is sent from where it was received.
	{
	public:
		explicit Keeper(WebSocketBuffer&& message):
			_message(std::move(message))
		{
		}

	private:
		WebSocketBuffer _message;
	};
}


void WebSocketMessageQueue::open(const WebSocketLink& link, const WebSocketConnectionParams& params, const WebSocketDeflateParams* pDeflate)
{
	_flags = 0;
	broadcasts = link.reactor.multicast().broadcasts().count();
	link.timing.message(link.reactor.now());
	if (!pDeflate) return;
	writing().writer.configure(params, pDeflate, link.group.role);
	if (_pWriting->writer.deflates()) _flags |= WRITES;
}


void WebSocketMessageQueue::forget()
{
	if (!_pWriting) return;
	std::size_t done = 0;
	for (const Message& message: _pWriting->held) done += message.cost();
	_pWriting->held.clear();
	if (_pWriting->pDeflating) done += _pWriting->pDeflating->length + WebSocketConnectionParams::QUEUE_ENTRY;
	_pWriting->pDeflating.reset();
	giveBack(done);
}


std::size_t WebSocketMessageQueue::cost(const WebSocketPreparedMessage& message)
{
	return message.message().size() + WebSocketConnectionParams::QUEUE_ENTRY;
}


std::size_t WebSocketMessageQueue::Message::cost() const
{
	return length() + WebSocketConnectionParams::QUEUE_ENTRY;
}


bool WebSocketMessageQueue::sendAgain(const WebSocketLink& link, const WebSocketPreparedMessage& message)
{
	if (!_pOutput || !isDirect()) return false;
	if (broadcasts != link.reactor.multicast().broadcasts().count()) return false;
	const char* const pFrame = link.reactor.multicast().fanOut().again(message);
	const std::size_t length = message.frame().size();
	if (!pFrame || _pOutput->size() + length > link.group.maxQueuedBytes || !_pOutput->extend(pFrame, length)) return false;
	counted(link, 1);
	return true;
}


bool WebSocketMessageQueue::sendFrames(const WebSocketLink& link, const char* pFrames, std::size_t length, std::size_t count)
{
	WebSocketOutput& out = output(link.reactor);
	if (out.size() + length > link.group.maxQueuedBytes) return false;
	putFrames(link, out, pFrames, length, count);
	return true;
}


inline void WebSocketMessageQueue::putFrames(const WebSocketLink& link, WebSocketOutput& out, const char* pFrames, std::size_t length, std::size_t count)
{
	if (out.empty()) out.refer(pFrames, length, nullptr);
	else if (!out.extend(pFrames, length)) out.bytes().append(pFrames, length);
	counted(link, count);
}


bool WebSocketMessageQueue::join(const WebSocketLink& link, std::size_t index, bool limited)
{
	if (!isDirect() || link.group.role != WebSocketFramer::ROLE_SERVER) return false;
	if (_run == 0)
	{
		if (_pOutput || broadcasts != link.reactor.multicast().broadcasts().count()) return false;
		broadcasts += RUN + static_cast<Poco::UInt32>(index);
		link.reactor.multicast().begins(*link.pConnection);
	}
	else
	{
		const std::size_t first = runBegin(link);
		if (first + _run != index || _run == std::numeric_limits<Poco::UInt16>::max()) return false;
		if (limited && link.reactor.multicast().shared().bytes(first, index + 1) > link.group.maxQueuedBytes) return false;
	}
	++_run;
	return true;
}


inline std::size_t WebSocketMessageQueue::runBegin(const WebSocketLink& link) const
{
	return broadcasts - link.reactor.multicast().broadcasts().count() - RUN; // nothing is broadcast as long as there are runs
}


void WebSocketMessageQueue::sendRun(const WebSocketLink& link)
{
	const WebSocketTurnMessages& messages = link.reactor.multicast().shared();
	std::size_t i = runBegin(link);
	const std::size_t end = i + _run;
	broadcasts = link.reactor.multicast().broadcasts().count();
	_run = 0;
	std::size_t reserved = 0;
	for (std::size_t k = i; k < end; ++k) reserved += messages[k].reserved;
	try
	{
		while (i < end && isOpen())
		{
			const char* const pFrames = messages[i].pFrame;
			std::size_t length = 0;
			std::size_t next = i;
			while (pFrames && next < end && messages[next].pFrame == pFrames + length) length += messages[next++].length;
			if (next > i && !isBlocked())
			{
				putFrames(link, output(link.reactor), pFrames, length, next - i);
				i = next;
			}
			else send(link, messages[i++].pMessage);
		}
	}
	catch (const std::bad_alloc&)
	{
		giveBack(reserved);
		throw;
	}
	if (reserved > 0) account(reserved);
}


[[gnu::always_inline]] inline void WebSocketMessageQueue::write(const WebSocketLink& link, const char* pMessage, std::size_t length, int opcode, bool compress)
{
	if (_pWriting)
	{
		WebSocketMessageWriter& writer = _pWriting->writer;
		writer.begin(opcode, compress, length);
		try
		{
			const WebSocketMessageWriter::Frame frame = writer.frame(pMessage, length, true, link.reactor.compressed());
			put(link, frame.flags, frame.pData, frame.length);
		}
		catch (const std::bad_alloc&)
		{
			writer.lost();
			throw;
		}
	}
	else
	{
		put(link, WebSocketMessageWriter::wholeFlags(opcode), pMessage, length);
	}
	counted(link, 1);
}


void WebSocketMessageQueue::send(const WebSocketLink& link, const char* pMessage, std::size_t length, int opcode)
{
	write(link, pMessage, length, opcode);
}


void WebSocketMessageQueue::send(const WebSocketLink& link, const WebSocketPreparedMessage::Ptr& pMessage)
{
	const std::string_view message = pMessage->message();
	const bool compress = pMessage->compression() == WebSocketFrame::Compression::AS_AGREED;
	if (link.framer.masks() || (compress && compresses(message.size())))
	{
		write(link, message.data(), message.size(), pMessage->opcode(), compress);
		return;
	}
	const std::string& frame = pMessage->frame();
	WebSocketOutput& out = output(link.reactor);
	if (frame.size() >= WebSocketOutput::LARGE)
	{
		out.refer(frame.data(), frame.size(), const_cast<WebSocketPreparedMessage*>(pMessage.get()));
	}
	else
	{
		const char* const pFrame = !isBlocked() ? link.reactor.multicast().fanOut().place(pMessage) : nullptr;
		if (pFrame && out.empty()) out.refer(pFrame, frame.size(), nullptr);
		else if (!pFrame || !out.extend(pFrame, frame.size())) out.bytes().append(frame.data(), frame.size());
	}
	wake(link);
	counted(link, 1);
}


void WebSocketMessageQueue::take(const WebSocketLink& link, Message&& message)
{
	const std::size_t length = message.length();
	const std::size_t cost = message.cost();
	if (!isOpen())
	{
		giveBack(cost);
	}
	else if (isInParts())
	{
		_pWriting->held.push_back(std::move(message)); // RFC 6455, 5.4: not between the fragments of another message
	}
	else if (message.pPrepared ? isLong(*message.pPrepared) : isLong(length))
	{
		const char* const pMessage = message.begin(); // which moving does not move
		deflateSteps(std::move(message), pMessage, length);
	}
	else
	{
		if (message.pPrepared) send(link, message.pPrepared);
		else send(link, message.data.data(), length, message.opcode);
		account(cost);
	}
}


void WebSocketMessageQueue::deflateReceived(const WebSocketLink& link, int opcode)
{
	const std::size_t length = link.parser.length();
	deflateSteps(Message{opcode, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}, link.parser.data(), length);
	reserve(static_cast<std::size_t>(-1), length + WebSocketConnectionParams::QUEUE_ENTRY, true);
}


void WebSocketMessageQueue::keepReceived(WebSocketMessageParser& parser)
{
	const char* const pBegin = parser.data();
	const char* const pEnd = pBegin + parser.length();
	const bool deflated = isDeflating() && _pWriting->pDeflating->pData >= pBegin && _pWriting->pDeflating->pData < pEnd;
	const bool referred = _pOutput && _pOutput->refersTo(pBegin, pEnd);
	if (!deflated && !referred) return;
	Poco::AutoPtr<Keeper> pKeeper = new Keeper(parser.takeMessage());
	if (deflated) _pWriting->pDeflating->pOwner = pKeeper;
	if (referred) _pOutput->keep(pBegin, pEnd, pKeeper);
}


bool WebSocketMessageQueue::beginPart(const WebSocketLink& link, const char* pPart, std::size_t length, int opcode, bool compress, bool last)
{
	WebSocketMessageWriter& writer = writing().writer;
	writer.setVerifyUTF8(link.framer.getVerifyUTF8());
	writer.beginPart(opcode, compress);
	return writer.check(pPart, length, last);
}


void WebSocketMessageQueue::sendPart(const WebSocketLink& link, const char* pPart, std::size_t length, bool last)
{
	const WebSocketMessageWriter::Frame frame = _pWriting->writer.frame(pPart, length, last, link.reactor.compressed());
	if (!frame.nothing) append(link, frame.flags, frame.pData, frame.length);
	link.timing.message(link.reactor.now());
	_flags |= WRITES;
	if (last) partsSent(link);
}


void WebSocketMessageQueue::partsSent(const WebSocketLink& link)
	/// What has waited for the end of the message is sent.
{
	if (!_pWriting->writer.deflates()) _flags &= ~WRITES;
	counted(link, 1);
	std::vector<Message> held;
	held.swap(_pWriting->held);
	for (Message& message: held) take(link, std::move(message));
}


void WebSocketMessageQueue::deflateSteps(Message&& message, const char* pData, std::size_t length)
{
	_pWriting->pDeflating.reset(new Deflating{std::move(message), nullptr, pData, length});
	_pWriting->writer.begin(_pWriting->pDeflating->message.opcode, true, length);
}


void WebSocketMessageQueue::deflateStep(const WebSocketLink& link)
{
	Deflating& message = *_pWriting->pDeflating;
	const std::size_t length = std::min(STEP, message.length);
	const bool last = length == message.length;
	const WebSocketMessageWriter::Frame frame = _pWriting->writer.frame(message.pData, length, last, link.reactor.compressed());
	if (!frame.nothing) append(link, frame.flags, frame.pData, frame.length);
	account(last ? length + WebSocketConnectionParams::QUEUE_ENTRY : length);
	message.pData  += length;
	message.length -= length;
	if (!last) return;

	_pWriting->pDeflating.reset();
	partsSent(link);
}


WebSocketMessageQueue::Writing& WebSocketMessageQueue::writing()
{
	if (!_pWriting) _pWriting = std::make_unique<Writing>();
	return *_pWriting;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
