//
// ClassViolationTest.cpp
//
// Frames that break a rule, over the wire: the Close code that the peer sees and the exception that we get.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	struct Row
	{
		std::string name;
		std::vector<std::string> good; // payloads delivered before
		std::string wire;
		int error;
		int closeCode;
	};

	std::vector<Row> headerRows(bool masked)
	{
		std::vector<Row> rows;
		for (int flags: {0xc1, 0xa1, 0x91, 0xf2, 0xc9, 0xa8, 0x9a, 0x41})
			rows.push_back({"5.2 RSV bits " + std::to_string(flags), {}, frame(flags, "x", masked), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002});
		rows.push_back({"5.2 RSV1 in a continuation", {"a"}, frame(0x01, "a", masked) + frame(0xc0, "x", masked), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002});
		for (int opcode: {3, 4, 5, 6, 7, 11, 12, 13, 14, 15})
			rows.push_back({"5.2 opcode " + std::to_string(opcode), {}, frame(0x80 | opcode, "x", masked), WebSocket::WS_ERR_INVALID_OPCODE, 1002});
		rows.push_back({"5.1 mask direction", {}, frame(0x81, "x", !masked), masked ? WebSocket::WS_ERR_UNMASKED_CLIENT_FRAME : WebSocket::WS_ERR_MASKED_SERVER_FRAME, 1002});
		rows.push_back({"5.1 mask direction, empty", {}, frame(0x89, "", !masked), masked ? WebSocket::WS_ERR_UNMASKED_CLIENT_FRAME : WebSocket::WS_ERR_MASKED_SERVER_FRAME, 1002});
		const auto violation = [&rows](const std::string& name, const std::vector<std::string>& good, const std::string& wire)
		{
			rows.push_back({name, good, wire, WebSocket::WS_ERR_PROTOCOL_VIOLATION, 1002});
		};
		violation("5.4 PING in fragments", {}, frame(0x09, "x", masked));
		violation("5.4 Close in fragments", {}, frame(0x08, closePayload(1000), masked));
		violation("5.5 PING of 126 bytes", {}, frame(0x89, pattern(126), masked));
		violation("5.5 PONG of 65536 bytes", {}, frameHeader(0x8a, 65536, masked));
		violation("5.5 Close of 126 bytes", {}, frame(0x88, closePayload(1000, pattern(124)), masked));
		violation("5.4 final continuation of nothing", {}, frame(0x80, "x", masked));
		violation("5.4 continuation of nothing", {}, frame(0x00, "", masked));
		violation("5.4 continuation of a finished message", {"a", "b"}, frame(0x01, "a", masked) + frame(0x80, "b", masked) + frame(0x80, "c", masked));
		violation("5.4 text inside a message", {"a"}, frame(0x01, "a", masked) + frame(0x81, "b", masked));
		violation("5.4 binary inside a message", {"a", "p"}, frame(0x02, "a", masked) + frame(0x89, "p", masked) + frame(0x02, "b", masked));
		violation("5.2 125 in two bytes", {}, frameHeader(0x82, 125, masked, 2));
		violation("5.2 0 in two bytes", {}, frameHeader(0x82, 0, masked, 2));
		violation("5.2 65535 in eight bytes", {}, frameHeader(0x82, 65535, masked, 8));
		violation("5.2 5 in eight bytes", {}, frameHeader(0x82, 5, masked, 8));
		violation("5.2 2^63", {}, frameHeader(0x82, Poco::UInt64(1) << 63, masked));
		violation("5.2 2^64 - 1", {}, frameHeader(0x82, ~Poco::UInt64(0), masked));
		return rows;
	}

	std::vector<Row> payloadRows(bool masked)
	{
		std::vector<Row> rows;
		rows.push_back({"5.5.1 Close of one byte", {}, frame(0x88, "\x03", masked), WebSocket::WS_ERR_PROTOCOL_VIOLATION, 1002});
		for (int code: {0, 999, 1004, 1005, 1006, 1015, 1016, 2999, 5000, 65535})
			rows.push_back({"7.4 Close code " + std::to_string(code), {}, frame(0x88, closePayload(code), masked), WebSocket::WS_ERR_INVALID_CLOSE_CODE, 1002});
		const auto badText = [&rows](const std::string& name, const std::vector<std::string>& good, const std::string& wire)
		{
			rows.push_back({name, good, wire, WebSocket::WS_ERR_INVALID_UTF8, 1007});
		};
		badText("8.1 Close reason", {}, frame(0x88, closePayload(1000, "\xff"), masked));
		badText("8.1 Close reason cut", {}, frame(0x88, closePayload(1000, "ab\xe2\x82"), masked));
		badText("8.1 0xff", {}, frame(0x81, "ab\xff", masked));
		badText("8.1 overlong", {}, frame(0x81, "\xc0\xaf", masked));
		badText("8.1 surrogate", {}, frame(0x81, "\xed\xa0\x80", masked));
		badText("8.1 above U+10FFFF", {}, frame(0x81, "\xf4\x90\x80\x80", masked));
		badText("8.1 cut", {}, frame(0x81, "ab\xe2\x82", masked));
		badText("8.1 cut in the last fragment", {"a", "\xe2\x82\xac"}, frame(0x01, "a", masked) + frame(0x00, "\xe2\x82\xac", masked) + frame(0x80, "\xe2\x82", masked));
		badText("8.1 split and continued wrongly", {"\xe2\x82"}, frame(0x01, "\xe2\x82", masked) + frame(0x80, "a", masked));
		badText("8.1 at the end of much text", {}, frame(0x81, pattern(50000) + "\xff", masked));
		badText("8.1 not finished by an empty frame", {"\xe2\x82"}, frame(0x01, "\xe2\x82", masked) + frame(0x80, "", masked));
		return rows;
	}

	void expectFailed(Pair& pair, int error)
	{
		for (Receive receive: overloads())
			EXPECT_EQ(error, errorOf([&] { receive(pair.ws); }));
		EXPECT_EQ(error, errorOf([&] { pair.ws.sendFrame("x", 1); }));
		EXPECT_EQ(error, errorOf([&] { pair.ws.sendFrame("x", 1, 0x89); }));
		EXPECT_EQ(0, pair.ws.shutdown());
		EXPECT_EQ(0, pair.ws.shutdown(1001, "x"));
		EXPECT_EQ(WebSocketFrame::CLOSED, pair.ws.closeState());
	}

	void expectViolation(const Connection& connection, const Row& row, bool append)
	{
		SCOPED_TRACE(row.name);
		Pair pair(connection);
		const std::string after = pair.frame(0x81, "after") + pair.frame(0x82, pattern(20000));
		pair.peer.send(row.wire + after);
		for (const std::string& good: row.good) EXPECT_EQ(good, receiveFixed(pair.ws).payload);

		Poco::Buffer<char> buffer("kept", 4);
		std::string fixed(100000, '#');
		int flags = 0x777;
		EXPECT_EQ(row.error, errorOf([&]
		{
			if (append) pair.ws.receiveFrame(buffer, flags);
			else pair.ws.receiveFrame(&fixed[0], static_cast<int>(fixed.size()), flags);
		}));
		EXPECT_EQ("kept", std::string(buffer.begin(), buffer.size()));
		expectFailed(pair, row.error);

		const Frame close = pair.peer.receiveFrame();
		EXPECT_EQ(0x88, close.flags);
		EXPECT_EQ(row.closeCode, close.closeCode());
		EXPECT_EQ(connection.weMask(), close.masked);
		pair.ws.impl()->close();
		EXPECT_EQ("", pair.peer.receiveToEnd());
	}
}


