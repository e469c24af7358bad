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

	inline void maskWord(char* pTarget, const char* pSource, Word key)
	{
		Word word;
		std::memcpy(&word, pSource, sizeof(word));
		word ^= key;
		std::memcpy(pTarget, &word, sizeof(word));
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
	unsigned char turned[sizeof(Word)];
	for (unsigned i = 0; i < sizeof(Word); ++i) turned[i] = _key[(i + _phase) & 3];
	Word key;
	std::memcpy(&key, turned, sizeof(key));

	std::size_t i = 0;
	// Fixed-size blocks of independent words: what compilers turn into vector code.
	constexpr std::size_t BLOCK = 16*sizeof(Word);
	for (; i + BLOCK <= length; i += BLOCK)
	{
		Word words[BLOCK/sizeof(Word)];
		std::memcpy(words, pSource + i, BLOCK);
		for (Word& word: words) word ^= key;
		std::memcpy(pTarget + i, words, BLOCK);
	}
	for (; i + sizeof(Word) <= length; i += sizeof(Word)) maskWord(pTarget + i, pSource + i, key);
	for (std::size_t k = 0; i + k < length; ++k)
		pTarget[i + k] = static_cast<char>(pSource[i + k] ^ turned[k]);

	_phase = (_phase + static_cast<unsigned>(length & 3)) & 3;
}


void WebSocketMask::applyPlain(char* pTarget, const char* pSource, std::size_t length, const unsigned char* pKey, std::size_t phase)
{
	for (std::size_t i = 0; i < length; ++i)
		pTarget[i] = static_cast<char>(pSource[i] ^ pKey[(i + phase) % KEY_LENGTH]);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
