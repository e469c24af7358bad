//
// ProtocolTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketProtocolTest
//
// One end of a connection: what it makes of the bytes it receives, and what it answers.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ProtocolTest.h"
#include "Poco/Exception.h"


using namespace ProtocolTest;
using Poco::IllegalStateException;
using Poco::InvalidArgumentException;


namespace
{
	struct Row
	{
		const char* rule;
		Frames frames;
		Log events;
		Log answers; // what the peer receives
		WebSocketFrame::CloseState state;
		WebSocketProtocol::Ending server;
		WebSocketProtocol::Ending client;
		int code; // closeCode()
	};

	const std::string TOO_LONG(126, 'x');

	Row goesOn(const char* rule, const Frames& frames, const Log& events, const Log& answers = {})
	{
		return {rule, frames, events, answers, OPEN, KEEP_OPEN, KEEP_OPEN, 1006};
	}

	Row closes(const char* rule, const Frames& frames, const Log& events, const Log& answers, int code)
		/// 7.1.1: the server ends the TCP connection.
	{
		return {rule, frames, events, answers, DONE, CLOSE, KEEP_OPEN, code};
	}

	Row fails(const char* rule, const Frames& frames, int error, const std::string& close, const Log& eventsBefore = {}, const Log& answersBefore = {})
		/// 7.1.7: a Close frame tells why, and who fails the connection ends it.
	{
		Row row{rule, frames, eventsBefore, answersBefore, DONE, END_SENDING, END_SENDING, 1006};
		row.events.push_back("failure " + std::to_string(error));
		row.answers.push_back("Close:" + close);
		return row;
	}

	const Row ROWS[] =
	{
		goesOn("5.6: a text and a binary message", {{0x81, "Hello"}, {0x82, "\xff\0"s}}, {"text:Hello", "binary:\xff\0"s}),
		goesOn("5.6: empty messages", {{0x81, ""}, {0x82, ""}}, {"text:", "binary:"}),
		goesOn("5.4: three fragments", {{0x01, "Hel"}, {0x00, ""}, {0x80, "lo"}}, {"text:Hello"}),
		goesOn("5.4: a PING between fragments is answered at once", {{0x01, "Hel"}, {0x89, "now"}, {0x80, "lo"}}, {"PING:now", "text:Hello"}, {"PONG:now"}),
		goesOn("5.5.2: a PING without payload", {{0x89, ""}}, {"PING:"}, {"PONG:"}),
		goesOn("5.5.3: a PONG has the payload of its PING, and one that nobody asked for has no answer",
			{{0x89, "one"}, {0x8a, "two"}, {0x89, std::string(125, 'p')}}, {"PING:one", "PONG:two", "PING:" + std::string(125, 'p')},
			{"PONG:one", "PONG:" + std::string(125, 'p')}),
		closes("5.5.1: a Close is answered with its code", {{0x88, closePayload(1000, "bye")}}, {"Close:1000 bye"}, {"Close:1000 "}, 1000),
		closes("7.1.5: one without a code is answered without one", {{0x88, ""}}, {"Close:1005 "}, {"Close:1005 "}, 1005),
		closes("7.4.2: a private code", {{0x88, closePayload(4999)}}, {"Close:4999 "}, {"Close:4999 "}, 4999),
		closes("5.5.1: nothing follows a Close", {{0x88, closePayload(1001)}, {0x81, "more"}, {0x89, ""}, {0x88, ""}, {0xff, "?"}}, {"Close:1001 "}, {"Close:1001 "}, 1001),
		closes("5.4: a Close between fragments", {{0x01, "Hel"}, {0x88, closePayload(1001)}, {0x80, "lo"}}, {"Close:1001 "}, {"Close:1001 "}, 1001),
		fails("5.2: a reserved bit", {{0xc1, "x"}}, WebSocketError::INVALID_RSV_BITS, "1002 Reserved bit set in frame header"),
		fails("5.2: a reserved opcode", {{0x83, "x"}}, WebSocketError::INVALID_OPCODE, "1002 Reserved opcode 3"),
		fails("5.4: a continuation of nothing", {{0x80, "x"}}, WebSocketError::PROTOCOL_VIOLATION, "1002 Continuation frame without a message to continue"),
		fails("5.4: a message inside a message", {{0x01, "x"}, {0x81, "y"}}, WebSocketError::PROTOCOL_VIOLATION, "1002 New message inside a fragmented message"),
		fails("5.5: a PING in fragments", {{0x09, "x"}}, WebSocketError::PROTOCOL_VIOLATION, "1002 Control frame is fragmented"),
		fails("5.5: a PING of 126 bytes", {{0x89, TOO_LONG}}, WebSocketError::PROTOCOL_VIOLATION, "1002 Control frame of more than 125 bytes"),
		fails("5.5.1: a Close of one byte", {{0x88, "x"}}, WebSocketError::PROTOCOL_VIOLATION, "1002 Close payload of one byte"),
		fails("7.4: a code that must not be sent", {{0x88, closePayload(1005)}}, WebSocketError::INVALID_CLOSE_CODE, "1002 Close code 1005 must not be sent"),
		fails("8.1: text that is not UTF-8", {{0x81, "\xff"}}, WebSocketError::INVALID_UTF8, "1007 Text message is not UTF-8"),
		fails("8.1: a reason that is not UTF-8", {{0x88, closePayload(1000, "\xff")}}, WebSocketError::INVALID_UTF8, "1007 Close reason is not UTF-8"),
		fails("7.1.7: what came before is delivered, and what comes after is not", {{0x81, "good"}, {0x89, "p"}, {0x8b, ""}, {0x81, "lost"}, {0x89, "q"}, {0x88, ""}},
			WebSocketError::INVALID_OPCODE, "1002 Reserved opcode 11", {"text:good", "PING:p"}, {"PONG:p"})
	};

