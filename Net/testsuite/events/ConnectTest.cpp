//
// ConnectTest.cpp
//
// WebSocketClient: who does not answer holds up nobody else, and what a client is when its loop has ended.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/TestResolver.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Clock.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <list>
#include <string>
#include <vector>


using namespace WebSocketTest;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketConnection;


namespace
{
	class CountingHandler: public Poco::Net::WebSocketClientHandler
	{
	public:
		std::atomic<int> messages{0};
		std::atomic<int> failures{0};
		std::function<void()> failed;

		void onMessage(WebSocketConnection&, std::string_view, WebSocketFrame::Opcode) override
		{
			++messages;
		}

		void onConnectFailed(const Poco::Exception&) override
		{
			++failures;
			if (failed) failed();
		}
	};

	WebSocketClientParams::Ptr limited(const Poco::Timespan& timeout)
	{
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setHandshakeTimeout(timeout);
		pParams->setReconnectDelay(Poco::Timespan(600, 0), Poco::Timespan(600, 0));
		return pParams;
	}

	struct Client
	{
		Client(WebSocketClientLoop& loop, const std::string& authority, const Poco::Timespan& timeout = Poco::Timespan(30, 0)):
			handler(new CountingHandler),
			client(Poco::URI("ws://" + authority + "/"), handler, loop, limited(timeout))
		{
			client.start();
		}

		Poco::SharedPtr<CountingHandler> handler;
		WebSocketClient client;
	};

	std::string authority(Poco::UInt16 port)
	{
		return "127.0.0.1:" + std::to_string(port);
	}

	class EventConnectTest: public EventTest
	{
	protected:
		void expectEcho(WebSocketClientLoop& loop)
			/// A client that comes last reaches its server long before the others give up.
		{
			Client client(loop, authority(server.number()));
			client.client.sendText("hello");
			EXPECT_TRUE(eventually([&] { return client.handler->messages == 1; }));
		}

		EventServer server;
	};
}


TEST_F(EventConnectTest, ServersThatDoNotAnswerTheHandshake)
{
	server.start();
	std::list<ServerSocket> silent;
	WebSocketClientLoop loop;
	std::list<Client> clients;
	for (int i = 0; i < 40; ++i)
	{
		silent.emplace_back(SocketAddress("127.0.0.1", 0));
		clients.emplace_back(loop, authority(silent.back().address().port()), Poco::Timespan(20, 0));
	}
	expectEcho(loop);
	for (Client& client: clients) EXPECT_EQ(WebSocketClient::CONNECTING, client.client.state());
	for (Client& client: clients) client.client.stop();
	silent.clear(); // ends the attempts
}


TEST_F(EventConnectTest, ManyClientsOfOneThatDoesNotAnswer)
{
	server.start();
	ServerSocket silent(SocketAddress("127.0.0.1", 0), 1000);
	{
		WebSocketClientLoop loop(1, 2);
		std::list<Client> clients;
		for (int i = 0; i < 300; ++i) clients.emplace_back(loop, authority(silent.address().port()), Poco::Timespan(20, 0));
		expectEcho(loop);
		for (Client& client: clients) client.client.stop();
		int begun = 0;
		while (silent.poll(Poco::Timespan(0, 100000), Poco::Net::Socket::SELECT_READ))
		{
			silent.acceptConnection();
			++begun;
		}
		EXPECT_GE(2, begun) << "attempts to reach one server at a time";
	}
}


TEST_F(EventConnectTest, MoreSilentServersThanAttemptsAtOnce)
{
	server.start();
	ServerSocket silent(SocketAddress("0.0.0.0", 0), 1000);
	std::vector<StreamSocket> taken;
	WebSocketClientLoop loop;
	std::list<Client> clients;
	for (int i = 0; i < 300; ++i)
	{
		const std::string host = "127.1." + std::to_string(i/100) + "." + std::to_string(i%100 + 1); // each is a server of its own
		clients.emplace_back(loop, host + ":" + std::to_string(silent.address().port()), Poco::Timespan(120, 0));
	}
	expectEcho(loop);
	for (Client& client: clients) EXPECT_EQ(WebSocketClient::CONNECTING, client.client.state());
	for (Client& client: clients) client.client.stop();
	while (taken.size() < clients.size() && silent.poll(Poco::Timespan(30, 0), Poco::Net::Socket::SELECT_READ)) taken.push_back(silent.acceptConnection());
	EXPECT_EQ(clients.size(), taken.size()) << "each has its attempt";
	silent.close();
	taken.clear(); // ends the attempts
}


