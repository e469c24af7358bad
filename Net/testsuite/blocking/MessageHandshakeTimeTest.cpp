//
// MessageHandshakeTimeTest.cpp
//
// One time limit for the client's whole opening handshake, whoever makes it wait, and how.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CallCount.h"
#include "support/MessageSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/HTTPSessionInstantiator.h"
#include "Poco/Clock.h"
#include <future>


namespace WebSocketTest {


namespace
{
	using Poco::Net::HTTPClientSession;
	using Poco::Net::HTTPRequest;
	using Poco::Net::HTTPResponse;
	using Poco::Net::ServerSocket;
	using Poco::Net::Socket;
	using Poco::Net::SocketAddress;
	using Poco::Net::StreamSocket;
	using Poco::Net::WebSocket;
	using Poco::Net::WebSocketParams;

	class MessageHandshakeTimeTest: public SocketTest
	{
	};

	const Poco::Timespan TIMEOUT(0, 300*1000);
	constexpr int LATE_S = DEADLINE_S/2; // much later than the timeout, much earlier than what else would end it

	const std::string TUNNEL = "HTTP/1.1 200 Connection established\r\n\r\n";

	std::string endless()
	{
		std::string fields;
		for (int i = 0; i < 50; ++i) fields += "X-" + std::to_string(i) + ": " + std::string(100, 'x') + "\r\n";
		return fields;
	}

	void untilGone(RawPeer& peer)
		/// Receives what the client sends, until it closes the connection.
	{
		try
		{
			peer.receiveToEnd();
		}
		catch (const Poco::IOException&)
		{
			// reset
		}
	}

	void trickle(StreamSocket socket, const std::string& bytes)
		/// Sends a byte at a time, until the client closes the connection.
	{
		try
		{
			for (char byte: bytes)
			{
				socket.sendBytes(&byte, 1);
				if (socket.poll(Poco::Timespan(10000), Socket::SELECT_READ)) return;
			}
			ADD_FAILURE() << "The client has waited for all of it";
		}
		catch (const Poco::IOException&)
		{
			// reset
		}
	}

	void expectTimeout(HTTPClientSession& session, HTTPRequest& request, WebSocketParams::Ptr pParams = new WebSocketParams)
	{
		pParams->setHandshakeTimeout(TIMEOUT);
		const Poco::Timespan before = session.getTimeout();
		HTTPResponse httpResponse;
		const Poco::Clock start;
		EXPECT_THROW(WebSocket(session, request, httpResponse, pParams), Poco::TimeoutException);
		EXPECT_LE(TIMEOUT.totalMicroseconds(), start.elapsed() + 2000);
		EXPECT_GT(LATE_S*1000000, start.elapsed());
		EXPECT_EQ(before, session.getTimeout());
	}

	void expectTimeout(HTTPClientSession& session)
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		expectTimeout(session, request);
	}

	std::unique_ptr<HTTPClientSession> behindProxy(const ScriptedServer& proxy, Transport transport = Transport::PLAIN)
	{
		std::unique_ptr<HTTPClientSession> pSession;
		if (transport == Transport::TLS)
			pSession = std::make_unique<Poco::Net::HTTPSClientSession>("localhost", 443, clientContext());
		else
			pSession = std::make_unique<HTTPClientSession>("server.test", 80);
		pSession->setTimeout(deadline());
		HTTPClientSession::ProxyConfig config;
		config.host = "127.0.0.1";
		config.port = proxy.port();
		pSession->setProxyConfig(config);
		return pSession;
	}
}


TEST_F(MessageHandshakeTimeTest, SilentProxy)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		SCOPED_TRACE(int(transport));
		ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			untilGone(peer);
		});
		expectTimeout(*behindProxy(proxy, transport));
		proxy.finish();
	}
}


TEST_F(MessageHandshakeTimeTest, TricklingProxy)
{
	for (const std::string& answer: {"HTTP/1.1 200 OK\r\n" + endless(), "HTTP/1.1 407 No\r\nContent-Length: 0\r\n" + endless()})
	{
		ScriptedServer proxy(Transport::PLAIN, [&](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			trickle(peer.socket(), answer);
		});
		expectTimeout(*behindProxy(proxy));
		proxy.finish();
	}
}


