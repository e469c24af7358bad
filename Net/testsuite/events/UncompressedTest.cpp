//
// UncompressedTest.cpp
//
// Messages that are left out of permessage-deflate, and prepared messages.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/WebSocketClient.h"
#include <algorithm>
#include <thread>


using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientCallbacks;
using Poco::Net::WebSocketClientParams;


namespace WebSocketTest {


TEST_P(EventPortTest, UncompressedMessages)
	/// RFC 7692, 6: RSV1 tells which messages are compressed. What others refer to is not touched by those that are not.
{
	constexpr auto NONE = WebSocketFrame::Compression::NONE;
	const std::string text = pattern(3000);
	const std::string large = pattern(300000); // would be compressed in steps

	struct Way
	{
		const char* name;
		std::function<void (EventConnection&)> send;
		bool compressed;
		std::string message;
	};
	const std::vector<Way> WAYS =
	{
		{"sendText()", [&](EventConnection& connection) { connection.sendText(text); }, true, text},
		{"sendText(NONE)", [&](EventConnection& connection) { connection.sendText(text, NONE); }, false, text},
		{"sendBinary(NONE)", [&](EventConnection& connection) { connection.sendBinary(text, NONE); }, false, text},
		{"sendBinary(pointer, NONE)", [&](EventConnection& connection) { connection.sendBinary(text.data(), text.size(), NONE); }, false, text},
		{"send(NONE)", [&](EventConnection& connection) { connection.send(text, WebSocketFrame::OP_TEXT, NONE); }, false, text},
		{"send(AS_AGREED)", [&](EventConnection& connection) { connection.send(text, WebSocketFrame::OP_TEXT, WebSocketFrame::Compression::AS_AGREED); }, true, text},
		{"large", [&](EventConnection& connection) { connection.sendText(large, NONE); }, false, large},
		{"behind a large one", [&](EventConnection& connection) { connection.sendText(large); connection.sendText(text, NONE); }, true, large},
		{"", [](EventConnection&) {}, false, text},
		{"prepared", [&](EventConnection& connection) { connection.send(Poco::Net::WebSocketPreparedMessage::text(text)); }, true, text},
		{"prepared, NONE", [&](EventConnection& connection) { connection.send(Poco::Net::WebSocketPreparedMessage::binary(text, NONE)); }, false, text},
		{"other thread", [&](EventConnection& connection) { std::thread([&] { connection.sendText(text, NONE); }).join(); }, false, text},
		{"parts", [&](EventConnection& connection)
			{
				connection.sendPart(text.substr(0, 1000), WebSocketFrame::OP_TEXT, false, NONE);
				connection.sendPart(text.substr(1000), WebSocketFrame::OP_TEXT, true);
			}, false, text},
		{"sendText() at last", [&](EventConnection& connection) { connection.sendText(text); }, true, text},
	};
	EventParams::Ptr pParams = new EventParams;
	pParams->setDeflate(true);
	EventServer server(GetParam(), pParams);
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		for (const Way& way: WAYS) way.send(connection);
	};
	server.start();
	RawPeer peer = server.connect("Sec-WebSocket-Extensions: permessage-deflate\r\n");
	peer.send(textFrame("go"));
	ZlibInflater inflater;
	std::vector<Way> expected = WAYS;
	// Another thread's messages are performed at the end of the turn, after the callback.
	const auto other = std::find_if(expected.begin(), expected.end(), [](const Way& way) { return way.name == std::string("other thread"); });
	std::rotate(other, other + 1, expected.end());
	for (const Way& way: expected)
	{
		const Frame frame = receiveJoined(peer);
		EXPECT_EQ(way.compressed, (frame.flags & 0x40) != 0) << way.name;
		EXPECT_TRUE(way.message == (frame.flags & 0x40 ? inflater.message(frame.payload) : frame.payload)) << way.name;
	}
}


TEST_F(EventTest, UncompressedMessagesOfAClient)
	/// Those that were kept until there was a connection as well. A broadcast has the compression of its message.
{
	constexpr auto NONE = WebSocketFrame::Compression::NONE;
	const std::string text = pattern(3000);
	RawServer server;
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setDeflate(true);
	WebSocketClient client(Poco::URI("ws://127.0.0.1:" + std::to_string(server.port())), WebSocketClientCallbacks(), pParams);
	client.start();
	const auto send = [&]
	{
		client.sendText(text);
		client.sendText(text, NONE);
		client.sendBinary(text, NONE);
		client.sendBinary(text.data(), text.size(), NONE);
		client.send(text, WebSocketFrame::OP_TEXT, NONE);
		client.sendText(text);
		EXPECT_THROW(client.sendText("\xff", NONE), Poco::InvalidArgumentException);
	};
	send();
	RawPeer peer = server.accept("Sec-WebSocket-Extensions: permessage-deflate\r\n");
	ZlibInflater inflater;
	for (int round = 0; round < 2; ++round)
	{
		SCOPED_TRACE(round == 0 ? "kept" : "sent");
		for (const int flags: {0xc1, 0x81, 0x82, 0x82, 0x81, 0xc1})
		{
			const Frame frame = peer.receiveFrame();
			EXPECT_EQ(flags, frame.flags);
			EXPECT_TRUE(text == (frame.flags & 0x40 ? inflater.message(frame.payload) : frame.payload));
		}
		if (round == 0) send();
	}
}


TEST_F(EventTest, UncompressedBroadcast)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setDeflate(true);
	EventServer server(Port::PLAIN, pParams);
	server.start();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 4; ++i) peers.push_back(server.connect(i % 2 == 0 ? "Sec-WebSocket-Extensions: permessage-deflate\r\n" : ""));
	const std::string text = pattern(3000);
	server.handler.connection(3);
	server.server.broadcast(Poco::Net::WebSocketPreparedMessage::text(text));
	server.server.broadcast(Poco::Net::WebSocketPreparedMessage::text(text, WebSocketFrame::Compression::NONE));
	for (std::size_t i = 0; i < peers.size(); ++i)
	{
		EXPECT_EQ(i % 2 == 0 ? 0xc1 : 0x81, peers[i].receiveFrame().flags);
		const Frame frame = peers[i].receiveFrame();
		EXPECT_EQ(0x81, frame.flags);
		EXPECT_TRUE(text == frame.payload);
	}
}


TEST_F(EventTest, PreparedMessages)
{
	using Poco::Net::WebSocketPreparedMessage;
	for (const std::size_t size: {0u, 1u, 125u, 126u, 65535u, 65536u})
	{
		const std::string content = pattern(size);
		const WebSocketPreparedMessage::Ptr pText = WebSocketPreparedMessage::text(content);
		EXPECT_EQ(WebSocketFrame::OP_TEXT, pText->opcode());
		EXPECT_EQ(WebSocketFrame::Compression::AS_AGREED, pText->compression());
		EXPECT_TRUE(content == pText->message());
		EXPECT_TRUE(frame(FIN_TEXT, content, false) == pText->frame());
		const WebSocketPreparedMessage::Ptr pBinary = WebSocketPreparedMessage::binary(content, WebSocketFrame::Compression::NONE);
		EXPECT_EQ(WebSocketFrame::OP_BINARY, pBinary->opcode());
		EXPECT_EQ(WebSocketFrame::Compression::NONE, pBinary->compression());
		EXPECT_TRUE(frame(FIN_BINARY, content, false) == pBinary->frame());
	}
	EXPECT_THROW(WebSocketPreparedMessage::text("\xff"), Poco::InvalidArgumentException);
	EXPECT_NO_THROW(WebSocketPreparedMessage::binary("\xff"));
}


} // namespace WebSocketTest
