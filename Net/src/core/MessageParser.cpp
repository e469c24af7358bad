//
// MessageParser.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMessageParser
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/MessageParser.h"
#include "core/BranchHint.h"
#include <algorithm>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t KEPT_INFLATED = 4096; // memory for decompressed messages that is kept
}


WebSocketMessageParser::WebSocketMessageParser(WebSocketFramer& framer):
	_assembler(framer),
	_pData(nullptr),
	_length(0),
	_parts(false),
	_inFrame(false),
	_headerReceived(false),
	_given(NEED_MORE),
	_whole(framer.betweenMessages()),
	_last(true)
{
}


void WebSocketMessageParser::forget()
	/// What was given last is not used any more.
{
	_given = NEED_MORE;
	_pGathered->plain.release();
	_pGathered->length = 0;
	WebSocketBuffer& inflated = _pGathered->inflated;
	if (inflated.capacity() > KEPT_INFLATED) inflated.release();
	else inflated.clear();
}


inline bool WebSocketMessageParser::takeWhole(char*& pData, char* pEnd)
{
	std::size_t length = 0;
	char* const pPayload = _assembler.framer().receiveWhole(pData, static_cast<std::size_t>(pEnd - pData), length);
	if (!likely(pPayload != nullptr && _assembler.beginWhole() == WebSocketFramer::OK)) return false;
	_pData  = pPayload;
	_length = static_cast<Poco::UInt32>(length);
	_last   = true;
	pData = pPayload + length;
	return true;
}


bool WebSocketMessageParser::nextWhole(char*& pData, char* pEnd)
{
	return likely(_whole) && takeWhole(pData, pEnd);
}


WebSocketMessageParser::Event WebSocketMessageParser::next(char*& pData, char* pEnd)
{
	settle();
	if (!_headerReceived && _assembler.framer().betweenMessages() && takeWhole(pData, pEnd)) return _parts ? PART : MESSAGE;
	_whole = false;
	const Event event = nextOfFrame(pData, pEnd);
	_whole = !_parts && _assembler.framer().betweenMessages();
	return event;
}


void WebSocketMessageParser::setParts(bool flag)
{
	_parts = flag;
	_whole = !_parts && _assembler.framer().betweenMessages();
}


WebSocketMessageParser::Event WebSocketMessageParser::nextOfFrame(char*& pData, char* pEnd)
	/// next(), for all but a whole message in one frame.
{
	WebSocketFramer& framer = _assembler.framer();
	for (;;)
	{
		if (!_inFrame)
		{
			if (!_headerReceived)
			{
				std::size_t used = 0;
				const WebSocketFramer::Result result = framer.receiveHeader(pData, static_cast<std::size_t>(pEnd - pData), used);
				pData += used;
				if (result != WebSocketFramer::OK) return result == WebSocketFramer::FAILED ? FAILED : NEED_MORE;
			}
			_headerReceived = false;
			if (!framer.header().control() && _assembler.begin() != WebSocketFramer::OK) return FAILED;
			_inFrame = true;
		}
		else if (framer.failed())
		{
			return FAILED;
		}
		const std::size_t here = static_cast<std::size_t>(std::min<Poco::UInt64>(framer.remaining(), static_cast<std::size_t>(pEnd - pData)));
		const std::size_t length = _assembler.compressed() && !framer.header().control() ? std::min(here, _assembler.inflateStep()) : here;
		const Event event = takePayload(pData, length);
		pData += length;
		if (event == NEED_MORE && length < here) return INFLATING;
		if (framer.remaining() == 0) _inFrame = false;
		if (event != NEED_MORE || _inFrame) return event;
	}
}


inline WebSocketMessageParser::Event WebSocketMessageParser::takePayload(char*& pData, std::size_t length)
	/// Takes length bytes of the payload, all there are, or all that it lacks.
{
	WebSocketFramer& framer = _assembler.framer();
	if (framer.header().control())
	{
		if (length > 0 && framer.receivePayload(pData, pData, length) != WebSocketFramer::OK) return FAILED;
		return framer.remaining() == 0 ? CONTROL : NEED_MORE;
	}
	if (_assembler.compressed())
	{
		if (inflate(pData, length) != WebSocketFramer::OK) return FAILED;
		_last = _assembler.complete();
		if (_last || (_parts && _pGathered->inflated.size() > 0)) return found(_parts ? PART : MESSAGE, _pGathered->inflated.data(), _pGathered->inflated.size());
		return NEED_MORE;
	}
	if (_parts || (_assembler.single() && length == framer.remaining() && !gathersAlready()))
	{
		if (length > 0 && framer.receivePayload(pData, pData, length) != WebSocketFramer::OK) return FAILED;
		_pData  = pData;
		_length = static_cast<Poco::UInt32>(length);
		_last   = _assembler.complete();
		if (!_parts) return MESSAGE;
		return _last || length > 0 ? PART : NEED_MORE;
	}
	if (length > 0 && gather(pData, length) != WebSocketFramer::OK) return FAILED;
	_last = _assembler.complete();
	if (!_last) return NEED_MORE;
	Gathered& message = gathering();
	return gathersInSink() ? found(MESSAGE, message.pSink->at(0), message.length) : found(MESSAGE, message.plain.data(), message.plain.size());
}


