//
// RequestBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  RequestBenchmark
//
// A MessageService with one handler, whose answer has the bytes of the request: so the load generator takes it for an echo. It stands in for
// Connect, since the generator knows none: the way of a message is the same for every opcode.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoOptions.h"
#include "EchoSocket.h"
#include "Poco/Messaging/MessageService.h"
#include <cstring>
#include <iostream>


using Poco::Messaging::Message;
using Poco::Messaging::MessageFormat;
using Poco::Messaging::MessageRequest;
using Poco::Messaging::MessageService;
using Poco::Messaging::MessageServiceParams;
using Poco::Messaging::Opcode;


namespace
{
	const int BACKLOG = 1024;
}


int main(int argc, char** argv)
	/// With --message SIZE: prints a request with a payload of that size. Otherwise listens on a free port of the loopback interface, prints the port
	/// and its process id, and stops on SIGTERM.
{
	if (argc == 3 && std::strcmp(argv[1], "--message") == 0)
	{
		const std::string payload(static_cast<std::size_t>(std::atoi(argv[2])), 'x');
		std::cout << MessageFormat::binary().write(Message::request(Opcode::CONNECT, 1, payload)) << std::flush;
		return 0;
	}

	return serve([&]
	{
		const EchoOptions options = EchoOptions::parse(argc, argv);
		const Poco::Net::ServerSocket socket = listeningSocket(BACKLOG, options.tls, options.renegotiation);
		MessageServiceParams::Ptr pServiceParams = new MessageServiceParams;
		pServiceParams->setConnectTimeout(Poco::Timespan(600, 0)); // nobody connects
		MessageService service(pServiceParams);
		service.overrideHandler(Opcode::CONNECT, [](MessageRequest& request) { request.answer(request.payload()); });
		Poco::Net::WebSocketServerParams::Ptr pParams = new Poco::Net::WebSocketServerParams;
		pParams->setThreads(1);
		pParams->setPingInterval(0); // the generators know no PING
		Poco::Net::WebSocketConnectionParams::Ptr pRoute = new Poco::Net::WebSocketConnectionParams;
		pRoute->setPingInterval(0);
		Poco::Net::WebSocketServer server(pParams);
		service.addTo(server, "/", pRoute);
		server.listen(socket);
		server.start();
		untilStopped(socket);
		server.stop();
	});
}
