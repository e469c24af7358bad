//
// ResetTest.cpp
//
// A write that fails does not end reading: what the peer has sent before is received, its Close above all.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <future>


namespace WebSocketTest {


using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketPreparedMessage;
using Lines = std::vector<std::string>;


namespace
{
	constexpr int COUNT = 300; // messages: several reads

	std::string text(int i)
	{
		return std::to_string(i) + std::string(50, '.');
	}

	std::string lastWords(bool masks, bool closes)
	{
		std::string bytes = frame(FIN_PING, "?", masks);
		for (int i = 1; i <= COUNT; ++i) bytes += frame(FIN_TEXT, text(i), masks);
		if (closes) bytes += frame(FIN_CLOSE, closePayload(1008, "why"), masks);
		return bytes;
	}

	Lines expected(const Lines& end = {"close 1008 why"})
	{
		Lines lines = {"open"};
		for (int i = 1; i <= COUNT; ++i) lines.push_back("message 1 " + text(i));
		lines.insert(lines.end(), end.begin(), end.end());
		return lines;
	}

	Lines without(const Lines& lines, const std::string& word)
	{
		Lines result;
		for (const std::string& line: lines)
		{
			if (line.find(word) != 0) result.push_back(line);
		}
		return result;
	}

	class Hold
		/// Keeps a thread that calls wait() until it goes.
	{
	public:
		void wait()
		{
			_reached.set_value();
			get(_release);
		}

		void reached()
		{
			get(_isReached);
		}

		void release()
		{
			_go.set_value();
		}

	private:
		std::promise<void> _reached;
		std::promise<void> _go;
		std::future<void> _isReached = _reached.get_future();
		std::future<void> _release = _go.get_future();
	};

	EventParams::Ptr oneLoop()
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		return pParams;
	}

	void roundTrips(RawPeer& other)
		/// The loop has had its turn with all that it could find.
	{
		for (int i = 0; i < 3; ++i)
		{
			other.send(textFrame("round"));
			expectText(other, "round");
		}
	}

	const Lines WAYS = {"pong", "echo", "broadcast in callback", "send", "prepared", "broadcast", "ping", "close", "large", "part"};
}


TEST_P(EventPortTest, WriteFailsAfterLastWords)
{
	for (const bool closes: {true, false})
	{
		for (const std::string& way: WAYS)
		{
			SCOPED_TRACE(way);
			EventServer server(GetParam(), oneLoop());
			Hold hold;
			const WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text("prepared");
			server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
			{
				if (data == "hold") hold.wait();
				else if (way == "echo") connection.send(data, opcode);
				else if (way == "part") connection.sendPart(data, opcode, false);
				else if (way == "broadcast in callback") server.server.broadcast(pMessage);
			};
			server.start();
			RawPeer peer = server.connect();
			EventConnection::Ptr pConnection = server.handler.connection(0);
			RawPeer holder = server.connect();
			holder.send(textFrame("hold"));
			hold.reached();
			const std::string last = lastWords(true, closes);
			peer.send(way == "pong" ? last : last.substr(frame(FIN_PING, "?", true).size()));
			peer.reset();
			if (way == "send") pConnection->sendText("1");
			else if (way == "large") pConnection->sendText(pattern(3000000));
			else if (way == "prepared") pConnection->send(pMessage);
			else if (way == "broadcast") server.server.broadcast(pMessage);
			else if (way == "ping") pConnection->ping();
			else if (way == "close") pConnection->close(4000);
			hold.release();
			const Lines log = server.handler.finalLog(0);
			if (closes)
			{
				EXPECT_EQ(expected(), log);
			}
			else
			{
				EXPECT_EQ(expected({"close 1006"}), without(log, "error"));
				EXPECT_EQ(log.size(), without(log, "error").size() + 1);
			}
			EXPECT_EQ(EventConnection::NOT_OPEN, pConnection->sendText("late"));
			EXPECT_EQ(0u, pConnection->metrics().bytesQueued);
			EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 1; }));
		}
	}
}


TEST_P(EventPortTest, ResetWithAFullQueue)
	/// The poller tells at once that there is room, an error, and something to read.
{
	EventParams::Ptr pParams = oneLoop();
	pParams->setMaxQueuedBytes(300000);
	EventServer server(GetParam(), pParams);
	Hold hold;
	server.handler.message = [&](EventConnection&, std::string_view data, WebSocketFrame::Opcode)
	{
		if (data == "hold") hold.wait();
	};
	server.smallBuffers().start();
	RawPeer peer = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection(0);
	RawPeer holder = server.connect();
	while (pConnection->sendText(pattern(3000)) == EventConnection::SENT) {}
	holder.send(textFrame("hold"));
	hold.reached();
	peer.send(lastWords(true, true));
	peer.reset();
	hold.release();
	EXPECT_EQ(expected(), without(server.handler.finalLog(0), "drained"));
}


