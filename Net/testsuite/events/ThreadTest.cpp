//
// ThreadTest.cpp
//
// Calls by many threads, handlers that throw, stop() and drain().
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/HTTPRequest.h"
#include <future>
#include <thread>


using Poco::Net::HTTPRequest;
using Poco::Net::WebSocketPreparedMessage;


namespace WebSocketTest {


using Lines = std::vector<std::string>;


namespace
{
	class Crowd
		/// Peers that come, talk, and go in all ways, until it is destroyed.
	{
	public:
		Crowd(EventServer& server, int threads)
		{
			for (int t = 0; t < threads; ++t)
			{
				_threads.emplace_back([this, &server, t]
				{
					for (unsigned i = 0; !_stop; ++i) visit(server, i + static_cast<unsigned>(t));
				});
			}
		}

		~Crowd()
		{
			_stop = true;
			for (std::thread& thread: _threads) thread.join();
		}

		std::atomic<int> visits{0};

	private:
		void visit(EventServer& server, unsigned how)
		{
			try
			{
				RawPeer peer = server.connect();
				++visits;
				peer.send(textFrame("hello") + textFrame(pattern(how % 5 * 3000)));
				if (how % 4 == 0) peer.receiveFrame();
				if (how % 3 == 0) peer.reset();
				else if (how % 3 == 1) peer.send(closeFrame());
				if (how % 6 == 1) peer.receiveToEnd();
			}
			catch (const Poco::Exception&)
			{
				std::this_thread::yield(); // the server has gone, or has cut it
			}
		}

		std::atomic<bool> _stop{false};
		std::vector<std::thread> _threads;
	};
}


TEST_P(EventPortTest, SendBehindFollowsWhatOtherThreadsHaveSent)
{
	EventServer server(GetParam());
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		std::thread([&] { connection.sendText("1"); }).join();
		EXPECT_EQ(EventConnection::SENT, connection.sendBehind(WebSocketPreparedMessage::text("2")));
		connection.sendText("overtakes them");
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	for (const char* text: {"overtakes them", "1", "2"}) expectText(peer, text);
	EventConnection::Ptr pConnection = server.handler.connection();
	pConnection->close();
	EXPECT_TRUE(eventually([&] { return pConnection->state() != EventConnection::OPEN; }));
	EXPECT_EQ(EventConnection::NOT_OPEN, pConnection->sendBehind(WebSocketPreparedMessage::text("3")));
}


TEST_P(EventPortTest, CloseBehindFollowsWhatOtherThreadsHaveSent)
{
	EventServer server(GetParam());
	server.handler.message = [](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		std::thread([&] { connection.sendText("1"); }).join();
		EXPECT_THROW(connection.closeBehind(1005, ""), Poco::InvalidArgumentException);
		connection.closeBehind(4000, "behind it");
		EXPECT_EQ(EventConnection::OPEN, connection.state());
		connection.sendText("overtakes them");
	};
	server.start();
	RawPeer peer = server.connect();
	peer.send(textFrame("go"));
	for (const char* text: {"overtakes them", "1"}) expectText(peer, text);
	expectClosed(peer, 4000);
}


TEST_P(EventPortTest, EightSendersWhilePeersComeAndGo)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(3);
	EventServer server(GetParam(), pParams);
	server.start();
	std::atomic<bool> stop(false);
	std::vector<std::thread> senders;
	const WebSocketPreparedMessage::Ptr pPrepared = WebSocketPreparedMessage::text(pattern(20000));
	const WebSocketPreparedMessage::Ptr pShort = WebSocketPreparedMessage::text("to all");
	{
		Crowd crowd(server, 4);
		for (unsigned t = 0; t < 8; ++t)
		{
			senders.emplace_back([&, t]
			{
				for (unsigned i = t; !stop; ++i)
				{
					const std::size_t count = server.handler.count();
					if (count == 0) continue;
					EventConnection::Ptr pConnection = server.handler.connection(count - 1 - i % std::min<std::size_t>(count, 8));
					switch (i % 16)
					{
					case 0: pConnection->close(4000, "enough"); break;
					case 1: pConnection->abort(); break;
					case 2: pConnection->ping(); break;
					case 3: pConnection->pause(); pConnection->resume(); break;
					case 5: pConnection->send(pPrepared); break;
					case 6: pConnection->metrics(); pConnection->id(); break;
					case 7: pConnection->setUserData(std::make_shared<int>(1)); break;
					case 9: server.server.broadcast(pShort); break;
					default: pConnection->sendText("message");
					}
					if (i % 4 == 0) std::this_thread::yield();
				}
			});
		}
		EXPECT_TRUE(eventually([&] { return crowd.visits > (sanitized() ? 100 : 300); }));
		stop = true;
		for (std::thread& sender: senders) sender.join();
	}
	server.server.stop();
	for (std::size_t i = 0; i < server.handler.count(); ++i) server.handler.finalLog(i);
	const auto metrics = server.server.metrics();
	EXPECT_EQ(0, metrics.connections);
	EXPECT_EQ(0, metrics.handshakes);
	EXPECT_EQ(server.handler.count(), metrics.connectionsOpened);
}


