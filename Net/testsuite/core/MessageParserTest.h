//
// MessageParserTest.h
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageParserTest
//
// Feeds a WebSocketMessageParser in every way there is, and notes what comes out.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMessageParserTest_INCLUDED
#define Net_WebSocketMessageParserTest_INCLUDED


#include "core/ClosePayload.h"
#include "core/MessageParser.h"
#include "core/FramerTest.h"
#include <cstring>
#include <functional>


namespace ParserTest {


using namespace std::string_literals;
using FramerTest::closePayload;
using FramerTest::encode;
using FramerTest::Frame;
using FramerTest::Frames;
using FramerTest::name;
using FramerTest::ROLES;
using Poco::Net::WebSocketAssembler;
using Poco::Net::WebSocketBuffer;
using Poco::Net::WebSocketDeflater;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketClosePayload;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;
using Poco::Net::WebSocketFramer;
using Poco::Net::WebSocketMessageParser;


constexpr Poco::UInt64 NO_LIMIT = 0x7fffffff;
constexpr std::size_t LARGE = 65536; // what room() is for

using Log = std::vector<std::string>;
	/// "text:Hello", "binary:", "PING:x", "PONG:", "Close:1000 bye", "failure 7, Close 1002"


struct Options
{
	Poco::UInt32 maxMessageSize = NO_LIMIT;
	Poco::UInt32 maxFrameSize = NO_LIMIT;
	unsigned maxFragments = 1000000;
	bool inflate = false;
	bool contextTakeover = true;
	bool verifyUTF8 = true;
	bool verifyMasking = true;
};


enum Way
	/// How a parser is used.
{
	MESSAGES, // as the event shell does: nextWhole() first
	ROOM,     // what belongs there is written to where room() says
	PARTS
};


inline std::string failureText(int error, int closeCode)
{
	return "failure " + std::to_string(error) + ", Close " + std::to_string(closeCode);
}


class Peer
	/// A parser, and what it says.
{
public:
	Peer(WebSocketFramer::Role role, const Options& options, Way way = MESSAGES):
		framer(role),
		parser(framer),
		_way(way)
	{
		framer.setVerifyUTF8(options.verifyUTF8);
		framer.setVerifyMasking(options.verifyMasking);
		parser.assembler().setLimits(options.maxMessageSize, options.maxFrameSize, options.maxFragments, 1000);
		if (options.inflate) parser.assembler().enableInflate(15, options.contextTakeover);
		EXPECT_FALSE(parser.getParts());
		parser.setParts(way == PARTS);
		EXPECT_EQ(way == PARTS, parser.getParts());
	}

	void take(const std::string& wire)
		/// The next bytes.
	{
		std::size_t begin = 0;
		while (begin < wire.size() && !framer.failed())
		{
			char* pRoom = nullptr;
			std::size_t length = _way == ROOM ? parser.room(pRoom) : 0;
			if (length > 0)
			{
				EXPECT_GE(length, LARGE);
				EXPECT_LE(length, framer.remaining());
				length = std::min(length, wire.size() - begin);
				std::memcpy(pRoom, wire.data() + begin, length);
				run(pRoom, length);
			}
			else
			{
				// With room() only the part that shows that there is a large frame comes from elsewhere.
				length = wire.size() - begin;
				if (_way == ROOM) length = std::min<std::size_t>(length, 20);
				std::vector<char> exact(wire.begin() + static_cast<std::ptrdiff_t>(begin), wire.begin() + static_cast<std::ptrdiff_t>(begin + length));
				run(exact.data(), length);
			}
			begin += length;
		}
	}

	void checkStaysFailed()
		/// Whatever comes, and without memory.
	{
		const std::string good = encode(framer.role(), Frame{0x81, "good"});
		const std::string text = framer.errorText();
		for (std::size_t length: {std::size_t(0), std::size_t(1), good.size(), std::size_t(0)})
		{
			std::vector<char> bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(length));
			char* p = bytes.data();
			EXPECT_EQ(WebSocketMessageParser::FAILED, parser.next(p, bytes.data() + length)) << length << " bytes after a failure";
			char* pRoom = nullptr;
			EXPECT_EQ(0u, parser.room(pRoom));
			EXPECT_EQ(nullptr, pRoom);
		}
		EXPECT_EQ(text, framer.errorText());
	}

