//
// FoundTest.cpp
//
// Defects of the event shell that a second look at it has found.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Net/WebSocketFrame.h"
#include <cstring>
#include <future>
#include <thread>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>


namespace WebSocketTest {


namespace
{
	using Poco::Net::WebSocketClient;
	using Poco::Net::WebSocketClientLoop;
	using Poco::Net::WebSocketClientParams;
	using Poco::Net::WebSocketFrame;
	using Poco::Net::WebSocketPreparedMessage;

	class Client
	{
	public:
		Client(WebSocketClientLoop& loop, const EventServer& server, WebSocketClientParams::Ptr pParams = new WebSocketClientParams):
			client(Poco::URI("ws://127.0.0.1:" + std::to_string(server.number()) + "/"), new Teller(*this), loop, pParams)
		{
		}

		std::function<void ()> open;
		std::atomic<int> opened{0};
		std::atomic<int> code{0};
		WebSocketClient client;

	private:
		struct Teller: public Poco::Net::WebSocketClientHandler
		{
			explicit Teller(Client& itsOwner):
				owner(itsOwner)
			{
			}

			void onOpen(EventConnection&, const Poco::Net::HTTPRequest&, const Poco::Net::HTTPResponse&) override
			{
				++owner.opened;
				if (owner.open) owner.open();
			}

			void onClose(EventConnection&, int closeCode, const std::string&) override
			{
				owner.code = closeCode;
			}

			Client& owner;
		};
	};

	EventParams::Ptr oneLoop()
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		return pParams;
	}
}


TEST_P(EventPortTest, PausedWhileSomethingIsQueued)
	/// As sendPart() recommends: onDrained() comes, also if what is queued is a message that waits for the last part, or
	/// one of another thread that is sent a moment later.
{
	EventServer server(GetParam(), oneLoop());
	server.handler.open = [](EventConnection& connection, Poco::Net::HTTPServerRequest&) { connection.setParts(true); };
	server.handler.part = [](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode, bool last)
	{
		connection.sendPart(data, opcode, last);
		if (data == "first") connection.sendText("note");
		if (data == "other") std::thread([&] { connection.sendText("other thread's"); }).join();
		if (connection.metrics().bytesQueued > 0) connection.pause();
	};
	server.handler.drained = [](EventConnection& connection) { connection.resume(); };
	server.start();
	RawPeer peer = server.connect();
	peer.send(masked(0x01, "first"));
	EXPECT_EQ("first", peer.receiveFrame().payload);
	peer.send(masked(0x00, "second"));
	EXPECT_EQ("second", peer.receiveFrame().payload);
	peer.send(masked(0x80, "third"));
	EXPECT_EQ("third", peer.receiveFrame().payload);
	EXPECT_EQ("note", peer.receiveFrame().payload);
	peer.send(masked(0x81, "other"));
	EXPECT_EQ("other", peer.receiveFrame().payload);
	EXPECT_EQ("other thread's", peer.receiveFrame().payload);
	peer.send(masked(0x81, "last"));
	EXPECT_EQ("last", peer.receiveFrame().payload);
}


TEST_P(EventPortTest, ClosedWhilePaused)
	/// The closing handshake is completed, and who waits for onDrained() is called.
{
	for (const bool full: {false, true})
	{
		EventParams::Ptr pParams = oneLoop();
		pParams->setMaxQueuedBytes(1000);
		EventServer server(GetParam(), pParams);
		server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
		{
			while (full && connection.sendText(std::string(100000, 'x')) == EventConnection::SENT)
			{
			}
			connection.pause();
		};
		server.smallBuffers().start();
		RawPeer peer = server.connect();
		peer.send(textFrame("go"));
		EventConnection::Ptr pConnection = server.handler.connection();
		EXPECT_TRUE(eventually([&] { return pConnection->metrics().messagesReceived == 1 && (!full || pConnection->metrics().messagesNotQueued == 1); }));
		pConnection->close(1000, "");
		Frame frame = peer.receiveFrame();
		while (frame.opcode() == WebSocketFrame::OP_TEXT) frame = peer.receiveFrame();
		EXPECT_EQ(1000, frame.closeCode());
		peer.send(closeFrame());
		EXPECT_TRUE(peer.atEnd());
		EXPECT_EQ("close 1000", server.handler.finalLog().back());
		EXPECT_EQ(full, server.handler.has("drained"));
	}
}


