//
// StopTest.cpp
//
// When stop(), drain() or a destructor has returned, nothing of the application is running, and nothing comes.
// Threads that stop each other, or the same, at the same time.
//


#include "support/EventSupport.h"
#include "Poco/Clock.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Exception.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <future>
#include <memory>
#include <optional>
#include <thread>


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketServer;


namespace WebSocketTest {
namespace {


class Gate
	/// Where a callback waits until the test lets it go on.
{
public:
	void pass()
	{
		_reached = true;
		EXPECT_TRUE(eventually([this] { return _opened.load(); }));
		_passed = true;
	}

	bool reached() const
	{
		return eventually([this] { return _reached.load(); });
	}

	void open()
	{
		_opened = true;
	}

	bool passed() const
	{
		return _passed;
	}

private:
	std::atomic<bool> _reached{false};
	std::atomic<bool> _opened{false};
	std::atomic<bool> _passed{false};
};

enum class How
{
	STOP,
	DRAIN,
	DESTROY
};

std::unique_ptr<WebSocketServer> newServer(Poco::Net::WebSocketServerHandler* pHandler, const ServerSocket& socket, EventParams::Ptr pParams = new EventParams)
{
	pParams->setThreads(2);
	auto pServer = std::make_unique<WebSocketServer>(pHandler, pParams);
	pServer->listen(socket);
	return pServer;
}

void end(std::unique_ptr<WebSocketServer>& pServer, How how)
{
	switch (how)
	{
	case How::STOP:
		pServer->stop();
		break;
	case How::DRAIN:
		pServer->drain(Poco::Timespan(0, 1000));
		break;
	default:
		pServer.reset();
	}
}

RawPeer dial(const SocketAddress& address, const std::string& request)
{
	Poco::Net::StreamSocket socket;
	socket.connect(address, deadline());
	RawPeer peer(socket, Transport::PLAIN, false);
	peer.send(request);
	return peer;
}

template <class Handler>
struct MessagesOf: public Handler
{
	std::function<void (EventConnection&, const std::string&)> message;

	void onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode) override
	{
		if (message) message(connection, std::string(data));
	}
};

using Messages = MessagesOf<Poco::Net::WebSocketServerHandler>;
using ClientMessages = MessagesOf<Poco::Net::WebSocketClientHandler>;

WebSocketClientParams::Ptr clientParams(const WebSocketClientParams::SessionFactory& factory = nullptr)
{
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnectDelay(Poco::Timespan(0, 10000), Poco::Timespan(0, 50000));
	pParams->setSessionFactory(factory);
	return pParams;
}

Poco::URI uriOf(Poco::UInt16 port)
{
	return Poco::URI("ws://127.0.0.1:" + std::to_string(port) + "/");
}

bool stays(const std::function<bool ()>& condition)
	/// Returns true if the condition is true for a while, which is much shorter than what eventually() waits, also if others keep the machine busy.
{
	const Poco::Clock begin;
	for (int i = 0; i < 2000 && !begin.isElapsed(1000*1000); ++i)
	{
		if (!condition()) return false;
		std::this_thread::yield();
	}
	return true;
}


} // namespace


//
// What is running is waited for
//
TEST_F(EventTest, ServerWaitsForWhatIsRunning)
{
	enum Where { CALLBACK, HOOK, ADOPTED_HOOK, HTTP_HANDLER, PLACES };
	for (const How how: {How::STOP, How::DRAIN, How::DESTROY})
	{
		for (int where = CALLBACK; where < PLACES; ++where)
		{
			SCOPED_TRACE(::testing::Message() << "how " << static_cast<int>(how) << ", where " << where);
			Gate gate;
			EventParams::Ptr pParams = new EventParams;
			if (where == HOOK || where == ADOPTED_HOOK) pParams->setHook([&](HTTPServerRequest&, HTTPServerResponse&) { gate.pass(); return true; });
			auto* const pHandler = new Messages;
			pHandler->message = [&](EventConnection&, const std::string&) { gate.pass(); };
			const ServerSocket socket(SocketAddress("127.0.0.1", 0), 64);
			const SocketAddress address = socket.address();
			std::unique_ptr<WebSocketServer> pServer = newServer(pHandler, socket, pParams);
			pServer->setHTTP(new FunctionFactory([&](HTTPServerRequest&, HTTPServerResponse&) { gate.pass(); }));
			pServer->start();
			WebSocketServer& server = *pServer;
			std::optional<TestServer> http;
			if (where == ADOPTED_HOOK) http.emplace(Transport::PLAIN, TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response) { server.adopt(request, response); }));
			RawPeer peer = where == ADOPTED_HOOK ? dial(SocketAddress("127.0.0.1", http->port()), handshakeRequest())
				: where == HTTP_HANDLER ? dial(address, "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n") : dial(address, handshakeRequest() + textFrame("go"));
			EXPECT_TRUE(gate.reached());
			std::atomic<bool> ended(false);
			std::thread stopper([&]
			{
				end(pServer, how);
				if (how == How::DRAIN && where == HTTP_HANDLER) pServer->stop(); // which drain() leaves to it
				EXPECT_TRUE(gate.passed());
				ended = true;
			});
			EXPECT_TRUE(stays([&] { return !ended; }));
			gate.open();
			stopper.join();
		}
	}
}


