//
// UTF8Test.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketUTF8Test
//
// UTF-8 (RFC 6455, 8.1; RFC 3629): the fast code against its plain twin, both against
// the Unicode Standard's table, and every cut.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/UTF8.h"
#include "core/UTF8Test.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <string>
#include <vector>


using Poco::Net::WebSocketUTF8;


namespace
{
	constexpr std::size_t NONE = std::string::npos;

	struct ByteRange
	{
		unsigned char low;
		unsigned char high;
	};

	struct Form
		/// A row of the Unicode Standard's table "Well-Formed UTF-8 Byte Sequences".
	{
		std::size_t length;
		ByteRange bytes[4];
	};

	const Form FORMS[] =
	{
		{1, {{0x00, 0x7f}}},
		{2, {{0xc2, 0xdf}, {0x80, 0xbf}}},
		{3, {{0xe0, 0xe0}, {0xa0, 0xbf}, {0x80, 0xbf}}},
		{3, {{0xe1, 0xec}, {0x80, 0xbf}, {0x80, 0xbf}}},
		{3, {{0xed, 0xed}, {0x80, 0x9f}, {0x80, 0xbf}}},
		{3, {{0xee, 0xef}, {0x80, 0xbf}, {0x80, 0xbf}}},
		{4, {{0xf0, 0xf0}, {0x90, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
		{4, {{0xf1, 0xf3}, {0x80, 0xbf}, {0x80, 0xbf}, {0x80, 0xbf}}},
		{4, {{0xf4, 0xf4}, {0x80, 0x8f}, {0x80, 0xbf}, {0x80, 0xbf}}}
	};

	struct Truth
	{
		std::size_t bad;   // the first byte that no valid text can hold at its place, or NONE
		bool whole;        // no bad byte, and no character without its end
	};

	Truth truth(const std::string& text)
		/// What the table says.
	{
		const Form* pForm = nullptr; // of the character begun
		std::size_t done = 0;        // bytes of it
		for (std::size_t i = 0; i < text.size(); ++i)
		{
			const unsigned char byte = static_cast<unsigned char>(text[i]);
			if (!pForm)
			{
				pForm = std::find_if(std::begin(FORMS), std::end(FORMS),
					[byte](const Form& form) { return byte >= form.bytes[0].low && byte <= form.bytes[0].high; });
				if (pForm == std::end(FORMS)) return {i, false};
				done = 1;
			}
			else
			{
				if (byte < pForm->bytes[done].low || byte > pForm->bytes[done].high) return {i, false};
				++done;
			}
			if (done == pForm->length) pForm = nullptr;
		}
		return {NONE, pForm == nullptr};
	}

	void checkParts(const std::string& text, const std::vector<std::size_t>& ends)
		/// append() in parts that end there must fail with the part that has the first bad byte.
	{
		const Truth expected = truth(text);
		WebSocketUTF8 validator;
		std::size_t begin = 0;
		for (std::size_t end: ends)
		{
			const std::vector<char> part(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(end));
			const bool good = expected.bad == NONE || expected.bad >= end;
			ASSERT_EQ(good, validator.append(part.data(), part.size())) << ::testing::PrintToString(text) << " from " << begin << " to " << end;
			if (good)
			{
				ASSERT_EQ(truth(text.substr(0, end)).whole, validator.complete()) << ::testing::PrintToString(text) << " to " << end;
			}
			else
			{
				ASSERT_FALSE(validator.complete());
			}
			begin = end;
		}
		ASSERT_EQ(expected.whole, validator.complete()) << ::testing::PrintToString(text);
	}

	void checkCuts(const std::string& text)
		/// Whole, cut at every position, and in steps of every size.
	{
		const std::vector<char> exact(text.begin(), text.end());
		ASSERT_EQ(truth(text).whole, WebSocketUTF8::isValid(exact.data(), exact.size())) << ::testing::PrintToString(text);
		ASSERT_EQ(truth(text).whole, WebSocketUTF8::isValidPlain(exact.data(), exact.size())) << ::testing::PrintToString(text);
		for (std::size_t cut = 0; cut <= text.size(); ++cut) checkParts(text, {cut, text.size()});
		for (std::size_t step = 1; step <= text.size(); ++step)
		{
			std::vector<std::size_t> ends;
			for (std::size_t end = step; end < text.size(); end += step) ends.push_back(end);
			ends.push_back(text.size());
			checkParts(text, ends);
		}
	}

	std::string encode(unsigned code)
		/// RFC 3629, 3, without its exceptions
	{
		std::string result;
		const auto put = [&result](unsigned byte) { result += static_cast<char>(byte); };
		if (code < 0x80)
		{
			put(code);
		}
		else if (code < 0x800)
		{
			put(0xc0 | code >> 6);
			put(0x80 | (code & 0x3f));
		}
		else if (code < 0x10000)
		{
			put(0xe0 | code >> 12);
			put(0x80 | (code >> 6 & 0x3f));
			put(0x80 | (code & 0x3f));
		}
		else
		{
			put(0xf0 | code >> 18);
			put(0x80 | (code >> 12 & 0x3f));
			put(0x80 | (code >> 6 & 0x3f));
			put(0x80 | (code & 0x3f));
		}
		return result;
	}

	std::string filler(std::size_t length, bool ascii)
		/// Valid text of that many bytes.
	{
		const std::string pattern = ascii ? "The quick brown fox. " : "\xe2\x82\xac" "x\xc3\xbc\xf0\x9f\x98\x80";
		std::string result;
		while (result.size() + pattern.size() <= length) result += pattern;
		return result + std::string(length - result.size(), '.');
	}
}


TEST(WebSocketUTF8Test, TheCasesAreWhatTheySay)
{
	for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID) EXPECT_EQ(row.bad, truth(row.bytes).bad) << row.name;
	for (const char* text: UTF8Test::VALID) EXPECT_TRUE(truth(text).whole) << text;
	for (const char* text: UTF8Test::INCOMPLETE)
	{
		EXPECT_EQ(NONE, truth(text).bad) << ::testing::PrintToString(text);
		EXPECT_FALSE(truth(text).whole) << ::testing::PrintToString(text);
	}
}


TEST(WebSocketUTF8Test, EveryCaseWithEveryCut)
{
	std::vector<std::string> texts(std::begin(UTF8Test::VALID), std::end(UTF8Test::VALID));
	texts.insert(texts.end(), std::begin(UTF8Test::INCOMPLETE), std::end(UTF8Test::INCOMPLETE));
	for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID) texts.push_back(row.bytes);
	for (const std::string& text: texts)
	{
		for (const std::string& before: {filler(0, true), filler(5, true), filler(70, true), filler(70, false)})
		{
			for (const std::string& after: {filler(0, true), filler(11, false), filler(70, true)}) checkCuts(before + text + after);
		}
		if (HasFatalFailure()) return;
	}
}


TEST(WebSocketUTF8Test, EveryLengthAlignmentAndPlace)
	/// Fast against plain, with every kind of error at every place, at every alignment.
{
	constexpr std::size_t ALIGNMENTS = 16;
	std::vector<std::string> texts(std::begin(UTF8Test::INCOMPLETE), std::end(UTF8Test::INCOMPLETE));
	for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID) texts.push_back(row.bytes);
	texts.push_back("");
	texts.push_back("\xf4\x8f\xbf\xbf");