TEST_F(EventTest, ClientClosedBeforeItIsInItsLoop)
	/// A callback of one client does something with the connection of another, which is on its way into the loop.
{
	EventServer server;
	server.start();
	for (const std::string what: {"close", "abort", "pause"})
	{
		SCOPED_TRACE(what);
		WebSocketClientLoop loop(1, 2);
		Client first(loop, server);
		Client second(loop, server);
		first.open = [&]
		{
			second.client.start();
			if (!eventually([&] { return !second.client.connection().isNull(); })) return;
			EventConnection::Ptr pConnection = second.client.connection();
			if (what == "close") pConnection->close(1000, "");
			if (what == "abort") pConnection->abort();
			if (what == "pause") pConnection->pause();
		};
		first.client.start();
		EXPECT_TRUE(eventually([&] { return second.opened > 0; }));
		if (what != "pause")
		{
			EXPECT_TRUE(eventually([&] { return second.code == (what == "close" ? 1000 : 1006); }));
		}
		second.client.stop();
		first.client.stop();
	}
}


TEST_F(EventTest, ClientSendsAllThatWasKept)
	/// Also more than its queue may hold, and behind a message that is compressed in steps.
{
	EventServer server(Port::PLAIN, [] { EventParams::Ptr pParams = oneLoop(); pParams->setDeflate(true); return pParams; }());
	std::promise<void> admitted;
	std::shared_future<void> isAdmitted = admitted.get_future().share();
	server.handler.open = [&](EventConnection&, Poco::Net::HTTPServerRequest&) { isAdmitted.wait(); };
	server.start();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setDeflate(true);
	pParams->setMaxQueuedBytes(65536);
	WebSocketClientLoop loop(1);
	Client client(loop, server, pParams);
	client.client.start();
	const std::string text = pattern(70000);
	for (const std::string& message: {text, std::string("hello"), text, std::string("world")}) EXPECT_EQ(EventConnection::SENT, client.client.sendText(message));
	admitted.set_value();
	EXPECT_TRUE(eventually([&] { return server.handler.has("message 1 world"); }));
	EXPECT_TRUE(server.handler.has("message 1 hello"));
	EXPECT_TRUE(eventually([&] { return client.client.connection()->metrics().bytesQueued == 0; }));
	EXPECT_EQ(EventConnection::SENT, client.client.sendText("and on"));
	EXPECT_TRUE(eventually([&] { return server.handler.has("message 1 and on"); }));
}


TEST_F(EventTest, SlowReaderIsNotPinged)
	/// No answer to a PING can be expected of who has not been sent it yet.
{
	EventParams::Ptr pParams = oneLoop();
	pParams->setPingInterval(Poco::Timespan(0, 100*1000));
	pParams->setPongTimeout(Poco::Timespan(1, 0));
	pParams->setMaxQueuedBytes(16 << 20);
	EventServer server(Port::PLAIN, pParams);
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode) { connection.sendText(std::string(2 << 20, 'x')); };
	server.smallBuffers().start();
	RawPeer slow = server.connect();
	slow.send(textFrame("go"));
	RawPeer other = server.connect();
	for (int i = 0; i < 20; ++i) // 2 s at least: longer than a PING and its answer may take
	{
		const Frame ping = other.receiveFrame();
		EXPECT_EQ(FIN_PING, ping.flags);
		other.send(masked(FIN_PONG, ping.payload));
	}
	EXPECT_EQ(2u << 20, slow.receiveFrame().payload.size());
	const Frame ping = slow.receiveFrame();
	EXPECT_EQ(FIN_PING, ping.flags);
	slow.send(masked(FIN_PONG, ping.payload) + closeFrame());
	Frame frame = slow.receiveFrame();
	while (frame.flags == FIN_PING) frame = slow.receiveFrame();
	EXPECT_EQ(1000, frame.closeCode());
}