TEST_F(MessageHandshakeTimeTest, TricklingProxyThatWantsDigest)
	/// The challenge, and its body, count too.
{
	for (bool body: {false, true})
	{
		ScriptedServer proxy(Transport::PLAIN, [body](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			const std::string head = "HTTP/1.1 407 No\r\nProxy-Authenticate: Digest realm=\"r\", nonce=\"n\", qop=\"auth\"\r\n";
			if (body) peer.send(head + "Content-Length: 100000\r\n\r\n");
			trickle(peer.socket(), body ? std::string(100000, 'x') : head + endless());
		});
		const std::unique_ptr<HTTPClientSession> pSession = behindProxy(proxy);
		HTTPClientSession::ProxyConfig config = pSession->getProxyConfig();
		config.username = "user";
		config.password = "secret";
		config.authMethod = HTTPClientSession::PROXY_AUTH_HTTP_DIGEST;
		pSession->setProxyConfig(config);
		expectTimeout(*pSession);
		proxy.finish();
	}
}


TEST_F(MessageHandshakeTimeTest, SilentServerBehindProxy)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		SCOPED_TRACE(int(transport));
		ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			peer.send(TUNNEL);
			untilGone(peer);
		});
		expectTimeout(*behindProxy(proxy, transport));
		proxy.finish();
	}
}


TEST_F(MessageHandshakeTimeTest, TricklingServerBehindProxy)
{
	ScriptedServer proxy(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		receiveRequest(peer);
		peer.send(TUNNEL);
		trickle(peer.socket(), handshakeResponse(receiveRequest(peer), endless()));
	});
	expectTimeout(*behindProxy(proxy));
	proxy.finish();
}


TEST_F(MessageHandshakeTimeTest, SilentTLS)
	/// Which begins no TLS handshake.
{
	ScriptedServer server(Transport::PLAIN, [](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		untilGone(peer);
	});
	Poco::Net::HTTPSClientSession session("localhost", server.port(), clientContext());
	session.setTimeout(deadline());
	const CallCount calls;
	expectTimeout(session);
	EXPECT_GT(CallCount::FEW, calls.count()) << "does not sleep";
	server.finish();
}


TEST_F(MessageHandshakeTimeTest, PartOfATLSRecord)
	/// What cannot be decrypted yet is no byte of an answer.
{
	for (bool trickles: {false, true})
	{
		SCOPED_TRACE(trickles);
		ScriptedServer server(Transport::TLS, [trickles](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			const std::string sealed = peer.seal(handshakeResponse(receiveRequest(peer), endless()));
			if (trickles)
			{
				trickle(peer.socket(), sealed);
			}
			else
			{
				peer.sendSealed(sealed.substr(0, 100));
				untilGone(peer);
			}
		});
		expectTimeout(*server.session());
		server.finish();
	}
}


TEST_F(MessageHandshakeTimeTest, NobodyAccepts)
	/// The system does not take the connection, or takes it and nobody answers.
{
	ServerSocket listener;
	listener.bind(SocketAddress("127.0.0.1", 0));
	listener.listen(1);
	std::vector<StreamSocket> others(8);
	for (StreamSocket& other: others) other.connectNB(listener.address());
	for (bool proxied: {false, true})
	{
		SCOPED_TRACE(proxied);
		HTTPClientSession session(proxied ? "server.test" : "127.0.0.1", proxied ? 80 : listener.address().port());
		session.setTimeout(deadline());
		if (proxied) session.setProxy("127.0.0.1", listener.address().port());
		expectTimeout(session);
	}
}


