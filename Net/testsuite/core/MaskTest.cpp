//
// MaskTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMaskTest
//
// Masking (RFC 6455, 5.3): the fast code against its plain twin, and that against the RFC.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Mask.h"
#include <gtest/gtest.h>
#include <string>
#include <vector>


using Poco::Net::WebSocketMask;


namespace
{
	const unsigned char KEY[WebSocketMask::KEY_LENGTH] = {0x37, 0xfa, 0x21, 0x3d};

	constexpr std::size_t ALIGNMENTS = 16;
	constexpr char GUARD = '\x5a';

	std::string bytes(std::size_t length)
		/// Bytes of every value, in no order that repeats with the key.
	{
		std::string result(length, '\0');
		for (std::size_t i = 0; i < length; ++i) result[i] = static_cast<char>((i*167 + i/251 + 13) & 0xff);
		return result;
	}

	std::string plain(const std::string& source, std::size_t phase)
	{
		std::string result(source.size(), '\0');
		WebSocketMask::applyPlain(&result[0], source.data(), source.size(), KEY, phase);
		return result;
	}

	WebSocketMask maskAt(std::size_t phase)
	{
		WebSocketMask mask(KEY);
		char skipped[WebSocketMask::KEY_LENGTH] = {};
		mask.apply(skipped, phase);
		return mask;
	}

	class Area
		/// Memory with a given alignment, and guards around what may be written.
	{
	public:
		Area(std::size_t alignment, std::size_t length):
			_memory(length + 4*ALIGNMENTS, GUARD),
			_length(length)
		{
			const std::size_t address = reinterpret_cast<std::size_t>(_memory.data());
			_begin = ALIGNMENTS + (ALIGNMENTS - address % ALIGNMENTS) % ALIGNMENTS + alignment;
		}

		char* begin()
		{
			return _memory.data() + _begin;
		}

		void set(const std::string& content)
		{
			content.copy(begin(), content.size());
		}

		std::string content() const
		{
			return std::string(_memory.data() + _begin, _length);
		}

		bool guarded() const
		{
			for (std::size_t i = 0; i < _memory.size(); ++i)
			{
				if ((i < _begin || i >= _begin + _length) && _memory[i] != GUARD) return false;
			}
			return true;
		}

	private:
		std::vector<char> _memory;
		std::size_t _length;
		std::size_t _begin;
	};

	void compareAligned(std::size_t length, std::size_t phase)
		/// From every alignment to every alignment, and in place at each.
	{
		const std::string source = bytes(length);
		const std::string expected = plain(source, phase);
		for (std::size_t to = 0; to < ALIGNMENTS; ++to)
		{
			for (std::size_t from = 0; from < ALIGNMENTS; ++from)
			{
				Area sourceArea(from, length);
				Area targetArea(to, length);
				sourceArea.set(source);
				maskAt(phase).apply(targetArea.begin(), sourceArea.begin(), length);
				ASSERT_EQ(expected, targetArea.content()) << "length " << length << ", phase " << phase << ", from " << from << " to " << to;
				ASSERT_EQ(source, sourceArea.content());
				ASSERT_TRUE(targetArea.guarded()) << "length " << length << ", from " << from << " to " << to;
			}
			Area area(to, length);
			area.set(source);
			maskAt(phase).apply(area.begin(), length);
			ASSERT_EQ(expected, area.content()) << "in place, length " << length << ", phase " << phase << ", at " << to;
			ASSERT_TRUE(area.guarded()) << "in place, length " << length << ", at " << to;
		}
	}
}


TEST(WebSocketMaskTest, TellsWhetherItIsASCII)
	/// One byte anywhere that is not is found. Only what is long is looked at.
{
	for (std::size_t length: {0, 1, 2, 3, 4, 7, 8, 15, 16, 17, 31, 33, 63, 64, 127, 128, 129, 255, 256, 257, 300})
	{
		const std::string text(length, 'x');
		for (std::size_t at = 0; at <= length; ++at)
		{
			std::string masked = text;
			if (at < length) masked[at] = '\x80';
			std::string result = masked;
			WebSocketMask(KEY).apply(&masked[0], length);
			const bool found = at == length && length >= 128;
			EXPECT_EQ(found, WebSocketMask(KEY).apply(&result[0], masked.data(), length)) << at << " of " << length;
			EXPECT_EQ(found, WebSocketMask(KEY).apply(&masked[0], length)) << at << " of " << length;
			EXPECT_EQ(result, masked);
		}
	}
}


