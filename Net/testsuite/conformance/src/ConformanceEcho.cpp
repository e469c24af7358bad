//
// ConformanceEcho.cpp
//
// An echo server and an echo client with our class, which Conformance tests.
//
// SPDX-License-Identifier: BSL-1.0
//


//
// usage: ConformanceEcho server <engine> [<certificate> <key>]
//        ConformanceEcho client <engine> <port> [tls]
//        ConformanceEcho autobahn <engine> <host> <port>
//
// engine: frames, messages, parts, events or eventparts. A server writes "port <number>" and ends at the end of its standard
// input. A client connects until it is told that there is nothing more to do. autobahn: a client for the
// fuzzing server of the Autobahn|Testsuite, which then writes its report.


#include "ConformanceEvents.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/NetSSL.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/NumberParser.h"
#include <iostream>
#include <limits>
#include <memory>


using namespace Poco::Net;


namespace
{
	const std::string INITIATE_FIELD("Conformance-Close");
	const std::string INITIATED_REASON("that is enough, \xe6\xb0\xb4");

	using Engine = void (*)(WebSocket& ws, int closeCode);

	void frames(WebSocket& ws, int closeCode)
	{
		Poco::Buffer<char> buffer(0);
		int flags = 0;
		if (closeCode) ws.shutdown(static_cast<Poco::UInt16>(closeCode), INITIATED_REASON);
		do
		{
			buffer.resize(0);
			const int n = ws.receiveFrame(buffer, flags);
			if (n == 0 && flags == 0) return; // the peer has gone
			const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
			if (closeCode || opcode == WebSocket::FRAME_OP_PONG) continue;
			if (opcode == WebSocket::FRAME_OP_PING) flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
			ws.sendFrame(buffer.begin(), n, flags);
		}
		while ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CLOSE);
	}

	void messages(WebSocket& ws, int closeCode)
	{
		if (closeCode)
		{
			ws.closeHandshake(static_cast<Poco::UInt16>(closeCode), INITIATED_REASON);
			return;
		}
		std::string message;
		WebSocketFrame::Opcode opcode;
		while (ws.receiveMessage(message, opcode)) ws.sendMessage(message, opcode);
	}

	void parts(WebSocket& ws, int closeCode)
	{
		if (closeCode) return messages(ws, closeCode);
		char buffer[10000];
		WebSocket::Part part;
		while (ws.receivePart(buffer, sizeof(buffer), part)) ws.sendPart(part.data, part.opcode, part.last);
	}

	Engine engineOf(const std::string& name)
	{
		if (name == "frames") return frames;
		if (name == "messages") return messages;
		if (name == "parts") return parts;
		throw Poco::InvalidArgumentException("There is no engine", name);
	}

	WebSocketParams::Ptr paramsFor(Engine engine)
	{
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setDeflate(engine != frames); // the frame level has none
		return pParams;
	}

	void serve(WebSocket& ws, Engine engine, const HTTPMessage& header)
	{
		const int closeCode = Poco::NumberParser::parse(header.get(INITIATE_FIELD, "0"));
		try
		{
			ws.setReceiveTimeout(Poco::Timespan(30, 0));
			engine(ws, closeCode);
		}
		catch (const WebSocketException&)
		{
			// the peer has broken a rule, which is what it is for
		}
		catch (const NetException& exc)
		{
			std::cerr << "ConformanceEcho: " << exc.displayText() << std::endl;
		}
	}

	class Handler: public HTTPRequestHandler
	{
	public:
		explicit Handler(Engine engine): _engine(engine)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			WebSocket ws(request, response, paramsFor(_engine));
			serve(ws, _engine, request);
		}

	private:
		Engine _engine;
	};

	class HandlerFactory: public HTTPRequestHandlerFactory
	{
	public:
		explicit HandlerFactory(Engine engine): _engine(engine)
		{
		}

		HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
		{
			return new Handler(_engine);
		}

	private:
		Engine _engine;
	};

	ServerSocket serverSocket(int argc, char** argv)
	{
		const SocketAddress address("127.0.0.1", 0);
		ServerSocket socket;
		if (argc == 5)
		{
			Context::Ptr pContext = new Context(Context::TLS_SERVER_USE, argv[4], argv[3], "", Context::VERIFY_NONE);
			socket = SecureServerSocket(address, 64, pContext);
		}
		else
		{
			socket.bind(address);
			socket.listen();
		}
		return socket;
	}

	void runServer(Engine engine, const ServerSocket& socket)
	{
		HTTPServer server(new HandlerFactory(engine), socket, new HTTPServerParams);
		server.start();
		std::cout << "port " << server.port() << std::endl;
		std::cin.ignore(std::numeric_limits<std::streamsize>::max());
		server.stop();
		Poco::ThreadPool::defaultPool().joinAll();
	}

	void runClient(Engine engine, Poco::UInt16 port, const Context::Ptr& pContext)
	{
		for (;;)
		{
			const std::unique_ptr<HTTPClientSession> pSession = pContext
				? std::make_unique<HTTPSClientSession>("127.0.0.1", port, pContext)
				: std::make_unique<HTTPClientSession>("127.0.0.1", port);
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPMessage::HTTP_1_1);
			HTTPResponse response;
			try
			{
				WebSocket ws(*pSession, request, response, paramsFor(engine));
				serve(ws, engine, response);
			}
			catch (const WebSocketException&)
			{
				if (response.getStatus() == HTTPResponse::HTTP_GONE) return;
				throw;
			}
		}
	}

	WebSocket visit(const std::string& host, Poco::UInt16 port, const std::string& path, Engine engine)
	{
		HTTPClientSession session(host, port);
		HTTPRequest request(HTTPRequest::HTTP_GET, path, HTTPMessage::HTTP_1_1);
		HTTPResponse response;
		return WebSocket(session, request, response, paramsFor(engine));
	}

	void runAutobahn(Engine engine, const std::string& name, const std::string& host, Poco::UInt16 port)
	{
		const std::string agent = "agent=PocoWebSocket-" + name;
		std::string count;
		WebSocketFrame::Opcode opcode;
		visit(host, port, "/getCaseCount", engine).receiveMessage(count, opcode);
		for (int i = 1; i <= Poco::NumberParser::parse(count); ++i)
		{
			std::cout << "case " << i << " of " << count << std::endl;
			WebSocket ws = visit(host, port, "/runCase?case=" + std::to_string(i) + '&' + agent, engine);
			serve(ws, engine, HTTPResponse());
		}
		WebSocket ws = visit(host, port, "/updateReports?" + agent, engine);
		serve(ws, engine, HTTPResponse());
	}
}


