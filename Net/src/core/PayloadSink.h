//
// WebSocketPayloadSink.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketPayloadSink
//
// Where received payload goes.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketPayloadSink_INCLUDED
#define Net_WebSocketPayloadSink_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Buffer.h"
#include <algorithm>
#include <limits>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketPayloadSink
	/// Where payload goes: a buffer of fixed size, or a Buffer or string that grows as
	/// bytes arrive, from an offset on.
{
public:
	WebSocketPayloadSink(char* pBuffer, std::size_t length):
		_pData(pBuffer),
		_pBuffer(nullptr),
		_pString(nullptr),
		_base(0),
		_room(length),
		_limit(length)
	{
	}

	WebSocketPayloadSink(Poco::Buffer<char>& buffer, std::size_t base):
		_pData(buffer.begin() + base),
		_pBuffer(&buffer),
		_pString(nullptr),
		_base(base),
		_room(buffer.size() - base),
		_limit(std::numeric_limits<std::size_t>::max())
	{
	}

	WebSocketPayloadSink(std::string& string, std::size_t base):
		_pData(&string[base]),
		_pBuffer(nullptr),
		_pString(&string),
		_base(base),
		_room(string.size() - base),
		_limit(std::numeric_limits<std::size_t>::max())
	{
	}

	std::size_t limit() const
		/// Returns the longest payload that there could be room for.
	{
		return _limit;
	}

	char* at(std::size_t offset) const
	{
		return _pData + offset;
	}

	std::size_t room(std::size_t used, std::size_t total)
		/// Returns how many bytes there is room for behind the first used ones of a
		/// payload of total bytes, of which there are more. Makes room if there is none.
	{
		if (used >= _room) grow(used, total);
		return std::min(_room, total) - used;
	}

	char* whole(std::size_t total)
		/// Makes room for a payload of total bytes that is there already.
	{
		if (_room < total) resize(total);
		return _pData;
	}

	char* extend(std::size_t used, std::size_t length)
		/// Makes room for length bytes behind the first used ones, and returns where they belong. The room doubles, if it has to grow.
	{
		if (_room - used < length) extendTo(used + length);
		return _pData + used;
	}

	void finish(std::size_t length)
		/// The payload is complete, or (0) will not be.
	{
		if ((_pBuffer || _pString) && _room != length) resize(length);
	}

private:
	enum
	{
		FIRST_ROOM = 64*1024
	};

	void grow(std::size_t used, std::size_t total);
	void extendTo(std::size_t length);

	void resize(std::size_t length)
	{
		if (_pBuffer)
		{
			_pBuffer->resize(_base + length);
			_pData = _pBuffer->begin() + _base;
		}
		else
		{
			_pString->resize(_base + length);
			_pData = &(*_pString)[_base];
		}
		_room = length;
	}

	char* _pData;
	Poco::Buffer<char>* _pBuffer;
	std::string* _pString;
	std::size_t _base;
	std::size_t _room;
	std::size_t _limit;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketPayloadSink_INCLUDED
