//
// EchoHandlerFactory.h
//
// Definition of the EchoHandlerFactory class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EchoHandlerFactory_INCLUDED
#define EchoHandlerFactory_INCLUDED


#include "FramesEngine.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"


class EchoHandlerFactory: public Poco::Net::HTTPRequestHandlerFactory
	/// Gives WebSocket handshakes, on any path, to the engine, and serves the
	/// demo page on /.
{
public:
	explicit EchoHandlerFactory(FramesEngine& engine);

	Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;

private:
	FramesEngine& _engine;
};


#endif // EchoHandlerFactory_INCLUDED
