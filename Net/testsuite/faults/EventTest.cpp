//
// EventTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFaultEventTest
//
// Every allocation of an event loop fails in turn.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketFrame.h"
#include "core/UTF8.h"
#include <gtest/gtest.h>
#include <cstdio>
#include <cstring>
#include <future>
#include <memory>
#include <thread>


using namespace WebSocketTest;
using Poco::Net::WebSocketFrame;


namespace
{
	std::string text(std::size_t length)
	{
		return pattern(length, static_cast<unsigned>(length));
	}

	std::vector<std::string> broadcasts()
	{
		std::vector<std::string> result;
		for (std::size_t i = 0; i < 10; ++i) result.push_back(text(i % 2 == 0 ? 300 + i : 20000 + i));
		return result;
	}

	class Echo
		/// What the server's handler does in its only loop, without memory of its own. The first connection controls
		/// when allocations fail, the others are echoed. What arrives in parts goes back in parts, if that is wanted.
	{
	public:
		void handle(EventServer& server)
		{
			server.handler.quiet = true;
			server.handler.open = [this](EventConnection&, Poco::Net::HTTPServerRequest&) { ++opened; };
			server.handler.close = [this](EventConnection&, int, const std::string&) { ++closed; };
			server.handler.message = [this, &server](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
			{
				if (data.size() == sizeof(Order) && opcode == WebSocketFrame::OP_BINARY) connection.sendText(obey(data.data()) ? "struck" : "not struck");
				else if (data.size() == PARTED) sendParts(connection, data, opcode);
				else if (data.size() == BROADCAST) broadcast(server.server, connection);
				else connection.send(data, opcode);
			};
		}

		struct Order
			/// Memory fails from the allocation with that number on, up to another one.
		{
			std::size_t begin = 0;
			std::size_t end = 0;

			std::string frame() const
			{
				return binaryFrame(std::string(reinterpret_cast<const char*>(this), sizeof(*this)));
			}
		};

		static constexpr std::size_t PARTED = 5000;
		static constexpr std::size_t BROADCAST = 6000;

		std::atomic<int> opened{0};
		std::atomic<int> closed{0};

	private:
		bool obey(const char* pData)
			/// Returns true if an allocation has failed since the last time.
		{
			const bool struck = _pFailing && _pFailing->struck();
			_pFailing.reset();
			Order order;
			std::memcpy(&order, pData, sizeof(order));
			if (order.begin != order.end) _pFailing = std::make_unique<FailingAllocations>(order.begin, order.end);
			return struck;
		}

		static void broadcast(Poco::Net::WebSocketServer& server, EventConnection& connection)
		{
			for (const std::string& message: broadcasts()) server.broadcast(Poco::Net::WebSocketPreparedMessage::text(message));
			connection.close();
		}

		static void sendParts(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
		{
			for (std::size_t i = 0; i < data.size(); i += data.size()/2) connection.sendPart(data.substr(i, data.size()/2), opcode, i + data.size()/2 == data.size());
		}

		std::unique_ptr<FailingAllocations> _pFailing;
	};


	std::vector<std::string> messages()
		/// Small and large, compressed and not, in fragments, and some that take more than a turn to be compressed.
	{
		return {"hello", text(300), text(20000), text(Echo::PARTED), text(120000), "in between", text(100000), text(70000), "", "bye"};
	}

	std::string conversation(bool deflated)
	{
		std::string result = handshakeRequest("/", deflated ? "Sec-WebSocket-Extensions: permessage-deflate\r\nSec-WebSocket-Protocol: echo\r\n" : "");
		ZlibDeflater deflater;
		bool compress = deflated;
		for (const std::string& message: messages())
		{
			const std::string payload = compress ? deflater.message(message) : message;
			const int flags = compress ? 0x40 : 0;
			const std::size_t half = payload.size()/2;
			if (payload.size() % 3 == 0) result += masked(flags | 0x01, payload.substr(0, half)) + masked(FIN_PING, "now") + masked(0x80, payload.substr(half));
			else result += masked(flags | 0x81, payload);
			if (deflated) compress = !compress;
		}
		return result + closeFrame(1000, "a reason that does not fit into a string itself");
	}

	struct Outcome
	{
		std::vector<std::string> messages;
		int closeCode = 0;
	};

	Outcome receiveAll(RawPeer& peer, bool deflated)
		/// Receives what can be received, and checks that it is no nonsense.
	{
		Outcome outcome;
		ZlibInflater inflater;
		try
		{
			const std::string head = peer.receiveThrough("\r\n\r\n");
			EXPECT_EQ(0u, head.find("HTTP/1.1 101 "));
			EXPECT_EQ(deflated, head.find("permessage-deflate") != std::string::npos);
			while (outcome.closeCode == 0)
			{
				const Frame frame = receiveJoined(peer);
				switch (frame.opcode())
				{
				case WebSocketFrame::OP_CLOSE:
					outcome.closeCode = frame.closeCode();
					break;
				case WebSocketFrame::OP_PONG:
					EXPECT_EQ("now", frame.payload);
					break;
				default:
					EXPECT_EQ(static_cast<int>(WebSocketFrame::OP_TEXT), frame.opcode());
					outcome.messages.push_back(frame.flags & 0x40 ? inflater.message(frame.payload) : frame.payload);
				}
			}
			EXPECT_TRUE(peer.atEnd());
		}
		catch (const Poco::TimeoutException&)
		{
			ADD_FAILURE() << "the connection hangs";
		}
		catch (const Poco::IOException&)
		{
			// it was cut
		}
		return outcome;
	}

	Frame receivedFrom(RawPeer& peer)
		/// A frame, or one with an opcode of 0 if the connection was cut.
	{
		try
		{
			return peer.receiveFrame();
		}
		catch (const Poco::TimeoutException&)
		{
			throw; // it hangs
		}
		catch (const Poco::IOException&)
		{
			return Frame();
		}
	}

	void sendAll(RawPeer& peer, const std::string& wire)
	{
		try
		{
			peer.send(wire);
		}
		catch (const Poco::IOException&)
		{
			// it was cut
		}
	}

	void failEachAllocation(Port port, bool deflated, std::size_t times, int perAddress = 0)
		/// What a peer receives is right as far as it goes, the connection ends, and the loop serves the others.
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		pParams->setMaxConnectionsPerAddress(perAddress);
		pParams->setDeflate(deflated);
		pParams->setSubprotocols({"echo"});
		Echo echo;
		EventServer server(port, pParams);
		echo.handle(server);
		server.smallBuffers().start();
		RawPeer control = server.connect();
		const std::string umlauts = text(300) + "\xc3\xa4\xc3\xb6";
		control.send(textFrame(umlauts)); // the UTF-8 library allocates once, and does not take a no
		EXPECT_EQ(umlauts, control.receiveFrame().payload);
		const std::string wire = conversation(deflated);
		const std::vector<std::string> expected = messages();
		bool struck = true;
		for (std::size_t at = 0; struck && !::testing::Test::HasFailure(); ++at)
		{
			SCOPED_TRACE(at);
			const auto arm = [&]
			{
				Echo::Order order;
				order.begin = at;
				order.end = at + times;
				control.send(order.frame());
				control.receiveFrame();
			};
			if (port == Port::PLAIN) arm(); // Poco's accepting, which TLS needs, forgets the descriptor
			Outcome outcome;
			{
				RawPeer peer = server.dial();
				if (port != Port::PLAIN) arm();
				sendAll(peer, wire); // before anything is received: the server has to keep what it cannot send
				outcome = receiveAll(peer, deflated);
			}
			control.send(Echo::Order().frame());
			struck = control.receiveFrame().payload == "struck";
			ASSERT_LE(outcome.messages.size(), expected.size());
			for (std::size_t i = 0; i < outcome.messages.size(); ++i) EXPECT_TRUE(outcome.messages[i] == expected[i]) << "message " << i;
			if (outcome.closeCode == 1000 || !struck)
			{
				EXPECT_EQ(1000, outcome.closeCode);
				EXPECT_EQ(expected.size(), outcome.messages.size());
			}
			EXPECT_TRUE(eventually([&] { return echo.closed == echo.opened - 1; }));
			EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 1 && server.server.metrics().handshakes == 0; }));
			if (!struck)
			{
				EXPECT_GT(at, 30u) << "nothing was tested";
			}
		}
		control.send(textFrame("still there"));
		EXPECT_EQ("still there", control.receiveFrame().payload);
	}
}


