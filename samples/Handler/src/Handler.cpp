//
// Handler.cpp
//
// The smallest server and client with a thread for each connection. README.md shows the handler.
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
		WebSocket ws(request, response, new WebSocketParams);
		std::string message;
		WebSocketFrame::Opcode opcode;
		while (ws.receiveMessage(message, opcode)) // until the connection is closed
			ws.sendMessage(message, opcode);
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
	WebSocket ws(session, request, response, new WebSocketParams);
	ws.sendText("Hello");
	std::string message;
	WebSocketFrame::Opcode opcode;
	ws.receiveMessage(message, opcode);
	std::cout << message << std::endl;
	ws.closeHandshake(1000);
	return 0;
}
