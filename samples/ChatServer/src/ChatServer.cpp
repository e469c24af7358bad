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
#include "Poco/Messaging/MemoryBackplane.h"
#include "Poco/Messaging/MessageRequest.h"
#include "Poco/Messaging/MessageService.h"
#ifdef CHAT_HAS_REDIS
#include "Poco/Messaging/RedisBackplane.h"
#endif
#include "Poco/Net/WebSocketFrame.h"
#include "Poco/Net/WebSocketMonitor.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Thread.h"
#include "Poco/Util/IntValidator.h"
#include "Poco/Util/Option.h"
#include "Poco/Util/OptionException.h"
#include <fstream>
#include <iostream>
#include <iterator>
#include <vector>


using Poco::Messaging::Backplane;
using Poco::Messaging::ChannelOptions;
using Poco::Messaging::HubParams;
using Poco::Messaging::MemoryBackplane;
using Poco::Messaging::MessageRequest;
using Poco::Messaging::MessageService;
using Poco::Messaging::MessageServiceParams;
using Poco::Messaging::Opcode;
using Poco::Messaging::QuotaRule;
using Poco::Messaging::QuotaRules;
#ifdef CHAT_HAS_REDIS
using Poco::Messaging::RedisBackplane;
using Poco::Messaging::RedisBackplaneParams;
#endif
using Poco::Net::WebSocketConnectionParams;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketMonitor;
using Poco::Net::WebSocketServer;
using Poco::Net::WebSocketServerParams;
using Poco::Util::Option;
using Poco::Util::OptionCallback;


namespace
{
	constexpr Poco::UInt16 WHERE = Opcode::APPLICATION; // asks for the name of the node

	constexpr int STEPS = 10; // in which connections are closed

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


struct ChatNode
	/// This server, if it is one of several.
{
	std::string name;           // the page shows it
	Backplane::Ptr pBackplane;  // joins it with the others
	WebSocketMonitor::Source monitored; // what that tells of itself; may be empty
	int drain = 0;              // seconds that it takes to go
};


class ChatService: public SampleService
{
public:
	ChatService(const std::string& secret, const ChatNode& node, const WebSocketServerParams::Ptr& pParams, const WebSocketConnectionParams::Ptr& pConnectionParams):
		_tokens(secret),
		_node(node),
		_service(serviceParams(_tokens), hubParams(), node.pBackplane),
		_server(pParams)
	{
		_service.setHandler(WHERE, [this](MessageRequest& request) { request.answer(_node.name); });
		_service.addTo(_server, "/", pConnectionParams);
		_monitor.add([this]() { return _service.monitored(); });
		if (_node.monitored) _monitor.add(_node.monitored);
	}

	const ChatTokens& tokens() const
	{
		return _tokens;
	}

	void start(const ListeningPorts& ports) override
	{
		_server.setHTTP(new ChatPages(_tokens, _node.name, _service, _server, _monitor)); // for what is not WebSocket, on the same ports
		for (const auto& port: ports) _server.listenShared(port); // systemd may keep them
		_server.start();
	}

	void stop(const Poco::Timespan& patience) override
	{
		_monitor.setReady(false);
		if (_node.drain > 0) sendElsewhere();
		_server.drain(patience);
		_server.stop(); // waits for handlers that still run: they use the monitor
	}

private:
	void sendElsewhere()
		/// In the first half of the time the balancer notices that this node is not ready, in the second one the connections are closed, some
		/// at a time: their clients come back at other nodes.
	{
		const int half = _node.drain*1000/2; // ms
		Poco::Thread::sleep(half);
		for (int left = STEPS; left > 0; --left)
		{
			auto connections = _server.connections();
			const auto count = (connections.size() + static_cast<std::size_t>(left) - 1)/static_cast<std::size_t>(left);
			for (std::size_t i = 0; i < count; ++i) connections[i]->close(WebSocketFrame::SERVICE_RESTART, "This node goes. Others are there.");
			Poco::Thread::sleep(half/STEPS);
		}
	}

