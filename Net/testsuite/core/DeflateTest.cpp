//
// DeflateTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketDeflateTest
//
// Compression and decompression of messages (RFC 7692, 7.2).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Deflate.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <vector>


using namespace std::string_literals;
using Poco::InvalidArgumentException;
using Poco::Net::WebSocketDeflater;
using Poco::Net::WebSocketInflater;


namespace
{
	constexpr auto OK      = WebSocketInflater::OK;
	constexpr auto CORRUPT = WebSocketInflater::CORRUPT;
	constexpr auto TOO_BIG = WebSocketInflater::TOO_BIG;

	constexpr std::size_t NO_LIMIT = 1 << 30;

	using Parts = std::vector<std::string>;

	std::string noise(std::size_t length)
		/// Bytes that cannot be compressed.
	{
		std::string result(length, '\0');
		unsigned state = 4711;
		for (char& c: result)
		{
			state = state*1664525u + 1013904223u;
			c = static_cast<char>(state >> 24);
		}
		return result;
	}

	std::string words(std::size_t length)
		/// Text that repeats itself, near and far.
	{
		std::string result;
		for (unsigned i = 0; result.size() < length; ++i) result += "line " + std::to_string(i*i % 977) + " of " + std::to_string(i % 13) + "\n";
		return result.substr(0, length);
	}

	std::vector<std::string> messages()
	{
		return {"", "Hello", "Hello", "", "a", words(500), words(500), noise(300), words(40000), std::string(100000, 'a'), noise(70000), words(512), words(513), "the end"};
	}

	std::string compressed(WebSocketDeflater& deflater, const std::string& message, std::size_t step = NO_LIMIT)
		/// In parts of step bytes.
	{
		std::string result;
		std::size_t begin = 0;
		for (; message.size() - begin > step; begin += step) deflater.compress(message.data() + begin, step, false, result);
		deflater.compress(message.data() + begin, message.size() - begin, true, result);
		return result;
	}

	WebSocketInflater::Result inflateParts(WebSocketInflater& inflater, const Parts& parts, std::string& message, std::size_t limit = NO_LIMIT)
		/// The last one is the end of a message.
	{
		message.clear();
		for (std::size_t i = 0; i < parts.size(); ++i)
		{
			const std::vector<char> exact(parts[i].begin(), parts[i].end());
			const bool last = i + 1 == parts.size();
			const std::size_t before = message.size();
			const WebSocketInflater::Result result = inflater.decompress(exact.data(), exact.size(), last, limit - before, message);
			EXPECT_LE(message.size(), limit);
			if (result != OK) return result;
		}
		return OK;
	}

	Parts cut(const std::string& data, std::size_t step)
	{
		Parts parts;
		for (std::size_t begin = 0; begin < data.size(); begin += step) parts.push_back(data.substr(begin, step));
		return parts;
	}

	struct SampleRow
	{
		const char* rule;
		std::vector<std::string> payloads; // of messages that follow each other
		std::vector<std::string> messages;
	};

	const std::string HELLO = "\xf2\x48\xcd\xc9\xc9\x07\x00"s;

