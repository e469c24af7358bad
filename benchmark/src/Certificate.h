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
	/// Makes a key on the curve P-256 and its certificate, and sets them. P-256 is what most public certificates have today, and its
	/// signature is cheap: an RSA one would cost more than all the rest of a handshake, and hide it.
	///
	/// Sets what differs otherwise: X25519 first, which clients send (without it there is another round trip), no cache of
	/// sessions, TLS 1.2 at least. Throws a std::runtime_error.


#endif // Benchmark_Certificate_INCLUDED
