//
// Exchange.h
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Exchange
//
// A WebSocket server and its client in one process, written against
// stock's interface. The WebSocket is the one whose header the
// including file finds; each such file gets everything here for itself.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Consumer_Exchange_INCLUDED
#define Consumer_Exchange_INCLUDED


#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketImpl.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Buffer.h"
#include <chrono>
#include <future>
#include <memory>
#include <stdexcept>
#include <string>
#include <typeinfo>


namespace
{
	using namespace Poco::Net;

	using Outcome = std::shared_ptr<std::promise<int>>;

	const std::string UNMASKED_FRAME("\x81\x05hello", 7);
	const std::string HALF_HEADER("\x81\x85", 2); // of six bytes: the mask is missing
	const std::string HANDSHAKE(
		"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n");

	inline void check(bool condition, const std::string& what)
	{
		if (!condition) throw std::runtime_error("not so: " + what);
	}

	class EchoHandler: public HTTPRequestHandler
	{
	public:
		explicit EchoHandler(Outcome pOutcome): _pOutcome(std::move(pOutcome))
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			int code = 0;
			try
			{
				echo(request, response);
			}
			catch (WebSocketException& exc)
			{
				code = exc.code();
			}
			_pOutcome->set_value(code);
		}

	private:
		static void echo(HTTPServerRequest& request, HTTPServerResponse& response)
		{
			WebSocket ws(request, response);
			ws.setReceiveTimeout(Poco::Timespan(10, 0));
			Poco::Buffer<char> buffer(0);
			int flags = 0;
			do
			{
				buffer.resize(0);
				const int n = ws.receiveFrame(buffer, flags);
				if (n == 0 && flags == 0) break;
				ws.sendFrame(buffer.begin(), static_cast<int>(buffer.size()), flags);
			}
			while ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CLOSE);
		}

		Outcome _pOutcome;
	};

	class EchoFactory: public HTTPRequestHandlerFactory
	{
	public:
		explicit EchoFactory(Outcome pOutcome): _pOutcome(std::move(pOutcome))
		{
		}

		HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
		{
			return new EchoHandler(_pOutcome);
		}

	private:
		Outcome _pOutcome;
	};

	class EchoServer
		/// Serves one WebSocket on a free port of the loopback interface.
	{
	public:
		EchoServer():
			_pOutcome(std::make_shared<std::promise<int>>()),
			_socket(SocketAddress("127.0.0.1", 0)),
			_server(new EchoFactory(_pOutcome), _socket, new HTTPServerParams)
		{
			_server.start();
		}

		~EchoServer()
		{
			_server.stopAll(true);
		}

		SocketAddress address() const
		{
			return _socket.address();
		}

		int outcome()
			/// Waits for the handler. Returns the code of the WebSocketException that
			/// ended it, or 0.
		{
			std::future<int> result = _pOutcome->get_future();
			check(result.wait_for(std::chrono::seconds(20)) == std::future_status::ready, "the handler has returned");
			return result.get();
		}

	private:
		Outcome _pOutcome;
		ServerSocket _socket;
		HTTPServer _server;
	};

	inline std::string exchangeFrames()
		/// Opens a WebSocket, has a frame echoed, closes it. Returns the name of
		/// the implementation's type.
	{
		EchoServer server;
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPMessage::HTTP_1_1);
		HTTPResponse response;
		HTTPClientSession session(server.address().host().toString(), server.address().port());
		WebSocket ws(session, request, response);
		ws.setReceiveTimeout(Poco::Timespan(10, 0));
		check(response.getStatus() == HTTPResponse::HTTP_SWITCHING_PROTOCOLS, "status 101");
		check(ws.mode() == WebSocket::WS_CLIENT, "client mode");

		const std::string text("hello");
		char buffer[100];
		int flags = 0;
		check(ws.sendFrame(text.data(), static_cast<int>(text.size())) == static_cast<int>(text.size()), "a frame is sent");
		const int n = ws.receiveFrame(buffer, sizeof(buffer), flags);
		check(n == static_cast<int>(text.size()) && text.compare(0, text.size(), buffer, text.size()) == 0, "the echo is what was sent");
		check(flags == WebSocket::FRAME_TEXT, "the echo is a text frame");

		const WebSocketImpl* pImpl = dynamic_cast<const WebSocketImpl*>(ws.impl());
		check(pImpl != nullptr, "the socket has a WebSocketImpl");
		check(pImpl->frameFlags() == flags, "frameFlags() tells the same");
		check(pImpl->mustMaskPayload(), "the client masks");
		ws.setMaxPayloadSize(4711);
		check(pImpl->getMaxPayloadSize() == 4711 && ws.getMaxPayloadSize() == 4711, "the maximum payload size is kept");

		WebSocket copy(ws);
		copy.shutdown();
		check(ws.receiveFrame(buffer, sizeof(buffer), flags) == 2, "a Close frame is received");
		check((flags & WebSocket::FRAME_OP_BITMASK) == WebSocket::FRAME_OP_CLOSE, "its opcode");
		check(server.outcome() == 0, "the server ends without an error");
		return typeid(*pImpl).name();
	}

	inline int outcomeOf(const std::string& bytes)
		/// Sends the bytes to the server after a handshake, and then the end of
		/// the stream. Returns the server's outcome.
	{
		EchoServer server;
		StreamSocket client(server.address());
		client.sendBytes(HANDSHAKE.data(), static_cast<int>(HANDSHAKE.size()));
		std::string head;
		char c = 0;
		while (head.find("\r\n\r\n") == std::string::npos)
		{
			check(client.receiveBytes(&c, 1) == 1, "the handshake is answered");
			head += c;
		}
		client.sendBytes(bytes.data(), static_cast<int>(bytes.size()));
		try
		{
			client.shutdownSend();
		}
		catch (NetException&)
		{
			// the server has been faster and closed the connection
		}
		return server.outcome();
	}
}


#endif // Consumer_Exchange_INCLUDED
