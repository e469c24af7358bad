//
// FramerTextTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFramerTextTest
//
// Text messages are UTF-8 (RFC 6455, 5.6 and 8.1), and an error is found with its first byte.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/FramerTest.h"
#include "core/UTF8Test.h"


using namespace FramerTest;


namespace
{
	constexpr int INVALID_UTF8 = WebSocketError::INVALID_UTF8;

	const char* const BEFORE[] = {"", "text \xe2\x82\xac "};
	const char* const BEHIND[] = {"", "edited"};

	Frames cutIntoFrames(int opcode, const std::string& payload, std::size_t cut, bool pings)
		/// A message of two fragments, or (cut at 0) of one.
	{
		Frames frames;
		if (cut > 0)
		{
			frames.push_back({opcode, payload.substr(0, cut)});
			if (pings) frames.push_back({0x89, "\xff no text \xc0"});
			frames.push_back({0x80, payload.substr(cut)});
		}
		else
		{
			frames.push_back({0x80 | opcode, payload});
		}
		return frames;
	}

	std::size_t goodFrames(const Frames& frames, std::size_t bad)
		/// How many come before the one with that byte of the message.
	{
		std::size_t offset = 0;
		std::size_t i = 0;
		for (; i < frames.size(); ++i)
		{
			if (frames[i].first & 8) continue;
			offset += frames[i].payload.size();
			if (bad < offset) break;
		}
		return i;
	}
}


TEST(WebSocketFramerTextTest, Section8_1_Valid)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const char* text: UTF8Test::VALID)
		{
			const std::string payload = text;
			for (std::size_t cut = 0; cut <= payload.size(); ++cut) // also inside characters
			{
				for (bool pings: {false, true})
				{
					const Frames frames = cutIntoFrames(1, payload, cut, pings);
					expectRow(Settings{role}, {text, frames, received(frames.size())});
				}
			}
			Frames bytes = {{0x01, ""}};
			for (char byte: payload) bytes.push_back({0x00, std::string(1, byte)});
			bytes.push_back({0x80, ""});
			expectRow(Settings{role}, {text, bytes, received(bytes.size())});
		}
	}
}


TEST(WebSocketFramerTextTest, Section8_1_Invalid)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
		{
			for (const std::string before: BEFORE)
			{
				for (const std::string behind: BEHIND)
				{
					const std::string payload = before + row.bytes + behind;
					const std::size_t bad = before.size() + row.bad;
					for (std::size_t cut = 0; cut <= payload.size(); ++cut)
					{
						const Frames frames = cutIntoFrames(1, payload, cut, cut % 2 == 1);
						expectRow(Settings{role}, {row.name, frames, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, goodFrames(frames, bad))});
					}
				}
			}
			if (HasFatalFailure()) return;
		}
	}
}


TEST(WebSocketFramerTextTest, Section8_1_EndsInsideACharacter)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const std::string begun: UTF8Test::INCOMPLETE)
		{
			expectRow(Settings{role}, {"8.1 one frame", {{0x81, begun}}, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD)});
			expectRow(Settings{role}, {"8.1 after text", {{0x81, "good"}, {0x81, "text" + begun}}, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, 1)});
			expectRow(Settings{role}, {"8.1 two frames", {{0x01, "a"}, {0x80, begun}}, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, 1)});
			expectRow(Settings{role}, {"8.1 an empty last frame", {{0x01, "a" + begun}, {0x80, ""}}, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, 1)});
			expectRow(Settings{role}, {"8.1 the next message does not complete it", {{0x01, begun}, {0x89, "\x80"}, {0x80, ""}, {0x81, "\x80"}}, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, 2)});
		}
	}
}


TEST(WebSocketFramerTextTest, Section8_1_FailsWithTheFirstBadByte)
	/// Before the rest of the frame, and of the message, has come.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
		{
			for (int first: {0x81, 0x01})
			{
				for (const std::string before: BEFORE)
				{
					SCOPED_TRACE(row.name);
					const std::string payload = before + row.bytes;
					const std::size_t bad = before.size() + row.bad;
					const std::string wire = encode(role, Frame{first, payload, 8, 70000});
					const std::size_t header = wire.size() - payload.size();

					Receiver bytewise(Settings{role});
					for (std::size_t i = 0; i < header + bad; ++i) bytewise.take(wire.substr(i, 1));
					ASSERT_FALSE(bytewise.framer.failed());
					bytewise.take(wire.substr(header + bad, 1));
					ASSERT_EQ(Events{failure(INVALID_UTF8, 1007)}, bytewise.events);

					Receiver inOne(Settings{role});
					inOne.take(wire.substr(0, header + bad + 1));
					ASSERT_EQ(Events{failure(INVALID_UTF8, 1007)}, inOne.events);

					Receiver good(Settings{role});
					good.take(wire.substr(0, header + bad));
					ASSERT_FALSE(good.framer.failed());
					ASSERT_EQ(70000 + payload.size() - bad, good.framer.remaining());
				}
			}
		}
	}
}


TEST(WebSocketFramerTextTest, Section5_6_BinaryIsNotText)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
		{
			const std::string bytes = row.bytes;
			const Frames frames = {{0x82, bytes}, {0x02, bytes}, {0x89, bytes}, {0x00, bytes}, {0x8a, bytes}, {0x80, bytes}, {0x81, "text"}, {0x02, "\xc3"}, {0x80, ""}};
			expectRow(Settings{role}, {row.name, frames, received(frames.size())});
			expectRow(Settings{role}, {row.name, {{0x02, bytes}, {0x80, ""}, {0x01, "text"}, {0x80, bytes}}, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, 3)});
		}
	}
}


TEST(WebSocketFramerTextTest, Section8_1_SwitchedOff)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		Settings settings{role};
		settings.verifyUTF8 = false;
		for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
		{
			const Frames frames = {{0x81, row.bytes}, {0x01, row.bytes}, {0x80, row.bytes}, {0x88, closePayload(1000, row.bytes)}};
			expectRow(settings, {row.name, frames, received(frames.size())});
		}
		expectRow(settings, {"8.1 off: ends inside a character", {{0x81, "\xe2\x82"}}, received(1)});
		expectRow(settings, {"7.4 is not switched off", {{0x88, closePayload(1005)}}, failed(WebSocketError::INVALID_CLOSE_CODE, WebSocketFrame::PROTOCOL_ERROR)});
	}
}


TEST(WebSocketFramerTextTest, Section8_1_LongText)
{
	std::string text;
	while (text.size() < 70000) text += "Gr\xc3\xbc\xc3\x9f, \xe2\x82\xac 5, \xf0\x9f\x98\x80! ";
	for (WebSocketFramer::Role role: ROLES)
	{
		expectRow(Settings{role}, {"8.1 valid", {{0x81, text}}, received(1)});
		for (std::size_t bad: {std::size_t(0), std::size_t(4095), std::size_t(4096), text.size() - 1})
		{
			std::string wrong = text;
			wrong[bad] = '\xff';
			expectRow(Settings{role}, {"8.1 one bad byte", {{0x81, wrong}}, failed(INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD)});
		}
	}
}
