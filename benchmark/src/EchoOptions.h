//
// EchoOptions.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  EchoOptions
//
// The command line of the echo servers that have options.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_EchoOptions_INCLUDED
#define Benchmark_EchoOptions_INCLUDED


#include <stdexcept>
#include <string>


struct EchoOptions
	/// The options. Their defaults are those of WebSocketParams.
{
	bool parts = false;            /// Message parts as they come, not whole messages.
	bool broadcast = false;        /// Each message goes to all connections.
	bool each = false;             /// The same, sent to one after the other; of EventsBenchmark only.
	bool tls = false;              /// wss.
	bool renegotiation = false;    /// TLS 1.2's clients may ask for another handshake; of EventsBenchmark only.
	bool cork = false;             /// With a WebSocket::Cork.
	bool verifyUTF8 = true;
	bool deflate = false;          /// Accept permessage-deflate (RFC 7692).
	bool clientNoTakeover = false; /// Without context takeover.
	bool serverNoTakeover = false;
	int  windowBits = 15;          /// Both ways.
	int  level = 1;
	int  memLevel = 8;
	int  threshold = 64;           /// Shorter messages are not compressed.
	int  maxConnections = 0;       /// These are of EventsBenchmark only. 0: the default.
	int  maxMessage = 0;           /// Bytes.
	int  maxQueued = 0;            /// Bytes.
	int  handshakeTimeout = 0;     /// Milliseconds.
	std::string trusted;           /// The network of trusted proxies; there is a second port then, for connections with a PROXY header.

	bool limits() const
		/// Returns true if one of the options that EventsBenchmark alone has was given.
	{
		return renegotiation || maxConnections > 0 || maxMessage > 0 || maxQueued > 0 || handshakeTimeout > 0 || !trusted.empty();
	}

	static EchoOptions parse(int argc, char** argv);
		/// Throws a std::invalid_argument if the command line makes no sense.
};


#endif // Benchmark_EchoOptions_INCLUDED
