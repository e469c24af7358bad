//
// InteropServer.cpp
//
// A server for clients of other makes.
//
// usage: InteropServer [<certificate> <key>]
//
// Writes "port <number>" when it listens, and ends at the end of its standard input; with
// status 1 if a client did not do what it should. What it does depends on the path:
//
//   /echo       frames come back as they came; the client closes
//   /report     a text message with the code and reason with which an /echo was closed
//   /close      the server closes
//   /ping       the server sends a Ping, and when it has got the Pong a text message
//   /fragments  the server sends a text and a binary message in fragments
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Conversation.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetSSL.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Buffer.h"
#include "Poco/Exception.h"
#include "Poco/NotificationQueue.h"
#include <atomic>
#include <iostream>
#include <limits>


using namespace Poco::Net;
using namespace Interop;


namespace
{
	std::atomic<int> failures(0);

	class Report: public Poco::Notification
	{
	public:
		explicit Report(const std::string& reportText): text(reportText)
		{
		}

		const std::string text;
	};

	Poco::NotificationQueue reports;

	void echo(WebSocket& ws)
	{
		Poco::Buffer<char> frame(0);
		int flags = 0;
		do
		{
			frame.resize(0);
			const int n = ws.receiveFrame(frame, flags);
			check(n > 0 || flags != 0, "the client closes with a Close frame");
			const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
			if (opcode == WebSocket::FRAME_OP_PONG) continue;
			if (opcode == WebSocket::FRAME_OP_PING) flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
			ws.sendFrame(frame.begin(), static_cast<int>(frame.size()), flags);
		}
		while ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CLOSE);

		const Message message{WebSocket::FRAME_OP_CLOSE, std::string(frame.begin(), frame.size())};
		reports.enqueueNotification(new Report(std::to_string(message.closeCode()) + ' ' + message.closeReason()));
	}

	void report(Peer& peer)
	{
		Poco::AutoPtr<Poco::Notification> pNotification(reports.waitDequeueNotification(DEADLINE_S*1000L));
		check(pNotification, "an /echo was closed");
		peer.send(WebSocket::FRAME_OP_TEXT, static_cast<Report&>(*pNotification).text);
	}

	void converse(const std::string& path, WebSocket& ws)
	{
		Peer peer(ws);
		if (path == "/echo")
		{
			echo(ws);
			return;
		}
		if (path == "/close")
		{
			peer.close(SERVER_CLOSE_CODE, SERVER_CLOSE_REASON);
			return;
		}

		if (path == "/report")
		{
			report(peer);
		}
		else if (path == "/ping")
		{
			peer.send(WebSocket::FRAME_OP_PING, PING_PAYLOAD);
			peer.expectPong(PING_PAYLOAD);
			peer.send(WebSocket::FRAME_OP_TEXT, PONG_REPORT);
		}
		else if (path == "/fragments")
		{
			peer.sendFragments(WebSocket::FRAME_OP_TEXT, FRAGMENTED_TEXT, 5);
			peer.expectPong("between fragments");
			peer.sendFragments(WebSocket::FRAME_OP_BINARY, pattern(FRAGMENTED_BINARY_LENGTH), 30000);
			peer.expectPong("between fragments");
		}
		else
		{
			check(false, "the path is known: " + path);
		}
		peer.expectClose(WebSocket::WS_NORMAL_CLOSE, "");
	}

	class Handler: public HTTPRequestHandler
	{
	public:
		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			const std::string path = request.getURI();
			try
			{
				if (request.get("Sec-WebSocket-Protocol", "").find(SUBPROTOCOL) != std::string::npos)
					response.set("Sec-WebSocket-Protocol", SUBPROTOCOL);
				WebSocket ws(request, response);
				converse(path, ws);
			}
			catch (const Poco::Exception& exc)
			{
				fail(path, exc.displayText());
			}
			catch (const std::exception& exc)
			{
				fail(path, exc.what());
			}
		}

	private:
		static void fail(const std::string& path, const std::string& text)
		{
			++failures;
			std::cerr << "InteropServer: " << path << ": " << text << std::endl;
		}
	};

	class HandlerFactory: public HTTPRequestHandlerFactory
	{
	public:
		HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
		{
			return new Handler;
		}
	};

	ServerSocket listen(int argc, char** argv)
	{
		const SocketAddress address("127.0.0.1", 0);
		if (argc == 1) return ServerSocket(address);
		check(argc == 3, "the arguments are none, or a certificate and its key");
		Context::Ptr pContext = new Context(Context::TLS_SERVER_USE, argv[2], argv[1], "", Context::VERIFY_NONE);
		return SecureServerSocket(address, 64, pContext);
	}
}


int main(int argc, char** argv)
{
	try
	{
		initializeSSL();
		ServerSocket socket = listen(argc, argv);
		HTTPServer server(new HandlerFactory, socket, new HTTPServerParams);
		server.start();
		std::cout << "port " << server.port() << std::endl;

		std::cin.ignore(std::numeric_limits<std::streamsize>::max());
		server.stop();
		Poco::ThreadPool::defaultPool().joinAll();
		uninitializeSSL();
		return failures == 0 ? 0 : 1;
	}
	catch (const Poco::Exception& exc)
	{
		std::cerr << "InteropServer: " << exc.displayText() << std::endl;
	}
	catch (const std::exception& exc)
	{
		std::cerr << "InteropServer: " << exc.what() << std::endl;
	}
	return 1;
}