TEST(FaultEventTest, Plain)
{
	failEachAllocation(Port::PLAIN, false, 1);
}


TEST(FaultEventTest, Compressed)
{
	failEachAllocation(Port::PLAIN, true, 1);
}


TEST(FaultEventTest, CompressedTwice)
	/// There is none for what comes next, either: telling the handler, the Close frame.
{
	failEachAllocation(Port::PLAIN, true, 2);
}


TEST(FaultEventTest, Counted)
	/// Whatever fails, a connection counts for its address as long as it lives, and no longer.
{
	failEachAllocation(Port::PLAIN, false, 1, 2);
	failEachAllocation(Port::PLAIN, false, 2, 2);
	failEachAllocation(Port::TLS, false, 1, 2);
}


TEST(FaultEventTest, ConnectionsGoWithoutMemory)
	/// One after the other, and none comes.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setMaxConnectionsPerAddress(4);
	Echo echo;
	EventServer server(Port::PLAIN, pParams);
	echo.handle(server);
	server.start();
	RawPeer control = server.connect();
	std::vector<RawPeer> peers;
	for (int i = 0; i < 3; ++i) peers.push_back(server.connect());
	for (int left = 3; left > 0; --left)
	{
		EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == left + 1; }));
		Echo::Order order;
		order.end = 1000;
		control.send(order.frame());
		control.receiveFrame();
		peers.pop_back();
		EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == left; }));
		control.send(Echo::Order().frame());
		EXPECT_EQ("not struck", control.receiveFrame().payload) << "memory was needed";
	}
	EXPECT_EQ(3, echo.closed);
	for (int i = 0; i < 3; ++i) peers.push_back(server.connect()); // as many as may be at one address
	EXPECT_EQ(3u, peers.size());
}


