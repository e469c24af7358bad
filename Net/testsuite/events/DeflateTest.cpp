//
// DeflateTest.cpp
//
// Long messages of the event shell are compressed step by step, so that other connections have their turn.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/WebSocketFrame.h"
#include <future>


namespace WebSocketTest {


namespace
{
	using Poco::Net::WebSocketFrame;
	using Poco::Net::WebSocketPreparedMessage;

	constexpr std::size_t LONG = 1000000;

	std::string text(std::size_t length)
		/// Takes its time to be compressed.
	{
		std::string result;
		unsigned number = 1;
		while (result.size() < length)
		{
			number = number*1103515245 + 12345;
			result += std::to_string(number >> 8) + ' ';
		}
		result.resize(length);
		return result;
	}

	class Peer
		/// Receives what was compressed.
	{
	public:
		explicit Peer(EventServer& server):
			raw(server.connect("Sec-WebSocket-Extensions: permessage-deflate\r\n"))
		{
		}

		std::string message()
		{
			const Frame frame = receiveJoined(raw);
			EXPECT_TRUE((frame.flags & 0x0f) == WebSocketFrame::OP_TEXT || (frame.flags & 0x0f) == WebSocketFrame::OP_BINARY) << frame.flags;
			return frame.flags & 0x40 ? _inflater.message(frame.payload) : frame.payload;
		}

		RawPeer raw;

	private:
		ZlibInflater _inflater;
	};

	EventParams::Ptr deflating(bool takeover = true)
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setDeflate(true);
		pParams->setThreads(1);
		Poco::Net::WebSocketDeflateParams params;
		params.serverNoContextTakeover = !takeover;
		pParams->setDeflateParams(params);
		return pParams;
	}
}


TEST_F(EventTest, CompressionLetsOthersHaveTheirTurn)
	/// While a message of 4 MB is being compressed, another connection is heard.
{
	EventServer server(Port::PLAIN, deflating());
	const std::string message = text(4*LONG);
	std::promise<void> begun;
	std::promise<void> sent;
	std::future<void> hasBegun = begun.get_future();
	std::future<void> isSent = sent.get_future();
	std::promise<Poco::UInt64> meanwhile;
	std::future<Poco::UInt64> sentMeanwhile = meanwhile.get_future();
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
	{
		if (data == "other")
		{
			meanwhile.set_value(server.handler.connection(0)->metrics().messagesSent);
			return;
		}
		connection.send(std::string_view(message.data(), message.size()), opcode);
		EXPECT_EQ(message.size() + EventParams::QUEUE_ENTRY, connection.metrics().bytesQueued);
		begun.set_value();
		get(isSent);
	};
	server.start();
	Peer busy(server);
	RawPeer other = server.connect();
	busy.raw.send(textFrame("busy"));
	get(hasBegun);
	other.send(textFrame("other"));
	sent.set_value();
	EXPECT_EQ(0u, get(sentMeanwhile));
	EXPECT_TRUE(message == busy.message());
	EXPECT_TRUE(eventually([&] { return server.handler.connection(0)->metrics().bytesQueued == 0; }));
	EXPECT_EQ(1u, server.handler.connection(0)->metrics().messagesSent);
}


TEST_P(EventPortTest, CompressedInStepsInOrder)
	/// What is sent while a message is being compressed follows it: messages of all kinds, parts, another long one, Close.
{
	for (const bool takeover: {true, false})
	{
		SCOPED_TRACE(takeover);
		EventServer server(GetParam(), deflating(takeover));
		const std::string longText = text(LONG);
		const std::string longZeros(LONG, '\0'); // most steps put nothing out
		const std::string part = text(200);
		const WebSocketPreparedMessage::Ptr pPrepared = WebSocketPreparedMessage::text(longText);
		server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
		{
			EXPECT_EQ(EventConnection::SENT, connection.sendText(longText));
			EXPECT_EQ(EventConnection::SENT, connection.sendText("short"));
			EXPECT_EQ(EventConnection::SENT, connection.send(longZeros, WebSocketFrame::OP_BINARY));
			EXPECT_EQ(EventConnection::SENT, connection.send(pPrepared));
			std::thread([&] { EXPECT_EQ(EventConnection::SENT, connection.sendText(longText)); }).join(); // performed at the end of the turn
			EXPECT_EQ(EventConnection::SENT, connection.sendPart(std::string_view(part.data(), part.size()), WebSocketFrame::OP_BINARY, false));
			EXPECT_EQ(EventConnection::SENT, connection.sendText("behind the parts"));
			EXPECT_EQ(EventConnection::SENT, connection.sendPart(std::string_view(part.data(), part.size()), WebSocketFrame::OP_BINARY, true));
			EXPECT_EQ(EventConnection::SENT, connection.sendText(longText));
			connection.close(1000, "done");
		};
		server.start();
		Peer peer(server);
		peer.raw.send(textFrame("go"));
		EXPECT_TRUE(longText == peer.message());
		EXPECT_EQ("short", peer.message());
		EXPECT_TRUE(longZeros == peer.message());
		EXPECT_TRUE(longText == peer.message());
		EXPECT_EQ(part + part, peer.message());
		EXPECT_EQ("behind the parts", peer.message());
		EXPECT_TRUE(longText == peer.message());
		expectClosed(peer.raw, 1000);
	}
}