TEST_F(EventConnectTest, NamesThatAreNotFound)
{
	server.start();
	std::list<SilentName> names;
	WebSocketClientLoop loop;
	std::list<Client> clients;
	for (int i = 0; i < 40; ++i)
	{
		const std::string name = "silent" + std::to_string(i) + ".test";
		names.emplace_back(name);
		clients.emplace_back(loop, name);
	}
	for (const SilentName& name: names) EXPECT_TRUE(eventually([&] { return name.waiting() == 1; }));
	expectEcho(loop);
	for (Client& client: clients) client.client.stop();
	names.clear();
}


TEST_F(EventConnectTest, AddressesThatDoNotAnswer)
{
	server.start();
	std::list<BlackHole> holes;
	WebSocketClientLoop loop;
	std::list<Client> clients;
	for (int i = 0; i < 10; ++i)
	{
		holes.emplace_back(SocketAddress("127.0.0.1", 0));
		clients.emplace_back(loop, authority(holes.back().port()), Poco::Timespan(5, 0));
	}
	expectEcho(loop);
	for (Client& client: clients) client.client.stop();
}


//
// response()
//
TEST_F(EventConnectTest, NoResponseWithoutAnAnswer)
{
	WebSocketClientLoop loop;
	const Poco::UInt16 port = ServerSocket(SocketAddress("127.0.0.1", 0)).address().port();
	Client client(loop, authority(port));
	EXPECT_EQ(0, client.client.response().getStatus()) << "none yet, or refused";
	EXPECT_TRUE(eventually([&] { return client.handler->failures == 1; }));
	EXPECT_EQ(0, client.client.response().getStatus());
	EXPECT_EQ("", client.client.response().getReason());
}


TEST_F(EventConnectTest, ResponseIsTheLastAttempts)
{
	server.start();
	WebSocketClientLoop loop;
	Client client(loop, authority(server.number()));
	EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::CONNECTED; }));
	EXPECT_EQ(101, client.client.response().getStatus());
	client.client.stop();
	server.server.stop();
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.handler->failures == 1; }));
	EXPECT_EQ(0, client.client.response().getStatus());
}


//
// The loops of a server that has stopped
//
TEST_F(EventConnectTest, LoopEndsWhileWaiting)
{
	server.start();
	WebSocketClientLoop loop(server.server);
	const Poco::UInt16 port = ServerSocket(SocketAddress("127.0.0.1", 0)).address().port();
	Client client(loop, authority(port));
	EXPECT_TRUE(eventually([&] { return client.handler->failures == 1 && client.client.state() == WebSocketClient::WAITING; }));
	EXPECT_EQ(WebSocketConnection::SENT, client.client.sendText("kept"));
	server.server.stop();
	EXPECT_EQ(WebSocketClient::STOPPED, client.client.state());
	EXPECT_EQ(WebSocketConnection::NOT_OPEN, client.client.sendText("nobody will send it"));
	client.client.start();
	EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::STOPPED; }));
	EXPECT_EQ(WebSocketConnection::NOT_OPEN, client.client.sendText("nobody will send it"));
}


TEST_F(EventConnectTest, LoopEndsWhileConnected)
{
	server.start();
	EventServer other;
	other.start();
	WebSocketClientLoop loop(server.server);
	Client client(loop, authority(other.number()));
	EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::CONNECTED; }));
	server.server.stop();
	EXPECT_EQ(WebSocketClient::STOPPED, client.client.state());
	EXPECT_EQ(WebSocketConnection::NOT_OPEN, client.client.sendText("nobody will send it"));
}


TEST_F(EventConnectTest, LoopEndsWhileConnecting)
{
	for (bool answered: {false, true})
	{
		EventServer own;
		own.start();
		ServerSocket silent(SocketAddress("127.0.0.1", 0));
		WebSocketClientLoop loop(own.server);
		Client client(loop, authority(silent.address().port()));
		RawPeer peer(silent.acceptConnection(), Transport::PLAIN, true);
		const std::string request = receiveRequest(peer);
		own.server.stop();
		if (answered) peer.send(handshakeResponse(request));
		else peer.send(response(503));
		EXPECT_TRUE(eventually([&] { return client.client.state() == WebSocketClient::STOPPED; })) << answered;
		EXPECT_EQ(WebSocketConnection::NOT_OPEN, client.client.sendText("nobody will send it"));
		EXPECT_EQ(0, client.handler->failures) << "there is no thread for that";
	}
}