	std::vector<char> memory(64 + 2*ALIGNMENTS);
	char* pAligned = memory.data() + (ALIGNMENTS - reinterpret_cast<std::size_t>(memory.data()) % ALIGNMENTS) % ALIGNMENTS;
	for (std::size_t length = 0; length <= 64; ++length)
	{
		const std::string valid = filler(length, length % 2 == 0);
		for (const std::string& text: texts)
		{
			for (std::size_t place = 0; place + text.size() <= length; ++place)
			{
				std::string whole = valid;
				whole.replace(place, text.size(), text);
				const bool expected = WebSocketUTF8::isValidPlain(whole.data(), whole.size());
				ASSERT_EQ(truth(whole).whole, expected) << ::testing::PrintToString(whole);
				for (std::size_t alignment = 0; alignment < ALIGNMENTS; ++alignment)
				{
					std::copy(whole.begin(), whole.end(), pAligned + alignment);
					ASSERT_EQ(expected, WebSocketUTF8::isValid(pAligned + alignment, length)) << ::testing::PrintToString(whole) << ", alignment " << alignment;
				}
			}
		}
	}
}


TEST(WebSocketUTF8Test, LongTexts)
{
	for (std::size_t length: {65, 127, 128, 129, 500, 4096, 4099})
	{
		for (bool ascii: {true, false})
		{
			const std::string valid = filler(length, ascii);
			ASSERT_TRUE(WebSocketUTF8::isValid(valid.data(), length)) << length;
			for (std::size_t bad = 0; bad < length; bad += length < 200 ? 1 : 61)
			{
				std::string text = valid;
				text[bad] = '\xff';
				ASSERT_FALSE(WebSocketUTF8::isValid(text.data(), length)) << length << ", " << bad;
				checkParts(text, {length});
				checkParts(text, {bad, bad + 1, length});
			}
			for (std::size_t cut = 0; cut <= length; cut += length < 200 ? 1 : 7) checkParts(valid, {cut, length});
		}
		if (HasFatalFailure()) return;
	}
}