WebSocketMessageParser::Event WebSocketMessageParser::found(Event event, char* pData, std::size_t length)
{
	_pData  = pData;
	_length = static_cast<Poco::UInt32>(length);
	_given  = static_cast<unsigned char>(event & 7);
	return event;
}


WebSocketMessageParser::Gathered& WebSocketMessageParser::gathering()
{
	if (_pGathered) return *_pGathered;
	try
	{
		_pGathered = std::make_unique<Gathered>();
	}
	catch (...) // there is no memory
	{
		failWithoutMemory();
		throw;
	}
	return *_pGathered;
}


bool WebSocketMessageParser::gathersAlready() const
	/// Returns true if there is memory for the present message, which its bytes go to.
{
	return _pGathered && (_pGathered->plain.capacity() > 0 || _pGathered->length > 0);
}


bool WebSocketMessageParser::gathersInSink() const
{
	return _pGathered->pSink && _pGathered->plain.size() == 0;
}


WebSocketFramer::Result WebSocketMessageParser::gather(char* pData, std::size_t length)
{
	Gathered& message = gathering();
	const bool inSink = gathersInSink();
	char* pTarget = nullptr;
	try
	{
		pTarget = inSink ? message.pSink->extend(message.length, length) : message.plain.room(length); // pData, if the bytes were read to room()
	}
	catch (...) // there is no memory
	{
		failWithoutMemory();
		throw;
	}
	if (inSink) message.length += length;
	else message.plain.extend(length);
	return _assembler.framer().receivePayload(pTarget, pData, length);
}


void WebSocketMessageParser::gatherTo(WebSocketPayloadSink* pSink)
{
	Gathered& message = gathering();
	if (!pSink && _given == NEED_MORE && gathersInSink() && message.length > 0)
	{
		try
		{
			message.plain.append(message.pSink->at(0), message.length);
		}
		catch (...) // there is no memory
		{
			failWithoutMemory();
			throw;
		}
		message.length = 0;
	}
	message.pSink = pSink;
}


void WebSocketMessageParser::receivedHeader()
{
	_headerReceived = true;
	_whole = false;
}


bool WebSocketMessageParser::leaveFrame()
{
	const bool left = _inFrame || _headerReceived;
	_inFrame = _headerReceived = false;
	return left;
}


bool WebSocketMessageParser::inMessage()
{
	const WebSocketFrameHeader& header = _assembler.framer().header();
	return _assembler.framer().inMessage() || (_inFrame && !header.control());
}


void WebSocketMessageParser::failWithoutMemory()
{
	_assembler.framer().fail(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::INTERNAL_ERROR, "No memory for a message");
}


WebSocketFramer::Result WebSocketMessageParser::inflate(char* pData, std::size_t length)
{
	WebSocketFramer& framer = _assembler.framer();
	WebSocketBuffer& message = gathering().inflated;
	if (length > 0) framer.receivePayload(pData, pData, length); // which does not check it: it is the extension's
	else if (framer.remaining() > 0) return WebSocketFramer::OK;
	return _assembler.inflate(pData, length, message);
}


std::size_t WebSocketMessageParser::room(char*& pTarget, std::size_t least)
{
	const Poco::UInt64 remaining = _assembler.framer().remaining();
	if (!_inFrame || remaining < least || _parts || _assembler.compressed() || _assembler.framer().header().control() || _assembler.framer().failed()) return 0;
	Gathered& message = gathering();
	const std::size_t missing = static_cast<std::size_t>(remaining);
	try
	{
		if (gathersInSink())
		{
			const std::size_t room = message.pSink->room(message.length, message.length + missing);
			pTarget = message.pSink->at(message.length);
			return room;
		}
		const std::size_t size = message.plain.size();
		if (message.plain.capacity() - size < least)
			message.plain.reserve(size + std::min(missing, std::max<std::size_t>(LARGE, size)));
		pTarget = message.plain.data() + size;
		return std::min(missing, message.plain.capacity() - size);
	}
	catch (...) // there is no memory
	{
		failWithoutMemory();
		throw;
	}
}


WebSocketBuffer WebSocketMessageParser::takeMessage()
{
	if (!gathered()) return WebSocketBuffer();
	_given = NEED_MORE;
	return std::move(_assembler.compressed() ? _pGathered->inflated : _pGathered->plain);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
