//
// EchoSocket.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  EchoSocket
//
// What the echo servers with Poco's sockets listen on.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_EchoSocket_INCLUDED
#define Benchmark_EchoSocket_INCLUDED


#include "Poco/Net/ServerSocket.h"
#include <functional>


Poco::Net::ServerSocket listeningSocket(int backlog, bool tls, bool renegotiation = false);
	/// Returns a socket that listens on a free port of the loopback interface. If renegotiation, clients with TLS 1.2 may ask for it.

int serve(const std::function<void()>& run);
	/// What main() of a server returns: calls the function, which calls untilStopped() when it serves. Prints the exception that it throws, and returns
	/// 64 for a std::invalid_argument, and 1 for one of Poco's; otherwise 0.

void untilStopped(const Poco::Net::ServerSocket& socket, const std::function<void()>& onUser = nullptr);
	/// Prints the socket's port and the process id, and returns when SIGTERM or SIGINT has come. SIGUSR1 calls the function, if there is one.


#endif // Benchmark_EchoSocket_INCLUDED