TEST(WebSocketUTF8Test, EveryCodePoint)
{
	std::size_t valid = 0;
	for (unsigned code = 0; code <= 0x1fffff; ++code)
	{
		const std::string text = encode(code);
		const bool expected = code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
		ASSERT_EQ(expected, WebSocketUTF8::isValid(text.data(), text.size())) << std::hex << code;
		ASSERT_EQ(expected, WebSocketUTF8::isValidPlain(text.data(), text.size())) << std::hex << code;
		WebSocketUTF8 validator;
		ASSERT_EQ(expected, validator.append(text.data(), text.size())) << std::hex << code;
		if (expected) ++valid;
	}
	EXPECT_EQ(1112064u, valid);
}


TEST(WebSocketUTF8Test, EveryShortSequence)
	/// All of one and two bytes, and all of three and four from the bytes where the table's ranges begin and end.
{
	std::string alphabet;
	for (int byte: {0x00, 0x7f, 0x80, 0x8f, 0x90, 0x9f, 0xa0, 0xbf, 0xc0, 0xc1, 0xc2, 0xdf, 0xe0, 0xe1, 0xec, 0xed, 0xee, 0xef, 0xf0, 0xf1, 0xf3, 0xf4, 0xf5, 0xff})
		alphabet += static_cast<char>(byte);
	const auto check = [](const std::string& text)
	{
		const Truth expected = truth(text);
		ASSERT_EQ(expected.whole, WebSocketUTF8::isValidPlain(text.data(), text.size())) << ::testing::PrintToString(text);
		ASSERT_EQ(expected.whole, WebSocketUTF8::isValid(text.data(), text.size())) << ::testing::PrintToString(text);
		WebSocketUTF8 validator;
		ASSERT_EQ(expected.bad == NONE, validator.append(text.data(), text.size())) << ::testing::PrintToString(text);
		ASSERT_EQ(expected.whole, validator.complete()) << ::testing::PrintToString(text);
	};
	std::string text(1, '\0');
	for (int a = 0; a < 256; ++a)
	{
		text.resize(1);
		text[0] = static_cast<char>(a);
		check(text);
		text.resize(2);
		for (int b = 0; b < 256; ++b)
		{
			text[1] = static_cast<char>(b);
			check(text);
		}
	}
	for (char a: alphabet)
	{
		for (char b: alphabet)
		{
			for (char c: alphabet)
			{
				check({a, b, c});
				for (char d: alphabet) check({a, b, c, d});
			}
		}
		if (HasFatalFailure()) return;
	}
}