	void expectRow(const Row& row, Role role, const std::vector<std::size_t>& ends, bool flushEach)
	{
		const std::string wire = encode(framerRole(role), row.frames);
		End end(role);
		std::string output;
		std::size_t begin = 0;
		for (std::size_t stop: ends)
		{
			end.take(wire.substr(begin, stop - begin));
			if (flushEach) output += end.flush();
			begin = stop;
		}
		if (!end.protocol.output().empty())
		{
			EXPECT_EQ(KEEP_OPEN, end.protocol.ending()) << "the output first";
		}
		output += end.flush();
		ASSERT_EQ(row.events, end.log);
		ASSERT_EQ(row.answers, end.decode(output));
		ASSERT_EQ(row.state, end.protocol.closeState());
		ASSERT_EQ(role == SERVER ? row.server : row.client, end.protocol.ending());
		ASSERT_EQ(row.code, end.protocol.closeCode());
	}

	void expectRow(const Row& row)
	{
		SCOPED_TRACE(row.rule);
		for (Role role: ROLES)
		{
			SCOPED_TRACE(name(role));
			const std::size_t size = encode(framerRole(role), row.frames).size();
			for (std::size_t cut = 0; cut <= size; ++cut) ASSERT_NO_FATAL_FAILURE(expectRow(row, role, {cut, size}, cut % 2 == 0)) << "cut at " << cut;
			for (std::size_t step = 1; step < size; ++step)
			{
				std::vector<std::size_t> ends;
				for (std::size_t stop = step; stop < size; stop += step) ends.push_back(stop);
				ends.push_back(size);
				ASSERT_NO_FATAL_FAILURE(expectRow(row, role, ends, step % 2 == 0)) << "step " << step;
			}
		}
	}

	struct RoleRow
	{
		Role role;
		int error;
		const char* text;
	};

	template <class Exception>
	void expectRefused(const std::function<void ()>& call, const char* text)
	{
		try
		{
			call();
			ADD_FAILURE() << "is to be refused: " << text;
		}
		catch (const Exception& exc)
		{
			EXPECT_EQ(text, exc.message());
		}
	}
}


TEST(WebSocketProtocolTest, EveryRuleEveryCut)
{
	for (const Row& row: ROWS) expectRow(row);
}


