//
// Handler.cpp
//
// The smallest server and client: the example in README.md, as it stands there.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/WebSocket.h"
#include <iostream>

using namespace Poco::Net;

class EchoHandler: public HTTPRequestHandler
{
	void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
	{
		WebSocket ws(request, response);
		Poco::Buffer<char> buffer(0);
		int flags;
		do
		{
			buffer.resize(0);
			int n = ws.receiveFrame(buffer, flags);
			if (n == 0 && flags == 0) break; // the peer has gone
			if ((flags & WebSocket::FRAME_OP_BITMASK) == WebSocket::FRAME_OP_PING)
				flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
			ws.sendFrame(buffer.begin(), n, flags);
		}
		while ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CLOSE);
	}
};

class EchoHandlerFactory: public HTTPRequestHandlerFactory
{
	HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
	{
		return new EchoHandler;
	}
};

int main()
{
	ServerSocket socket(SocketAddress("127.0.0.1", 0)); // any free port
	HTTPServer server(new EchoHandlerFactory, socket, new HTTPServerParams);
	server.start();

	HTTPClientSession session("127.0.0.1", server.port());
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse response;
	WebSocket ws(session, request, response);
	ws.sendFrame("Hello", 5);

	char buffer[100];
	int flags;
	int n = ws.receiveFrame(buffer, sizeof(buffer), flags);
	std::cout << std::string(buffer, n) << std::endl;

	ws.shutdown(); // sends Close,
	ws.receiveFrame(buffer, sizeof(buffer), flags); // which the server answers
	return 0;
}