TEST(FaultEventTest, CutWithoutMemory)
	/// By drain(), which may not be able to give them back then.
{
	for (std::size_t at: {0, 1, 2, 3, 5, 1000})
	{
		SCOPED_TRACE(at);
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		pParams->setMaxConnectionsPerAddress(4);
		Echo echo;
		EventServer server(Port::PLAIN, pParams);
		echo.handle(server);
		server.start();
		RawPeer control = server.connect();
		std::vector<RawPeer> peers;
		for (int i = 0; i < 3; ++i) peers.push_back(server.connect());
		Echo::Order order;
		order.begin = at;
		order.end = 10000;
		control.send(order.frame());
		control.receiveFrame();
		EXPECT_GE(4u, server.server.drain(Poco::Timespan(0, 100)).size());
		EXPECT_EQ(0, server.server.metrics().connections);
		EXPECT_EQ(4, echo.closed);
		server.server.stop();
	}
}


namespace
{
	thread_local std::unique_ptr<FailingAllocations> pFailingHere;

	class Page: public Poco::Net::HTTPRequestHandler
		/// From its answer on, memory of its thread fails as its path says: "/from/to".
	{
	public:
		void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override
		{
			const bool struck = pFailingHere && pFailingHere->struck();
			pFailingHere.reset();
			std::size_t begin = 0;
			std::size_t end = 0;
			std::sscanf(request.getURI().c_str(), "/%zu/%zu", &begin, &end);
			response.setContentLength(1);
			response.send() << (struck ? '1' : '0');
			if (begin != end) pFailingHere = std::make_unique<FailingAllocations>(begin, end);
		}
	};

	class Pages: public Poco::Net::HTTPRequestHandlerFactory
	{
	public:
		Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override
		{
			return new Page;
		}
	};

	char answered(const EventServer& server, std::size_t begin, std::size_t end)
		/// Asks for a page. Returns what is in it; 0 if there was no answer.
	{
		try
		{
			RawPeer peer = server.dial();
			peer.send("GET /" + std::to_string(begin) + "/" + std::to_string(end) + " HTTP/1.1\r\nHost: localhost\r\n\r\n");
			peer.receiveThrough("\r\n\r\n");
			return peer.receive(1)[0];
		}
		catch (const Poco::TimeoutException&)
		{
			throw;
		}
		catch (const Poco::IOException&)
		{
			return 0;
		}
	}
}


