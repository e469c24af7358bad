//
// WebSocketMask.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketMask
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketMask.h"
#include "Poco/Platform.h"
#include <cstdint>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Word = std::uint64_t;
	using HalfWord = std::uint32_t;

	constexpr std::size_t BLOCK = 128;

	template <typename T>
	inline T load(const char* pSource)
	{
		T word;
		std::memcpy(&word, pSource, sizeof(word));
		return word;
	}

	template <typename T>
	inline void store(char* pTarget, T word)
	{
		std::memcpy(pTarget, &word, sizeof(word));
	}

	inline HalfWord turn(HalfWord key, std::size_t bytes)
		/// The key as it begins after so many bytes.
	{
		const unsigned bits = 8*static_cast<unsigned>(bytes & 3);
#if defined(POCO_ARCH_BIG_ENDIAN)
		return key << bits | key >> ((32 - bits) & 31);
#else
		return key >> bits | key << ((32 - bits) & 31);
#endif
	}

	inline Word twice(HalfWord key)
	{
		return static_cast<Word>(key) << 32 | key;
	}

	template <typename T>
	inline void maskWords(char* pTarget, const char* pSource, std::size_t length, T key, T lastKey)
		/// Masks at least one word. The last one overlaps the one before: it is read before anything is written.
	{
		const std::size_t end = length - sizeof(T);
		const T last = load<T>(pSource + end) ^ lastKey;
		for (std::size_t i = 0; i < end; i += sizeof(T)) store(pTarget + i, load<T>(pSource + i) ^ key);
		store(pTarget + end, last);
	}

#if defined(__GNUC__)
	typedef Word Pair __attribute__((vector_size(16)));

	template <int WIDTH>
	__attribute__((always_inline)) inline std::size_t maskBlocks(char* pTarget, const char* pSource, std::size_t length, Word key)
		/// Masks whole blocks, with vectors of WIDTH bytes; returns how many bytes.
		/// Four loads before the first store, so that the area may be masked in place.
	{
		typedef Word Vector __attribute__((vector_size(WIDTH)));
		const Vector keys = Vector{} + key;
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
		}
		return i;
	}

#if defined(__x86_64__)
	__attribute__((target("avx2"))) std::size_t maskAVX2(char* pTarget, const char* pSource, std::size_t length, Word key)
	{
		return maskBlocks<32>(pTarget, pSource, length, key);
	}
#endif

	inline std::size_t mask(char* pTarget, const char* pSource, std::size_t length, Word key)
	{
#if defined(__x86_64__)
		if (__builtin_cpu_supports("avx2")) return maskAVX2(pTarget, pSource, length, key);
#endif
		return maskBlocks<16>(pTarget, pSource, length, key);
	}
#else
	struct Pair
	{
		Word first;
		Word second;
	};

	inline Pair operator ^ (Pair left, Pair right)
	{
		return {left.first ^ right.first, left.second ^ right.second};
	}

	inline std::size_t mask(char*, const char*, std::size_t, Word)
	{
		return 0;
	}
#endif
}


WebSocketMask::WebSocketMask():
	_key(0)
{
}


WebSocketMask::WebSocketMask(const unsigned char* pKey)
{
	std::memcpy(&_key, pKey, KEY_LENGTH);
}


void WebSocketMask::apply(char* pData, std::size_t length)
{
	apply(pData, pData, length);
}


void WebSocketMask::apply(char* pTarget, const char* pSource, std::size_t length)
{
	const Word key = twice(_key);
	_key = turn(_key, length);

	if (length >= BLOCK)
	{
		const std::size_t n = mask(pTarget, pSource, length, key); // a multiple of 4
		pTarget += n;
		pSource += n;
		length -= n;
	}

	const Word lastKey = twice(_key); // length - 16, length - 8 and length: the same phase
	if (length >= sizeof(Pair))
		maskWords<Pair>(pTarget, pSource, length, Pair{key, key}, Pair{lastKey, lastKey});
	else if (length >= sizeof(Word))
		maskWords<Word>(pTarget, pSource, length, key, lastKey);
	else if (length >= sizeof(HalfWord))
	{
		const std::size_t end = length - sizeof(HalfWord);
		const HalfWord last = load<HalfWord>(pSource + end) ^ _key;
		store(pTarget, load<HalfWord>(pSource) ^ static_cast<HalfWord>(key));
		store(pTarget + end, last);
	}
	else
	{
		char bytes[sizeof(Word)];
		store(bytes, key);
		for (std::size_t i = 0; i < length; ++i) pTarget[i] = static_cast<char>(pSource[i] ^ bytes[i]);
	}
}


void WebSocketMask::applyPlain(char* pTarget, const char* pSource, std::size_t length, const unsigned char* pKey, std::size_t phase)
{
	for (std::size_t i = 0; i < length; ++i)
		pTarget[i] = static_cast<char>(pSource[i] ^ pKey[(i + phase) % KEY_LENGTH]);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
