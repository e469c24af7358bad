//
// ClientTest.cpp
//
// WebSocketClient: connecting, connecting again, and stopping.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/ClassPeer.h"
#include "support/TestSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketAuth.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Clock.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <algorithm>
#include <atomic>
#include <future>
#include <memory>
#include <thread>
#include <type_traits>
#include <utility>


using namespace WebSocketTest;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketConnection;


//
// A length is not taken for an opcode
//
namespace
{
	template <typename Sender, typename Void, typename... Arguments>
	struct Sends: std::false_type
	{
	};

	template <typename Sender, typename... Arguments>
	struct Sends<Sender, std::void_t<decltype(std::declval<Sender&>().send(std::declval<Arguments>()...))>, Arguments...>: std::true_type
	{
	};

	template <typename Sender, typename Void, typename... Arguments>
	struct SendsText: std::false_type
	{
	};

	template <typename Sender, typename... Arguments>
	struct SendsText<Sender, std::void_t<decltype(std::declval<Sender&>().sendText(std::declval<Arguments>()...))>, Arguments...>: std::true_type
	{
	};

	template <typename Sender>
	constexpr bool checkSend()
		/// A length cannot be taken for an opcode, and nothing is text or binary by chance.
	{
		static_assert(Sends<Sender, void, const char*, WebSocketFrame::Opcode>::value);
		static_assert(Sends<Sender, void, std::string, WebSocketFrame::Opcode, WebSocketFrame::Compression>::value);
		static_assert(!Sends<Sender, void, const char*>::value);
		static_assert(!Sends<Sender, void, std::string>::value);
		static_assert(!Sends<Sender, void, const char*, int>::value);
		static_assert(!Sends<Sender, void, const char*, std::size_t>::value);
		static_assert(!Sends<Sender, void, const char*, std::size_t, int>::value);
		static_assert(!Sends<Sender, void, std::string, int>::value);
		static_assert(SendsText<Sender, void, const char*>::value);
		static_assert(!SendsText<Sender, void, const char*, std::size_t>::value);
		static_assert(!SendsText<Sender, void, const char*, int>::value);
		return true;
	}

	static_assert(checkSend<WebSocketConnection>());
	static_assert(checkSend<WebSocketClient>());
}


namespace
{
	class ClientHandler: public Poco::Net::WebSocketClientHandler
		/// Notes what it is told, in the words of Recorder, and sends nothing.
	{
	public:
		std::function<void (WebSocketConnection&)> open;
		std::function<void (WebSocketConnection&, const std::string&)> message;

		std::vector<std::string> log() const
		{
			std::lock_guard<std::mutex> lock(_mutex);
			return _log;
		}

		std::size_t count(const std::string& line) const
		{
			std::lock_guard<std::mutex> lock(_mutex);
			return static_cast<std::size_t>(std::count(_log.begin(), _log.end(), line));
		}

		void onOpen(WebSocketConnection& connection, const Poco::Net::HTTPRequest&, const Poco::Net::HTTPResponse&) override
		{
			note("open");
			if (open) open(connection);
		}

		void onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode) override
		{
			note("message " + std::string(data));
			if (message) message(connection, std::string(data));
		}

		void onConnectFailed(const Poco::Exception&) override
		{
			note("failed");
		}

		void onClose(WebSocketConnection&, int code, const std::string&) override
		{
			note("close " + std::to_string(code));
		}

	private:
		void note(const std::string& line)
		{
			std::lock_guard<std::mutex> lock(_mutex);
			_log.push_back(line);
		}

		mutable std::mutex _mutex;
		std::vector<std::string> _log;
	};

	struct Client
		/// A client with its handler, impatient.
	{
		Client(WebSocketClientLoop& loop, const std::string& uri, WebSocketClientParams::Ptr pParams = new WebSocketClientParams):
			handler(new ClientHandler),
			client(Poco::URI(uri), handler, loop, impatient(pParams))
		{
		}

		static WebSocketClientParams::Ptr impatient(WebSocketClientParams::Ptr pParams)
		{
			pParams->setReconnectDelay(Poco::Timespan(0, 10000), Poco::Timespan(0, 50000));
			return pParams;
		}

		Poco::SharedPtr<ClientHandler> handler;
		WebSocketClient client;
	};

	std::string uriOf(const EventServer& server, const std::string& scheme = "ws")
	{
		return scheme + "://127.0.0.1:" + std::to_string(server.number()) + "/";
	}

	using Log = std::vector<std::string>;
}


