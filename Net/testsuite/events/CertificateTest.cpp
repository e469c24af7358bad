//
// CertificateTest.cpp
//
// A client's certificate: everybody who is given a request finds it as in a HTTPServer.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/SecureStreamSocket.h"
#include "Poco/Net/SSLException.h"


using Poco::Net::HTTPRequest;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerRequestImpl;
using Poco::Net::HTTPServerResponse;
using Poco::Net::SecureStreamSocket;
using Poco::Net::ServerSocket;
using Poco::Net::StreamSocket;


namespace WebSocketTest {


namespace
{
	std::string nameOf(const HTTPRequest& request)
		/// Returns the common name in the certificate; "plain" or "none" if there is no TLS or no certificate.
	{
		HTTPServerRequestImpl* const pRequest = dynamic_cast<HTTPServerRequestImpl*>(const_cast<HTTPRequest*>(&request));
		if (!pRequest) return "not a HTTPServerRequestImpl";
		try
		{
			SecureStreamSocket socket(pRequest->socket());
			if (!socket.havePeerCertificate()) return "none";
			return socket.peerCertificate().commonName();
		}
		catch (const Poco::InvalidArgumentException&)
		{
			return "plain";
		}
	}

	enum class Peer
	{
		PLAIN,
		LOCAL,
		TLS,   // without a certificate
		MUTUAL
	};

	class CertificateTest: public ::testing::TestWithParam<Peer>
	{
	protected:
		CertificateTest():
			_socket(listening(_file.path())),
			_pHandler(new Recorder),
			handler(*_pHandler)
		{
			pParams->setThreads(2);
			pParams->setHook([this](HTTPServerRequest& request, HTTPServerResponse&)
			{
				names.put("hook " + nameOf(request));
				return true;
			});
			pParams->setOriginCheck([this](const std::string&, const HTTPServerRequest& request)
			{
				names.put("origin " + nameOf(request));
				return true;
			});
			handler.open = [this](EventConnection&, HTTPServerRequest& request)
			{
				names.put("open " + request.getURI() + " " + nameOf(request));
			};
		}

		~CertificateTest() override
		{
			handler.forget();
		}

		RawPeer dial() const
		{
			StreamSocket socket;
			socket.connect(GetParam() == Peer::LOCAL ? Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, _file.path()) : _socket.address(), deadline());
			return RawPeer(socket, secure() ? Transport::TLS : Transport::PLAIN, false);
		}

		static bool secure()
		{
			return GetParam() == Peer::TLS || GetParam() == Peer::MUTUAL;
		}

		static std::string expected()
		{
			return GetParam() == Peer::TLS ? "none" : GetParam() == Peer::MUTUAL ? "localhost" : "plain";
		}

		void expectEcho(RawPeer& peer)
		{
			peer.send(textFrame("there"));
			expectText(peer, "there");
		}

		void expectOpened(RawPeer& peer)
		{
			EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
			EXPECT_EQ("origin " + expected(), names.take());
			EXPECT_EQ("hook " + expected(), names.take());
			EXPECT_EQ("open /path " + expected(), names.take());
			expectEcho(peer);
		}

		Poco::TemporaryFile _file;
		ServerSocket _socket;
		Poco::SharedPtr<Recorder> _pHandler;
		Recorder& handler;
		EventParams::Ptr pParams = new EventParams;
		Mailbox<std::string> names;
		const std::string upgrade = handshakeRequest("/path", "Origin: http://elsewhere\r\n");

	private:
		static ServerSocket listening(const std::string& path)
		{
			const Poco::Net::SocketAddress address("127.0.0.1", 0);
			if (GetParam() == Peer::LOCAL) return ServerSocket(Poco::Net::SocketAddress(Poco::Net::SocketAddress::UNIX_LOCAL, path), 64);
			if (GetParam() == Peer::PLAIN) return ServerSocket(address, 64);
			return Poco::Net::SecureServerSocket(address, 64, GetParam() == Peer::TLS ? serverContext() : mutualContext());
		}

		Watchdog _watchdog;
	};