	WebSocketFramer framer;
	WebSocketMessageParser parser;
	Log log;
	std::function<void(Peer&)> onMessage; // before it is noted

private:
	WebSocketMessageParser::Event next(char*& p, char* pEnd)
	{
		if (_way == ROOM) return parser.next(p, pEnd);
		const char* const pBefore = p;
		parser.settle();
		const bool whole = parser.nextWhole(p, pEnd);
		EXPECT_TRUE(whole ? _way == MESSAGES : p == pBefore) << "no parts, or nothing is taken";
		return whole ? WebSocketMessageParser::MESSAGE : parser.next(p, pEnd);
	}

	void run(char* pData, std::size_t length)
	{
		char* p = pData;
		for (;;)
		{
			const char* const pBefore = p;
			const WebSocketMessageParser::Event event = next(p, pData + length);
			ASSERT_GE(p, pBefore);
			ASSERT_LE(p, pData + length);
			if (event == WebSocketMessageParser::NEED_MORE)
			{
				ASSERT_EQ(pData + length, p) << "all bytes are taken";
				ASSERT_FALSE(framer.failed());
				return;
			}
			note(event);
			if (event == WebSocketMessageParser::FAILED) return;
			ASSERT_GT(p, pBefore) << "an event is made of bytes";
		}
	}

	void note(WebSocketMessageParser::Event event)
	{
		ASSERT_EQ(event == WebSocketMessageParser::FAILED, framer.failed());
		switch (event)
		{
		case WebSocketMessageParser::INFLATING:
			ASSERT_TRUE(parser.assembler().compressed());
			ASSERT_LT(0u, framer.remaining());
			break;
		case WebSocketMessageParser::MESSAGE:
			ASSERT_NE(PARTS, _way);
			ASSERT_TRUE(parser.last());
			noteContent();
			break;
		case WebSocketMessageParser::PART:
			ASSERT_EQ(PARTS, _way);
			ASSERT_TRUE(parser.last() || parser.length() > 0) << "an empty part tells nothing";
			ASSERT_FALSE(parser.gathered());
			noteContent();
			break;
		case WebSocketMessageParser::CONTROL:
			noteControl();
			break;
		default:
			noteFailure();
		}
	}

	void noteContent()
	{
		if (onMessage) onMessage(*this);
		_content.append(parser.length() > 0 ? parser.data() : "", parser.length());
		if (!parser.last()) return;
		log.push_back((parser.opcode() == WebSocketFrame::OP_TEXT ? "text:" : "binary:") + _content);
		_content.clear();
	}