	const SampleRow SAMPLES[] =
	{
		{"7.2.3.1 one block", {HELLO}, {"Hello"}},
		{"7.2.3.2 two messages without context takeover", {HELLO, HELLO}, {"Hello", "Hello"}},
		{"7.2.3.2 two messages that share the window", {HELLO, "\xf2\x00\x11\x00\x00"s}, {"Hello", "Hello"}},
		{"7.2.3.3 a block without compression", {"\x00\x05\x00\xfa\xff\x48\x65\x6c\x6c\x6f\x00"s}, {"Hello"}},
		{"7.2.3.4 BFINAL", {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s}, {"Hello"}},
		{"7.2.3.4 BFINAL, and another message", {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, HELLO}, {"Hello", "Hello"}},
		{"7.2.3.4 BFINAL, and the window is still there", {"\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s, "\xf2\x00\x11\x00\x00"s}, {"Hello", "Hello"}},
		{"7.2.3.4 BFINAL twice", {"\xf3\x48\xcd\xc9\xc9\x07\x00\xf3\x48\xcd\xc9\xc9\x07\x00\x00"s}, {"HelloHello"}},
		{"7.2.3.4 BFINAL, and blocks behind it", {"\xf3\x48\xcd\xc9\xc9\x07\x00"s + HELLO}, {"HelloHello"}},
		{"7.2.3.5 two blocks", {"\xf2\x48\x05\x00\x00\x00\xff\xff\xca\xc9\xc9\x07\x00"s}, {"Hello"}},
		{"7.2.3.6 empty", {"\x00"s, HELLO, "\x00"s}, {"", "Hello", ""}},
		{"7.2.3.6 empty, as another block", {"\x02\x00"s}, {""}}
	};

	const std::string CORRUPTS[] =
		/// DEFLATE (RFC 1951) does not allow them.
	{
		"\x07"s, "\x06\x00"s,                         // a reserved kind of block
		"\x00\x05\x00\x00\x00Hello\x00"s,             // a length that is not confirmed
		"\xff\xff\xff\xff"s, "\x04\xff\xff\xff\xff"s, // a bad code
		"\xf2\x00\x11\x00\x00"s,                      // a distance further than there is
		HELLO + "\x06\x00"s, "Hello"s
	};
}


TEST(WebSocketDeflateTest, Section7_2_3_Examples)
{
	for (const SampleRow& row: SAMPLES)
	{
		for (std::size_t step = 1; step < 20; ++step)
		{
			WebSocketInflater inflater;
			for (std::size_t i = 0; i < row.payloads.size(); ++i)
			{
				std::string message;
				EXPECT_EQ(OK, inflateParts(inflater, cut(row.payloads[i], step), message)) << row.rule << ", step " << step;
				EXPECT_EQ(row.messages[i], message) << row.rule << ", step " << step;
			}
		}
	}
}


TEST(WebSocketDeflateTest, Section7_2_1_Payloads)
{
	WebSocketDeflater deflater;
	EXPECT_EQ(HELLO, compressed(deflater, "Hello"));
	EXPECT_LT(compressed(deflater, "Hello").size(), HELLO.size()) << "the window is shared";
	EXPECT_EQ("\0"s, compressed(deflater, ""));
	deflater.reset();
	EXPECT_EQ(HELLO, compressed(deflater, "Hello")) << "everything is forgotten";
	WebSocketDeflater fresh;
	fresh.reset();
	EXPECT_EQ(HELLO, compressed(fresh, "Hello"));
	for (int i = 0; i < 2; ++i)
	{
		WebSocketDeflater forgetful(15, false);
		const std::string first = compressed(forgetful, "Hello");
		EXPECT_EQ(first, compressed(forgetful, "Hello")) << "each message stands for itself";
		EXPECT_EQ(HELLO, compressed(forgetful, "Hello", 2)) << "in parts";
		EXPECT_EQ("\0"s, compressed(forgetful, ""));
	}
}


TEST(WebSocketDeflateTest, Section7_2_RoundTrips)
{
	for (int bits = 9; bits <= 15; ++bits)
	{
		for (bool takeover: {true, false})
		{
			for (int level: {1, 6, 9})
			{
				for (std::size_t step: {NO_LIMIT, std::size_t(1000), std::size_t(7)})
				{
					SCOPED_TRACE(::testing::Message() << bits << " bits, takeover " << takeover << ", level " << level << ", step " << step);
					WebSocketDeflater deflater(bits, takeover, level, level);
					WebSocketInflater inflater(bits, takeover);
					for (const std::string& message: messages())
					{
						if (message.size() > 3000 && step < 1000) continue;
						const std::string payload = compressed(deflater, message, step);
						ASSERT_FALSE(payload.empty());
						std::string result;
						ASSERT_EQ(OK, inflateParts(inflater, cut(payload, step), result));
						ASSERT_TRUE(message == result) << "message of " << message.size() << " bytes";
					}
				}
			}
		}
	}
}


TEST(WebSocketDeflateTest, Section7_2_EmptyParts)
{
	for (bool takeover: {true, false})
	{
		WebSocketDeflater deflater(15, takeover);
		WebSocketInflater inflater(15, takeover);
		const std::vector<Parts> rows = {{"", "Hello"}, {"", "", ""}, {"Hello", ""}, {"Hel", "", "lo"}, {"", "Hello", ""}, {""}};
		for (const Parts& parts: rows)
		{
			std::string payload;
			std::string expected;
			for (std::size_t i = 0; i < parts.size(); ++i)
			{
				deflater.compress(parts[i].data(), parts[i].size(), i + 1 == parts.size(), payload);
				expected += parts[i];
			}
			std::string message;
			EXPECT_EQ(OK, inflateParts(inflater, {"", payload.substr(0, 1), "", payload.substr(1), ""}, message));
			EXPECT_EQ(expected, message);
		}
	}
}


TEST(WebSocketDeflateTest, Section7_2_1_ResetInsideAMessage)
{
	for (bool takeover: {true, false})
	{
		WebSocketDeflater deflater(15, takeover);
		std::string lost;
		deflater.compress("lost", 4, false, lost);
		deflater.reset();
		const std::string payload = compressed(deflater, "Hello");
		WebSocketInflater inflater;
		std::string message;
		EXPECT_EQ(OK, inflateParts(inflater, {payload}, message));
		EXPECT_EQ("Hello", message);
	}
}


TEST(WebSocketDeflateTest, Section7_1_2_1_DistancesStayInTheWindow)
	/// Each payload is one that a peer with just that window can read.
{
	for (int bits = 9; bits <= 14; ++bits)
	{
		const std::string far = noise(std::size_t(1) << bits);
		const std::string message = far + far + far.substr(0, 100) + std::string(100, 'x') + far;
		for (bool takeover: {true, false})
		{
			for (int level: {1, 9})
			{
				WebSocketDeflater deflater(bits, takeover, level);
				WebSocketInflater inflater(bits, takeover);
				for (const std::string& each: {message, far, far})
				{
					std::string result;
					EXPECT_EQ(OK, inflateParts(inflater, {compressed(deflater, each)}, result)) << bits;
					EXPECT_TRUE(each == result);
				}
			}
		}
	}
}


TEST(WebSocketDeflateTest, Section7_1_1_ContextIsForgotten)
	/// A peer that announced to forget must not refer to what was before.
{
	WebSocketInflater inflater(15, false);
	std::string message;
	EXPECT_EQ(OK, inflateParts(inflater, {HELLO}, message));
	EXPECT_EQ(OK, inflateParts(inflater, {HELLO}, message));
	EXPECT_EQ(CORRUPT, inflateParts(inflater, {"\xf2\x00\x11\x00\x00"s}, message));
}


TEST(WebSocketDeflateTest, Section7_2_2_Corrupt)
{
	for (const std::string& payload: CORRUPTS)
	{
		for (std::size_t step = 1; step <= payload.size(); ++step)
		{
			WebSocketInflater inflater;
			std::string message;
			EXPECT_EQ(CORRUPT, inflateParts(inflater, cut(payload, step), message)) << ::testing::PrintToString(payload);
		}
	}
}


TEST(WebSocketDeflateTest, Section7_2_2_CutOff)
	/// Wherever a message is cut, it is either corrupt or a beginning of it.
{
	const std::string text = words(200);
	WebSocketDeflater deflater(15, true, 9);
	const std::string payload = compressed(deflater, text);
	std::size_t corrupt = 0;
	for (std::size_t length = 0; length < payload.size(); ++length)
	{
		WebSocketInflater inflater;
		std::string message;
		const WebSocketInflater::Result result = inflateParts(inflater, {payload.substr(0, length)}, message);
		ASSERT_NE(TOO_BIG, result);
		if (result == CORRUPT) ++corrupt;
		EXPECT_LE(message.size(), text.size() + 300);
	}
	EXPECT_GT(corrupt, payload.size()*9/10);
	WebSocketInflater stored;
	std::string message;
	EXPECT_EQ(CORRUPT, inflateParts(stored, {"\x00\x05\x00\xfa\xff\x48\x65"s}, message)) << "inside a stored block";
}


TEST(WebSocketDeflateTest, Section7_2_2_AnyBytesAreSafe)
{
	const std::string bytes = noise(6000);
	for (std::size_t begin = 0; begin + 60 < bytes.size(); begin += 7)
	{
		WebSocketInflater inflater(8 + static_cast<int>(begin % 8), begin % 2 == 0);
		std::string message;
		inflateParts(inflater, cut(bytes.substr(begin, 60), 1 + begin % 31), message, 1000);
	}
}


TEST(WebSocketDeflateTest, Section7_1_2_FartherBackThanTheWindow)
	/// Found by fuzzing: what has gone from the window is corrupt; what is still at hand is what it was.
{
	const std::string once = noise(2000);
	WebSocketDeflater deflater(15);
	std::string payload;
	deflater.compress((once + once).data(), 2*once.size(), true, payload);
	ASSERT_GT(2*once.size(), payload.size());
	for (int bits: {9, 10, 11, 15})
	{
		WebSocketInflater whole(bits);
		std::string output;
		const bool found = whole.decompress(payload.data(), payload.size(), true, NO_LIMIT, output) == CORRUPT;
		EXPECT_TRUE(found || once + once == output) << bits;

		WebSocketInflater single(bits);
		output.clear();
		WebSocketInflater::Result result = OK;
		for (std::size_t i = 0; i < payload.size() && result == OK; ++i) result = single.decompress(&payload[i], 1, i + 1 == payload.size(), NO_LIMIT, output);
		EXPECT_EQ(bits < 11 ? CORRUPT : OK, result) << bits;
		EXPECT_TRUE(output == (once + once).substr(0, output.size())) << bits;
	}
}


TEST(WebSocketDeflateTest, LimitIsExact)
{
	for (std::size_t size: {1u, 2u, 100u, 16383u, 16384u, 16385u, 32767u, 32768u, 32769u, 100000u})
	{
		for (const std::string& text: {std::string(size, 'a'), words(size), noise(size)})
		{
			WebSocketDeflater deflater;
			const std::string payload = compressed(deflater, text);
			for (std::size_t step: {payload.size(), std::size_t(100)})
			{
				std::string message;
				WebSocketInflater exact;
				EXPECT_EQ(OK, inflateParts(exact, cut(payload, step), message, size)) << size;
				EXPECT_TRUE(text == message);
				WebSocketInflater more;
				EXPECT_EQ(OK, inflateParts(more, cut(payload, step), message, size + 1)) << size;
				WebSocketInflater less;
				EXPECT_EQ(TOO_BIG, inflateParts(less, cut(payload, step), message, size - 1)) << size;
				EXPECT_LT(message.size(), size);
				WebSocketInflater none;
				EXPECT_EQ(TOO_BIG, inflateParts(none, cut(payload, step), message, 0)) << size;
				EXPECT_EQ("", message);
			}
		}
	}
	WebSocketInflater empty;
	std::string message;
	EXPECT_EQ(OK, inflateParts(empty, {"\0"s}, message, 0));
}


TEST(WebSocketDeflateTest, OutputIsAppended)
{
	WebSocketDeflater deflater(15, false);
	std::string payload = "before";
	deflater.compress("Hello", 5, true, payload);
	EXPECT_EQ("before", payload.substr(0, 6));
	WebSocketInflater inflater;
	std::string message = "before";
	EXPECT_EQ(OK, inflater.decompress(payload.data() + 6, payload.size() - 6, true, 5, message)) << "the limit is that of this call";
	EXPECT_EQ("beforeHello", message);
}


TEST(WebSocketDeflateTest, Arguments)
{
	for (int value: {-15, 0, 1, 7, 8, 9, 10, 15, 16, 47})
	{
		if (value >= 9 && value <= 15) EXPECT_NO_THROW(WebSocketDeflater{value}) << value;
		else EXPECT_THROW(WebSocketDeflater{value}, InvalidArgumentException) << value;
		if (value >= 8 && value <= 15) EXPECT_NO_THROW(WebSocketInflater{value}) << value;
		else EXPECT_THROW(WebSocketInflater{value}, InvalidArgumentException) << value;
		if (value >= 1 && value <= 9)
		{
			EXPECT_NO_THROW(WebSocketDeflater(15, true, value)) << value;
			EXPECT_NO_THROW(WebSocketDeflater(15, true, 1, value)) << value;
		}
		else
		{
			EXPECT_THROW(WebSocketDeflater(15, true, value), InvalidArgumentException) << value;
			EXPECT_THROW(WebSocketDeflater(15, true, 1, value), InvalidArgumentException) << value;
		}
	}
}
