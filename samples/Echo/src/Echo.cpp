//
// Echo.cpp
//
// The smallest server by events. README.md shows it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/WebSocketServer.h"
#include <iostream>

using namespace Poco::Net;

int main(int argc, char** argv)
{
	WebSocketServerCallbacks callbacks;
	callbacks.onMessage = [](WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	{
		connection.send(message, opcode); // never waits; any thread may call it
	};
	WebSocketServer server(callbacks);
	server.setHTTP([](HTTPServerRequest&, HTTPServerResponse& response) { response.send() << "There is a WebSocket here.\n"; });
	server.listen(SocketAddress(argc > 1 ? argv[1] : "localhost:9002"));
	server.start();
	std::cout << "Port " << server.port() << ", until Enter is pressed" << std::endl;
	std::cin.get();
	server.drain(Poco::Timespan(5, 0)); // closes all connections with 1001, within 5 s
	return 0;
}