TEST_P(EventPortTest, StopWhilePeersComeAndGo)
{
	for (int round = 0; round < 20; ++round)
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(3);
		EventServer server(GetParam(), pParams);
		server.start();
		Crowd crowd(server, 3);
		ASSERT_TRUE(eventually([&] { return crowd.visits > round; }));
		if (round % 2 == 0) server.server.stop();
		else server.server.drain(Poco::Timespan(0, 20*1000));
		for (std::size_t i = 0; i < server.handler.count(); ++i) server.handler.finalLog(i);
		EXPECT_EQ(0, server.server.metrics().connections);
		EXPECT_EQ(0, server.server.metrics().handshakes);
	}
}


TEST_P(EventPortTest, Drain)
{
	EventServer server(GetParam());
	server.start();
	RawPeer polite = server.connect();
	RawPeer silent = server.connect();
	RawPeer halfway = server.dial();
	halfway.send("GET /");
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
	std::future<std::vector<EventConnection::Ptr>> drained = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(0, 300*1000)); });
	const Frame close = polite.receiveFrame();
	EXPECT_EQ(1001, close.closeCode());
	EXPECT_THROW(server.connect(), Poco::Exception);
	polite.send(masked(FIN_CLOSE, close.payload));
	EXPECT_TRUE(polite.atEnd());
	polite.close();
	EXPECT_EQ(1001, silent.receiveFrame().closeCode());
	const std::vector<EventConnection::Ptr> cut = get(drained);
	ASSERT_EQ(1u, cut.size());
	EXPECT_EQ(cut[0], server.handler.connection(1));
	EXPECT_EQ((Lines{"open", "close 1001 Going away"}), server.handler.finalLog(0));
	EXPECT_EQ("close 1006", server.handler.finalLog(1).back());
	EXPECT_TRUE(server.server.drain(Poco::Timespan(1, 0)).empty());
	EXPECT_THROW(server.server.start(), Poco::IllegalStateException);
}


TEST_F(EventTest, DrainEndsWhenAllHaveGone)
{
	EventServer server;
	server.start();
	RawPeer peer = server.connect();
	std::future<std::vector<EventConnection::Ptr>> drained = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(600, 0)); });
	expectClosed(peer, 1001);
	peer.close();
	EXPECT_TRUE(get(drained).empty());
}


TEST_F(EventTest, NeverStarted)
{
	EventServer server;
	server.server.stop();
	EXPECT_TRUE(server.server.drain(Poco::Timespan(1, 0)).empty());
	EXPECT_EQ(0, server.server.metrics().connections);
	EXPECT_THROW(Poco::Net::WebSocketServer{Poco::Net::WebSocketServerHandler::Ptr()}, Poco::InvalidArgumentException);
}


//
// Handlers that throw
//
namespace
{
	void raise(int what)
	{
		if (what == 0) throw std::runtime_error("standard");
		if (what == 1) throw Poco::DataException("Poco", 7);
		throw 42;
	}
}


TEST_P(EventPortTest, CallbackThrows)
{
	// Each callback, each kind; onError() and onClose() when the connection is ending anyway.
	enum Where { OPEN, MESSAGE, PART, DRAINED, ERROR, CLOSE };
	const char* const errors[] = {"error Unhandled exception 0", "error Data error 7", "error Unhandled exception 0"};
	for (int where = OPEN; where <= CLOSE; ++where)
	{
		for (int what = 0; what < 3; ++what)
		{
			SCOPED_TRACE(::testing::Message() << "callback " << where << ", exception " << what);
			EventParams::Ptr pParams = new EventParams;
			pParams->setThreads(1);
			EventServer server(GetParam(), pParams);
			EventConnection* pVictim = nullptr;
			const auto throwing = [&](Where here, EventConnection& connection) { if (where == here && &connection == pVictim) raise(what); };
			server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&)
			{
				if (server.handler.count() != 2) return;
				pVictim = &connection;
				if (where == PART) connection.setParts(true);
				throwing(OPEN, connection);
			};
			server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
			{
				throwing(MESSAGE, connection);
				connection.send(data, opcode);
				if (where == DRAINED && &connection == pVictim) connection.sendText(pattern(1500000)); // not at once
			};
			server.handler.part = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode, bool) { throwing(PART, connection); };
			server.handler.drained = [&](EventConnection& connection) { throwing(DRAINED, connection); };
			server.handler.error = [&](EventConnection& connection, const Poco::Exception&) { throwing(ERROR, connection); };
			server.handler.close = [&](EventConnection& connection, int, const std::string&) { throwing(CLOSE, connection); };
			server.smallBuffers().start();
			RawPeer well = server.connect();
			RawPeer peer = server.connect();
			if (where == ERROR) peer.send(masked(0x83));
			else if (where == CLOSE) peer.send(closeFrame(1000));
			else if (where != OPEN) peer.send(textFrame("go"));
			ASSERT_TRUE(where != DRAINED || eventually([&] { return server.handler.connection(1)->metrics().bytesQueued > 0; }));
			Frame last;
			while ((last = peer.receiveFrame()).opcode() != 8) {}
			EXPECT_EQ(where == ERROR ? 1002 : where == CLOSE ? 1000 : 1011, last.closeCode());
			peer.receiveToEnd();
			const Lines log = server.handler.finalLog(1);
			if (where == CLOSE)
			{
				EXPECT_TRUE(eventually([&] { return server.handler.log(1).back() == errors[what]; })) << server.handler.log(1).back();
			}
			else
			{
				EXPECT_EQ("close 1006", log.back());
				EXPECT_EQ(where == ERROR ? "error WebSocket Exception 13" : errors[what], log[log.size() - 2]);
			}
			well.send(textFrame("still here"));
			expectText(well, "still here");
		}
	}
}


