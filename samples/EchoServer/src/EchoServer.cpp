//
// EchoServer.cpp
//
// Sends back every WebSocket message it gets, and serves a page for trying it out.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EngineOptions.h"
#include "SampleServer.h"


class EchoServer: public SampleServer
{
public:
	EchoServer():
		SampleServer("EchoServer", "A WebSocket server that sends back what it receives, on any path. "
			"On / it serves a page to try it.")
	{
	}

protected:
	void defineOptions(Poco::Util::OptionSet& options) override
	{
		SampleServer::defineOptions(options);
		_engineOptions.define(options);
	}

	std::unique_ptr<SampleService> createService() override
	{
		return _engineOptions.createEngine();
	}

private:
	EngineOptions _engineOptions;
};


int main(int argc, char** argv)
{
	EchoServer server;
	return server.runCommand(argc, argv);
}
