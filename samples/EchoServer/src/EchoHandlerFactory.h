//
// EchoHandlerFactory.h
//
// Definition of the EchoHandlerFactory class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EchoHandlerFactory_INCLUDED
#define EchoHandlerFactory_INCLUDED


#include "PageFactory.h"


class ThreadEngine;


class EchoHandlerFactory: public PageFactory
	/// Gives WebSocket handshakes, on any path, to the engine, and serves the
	/// demo page on /.
{
public:
	explicit EchoHandlerFactory(ThreadEngine& engine);

	Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;

private:
	ThreadEngine& _engine;
};


#endif // EchoHandlerFactory_INCLUDED
