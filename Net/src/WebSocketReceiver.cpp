//
// WebSocketReceiver.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketReceiver
//
// SPDX-License-Identifier: BSL-1.0
//


#include "WebSocketReceiver.h"
#include "Poco/Net/WebSocket.h"
#include <algorithm>
#include <cstring>
#include <limits>
#include <new>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketReceiver::Target
	/// Where the payload goes: a buffer of fixed size, or one that grows as bytes arrive.
{
public:
	Target(char* pBuffer, std::size_t length):
		_pBuffer(pBuffer),
		_pGrowing(nullptr),
		_base(0),
		_room(length),
		_limit(length)
	{
	}

	Target(Poco::Buffer<char>& buffer, std::size_t base):
		_pBuffer(buffer.begin() + base),
		_pGrowing(&buffer),
		_base(base),
		_room(buffer.size() - base),
		_limit(std::numeric_limits<std::size_t>::max())
	{
	}

	std::size_t limit() const
		/// The longest payload there could be room for.
	{
		return _limit;
	}

	char* at(std::size_t offset) const
	{
		return _pBuffer + offset;
	}

	std::size_t room(std::size_t used, std::size_t total)
		/// Returns how many bytes there is room for behind the first used ones
		/// of a payload of total bytes. Makes room for more if there is none.
	{
		if (used == _room && _pGrowing)
		{
			// Capacity that is there costs nothing; new memory follows what has arrived.
			whole(std::min(total, std::max({std::size_t(FIRST_ROOM), used*2, _pGrowing->capacity() - _base})));
		}
		return std::min(_room, total) - used;
	}

	char* whole(std::size_t total)
		/// Returns where a payload of total bytes goes that is there already.
	{
		if (_pGrowing && _room < total)
		{
			_pGrowing->resize(_base + total);
			_room = total;
			_pBuffer = _pGrowing->begin() + _base;
		}
		return _pBuffer;
	}

	void finish(std::size_t length)
		/// The payload is complete, or (0) will not be.
	{
		if (_pGrowing) _pGrowing->resize(_base + length);
	}

private:
	enum
	{
		FIRST_ROOM = 64*1024
	};

	char* _pBuffer;
	Poco::Buffer<char>* _pGrowing;
	std::size_t _base;
	std::size_t _room;
	std::size_t _limit;
};


WebSocketReceiver::WebSocketReceiver(WebSocketTransport& transport, WebSocketFramer& framer):
	_transport(transport),
	_framer(framer),
	_position(0),
	_end(0),
	_peeked(false),
	_large(false),
	_ahead(0),
	_headerDone(false),
	_saved(0),
	_received(0),
	_ended(false)
{
}


void WebSocketReceiver::preload(const Poco::Buffer<char>& data)
{
	_input.resize(std::max<std::size_t>(INPUT_SIZE, data.size()));
	if (data.size() > 0) std::memcpy(_input.data(), data.begin(), data.size());
	_position = 0;
	_end = data.size();
	publish();
}


int WebSocketReceiver::receive(char* pBuffer, std::size_t length, std::size_t maxLength, int& flags)
{
	Target target(pBuffer, length);
	return receive(target, maxLength, flags);
}


int WebSocketReceiver::receive(Poco::Buffer<char>& buffer, std::size_t maxLength, int& flags)
{
	Target target(buffer, buffer.size());
	return receive(target, maxLength, flags);
}


int WebSocketReceiver::receive(Target& target, std::size_t maxLength, int& flags)
{
	Poco::FastMutex::ScopedLock lock(_mutex);
	int result = FAILED;
	try
	{
		result = readFrame(target, maxLength, flags);
	}
	catch (...)
	{
		target.finish(0);
		publish();
		throw;
	}
	target.finish(result > 0 ? static_cast<std::size_t>(result) : 0);
	publish();
	return result;
}