class ClassViolationTest: public ConnectionTest
{
};


TEST_P(ClassViolationTest, Header)
{
	for (const Row& row: headerRows(GetParam().peerMasks()))
		for (bool append: {false, true}) expectViolation(GetParam(), row, append);
}


TEST_P(ClassViolationTest, Payload)
{
	for (const Row& row: payloadRows(GetParam().peerMasks()))
		for (bool append: {false, true}) expectViolation(GetParam(), row, append);
}


TEST_P(ClassViolationTest, ByteByByte)
{
	for (const std::vector<Row>& rows: {headerRows(GetParam().peerMasks()), payloadRows(GetParam().peerMasks())})
	{
		for (const Row& row: rows)
		{
			if (row.wire.size() > 1000) continue;
			SCOPED_TRACE(row.name);
			Pair pair(GetParam());
			pair.peer.send(row.wire, 1);
			for (const std::string& good: row.good) EXPECT_EQ(good, receiveFixed(pair.ws).payload);
			expectFailed(pair, row.error);
			EXPECT_EQ(row.closeCode, pair.peer.receiveFrame().closeCode());
		}
	}
}


TEST_P(ClassViolationTest, HeaderIsEnough)
{
	// The violation is answered without waiting for a payload that may never come.
	for (const std::string& header: {
		frameHeader(0x83, 100, GetParam().peerMasks()).substr(0, 2),
		frameHeader(0xc1, 100, GetParam().peerMasks()).substr(0, 2),
		frameHeader(0x81, 100, !GetParam().peerMasks()).substr(0, 2),
		frameHeader(0x89, 126, GetParam().peerMasks()).substr(0, 2)})
	{
		Pair pair(GetParam());
		pair.peer.send(header);
		EXPECT_NE(0, errorOf([&] { receiveFixed(pair.ws); }));
		EXPECT_EQ(1002, pair.peer.receiveFrame().closeCode());
	}
}