	void noteControl()
	{
		const std::string payload(framer.controlPayload(), framer.controlLength());
		int flags = -1;
		char reply[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::string answer(reply, framer.buildReply(flags, reply));
		switch (framer.header().opcode())
		{
		case WebSocketFrame::OP_PING:
			EXPECT_EQ(0x8a, flags);
			EXPECT_EQ(payload, answer);
			log.push_back("PING:" + payload);
			break;
		case WebSocketFrame::OP_PONG:
			EXPECT_EQ(0, flags);
			log.push_back("PONG:" + payload);
			break;
		default:
			EXPECT_EQ(0x88, flags);
			EXPECT_EQ(payload.substr(0, 2), answer);
			log.push_back("Close:" + std::to_string(framer.closeCode()) + " " + framer.closeReason());
		}
	}

	void noteFailure()
	{
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = framer.buildFailure(payload);
		log.push_back(failureText(framer.error(), length < 2 ? 0 : WebSocketClosePayload::code(payload)));
		checkStaysFailed();
	}

	Way _way;
	std::string _content; // of the message so far
};


inline Log feed(WebSocketFramer::Role role, const Options& options, Way way, const std::string& wire, const std::vector<std::size_t>& ends)
	/// In parts that end there.
{
	Peer peer(role, options, way);
	std::size_t begin = 0;
	for (std::size_t end: ends)
	{
		peer.take(wire.substr(begin, end - begin));
		begin = end;
	}
	return peer.log;
}


inline Log feedSteps(WebSocketFramer::Role role, const Options& options, Way way, const std::string& wire, std::size_t step)
{
	std::vector<std::size_t> ends;
	for (std::size_t end = step; end < wire.size(); end += step) ends.push_back(end);
	ends.push_back(wire.size());
	return feed(role, options, way, wire, ends);
}


inline void expectLog(const Options& options, const Frames& frames, const Log& expected)
	/// For both roles and in every way: whole, in steps of every size, and cut at every
	/// position. Of a long wire: some steps, and cuts near the ends.
{
	constexpr std::size_t LONG = 300;
	for (WebSocketFramer::Role role: ROLES)
	{
		const std::string wire = encode(role, frames);
		const std::size_t size = wire.size();
		for (Way way: {MESSAGES, ROOM, PARTS})
		{
			SCOPED_TRACE(std::string("received by the ") + name(role) + ", way " + std::to_string(way));
			ASSERT_EQ(expected, feed(role, options, way, wire, {size})) << "whole";
			for (std::size_t step = 1; step < size; step = size > LONG ? step*5 + 1 : step + 1)
			{
				ASSERT_EQ(expected, feedSteps(role, options, way, wire, step)) << "step " << step;
			}
			for (std::size_t cut = 0; cut <= size; ++cut)
			{
				if (size > LONG && cut == 30) cut = size - 20;
				ASSERT_EQ(expected, feed(role, options, way, wire, {cut, size})) << "cut at " << cut;
			}
		}
	}
}


struct Row
{
	const char* rule;
	Frames frames;
	Log log;
	int error = WebSocketError::NONE;
	int closeCode = 0; // of the Close frame to be sent
};


inline void expectRow(const Options& options, const Row& row)
{
	SCOPED_TRACE(row.rule);
	Log expected = row.log;
	if (row.error != WebSocketError::NONE) expected.push_back(failureText(row.error, row.closeCode));
	expectLog(options, row.frames, expected);
}


inline Options inflating(bool contextTakeover = true, bool verifyUTF8 = true)
{
	Options options;
	options.inflate = true;
	options.contextTakeover = contextTakeover;
	options.verifyUTF8 = verifyUTF8;
	return options;
}


inline Options limits(Poco::UInt64 message, Poco::UInt64 frame, unsigned fragments, bool inflate = false)
{
	Options options;
	options.maxMessageSize = message;
	options.maxFrameSize = frame;
	options.maxFragments = fragments;
	options.inflate = inflate;
	return options;
}


inline std::string deflated(const std::string& message)
{
	WebSocketDeflater deflater;
	std::string result;
	deflater.compress(message.data(), message.size(), true, result);
	return result;
}


inline std::string stored(const std::string& text)
	/// A block without compression, as the beginning of a payload.
{
	const char low = static_cast<char>(text.size());
	return "\0"s + low + "\0"s + static_cast<char>(~low) + "\xff"s + text;
}


inline std::string sample(std::size_t length)
	/// Text that repeats itself, but not soon.
{
	std::string result(length, '\0');
	for (std::size_t i = 0; i < length; ++i) result[i] = static_cast<char>('!' + (i + i/89 + i/7919) % 89);
	return result;
}


const std::string HELLO = "\xf2\x48\xcd\xc9\xc9\x07\x00"s; // RFC 7692, 7.2.3.1
const std::string AGAIN = "\xf2\x00\x11\x00\x00"s;         // 7.2.3.2
const std::string EURO  = "\xe2\x82\xac";


} // namespace ParserTest


#endif // Net_WebSocketMessageParserTest_INCLUDED
