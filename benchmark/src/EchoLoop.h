//
// EchoLoop.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  EchoLoop
//
// What the echo server does with a connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_EchoLoop_INCLUDED
#define Benchmark_EchoLoop_INCLUDED


#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"


struct EchoLoop
{
	static bool configure(int argc, char** argv);
		/// Takes the command line; returns true if it wants TLS. Throws a std::invalid_argument if it makes no sense.

	static void run(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response);
		/// Serves a connection, to its end.
};


#endif // Benchmark_EchoLoop_INCLUDED