TEST_P(ClassViolationTest, BadTextIsRefusedBeforeItsEnd)
{
	Pair pair(GetParam());
	pair.peer.send(pair.frame(0x81, "\xff" + pattern(1000)).substr(0, 500));
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_UTF8, errorOf([&] { receiveFixed(pair.ws); }));
	EXPECT_EQ(1007, pair.peer.receiveFrame().closeCode());
}


TEST_P(ClassViolationTest, AfterOurCloseNoSecondOneIsSent)
{
	Pair pair(GetParam());
	pair.ws.shutdown(1001);
	pair.send(0x83, "x");
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_OPCODE, errorOf([&] { receiveFixed(pair.ws); }));
	EXPECT_EQ(1001, pair.peer.receiveFrame().closeCode());
	pair.ws.impl()->close();
	EXPECT_EQ("", pair.peer.receiveToEnd());
}


TEST_P(ClassViolationTest, CloseArrivesAlsoIfTheSocketIsDestroyedAtOnce)
{
	// What the peer had sent behind the violation must not turn into a reset.
	Pair pair(GetParam());
	pair.peer.send(pair.frame(0x83, "x") + pair.frame(0x82, pattern(30000)));
	{
		WebSocket last(pair.ws);
		pair.ws = Both(Transport::PLAIN).client;
		EXPECT_EQ(WebSocket::WS_ERR_INVALID_OPCODE, errorOf([&] { receiveFixed(last); }));
	}
	EXPECT_EQ(1002, pair.peer.receiveFrame().closeCode());
	EXPECT_EQ("", pair.peer.receiveToEnd());
}


TEST_P(ClassViolationTest, UTF8CheckCanBeSwitchedOff)
{
	Pair pair(GetParam());
	EXPECT_TRUE(pair.ws.getVerifyUTF8());
	pair.ws.setVerifyUTF8(false);
	EXPECT_FALSE(pair.ws.getVerifyUTF8());
	EXPECT_TRUE(pair.ws.getVerifyMasking());
	pair.peer.send(pair.frame(0x81, "a\xff") + pair.frame(0x01, "\xe2") + pair.frame(0x80, "x") + pair.frame(0x88, closePayload(1000, "\xff")));
	EXPECT_EQ("a\xff", receiveFixed(pair.ws).payload);
	EXPECT_EQ("\xe2", appendFrame(pair.ws).payload);
	EXPECT_EQ("x", receiveFixed(pair.ws).payload);
	EXPECT_EQ(closePayload(1000, "\xff"), receiveFixed(pair.ws).payload);
}


TEST_P(ClassViolationTest, OtherChecksStayOnWithoutUTF8)
{
	Pair pair(GetParam());
	pair.ws.setVerifyUTF8(false);
	pair.send(0x88, closePayload(1005, "\xff"));
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_CLOSE_CODE, errorOf([&] { receiveFixed(pair.ws); }));
}


TEST_P(ClassViolationTest, MaskingCheckCanBeSwitchedOff)
{
	Pair pair(GetParam());
	EXPECT_TRUE(pair.ws.getVerifyMasking());
	pair.ws.setVerifyMasking(false);
	EXPECT_FALSE(pair.ws.getVerifyMasking());
	EXPECT_TRUE(pair.ws.getVerifyUTF8());
	for (bool masked: {true, false})
	{
		for (Receive receive: overloads())
		{
			for (std::size_t length: {0, 1, 5, 20000})
			{
				pair.peer.send(frame(0x81, pattern(length), masked));
				const Received received = receive(pair.ws);
				EXPECT_EQ(0x81, received.flags);
				EXPECT_TRUE(pattern(length) == received.payload);
			}
		}
	}
	pair.send(0x83, "x");
	EXPECT_EQ(WebSocket::WS_ERR_INVALID_OPCODE, errorOf([&] { receiveFixed(pair.ws); }));
}


INSTANTIATE_TEST_SUITE_P(Each, ClassViolationTest, ::testing::ValuesIn(allConnections()), connectionName);
