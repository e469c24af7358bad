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
#include "Poco/Exception.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Process.h"
#include <csignal>
#include <iostream>
#include <stdexcept>


namespace
{
	sigset_t signals()
	{
		sigset_t result;
		sigemptyset(&result);
		for (int signal: {SIGTERM, SIGINT, SIGUSR1}) sigaddset(&result, signal);
		return result;
	}
}


Poco::Net::ServerSocket listeningSocket(int backlog, bool tls, bool renegotiation)
{
	const Poco::Net::SocketAddress address("127.0.0.1", 0);
	if (!tls) return Poco::Net::ServerSocket(address, backlog);
	const Poco::Net::Context::Ptr pContext = new Poco::Net::Context(Poco::Net::Context::TLS_SERVER_USE, "", Poco::Net::Context::VERIFY_NONE);
	useCertificate(pContext->sslContext());
	if (renegotiation) SSL_CTX_set_options(pContext->sslContext(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	return Poco::Net::SecureServerSocket(address, backlog, pContext);
}


int serve(const std::function<void()>& run)
{
	const sigset_t blocked = signals();
	pthread_sigmask(SIG_BLOCK, &blocked, nullptr); // before any thread is started
	try
	{
		run();
		return 0;
	}
	catch (const std::invalid_argument& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 64;
	}
	catch (const Poco::Exception& exc)
	{
		std::cerr << exc.displayText() << std::endl;
		return 1;
	}
}


void untilStopped(const Poco::Net::ServerSocket& socket, const std::function<void()>& onUser)
{
	std::cout << socket.address().port() << " " << Poco::Process::id() << std::endl;
	const sigset_t awaited = signals();
	int signal = 0;
	while (sigwait(&awaited, &signal) == 0 && signal == SIGUSR1)
	{
		if (onUser) onUser();
	}
}
