//
// Mask.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMask
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Mask.h"
#include "core/SmallPayload.h"
#include "Poco/Platform.h"
#include <cstdint>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Word = WebSocketSmallPayload::Word;

	constexpr std::size_t BLOCK = 128;

#if defined(__GNUC__)
	template <int WIDTH>
	__attribute__((always_inline)) inline std::size_t maskBlocks(char* pTarget, const char* pSource, std::size_t length, Word key, Word& bits)
		/// Masks whole blocks, with vectors of WIDTH bytes; returns how many bytes, and in bits the results ORed.
		/// Four loads before the first store, so that the area may be masked in place.
	{
		typedef Word Vector __attribute__((vector_size(WIDTH)));
		const Vector keys = Vector{} + key;
		Vector all{};
		std::size_t i = 0;
		for (; i + 4*WIDTH <= length; i += 4*WIDTH)
		{
			Vector a, b, c, d;
			std::memcpy(&a, pSource + i, WIDTH);
			std::memcpy(&b, pSource + i + WIDTH, WIDTH);
			std::memcpy(&c, pSource + i + 2*WIDTH, WIDTH);
			std::memcpy(&d, pSource + i + 3*WIDTH, WIDTH);
			a ^= keys;
			b ^= keys;
			c ^= keys;
			d ^= keys;
			std::memcpy(pTarget + i, &a, WIDTH);
			std::memcpy(pTarget + i + WIDTH, &b, WIDTH);
			std::memcpy(pTarget + i + 2*WIDTH, &c, WIDTH);
			std::memcpy(pTarget + i + 3*WIDTH, &d, WIDTH);
			all |= a | b | c | d;
		}
		Word words[WIDTH/sizeof(Word)];
		std::memcpy(words, &all, WIDTH);
		for (Word word: words) bits |= word;
		return i;
	}

#if defined(__x86_64__)
	__attribute__((target("avx2"))) std::size_t maskAVX2(char* pTarget, const char* pSource, std::size_t length, Word key, Word& bits)
	{
		return maskBlocks<32>(pTarget, pSource, length, key, bits);
	}
#endif

	inline std::size_t mask(char* pTarget, const char* pSource, std::size_t length, Word key, Word& bits)
	{
#if defined(__x86_64__)
		if (__builtin_cpu_supports("avx2")) return maskAVX2(pTarget, pSource, length, key, bits);
#endif
		return maskBlocks<16>(pTarget, pSource, length, key, bits);
	}
#else
	inline std::size_t mask(char*, const char*, std::size_t, Word, Word&)
	{
		return 0;
	}
#endif

#if defined(__GNUC__)
	__attribute__((noinline)) // its callers are inlined, for what is short
#endif
	bool maskLong(char* pTarget, const char* pSource, std::size_t length, WebSocketSmallPayload::HalfWord key)
	{
		Word bits = 0;
		const std::size_t n = mask(pTarget, pSource, length, WebSocketSmallPayload::twice(key), bits); // a multiple of 4
		bits |= WebSocketSmallPayload::mask(pTarget + n, pSource + n, length - n, key);
		return WebSocketSmallPayload::isASCII(bits);
	}
}


WebSocketMask::WebSocketMask():
	_key(0)
{
}


WebSocketMask::WebSocketMask(const unsigned char* pKey)
{
	std::memcpy(&_key, pKey, KEY_LENGTH);
}


bool WebSocketMask::apply(char* pData, std::size_t length)
{
	return apply(pData, pData, length);
}


bool WebSocketMask::apply(char* pTarget, const char* pSource, std::size_t length)
{
	const WebSocketSmallPayload::HalfWord key = _key;
	_key = WebSocketSmallPayload::turn(key, length);
	if (length >= BLOCK) return maskLong(pTarget, pSource, length, key);
	WebSocketSmallPayload::mask(pTarget, pSource, length, key);
	return false;
}


void WebSocketMask::applyPlain(char* pTarget, const char* pSource, std::size_t length, const unsigned char* pKey, std::size_t phase)
{
	for (std::size_t i = 0; i < length; ++i)
		pTarget[i] = static_cast<char>(pSource[i] ^ pKey[(i + phase) % KEY_LENGTH]);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