class EventClientTest: public EventTest
{
protected:
	WebSocketClientLoop loop;
};


TEST_F(EventClientTest, SendsAndReceives)
{
	EventServer server;
	server.start();
	Client client(loop, uriOf(server));
	EXPECT_EQ(WebSocketClient::STOPPED, client.client.state());
	EXPECT_EQ(WebSocketConnection::NOT_OPEN, client.client.sendText("before start()"));
	EXPECT_FALSE(client.client.connection());
	client.client.start();
	client.client.start();
	EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("one"));
	EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("two"));
	EXPECT_TRUE(eventually([&] { return client.handler->count("message two") == 1; }));
	EXPECT_EQ(WebSocketClient::CONNECTED, client.client.state());
	EXPECT_EQ(101, client.client.response().getStatus());
	ASSERT_TRUE(client.client.connection());
	EXPECT_EQ(server.number(), client.client.connection()->remoteAddress().port());
	client.client.stop();
	EXPECT_EQ((Log{"open", "message one", "message two", "close 1000"}), client.handler->log());
	EXPECT_EQ(WebSocketClient::STOPPED, client.client.state());
	EXPECT_EQ((Log{"open", "message 1 one", "message 1 two", "close 1000"}), server.handler.finalLog());
}


TEST_F(EventClientTest, ConnectsAgain)
{
	EventServer server;
	server.start();
	Client client(loop, uriOf(server));
	client.handler->open = [](WebSocketConnection& connection) { connection.sendText("hello"); };
	client.client.start();
	for (std::size_t round = 1; round <= 3; ++round)
	{
		EXPECT_TRUE(eventually([&] { return client.handler->count("message hello") == round; }));
		server.handler.connection(round - 1)->abort();
	}
	EXPECT_TRUE(eventually([&] { return client.handler->count("close 1006") == 3; }));
	EXPECT_TRUE(eventually([&] { return client.handler->count("open") == 4; }));
}


TEST_F(EventClientTest, KeepsWhatIsSentMeanwhile)
{
	// There is no server yet; what does not fit is refused.
	Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
	const Poco::UInt16 port = socket.address().port();
	socket.close();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setMaxOfflineBytes(10 + 2*WebSocketClientParams::QUEUE_ENTRY);
	Client client(loop, "ws://127.0.0.1:" + std::to_string(port) + "/", pParams);
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.handler->count("failed") >= 3; }));
	EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("12345"));
	EXPECT_EQ(WebSocketConnection::SENT, client.client.send("67890", WebSocketFrame::OP_BINARY));
	EXPECT_EQ(WebSocketConnection::QUEUE_FULL, client.client.sendText("!"));
	EXPECT_THROW(client.client.sendText("\xff"), Poco::InvalidArgumentException);

	struct Echo: public Poco::Net::WebSocketServerHandler
	{
		void onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			connection.send(data, opcode);
		}
	};
	Poco::Net::WebSocketServer server(new Echo);
	server.listen(Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", port)));
	server.start();
	EXPECT_TRUE(eventually([&] { return client.handler->count("message 67890") == 1; }));
	EXPECT_EQ(1u, client.handler->count("message 12345"));
	EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("more than ten bytes"));
	EXPECT_TRUE(eventually([&] { return client.handler->count("message more than ten bytes") == 1; }));
}


TEST_F(EventClientTest, KeepsWhatAConnectionDidNotTake)
{
	EventServer server;
	server.start();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setMaxOfflineBytes(6 + 2*WebSocketClientParams::QUEUE_ENTRY);
	Client client(loop, uriOf(server), pParams);
	bool first = true;
	client.handler->open = [&](WebSocketConnection& connection)
	{
		if (!first)
		{
			EXPECT_EQ(WebSocketConnection::QUEUE_FULL, client.client.sendText("!")) << "it counts as before";
			return;
		}
		first = false;
		EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("one")); // for when this callback has returned
		EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("two"));
		connection.close(4000);
	};
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.handler->count("message two") == 1; }));
	EXPECT_EQ((Log{"open", "close 4000", "open", "message one", "message two"}), client.handler->log());
	EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("three"));
	EXPECT_TRUE(eventually([&] { return client.handler->count("message three") == 1; }));
}


