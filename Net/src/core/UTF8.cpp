//
// UTF8.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketUTF8
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/UTF8.h"
#include "core/SmallPayload.h"
#if defined(POCO_WEBSOCKET_HAVE_SIMDUTF)
#include <simdutf.h>
#elif defined(POCO_WEBSOCKET_HAVE_SIMDJSON)
#include <simdjson.h>
#endif
#include <cstdint>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	inline bool isValidLibrary(const char* pData, std::size_t length)
	{
#if defined(POCO_WEBSOCKET_HAVE_SIMDUTF)
		return simdutf::validate_utf8(pData, length);
#elif defined(POCO_WEBSOCKET_HAVE_SIMDJSON)
		return simdjson::validate_utf8(pData, length);
#else
		return WebSocketUTF8::isValidPlain(pData, length);
#endif
	}

	inline std::size_t incompleteTail(const char* pData, std::size_t length)
		/// Returns how many bytes at the end (0 to 3) may be the beginning
		/// of a character whose rest is still to come.
	{
		for (std::size_t n = 1; n <= 3 && n <= length; ++n)
		{
			const unsigned char byte = static_cast<unsigned char>(pData[length - n]);
			if (byte < 0x80) return 0;
			if (byte >= 0xc0)
			{
				const std::size_t size = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
				return size > n ? n : 0;
			}
		}
		return 0;
	}

	constexpr std::size_t SHORT_TEXT = 64;
}


bool WebSocketUTF8::append(const char* pData, std::size_t length, bool isASCII)
{
	if (_missing == 0 && !_failed && (isASCII || (length <= SHORT_TEXT && WebSocketSmallPayload::isASCII(pData, length)))) return true;
	if (_failed) return false;

	const char* pEnd = pData + length;
	while (_missing > 0 && pData < pEnd)
	{
		if (!step(static_cast<unsigned char>(*pData++))) return false;
	}

	length = static_cast<std::size_t>(pEnd - pData);

	const std::size_t tail = incompleteTail(pData, length);
	if (!isValidLibrary(pData, length - tail))
	{
		_failed = true;
		return false;
	}
	for (pData = pEnd - tail; pData < pEnd; ++pData)
	{
		if (!step(static_cast<unsigned char>(*pData))) return false;
	}
	return true;
}


bool WebSocketUTF8::step(unsigned char byte)
{
	// RFC 3629, 4: the first continuation byte after e0, ed, f0 and f4 has a narrower range.
	if (_missing > 0)
	{
		if (byte < _low || byte > _high) _failed = true;
		else --_missing;
		_low  = 0x80;
		_high = 0xbf;
	}
	else if (byte >= 0x80)
	{
		if (byte >= 0xc2 && byte <= 0xdf) _missing = 1;
		else if (byte >= 0xe0 && byte <= 0xef) _missing = 2;
		else if (byte >= 0xf0 && byte <= 0xf4) _missing = 3;
		else _failed = true;

		if (byte == 0xe0) _low = 0xa0;
		else if (byte == 0xed) _high = 0x9f;
		else if (byte == 0xf0) _low = 0x90;
		else if (byte == 0xf4) _high = 0x8f;
	}
	return !_failed;
}


bool WebSocketUTF8::isValid(const char* pData, std::size_t length)
{
	if (length <= SHORT_TEXT && WebSocketSmallPayload::isASCII(pData, length)) return true;
	return isValidLibrary(pData, length);
}


bool WebSocketUTF8::isValidPlain(const char* pData, std::size_t length)
{
	WebSocketUTF8 validator;
	for (std::size_t i = 0; i < length; ++i)
	{
		if (!validator.step(static_cast<unsigned char>(pData[i]))) return false;
	}
	return validator.complete();
}


std::size_t WebSocketUTF8::truncate(const char* pData, std::size_t length, std::size_t maxLength)
{
	if (length <= maxLength) return length;
	std::size_t n = maxLength;
	while (n > 0 && (static_cast<unsigned char>(pData[n]) & 0xc0) == 0x80) --n;
	return n;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
