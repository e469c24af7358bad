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
#include <cstdint>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	using Word = std::uint64_t;

	template <typename W>
	inline void maskWord(char* pTarget, const char* pSource, W key)
	{
		W word;
		std::memcpy(&word, pSource, sizeof(word));
		word ^= key;
		std::memcpy(pTarget, &word, sizeof(word));
	}

	inline std::uint32_t turn(std::uint32_t key, unsigned phase)
		/// Lets the key begin, in memory, with its byte at phase.
	{
		if (phase == 0) return key;
		const unsigned bits = 8*phase;
#if defined(POCO_ARCH_BIG_ENDIAN)
		return key << bits | key >> (32 - bits);
#else
		return key >> bits | key << (32 - bits);
#endif
	}
}


WebSocketMask::WebSocketMask():
	_key(),
	_phase(0)
{
}


WebSocketMask::WebSocketMask(const unsigned char* pKey):
	_phase(0)
{
	std::memcpy(_key, pKey, KEY_LENGTH);
}


void WebSocketMask::apply(char* pData, std::size_t length)
{
	apply(pData, pData, length);
}


void WebSocketMask::apply(char* pTarget, const char* pSource, std::size_t length)
{
	// The key, turned so that it begins at the present phase, twice in a word.
	std::uint32_t half;
	std::memcpy(&half, _key, sizeof(half));
	half = turn(half, _phase);
	const Word key = static_cast<Word>(half) << 32 | half;
	_phase = (_phase + static_cast<unsigned>(length & 3)) & 3;

	// Fixed-size blocks of independent words: what compilers turn into vector code.
	constexpr std::size_t BLOCK = 16*sizeof(Word);
	for (; length >= BLOCK; length -= BLOCK, pTarget += BLOCK, pSource += BLOCK)
	{
		Word words[BLOCK/sizeof(Word)];
		std::memcpy(words, pSource, BLOCK);
		for (Word& word: words) word ^= key;
		std::memcpy(pTarget, words, BLOCK);
	}
	for (; length >= sizeof(Word); length -= sizeof(Word), pTarget += sizeof(Word), pSource += sizeof(Word))
		maskWord(pTarget, pSource, key);
	if (length & 4)
	{
		maskWord(pTarget, pSource, half);
		pTarget += 4;
		pSource += 4;
	}
	unsigned char rest[sizeof(half)];
	std::memcpy(rest, &half, sizeof(half));
	for (std::size_t i = 0; i < (length & 3); ++i) pTarget[i] = static_cast<char>(pSource[i] ^ rest[i]);
}


void WebSocketMask::applyPlain(char* pTarget, const char* pSource, std::size_t length, const unsigned char* pKey, std::size_t phase)
{
	for (std::size_t i = 0; i < length; ++i)
		pTarget[i] = static_cast<char>(pSource[i] ^ pKey[(i + phase) % KEY_LENGTH]);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