TEST_F(MessageHandshakeTimeTest, NobodyTakesTheRequest)
{
	std::promise<void> gone;
	ScriptedServer server(Transport::PLAIN, [&gone](ScriptedServer& self)
	{
		const RawPeer peer = self.accept();
		gone.get_future().wait();
	});
	{
		const std::unique_ptr<HTTPClientSession> pSession = server.session();
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		request.set("X-Large", std::string(16 << 20, 'x'));
		expectTimeout(*pSession, request);
	}
	gone.set_value();
	server.finish();
}


TEST_F(MessageHandshakeTimeTest, RedirectsTogether)
	/// Each of them comes in time.
{
	Poco::Net::HTTPSessionInstantiator::registerInstantiator();
	ScriptedServer server(Transport::PLAIN, [](ScriptedServer& self)
	{
		const Poco::Timespan step(TIMEOUT.totalMicroseconds()*2/3);
		for (int i = 0; i < 20; ++i)
		{
			RawPeer peer = self.accept();
			receiveRequest(peer);
			if (peer.socket().poll(step, Socket::SELECT_READ)) return; // until it closes
			peer.send(response(302, "Location: /" + std::to_string(i) + "\r\n"));
		}
	});
	WebSocketParams::Ptr pParams = new WebSocketParams;
	pParams->setMaxRedirects(20);
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	expectTimeout(*server.session(), request, pParams);
	server.finish();
	Poco::Net::HTTPSessionInstantiator::unregisterInstantiator();
}


TEST_F(MessageHandshakeTimeTest, LastByteMissing)
	/// A header without its end is none, though Poco takes it.
{
	for (bool hangsUp: {false, true})
	{
		SCOPED_TRACE(hangsUp);
		ScriptedServer server(Transport::PLAIN, [hangsUp](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			std::string answer = handshakeResponse(receiveRequest(peer));
			answer.pop_back();
			peer.send(answer);
			if (hangsUp) peer.endSending();
			untilGone(peer);
		});
		{
			const std::unique_ptr<HTTPClientSession> pSession = server.session();
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			WebSocketParams::Ptr pParams = new WebSocketParams;
			if (hangsUp)
			{
				EXPECT_THROW(WebSocket(*pSession, request, httpResponse, pParams), Poco::Net::MessageException);
			}
			else
			{
				expectTimeout(*pSession);
			}
		}
		server.finish();
	}
}


TEST_F(MessageHandshakeTimeTest, TimeoutsOfTheSessionStay)
	/// What the caller has set is that of the WebSocket, and of a request after one that was refused.
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		SCOPED_TRACE(int(transport));
		ScriptedServer server(transport, [](ScriptedServer& self)
		{
			for (int i = 0; i < 2; ++i)
			{
				RawPeer peer = self.accept();
				receiveRequest(peer);
				peer.send(response(400, "Connection: close\r\n"));
			}
			RawPeer peer = self.accept();
			peer.send(handshakeResponse(receiveRequest(peer)));
			untilGone(peer);
		});
		const std::unique_ptr<HTTPClientSession> pSession = server.session();
		pSession->setTimeout(Poco::Timespan(7, 0), Poco::Timespan(8, 0), Poco::Timespan(9, 0));
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setHandshakeTimeout(Poco::Timespan(6, 0));
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse httpResponse;
		EXPECT_EQ(WebSocket::WS_ERR_NO_HANDSHAKE, errorOf([&] { WebSocket(*pSession, request, httpResponse, pParams); }));

		HTTPRequest pageRequest(HTTPRequest::HTTP_GET, "/page", HTTPRequest::HTTP_1_1);
		pSession->sendRequest(pageRequest);
		pSession->receiveResponse(httpResponse);
		EXPECT_EQ(8, pSession->socket().getSendTimeout().totalSeconds());
		EXPECT_EQ(9, pSession->socket().getReceiveTimeout().totalSeconds());
		pSession->reset();
		{
			WebSocket ws(*pSession, request, httpResponse, pParams);
			EXPECT_EQ(8, ws.getSendTimeout().totalSeconds());
			EXPECT_EQ(9, ws.getReceiveTimeout().totalSeconds());
		}
		server.finish();
	}
}


} // namespace WebSocketTest
