//
// Reader.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketReader
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/Reader.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <cstring>
#include <limits>
#include <new>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int GATHERED = 1024*1024; // bytes of a large payload that are waited for at once

	class LowWater
		/// What the transport waits for; 1 again in the end.
	{
	public:
		explicit LowWater(WebSocketTransport& transport):
			_transport(transport),
			_bytes(1)
		{
		}

		~LowWater()
		{
			set(1);
		}

		void set(int bytes)
		{
			if (bytes != _bytes) _transport.setLowWater(bytes);
			_bytes = bytes;
		}

		LowWater(const LowWater&) = delete;
		LowWater& operator = (const LowWater&) = delete;

	private:
		WebSocketTransport& _transport;
		int _bytes;
	};
}


WebSocketReader::WebSocketReader(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender):
	_transport(transport),
	_framer(framer),
	_sender(sender),
	_source(transport, framer, sender),
	_position(0),
	_end(0),
	_peeked(false),
	_large(false),
	_readAhead(!transport.plain()),
	_ahead(0),
	_headerDone(false),
	_saved(0),
	_received(0),
	_ended(false)
{
}


void WebSocketReader::preload(const Poco::Buffer<char>& data)
{
	_input.resize(std::max<std::size_t>(INPUT_SIZE, data.size()));
	if (data.size() > 0) std::memcpy(_input.data(), data.begin(), data.size());
	_position = 0;
	_end = data.size();
	publish();
}


void WebSocketReader::setReadAhead(bool flag)
{
	_readAhead = flag || !_transport.plain();
	if (_readAhead) settle();
}


int WebSocketReader::header()
{
	if (ended())
	{
		if (_framer.failed()) return FAILED;
		_sender.beforeWaiting(); // the answer to a Close may still be waiting
		return END;
	}
	if (_headerDone) return 1;
	for (;;)
	{
		if (_position == _end)
		{
			const int n = fill();
			if (n < 0) return n;
			if (n == 0) return endOfStream();
		}
		std::size_t used = 0;
		const WebSocketFramer::Result result = _framer.receiveHeader(_input.data() + _position, _end - _position, used);
		_position += used;
		if (result == WebSocketFramer::FAILED) return FAILED;
		if (result == WebSocketFramer::OK) break;
		settle();
	}
	_headerDone = true;
	return 1;
}


int WebSocketReader::endOfStream()
	/// The stream has ended.
{
	_ended = true;
	return _framer.receiveEnd() == WebSocketFramer::OK ? static_cast<int>(END) : static_cast<int>(FAILED);
}


int WebSocketReader::fill()
	/// Called if all bytes in _input are used.
{
	_position = _end = 0;
	int n = 0;
	if (_readAhead)
	{
		n = _source.fetch(_input.data(), _input.size(), WebSocketTimedInput::TAKE);
	}
	else if (_framer.inFrame())
	{
		n = _source.fetch(_input.data(), _framer.headerMissing(), WebSocketTimedInput::TAKE);
	}
	else
	{
		n = _source.fetch(_input.data(), _large ? static_cast<std::size_t>(WebSocketFrameHeader::MAX_LENGTH) : _input.size(), WebSocketTimedInput::PEEK);
		_peeked = n > 0;
	}
	if (n > 0) _end = static_cast<std::size_t>(n);
	return n;
}


int WebSocketReader::payload(WebSocketPayloadSink& target)
{
	const std::size_t total = static_cast<std::size_t>(_framer.header().payloadLength);
	if (_received == 0 && _end - _position >= total) // the usual case: it is here already
	{
		const char* pSource = _input.data() + _position;
		if (total > 0 && _framer.receivePayload(target.whole(total), pSource, total) != WebSocketFramer::OK) return FAILED;
		_position += total;
		return static_cast<int>(total);
	}
	if (_transport.getBlocking() && _received == 0)
	{
		try
		{
			const int n = readInto(target, total);
			if (n == AGAIN) save(target);
			return n;
		}
		catch (...)
		{
			save(target);
			throw;
		}
	}

	// Non-blocking, or a call before this one has ended inside the frame.
	WebSocketPayloadSink saved(_saved, 0);
	const int n = readInto(saved, total);
	if (n > 0)
	{
		std::memcpy(target.whole(total), _saved.begin(), total);
		_saved = Poco::Buffer<char>(0);
	}
	return n;
}


int WebSocketReader::readInto(WebSocketPayloadSink& target, std::size_t total)
{
	LowWater lowWater(_transport);
	bool fast = _transport.plain() && _transport.getBlocking();
	while (_framer.remaining() > 0)
	{
		const bool gather = fast && !_peeked && _position == _end && _framer.remaining() >= 2*GATHERED;
		lowWater.set(gather ? GATHERED : 1);
		const std::size_t missing = total - _received;
		const bool here = _end - _position >= missing;
		char* pTarget = here ? target.whole(total) + _received : nullptr;
		const std::size_t room = here ? missing : target.room(_received, total);
		const int n = part(here ? pTarget : target.at(_received), room);
		if (n < 0) return n;
		_received += static_cast<std::size_t>(n);
		if (gather && static_cast<std::size_t>(n) < std::min<std::size_t>(room, GATHERED/2)) fast = false; // it took the whole timeout
	}
	return static_cast<int>(total);
}


int WebSocketReader::part(char* pTarget, std::size_t length)
{
	length = static_cast<std::size_t>(std::min<Poco::UInt64>(length, _framer.remaining()));
	const char* pSource = pTarget;
	std::size_t n = std::min(length, _end - _position);
	if (n > 0)
	{
		pSource = _input.data() + _position;
		_position += n;
	}
	else
	{
		const int received = readDirectly(pTarget, length);
		if (received < 0) return received;
		n = static_cast<std::size_t>(received);
		if (n == 0) return endOfStream();
	}
	return _framer.receivePayload(pTarget, pSource, n) == WebSocketFramer::OK ? static_cast<int>(n) : FAILED;
}