TEST_F(EventClientTest, KeepsWhatIsSentWhileAConnectionCloses)
{
	EventServer server;
	server.start();
	for (const bool reconnect: {true, false})
	{
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setReconnect(reconnect);
		Client client(loop, uriOf(server), pParams);
		client.handler->message = [&](WebSocketConnection& connection, const std::string& text)
		{
			if (text != "go") return;
			connection.close(4000);
			EXPECT_EQ(reconnect ? WebSocketConnection::SENT : WebSocketConnection::NOT_OPEN, client.client.sendText("later"));
		};
		client.client.start();
		client.client.sendText("go");
		EXPECT_TRUE(eventually([&] { return client.handler->count("close 4000") == 1; }));
		EXPECT_TRUE(!reconnect || eventually([&] { return client.handler->count("message later") == 1; }));
	}
}


TEST_F(EventClientTest, StartedAgainWhileTheLoopIsBusy)
{
	// What stop() has left for the loop must not end what start() has begun.
	Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
	const Poco::UInt16 port = socket.address().port();
	socket.close();
	EventServer server;
	server.start();
	Client busy(loop, uriOf(server));
	std::promise<void> begun;
	std::promise<void> end;
	busy.handler->message = [&](WebSocketConnection&, const std::string&)
	{
		begun.set_value();
		end.get_future().wait();
	};
	busy.client.start();
	EXPECT_TRUE(eventually([&] { return busy.client.state() == WebSocketClient::CONNECTED; }));
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	Client client(loop, "ws://127.0.0.1:" + std::to_string(port) + "/", pParams);
	pParams->setReconnectDelay(Poco::Timespan(0, 500000), Poco::Timespan(0, 500000));
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::WAITING; }));
	busy.client.sendText("wait");
	begun.get_future().wait();

	Poco::Net::WebSocketServer late(new Poco::Net::WebSocketServerHandler);
	late.listen(Poco::Net::ServerSocket(Poco::Net::SocketAddress("127.0.0.1", port)));
	late.start();
	client.client.stop();
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.client.connection(); }));
	client.client.connection()->abort();
	end.set_value();
	EXPECT_TRUE(eventually([&] { return client.handler->count("open") == 2; }));
}


TEST_F(EventClientTest, WhatIsKeptIsForTheNewConnection)
{
	// The old one still lives when the client is started again.
	EventServer server;
	server.start();
	Client client(loop, uriOf(server));
	bool first = true;
	client.handler->open = [&](WebSocketConnection&)
	{
		if (!first) return;
		first = false;
		client.client.stop();
		client.client.start();
		EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("new"));
	};
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.handler->count("message new") == 1; }));
	EXPECT_EQ(2u, client.handler->count("open"));
}


TEST_F(EventClientTest, WhoClosesAtOnceIsAskedLessAndLess)
{
	EventServer server;
	std::atomic<bool> closing(true);
	server.handler.open = [&](EventConnection& connection, Poco::Net::HTTPServerRequest&)
	{
		if (closing) connection.close(1013);
	};
	server.start();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	Client client(loop, uriOf(server), pParams);
	pParams->setReconnectDelay(Poco::Timespan(0, 50000), Poco::Timespan(3600, 0));
	const auto reach = [&](std::size_t count) { EXPECT_TRUE(eventually([&] { return client.handler->count("open") >= count; })); };
	Poco::Clock clock;
	client.client.start();
	reach(6);
	EXPECT_LE((50 + 100 + 200 + 400 + 800)*1000/2, clock.elapsed()) << "each shorter by a half at most";
	closing = false;
	reach(7);
	clock.update();
	EXPECT_TRUE(eventually([&] { return clock.elapsed() > 5500000; })); // that is no failure
	closing = true;
	clock.update();
	server.handler.connection(6)->abort();
	reach(10);
	EXPECT_GT((3200 + 6400)*1000/2, clock.elapsed()) << "as if nothing had been: 50 + 50 + 100 ms";
}


TEST_F(EventClientTest, GivesUpIfToldTo)
{
	EventParams::Ptr pServerParams = new EventParams;
	pServerParams->setHook([](Poco::Net::HTTPServerRequest&, Poco::Net::HTTPServerResponse& response)
	{
		response.setStatusAndReason(Poco::Net::HTTPResponse::HTTP_SERVICE_UNAVAILABLE);
		return false;
	});
	EventServer server(Port::PLAIN, pServerParams);
	server.start();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnect(false);
	Client client(loop, uriOf(server), pParams);
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::STOPPED; }));
	EXPECT_TRUE(eventually([&] { return client.handler->log() == Log{"failed"}; }));
	EXPECT_EQ(503, client.client.response().getStatus());
}


