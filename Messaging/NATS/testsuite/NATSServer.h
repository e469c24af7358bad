//
// NATSServer.h
//
// A NATS of a test.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef NATSServer_INCLUDED
#define NATSServer_INCLUDED


#include "ServerProcess.h"


class NATSServer: public ServerProcess
	/// A nats-server.
{
public:
	explicit NATSServer(const Texts& options = {}):
		ServerProcess("nats-server", all(options))
	{
		start();
	}

	static Texts jetStream()
		/// Options of one with JetStream, which keeps its data in its folder.
	{
		return {"-js", "-sd", "{folder}"};
	}

	std::string url() const
	{
		return "nats://" + address();
	}

private:
	static Texts all(const Texts& options)
	{
		Texts result{"-a", "127.0.0.1", "-p", "{port}"};
		result.insert(result.end(), options.begin(), options.end());
		return result;
	}
};


#endif // NATSServer_INCLUDED