TEST(WebSocketProtocolTest, MasksPerRole)
{
	// 5.1
	const RoleRow rows[] = {
		{SERVER, WebSocketError::UNMASKED_CLIENT_FRAME, "Close:1002 Frame from client is not masked"},
		{CLIENT, WebSocketError::MASKED_SERVER_FRAME, "Close:1002 Frame from server is masked"}};
	for (const RoleRow& row: rows)
	{
		SCOPED_TRACE(name(row.role));
		Frame frame{0x81, "Hi"};
		frame.turnMask = true;
		End strict(row.role);
		strict.takeFrames({frame});
		EXPECT_EQ(Log{"failure " + std::to_string(row.error)}, strict.log);
		EXPECT_EQ(Log{row.text}, strict.sent());

		WebSocketConnectionParams::Ptr pParams = quiet();
		pParams->setVerifyMasking(false);
		End lax(row.role, pParams);
		lax.takeFrames({frame});
		EXPECT_EQ(Log{"text:Hi"}, lax.log);
	}
}


TEST(WebSocketProtocolTest, LimitsOfTheParams)
{
	WebSocketConnectionParams::Ptr pParams = quiet();
	pParams->setMaxMessageSize(10);
	pParams->setMaxFragments(3);
	pParams->setVerifyUTF8(false);
	const struct
	{
		const char* rule;
		Frames frames;
		Log events;
		Log answers;
	} rows[] =
	{
		{"a message of 10 bytes", {{0x81, "0123456789"}}, {"text:0123456789"}, {}},
		{"one of 11", {{0x81, "0123456789a"}}, {"failure 10"}, {"Close:1009 Message of 11 bytes is larger than 10"}},
		{"three fragments", {{0x01, "a"}, {0x00, "b"}, {0x80, "c"}}, {"text:abc"}, {}},
		{"four", {{0x01, "a"}, {0x00, "b"}, {0x00, "c"}, {0x80, "d"}}, {"failure 20"}, {"Close:1008 Message of more than 3 fragments"}},
		{"text that is not checked", {{0x81, "\xff"}}, {"text:\xff"}, {}}
	};
	for (const auto& row: rows)
	{
		SCOPED_TRACE(row.rule);
		for (Role role: ROLES)
		{
			End end(role, pParams);
			end.takeFrames(row.frames);
			EXPECT_EQ(row.events, end.log);
			const Log answers = end.sent();
			ASSERT_EQ(row.answers.size(), answers.size());
			for (std::size_t i = 0; i < answers.size(); ++i) EXPECT_EQ(row.answers[i].substr(0, 10), answers[i].substr(0, 10));
		}
	}
}


TEST(WebSocketProtocolTest, TheStreamEnds)
{
	// 7.1.5, and inside a frame: at each byte.
	const Frames frames = {{0x81, "Hello"}, {0x01, "a"}, {0x89, "ping"}, {0x80, std::string(200, 'b')}, {0x8a, ""}};
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		const std::string wire = encode(framerRole(role), frames);
		std::vector<bool> between(wire.size() + 1);
		std::size_t position = 0;
		between[0] = true;
		for (const Frame& frame: frames) between[position += encode(framerRole(role), frame).size()] = true;
		for (std::size_t cut = 0; cut <= wire.size(); ++cut)
		{
			SCOPED_TRACE(cut);
			End end(role);
			end.take(wire.substr(0, cut));
			end.flush();
			EXPECT_EQ(between[cut] ? NEED_MORE : FAILED, end.end());
			EXPECT_EQ(between[cut] ? WebSocketError::NONE : WebSocketError::INCOMPLETE_FRAME, end.protocol.error());
			EXPECT_EQ(between[cut], end.protocol.errorText().empty());
			EXPECT_EQ("", end.flush()) << "nobody would read it";
			EXPECT_EQ(1006, end.protocol.closeCode());
			EXPECT_EQ("", end.protocol.closeReason());
			EXPECT_EQ(CLOSE, end.protocol.ending());
			EXPECT_EQ(DONE, end.protocol.closeState());
			EXPECT_FALSE(end.protocol.send("x", TEXT, 0));
			EXPECT_FALSE(end.protocol.sendPart("x", TEXT, true, 0));
			EXPECT_FALSE(end.protocol.ping(0));
			EXPECT_FALSE(end.protocol.close(1000, "", 0));
			EXPECT_EQ("", end.protocol.output());
		}
	}
}