TEST_F(EventClientTest, CredentialsSubprotocolsCompressionHeaders)
{
	EventParams::Ptr pServerParams = new EventParams;
	pServerParams->setDeflate(true);
	pServerParams->setSubprotocols({"chat"});
	std::string custom;
	pServerParams->setHook([&custom](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
	{
		custom = request.get("X-Custom", "");
		if (request.hasCredentials()) return true;
		response.requireAuthentication("test");
		return false;
	});
	EventServer server(Port::PLAIN, pServerParams);
	server.start();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setDeflate(true);
	pParams->setSubprotocols({"other", "chat"});
	pParams->setCredentials("user", "password");
	Poco::Net::NameValueCollection headers;
	headers.set("X-Custom", "value");
	pParams->setHeaders(headers);
	Client client(loop, uriOf(server), pParams);
	client.client.start();
	const std::string text(10000, 'x');
	client.client.sendText(text);
	EXPECT_TRUE(eventually([&] { return client.handler->count("message " + text) == 1; }));
	EXPECT_EQ("chat", client.client.connection()->subprotocol());
	EXPECT_LT(client.client.connection()->metrics().bytesSent, 1000u);
	EXPECT_EQ("value", custom);
}


TEST_F(EventClientTest, OverTLS)
{
	EventServer server(Port::TLS);
	server.start();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setSessionFactory([](const Poco::URI& uri)
	{
		return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), clientContext());
	});
	Client client(loop, uriOf(server, "wss"), pParams);
	client.client.start();
	const std::string text(300000, 'x');
	client.client.sendText(text);
	EXPECT_TRUE(eventually([&] { return client.handler->count("message " + text) == 1; }));
	EXPECT_TRUE(client.client.connection()->secure());
	client.client.stop();
	EXPECT_EQ(1u, client.handler->count("close 1000"));
}


TEST_F(EventClientTest, FactoryThatThrowsWhatItLikes)
{
	for (const int what: {1, 2, 3})
	{
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setReconnect(false);
		pParams->setSessionFactory([what](const Poco::URI&) -> std::unique_ptr<Poco::Net::HTTPClientSession>
		{
			if (what == 1) throw Poco::IOException("a factory's");
			if (what == 2) throw std::runtime_error("a factory's");
			throw 3;
		});
		Client client(loop, "ws://127.0.0.1:1/", pParams);
		client.client.start();
		EXPECT_TRUE(eventually([&] { return client.handler->log() == Log{"failed"}; }));
		EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::STOPPED; }));
	}
}


TEST_F(EventClientTest, StopForgetsAnAttempt)
{
	// Somebody who accepts and says nothing.
	Poco::Net::ServerSocket silent(Poco::Net::SocketAddress("127.0.0.1", 0));
	for (int i = 0; i < 3; ++i)
	{
		Client client(loop, "ws://127.0.0.1:" + std::to_string(silent.address().port()) + "/");
		client.client.start();
		Poco::Net::StreamSocket accepted = silent.acceptConnection();
		client.client.stop();
		EXPECT_EQ(Log(), client.handler->log());
	}
}


TEST_F(EventClientTest, StopInACallback)
{
	EventServer server;
	server.start();
	Client client(loop, uriOf(server));
	client.handler->open = [&client](WebSocketConnection& connection)
	{
		client.client.stop();
		EXPECT_EQ(&connection, client.client.connection().get());
	};
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.handler->log() == Log{"open", "close 1000"}; }));
	EXPECT_EQ(WebSocketClient::STOPPED, client.client.state());
	client.handler->open = nullptr;
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.handler->count("open") == 2; }));
}


TEST_F(EventClientTest, StopDoesNotWaitForEver)
{
	// Somebody who never answers the Close.
	EventServer server;
	server.handler.open = [](EventConnection& connection, Poco::Net::HTTPServerRequest&) { connection.pause(); };
	server.start();
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setCloseTimeout(Poco::Timespan(0, 50000));
	Client client(loop, uriOf(server), pParams);
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::CONNECTED; }));
	client.client.stop();
	EXPECT_EQ((Log{"open", "close 1006"}), client.handler->log());
}