//
// Messages
//
int WebSocketReader::next(WebSocketMessageParser& parser)
{
	return nextPart(parser, nullptr, std::numeric_limits<std::size_t>::max());
}


int WebSocketReader::nextPart(WebSocketMessageParser& parser, char* pTarget, std::size_t length)
{
	if (ended()) return header(); // which says how it has ended
	for (;;)
	{
		char* const pBegin = _input.data() + _position;
		char* p = pBegin;
		const WebSocketMessageParser::Event event = parser.next(p, pBegin + std::min(_end - _position, length));
		_position += static_cast<std::size_t>(p - pBegin);
		int result = found(event);
		if (event == WebSocketMessageParser::NEED_MORE && _position == _end) result = receiveMore(parser, pTarget, length);
		if (result != MORE) return result;
	}
}


int WebSocketReader::receiveMore(WebSocketMessageParser& parser, char* pTarget, std::size_t length)
	/// Receives what the parser lacks, to _input or to where it belongs. Returns an event, END, AGAIN, FAILED or MORE.
{
	if (_source.tooSlow(parser)) return FAILED;
	const bool part = pTarget && _framer.remaining() > 0 && !_framer.header().control() && !parser.assembler().compressed();
	char* pRoom = pTarget;
	const std::size_t room = part ? static_cast<std::size_t>(std::min<Poco::UInt64>(length, _framer.remaining())) : parser.room(pRoom, INPUT_SIZE);
	if (room < INPUT_SIZE)
	{
		const int n = fill();
		return n > 0 ? static_cast<int>(MORE) : n == 0 ? endOfStream() : n;
	}
	LowWater lowWater(_transport);
	if (!part && _transport.plain() && _transport.getBlocking() && room >= 2*GATHERED) lowWater.set(GATHERED);
	const int n = _source.fetch(pRoom, room, WebSocketTimedInput::TAKE);
	if (n <= 0) return n == 0 ? endOfStream() : n;
	char* p = pRoom;
	return found(parser.next(p, pRoom + n));
}


inline int WebSocketReader::found(WebSocketMessageParser::Event event)
{
	if (event == WebSocketMessageParser::MESSAGE) _source.messageReceived();
	switch (event)
	{
	case WebSocketMessageParser::FAILED:
		return FAILED;
	case WebSocketMessageParser::NEED_MORE:
	case WebSocketMessageParser::INFLATING:
		return MORE;
	default:
		return event;
	}
}


void WebSocketReader::handOver(WebSocketMessageParser& parser)
{
	const bool control = _headerDone && _framer.header().control();
	const bool first = _headerDone && _framer.header().opcode() != WebSocketFrame::OP_CONT; // nothing of its message has been delivered
	if (!control && ((_framer.inMessage() && !first) || _received > 0))
		throw IllegalStateException("A message has been received in part by receiveFrame()");
	if (!_headerDone) return;
	_headerDone = false;
	_received = 0;
	_saved = Poco::Buffer<char>(0);
	parser.receivedHeader();
}


void WebSocketReader::takeOver(WebSocketMessageParser& parser)
{
	const bool control = _framer.header().control() && _framer.remaining() > 0;
	const std::size_t received = static_cast<std::size_t>(_framer.header().payloadLength - _framer.remaining());
	if (control && received > 0) _saved.assign(_framer.controlPayload(), received); // first, as it may throw
	if (!parser.leaveFrame()) return;
	_headerDone = true;
	_received = received;
}


int WebSocketReader::readDirectly(char* pTarget, std::size_t length)
{
	if (_peeked)
	{
		// What was used of _input leaves the kernel by the same call.
		const std::size_t used = _position;
		_position = _end = 0;
		_peeked = false;
		const int n = _transport.receive(_input.data(), used, pTarget, length);
		if (n != WebSocketTransport::AGAIN) return n;
	}
	else if (_readAhead && length < _input.size())
	{
		// A small rest: what follows it is taken as well.
		const int n = fill();
		if (n <= 0) return n;
		const std::size_t used = std::min(length, _end);
		std::memcpy(pTarget, _input.data(), used);
		_position = used;
		return static_cast<int>(used);
	}
	return _source.fetch(pTarget, length, WebSocketTimedInput::TAKE);
}


void WebSocketReader::save(const WebSocketPayloadSink& target)
	/// Keeps what has been received of a payload for the next call.
{
	try
	{
		_saved.assign(target.at(0), _received);
	}
	catch (const std::bad_alloc&)
	{
		_ended = true;
		_framer.receiveEnd(); // there is no way on
	}
}


void WebSocketReader::endFrame()
{
	_headerDone = false;
	_received = 0;
	_large = _framer.header().payloadLength >= LARGE_FRAME;
	if (_peeked && !wholeFrameAhead()) settle();
}


void WebSocketReader::settle()
{
	if (_peeked)
	{
		_transport.discard(_input.data(), _position);
		_position = _end = 0;
		_peeked = false;
	}
}


bool WebSocketReader::wholeFrameAhead() const
{
	if (_position == _end) return false;
	WebSocketFrameHeader next;
	const std::size_t length = _end - _position;
	return WebSocketFrameHeader::parse(_input.data() + _position, length, next) == WebSocketFrameHeader::OK
		&& next.payloadLength <= length - next.length;
}


void WebSocketReader::publish()
{
	const int position = static_cast<int>(_position);
	_ahead.store(_peeked ? -position : static_cast<int>(_end) - position, std::memory_order_relaxed);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