TEST(WebSocketProtocolTest, TheStreamEndsBehindAClose)
{
	// The peer may have ended no more than its own direction: the answer goes out.
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		end.takeFrames({{0x88, closePayload(1000)}});
		EXPECT_EQ(NEED_MORE, end.end());
		EXPECT_EQ(KEEP_OPEN, end.protocol.ending());
		EXPECT_EQ(DONE, end.protocol.closeState());
		EXPECT_EQ(Log{"Close:1000 "}, end.sent());
		EXPECT_EQ(CLOSE, end.protocol.ending());
	}
}


TEST(WebSocketProtocolTest, TheStreamEndsAfterAFailure)
{
	End end(SERVER);
	end.takeFrames({{0x83, ""}});
	end.flush();
	EXPECT_EQ(END_SENDING, end.protocol.ending());
	EXPECT_EQ(NEED_MORE, end.end()) << "the failure has been told";
	EXPECT_EQ(WebSocketError::INVALID_OPCODE, end.protocol.error());
	EXPECT_EQ(CLOSE, end.protocol.ending());
	EXPECT_EQ(Log{"failure 13"}, end.log);
}


TEST(WebSocketProtocolTest, AFailureIsToldOnce)
{
	for (Role role: ROLES)
	{
		End end(role);
		const std::string wire = encode(framerRole(role), Frames{{0x83, ""}, {0x81, "more"}, {0x89, ""}});
		for (char byte: wire) end.take(std::string(1, byte));
		EXPECT_EQ(Log{"failure 13"}, end.log);
		EXPECT_EQ(1u, end.sent().size());
		char* pTarget = nullptr;
		EXPECT_EQ(0u, end.protocol.room(pTarget, 1));
	}
}


TEST(WebSocketProtocolTest, SendsMessages)
{
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		EXPECT_TRUE(end.protocol.send("Hello", TEXT, 0));
		EXPECT_TRUE(end.protocol.send("", BINARY, 0, WebSocketFrame::Compression::NONE));
		EXPECT_TRUE(end.protocol.sendPart("Par", TEXT, false, 0));
		EXPECT_TRUE(end.protocol.ping(0)) << "5.4: control frames may come between fragments";
		EXPECT_TRUE(end.protocol.sendPart("", TEXT, false, 0));
		EXPECT_TRUE(end.protocol.sendPart("ts", TEXT, true, 0));
		EXPECT_TRUE(end.protocol.send(std::string(70000, 'x'), BINARY, 0));
		Log log = end.sent();
		ASSERT_EQ(5u, log.size());
		EXPECT_EQ("PING", log[2].substr(0, 4));
		log.erase(log.begin() + 2);
		EXPECT_EQ((Log{"text:Hello", "binary:", "text:Parts", "binary:" + std::string(70000, 'x')}), log);
		EXPECT_EQ("", end.protocol.output());
	}
}


TEST(WebSocketProtocolTest, EachFrameHasAKeyOfItsOwn)
{
	// 5.3, 10.3; and a server's frames have none.
	End client(CLIENT);
	client.protocol.send("", TEXT, 0);
	client.protocol.sendPart("", TEXT, false, 0);
	client.takeFrames({{0x89, ""}});
	client.protocol.close(1000, "", 0);
	const std::string output = client.flush();
	std::string expected;
	unsigned char key[4];
	const WebSocketProtocol::KeySource source = keys();
	for (int first: {0x81, 0x01, 0x8a, 0x88})
	{
		source(key);
		std::string close = first == 0x88 ? closePayload(1000) : std::string();
		expected += static_cast<char>(first);
		expected += static_cast<char>(0x80 | close.size());
		expected.append(reinterpret_cast<const char*>(key), 4);
		for (std::size_t i = 0; i < close.size(); ++i) expected += static_cast<char>(close[i] ^ static_cast<char>(key[i]));
	}
	EXPECT_EQ(expected, output);

	End server(SERVER);
	server.protocol.send("Hi", TEXT, 0);
	EXPECT_EQ("\x81\x02Hi", server.flush());

	expectRefused<InvalidArgumentException>([] { WebSocketProtocol protocol(CLIENT, 0); }, "A client needs a source of masking keys");
}