TEST_F(EventTest, ClientWaitsForWhatIsRunning)
	/// Also longer than twice the close timeout.
{
	EventServer server;
	server.start();
	for (const bool destroyed: {false, true})
	{
		for (const bool factory: {false, true})
		{
			SCOPED_TRACE(::testing::Message() << "destroyed " << destroyed << ", factory " << factory);
			WebSocketClientLoop loop;
			Gate gate;
			auto* const pHandler = new ClientMessages;
			pHandler->message = [&](EventConnection&, const std::string&) { gate.pass(); };
			WebSocketClientParams::Ptr pParams = clientParams([&](const Poco::URI& uri)
			{
				if (factory) gate.pass();
				return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
			});
			pParams->setCloseTimeout(Poco::Timespan(0, 1000));
			auto pClient = std::make_unique<WebSocketClient>(uriOf(server.number()), pHandler, loop, pParams);
			pClient->start();
			pClient->sendText("go");
			EXPECT_TRUE(gate.reached());
			std::atomic<bool> ended(false);
			std::thread stopper([&]
			{
				if (destroyed) pClient.reset();
				else pClient->stop();
				EXPECT_TRUE(gate.passed());
				ended = true;
			});
			EXPECT_TRUE(stays([&] { return !ended; }));
			gate.open();
			stopper.join();
		}
	}
}


TEST_F(EventTest, WhoIsDestroyedInACallbackOfAnotherWaitsForWhatIsRunning)
{
	enum Who { SERVER, CLIENT, CLIENT_AND_LOOP, ALL };
	for (int who = SERVER; who < ALL; ++who)
	{
		SCOPED_TRACE(who);
		Gate gate;
		std::unique_ptr<WebSocketServer> pServer;
		std::unique_ptr<WebSocketClientLoop> pLoop;
		std::unique_ptr<WebSocketClient> pClient;
		std::atomic<bool> destroying(false);
		std::atomic<bool> ended(false);
		EventServer other;
		other.handler.quiet = true;
		other.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
		{
			connection.send(data, opcode);
			if (data != "destroy") return;
			destroying = true;
			pServer.reset();
			pClient.reset();
			if (who == CLIENT_AND_LOOP) pLoop.reset();
			EXPECT_TRUE(gate.passed());
			ended = true;
		};
		other.start();
		std::optional<RawPeer> peer;
		if (who == SERVER)
		{
			auto* const pHandler = new Messages;
			pHandler->message = [&](EventConnection&, const std::string&) { gate.pass(); };
			const ServerSocket socket(SocketAddress("127.0.0.1", 0), 64);
			pServer = newServer(pHandler, socket);
			pServer->start();
			peer.emplace(dial(socket.address(), handshakeRequest() + textFrame("go")));
		}
		else
		{
			pLoop = std::make_unique<WebSocketClientLoop>();
			auto* const pHandler = new ClientMessages;
			pHandler->message = [&](EventConnection&, const std::string&) { gate.pass(); };
			pClient = std::make_unique<WebSocketClient>(uriOf(other.number()), pHandler, *pLoop, clientParams());
			pClient->start();
			pClient->sendText("go");
		}
		EXPECT_TRUE(gate.reached());
		RawPeer destroyer = other.connect();
		destroyer.send(textFrame("destroy"));
		EXPECT_TRUE(eventually([&] { return destroying.load(); }));
		EXPECT_TRUE(stays([&] { return !ended; }));
		gate.open();
		EXPECT_TRUE(eventually([&] { return ended.load(); }));
	}
}


