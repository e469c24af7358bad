//
// NodeProgram.cpp
//
// A node, for tests: a service with a backplane.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NodeProgram.h"
#include "Poco/Messaging/MessageService.h"
#include "Poco/Exception.h"
#include "Poco/NumberParser.h"
#include <csignal>
#include <iostream>
#include <map>
#include <string>


using namespace Poco::Messaging;


namespace
{
	class Options
	{
	public:
		Options(int argc, char** argv)
		{
			for (int i = 1; i < argc; ++i)
			{
				const std::string argument(argv[i]);
				const std::size_t equals = argument.find('=');
				if (argument.compare(0, 2, "--") != 0 || equals == std::string::npos) throw Poco::InvalidArgumentException(argument);
				_values[argument.substr(2, equals - 2)] = argument.substr(equals + 1);
			}
		}

		std::string operator [] (const std::string& name) const
		{
			const auto it = _values.find(name);
			return it == _values.end() ? std::string() : it->second;
		}

	private:
		std::map<std::string, std::string> _values;
	};

	int run(const Options& options, const MakeBackplane& make)
	{
		sigset_t signals;
		sigemptyset(&signals);
		for (const int signal: {SIGTERM, SIGINT}) sigaddset(&signals, signal);
		pthread_sigmask(SIG_BLOCK, &signals, nullptr);
		const std::size_t history = options["history"].empty() ? 10000 : Poco::NumberParser::parseUnsigned(options["history"]);
		MessageServiceParams::Ptr pParams(new MessageServiceParams);
		HubParams::Ptr pHubParams(new HubParams);
		pHubParams->setLeaveDelay(Poco::Timespan(1, 0));
		pHubParams->setMaxRecovered(10000);
		pHubParams->setMaxRecoveredBytes(64*1024*1024);
		pHubParams->setOptionsOf([history](const std::string& channel)
		{
			ChannelOptions channelOptions;
			if (channel[0] == 'h' || channel[0] == 'b') channelOptions.historySize = history;
			if (channel[0] == 'p' || channel[0] == 'b') channelOptions.presence = channelOptions.joinLeave = true;
			return channelOptions;
		});
		if (!options["secret"].empty())
		{
			pParams->setVerifier(std::make_shared<TokenVerifier>(std::vector<TokenKey>{TokenKey::hmac("", options["secret"])}));
			pParams->setTokenRequired(false);
		}
		MessageService service(pParams, pHubParams, make(options["engine"], options["prefix"]));
		service.setHandler(200, [&](MessageRequest& request)
		{
			request.answer(std::to_string(service.hub().node()) + (service.hub().healthy() ? " 1" : " 0"));
		});
		Poco::Net::WebSocketServer server;
		service.addTo(server, "/messages");
		server.listen(Poco::Net::SocketAddress("127.0.0.1", static_cast<Poco::UInt16>(Poco::NumberParser::parse(options["port"]))));
		server.start();
		std::cout << "port " << server.port() << std::endl;
		int signal = 0;
		sigwait(&signals, &signal);
		server.stop();
		return 0;
	}
}


int nodeProgram(int argc, char** argv, const MakeBackplane& make)
{
	try
	{
		return run(Options(argc, argv), make);
	}
	catch (const Poco::Exception& error)
	{
		std::cerr << argv[0] << ": " << error.displayText() << std::endl;
		return 1;
	}
}
