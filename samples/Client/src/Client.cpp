//
// Client.cpp
//
// The smallest client by events. README.md shows it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketClient.h"
#include "Poco/Event.h"
#include <iostream>

using namespace Poco::Net;

int main(int argc, char** argv)
{
	Poco::Event answered;
	WebSocketClientCallbacks callbacks;
	callbacks.onMessage = [&](WebSocketConnection&, std::string_view message, WebSocketFrame::Opcode)
	{
		std::cout << message << std::endl;
		answered.set();
	};
	WebSocketClient client(Poco::URI(argc > 1 ? argv[1] : "ws://localhost:9002/"), callbacks);
	client.start();           // connects, and again whenever the connection is lost
	client.sendText("Hello"); // is sent as soon as there is a connection
	answered.wait();
	return 0;
}