TEST(FaultEventTest, RequestsThatAreHandled)
	/// Memory fails where a request goes to its thread, or where its connection comes back: it counts as long as it lives.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setMaxConnectionsPerAddress(2);
	Echo echo;
	EventServer server(Port::PLAIN, pParams);
	echo.handle(server);
	Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
	pHTTPParams->setMaxThreads(1);
	pHTTPParams->setThreadIdleTime(Poco::Timespan(1000, 0));
	server.server.setHTTP(new Pages, pHTTPParams);
	server.start();
	RawPeer control = server.connect();
	const auto nobodyElse = [&]
	{
		return eventually([&]
		{
			const auto metrics = server.server.metrics();
			return metrics.connections == 1 && metrics.handshakes == 0 && metrics.httpConnections == 0;
		});
	};
	EXPECT_EQ('0', answered(server, 0, 0));
	for (std::size_t times: {1, 100})
	{
		bool struck = true;
		for (std::size_t at = 0; struck && at < 200; ++at)
		{
			SCOPED_TRACE(at);
			answered(server, at, at + times);
			ASSERT_TRUE(nobodyElse()) << "in the handler's thread";
			char answer = 0;
			for (std::size_t i = 0; answer == 0 && i < 1000; ++i) answer = answered(server, 0, 0); // memory may fail in these as well
			struck = answer == '1';
			ASSERT_TRUE(nobodyElse());
		}
		struck = true;
		for (std::size_t at = 0; struck; ++at)
		{
			SCOPED_TRACE(at);
			Echo::Order order;
			order.begin = at;
			order.end = at + times;
			control.send(order.frame());
			control.receiveFrame();
			const char answer = answered(server, 0, 0);
			control.send(Echo::Order().frame());
			struck = control.receiveFrame().payload == "struck";
			EXPECT_TRUE(struck || answer == '0');
			ASSERT_TRUE(nobodyElse()) << "in the loop";
		}
	}
}


namespace
{
	struct Texts
	{
		std::vector<std::string> texts;
		Frame end; // what came behind them; nothing if the connection was cut

		bool whole() const
		{
			return end.opcode() != 0;
		}
	};

	Texts receiveTexts(RawPeer& peer, const std::string& last = "")
		/// Receives what comes before that text, or the end.
	{
		Texts received;
		for (;;)
		{
			received.end = receivedFrom(peer);
			if (received.end.opcode() != WebSocketFrame::OP_TEXT || received.end.payload == last) return received;
			received.texts.push_back(received.end.payload);
		}
	}

	bool disarm(const EventServer& server)
		/// Returns true if an allocation has failed. It may be one of this.
	{
		for (;;)
		{
			try
			{
				RawPeer peer = server.connect();
				peer.send(Echo::Order().frame());
				return peer.receiveFrame().payload == "struck";
			}
			catch (const Poco::TimeoutException&)
			{
				throw;
			}
			catch (const Poco::IOException&)
			{
				// it was
			}
		}
	}
}