TEST_F(EventTest, NoHookIsCalledAfterTheServerWasDestroyedInACallback)
	/// The request has come for the same turn of the loop.
{
	std::atomic<bool> over(false);
	std::atomic<int> calls(0);
	std::atomic<int> late(0);
	std::atomic<int> messages(0);
	Gate gate;
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	pParams->setHook([&](HTTPServerRequest&, HTTPServerResponse&)
	{
		++calls;
		if (over) ++late;
		return true;
	});
	std::unique_ptr<WebSocketServer> pServer;
	auto* const pHandler = new Messages;
	pHandler->message = [&](EventConnection&, const std::string& text)
	{
		++messages;
		if (text == "wait")
		{
			gate.pass();
			return;
		}
		if (text != "destroy") return;
		pServer.reset();
		over = true;
	};
	pServer = std::make_unique<WebSocketServer>(pHandler, pParams);
	pServer->listen(SocketAddress("127.0.0.1", 0));
	pServer->start();
	const SocketAddress address("127.0.0.1", pServer->port());
	RawPeer peer = dial(address, handshakeRequest());
	peer.receiveThrough("\r\n\r\n");
	for (int i = 0; i < 8; ++i) peer.send(textFrame("not new any more")); // so what it says comes before the request
	EXPECT_TRUE(eventually([&] { return messages == 8; }));
	const Poco::UInt64 before = pServer->metrics().bytesReceived;
	RawPeer other = dial(address, "GET ");
	EXPECT_TRUE(eventually([&] { return pServer->metrics().bytesReceived == before + 4; })); // nothing of it is in the turn that waits
	peer.send(textFrame("wait"));
	EXPECT_TRUE(gate.reached());
	peer.send(textFrame("destroy"));
	other.send(handshakeRequest().substr(4));
	gate.open();
	EXPECT_TRUE(eventually([&] { return over.load(); }));
	try
	{
		EXPECT_EQ("", other.receiveToEnd());
	}
	catch (const Poco::IOException&)
	{
		// it was reset
	}
	EXPECT_EQ(1, calls);
	EXPECT_EQ(0, late);
}


TEST_F(EventTest, NoFactoryIsCalledAfterStop)
	/// An attempt waits for a thread that makes connections.
{
	for (const bool destroyed: {false, true})
	{
		std::atomic<int> late(0);
		{
			WebSocketClientLoop loop(1, 1);
			Gate gate;
			WebSocketClient first(uriOf(1), new ClientMessages, loop, clientParams([&](const Poco::URI& uri)
			{
				gate.pass();
				return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
			}));
			std::atomic<bool> over(false);
			auto pSecond = std::make_unique<WebSocketClient>(uriOf(1), new ClientMessages, loop, clientParams([&](const Poco::URI& uri)
			{
				if (over) ++late;
				return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
			}));
			first.start();
			EXPECT_TRUE(gate.reached());
			pSecond->start();
			if (destroyed) pSecond.reset();
			else pSecond->stop();
			over = true;
			gate.open();
			std::atomic<bool> through(false);
			WebSocketClient third(uriOf(1), new ClientMessages, loop, clientParams([&](const Poco::URI& uri) // comes behind it
			{
				through = true;
				return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
			}));
			third.start();
			EXPECT_TRUE(eventually([&] { return through.load(); }));
		}
		EXPECT_EQ(0, late);
	}
}


