//
// Adopt.cpp
//
// A handler that hands its connections over to an event loop. docs/guide.md shows it.
//
// SPDX-License-Identifier: BSL-1.0
//

#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketServer.h"
#include <iostream>
#include <list>

using namespace Poco::Net;

class Echo: public WebSocketServerHandler // what happens to all connections is told to one object
{
	void onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
	{
		connection.send(data, opcode); // never waits
	}

	void onError(WebSocketConnection& connection, const Poco::Exception& error) override
	{
		std::cerr << connection.remoteAddress().toString() << ": " << error.displayText() << std::endl;
	}
};

class AdoptingHandler: public HTTPRequestHandler
{
public:
	explicit AdoptingHandler(WebSocketServer& server):
		_server(server)
	{
	}

	void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
	{
		_server.adopt(request, response); // instead of: WebSocket ws(request, response);
	}                                     // and this thread is free again

private:
	WebSocketServer& _server;
};

class AdoptingHandlerFactory: public HTTPRequestHandlerFactory
{
public:
	explicit AdoptingHandlerFactory(WebSocketServer& server):
		_server(server)
	{
	}

	HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
	{
		return new AdoptingHandler(_server);
	}

private:
	WebSocketServer& _server;
};

int main()
{
	WebSocketServer events(new Echo);
	events.start(); // no port of its own: connections come by adoption

	HTTPServerParams::Ptr pParams = new HTTPServerParams;
	pParams->setMaxThreads(1);
	ServerSocket socket(SocketAddress("127.0.0.1", 0)); // any free port
	HTTPServer server(new AdoptingHandlerFactory(events), socket, pParams);
	server.start();

	std::list<WebSocket> clients; // all at the same time, though the HTTPServer has one thread
	for (int i = 0; i < 100; ++i)
	{
		HTTPClientSession session("127.0.0.1", server.port());
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		clients.emplace_back(session, request, response);
	}
	for (WebSocket& ws: clients) ws.sendFrame("Hello", 5);
	for (WebSocket& ws: clients)
	{
		char buffer[100];
		int flags;
		if (ws.receiveFrame(buffer, sizeof(buffer), flags) != 5) return 1;
	}
	std::cout << events.metrics().connections << " connections, 1 HTTP thread" << std::endl;

	server.stop();
	clients.clear();
	events.drain(Poco::Timespan(5, 0));
	return 0;
}
