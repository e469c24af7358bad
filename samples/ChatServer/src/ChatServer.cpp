//
// ChatServer.cpp
//
// A chat with rooms, in the browser: who is there, what was said, and how busy the server is.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ChatHandler.h"
#include "OperatorPages.h"
#include "SampleServer.h"
#include "StatusFeed.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Util/IntValidator.h"
#include "Poco/Util/Option.h"


using Poco::Net::WebSocketMonitor;
using Poco::Net::WebSocketServer;
using Poco::Net::WebSocketServerParams;
using Poco::Util::Option;


class ChatService: public SampleService
{
public:
	explicit ChatService(const WebSocketServerParams::Ptr& pParams):
		_server(new ChatHandler(_rooms), pParams)
	{
	}

	void start(const ListeningPorts& ports) override
	{
		_server.setHTTP(new OperatorPages(_server, _monitor)); // for what is not WebSocket, on the same ports
		for (const auto& port: ports) _server.listenShared(port); // systemd may keep them
		_server.start();
		_feed.start(_server);
	}

	void stop(const Poco::Timespan& patience) override
	{
		_monitor.setReady(false);
		_feed.stop();
		_server.drain(patience);
		_server.stop(); // waits for handlers that still run: they use the monitor
	}

private:
	ChatRooms _rooms;
	StatusFeed _feed{_rooms};
	WebSocketServer _server; // goes before the others, since its threads use them
	WebSocketMonitor _monitor{_server};
};


class ChatServer: public SampleServer
{
public:
	ChatServer():
		SampleServer("ChatServer", "A chat with rooms. Open the page that it serves on / in two browser windows.")
	{
	}

protected:
	void defineOptions(Poco::Util::OptionSet& options) override
	{
		SampleServer::defineOptions(options);
		options.addOption(Option("threads", "", "The number of threads that serve the connections, up to 256; "
			"0: one per core. Default: 0.")
			.argument("number").binding("chat.threads")
			.validator(new Poco::Util::IntValidator(0, 256)));
		options.addOption(Option("no-deflate", "", "Do not compress (permessage-deflate), even if the client offers it.")
			.binding("chat.no-deflate"));
	}

	std::unique_ptr<SampleService> createService() override
	{
		WebSocketServerParams::Ptr pParams = new WebSocketServerParams;
		pParams->setThreads(config().getInt("chat.threads", 0));
		pParams->setDeflate(!config().has("chat.no-deflate"));
		pParams->setMaxMessageSize(16*1024);    // what a page sends is short
		pParams->setMaxQueuedBytes(1024*1024);  // who does not read has to go,
		pParams->setQueuePolicy(WebSocketServerParams::QUEUE_CLOSE_1008); // and may come back
		return std::make_unique<ChatService>(pParams);
	}
};


int main(int argc, char** argv)
{
	ChatServer server;
	return server.runCommand(argc, argv);
}
