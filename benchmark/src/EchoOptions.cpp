//
// EchoOptions.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  EchoOptions
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoOptions.h"
#include <cstdlib>
#include <string>
#include <getopt.h>


namespace
{
	enum Option
	{
		PARTS = 1, BROADCAST, EACH, TLS, RENEGOTIATION, CORK, NO_UTF8, DEFLATE, CLIENT_NO_TAKEOVER, SERVER_NO_TAKEOVER, WINDOW_BITS, LEVEL, MEM_LEVEL, THRESHOLD,
		MAX_CONNECTIONS, MAX_MESSAGE, MAX_QUEUED, HANDSHAKE_TIMEOUT, TRUSTED
	};

	const option OPTIONS[] =
	{
		{"parts", no_argument, nullptr, PARTS},
		{"broadcast", no_argument, nullptr, BROADCAST},
		{"each", no_argument, nullptr, EACH},
		{"tls", no_argument, nullptr, TLS},
		{"renegotiation", no_argument, nullptr, RENEGOTIATION},
		{"cork", no_argument, nullptr, CORK},
		{"no-utf8", no_argument, nullptr, NO_UTF8},
		{"deflate", no_argument, nullptr, DEFLATE},
		{"client-no-takeover", no_argument, nullptr, CLIENT_NO_TAKEOVER},
		{"server-no-takeover", no_argument, nullptr, SERVER_NO_TAKEOVER},
		{"window-bits", required_argument, nullptr, WINDOW_BITS},
		{"level", required_argument, nullptr, LEVEL},
		{"mem-level", required_argument, nullptr, MEM_LEVEL},
		{"threshold", required_argument, nullptr, THRESHOLD},
		{"max-connections", required_argument, nullptr, MAX_CONNECTIONS},
		{"max-message", required_argument, nullptr, MAX_MESSAGE},
		{"max-queued", required_argument, nullptr, MAX_QUEUED},
		{"handshake-timeout", required_argument, nullptr, HANDSHAKE_TIMEOUT},
		{"trusted", required_argument, nullptr, TRUSTED},
		{nullptr, 0, nullptr, 0}
	};

	int number(int min, int max)
	{
		char* pEnd = nullptr;
		const long value = std::strtol(optarg, &pEnd, 10);
		if (pEnd == optarg || *pEnd != 0 || value < min || value > max)
			throw std::invalid_argument(std::string("not a number in its range: ") + optarg);
		return static_cast<int>(value);
	}
}


EchoOptions EchoOptions::parse(int argc, char** argv)
{
	EchoOptions options;
	opterr = 0;
	int code = 0;
	while ((code = getopt_long(argc, argv, "", OPTIONS, nullptr)) != -1)
	{
		switch (code)
		{
		case PARTS: options.parts = true; break;
		case BROADCAST: options.broadcast = true; break;
		case EACH: options.each = true; break;
		case TLS: options.tls = true; break;
		case RENEGOTIATION: options.renegotiation = true; break;
		case CORK: options.cork = true; break;
		case NO_UTF8: options.verifyUTF8 = false; break;
		case DEFLATE: options.deflate = true; break;
		case CLIENT_NO_TAKEOVER: options.clientNoTakeover = true; break;
		case SERVER_NO_TAKEOVER: options.serverNoTakeover = true; break;
		case WINDOW_BITS: options.windowBits = number(9, 15); break;
		case LEVEL: options.level = number(1, 9); break;
		case MEM_LEVEL: options.memLevel = number(1, 9); break;
		case THRESHOLD: options.threshold = number(0, 1 << 30); break;
		case MAX_CONNECTIONS: options.maxConnections = number(1, 1 << 30); break;
		case MAX_MESSAGE: options.maxMessage = number(1, 1 << 30); break;
		case MAX_QUEUED: options.maxQueued = number(1, 1 << 30); break;
		case HANDSHAKE_TIMEOUT: options.handshakeTimeout = number(1, 1 << 30); break;
		case TRUSTED: options.trusted = optarg; break;
		default: throw std::invalid_argument(std::string("unknown option, or its value is missing: ") + argv[optind - 1]);
		}
	}
	if (optind < argc) throw std::invalid_argument(std::string("not an option: ") + argv[optind]);
	return options;
}
