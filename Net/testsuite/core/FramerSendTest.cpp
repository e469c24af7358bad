//
// FramerSendTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFramerSendTest
//
// The sending side (RFC 6455, 5.1, 5.5, 6.1 and 7.4), and from there to the receiving side.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/FramerTest.h"


using namespace FramerTest;


namespace
{
	enum State
	{
		OPEN,
		CLOSE_SENT,
		CLOSE_RECEIVED,
		CLOSED,
		FAILED,
		FAILED_AFTER_CLOSE
	};

	void bring(WebSocketFramer& framer, State state)
	{
		if (state == CLOSE_SENT || state == CLOSED || state == FAILED_AFTER_CLOSE) framer.sent(0x88);
		if (state == CLOSE_RECEIVED || state == CLOSED || state == FAILED || state == FAILED_AFTER_CLOSE)
		{
			const int first = state == FAILED || state == FAILED_AFTER_CLOSE ? 0x83 : 0x88;
			const std::string wire = encode(framer.role(), Frame{first, ""});
			std::size_t used = 0;
			ASSERT_EQ(first == 0x88 ? WebSocketFramer::OK : WebSocketFramer::FAILED, framer.receiveHeader(wire.data(), wire.size(), used));
		}
	}

	WebSocketFramer::SendResult check(const WebSocketFramer& framer, int flags, const std::string& payload)
	{
		const std::vector<char> exact(payload.begin(), payload.end());
		return framer.checkSend(flags, exact.data(), exact.size());
	}

	std::string send(WebSocketFramer& framer, int flags, std::string payload)
		/// The wire as a shell makes it.
	{
		const unsigned char key[4] = {0x0f, 0xf0, 0x5a, 0x81};
		const bool client = framer.role() == WebSocketFramer::ROLE_CLIENT;
		EXPECT_EQ(WebSocketFramer::SEND, check(framer, flags, payload));
		char header[WebSocketFrameHeader::MAX_LENGTH];
		const std::size_t length = framer.buildHeader(flags, payload.size(), client ? key : nullptr, header);
		if (client) Poco::Net::WebSocketMask(key).apply(&payload[0], payload.size());
		framer.sent(flags);
		return std::string(header, length) + payload;
	}
}


TEST(WebSocketFramerSendTest, States)
{
	constexpr auto SEND = WebSocketFramer::SEND;
	constexpr auto DROP = WebSocketFramer::DROP;
	constexpr auto REFUSE_CLOSED = WebSocketFramer::REFUSE_CLOSED;
	constexpr auto REFUSE_FAILED = WebSocketFramer::REFUSE_FAILED;
	struct StateRow
	{
		const char* rule;
		State state;
		WebSocketFramer::SendResult data;  // what holds for PING and PONG, too
		WebSocketFramer::SendResult close;
	};
	const StateRow rows[] =
	{
		{"open", OPEN, SEND, SEND},
		{"5.5.1 after Close was sent", CLOSE_SENT, REFUSE_CLOSED, DROP},
		{"5.5.1 after Close was received", CLOSE_RECEIVED, SEND, SEND},
		{"5.5.1 after both", CLOSED, REFUSE_CLOSED, DROP},
		{"7.1.7 after a failure", FAILED, REFUSE_FAILED, DROP},
		{"7.1.7 after Close and a failure", FAILED_AFTER_CLOSE, REFUSE_FAILED, DROP}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const StateRow& row: rows)
		{
			SCOPED_TRACE(row.rule);
			WebSocketFramer framer(role);
			bring(framer, row.state);
			for (int flags: {0x81, 0x82, 0x01, 0x00, 0x80, 0x89, 0x8a}) EXPECT_EQ(row.data, check(framer, flags, "payload")) << flags;
			for (int flags: {0x81, 0x89, 0x8a}) EXPECT_EQ(row.data, check(framer, flags, "")) << flags;
			EXPECT_EQ(row.close, check(framer, 0x88, ""));
			EXPECT_EQ(row.close, check(framer, 0x88, closePayload(1000, "reason")));
			EXPECT_EQ(row.close, check(framer, 0x888, closePayload(1000))) << "only the lowest eight bits count";
			EXPECT_EQ(row.data, check(framer, 0x881, "payload")) << "only the lowest eight bits count";

			// an argument that makes no sense is told in every state
			EXPECT_EQ(WebSocketFramer::REFUSE_CONTROL_LENGTH, check(framer, 0x89, std::string(126, 'p')));
			EXPECT_EQ(WebSocketFramer::REFUSE_CLOSE_PAYLOAD, check(framer, 0x88, closePayload(1005)));
		}
	}
}


