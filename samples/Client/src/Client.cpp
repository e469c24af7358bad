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

class Printer: public WebSocketHandler
{
public:
	Poco::Event answered;

private:
	void onMessage(WebSocketConnection&, const char* pData, std::size_t length, int) override
	{
		std::cout.write(pData, length) << std::endl;
		answered.set();
	}
};

int main(int argc, char** argv)
{
	Poco::SharedPtr<Printer> pPrinter = new Printer;
	WebSocketClientLoop loop; // its threads serve any number of clients
	WebSocketClient client(Poco::URI(argc > 1 ? argv[1] : "ws://localhost:9002/"), pPrinter, loop);
	client.start();       // connects, and again whenever the connection is lost
	client.send("Hello"); // is sent as soon as there is a connection
	pPrinter->answered.wait();
	return 0;
}
