//
// LoadOptions.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadOptions
//
// The command line of the load generator.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_LoadOptions_INCLUDED
#define Benchmark_LoadOptions_INCLUDED


#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>


struct UsageError: std::runtime_error
	/// The command line makes no sense; the text names the option.
{
	using std::runtime_error::runtime_error;
};


struct LoadOptions
	/// What to send, where to and for how long.
{
	std::string host = "127.0.0.1";
	int port = 0;
	int serverPID = 0;          /// Process whose CPU time is measured; 0 for none.
	int connections = 1;
	int inFlight = 1;           /// Messages under way on each connection.
	std::size_t size = 20;      /// Payload bytes.
	std::uint64_t messages = 0; /// Messages in all; 0 for as many as there is time for.
	double warmup = 0.3;        /// Seconds before the measured window.
	double seconds = 1;         /// Length of the measured window.
	bool turns = false;         /// A run for each line of standard input.
	double timeout = 60;        /// Seconds after which a run has failed.
	bool binary = false;        /// Binary messages, not text.
	std::string message;        /// A file with the message to be sent; instead of size.
	std::string subprotocol;    /// What the handshake asks for; empty for none.
	bool unicode = false;       /// Text with characters of one to four bytes, not ASCII.
	bool json = false;          /// Different messages that look like JSON, not always the same one.
	bool deflate = false;       /// permessage-deflate (RFC 7692).
	bool clientNoTakeover = false;
	bool serverNoTakeover = false;
	int windowBits = 15;        /// Both ways.
	int level = 6;              /// Compression level of what is sent.
	bool fragments = false;     /// Answers may come in several frames.
	bool broadcast = false;     /// One connection sends, and all receive what it sends.
	bool handshakes = false;    /// No messages, but connections that come and go.
	bool tls = false;           /// wss.
	bool resume = false;        /// Each TLS connection continues a session.
	bool poll = false;          /// Spin on the sockets, never block.
	bool help = false;

	static LoadOptions parse(int argc, char** argv);
		/// Throws a UsageError.

	static std::string helpText();
};


#endif // Benchmark_LoadOptions_INCLUDED
