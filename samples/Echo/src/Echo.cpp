//
// Echo.cpp
//
// The smallest server by events. README.md shows it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketServer.h"
#include <iostream>

using namespace Poco::Net;

class Echo: public WebSocketHandler
{
	void onMessage(WebSocketConnection& connection, const char* pData, std::size_t length, int opcode) override
	{
		connection.send(pData, length, opcode); // never waits; any thread may call it
	}
};

int main(int argc, char** argv)
{
	ServerSocket socket(SocketAddress(argc > 1 ? argv[1] : "localhost:9002"));
	WebSocketServer server(new Echo);
	server.listen(socket);
	server.start();
	std::cout << "ws://" << socket.address().toString() << "/ until Enter is pressed" << std::endl;
	std::cin.get();
	server.drain(Poco::Timespan(5, 0)); // closes all connections with 1001, within 5 s
	return 0;
}
