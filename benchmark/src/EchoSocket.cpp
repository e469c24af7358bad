//
// EchoSocket.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  EchoSocket
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoSocket.h"
#include "Certificate.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/SocketAddress.h"


Poco::Net::ServerSocket listeningSocket(int backlog, bool tls, bool renegotiation)
{
	const Poco::Net::SocketAddress address("127.0.0.1", 0);
	if (!tls) return Poco::Net::ServerSocket(address, backlog);
	const Poco::Net::Context::Ptr pContext = new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, "", Poco::Net::Context::VERIFY_NONE);
	useCertificate(pContext->sslContext());
	if (renegotiation) SSL_CTX_set_options(pContext->sslContext(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	return Poco::Net::SecureServerSocket(address, backlog, pContext);
}