TEST(WebSocketFramerSendTest, Section5_5_Arguments)
{
	struct ArgumentRow
	{
		const char* rule;
		int flags;
		std::string payload;
		WebSocketFramer::SendResult expected;
	};
	const ArgumentRow rows[] =
	{
		{"5.5 PING of 125 bytes", 0x89, std::string(125, 'p'), WebSocketFramer::SEND},
		{"5.5 PING of 126 bytes", 0x89, std::string(126, 'p'), WebSocketFramer::REFUSE_CONTROL_LENGTH},
		{"5.5 PONG of 125 bytes", 0x8a, std::string(125, 'p'), WebSocketFramer::SEND},
		{"5.5 PONG of 126 bytes", 0x8a, std::string(126, 'p'), WebSocketFramer::REFUSE_CONTROL_LENGTH},
		{"5.5 Close of 125 bytes", 0x88, closePayload(1000, std::string(123, 'r')), WebSocketFramer::SEND},
		{"5.5 Close of 126 bytes", 0x88, closePayload(1000, std::string(124, 'r')), WebSocketFramer::REFUSE_CONTROL_LENGTH},
		{"5.5 text of 126 bytes", 0x81, std::string(126, 't'), WebSocketFramer::SEND},
		{"5.5.1 Close without payload", 0x88, "", WebSocketFramer::SEND},
		{"5.5.1 Close of one byte", 0x88, "\x03", WebSocketFramer::REFUSE_CLOSE_PAYLOAD},
		{"5.5.1 a PING of one byte is none", 0x89, "\x03", WebSocketFramer::SEND},
		{"7.4 a PING begins with no code", 0x89, closePayload(1005), WebSocketFramer::SEND},
		{"7.4 text begins with no code", 0x81, closePayload(1005), WebSocketFramer::SEND}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (const ArgumentRow& row: rows) EXPECT_EQ(row.expected, check(WebSocketFramer(role), row.flags, row.payload)) << row.rule;

		const WebSocketFramer framer(role);
		for (int code = 0; code <= 0xffff; ++code)
		{
			ASSERT_EQ(WebSocketFrame::isCloseCode(code) ? WebSocketFramer::SEND : WebSocketFramer::REFUSE_CLOSE_PAYLOAD, check(framer, 0x88, closePayload(code))) << code;
		}
	}
}


TEST(WebSocketFramerSendTest, Section5_1_HeaderOfARole)
{
	const unsigned char key[4] = {0x37, 0xfa, 0x21, 0x3d};
	char wire[WebSocketFrameHeader::MAX_LENGTH];
	const WebSocketFramer server(WebSocketFramer::ROLE_SERVER);
	EXPECT_EQ(std::string("\x81\x05"), std::string(wire, server.buildHeader(0x81, 5, nullptr, wire)));
	EXPECT_EQ(std::string("\x82\x7e\x01\x01"), std::string(wire, server.buildHeader(0x82, 257, nullptr, wire)));
	EXPECT_EQ(std::string("\x00\x01", 2), std::string(wire, server.buildHeader(0, 1, nullptr, wire))) << "flags go out as they are";
	EXPECT_EQ(std::string("\xf7\x01", 2), std::string(wire, server.buildHeader(0x3f7, 1, nullptr, wire))) << "their lowest eight bits";
	const WebSocketFramer client(WebSocketFramer::ROLE_CLIENT);
	EXPECT_EQ(std::string("\x81\x85\x37\xfa\x21\x3d"), std::string(wire, client.buildHeader(0x81, 5, key, wire)));
	EXPECT_EQ(std::string("\x82\xfe\x01\x01\x37\xfa\x21\x3d"), std::string(wire, client.buildHeader(0x82, 257, key, wire)));
}


