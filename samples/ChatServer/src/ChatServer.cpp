//
// ChatServer.cpp
//
// A chat with rooms, in the browser: who is there, what was said, also while one was away, and how busy the server is.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ChatPages.h"
#include "ChatTokens.h"
#include "SampleServer.h"
#include "Poco/Messaging/MessageService.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Util/IntValidator.h"
#include "Poco/Util/Option.h"
#include "Poco/Util/OptionException.h"
#include <fstream>
#include <iostream>
#include <iterator>


using Poco::Messaging::ChannelOptions;
using Poco::Messaging::HubParams;
using Poco::Messaging::MessageService;
using Poco::Messaging::MessageServiceParams;
using Poco::Messaging::Opcode;
using Poco::Messaging::QuotaRule;
using Poco::Messaging::QuotaRules;
using Poco::Net::WebSocketConnectionParams;
using Poco::Net::WebSocketMonitor;
using Poco::Net::WebSocketServer;
using Poco::Net::WebSocketServerParams;
using Poco::Util::Option;


namespace
{
	const std::string ROOM = "presence-room-"; // and the name; who writes in it publishes in typing-NAME, which is ephemeral

	ChannelOptions optionsOf(const std::string& channel)
	{
		ChannelOptions options;
		if (channel.compare(0, ROOM.size(), ROOM) != 0) return options;
		options.historySize = 50;
		options.historyTime = 3600*1000; // ms
		options.presence = true;
		options.joinLeave = true;
		return options;
	}


	HubParams::Ptr hubParams()
	{
		HubParams::Ptr pParams = new HubParams;
		pParams->setOptionsOf(&optionsOf);
		pParams->setMaxPayload(4*1024);
		pParams->setLeaveDelay(Poco::Timespan(5, 0));
		return pParams;
	}


	MessageServiceParams::Ptr serviceParams(const ChatTokens& tokens)
	{
		QuotaRule rule; // for what is published or sent
		rule.firstOpcode = Opcode::PUBLISH;
		rule.lastOpcode  = Opcode::BROADCAST;
		rule.period      = 10*1000; // ms
		rule.soft        = 20;
		rule.softAction  = QuotaRule::WARN;
		rule.hard        = 40;
		rule.hardAction  = QuotaRule::REJECT;
		MessageServiceParams::Ptr pParams = new MessageServiceParams;
		pParams->setVerifier(tokens.verifier());
		pParams->setQuota(new QuotaRules({rule}));
		return pParams;
	}


	std::string secretOf(const std::string& path)
		/// Returns what is in the file, without the line break at its end; nothing if there is no path.
	{
		if (path.empty()) return "";
		std::ifstream file(path, std::ios::binary);
		std::string secret{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
		if (!file) throw Poco::Util::InvalidArgumentException("--secret: cannot read " + path);
		while (!secret.empty() && (secret.back() == '\n' || secret.back() == '\r')) secret.pop_back();
		if (secret.size() < 32) throw Poco::Util::InvalidArgumentException("--secret: has less than 32 bytes");
		return secret;
	}
}


class ChatService: public SampleService
{
public:
	ChatService(const std::string& secret, const WebSocketServerParams::Ptr& pParams, const WebSocketConnectionParams::Ptr& pConnectionParams):
		_tokens(secret),
		_service(serviceParams(_tokens), hubParams()),
		_server(pParams)
	{
		_service.addTo(_server, "/", pConnectionParams);
		_monitor.add([this]() { return _service.monitored(); });
	}

	const ChatTokens& tokens() const
	{
		return _tokens;
	}

	void start(const ListeningPorts& ports) override
	{
		_server.setHTTP(new ChatPages(_tokens, _service, _server, _monitor)); // for what is not WebSocket, on the same ports
		for (const auto& port: ports) _server.listenShared(port); // systemd may keep them
		_server.start();
	}

	void stop(const Poco::Timespan& patience) override
	{
		_monitor.setReady(false);
		_server.drain(patience);
		_server.stop(); // waits for handlers that still run: they use the monitor
	}

private:
	ChatTokens _tokens;
	MessageService _service;
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
		options.addOption(Option("secret", "", "The file with the secret that tokens are signed with, 32 bytes or more. "
			"Default: a random one, so that tokens end with the server.")
			.argument("file").binding("chat.secret"));
		options.addOption(Option("operator-token", "", "Print a token for an operator to the standard error output, which holds for 12 hours: "
			"with it the page shows counts and connections, and ends these. Without this option nobody can.")
			.binding("chat.operator-token"));
	}

	std::unique_ptr<SampleService> createService() override
	{
		const bool deflate = !config().has("chat.no-deflate");
		WebSocketServerParams::Ptr pParams = new WebSocketServerParams;
		pParams->setThreads(config().getInt("chat.threads", 0));
		WebSocketConnectionParams::Ptr pConnectionParams = new WebSocketConnectionParams;
		pConnectionParams->setDeflate(deflate);
		pConnectionParams->setMaxMessageSize(32*1024); // a payload of 4 KiB, however it is escaped
		auto pService = std::make_unique<ChatService>(secretOf(config().getRawString("chat.secret", "")), pParams, pConnectionParams);
		if (config().has("chat.operator-token")) std::cerr << "Token for an operator: " << pService->tokens().forOperator() << std::endl;
		return pService;
	}
};


int main(int argc, char** argv)
{
	ChatServer server;
	return server.runCommand(argc, argv);
}