TEST_F(EventTest, NothingComesWhenClientsGo)
	/// At any moment of their lives.
{
	EventServer server;
	server.handler.quiet = true;
	server.start();
	WebSocketClientLoop loop(2, 4);
	for (int round = 0; round < (sanitized() ? 100 : 400); ++round)
	{
		struct Flags
		{
			std::atomic<bool> over{false};
			std::atomic<int> late{0};
		};

		struct Noting: public Poco::Net::WebSocketClientHandler
		{
			explicit Noting(const std::shared_ptr<Flags>& pItsFlags):
				pFlags(pItsFlags)
			{
			}

			void onOpen(EventConnection& connection, const Poco::Net::HTTPRequest&, const Poco::Net::HTTPResponse&) override
			{
				note();
				connection.sendText("hello");
			}

			void onMessage(EventConnection&, std::string_view, WebSocketFrame::Opcode) override
			{
				note();
			}

			void onClose(EventConnection&, int, const std::string&) override
			{
				note();
			}

			void onConnectFailed(const Poco::Exception&) override
			{
				note();
			}

			void note()
			{
				if (pFlags->over) ++pFlags->late;
			}

			const std::shared_ptr<Flags> pFlags;
		};

		const auto pFlags = std::make_shared<Flags>();
		auto pClient = std::make_unique<WebSocketClient>(uriOf(round % 3 == 0 ? 1 : server.number()), new Noting(pFlags), loop, clientParams([pFlags](const Poco::URI& uri)
		{
			if (pFlags->over) ++pFlags->late;
			return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
		}));
		pClient->start();
		const Poco::Clock begin;
		for (int i = 0; i < round*20 && !begin.isElapsed(10000); ++i) std::this_thread::yield(); // which takes long beside others
		if (round % 2 == 0) pClient->stop();
		else pClient.reset();
		pFlags->over = true;
		if (round % 2 == 0) pClient.reset();
		EXPECT_EQ(0, pFlags->late) << round;
	}
}


TEST_F(EventTest, NoHookIsCalledAfterStop)
	/// By adopt(), which handlers of a HTTPServer go on calling.
{
	for (int round = 0; round < 20; ++round)
	{
		std::atomic<bool> over(false);
		std::atomic<int> calls(0);
		std::atomic<int> late(0);
		EventParams::Ptr pParams = new EventParams;
		pParams->setHook([&](HTTPServerRequest&, HTTPServerResponse&)
		{
			++calls;
			if (over) ++late;
			return true;
		});
		EventServer events(Port::PLAIN, pParams);
		events.handler.quiet = true;
		events.start();
		TestServer http(Transport::PLAIN, TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
		{
			try
			{
				events.server.adopt(request, response);
			}
			catch (const Poco::IllegalStateException&)
			{
				response.setContentLength(0);
				response.send();
			}
		}));
		std::vector<RawPeer> peers;
		for (int i = 0; i < 10; ++i)
		{
			peers.push_back(connectRaw(http.port(), Transport::PLAIN));
			peers.back().send(handshakeRequest());
		}
		EXPECT_TRUE(eventually([&] { return calls > round % 10; }));
		if (round % 2 == 0) events.server.stop();
		else events.server.drain(Poco::Timespan(0, 1000));
		over = true;
		for (RawPeer& peer: peers) peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(0, late);
	}
}


namespace
{
	class InterruptedRequest: public HTTPServerRequest
		/// A request that calls a function when it is asked for its address.
	{
	public:
		InterruptedRequest(HTTPServerRequest& request, std::function<void()> function):
			_request(request),
			_function(std::move(function))
		{
		}

		const SocketAddress& clientAddress() const override
		{
			_function();
			return _request.clientAddress();
		}

		std::istream& stream() override { return _request.stream(); }
		const SocketAddress& serverAddress() const override { return _request.serverAddress(); }
		const Poco::Net::HTTPServerParams& serverParams() const override { return _request.serverParams(); }
		HTTPServerResponse& response() const override { return _request.response(); }
		bool secure() const override { return _request.secure(); }

	private:
		HTTPServerRequest& _request;
		std::function<void()> _function;
	};

	bool connects(const SocketAddress& address)
	{
		try
		{
			const Poco::Net::StreamSocket socket(address);
			return true;
		}
		catch (const Poco::IOException&)
		{
			return false;
		}
	}
}