TEST(WebSocketFramerSendTest, RoundTripOfEveryLength)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const WebSocketFramer::Role other = role == WebSocketFramer::ROLE_SERVER ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER;
		for (std::size_t length = 0; length <= 65540; length += length == 300 ? 65230 : 1)
		{
			Frame frame{0x82, std::string(length, '\0')};
			for (std::size_t i = 0; i < length; ++i) frame.payload[i] = static_cast<char>(i*31 & 0xff);
			WebSocketFramer sender(role);
			const std::string wire = send(sender, frame.first, frame.payload);
			const Events expected = delivered({frame});
			ASSERT_EQ(expected, feedSteps(Settings{other}, wire, wire.size())) << length;
			for (std::size_t step: {1, 2, 3, 5, 7, 16, 64, 1000}) ASSERT_EQ(expected, feedSteps(Settings{other}, wire, step)) << length << ", step " << step;
			ASSERT_EQ(expected, feedExactly(Settings{other}, wire)) << length;
		}
	}
}


TEST(WebSocketFramerSendTest, WholeFramesAreTheSame)
	/// In one step: header and payload, not a byte more; only a server's frames of up to 125 bytes.
{
	for (WebSocketFramer::Role role: ROLES)
	{
		WebSocketFramer framer(role);
		for (std::size_t length = 0; length <= 130; ++length)
		{
			SCOPED_TRACE(length);
			std::string payload;
			for (std::size_t i = 0; i < length; ++i) payload += static_cast<char>('a' + i % 26);
			const std::vector<char> exact(payload.begin(), payload.end());
			std::vector<char> frame(WebSocketFrameHeader::MIN_LENGTH + length);
			const std::size_t n = framer.buildWhole(0x81, exact.data(), length, frame.data());
			if (role == WebSocketFramer::ROLE_CLIENT || length > 125) EXPECT_EQ(0u, n);
			else EXPECT_EQ(send(framer, 0x81, payload), std::string(frame.data(), n));
		}
	}
}


TEST(WebSocketFramerSendTest, RoundTripOfASequence)
{
	const Frames frames = {{0x01, "Gr\xc3"}, {0x89, "ping"}, {0x00, ""}, {0x80, "\xbc\xc3\x9f" "e"}, {0x82, std::string(200, '\xfe')}, {0x8a, ""}, {0x88, closePayload(1001, "bye")}};
	for (WebSocketFramer::Role role: ROLES)
	{
		const WebSocketFramer::Role other = role == WebSocketFramer::ROLE_SERVER ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER;
		WebSocketFramer sender(role);
		std::string wire;
		for (const Frame& frame: frames) wire += send(sender, frame.first, frame.payload);
		EXPECT_EQ(WebSocketFramer::CLOSE_SENT, sender.closeState());
		expectEvents(Settings{other}, wire, delivered(frames));
	}
}


TEST(WebSocketFramerSendTest, Section7_1_7_FailureReachesThePeer)
{
	for (WebSocketFramer::Role role: ROLES)
	{
		const WebSocketFramer::Role other = role == WebSocketFramer::ROLE_SERVER ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER;
		WebSocketFramer framer(role);
		bring(framer, FAILED);
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = framer.buildFailure(payload);
		const Frame close{0x88, std::string(payload, length)};
		const std::string wire = encode(other, close);
		framer.sent(0x88);
		expectEvents(Settings{other}, wire, delivered({close}));
		EXPECT_EQ(0u, framer.buildFailure(payload));
	}
}
