//
// LoadOptions.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadOptions
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadOptions.h"
#include <cstdlib>
#include <getopt.h>


namespace
{
	enum Option
	{
		HOST = 1, PORT, SERVER_PID, CONNECTIONS, IN_FLIGHT, SIZE, MESSAGES, WARMUP, SECONDS, TURNS, TIMEOUT, BINARY, UNICODE,
		JSON, DEFLATE, CLIENT_NO_TAKEOVER, SERVER_NO_TAKEOVER, WINDOW_BITS, LEVEL, FRAGMENTS, BROADCAST, HANDSHAKES, TLS, RESUME, POLL, MESSAGE, SUBPROTOCOL, HELP
	};

	const option OPTIONS[] =
	{
		{"host", required_argument, nullptr, HOST},
		{"port", required_argument, nullptr, PORT},
		{"server-pid", required_argument, nullptr, SERVER_PID},
		{"connections", required_argument, nullptr, CONNECTIONS},
		{"in-flight", required_argument, nullptr, IN_FLIGHT},
		{"size", required_argument, nullptr, SIZE},
		{"messages", required_argument, nullptr, MESSAGES},
		{"warmup", required_argument, nullptr, WARMUP},
		{"seconds", required_argument, nullptr, SECONDS},
		{"turns", no_argument, nullptr, TURNS},
		{"timeout", required_argument, nullptr, TIMEOUT},
		{"binary", no_argument, nullptr, BINARY},
		{"unicode", no_argument, nullptr, UNICODE},
		{"json", no_argument, nullptr, JSON},
		{"deflate", no_argument, nullptr, DEFLATE},
		{"client-no-takeover", no_argument, nullptr, CLIENT_NO_TAKEOVER},
		{"server-no-takeover", no_argument, nullptr, SERVER_NO_TAKEOVER},
		{"window-bits", required_argument, nullptr, WINDOW_BITS},
		{"level", required_argument, nullptr, LEVEL},
		{"fragments", no_argument, nullptr, FRAGMENTS},
		{"broadcast", no_argument, nullptr, BROADCAST},
		{"handshakes", no_argument, nullptr, HANDSHAKES},
		{"tls", no_argument, nullptr, TLS},
		{"resume", no_argument, nullptr, RESUME},
		{"poll", no_argument, nullptr, POLL},
		{"message", required_argument, nullptr, MESSAGE},
		{"subprotocol", required_argument, nullptr, SUBPROTOCOL},
		{"help", no_argument, nullptr, HELP},
		{nullptr, 0, nullptr, 0}
	};

	double number(const char* pName, double min, double max)
	{
		char* pEnd = nullptr;
		const double value = std::strtod(optarg, &pEnd);
		if (pEnd == optarg || *pEnd != 0 || !(value >= min && value <= max))
			throw UsageError(std::string("--") + pName + ": not a number in its range: " + optarg);
		return value;
	}

	template <typename T>
	T whole(const char* pName, double min, double max)
	{
		const double value = number(pName, min, max);
		const T result = static_cast<T>(value);
		if (static_cast<double>(result) != value)
			throw UsageError(std::string("--") + pName + ": not a whole number: " + optarg);
		return result;
	}
}


