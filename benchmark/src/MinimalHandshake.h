//
// MinimalHandshake.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  MinimalHandshake
//
// The opening handshake of the minimal loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_MinimalHandshake_INCLUDED
#define Benchmark_MinimalHandshake_INCLUDED


#include <cstddef>


std::size_t minimalHandshake(const char* pRequest, std::size_t length, char* pResponse);
	/// Puts the response (less than 256 bytes) to a request there and returns its length; 0 if there is no key.


#endif // Benchmark_MinimalHandshake_INCLUDED