TEST_F(EventTest, AdoptWhileItIsStopped)
	/// stop() or drain() begins while adopt() looks at the request: the server does not run, which is no limit that was reached. They wait
	/// until adopt() has returned.
{
	for (const How how: {How::STOP, How::DRAIN})
	{
		EventServer events;
		events.handler.quiet = true;
		events.start();
		const SocketAddress address = events.address();
		RawPeer open = events.connect();
		std::atomic<bool> ended(false);
		std::thread ending;
		TestServer http(Transport::PLAIN, TestServer::RequestHandler([&](HTTPServerRequest& request, HTTPServerResponse& response)
		{
			InterruptedRequest interrupted(request, [&]
			{
				if (ending.joinable()) return;
				ending = std::thread([&]
				{
					if (how == How::STOP) events.server.stop();
					else events.server.drain(Poco::Timespan(0, 1000));
					ended = true;
				});
				// It has begun, and admits nobody:
				if (how == How::STOP) EXPECT_TRUE(eventually([&] { return !connects(address); }));
				else EXPECT_EQ(1001, open.receiveFrame().closeCode());
				EXPECT_TRUE(stays([&] { return !ended; }));
			});
			EXPECT_THROW(events.server.adopt(interrupted, response), Poco::IllegalStateException);
			EXPECT_FALSE(response.sent());
			response.setContentLength(0);
			response.send();
		}));
		RawPeer peer = connectRaw(http.port(), Transport::PLAIN);
		peer.send(handshakeRequest());
		EXPECT_NE(std::string::npos, peer.receiveThrough("\r\n\r\n").find(" 200 "));
		ending.join();
		EXPECT_EQ(0u, events.server.metrics().connectionsRefused);
	}
}


//
// Who waits for whom
//
TEST_F(EventTest, ServersThatStopEachOther)
	/// In their callbacks, at the same time: at most one of them can wait for the other.
{
	for (const How how: {How::STOP, How::DRAIN, How::DESTROY})
	{
		const int COUNT = 3; // the first stops the second, and so on round
		std::unique_ptr<WebSocketServer> servers[COUNT];
		std::vector<RawPeer> peers;
		std::atomic<int> there(0);
		std::atomic<int> worked(0);
		std::atomic<int> refused(0);
		for (int i = 0; i < COUNT; ++i)
		{
			auto* const pHandler = new Messages;
			pHandler->message = [&, i](EventConnection&, const std::string&)
			{
				++there;
				EXPECT_TRUE(eventually([&] { return there == COUNT; }));
				try
				{
					end(servers[(i + 1) % COUNT], how);
					++worked;
				}
				catch (const Poco::IllegalStateException&)
				{
					++refused;
				}
			};
			const ServerSocket socket(SocketAddress("127.0.0.1", 0), 64);
			servers[i] = newServer(pHandler, socket);
			servers[i]->start();
			peers.push_back(dial(socket.address(), handshakeRequest()));
			peers.back().receiveThrough("\r\n\r\n");
		}
		for (RawPeer& peer: peers) peer.send(textFrame("go"));
		EXPECT_TRUE(eventually([&] { return worked + refused == COUNT; }));
		if (how == How::DESTROY)
		{
			EXPECT_EQ(0, refused);
		}
		else
		{
			EXPECT_LE(1, refused);
			EXPECT_LE(1, worked);
			for (auto& pServer: servers) pServer->stop();
		}
	}
}


TEST_F(EventTest, ClientsThatStopEachOther)
	/// In their callbacks, each on a loop of its own, at the same time.
{
	for (const bool destroyed: {false, true})
	{
		EventServer server;
		server.start();
		WebSocketClientLoop loop(2, 2);
		std::unique_ptr<WebSocketClient> clients[2];
		std::atomic<bool> begun(false); // from here on they belong to the callbacks
		std::atomic<int> there(0);
		std::atomic<int> ended(0);
		for (int i = 0; i < 2; ++i)
		{
			auto* const pHandler = new ClientMessages;
			pHandler->message = [&, i](EventConnection&, const std::string&)
			{
				EXPECT_TRUE(begun);
				++there;
				EXPECT_TRUE(eventually([&] { return there == 2; }));
				if (destroyed) clients[1 - i].reset();
				else clients[1 - i]->stop();
				++ended;
			};
			clients[i] = std::make_unique<WebSocketClient>(uriOf(server.number()), pHandler, loop, clientParams());
			clients[i]->start();
			EXPECT_TRUE(eventually([&] { return clients[i]->state() == WebSocketClient::CONNECTED; }));
		}
		begun = true;
		server.server.broadcast(Poco::Net::WebSocketPreparedMessage::text("go"));
		EXPECT_TRUE(eventually([&] { return ended == 2; }));
		EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
	}
}