LoadOptions LoadOptions::parse(int argc, char** argv)
{
	LoadOptions options;
	opterr = 0;
	int code = 0;
	while ((code = getopt_long(argc, argv, "", OPTIONS, nullptr)) != -1)
	{
		switch (code)
		{
		case HOST: options.host = optarg; break;
		case PORT: options.port = whole<int>("port", 1, 65535); break;
		case SERVER_PID: options.serverPID = whole<int>("server-pid", 1, 1 << 30); break;
		case CONNECTIONS: options.connections = whole<int>("connections", 1, 10000); break;
		case IN_FLIGHT: options.inFlight = whole<int>("in-flight", 1, 10000); break;
		case SIZE: options.size = whole<std::size_t>("size", 0, 1 << 30); break;
		case MESSAGES: options.messages = whole<std::uint64_t>("messages", 1, 1e12); break;
		case WARMUP: options.warmup = number("warmup", 0, 3600); break;
		case SECONDS: options.seconds = number("seconds", 0.01, 3600); break;
		case TURNS: options.turns = true; break;
		case TIMEOUT: options.timeout = number("timeout", 0.1, 7200); break;
		case BINARY: options.binary = true; break;
		case UNICODE: options.unicode = true; break;
		case JSON: options.json = true; break;
		case DEFLATE: options.deflate = true; break;
		case CLIENT_NO_TAKEOVER: options.clientNoTakeover = true; break;
		case SERVER_NO_TAKEOVER: options.serverNoTakeover = true; break;
		case WINDOW_BITS: options.windowBits = whole<int>("window-bits", 9, 15); break;
		case LEVEL: options.level = whole<int>("level", 1, 9); break;
		case FRAGMENTS: options.fragments = true; break;
		case BROADCAST: options.broadcast = true; break;
		case HANDSHAKES: options.handshakes = true; break;
		case TLS: options.tls = true; break;
		case RESUME: options.tls = options.resume = true; break;
		case POLL: options.poll = true; break;
		case MESSAGE: options.message = optarg; break;
		case SUBPROTOCOL: options.subprotocol = optarg; break;
		case HELP: options.help = true; break;
		default: throw UsageError(std::string("unknown option, or its value is missing: ") + argv[optind - 1]);
		}
	}
	if (optind < argc) throw UsageError(std::string("not an option: ") + argv[optind]);
	if (options.fragments && (options.json || options.deflate)) throw UsageError("--fragments: not with --json or --deflate");
	if (options.handshakes && (options.broadcast || options.poll)) throw UsageError("--handshakes: not with --broadcast or --poll");
	if (options.resume && !options.handshakes) throw UsageError("--resume: only with --handshakes");
	if (options.turns && options.messages > 0) throw UsageError("--turns: not with --messages");
	if (options.port == 0 && !options.help) throw UsageError("--port: missing");
	return options;
}


std::string LoadOptions::helpText()
{
	return
		"usage: BenchmarkLoad --port PORT [options]\n"
		"Sends WebSocket messages to an echo server, checks the echoes, and prints the rate as JSON.\n"
		"\n"
		"  --host ADDRESS     IPv4 address of the server (127.0.0.1)\n"
		"  --connections N    connections (1)\n"
		"  --in-flight N      messages under way on each connection (1)\n"
		"  --size BYTES       payload of a message (20)\n"
		"  --message FILE     the message is what is in the file, whatever --size says\n"
		"  --subprotocol NAME asks for it\n"
		"  --binary           binary messages; otherwise text (ASCII)\n"
		"  --unicode          text with characters of one to four bytes\n"
		"  --json             different messages that look like JSON, in turns\n"
		"  --deflate          permessage-deflate; what is sent was compressed beforehand\n"
		"  --client-no-takeover, --server-no-takeover\n"
		"                     without context takeover\n"
		"  --window-bits N    both ways (15)\n"
		"  --level N          zlib's, for what is sent (6)\n"
		"  --fragments        answers may come in several frames\n"
		"  --broadcast        the first connection sends, and what it sends must come back on each connection;\n"
		"                     a message counts as often\n"
		"  --handshakes       connections that are made, upgraded and closed, so many at a time as --in-flight\n"
		"                     says; each counts as a message\n"
		"  --tls              wss; the server's certificate is not looked at\n"
		"  --resume           wss, and each connection continues a TLS session; with --handshakes\n"
		"  --warmup SECONDS   before anything is measured (0.3)\n"
		"  --seconds SECONDS  length of the measured window (1)\n"
		"  --messages N       stop after N messages in all; no warm-up, no window\n"
		"  --turns            wait for a line of standard input, then measure, with warm-up and window; and so on until\n"
		"                     its end. Between turns no message is under way\n"
		"  --poll             spin on the sockets instead of waiting in epoll\n"
		"  --server-pid PID   measure the CPU time of this process in the window\n"
		"  --timeout SECONDS  give up after this time (60), counted anew in each turn\n"
		"  --help             show this text\n";
}
