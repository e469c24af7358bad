//
// WebSocketMessageParser.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketMessageParser
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketMessageParser.h"
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
	_framer(framer),
	_assembler(framer),
	_pData(nullptr),
	_length(0),
	_parts(false),
	_inFrame(false),
	_last(true),
	_given(false)
{
}


void WebSocketMessageParser::forget()
	/// What was given last is not used any more.
{
	_given = false;
	_message.release();
	if (!_pInflated) return;
	if (_pInflated->capacity() > KEPT_INFLATED) _pInflated.reset();
	else _pInflated->clear();
}


WebSocketMessageParser::Event WebSocketMessageParser::next(char*& pData, char* pEnd)
{
	if (_given) forget();
	std::size_t taken = 0;
	if (_framer.receiveWhole(pData, static_cast<std::size_t>(pEnd - pData), taken) == WebSocketFramer::OK)
	{
		if (_assembler.beginWhole() != WebSocketFramer::OK) return FAILED;
		_pData  = pData + _framer.header().length;
		_length = static_cast<std::size_t>(_framer.header().payloadLength);
		_last   = true;
		pData += taken;
		return _parts ? PART : MESSAGE;
	}
	for (;;)
	{
		if (!_inFrame)
		{
			std::size_t used = 0;
			const WebSocketFramer::Result result = _framer.receiveHeader(pData, static_cast<std::size_t>(pEnd - pData), used);
			pData += used;
			if (result != WebSocketFramer::OK) return result == WebSocketFramer::FAILED ? FAILED : NEED_MORE;
			if (!_framer.header().control() && _assembler.begin() != WebSocketFramer::OK) return FAILED;
			_inFrame = true;
		}
		else if (_framer.failed())
		{
			return FAILED;
		}
		const std::size_t length = static_cast<std::size_t>(std::min<Poco::UInt64>(_framer.remaining(), static_cast<std::size_t>(pEnd - pData)));
		const Event event = takePayload(pData, length);
		pData += length;
		if (_framer.remaining() == 0) _inFrame = false;
		if (event != NEED_MORE || _inFrame) return event;
	}
}


inline WebSocketMessageParser::Event WebSocketMessageParser::takePayload(char*& pData, std::size_t length)
	/// Takes length bytes of the payload, all there are, or all that it lacks.
{
	if (_framer.header().control())
	{
		if (length > 0 && _framer.receivePayload(pData, pData, length) != WebSocketFramer::OK) return FAILED;
		return _framer.remaining() == 0 ? CONTROL : NEED_MORE;
	}
	if (_assembler.compressed())
	{
		if (inflate(pData, length) != WebSocketFramer::OK) return FAILED;
		_last = _assembler.complete();
		if (_last || (_parts && !_pInflated->empty())) return found(_parts ? PART : MESSAGE, &(*_pInflated)[0], _pInflated->size());
		return NEED_MORE;
	}
	if (_parts || (_message.capacity() == 0 && _assembler.single() && length == _framer.remaining()))
	{
		if (length > 0 && _framer.receivePayload(pData, pData, length) != WebSocketFramer::OK) return FAILED;
		_pData  = pData;
		_length = length;
		_last   = _assembler.complete();
		if (!_parts) return MESSAGE;
		return _last || length > 0 ? PART : NEED_MORE;
	}
	if (length > 0 && gather(pData, length) != WebSocketFramer::OK) return FAILED;
	_last = _assembler.complete();
	return _last ? found(MESSAGE, _message.data(), _message.size()) : NEED_MORE;
}


WebSocketMessageParser::Event WebSocketMessageParser::found(Event event, char* pData, std::size_t length)
{
	_pData  = pData;
	_length = length;
	_given  = true;
	return event;
}


WebSocketFramer::Result WebSocketMessageParser::gather(char* pData, std::size_t length)
{
	char* pTarget = nullptr;
	try
	{
		pTarget = _message.room(length); // pData, if the bytes were read to room()
	}
	catch (...) // there is no memory
	{
		failWithoutMemory();
		throw;
	}
	_message.extend(length);
	return _framer.receivePayload(pTarget, pData, length);
}


void WebSocketMessageParser::failWithoutMemory()
{
	_framer.fail(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::INTERNAL_ERROR, "No memory for a message");
}


WebSocketFramer::Result WebSocketMessageParser::inflate(char* pData, std::size_t length)
{
	try
	{
		if (!_pInflated) _pInflated = std::make_unique<std::string>();
	}
	catch (...) // there is no memory
	{
		failWithoutMemory();
		throw;
	}
	if (length > 0) _framer.receivePayload(pData, pData, length); // which does not check it: it is the extension's
	else if (_framer.remaining() > 0) return WebSocketFramer::OK;
	return _assembler.inflate(pData, length, *_pInflated);
}


std::size_t WebSocketMessageParser::room(char*& pTarget)
{
	const Poco::UInt64 remaining = _framer.remaining();
	if (!_inFrame || remaining < LARGE || _parts || _assembler.compressed() || _framer.failed()) return 0;
	const std::size_t missing = static_cast<std::size_t>(remaining);
	const std::size_t size = _message.size();
	if (_message.capacity() - size < LARGE)
	{
		try
		{
			_message.reserve(size + std::min(missing, std::max<std::size_t>(LARGE, size)));
		}
		catch (...) // there is no memory
		{
			failWithoutMemory();
			throw;
		}
	}
	pTarget = _message.data() + size;
	return std::min(missing, _message.capacity() - size);
}


WebSocketBuffer WebSocketMessageParser::takeMessage()
{
	return std::move(_message);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
