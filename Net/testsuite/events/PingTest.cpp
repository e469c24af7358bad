//
// PingTest.cpp
//
// onPing() and onPong().
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Exception.h"


namespace WebSocketTest {


using Log = std::vector<std::string>;


TEST_P(EventPortTest, PingsAndPongs)
	/// Any payload, between messages and inside one. A PING is answered before the callback.
{
	EventServer server(GetParam());
	Notes notes;
	server.handler.ping = [&](EventConnection& connection, std::string_view payload)
	{
		notes.add("ping " + std::string(payload));
		connection.sendText("after the PONG");
	};
	server.handler.pong = [&](EventConnection&, std::string_view payload) { notes.add("pong " + std::string(payload)); };
	server.start();
	RawPeer peer = server.connect();
	const std::string longest(125, 'p');
	Log expected;
	for (const std::string& payload: {std::string(), std::string("\0x", 2), longest})
	{
		peer.send(masked(0x01, "a") + masked(FIN_PING, payload) + masked(FIN_PONG, payload) + masked(0x80, "b"));
		const Frame pong = peer.receiveFrame();
		EXPECT_EQ(FIN_PONG, pong.flags);
		EXPECT_EQ(payload, pong.payload);
		expectText(peer, "after the PONG");
		expectText(peer, "ab");
		expected.push_back("ping " + payload);
		expected.push_back("pong " + payload);
	}
	notes.expect(expected);
}


TEST_P(EventPortTest, PingCallbackThatThrows)
	/// As any callback: the connection is closed with 1011, after the PONG.
{
	for (const bool ping: {true, false})
	{
		SCOPED_TRACE(ping);
		EventServer server(GetParam());
		server.handler.ping = [](EventConnection&, std::string_view) { throw Poco::RuntimeException("ping"); };
		server.handler.pong = [](EventConnection&, std::string_view) { throw Poco::RuntimeException("pong"); };
		server.start();
		RawPeer peer = server.connect();
		peer.send(masked(ping ? FIN_PING : FIN_PONG, "?") + textFrame("never"));
		if (ping)
		{
			EXPECT_EQ("?", peer.receiveFrame().payload);
		}
		expectClosed(peer, WebSocketFrame::INTERNAL_ERROR);
		EXPECT_EQ((Log{"open", "error Runtime exception 0", "close 1006"}), server.handler.finalLog());
	}
}


TEST_F(EventTest, PingsThatAreNotAnswered)
	/// After our Close frame no PONG is sent (RFC 6455, 5.5.1), but the callback comes.
{
	EventServer server;
	Notes notes;
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode) { connection.close(); };
	server.handler.ping = [&](EventConnection&, std::string_view payload) { notes.add("ping " + std::string(payload)); };
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("close"));
	EXPECT_EQ(WebSocketFrame::NORMAL_CLOSURE, peer.receiveFrame().closeCode());
	peer.send(masked(FIN_PING, "late") + closeFrame());
	EXPECT_TRUE(peer.atEnd());
	notes.expect({"ping late"});
}


} // namespace WebSocketTest
