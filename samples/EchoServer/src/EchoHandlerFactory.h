//
// EchoHandlerFactory.h
//
// Definition of the EchoHandlerFactory class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EchoHandlerFactory_INCLUDED
#define EchoHandlerFactory_INCLUDED


#include "EchoEngine.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"


class EchoHandlerFactory: public Poco::Net::HTTPRequestHandlerFactory
	/// Gives WebSocket handshakes, on any path, to the engine, and serves the
	/// demo page on /.
{
public:
	explicit EchoHandlerFactory(EchoEngine& engine);

	Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;

private:
	EchoEngine& _engine;
};


#endif // EchoHandlerFactory_INCLUDED