TEST_P(EventPortTest, CompressedInStepsEchoed)
	/// What arrives meanwhile waits, and is not more than one message ahead of what is sent.
{
	EventServer server(GetParam(), deflating());
	bool twice = false;
	server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
	{
		EXPECT_EQ(0u, connection.metrics().bytesQueued/LONG);
		connection.send(data, opcode);
		if (std::exchange(twice, !twice)) connection.send(data, opcode);
	};
	server.start();
	Peer peer(server);
	const std::string message(LONG, 'x');
	ZlibDeflater deflater;
	std::string wire;
	for (int i = 0; i < 20; ++i) wire += i % 4 == 3 ? textFrame(message) : masked(0xc1, deflater.message(message)); // gathered in different places
	std::future<void> sender = std::async(std::launch::async, [&] { peer.raw.send(wire); });
	if (GetParam() == Port::TLS) get(sender);
	for (int i = 0; i < 30; ++i) EXPECT_TRUE(message == peer.message()) << i;
	peer.raw.send(closeFrame());
	EXPECT_EQ(FIN_CLOSE, peer.raw.receiveFrame().flags);
	EXPECT_TRUE(peer.raw.atEnd());
}


TEST_P(EventPortTest, CompressedInStepsFromAnotherThread)
{
	EventServer server(GetParam(), deflating());
	server.start();
	Peer peer(server);
	const std::string message = text(LONG);
	EventConnection::Ptr pConnection = server.handler.connection();
	for (int i = 0; i < 3; ++i)
	{
		EXPECT_EQ(EventConnection::SENT, pConnection->sendText(message));
		EXPECT_EQ(EventConnection::SENT, pConnection->sendText(std::to_string(i)));
	}
	pConnection->close(1000, "");
	for (int i = 0; i < 3; ++i)
	{
		EXPECT_TRUE(message == peer.message()) << i;
		EXPECT_EQ(std::to_string(i), peer.message());
	}
	expectClosed(peer.raw, 1000);
}


TEST_F(EventTest, CompressedInStepsWhilePaused)
	/// Who has paused stays so; who resumes goes on when the message has been compressed.
{
	for (const bool before: {false, true})
	{
		SCOPED_TRACE(before);
		EventServer server(Port::PLAIN, deflating());
		const std::string message = text(LONG);
		server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
		{
			if (data != "go") return;
			if (before) connection.pause();
			connection.sendText(message);
			if (!before) connection.pause();
		};
		server.start();
		Peer peer(server);
		peer.raw.send(textFrame("go") + textFrame("later"));
		EXPECT_TRUE(message == peer.message());
		peer.raw.send(textFrame("last"));
		EventConnection::Ptr pConnection = server.handler.connection();
		EXPECT_EQ(EventConnection::SENT, pConnection->sendText("still there")); // the loop has had another turn
		EXPECT_EQ("still there", peer.message());
		EXPECT_FALSE(server.handler.has("message 1 later"));
		pConnection->resume();
		EXPECT_TRUE(eventually([&] { return server.handler.has("message 1 last"); }));
		EXPECT_TRUE(server.handler.has("message 1 later"));

		// and while it is being compressed
		pConnection->sendText(message);
		pConnection->pause();
		pConnection->resume();
		peer.raw.send(textFrame("again"));
		EXPECT_TRUE(message == peer.message());
		EXPECT_TRUE(eventually([&] { return server.handler.has("message 1 again"); }));
	}
}


