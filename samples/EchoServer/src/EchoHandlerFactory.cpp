//
// EchoHandlerFactory.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoHandlerFactory.h"
#include "ThreadEngine.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/MessageHeader.h"
#include "Poco/String.h"
#include <algorithm>
#include <string>
#include <vector>


using Poco::Net::HTTPRequestHandler;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;


namespace
{
	class EchoHandler: public HTTPRequestHandler
	{
	public:
		explicit EchoHandler(ThreadEngine& engine):
			_engine(engine)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			_engine.serve(request, response);
		}

	private:
		ThreadEngine& _engine;
	};


	bool asksForWebSocket(const HTTPServerRequest& request)
	{
		std::vector<std::string> protocols;
		Poco::Net::MessageHeader::splitElements(request.get("Upgrade", ""), protocols);
		return std::any_of(protocols.begin(), protocols.end(),
			[](const std::string& protocol) { return Poco::icompare(protocol, "websocket") == 0; });
	}
}


EchoHandlerFactory::EchoHandlerFactory(ThreadEngine& engine):
	_engine(engine)
{
}


HTTPRequestHandler* EchoHandlerFactory::createRequestHandler(const HTTPServerRequest& request)
{
	if (asksForWebSocket(request)) return new EchoHandler(_engine);
	return PageFactory::createRequestHandler(request);
}
