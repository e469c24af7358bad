//
// EchoBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  EchoBenchmark
//
// The echo server of the comparison: compiled with this library, and with Poco's own class;
// with FrameLoop.cpp, or, this library only, with MessageLoop.cpp.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoLoop.h"
#include "EchoSocket.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Exception.h"
#include "Poco/ThreadPool.h"
#include <iostream>


namespace
{
	const int MAX_CONNECTIONS = 256;

	class EchoHandler: public Poco::Net::HTTPRequestHandler
	{
	public:
		void handleRequest(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override
		{
			try
			{
				EchoLoop::run(request, response);
			}
			catch (const Poco::Exception& exc)
			{
				std::cerr << exc.displayText() << std::endl;
			}
		}
	};

	class EchoHandlerFactory: public Poco::Net::HTTPRequestHandlerFactory
	{
	public:
		Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest&) override
		{
			return new EchoHandler;
		}
	};
}


int main(int argc, char** argv)
	/// Listens on a free port of the loopback interface, prints the port and its process id, and stops on SIGTERM.
{
	return serve([&]
	{
		const bool tls = EchoLoop::configure(argc, argv);
		Poco::Net::HTTPServerParams::Ptr pParams = new Poco::Net::HTTPServerParams;
		pParams->setMaxThreads(MAX_CONNECTIONS);
		pParams->setKeepAlive(false);
		Poco::ThreadPool threads(2, MAX_CONNECTIONS);
		const Poco::Net::ServerSocket socket = listeningSocket(MAX_CONNECTIONS, tls);
		Poco::Net::HTTPServer server(new EchoHandlerFactory, threads, socket, pParams);
		server.start();
		untilStopped(socket);
		server.stopAll();
		threads.joinAll();
	});
}
