//
// TestServer.cpp
//
// A service for the tests of clients in other languages.
//
// usage: TestServer [--secret=S] [--refresh=SECONDS] [--queue=BYTES]
//
//   --secret   clients need a token, signed with this (HS256)
//   --refresh  so long before its token runs out a client is asked for another one
//   --queue    so many bytes may wait to be sent to a client
//
// Channels whose names begin with "h" have history (10), with "p" presence, Join and Leave. Opcode 200 answers "hello" and its payload, 201 never.
// It writes "port PORT", and for each line on its standard input, when that was done, "ok":
//
//   cut        ends all connections without a Close frame
//   close CODE ends all connections with a Close frame
//   restart    begins anew on the same port: histories are gone
//   stop       ends, as the end of the input does
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/MessageService.h"
#include "Poco/Exception.h"
#include "Poco/NumberParser.h"
#include <iostream>
#include <map>
#include <memory>
#include <sstream>
#include <string>


using namespace Poco::Messaging;


namespace
{
	class TestServer
	{
	public:
		explicit TestServer(const std::map<std::string, std::string>& options):
			_options(options)
		{
			start(0);
		}

		~TestServer()
		{
			stop();
		}

		int port() const
		{
			return _pServer->port();
		}

		void cut()
		{
			for (auto pConnection: _pServer->connections()) pConnection->abort();
		}

		void close(int code)
		{
			for (auto pConnection: _pServer->connections()) pConnection->close(code, "as the test wants it");
		}

		void restart()
		{
			const Poco::UInt16 samePort = _pServer->port();
			stop();
			start(samePort);
		}

	private:
		std::string option(const std::string& name) const
		{
			const auto it = _options.find(name);
			return it == _options.end() ? std::string() : it->second;
		}

		void start(Poco::UInt16 port)
		{
			MessageServiceParams::Ptr pParams(new MessageServiceParams);
			HubParams::Ptr pHubParams(new HubParams);
			pHubParams->setOptionsOf([](const std::string& channel)
			{
				ChannelOptions options;
				if (channel[0] == 'h') options.historySize = 10;
				if (channel[0] == 'p') options.presence = options.joinLeave = true;
				return options;
			});
			if (!option("secret").empty())
			{
				TokenVerifierParams::Ptr pVerifierParams(new TokenVerifierParams);
				pVerifierParams->setLeeway(0);
				pParams->setVerifier(std::make_shared<TokenVerifier>(std::vector<TokenKey>{TokenKey::hmac("", option("secret"))}, pVerifierParams));
			}
			if (!option("early").empty()) // to each whose token has a quota, before it knows its session
			{
				pParams->setQuotaOf([this](const std::string&)
				{
					_pService->hub().broadcast(option("early"));
					return QuotaRules::Ptr();
				});
			}
			if (!option("refresh").empty()) pParams->setRefreshTime(Poco::Timespan(Poco::NumberParser::parse(option("refresh")), 0));
			if (!option("queue").empty()) pParams->setMaxQueuedBytes(Poco::NumberParser::parse(option("queue")));
			_pService = std::make_unique<MessageService>(pParams, pHubParams);
			_pService->setHandler(200, [](MessageRequest& request) { request.answer("hello " + std::string(request.payload())); });
			_pService->setHandler(201, [](MessageRequest&) {});
			_pServer = std::make_unique<Poco::Net::WebSocketServer>();
			_pService->addTo(*_pServer, "/messages");
			_pServer->listen(Poco::Net::SocketAddress("127.0.0.1", port));
			_pServer->start();
		}

		void stop()
		{
			cut();
			_pServer->stop();
			_pServer.reset();
			_pService.reset();
		}

		const std::map<std::string, std::string> _options;
		std::unique_ptr<MessageService> _pService;
		std::unique_ptr<Poco::Net::WebSocketServer> _pServer;
	};

	int run(int argc, char** argv)
	{
		std::map<std::string, std::string> options;
		for (int i = 1; i < argc; ++i)
		{
			const std::string argument(argv[i]);
			const std::size_t equals = argument.find('=');
			if (argument.compare(0, 2, "--") != 0 || equals == std::string::npos) throw Poco::InvalidArgumentException(argument);
			options[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
		}
		TestServer server(options);
		std::cout << "port " << server.port() << std::endl;
		std::string line;
		while (std::getline(std::cin, line) && line != "stop")
		{
			std::istringstream words(line);
			std::string command;
			int code = 1000;
			words >> command >> code;
			if (command == "cut") server.cut();
			else if (command == "close") server.close(code);
			else if (command == "restart") server.restart();
			else throw Poco::InvalidArgumentException(line);
			std::cout << "ok" << std::endl;
		}
		return 0;
	}
}


int main(int argc, char** argv)
{
	try
	{
		return run(argc, argv);
	}
	catch (const Poco::Exception& error)
	{
		std::cerr << "TestServer: " << error.displayText() << std::endl;
		return 1;
	}
}