TEST(WebSocketMaskTest, Section5_7_Sample)
{
	// 5.7: "Hello", masked
	const std::string masked = "\x7f\x9f\x4d\x51\x58";
	EXPECT_EQ(masked, plain("Hello", 0));
	std::string text = "Hello";
	WebSocketMask(KEY).apply(&text[0], text.size());
	EXPECT_EQ(masked, text);
}


TEST(WebSocketMaskTest, Section5_3_PlainTwinIsTheFormula)
{
	const std::string source = bytes(600);
	for (std::size_t phase = 0; phase < 8; ++phase)
	{
		const std::string result = plain(source, phase);
		for (std::size_t i = 0; i < source.size(); ++i)
		{
			ASSERT_EQ(source[i] ^ static_cast<char>(KEY[(i + phase) % 4]), result[i]) << "phase " << phase << ", byte " << i;
		}
	}
}


TEST(WebSocketMaskTest, EveryShortLengthAlignmentAndPhase)
{
	for (std::size_t length = 0; length <= 64; ++length)
	{
		for (std::size_t phase = 0; phase < 4; ++phase) compareAligned(length, phase);
		if (HasFatalFailure()) return;
	}
}


TEST(WebSocketMaskTest, LongerLengths)
{
	std::vector<std::size_t> lengths;
	for (std::size_t length = 65; length <= 600; length += 13) lengths.push_back(length);
	for (std::size_t length: {127, 128, 129, 135, 136, 137, 255, 256, 257, 4096 + 7}) lengths.push_back(length);
	for (std::size_t length: lengths)
	{
		compareAligned(length, length % 4);
		compareAligned(length, (length + 1) % 4);
		if (HasFatalFailure()) return;
	}
}


TEST(WebSocketMaskTest, AnyTwoCuts)
{
	for (std::size_t length: {0, 1, 5, 8, 19, 64, 67, 150, 300})
	{
		const std::string source = bytes(length);
		const std::string expected = plain(source, 0);
		for (std::size_t first = 0; first <= length; ++first)
		{
			for (std::size_t second = first; second <= length; ++second)
			{
				std::string data = source;
				WebSocketMask mask(KEY);
				mask.apply(&data[0], first);
				mask.apply(&data[0] + first, second - first);
				mask.apply(&data[0] + second, length - second);
				ASSERT_EQ(expected, data) << "length " << length << ", cut at " << first << " and " << second;
			}
		}
	}
}


TEST(WebSocketMaskTest, EveryStep)
{
	const std::string source = bytes(1000);
	const std::string expected = plain(source, 0);
	for (std::size_t step = 1; step <= source.size(); ++step)
	{
		std::string data = source;
		WebSocketMask mask(KEY);
		for (std::size_t i = 0; i < data.size(); i += step) mask.apply(&data[i], std::min(step, data.size() - i));
		ASSERT_EQ(expected, data) << "step " << step;
	}
}


TEST(WebSocketMaskTest, TwiceIsNothing)
{
	std::string data = bytes(333);
	WebSocketMask(KEY).apply(&data[0], data.size());
	EXPECT_NE(bytes(333), data);
	WebSocketMask(KEY).apply(&data[0], data.size());
	EXPECT_EQ(bytes(333), data);
}


TEST(WebSocketMaskTest, DefaultChangesNothing)
{
	std::string data = bytes(333);
	WebSocketMask mask;
	mask.apply(&data[0], data.size());
	EXPECT_EQ(bytes(333), data);
}


TEST(WebSocketMaskTest, IsAValue)
{
	WebSocketMask mask = maskAt(3);
	WebSocketMask copy = mask;
	std::string first = bytes(50);
	std::string second = bytes(50);
	mask.apply(&first[0], first.size());
	copy.apply(&second[0], second.size());
	EXPECT_EQ(plain(bytes(50), 3), first);
	EXPECT_EQ(first, second);
}


#if defined(__x86_64__) && defined(__GNUC__)


extern "C"
{
	// What __builtin_cpu_supports() asks (part of the compilers' ABI for x86).
	extern struct CPUModel
	{
		unsigned vendor;
		unsigned type;
		unsigned subtype;
		unsigned features[1];
	} __cpu_model __attribute__((visibility("hidden")));
}


TEST(WebSocketMaskTest, WithoutAVX2)
	/// As on a processor that does not have it.
{
	constexpr unsigned AVX2 = 1u << 10;
	const unsigned features = __cpu_model.features[0];
	__cpu_model.features[0] = features & ~AVX2;
	const bool without = !__builtin_cpu_supports("avx2");
	for (std::size_t length = 100; length < 300; ++length)
	{
		for (std::size_t phase = 0; phase < 4; ++phase) compareAligned(length, phase);
	}
	__cpu_model.features[0] = features;
	EXPECT_TRUE(without);
}


#endif