TEST(WebSocketUTF8Test, OnceFailedAlwaysFailed)
{
	for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
	{
		WebSocketUTF8 validator;
		for (std::size_t i = 0; i < row.bad; ++i) EXPECT_TRUE(validator.append(row.bytes + i, 1)) << row.name;
		EXPECT_FALSE(validator.append(row.bytes + row.bad, 1)) << row.name;
		EXPECT_FALSE(validator.append("text", 4)) << row.name;
		EXPECT_FALSE(validator.append("", 0)) << row.name;
		EXPECT_FALSE(validator.complete()) << row.name;
		validator.reset();
		EXPECT_TRUE(validator.complete()) << row.name;
		EXPECT_TRUE(validator.append("text", 4)) << row.name;
		EXPECT_TRUE(validator.complete()) << row.name;
	}
}


TEST(WebSocketUTF8Test, ResetForgetsAnUnfinishedCharacter)
{
	for (const char* text: UTF8Test::INCOMPLETE)
	{
		WebSocketUTF8 validator;
		EXPECT_TRUE(validator.append(text, std::string(text).size()));
		EXPECT_FALSE(validator.complete());
		validator.reset();
		EXPECT_TRUE(validator.complete());
		EXPECT_TRUE(validator.append("\xc2\x80", 2));
		EXPECT_TRUE(validator.complete());
	}
}


TEST(WebSocketUTF8Test, NothingIsValid)
{
	EXPECT_TRUE(WebSocketUTF8::isValid(nullptr, 0));
	EXPECT_TRUE(WebSocketUTF8::isValidPlain(nullptr, 0));
	WebSocketUTF8 validator;
	EXPECT_TRUE(validator.complete());
	EXPECT_TRUE(validator.append(nullptr, 0));
	EXPECT_TRUE(validator.complete());
}


TEST(WebSocketUTF8Test, Truncate)
{
	struct Row
	{
		const char* text;
		std::size_t maxLength;
		std::size_t expected;
	};
	const Row rows[] =
	{
		{"", 0, 0},
		{"", 5, 0},
		{"abc", 0, 0},
		{"abc", 2, 2},
		{"abc", 3, 3},
		{"abc", 4, 3},
		{"\xc3\xbc", 1, 0},
		{"\xc3\xbc", 2, 2},
		{"a\xc3\xbc" "b", 2, 1},
		{"a\xc3\xbc" "b", 3, 3},
		{"a\xe2\x82\xac" "b", 2, 1},
		{"a\xe2\x82\xac" "b", 3, 1},
		{"a\xe2\x82\xac" "b", 4, 4},
		{"a\xf0\x9f\x98\x80", 2, 1},
		{"a\xf0\x9f\x98\x80", 3, 1},
		{"a\xf0\x9f\x98\x80", 4, 1},
		{"a\xf0\x9f\x98\x80", 5, 5},
		{"\x80\x80\x80", 2, 0} // no text at all
	};
	for (const Row& row: rows)
	{
		const std::string text(row.text);
		EXPECT_EQ(row.expected, WebSocketUTF8::truncate(text.data(), text.size(), row.maxLength)) << ::testing::PrintToString(text) << " to " << row.maxLength;
	}

	const std::string text = filler(300, false);
	for (std::size_t length = 0; length <= text.size(); ++length)
	{
		for (std::size_t maxLength: {0, 1, 2, 3, 4, 122, 123, 124, 125, 126, 127, 400})
		{
			const std::size_t kept = WebSocketUTF8::truncate(text.data(), length, maxLength);
			ASSERT_LE(kept, std::min(length, maxLength));
			ASSERT_GE(kept + 3, std::min(length, maxLength));
			ASSERT_EQ(kept == length || truth(text.substr(0, kept)).whole, true) << length << " to " << maxLength;
		}
	}
}