int WebSocketReceiver::readFrame(Target& target, std::size_t maxLength, int& flags)
{
	if (_framer.failed()) return FAILED;
	if (_ended || (_framer.closeState() & WebSocketFramer::CLOSE_RECEIVED)) // RFC 6455, 5.5.1: nothing follows a Close frame
	{
		flags = 0;
		return 0;
	}

	if (!_headerDone)
	{
		const int n = readHeader();
		if (n == 0) flags = 0;
		if (n <= 0) return n;
		_headerDone = true;
	}
	if (_framer.limitPayload(std::min(maxLength, target.limit())) != WebSocketFramer::OK) return FAILED;

	const int n = readPayload(target);
	if (n < 0) return n;

	_headerDone = false;
	_received = 0;
	_large = n >= LARGE_FRAME;
	if (_peeked && !wholeFrameAhead()) settle();
	flags = _framer.header().flags;
	if (flags == 0 && n == 0) flags = WebSocket::FRAME_FLAG_EMPTY;
	return n;
}


int WebSocketReceiver::readHeader()
	/// Returns 1 if a header is there, 0 at the end of the stream, AGAIN or FAILED.
{
	for (;;)
	{
		if (_position == _end)
		{
			const int n = fill();
			if (n < 0) return AGAIN;
			if (n == 0)
			{
				_ended = true;
				return _framer.receiveEnd() == WebSocketFramer::OK ? 0 : FAILED;
			}
		}
		std::size_t used = 0;
		const WebSocketFramer::Result result = _framer.receiveHeader(_input.data() + _position, _end - _position, used);
		_position += used;
		if (result == WebSocketFramer::FAILED) return FAILED;
		if (result == WebSocketFramer::OK) return 1;
		settle();
	}
}


int WebSocketReceiver::fill()
	/// Called if all bytes in _input are used.
{
	_position = _end = 0;
	int n = 0;
	if (!_transport.plain())
	{
		n = _transport.receive(_input.data(), _input.size());
	}
	else if (_framer.inFrame())
	{
		n = _transport.receive(_input.data(), _framer.headerMissing());
	}
	else
	{
		n = _transport.peek(_input.data(), _large ? static_cast<std::size_t>(WebSocketFrameHeader::MAX_LENGTH) : _input.size());
		_peeked = n > 0;
	}
	if (n > 0) _end = static_cast<std::size_t>(n);
	return n;
}


int WebSocketReceiver::readPayload(Target& target)
	/// Returns the length of the payload, AGAIN or FAILED.
{
	const std::size_t total = static_cast<std::size_t>(_framer.header().payloadLength);
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
	Target saved(_saved, 0);
	const int n = readInto(saved, total);
	if (n > 0)
	{
		std::memcpy(target.whole(total), _saved.begin(), total);
		_saved = Poco::Buffer<char>(0);
	}
	return n;
}


int WebSocketReceiver::readInto(Target& target, std::size_t total)
{
	while (_framer.remaining() > 0)
	{
		const std::size_t room = target.room(_received, total);
		char* pTarget = target.at(_received);
		const char* pSource = pTarget;
		std::size_t n = std::min(room, _end - _position);
		if (n > 0)
		{
			pSource = _input.data() + _position;
			_position += n;
		}
		else
		{
			const int received = readDirectly(pTarget, room);
			if (received < 0) return AGAIN;
			n = static_cast<std::size_t>(received);
			if (n == 0)
			{
				_ended = true;
				_framer.receiveEnd();
				return FAILED;
			}
		}
		if (_framer.receivePayload(pTarget, pSource, n) != WebSocketFramer::OK) return FAILED;
		_received += n;
	}
	return static_cast<int>(total);
}


int WebSocketReceiver::readDirectly(char* pTarget, std::size_t length)
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
	return _transport.receive(pTarget, length);
}


void WebSocketReceiver::save(const Target& target)
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


void WebSocketReceiver::settle()
{
	if (_peeked)
	{
		_transport.discard(_input.data(), _position);
		_position = _end = 0;
		_peeked = false;
	}
}


void WebSocketReceiver::settleIdle()
{
	if (!_mutex.tryLock()) return;
	settle();
	publish();
	_mutex.unlock();
}


bool WebSocketReceiver::wholeFrameAhead() const
{
	WebSocketFrameHeader header;
	const std::size_t length = _end - _position;
	return WebSocketFrameHeader::parse(_input.data() + _position, length, header) == WebSocketFrameHeader::OK
		&& header.payloadLength <= length - header.length;
}


void WebSocketReceiver::publish()
{
	const int position = static_cast<int>(_position);
	_ahead.store(_peeked ? -position : static_cast<int>(_end) - position, std::memory_order_relaxed);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