	std::string peerName(const ::testing::TestParamInfo<Peer>& info)
	{
		const char* const names[] = {"Plain", "Local", "TLS", "Mutual"};
		return names[static_cast<int>(info.param)];
	}
}


TEST_P(CertificateTest, HandlersOfRequests)
{
	Poco::Net::WebSocketServer server(_pHandler, pParams);
	Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
	pHTTPParams->setTimeout(deadline());
	server.setHTTP(new FunctionFactory([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		const std::string body(std::istreambuf_iterator<char>(request.stream()), std::istreambuf_iterator<char>());
		const std::string text = nameOf(request) + " " + std::to_string(body.size()) + (request.secure() ? " secure" : "");
		response.sendBuffer(text.data(), text.size());
	}), pHTTPParams);
	server.listen(_socket);
	server.start();
	RawPeer peer = dial();
	for (const std::size_t size: {std::size_t(0), std::size_t(100), std::size_t(100000)})
	{
		peer.send("POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(size) + "\r\n\r\n" + pattern(size));
		const std::string head = peer.receiveThrough("\r\n\r\n");
		EXPECT_EQ(expected() + " " + std::to_string(size) + (secure() ? " secure" : ""), peer.receive(std::stoul(value(head, "Content-Length"))));
	}
	peer.send(upgrade); // on the same connection
	expectOpened(peer);
	server.stop();
}


TEST_P(CertificateTest, HooksAndOpenings)
{
	Poco::Net::WebSocketServer server(_pHandler, pParams);
	server.listen(_socket);
	server.start();
	for (int i = 0; i < 3; ++i)
	{
		RawPeer peer = dial();
		peer.send(upgrade, i == 0 ? 1 : 1000);
		expectOpened(peer);
	}
	server.stop();
}


TEST_P(CertificateTest, AdoptedConnections)
{
	Poco::Net::WebSocketServer server(_pHandler, pParams);
	server.start();
	Poco::ThreadPool threads(2, 4);
	Poco::Net::HTTPServer http(new FunctionFactory([&server](HTTPServerRequest& request, HTTPServerResponse& response) { server.adopt(request, response); }),
		threads, _socket, new Poco::Net::HTTPServerParams);
	http.start();
	for (int i = 0; i < 3; ++i)
	{
		RawPeer peer = dial();
		peer.send(upgrade);
		expectOpened(peer);
	}
	http.stopAll(true);
	server.stop();
}


TEST_P(CertificateTest, SocketsThatAreKept)
	/// A copy of the socket outlives the callback, and can be used for nothing bad.
{
	std::mutex mutex;
	std::vector<StreamSocket> kept;
	const auto keep = [&](const HTTPRequest& request)
	{
		std::lock_guard<std::mutex> lock(mutex);
		kept.push_back(static_cast<HTTPServerRequestImpl&>(const_cast<HTTPRequest&>(request)).socket());
	};
	pParams->setHook([&](HTTPServerRequest& request, HTTPServerResponse&)
	{
		keep(request);
		static_cast<HTTPServerRequestImpl&>(request).detachSocket();
		return request.getURI() == "/path";
	});
	handler.open = [&](EventConnection&, HTTPServerRequest& request) { keep(request); };
	Poco::Net::WebSocketServer server(_pHandler, pParams);
	server.listen(_socket);
	server.start();
	RawPeer peer = dial();
	peer.send(upgrade);
	EXPECT_EQ(0u, peer.receiveThrough("\r\n\r\n").find("HTTP/1.1 101 "));
	expectEcho(peer);
	RawPeer refused = dial();
	refused.send(handshakeRequest("/refused"));
	EXPECT_EQ(0u, refused.receiveToEnd().find("HTTP/1.1 403 "));
	if (!secure())
	{
		for (StreamSocket& socket: kept) EXPECT_THROW(socket.sendBytes("x", 1), Poco::Exception);
	}
	kept.clear();
	expectEcho(peer);
	server.stop();
}


INSTANTIATE_TEST_SUITE_P(Event, CertificateTest, ::testing::Values(Peer::PLAIN, Peer::LOCAL, Peer::TLS, Peer::MUTUAL), peerName);


} // namespace WebSocketTest
