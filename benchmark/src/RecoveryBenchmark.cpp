//
// RecoveryBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  RecoveryBenchmark
//
// A server with one thread: an echo for the clients whose messages are timed, and a MessageService with channels whose histories others recover.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoSocket.h"
#include "Poco/Messaging/MessageService.h"
#include <cstdlib>
#include <stdexcept>


using Poco::Messaging::ChannelOptions;
using Poco::Messaging::HubParams;
using Poco::Messaging::MessageService;
using Poco::Messaging::MessageServiceParams;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;


namespace
{
	const int BACKLOG = 4096;
	const int HISTORY = 100;
	const std::size_t SIZE = 100; // bytes of a publication

	class Echo: public Poco::Net::WebSocketServerHandler
	{
	public:
		void onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			connection.send(data, opcode);
		}
	};
}


int main(int argc, char** argv)
	/// CHANNELS: how many there are, c0 and so on, with 100 publications each. Listens on a free port of the loopback interface, prints the port and its process id, and stops on
	/// SIGTERM.
{
	return serve([&]
	{
		const int channels = argc == 2 ? std::atoi(argv[1]) : 0;
		if (channels < 1) throw std::invalid_argument("CHANNELS: a number greater than 0 is needed");
		const Poco::Net::ServerSocket socket = listeningSocket(BACKLOG, false);
		HubParams::Ptr pHubParams = new HubParams;
		pHubParams->setOptionsOf([](const std::string&)
		{
			ChannelOptions options;
			options.historySize = HISTORY;
			return options;
		});
		MessageService service(new MessageServiceParams, pHubParams);
		for (int i = 0; i < channels; ++i)
		{
			for (int n = 0; n < HISTORY; ++n) service.hub().publish("c" + std::to_string(i), std::string(SIZE, 'x'));
		}
		Poco::Net::WebSocketServerParams::Ptr pParams = new Poco::Net::WebSocketServerParams;
		pParams->setThreads(1);
		pParams->setPingInterval(0); // the generators know no PING
		Poco::Net::WebSocketConnectionParams::Ptr pRoute = new Poco::Net::WebSocketConnectionParams;
		pRoute->setPingInterval(0);
		Poco::Net::WebSocketServer server(Poco::Net::WebSocketServerHandler::Ptr(new Echo), pParams);
		service.addTo(server, "/messages", pRoute);
		server.listen(socket);
		server.start();
		untilStopped(socket);
		server.stop();
	});
}