TEST_F(EventTest, HookThrows)
{
	for (int what = 0; what < 3; ++what)
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setHook([what](Poco::Net::HTTPServerRequest&, Poco::Net::HTTPServerResponse&) -> bool { raise(what); return true; });
		EventServer server(Port::PLAIN, pParams);
		server.start();
		RawPeer peer = server.dial();
		peer.send(handshakeRequest());
		EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 500 ")) << what;
	}
}


TEST_F(EventTest, OthersMessagesWaitForParts)
{
	// RFC 6455, 5.4: what is sent meanwhile, by whomever, comes behind the message that is being sent in parts.
	EventServer server;
	server.handler.message = [](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
	{
		const std::string what(data);
		if (what == "bad")
		{
			EXPECT_THROW(connection.sendPart("\xff", WebSocketFrame::OP_TEXT, false), Poco::InvalidArgumentException);
			EXPECT_EQ(EventConnection::SENT, connection.sendText("good"));
			return;
		}
		EXPECT_EQ(EventConnection::SENT, connection.sendPart(data, WebSocketFrame::OP_TEXT, what == "end"));
		if (what == "end")
		{
			EXPECT_EQ(EventConnection::SENT, connection.sendText("last"));
			return;
		}
		EXPECT_EQ(EventConnection::SENT, connection.sendText("own"));
		EXPECT_THROW(connection.sendPart("x", WebSocketFrame::OP_BINARY, false), Poco::InvalidArgumentException);
	};
	server.start();
	RawPeer peer = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection();
	EXPECT_THROW(pConnection->sendPart("x", WebSocketFrame::OP_TEXT, true), Poco::IllegalStateException);
	peer.send(textFrame("begin"));
	EXPECT_EQ(0x01, peer.receiveFrame().flags);
	EXPECT_EQ(EventConnection::SENT, pConnection->sendText("first"));
	EXPECT_EQ(EventConnection::SENT, pConnection->send(WebSocketPreparedMessage::text("second")));
	pConnection->ping();
	EXPECT_EQ(FIN_PING, peer.receiveFrame().flags); // control frames may come in between
	EXPECT_EQ(14u + 3*EventParams::QUEUE_ENTRY, pConnection->metrics().bytesQueued);
	peer.send(textFrame("end"));
	EXPECT_EQ(0x80, peer.receiveFrame().flags);
	for (const char* message: {"own", "first", "second", "last"}) expectText(peer, message);
	peer.send(textFrame("bad"));
	expectText(peer, "good");
}


TEST_F(EventTest, Spin)
	/// A loop that looks a while before it waits: it answers, keeps its times, performs what other threads want, and stops.
{
	for (const Poco::Timespan& time: {Poco::Timespan(0, 200), Poco::Timespan(0, 50000)})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setSpin(time);
		pParams->setPingInterval(Poco::Timespan(0, 100000));
		EventServer server(Port::PLAIN, pParams);
		server.start();
		RawPeer peer = server.connect();
		const auto nextText = [&] // a slow machine may see a PING before it
		{
			Frame frame = peer.receiveFrame();
			while (frame.flags == FIN_PING) frame = peer.receiveFrame();
			return frame.payload;
		};
		for (int i = 0; i < 100; ++i)
		{
			peer.send(textFrame("hello"));
			EXPECT_EQ("hello", nextText());
		}
		EXPECT_EQ(FIN_PING, peer.receiveFrame().flags);
		server.handler.connection()->sendText("from elsewhere");
		EXPECT_EQ("from elsewhere", nextText());
		server.server.stop();
		peer.receiveToEnd();
	}
}


TEST_F(EventTest, StopEndsADrain)
{
	// A peer that does not answer its Close, and a program that is asked twice to end.
	EventServer server;
	server.start();
	RawPeer peer = server.connect();
	std::future<std::size_t> drained = std::async(std::launch::async, [&] { return server.server.drain(deadline()).size(); });
	EXPECT_EQ(1001, peer.receiveFrame().closeCode());
	server.server.stop();
	EXPECT_EQ(1u, get(drained));
}


} // namespace WebSocketTest