TEST(FaultEventTest, Broadcast)
	/// Each connection gets the messages in their order, from the first on, or ends.
{
	const std::vector<std::string> all = broadcasts();
	Poco::Net::WebSocketUTF8::isValid(all.front().data(), all.front().size()); // the library behind it allocates once, and does not take a no
	bool struck = true;
	for (std::size_t at = 0; struck && !::testing::Test::HasFailure(); ++at)
	{
		SCOPED_TRACE(at);
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		Echo echo;
		EventServer server(Port::PLAIN, pParams); // has no memory left from the attempt before
		echo.handle(server);
		server.start();
		RawPeer other = server.connect();
		RawPeer sender = server.connect();
		RawPeer control = server.connect();
		control.send(textFrame("memory for its answers"));
		control.receiveFrame();
		Echo::Order order;
		order.begin = at;
		order.end = at + 1;
		control.send(order.frame());
		control.receiveFrame();
		sender.send(textFrame(text(Echo::BROADCAST)));
		const Texts own = receiveTexts(sender); // the handler closes it
		const bool done = own.end.closeCode() == 1000; // and has not thrown
		std::vector<Texts> outcomes;
		for (RawPeer* pPeer: {&other, &control})
		{
			sendAll(*pPeer, textFrame("still there"));
			outcomes.push_back(receiveTexts(*pPeer, "still there"));
		}
		struck = disarm(server);
		outcomes.push_back(own);
		for (const Texts& outcome: outcomes)
		{
			ASSERT_LE(outcome.texts.size(), all.size());
			for (std::size_t i = 0; i < outcome.texts.size(); ++i) EXPECT_TRUE(outcome.texts[i] == all[i]) << i;
			if ((outcome.whole() && done) || !struck)
			{
				EXPECT_EQ(all.size(), outcome.texts.size()) << "one is missing";
			}
		}
		if (!struck)
		{
			EXPECT_TRUE(done);
			EXPECT_GT(at, 30u) << "nothing was tested";
		}
	}
}


TEST(FaultEventTest, TLS)
{
	failEachAllocation(Port::TLS, true, 1);
}


namespace
{
	std::atomic<bool> reached{false};
	std::atomic<bool> mayGoOn{false};

	void waitToGoOn()
		/// Not for long: it may have a lock that the loop needs for going on.
	{
		constexpr int LONGEST_MS = 500;
		reached = true;
		for (int i = 0; i < LONGEST_MS && !mayGoOn; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}

	thread_local std::unique_ptr<AtAllocation> pWaitingHere;

	class LatePage: public Poco::Net::HTTPRequestHandler
		/// Its thread waits, where it asks for memory, after the handler.
	{
	public:
		explicit LatePage(std::size_t at):
			_at(at)
		{
		}

		~LatePage() override
		{
			pWaitingHere = std::make_unique<AtAllocation>(_at, &waitToGoOn);
		}

		void handleRequest(Poco::Net::HTTPServerRequest&, Poco::Net::HTTPServerResponse& response) override
		{
			pWaitingHere.reset();
			response.setContentLength(1);
			response.send() << '0';
		}

	private:
		const std::size_t _at;
	};

	class LatePages: public Poco::Net::HTTPRequestHandlerFactory
	{
	public:
		explicit LatePages(std::size_t at):
			_at(at)
		{
		}

		Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override
		{
			if (request.getURI() == "/next") return new Page;
			return new LatePage(_at);
		}

	private:
		const std::size_t _at;
	};
}


TEST(FaultEventTest, DrainDoesNotWaitForWhoComesBackLate)
	/// A connection is on its way back from its handler, wherever, while drain() closes the others.
{
	bool late = true;
	std::size_t at = 0;
	for (; late && !::testing::Test::HasFailure(); ++at)
	{
		SCOPED_TRACE(at);
		reached = false;
		mayGoOn = false;
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		EventServer server(Port::PLAIN, pParams);
		Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
		pHTTPParams->setMaxThreads(1);
		server.server.setHTTP(new LatePages(at), pHTTPParams);
		server.start();
		RawPeer other = server.connect();
		RawPeer peer = server.dial();
		peer.send("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n");
		EXPECT_TRUE(eventually([&] { return server.server.metrics().httpConnections > 0; }));
		RawPeer next = server.dial();
		next.send("GET /next HTTP/1.1\r\nHost: localhost\r\n\r\n"); // is answered when the thread is done with the first
		EXPECT_TRUE(eventually([&] { return reached || next.socket().poll(0, Poco::Net::Socket::SELECT_READ); }));
		late = reached;
		std::future<std::vector<EventConnection::Ptr>> drained = std::async(std::launch::async, [&] { return server.server.drain(Poco::Timespan(100*DEADLINE_S, 0)); });
		expectClosed(other, 1001); // so have been all others
		mayGoOn = true;
		EXPECT_EQ(std::future_status::ready, drained.wait_for(std::chrono::seconds(DEADLINE_S)));
		server.server.stop(); // ends a draining that waits
	}
	EXPECT_LT(3u, at) << "nothing was tested";
}