TEST_F(EventClientTest, ManyClients)
{
	const std::size_t COUNT = sanitized() ? 50 : 1000;
	EventServer server;
	server.handler.quiet = true;
	server.start();
	std::vector<std::unique_ptr<Client>> clients;
	for (std::size_t i = 0; i < COUNT; ++i)
	{
		clients.push_back(std::make_unique<Client>(loop, uriOf(server)));
		clients.back()->client.start();
		clients.back()->client.sendText(std::to_string(i));
	}
	for (std::size_t i = 0; i < COUNT; ++i)
		EXPECT_TRUE(eventually([&] { return clients[i]->handler->count("message " + std::to_string(i)) == 1; })) << i;
	EXPECT_EQ(static_cast<int>(COUNT), server.server.metrics().connections);
	for (auto& pClient: clients) pClient->client.stop();
	EXPECT_TRUE(eventually([&] { return server.server.metrics().connections == 0; }));
}


TEST_F(EventClientTest, OnTheLoopsOfAServer)
{
	EventServer server;
	server.start();
	WebSocketClientLoop shared(server.server);
	Client client(shared, uriOf(server));
	client.client.start();
	client.client.sendText("hello");
	EXPECT_TRUE(eventually([&] { return client.handler->count("message hello") == 1; }));
	client.client.stop();
}


TEST_F(EventClientTest, FromManyThreads)
{
	// start(), stop() and send() at any time; the server goes and comes.
	EventServer server;
	server.handler.quiet = true;
	server.start();
	Client client(loop, uriOf(server));
	std::atomic<bool> stopping{false};
	std::vector<std::future<void>> threads;
	for (int i = 0; i < 3; ++i)
	{
		threads.push_back(std::async(std::launch::async, [&, i]
		{
			while (!stopping)
			{
				if (i == 0) client.client.start();
				if (i == 1) client.client.sendText("hello");
				if (i == 2)
				{
					WebSocketConnection::Ptr pConnection = client.client.connection();
					if (pConnection) pConnection->abort();
				}
				std::this_thread::yield();
			}
		}));
	}
	EXPECT_TRUE(eventually([&] { return client.handler->count("open") > 20; }));
	stopping = true;
	for (std::future<void>& thread: threads) get(thread);
	client.client.stop();
	EXPECT_EQ(client.handler->count("open"), client.handler->count("close 1000") + client.handler->count("close 1006") + client.handler->count("close 1005"));
}


TEST_F(EventClientTest, Arguments)
{
	const Poco::SharedPtr<ClientHandler> pHandler(new ClientHandler);
	for (const char* uri: {"http://localhost/", "ws:///", "ws://user@localhost/", "ws://localhost/#fragment"})
		EXPECT_THROW(WebSocketClient(Poco::URI(uri), pHandler, loop), Poco::InvalidArgumentException) << uri;
	EXPECT_THROW(WebSocketClient(Poco::URI("ws://localhost/"), pHandler, loop, WebSocketClientParams::Ptr()), Poco::InvalidArgumentException);
	EXPECT_THROW(WebSocketClientLoop(0), Poco::InvalidArgumentException);
	EXPECT_THROW(WebSocketClientLoop(1, 257), Poco::InvalidArgumentException);
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	EXPECT_THROW(pParams->setReconnectDelay(0, Poco::Timespan(1, 0)), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setReconnectDelay(Poco::Timespan(2, 0), Poco::Timespan(1, 0)), Poco::InvalidArgumentException);
	EXPECT_THROW(pParams->setMaxOfflineBytes(-1), Poco::InvalidArgumentException);
}


TEST(EventClientDataTest, UserDataThatHoldsItsConnection)
	/// Of each connection of a client.
{
	EventServer server;
	server.start();
	WebSocketClientLoop loop;
	Client client(loop, "ws://127.0.0.1:" + std::to_string(server.number()) + "/");
	std::mutex mutex;
	std::vector<std::weak_ptr<WebSocketConnection::Ptr>> kept;
	client.handler->open = [&](WebSocketConnection& connection)
	{
		const auto pSelf = std::make_shared<WebSocketConnection::Ptr>(&connection, true);
		connection.setUserData(pSelf);
		std::lock_guard<std::mutex> lock(mutex);
		kept.push_back(pSelf);
	};
	client.client.start();
	for (std::size_t i = 0; i < 3; ++i)
	{
		server.handler.connection(i)->abort();
		EXPECT_TRUE(eventually([&] { return client.handler->count("open") > i + 1; }));
	}
	client.client.stop();
	std::lock_guard<std::mutex> lock(mutex);
	EXPECT_EQ(4u, kept.size());
	for (const auto& pKept: kept) EXPECT_TRUE(pKept.expired());
}