TEST_P(TransportTest, AdoptedAfterThePeerHasGone)
	/// What was counted for its address is given back.
{
	EventParams::Ptr pParams = oneLoop();
	pParams->setMaxConnectionsPerAddress(1);
	Mailbox<bool> gone;
	Mailbox<bool> asked;
	pParams->setHook([&](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse&)
	{
		asked.put(true);
		return request.getURI() != "/gone" || gone.take();
	});
	EventServer events(Port::PLAIN, pParams);
	events.start();
	TestServer http(GetParam(), TestServer::RequestHandler([&](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
	{
		try
		{
			events.server.adopt(request, response);
		}
		catch (const Poco::Exception&)
		{
			// refused, or it has gone
		}
	}));
	{
		RawPeer peer = connectRaw(http.port(), GetParam());
		peer.send(handshakeRequest("/gone"));
		asked.take();
		peer.close();
		gone.put(true);
	}
	EXPECT_TRUE(eventually([&] { return events.server.metrics().handshakes == 0 && events.server.metrics().connections == 0; }));
	EXPECT_TRUE(eventually([&]
	{
		RawPeer peer = connectRaw(http.port(), GetParam());
		peer.send(handshakeRequest());
		return peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101") == 0;
	}));
}


TEST_F(EventTest, LocalPeerWithALongPath)
	/// Of 108 characters, which the system allows, without a NUL behind them.
{
	EventServer server(Port::LOCAL);
	server.start();
	sockaddr_un own = sockaddr_un();
	own.sun_family = AF_UNIX;
	const std::string path = (Poco::TemporaryFile().path() + std::string(200, 'x')).substr(0, sizeof(own.sun_path));
	std::memcpy(own.sun_path, path.data(), path.size());
	const Poco::Net::SocketAddress address = server.address();
	for (int i = 0; i < 2; ++i)
	{
		const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
		ASSERT_EQ(0, ::bind(fd, reinterpret_cast<const sockaddr*>(&own), sizeof(own)));
		::unlink(path.c_str());
		ASSERT_EQ(0, ::connect(fd, address.addr(), address.length()));
		Poco::Net::StreamSocket peer(new Poco::Net::StreamSocketImpl(fd)); // whose addresses are of no use, so it is no RawPeer
		peer.setReceiveTimeout(deadline());
		const std::string request = handshakeRequest() + textFrame("hello");
		peer.sendBytes(request.data(), static_cast<int>(request.size()));
		std::string received;
		char block[1000];
		while (received.find("hello") == std::string::npos)
		{
			const int n = peer.receiveBytes(block, sizeof(block));
			ASSERT_LT(0, n) << "the connection was cut";
			received.append(block, static_cast<std::size_t>(n));
		}
		EXPECT_EQ(0u, received.find("HTTP/1.1 101"));
		EXPECT_EQ(path.substr(0, path.size() - 1), server.handler.connection(static_cast<std::size_t>(i))->remoteAddress().toString());
	}
}


TEST_F(EventTest, SentWhenUserDataGoes)
	/// What a session says to others when it ends is sent in that turn.
{
	struct Session
	{
		EventConnection::Ptr pOther;

		~Session()
		{
			pOther->sendText("it has left");
		}
	};
	EventServer server(Port::PLAIN, oneLoop());
	EventConnection::Ptr pFirst;
	server.handler.quiet = true; // keeps nothing
	server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&)
	{
		if (pFirst) connection.setUserData(std::make_shared<Session>(Session{pFirst}));
		else pFirst.assign(&connection, true);
	};
	server.start();
	RawPeer first = server.connect();
	{
		RawPeer second = server.connect();
	}
	for (int i = 0; i < 2; ++i) EXPECT_EQ("it has left", first.receiveFrame().payload); // one for the object that was copied from
	pFirst.reset();
}