TEST_P(EventPortTest, ResetWhilePaused)
	/// Paused is paused, and what has come is not lost.
{
	for (const std::string how: {"nothing", "send", "close", "backlog", "backlog and send"})
	{
		SCOPED_TRACE(how);
		const bool backlog = how.find("backlog") == 0;
		EventParams::Ptr pParams = oneLoop();
		pParams->setCloseTimeout(Poco::Timespan(0, 50*1000));
		EventServer server(GetParam(), pParams);
		server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&)
		{
			if (server.handler.count() == 1 && !backlog) connection.pause();
		};
		server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
		{
			if (data == "round") connection.send(data, opcode);
			else if (backlog && data == text(10)) connection.pause();
		};
		server.start();
		RawPeer peer = server.connect();
		EventConnection::Ptr pConnection = server.handler.connection(0);
		RawPeer other = server.connect();
		peer.send(lastWords(true, true));
		EXPECT_TRUE(!backlog || eventually([&] { return server.handler.has("message 1 " + text(10), 0); }));
		peer.reset();
		roundTrips(other);
		if (how.find("send") != std::string::npos)
		{
			pConnection->sendText("1"); // fails now
			EXPECT_TRUE(eventually([&] { return pConnection->state() == EventConnection::CLOSING; }));
			RawPeer silent = server.connect();
			server.handler.connection(2)->close();
			server.handler.finalLog(2); // closing has taken longer than it may
		}
		roundTrips(other);
		EXPECT_EQ(backlog ? 11u : 1u, without(server.handler.log(0), "drained").size());
		if (how == "close") pConnection->close();
		else pConnection->resume();
		EXPECT_EQ(expected(), without(server.handler.finalLog(0), "drained"));
	}
}


TEST_P(EventPortTest, CloseAfterAFailedWriteWhilePaused)
{
	EventServer server(GetParam(), oneLoop());
	server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&)
	{
		if (server.handler.count() == 1) connection.pause();
	};
	server.start();
	RawPeer peer = server.connect();
	EventConnection::Ptr pConnection = server.handler.connection(0);
	peer.send(lastWords(true, true));
	peer.reset();
	pConnection->sendText("1");
	EXPECT_TRUE(eventually([&] { return pConnection->state() == EventConnection::CLOSING; }));
	pConnection->close();
	EXPECT_EQ(expected(), server.handler.finalLog(0));
}


TEST_P(EventPortTest, ResetWhilePausedUntilDrained)
	/// Who waits for the queue need not wait for ever.
{
	EventParams::Ptr pParams = oneLoop();
	pParams->setMaxQueuedBytes(300000);
	EventServer server(GetParam(), pParams);
	std::atomic<bool> paused(false);
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
	{
		if (data != "fill") return;
		while (connection.sendText(pattern(3000)) == EventConnection::SENT) {}
		connection.pause();
		paused = true;
	};
	server.handler.drained = [](EventConnection& connection) { connection.resume(); };
	server.smallBuffers().start();
	RawPeer peer = server.connect();
	peer.send(textFrame("fill"));
	ASSERT_TRUE(eventually([&] { return paused.load(); }));
	peer.send(lastWords(true, true));
	peer.reset();
	Lines lines = expected();
	lines.insert(lines.begin() + 1, "message 1 fill");
	EXPECT_EQ(lines, without(server.handler.finalLog(0), "drained"));
}


TEST_P(EventPortTest, ResetWhilePausedWithNothingToRead)
	/// That is told at once.
{
	for (const bool sends: {false, true})
	{
		EventServer server(GetParam(), oneLoop());
		server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&)
		{
			connection.pause();
			if (sends) connection.sendText("1");
		};
		server.start();
		RawPeer peer = server.connect();
		EventConnection::Ptr pConnection = server.handler.connection(0);
		peer.reset();
		if (GetParam() == Port::LOCAL) pConnection->sendText("2"); // it has no reset, but an end, behind which something might be read
		EXPECT_EQ("close 1006", server.handler.finalLog(0).back());
	}
}


TEST_P(TransportTest, ClientsWriteFailsAfterLastWords)
{
	for (const std::string& way: WAYS)
	{
		SCOPED_TRACE(way);
		Poco::Net::ServerSocket plain;
		Poco::Net::SecureServerSocket secure(serverContext());
		Poco::Net::ServerSocket& socket = GetParam() == Transport::TLS ? secure : plain;
		socket.bind(Poco::Net::SocketAddress("127.0.0.1", 0), true);
		socket.listen();
		WebSocketClientLoop loop;
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setReconnect(false);
		pParams->setSessionFactory([&](const Poco::URI& uri) -> std::unique_ptr<Poco::Net::HTTPClientSession>
		{
			if (GetParam() == Transport::PLAIN) return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
			return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), clientContext());
		});
		Poco::SharedPtr<Recorder> pHandler = new Recorder;
		Hold hold;
		pHandler->message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
		{
			if (data == "hold") hold.wait();
			else if (way == "echo") connection.send(data, opcode);
			else if (way == "part") connection.sendPart(data, opcode, false);
		};
		WebSocketClient client(Poco::URI("ws://127.0.0.1:" + std::to_string(socket.address().port())), forClient(pHandler), loop, pParams);
		client.start();
		RawPeer peer(socket.acceptConnection(), GetParam(), true);
		peer.send(handshakeResponse(receiveRequest(peer)) + frame(FIN_TEXT, "hold", false));
		hold.reached();
		EventConnection::Ptr pConnection = pHandler->connection();
		peer.send(lastWords(false, true));
		peer.reset();
		if (way == "send") pConnection->sendText("1");
		else if (way == "large") pConnection->sendText(pattern(3000000));
		else if (way == "prepared") pConnection->send(WebSocketPreparedMessage::text("prepared"));
		else if (way == "ping") pConnection->ping();
		else if (way == "close") pConnection->close(4000);
		hold.release();
		EXPECT_EQ(expected(), without(pHandler->finalLog(), "message 1 hold"));
		EXPECT_TRUE(eventually([&] { return client.state() == WebSocketClient::STOPPED; }));
		client.stop();
		pHandler->forget();
	}
}


} // namespace WebSocketTest