TEST_F(EventTest, CalledWhileItIsStopped)
	/// A callback, and a HTTP handler, call everything while a thread of the application waits for them.
{
	for (const How how: {How::STOP, How::DRAIN})
	{
		for (const How inner: {How::STOP, How::DRAIN, How::DESTROY})
		{
			for (const bool http: {false, true})
			{
				if (how == How::DRAIN && inner == How::DESTROY) continue; // nothing tells that the thread has reached the server before it is destroyed
				SCOPED_TRACE(::testing::Message() << static_cast<int>(how) << static_cast<int>(inner) << http);
				std::unique_ptr<WebSocketServer> pServer;
				WebSocketServer* pStopped = nullptr;
				std::atomic<bool> there(false);
				std::atomic<bool> thrown(false);
				const auto meddle = [&]
				{
					there = true;
					EXPECT_TRUE(eventually([&]
					{
						try
						{
							WebSocketClientLoop loop(*pStopped, 1);
							return how == How::DRAIN;
						}
						catch (const Poco::IllegalStateException&)
						{
							return true;
						}
					})) << "stop() has begun";
					EXPECT_THROW(pStopped->start(), Poco::IllegalStateException);
					EXPECT_THROW(pStopped->listen(ServerSocket()), Poco::IllegalStateException);
					pStopped->broadcast(Poco::Net::WebSocketPreparedMessage::text("hello"));
					pStopped->metrics();
					try
					{
						end(pServer, inner);
					}
					catch (const Poco::IllegalStateException&)
					{
						thrown = true;
					}
				};
				auto* const pHandler = new Messages;
				pHandler->message = [&](EventConnection&, const std::string&) { meddle(); };
				const ServerSocket socket(SocketAddress("127.0.0.1", 0), 64);
				pServer = newServer(pHandler, socket);
				pStopped = pServer.get();
				pServer->setHTTP(new FunctionFactory([&](HTTPServerRequest&, HTTPServerResponse&) { meddle(); }));
				pServer->start();
				RawPeer peer = dial(socket.address(), http ? "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" : handshakeRequest() + textFrame("go"));
				EXPECT_TRUE(eventually([&] { return there.load(); }));
				if (how == How::STOP) pStopped->stop();
				else pStopped->drain(Poco::Timespan(0, 50000));
				EXPECT_EQ(inner != How::DESTROY, thrown);
			}
		}
	}
}


TEST_F(EventTest, StoppedByManyThreads)
{
	for (int round = 0; round < 20; ++round)
	{
		EventServer server;
		server.start();
		RawPeer peer = server.connect();
		std::atomic<int> waiting(0);
		std::vector<std::thread> threads;
		for (int i = 0; i < 6; ++i)
		{
			threads.emplace_back([&, i]
			{
				++waiting;
				while (waiting < 6) std::this_thread::yield();
				if ((i + round) % 2 == 0) server.server.stop();
				else server.server.drain(Poco::Timespan(0, 10000));
				EXPECT_EQ("close 1006", server.handler.log(0).back());
			});
		}
		for (std::thread& thread: threads) thread.join();
		EXPECT_THROW(server.server.start(), Poco::IllegalStateException);
	}
}


TEST_F(EventTest, StopOfAClientWaitsForTheOldConnectionOnly)
	/// Another thread starts it again meanwhile.
{
	EventServer server;
	server.start();
	WebSocketClientLoop loop;
	WebSocketClient client(uriOf(server.number()), new ClientMessages, loop, clientParams());
	std::atomic<bool> over(false);
	std::thread starter([&]
	{
		while (!over)
		{
			client.start();
			std::this_thread::yield();
		}
	});
	for (int i = 0; i < 50; ++i)
	{
		EXPECT_TRUE(eventually([&] { return client.state() == WebSocketClient::CONNECTED; }));
		client.stop();
	}
	over = true;
	starter.join();
	client.stop();
}


TEST_F(EventTest, StartThatFails)
{
	// Nothing is left half started: it can be tried again, and be destroyed.
	ServerSocket good(SocketAddress("127.0.0.1", 0), 64);
	ServerSocket bad(SocketAddress("127.0.0.1", 0), 64);
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(2);
	WebSocketServer server(new Messages, pParams);
	server.listen(good);
	server.listen(bad);
	bad.close();
	for (int i = 0; i < 2; ++i) EXPECT_THROW(server.start(), Poco::Exception);
	EXPECT_EQ(0, server.metrics().connections);
	server.stop();
	EXPECT_TRUE(server.drain(Poco::Timespan(1, 0)).empty());
}


} // namespace WebSocketTest