TEST_F(EventTest, CompressedInStepsDrained)
	/// onDrained() comes when all has been compressed and sent, not when what has been compressed so far was.
{
	EventParams::Ptr pParams = deflating();
	pParams->setMaxQueuedBytes(1000);
	EventServer server(Port::PLAIN, pParams);
	const std::string message = text(4*LONG);
	server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
	{
		EXPECT_EQ(EventConnection::SENT, connection.sendText(message));
		EXPECT_EQ(EventConnection::QUEUE_FULL, connection.sendText("more"));
	};
	server.handler.drained = [&](EventConnection& connection)
	{
		EXPECT_EQ(1u, connection.metrics().messagesSent);
		EXPECT_EQ(0u, connection.metrics().bytesQueued);
		EXPECT_EQ(EventConnection::SENT, connection.sendText("drained"));
	};
	server.start();
	Peer peer(server);
	peer.raw.send(textFrame("go"));
	EXPECT_TRUE(message == peer.message());
	EXPECT_EQ("drained", peer.message());
}


TEST_F(EventTest, CompressedInStepsAborted)
	/// The connection ends while a message is being compressed, in each way.
{
	const std::string message = text(4*LONG);
	for (const std::string how: {"abort", "throw", "reset", "stop"})
	{
		SCOPED_TRACE(how);
		EventServer server(Port::PLAIN, deflating());
		server.handler.message = [&](EventConnection& connection, std::string_view, WebSocketFrame::Opcode)
		{
			connection.sendText(message);
			connection.sendText(message);
			if (how == "abort")
			{
				connection.abort();
				EXPECT_NO_THROW(EXPECT_EQ(EventConnection::NOT_OPEN, connection.sendPart("x", WebSocketFrame::OP_BINARY, true)));
			}
			if (how == "throw") throw Poco::DataException("on purpose");
		};
		server.start();
		Peer peer(server);
		peer.raw.send(textFrame("go"));
		if (how == "throw")
		{
			EXPECT_TRUE(message == peer.message()); // what was sent before is not lost
			EXPECT_TRUE(message == peer.message());
			expectClosed(peer.raw, 1011);
		}
		if (how == "reset")
		{
			EXPECT_EQ(0, peer.raw.receiveFrame().flags & 0x80);
			peer.raw.reset();
		}
		if (how == "stop")
		{
			EXPECT_EQ(0, peer.raw.receiveFrame().flags & 0x80);
			server.server.stop();
		}
		EXPECT_EQ("close", server.handler.finalLog().back().substr(0, 5));
		EXPECT_EQ(EventConnection::NOT_OPEN, server.handler.connection()->sendText("late"));
		EXPECT_TRUE(eventually([&] { return server.handler.connection()->metrics().bytesQueued == 0; })) << server.handler.connection()->metrics().bytesQueued;
	}
}


TEST_F(EventTest, NothingBehindTheCloseOfWhoLeavesDuringABroadcast)
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setDeflate(true);
	EventServer server(Port::PLAIN, pParams);
	std::promise<void> begun;
	std::promise<void> end;
	const WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text(text(LONG));
	server.handler.message = [&](EventConnection&, std::string_view data, WebSocketFrame::Opcode)
	{
		if (data == "wait")
		{
			begun.set_value();
			end.get_future().wait();
		}
		else
		{
			server.server.broadcast(pMessage);
		}
	};
	server.start();
	RawPeer first = server.connect();
	Peer second(server);
	EventConnection::Ptr pSecond = server.handler.connection(1);
	first.send(textFrame("wait"));
	begun.get_future().wait();
	first.send(textFrame("broadcast")); // both arrive in the same turn
	second.raw.send(closeFrame());
	end.set_value();
	for (;;)
	{
		const Frame frame = second.raw.receiveFrame();
		if (frame.opcode() == 8) break;
	}
	EXPECT_TRUE(second.raw.atEnd()) << "RFC 6455, 5.5.1";
	EXPECT_TRUE(eventually([&] { return pSecond->metrics().bytesQueued == 0; }));
}

} // namespace WebSocketTest
