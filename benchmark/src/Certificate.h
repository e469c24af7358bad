//
// Certificate.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  Certificate
//
// What the TLS of all servers has in common.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_Certificate_INCLUDED
#define Benchmark_Certificate_INCLUDED


#include <openssl/ssl.h>


void useCertificate(SSL_CTX* pContext);
	/// Makes a key on the curve P-256 and its certificate, and sets them. Public servers have such ones, and the
	/// signature is cheap: an RSA one costs many times as much, and would hide the rest of a handshake.
	///
	/// Sets what differs otherwise: the groups X25519 and P-256, no cache of sessions, TLS 1.2 at least. Throws a std::runtime_error.


#endif // Benchmark_Certificate_INCLUDED