TEST_P(TransportTest, DrainDoesNotWaitForARefusedAdoption)
{
	for (const bool refuse: {true, false})
	{
		SCOPED_TRACE(refuse);
		EventParams::Ptr pParams = oneLoop();
		Mailbox<bool> decision;
		Mailbox<bool> asked;
		pParams->setHook([&](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse&)
		{
			if (request.getURI() != "/adopt") return true;
			asked.put(true);
			return decision.take();
		});
		EventServer events(Port::PLAIN, pParams);
		events.start();
		TestServer http(GetParam(), TestServer::RequestHandler([&](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
		{
			try
			{
				events.server.adopt(request, response);
			}
			catch (const Poco::Exception&)
			{
				// refused
			}
		}));
		RawPeer adopted = connectRaw(http.port(), GetParam());
		adopted.send(handshakeRequest("/adopt"));
		asked.take();
		RawPeer open = events.connect();
		std::future<std::size_t> cut = std::async(std::launch::async, [&] { return events.server.drain(Poco::Timespan(100, 0)).size(); });
		expectClosed(open, 1001); // all that are open have been closed
		decision.put(!refuse);
		EXPECT_EQ(0u, adopted.receiveThrough("\r\n\r\n").find(refuse ? "HTTP/1.1 403" : "HTTP/1.1 101"));
		if (!refuse) expectClosed(adopted, 1001);
		EXPECT_EQ(0u, get(cut));
	}
}


TEST_F(EventTest, DrainLeavesClientsAlone)
	/// Those that use the server's loops.
{
	EventServer other;
	other.start();
	EventServer server(Port::PLAIN, oneLoop());
	server.start();
	RawPeer peer = server.connect();
	WebSocketClientLoop loop(server.server);
	Client client(loop, other);
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.opened == 1; }));
	std::future<std::size_t> cut = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(100, 0)).size(); });
	EXPECT_EQ(1001, peer.receiveFrame().closeCode()); // and is not answered yet
	EXPECT_EQ(EventConnection::SENT, client.client.sendText("still there"));
	EXPECT_TRUE(eventually([&] { return other.handler.has("message 1 still there"); }));
	client.client.stop();
	peer.send(closeFrame(1001));
	EXPECT_EQ(0u, get(cut));
	EXPECT_EQ("close 1000", other.handler.finalLog().back());
}


TEST_P(EventPortTest, PartThatIsNotText)
	/// Can be replaced by another one, in the middle of a character, too.
{
	EventServer server(GetParam());
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		connection.sendPart("\xc3", WebSocketFrame::OP_TEXT, false);
		EXPECT_THROW(connection.sendPart("x", WebSocketFrame::OP_TEXT, true), Poco::InvalidArgumentException);
		EXPECT_THROW(connection.sendPart("\xa4\xc3", WebSocketFrame::OP_TEXT, true), Poco::InvalidArgumentException);
		EXPECT_EQ(EventConnection::SENT, connection.sendPart("\xa4", WebSocketFrame::OP_TEXT, true));
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	EXPECT_EQ("\xc3\xa4", receiveJoined(peer).payload);
}


TEST_P(EventPortTest, HandshakeOfTheGreatestSize)
{
	const std::string request = handshakeRequest();
	for (const int less: {0, 1})
	{
		EventParams::Ptr pParams = oneLoop();
		pParams->setMaxHandshakeSize(static_cast<int>(request.size()) - less);
		EventServer server(GetParam(), pParams);
		server.start();
		RawPeer peer = server.dial();
		peer.send(request);
		EXPECT_EQ(less == 0 ? "101" : "431", peer.receiveThrough("\r\n\r\n").substr(9, 3));
	}
}


TEST_F(EventTest, PreparedMessageIsCompressedForWhoCompresses)
	/// Also if the connection before does not, and gets the same messages in one turn.
{
	EventParams::Ptr pParams = oneLoop();
	pParams->setDeflate(true);
	EventServer server(Port::PLAIN, pParams);
	const WebSocketPreparedMessage::Ptr pShort = WebSocketPreparedMessage::text("short");
	const WebSocketPreparedMessage::Ptr pLong = WebSocketPreparedMessage::text(std::string(5000, 'x'));
	server.handler.message = [&](EventConnection&, std::string_view, WebSocketFrame::Opcode)
	{
		for (const auto& pMessage: {pShort, pLong})
		{
			for (const std::size_t i: {0u, 1u}) server.handler.connection(i)->send(pMessage);
		}
	};
	server.start();
	RawPeer plain = server.connect();
	server.handler.connection(0);
	RawPeer deflating = server.connect("Sec-WebSocket-Extensions: permessage-deflate\r\n");
	server.handler.connection(1);
	plain.send(textFrame("go"));
	EXPECT_EQ("short", plain.receiveFrame().payload);
	EXPECT_EQ(5000u, plain.receiveFrame().payload.size());
	EXPECT_EQ("short", deflating.receiveFrame().payload);
	EXPECT_EQ(0xc1, deflating.receiveFrame().flags);
}


TEST_F(EventTest, OpenSinceItIsOpen)
{
	EventServer server;
	server.start();
	RawPeer peer = server.dial();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connectionsAccepted == 1 && server.server.metrics().handshakes == 1; }));
	peer.send("GET / HTTP/1.1\r\n");
	const Poco::Timestamp before;
	peer.send(handshakeRequest().substr(16));
	EXPECT_LE(before, server.handler.connection()->metrics().since);
}


} // namespace WebSocketTest
