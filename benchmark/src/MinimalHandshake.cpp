//
// MinimalHandshake.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  MinimalHandshake
//
// SPDX-License-Identifier: BSL-1.0
//


#include "MinimalHandshake.h"
#include <cstdint>
#include <cstring>


namespace
{
	const std::size_t BLOCK = 64;
	const std::size_t DIGEST = 20;

	inline std::uint32_t rotate(std::uint32_t value, int bits)
	{
		return value << bits | value >> (32 - bits);
	}

	void sha1Block(std::uint32_t* pState, const unsigned char* pBlock)
		/// FIPS 180-4, 6.1.2.
	{
		std::uint32_t w[80];
		for (int i = 0; i < 16; ++i)
		{
			std::memcpy(&w[i], pBlock + 4*i, 4);
			w[i] = __builtin_bswap32(w[i]);
		}
		for (int i = 16; i < 80; ++i) w[i] = rotate(w[i - 3] ^ w[i - 8] ^ w[i - 14] ^ w[i - 16], 1);
		std::uint32_t a = pState[0], b = pState[1], c = pState[2], d = pState[3], e = pState[4];
		const auto step = [&](std::uint32_t f, std::uint32_t k, std::uint32_t word)
		{
			const std::uint32_t t = rotate(a, 5) + f + e + k + word;
			e = d;
			d = c;
			c = rotate(b, 30);
			b = a;
			a = t;
		};
		for (int i = 0;  i < 20; ++i) step(d ^ (b & (c ^ d)), 0x5a827999, w[i]);
		for (int i = 20; i < 40; ++i) step(b ^ c ^ d, 0x6ed9eba1, w[i]);
		for (int i = 40; i < 60; ++i) step((b & c) | (d & (b | c)), 0x8f1bbcdc, w[i]);
		for (int i = 60; i < 80; ++i) step(b ^ c ^ d, 0xca62c1d6, w[i]);
		pState[0] += a;
		pState[1] += b;
		pState[2] += c;
		pState[3] += d;
		pState[4] += e;
	}

	char* base64(char* pTarget, const unsigned char* pData, std::size_t length)
	{
		static const char DIGITS[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
		for (std::size_t i = 0; i < length; i += 3)
		{
			const unsigned second = i + 1 < length ? pData[i + 1] : 0u;
			const unsigned third  = i + 2 < length ? pData[i + 2] : 0u;
			const unsigned bits = static_cast<unsigned>(pData[i]) << 16 | second << 8 | third;
			*pTarget++ = DIGITS[bits >> 18];
			*pTarget++ = DIGITS[bits >> 12 & 63];
			*pTarget++ = i + 1 < length ? DIGITS[bits >> 6 & 63] : '=';
			*pTarget++ = i + 2 < length ? DIGITS[bits & 63] : '=';
		}
		return pTarget;
	}
}


std::size_t minimalHandshake(const char* pRequest, std::size_t length, char* pResponse)
{
	static const char NAME[] = "\r\nSec-WebSocket-Key: ";
	static const char GUID[] = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"; // RFC 6455, 1.3
	static const char RESPONSE[] = "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: ";
	const std::size_t keyLength = 24;
	const std::size_t nameLength = sizeof(NAME) - 1;
	const char* const pName = static_cast<const char*>(memmem(pRequest, length, NAME, nameLength));
	if (!pName || pName + nameLength + keyLength > pRequest + length) return 0;

	unsigned char blocks[2*BLOCK] = {};
	std::memcpy(blocks, pName + nameLength, keyLength);
	std::memcpy(blocks + keyLength, GUID, sizeof(GUID) - 1);
	const std::size_t bytes = keyLength + sizeof(GUID) - 1;
	blocks[bytes] = 0x80;
	blocks[2*BLOCK - 2] = static_cast<unsigned char>(8*bytes >> 8);
	blocks[2*BLOCK - 1] = static_cast<unsigned char>(8*bytes);
	std::uint32_t state[5] = {0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0};
	sha1Block(state, blocks);
	sha1Block(state, blocks + BLOCK);
	for (std::uint32_t& word: state) word = __builtin_bswap32(word);
	unsigned char digest[DIGEST];
	std::memcpy(digest, state, DIGEST);

	char* p = pResponse;
	std::memcpy(p, RESPONSE, sizeof(RESPONSE) - 1);
	p = base64(p + sizeof(RESPONSE) - 1, digest, DIGEST);
	std::memcpy(p, "\r\n\r\n", 4);
	return static_cast<std::size_t>(p + 4 - pResponse);
}