int main(int argc, char** argv)
{
	int status = 0;
	initializeSSL();
	try
	{
		const std::string role(argc > 2 ? argv[1] : "");
		const std::string engine(argc > 2 ? argv[2] : "");
		if (role == "server")
		{
			const ServerSocket socket = serverSocket(argc, argv);
			if (isEventEngine(engine)) runEventServer(engine, socket);
			else runServer(engineOf(engine), socket);
		}
		else if (role == "client")
		{
			const auto port = static_cast<Poco::UInt16>(Poco::NumberParser::parseUnsigned(argc > 3 ? argv[3] : ""));
			Context::Ptr pContext;
			if (argc > 4) pContext = new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_NONE);
			if (isEventEngine(engine)) runEventClient(engine, port, pContext);
			else runClient(engineOf(engine), port, pContext);
		}
		else if (role == "autobahn")
		{
			const std::string host(argc > 3 ? argv[3] : "localhost");
			const auto port = static_cast<Poco::UInt16>(Poco::NumberParser::parseUnsigned(argc > 4 ? argv[4] : "9001"));
			if (isEventEngine(engine)) runEventAutobahn(engine, host, port);
			else runAutobahn(engineOf(engine), engine, host, port);
		}
		else throw Poco::InvalidArgumentException("usage: ConformanceEcho server|client|autobahn <engine> ...");
	}
	catch (const Poco::Exception& exc)
	{
		std::cerr << "ConformanceEcho: " << exc.displayText() << std::endl;
		status = 1;
	}
	uninitializeSSL();
	return status;
}
