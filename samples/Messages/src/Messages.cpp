//
// Messages.cpp
//
// Channels with history, and a handler. docs/messaging.md shows it.
//
// SPDX-License-Identifier: BSL-1.0
//

#include "Poco/Messaging/MessageService.h"
#include "Poco/Net/HTTPServerResponse.h"
#include <iostream>

using namespace Poco::Messaging;
using namespace Poco::Net;

int main(int argc, char** argv)
{
	const std::string page = argc > 1 ? argv[1] : "samples/Messages/page/index.html";
	HubParams::Ptr pHubParams = new HubParams;
	pHubParams->setOptionsOf([](const std::string&) { return ChannelOptions{100}; }); // each channel keeps 100 publications
	MessageService service(new MessageServiceParams, pHubParams);
	service.setHandler(200, [](MessageRequest& request) { request.answer("Hello " + std::string(request.payload())); });
	WebSocketServer server;
	service.addTo(server, "/messages");
	server.setHTTP([&](HTTPServerRequest&, HTTPServerResponse& response) { response.sendFile(page, "text/html"); });
	server.listen(SocketAddress(argc > 2 ? argv[2] : "localhost:9010"));
	server.start();
	std::cout << "http://localhost:" << server.port() << "/, until Enter is pressed" << std::endl;
	std::cin.get();
	server.stop();
	return 0;
}