TEST(WebSocketProtocolTest, WhatMustNotBeSent)
{
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		WebSocketProtocol& protocol = end.protocol;
		const char* const notAMessage = "A message is text or binary";
		for (int number: {0, 3, 8, 9, 10})
		{
			const auto opcode = static_cast<WebSocketFrame::Opcode>(number);
			expectRefused<InvalidArgumentException>([&] { protocol.send("x", opcode, 0); }, notAMessage);
			expectRefused<InvalidArgumentException>([&] { protocol.sendPart("x", opcode, true, 0); }, notAMessage);
		}
		const char* const notText = "A text message must be UTF-8";
		expectRefused<InvalidArgumentException>([&] { protocol.send("\xff", TEXT, 0); }, notText);
		expectRefused<InvalidArgumentException>([&] { protocol.send("\xc3", TEXT, 0); }, notText);
		expectRefused<InvalidArgumentException>([&] { protocol.sendPart("\xff", TEXT, false, 0); }, notText);
		EXPECT_EQ("", protocol.output());
		EXPECT_TRUE(protocol.sendPart("\xc3", TEXT, false, 0)) << "8.1: a character may lie in two parts";
		expectRefused<IllegalStateException>([&] { protocol.send("x", TEXT, 0); }, "A message is being sent in parts");
		expectRefused<InvalidArgumentException>([&] { protocol.sendPart("x", BINARY, true, 0); }, "All parts of a message have the same opcode");
		expectRefused<InvalidArgumentException>([&] { protocol.sendPart("", TEXT, true, 0); }, notText);
		EXPECT_TRUE(protocol.sendPart("\xa4", TEXT, true, 0)) << "another part in its place";
		for (int code: {-1, 0, 999, 1004, 1005, 1006, 1015, 2999, 5000, 65536 + 1000})
		{
			expectRefused<InvalidArgumentException>([&] { protocol.close(code, "", 0); }, ("Status code must not be sent in a Close frame: " + std::to_string(code)).c_str());
		}
		expectRefused<InvalidArgumentException>([&] { protocol.close(1000, "\xff", 0); }, "Reason of a Close frame must be UTF-8");
		EXPECT_EQ(OPEN, protocol.closeState());
		EXPECT_TRUE(protocol.close(1000, std::string(122, 'r') + "\xc3\xa4", 0));
		EXPECT_EQ((Log{"text:\xc3\xa4", "Close:1000 " + std::string(122, 'r')}), end.sent()) << "5.5: cut at 123 bytes, between characters";
	}
}


TEST(WebSocketProtocolTest, NothingFollowsAClose)
{
	// 5.5.1
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		end.protocol.sendPart("begun", TEXT, false, 0);
		EXPECT_TRUE(end.protocol.close(4000, "bye", 0));
		EXPECT_EQ(CLOSE_SENT, end.protocol.closeState());
		EXPECT_FALSE(end.protocol.sendPart("x", TEXT, true, 0));
		EXPECT_FALSE(end.protocol.send("x", TEXT, 0));
		EXPECT_FALSE(end.protocol.ping(0));
		EXPECT_FALSE(end.protocol.close(1000, "", 0));
		end.takeFrames({{0x89, "p"}, {0x81, "still received"}});
		EXPECT_EQ((Log{"PING:p", "text:still received"}), end.log) << "5.5.1: the peer may have sent it before";
		EXPECT_EQ(Log{"Close:4000 bye"}, end.sent());
		EXPECT_EQ(KEEP_OPEN, end.protocol.ending());
		end.takeFrames({{0x88, closePayload(4000)}});
		EXPECT_EQ("", end.flush());
		EXPECT_EQ(DONE, end.protocol.closeState());
		EXPECT_EQ(role == SERVER ? CLOSE : KEEP_OPEN, end.protocol.ending());
	}
}


TEST(WebSocketProtocolTest, AFailureAfterAClose)
{
	// The Close that is sent already is the only one (5.5.1).
	for (Role role: ROLES)
	{
		End end(role);
		end.protocol.close(1000, "", 0);
		EXPECT_EQ(Log{"Close:1000 "}, end.sent());
		end.takeFrames({{0x83, ""}});
		EXPECT_EQ(Log{"failure 13"}, end.log);
		EXPECT_EQ("", end.flush());
		EXPECT_EQ(DONE, end.protocol.closeState());
		EXPECT_EQ(END_SENDING, end.protocol.ending());
	}
}