	ChatTokens _tokens;
	const ChatNode _node;
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
		options.addOption(Option("redis", "", "Be one of several nodes: share the rooms with all that use this Redis, redis://host:6379/0. Several of these options, "
			"for several Redis: the rooms are spread over them; all nodes have the same ones. Needs --secret, which all nodes have, too.")
			.argument("URL").repeatable(true).callback(OptionCallback<ChatServer>(this, &ChatServer::addRedis)));
		options.addOption(Option("name", "", "The name of this node, which the page shows. Default: none.")
			.argument("name").binding("chat.name"));
		options.addOption(Option("trusted-proxy", "", "A proxy before the server, an address or a network (10.0.0.0/8): what it tells of clients in X-Forwarded-For is believed. "
			"Several of these options, for several. Default: none, so that behind a proxy all have its address.")
			.argument("address").repeatable(true).callback(OptionCallback<ChatServer>(this, &ChatServer::addProxy)));
		options.addOption(Option("drain", "", "So many seconds does it take to stop: in the first half of them /health/ready says 503, so that a balancer notices, then "
			"connections are closed (1012), some at a time. Default: 0: all are closed at once (1001).")
			.argument("seconds").binding("chat.drain")
			.validator(new Poco::Util::IntValidator(0, 3600)));
	}

	std::unique_ptr<SampleService> createService() override
	{
		const bool deflate = !config().has("chat.no-deflate");
		WebSocketServerParams::Ptr pParams = new WebSocketServerParams;
		pParams->setThreads(config().getInt("chat.threads", 0));
		trustProxies(*pParams);
		WebSocketConnectionParams::Ptr pConnectionParams = new WebSocketConnectionParams;
		pConnectionParams->setDeflate(deflate);
		pConnectionParams->setMaxMessageSize(32*1024); // a payload of 4 KiB, however it is escaped
		const std::string secret = secretOf(config().getRawString("chat.secret", ""));
		if (!_redis.empty() && secret.empty()) throw Poco::Util::InvalidArgumentException("--redis: needs --secret: tokens of one node are for all");
		ChatNode node{config().getRawString("chat.name", ""), new MemoryBackplane, {}, config().getInt("chat.drain", 0)};
		if (!_redis.empty()) useRedis(node);
		auto pService = create(secret, node, pParams, pConnectionParams);
		if (config().has("chat.operator-token")) std::cerr << "Token for an operator: " << pService->tokens().forOperator() << std::endl;
		return pService;
	}

private:
	void addRedis(const std::string&, const std::string& url)
	{
		_redis.push_back(url);
	}

	void addProxy(const std::string&, const std::string& address)
	{
		_proxies.push_back(address);
	}

	void trustProxies(WebSocketServerParams& params) const
	{
		try
		{
			params.setTrustedProxies(_proxies);
		}
		catch (Poco::InvalidArgumentException& exc)
		{
			throw Poco::Util::InvalidArgumentException("--trusted-proxy: " + exc.message());
		}
	}

	void useRedis(ChatNode& node) const
	{
#ifdef CHAT_HAS_REDIS
		try
		{
			RedisBackplaneParams::Ptr pParams = new RedisBackplaneParams(_redis.front());
			for (std::size_t i = 1; i < _redis.size(); ++i) pParams->addShard(_redis[i]);
			pParams->setPrefix("chat:");
			const RedisBackplane::Ptr pBackplane = new RedisBackplane(pParams);
			node.pBackplane = pBackplane;
			node.monitored = [pBackplane]() { return pBackplane->monitored(); };
		}
		catch (Poco::SyntaxException& exc)
		{
			throw Poco::Util::InvalidArgumentException("--redis: " + exc.message());
		}
#else
		(void) node;
		throw Poco::Util::InvalidArgumentException("--redis: this ChatServer has no Redis: it was built without Poco::MessagingRedis, which needs hiredis");
#endif
	}

	std::unique_ptr<ChatService> create(const std::string& secret, const ChatNode& node, const WebSocketServerParams::Ptr& pParams, const WebSocketConnectionParams::Ptr& pConnectionParams) const
		/// The backplane is started here.
	{
		try
		{
			return std::make_unique<ChatService>(secret, node, pParams, pConnectionParams);
		}
		catch (Poco::Exception& exc)
		{
			if (_redis.empty()) throw;
			throw Poco::ApplicationException("--redis: " + exc.message());
		}
	}

	std::vector<std::string> _redis;
	std::vector<std::string> _proxies;
};


int main(int argc, char** argv)
{
	ChatServer server;
	return server.runCommand(argc, argv);
}
