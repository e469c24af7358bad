//
// ClassGoneTest.cpp
//
// The class: the peer has gone when something of the opening handshake is written. No SIGPIPE, even if the program has unblocked it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/GonePeer.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/SecureStreamSocket.h"
#include "Poco/Net/WebSocketImpl.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/String.h"
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerRequestImpl;
using Poco::Net::HTTPServerResponse;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	WebSocketParams::Ptr paramsIf(bool flag)
	{
		return flag ? WebSocketParams::Ptr(new WebSocketParams) : WebSocketParams::Ptr();
	}

	bool isPending()
	{
		sigset_t set;
		::sigemptyset(&set);
		::sigpending(&set);
		return ::sigismember(&set, SIGPIPE) == 1;
	}

	void accept(HTTPServerRequest& request, HTTPServerResponse& response, const WebSocketParams::Ptr& pParams)
	{
		try
		{
			if (pParams) WebSocket(request, response, pParams);
			else WebSocket(request, response);
		}
		catch (const Poco::Exception&)
		{
			// the client has gone
		}
	}
}


class ClassGoneTest: public TransportTest
{
protected:
	static void answer(const std::string& request, const WebSocketParams::Ptr& pParams, bool unblocked)
		/// A server answers a client that has gone.
	{
		const SIGPIPEs signals;
		std::promise<void> begun;
		std::promise<void> answered;
		const TestServer server(GetParam(), TestServer::RequestHandler([&](HTTPServerRequest& received, HTTPServerResponse& response)
		{
			if (unblocked) SIGPIPEs::unblock(); // as a program may
			begun.set_value();
			EXPECT_TRUE(knowsOfReset(static_cast<HTTPServerRequestImpl&>(received).socket().impl()->sockfd()));
			accept(received, response, pParams);
			EXPECT_EQ(0, signals.count());
			EXPECT_FALSE(isPending());
			SIGPIPEs::block(); // what Poco's server writes is its own affair
			answered.set_value();
		}));
		RawPeer peer = connectRaw(server.port(), GetParam());
		peer.send(request);
		begun.get_future().wait();
		goAway(peer);
		answered.get_future().wait();
	}

	static std::unique_ptr<HTTPClientSession> session(GoneServer& server, bool connected)
		/// Returns one that is made from a socket if it is to be connected.
	{
		const std::string host = "127.0.0.1";
		const SocketAddress address(host, server.port());
		if (GetParam() == Transport::PLAIN)
		{
			if (connected) return std::make_unique<GonePlainSession>(server, StreamSocket(address));
			return std::make_unique<GonePlainSession>(server, host, server.port());
		}
		if (connected) return std::make_unique<GonePlainSession>(server, Poco::Net::SecureStreamSocket(address, host, clientContext())); // HTTPSClientSession takes none
		return std::make_unique<GoneSecureSession>(server, host, server.port(), clientContext());
	}

	static void ask(bool connected, const WebSocketParams::Ptr& pParams, bool unblocked)
		/// A client sends its request to a server that has gone.
	{
		const SIGPIPEs signals;
		if (!unblocked) SIGPIPEs::block();
		GoneServer server(GetParam());
		const std::unique_ptr<HTTPClientSession> pSession = session(server, connected);
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		if (pParams) EXPECT_THROW(WebSocket(*pSession, request, response, pParams), Poco::Exception);
		else EXPECT_THROW(WebSocket(*pSession, request, response), Poco::Exception);
		EXPECT_EQ(0, signals.count());
		EXPECT_FALSE(isPending());
		SIGPIPEs::block(); // what the session does when it is closed is its own affair
	}
};


TEST_P(ClassGoneTest, NoSIGPIPEOfAServersAnswer)
	/// Not later either, when a program unblocks it.
{
	for (bool accepted: {true, false})
	{
		SCOPED_TRACE(accepted ? "101" : "refused");
		const std::string request = accepted ? handshakeRequest() : Poco::replace(handshakeRequest(), "Version: 13", "Version: 7");
		for (bool params: {false, true})
		{
			for (bool unblocked: {false, true}) answer(request, paramsIf(params), unblocked);
		}
	}
}


TEST_P(ClassGoneTest, NoSIGPIPEOfAClientsRequest)
{
	for (bool connected: {false, true})
	{
		SCOPED_TRACE(connected ? "session made from a socket" : "session made from a name");
		for (bool params: {false, true})
		{
			for (bool unblocked: {false, true}) ask(connected, paramsIf(params), unblocked);
		}
	}
}


TEST_F(SocketTest, NoSIGPIPEOfASocketOfAnotherClass)
{
	struct Other: public Poco::Net::StreamSocketImpl
	{
		explicit Other(int fd):
			StreamSocketImpl(fd)
		{
		}
	};

	int fds[2] = {-1, -1};
	ASSERT_EQ(0, ::socketpair(AF_UNIX, SOCK_STREAM, 0, fds));
	Poco::AutoPtr<Other> pSocket = new Other(fds[0]);
	HTTPClientSession session;
	Poco::AutoPtr<Poco::Net::WebSocketImpl> pWebSocket = new Poco::Net::WebSocketImpl(pSocket.get(), session, false);
	::close(fds[1]);
	const SIGPIPEs signals;
	EXPECT_THROW(pWebSocket->sendBytes("text", 4, 0), Poco::Exception);
	EXPECT_EQ(0, signals.count());
}


INSTANTIATE_TEST_SUITE_P(All, ClassGoneTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);