TEST(WebSocketProtocolTest, Parts)
{
	for (Role role: ROLES)
	{
		const std::string wire = encode(framerRole(role), Frames{{0x81, "Hello"}, {0x01, "a"}, {0x89, "p"}, {0x80, "bc"}, {0x82, ""}});
		for (std::size_t cut = 0; cut <= wire.size(); ++cut)
		{
			End end(role);
			end.protocol.setParts(true);
			end.take(wire.substr(0, cut));
			end.take(wire.substr(cut));
			EXPECT_EQ((Log{"parts of text:Hello", "PING:p", "parts of text:abc", "parts of binary:"}), end.log) << "cut at " << cut;
			end.protocol.setParts(false);
			end.takeFrames({{0x81, "whole"}});
			EXPECT_EQ("text:whole", end.log.back());
		}
	}
}


TEST(WebSocketProtocolTest, AMessageInOnePieceIsNotCopied)
{
	End end(SERVER);
	std::string wire = encode(framerRole(SERVER), Frames{{0x82, std::string(1000, 'x')}});
	char* p = &wire[0];
	EXPECT_EQ(MESSAGE, end.next(p, &wire[0] + wire.size()));
	EXPECT_EQ(&wire[8], end.protocol.data());
}


TEST(WebSocketProtocolTest, ALongMessageIsReadToWhereItBelongs)
{
	for (Role role: ROLES)
	{
		for (bool fragmented: {false, true})
		{
			const std::string payload = ParserTest::sample(300000);
			Frames frames{{0x82, payload}};
			if (fragmented) frames = {{0x02, payload.substr(0, 100000)}, {0x80, payload.substr(100000)}};
			const std::string wire = encode(framerRole(role), frames);
			End end(role);
			std::size_t direct = 0;
			for (std::size_t at = 0; at < wire.size();)
			{
				char* pTarget = nullptr;
				std::string here;
				std::size_t length = end.protocol.room(pTarget);
				if (length > 0)
				{
					length = std::min({length, wire.size() - at, std::size_t(10000)});
					wire.copy(pTarget, length, at);
					direct += length;
				}
				else
				{
					here = wire.substr(at, 20);
					pTarget = &here[0];
					length = here.size();
				}
				at += length;
				char* const pEnd = pTarget + length;
				while (end.next(pTarget, pEnd) != NEED_MORE) {}
			}
			EXPECT_EQ(Log{"binary:" + payload}, end.log);
			EXPECT_GT(direct, 100000u);
			char* pTarget = nullptr;
			EXPECT_EQ(0u, end.protocol.room(pTarget));
		}
	}
}


TEST(WebSocketProtocolTest, Moves)
{
	End end(SERVER);
	end.protocol.send("before", TEXT, 0);
	WebSocketProtocol moved(std::move(end.protocol));
	EXPECT_EQ("\x81\x06" "before", moved.output());
	end.protocol = std::move(moved);
	end.takeFrames({{0x81, "after"}});
	EXPECT_EQ(Log{"text:after"}, end.log);
}


TEST(WebSocketProtocolTest, RoundTrips)
{
	End server(SERVER);
	End client(CLIENT);
	EXPECT_EQ(0u, server.protocol.roundTrip());
	server.now = 0xfffffff0;
	server.protocol.ping(server.now);
	client.take(server.flush());
	server.now += 25; // wraps around
	server.take(client.flush());
	EXPECT_EQ(25u, server.protocol.roundTrip());
	server.takeFrames({{0x8a, "abcd"}, {0x8a, ""}});
	EXPECT_EQ(25u, server.protocol.roundTrip()) << "an answer to nothing";
	server.protocol.ping(server.now);
	client.take(server.flush());
	server.take(client.flush());
	EXPECT_EQ(1u, server.protocol.roundTrip());
}


