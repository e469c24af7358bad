//
// WebSocketSmallPayload.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketSmallPayload
//
// Masking and checking of a few bytes.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSmallPayload_INCLUDED
#define Net_WebSocketSmallPayload_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <cstdint>
#include <cstring>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketSmallPayload
	/// What is done to the few bytes of a short message: words at a time, the last one
	/// overlapping the one before.
{
	typedef std::uint64_t Word;
	typedef std::uint32_t HalfWord;

#if defined(__GNUC__)
	typedef HalfWord Pair __attribute__((vector_size(16)));

	static Pair pair(HalfWord key)
	{
		return Pair{} + key;
	}

	static Word either(Pair pair)
		/// Returns a word that is ASCII if the pair is.
	{
#if defined(__SSE2__)
		typedef char Bytes __attribute__((vector_size(16)));
		return __builtin_ia32_pmovmskb128(reinterpret_cast<Bytes>(pair)) != 0 ? 0x80 : 0;
#else
		typedef Word Words __attribute__((vector_size(16)));
		const Words words = reinterpret_cast<Words>(pair);
		return words[0] | words[1];
#endif
	}
#else
	struct Pair
	{
		Word first;
		Word second;

		Pair operator ^ (Pair other) const
		{
			return {first ^ other.first, second ^ other.second};
		}

		Pair& operator |= (Pair other)
		{
			first  |= other.first;
			second |= other.second;
			return *this;
		}
	};

	static Pair pair(HalfWord key)
	{
		return {twice(key), twice(key)};
	}

	static Word either(Pair pair)
	{
		return pair.first | pair.second;
	}
#endif

	template <typename T>
	static T load(const char* pSource)
	{
		T word;
		std::memcpy(&word, pSource, sizeof(word));
		return word;
	}

	template <typename T>
	static void store(char* pTarget, T word)
	{
		std::memcpy(pTarget, &word, sizeof(word));
	}

	static HalfWord turn(HalfWord key, std::size_t bytes)
		/// The key as it begins after so many bytes.
	{
		const unsigned bits = 8*static_cast<unsigned>(bytes & 3);
#if defined(POCO_ARCH_BIG_ENDIAN)
		return key << bits | key >> ((32 - bits) & 31);
#else
		return key >> bits | key << ((32 - bits) & 31);
#endif
	}

	static Word twice(HalfWord key)
	{
		return static_cast<Word>(key) << 32 | key;
	}

	static Word mask(char* pTarget, const char* pSource, std::size_t length, HalfWord firstKey)
		/// Masks length bytes; firstKey is the key as in memory, beginning with the first byte. Returns
		/// a word that is ASCII if the results are.
	{
		const HalfWord lastKey = turn(firstKey, length); // length - 16, length - 8, length - 4 and length: the same phase
		if (length >= sizeof(Pair))
		{
			return either(maskWords<Pair>(pTarget, pSource, length, pair(firstKey), pair(lastKey)));
		}
		else if (length >= sizeof(Word))
		{
			return maskWords<Word>(pTarget, pSource, length, twice(firstKey), twice(lastKey));
		}
		else if (length >= sizeof(HalfWord))
		{
			return maskWords<HalfWord>(pTarget, pSource, length, firstKey, lastKey);
		}
		else
		{
			char bytes[sizeof(HalfWord)];
			store(bytes, firstKey);
			Word bits = 0;
			for (std::size_t i = 0; i < length; ++i)
			{
				pTarget[i] = static_cast<char>(pSource[i] ^ bytes[i]);
				bits |= static_cast<unsigned char>(pTarget[i]);
			}
			return bits;
		}
	}

	static void copy(char* pTarget, const char* pSource, std::size_t length)
		/// memcpy() without a call, for areas that do not overlap.
	{
		if (length >= sizeof(Pair))
		{
			const Pair last = load<Pair>(pSource + length - sizeof(Pair));
			for (std::size_t i = 0; i + sizeof(Pair) < length; i += sizeof(Pair)) store(pTarget + i, load<Pair>(pSource + i));
			store(pTarget + length - sizeof(Pair), last);
		}
		else if (length >= sizeof(Word))
		{
			copyEnds<Word>(pTarget, pSource, length);
		}
		else if (length >= sizeof(HalfWord))
		{
			copyEnds<HalfWord>(pTarget, pSource, length);
		}
		else if (length > 0)
		{
			pTarget[length/2] = pSource[length/2];
			copyEnds<char>(pTarget, pSource, length);
		}
	}

	static bool isASCII(Word bits)
	{
		return (bits & 0x8080808080808080ULL) == 0;
	}

	static bool isASCII(const char* pData, std::size_t length)
	{
		Word bits = 0;
		if (length >= sizeof(Pair))
		{
			bits = either(gather<Pair>(pData, length));
		}
		else if (length >= sizeof(Word))
		{
			bits = gather<Word>(pData, length);
		}
		else
		{
			for (std::size_t i = 0; i < length; ++i) bits |= static_cast<unsigned char>(pData[i]);
		}
		return isASCII(bits);
	}

private:
	template <typename T>
	static T maskWords(char* pTarget, const char* pSource, std::size_t length, T key, T lastKey)
		/// At least one word. The last one is read before anything is written. Returns all ORed.
	{
		const std::size_t end = length - sizeof(T);
		const T last = load<T>(pSource + end) ^ lastKey;
		T bits = last;
		std::size_t i = 0;
		do // also if there is one word only: that saves a branch
		{
			const T word = load<T>(pSource + i) ^ key;
			store(pTarget + i, word);
			bits |= word;
			i += sizeof(T);
		}
		while (i < end);
		store(pTarget + end, last);
		return bits;
	}

	template <typename T>
	static void copyEnds(char* pTarget, const char* pSource, std::size_t length)
		/// The first and the last word; they may overlap.
	{
		store(pTarget, load<T>(pSource));
		store(pTarget + length - sizeof(T), load<T>(pSource + length - sizeof(T)));
	}

	template <typename T>
	static T gather(const char* pData, std::size_t length)
		/// ORs the words of at least one word's length.
	{
		T bits = load<T>(pData + length - sizeof(T));
		for (std::size_t i = 0; i + sizeof(T) < length; i += sizeof(T)) bits |= load<T>(pData + i);
		return bits;
	}
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSmallPayload_INCLUDED
