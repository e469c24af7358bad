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


Poco::Net::ServerSocket listeningSocket(int backlog, bool tls, bool renegotiation = false);
	/// Returns a socket that listens on a free port of the loopback interface. If renegotiation, clients with TLS 1.2 may ask for it.


#endif // Benchmark_EchoSocket_INCLUDED