TEST(WebSocketProtocolTest, OnlyTheLatestPingIsAnsweredIfThePeerIsSlow)
{
	// 5.5.3
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		end.takeFrames({{0x89, "1"}, {0x89, "2"}});
		EXPECT_EQ((Log{"PONG:1", "PONG:2"}), end.sent()) << "all, as long as it takes them";

		end.protocol.send("text", TEXT, 0);
		std::string wire = end.flushSome(3);
		end.takeFrames({{0x89, "3"}, {0x89, "4"}});
		wire += end.flushSome(1);
		end.takeFrames({{0x89, "5"}});
		wire += end.flush();
		EXPECT_EQ((Log{"text:text", "PONG:5"}), end.decode(wire));
		end.takeFrames({{0x89, "6"}, {0x89, "7"}});
		EXPECT_EQ((Log{"PONG:6", "PONG:7"}), end.sent());
	}
}


TEST(WebSocketProtocolTest, SoManyPingsMayWait)
{
	WebSocketConnectionParams::Ptr pParams = quiet();
	pParams->setMaxPendingPings(2);
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role, pParams);
		end.takeFrames({{0x89, "1"}, {0x89, "2"}, {0x89, "3"}});
		EXPECT_EQ(3u, end.sent().size()) << "none waits";

		end.protocol.send("text", TEXT, 0);
		std::string wire = end.flushSome(1);
		end.takeFrames({{0x89, "1"}, {0x89, "2"}});
		EXPECT_EQ(OPEN, end.protocol.closeState());
		wire += end.flush();
		EXPECT_EQ((Log{"text:text", "PONG:2"}), end.decode(wire));

		end.protocol.send("text", TEXT, 0);
		wire = end.flushSome(1);
		end.takeFrames({{0x89, "1"}, {0x89, "2"}, {0x89, "3"}});
		EXPECT_EQ("failure 20", end.log.back());
		EXPECT_EQ(KEEP_OPEN, end.protocol.ending()) << "there is output";
		wire += end.flush();
		const Log log = end.decode(wire);
		ASSERT_EQ(2u, log.size()) << "no PONG";
		EXPECT_EQ("Close:1008", log[1].substr(0, 10));
		EXPECT_EQ(END_SENDING, end.protocol.ending());
	}
}


TEST(WebSocketProtocolTest, ControlFramesThatWaitForASlowPeer)
{
	// PING, PONG, Close: one of each, and nothing behind the Close.
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		end.protocol.send("text", TEXT, 0);
		std::string wire = end.flushSome(1);
		end.takeFrames({{0x89, "1"}, {0x88, closePayload(1001)}});
		EXPECT_EQ(CLOSE_RECEIVED, end.protocol.closeState()) << "its answer waits";
		EXPECT_FALSE(end.protocol.send("x", TEXT, 0));
		EXPECT_FALSE(end.protocol.ping(0));
		wire += end.flush();
		EXPECT_EQ((Log{"text:text", "PONG:1", "Close:1001 "}), end.decode(wire));
		EXPECT_EQ(DONE, end.protocol.closeState());

		End closer(role);
		closer.protocol.send("text", TEXT, 0);
		wire = closer.flushSome(1);
		closer.protocol.ping(0);
		closer.takeFrames({{0x89, "1"}});
		closer.protocol.close(1000, "", 0);
		wire += closer.flush();
		EXPECT_EQ((Log{"text:text", "Close:1000 "}), closer.decode(wire));
	}
}


TEST(WebSocketProtocolTest, OutputThatIsTakenTakesNoMemory)
{
	// Also if the peer never takes all of it.
	End end(SERVER);
	const std::string message(1000, 'x');
	const std::size_t frame = 4 + message.size();
	end.protocol.send(message, BINARY, 0);
	end.protocol.send(message, BINARY, 0);
	std::size_t largest = 0;
	const char* pBefore = nullptr;
	std::size_t moves = 0;
	for (int i = 0; i < 1000; ++i)
	{
		end.protocol.sent(frame, 0);
		end.protocol.send(message, BINARY, 0);
		ASSERT_EQ(2*frame, end.protocol.output().size());
		const char* const p = end.protocol.output().data();
		if (pBefore && p > pBefore) largest = std::max(largest, static_cast<std::size_t>(p - pBefore));
		else ++moves;
		pBefore = p;
	}
	EXPECT_GT(moves, 200u) << "it starts again at the beginning";
}
