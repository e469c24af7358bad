//
// LoadConnection.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadConnection
//
// A client's connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_LoadConnection_INCLUDED
#define Benchmark_LoadConnection_INCLUDED


#include "LoadMessages.h"
#include "LoadOptions.h"
#include "LoadReplies.h"
#include "LoadStream.h"
#include <memory>
#include <string>
#include <vector>


struct OpeningHandshake
	/// The client's part of it, with the key of the example in RFC 6455, 1.3, whose answer is known.
{
	static std::string request(const LoadOptions& options);

	static bool complete(const std::string& response);

	static void check(const std::string& response, const LoadOptions& options);
		/// Throws if the response is not the one that must come.
};


std::string closeFrame(bool masked);
	/// Returns a Close frame with the code 1000.


class Connection
	/// A WebSocket connection that sends messages in turns, for ever.
{
public:
	Connection(const LoadOptions& options, const Wire& requests, std::unique_ptr<Replies> pReplies);

	int descriptor() const
	{
		return _stream.descriptor();
	}

	std::uint64_t queued() const
		/// Returns how many messages were queued, in all.
	{
		return _queuedMessages;
	}

	std::uint64_t inFlight() const
	{
		return _queuedMessages - _completed;
	}

	std::uint64_t completed() const
		/// Returns how many answers have come.
	{
		return _completed;
	}

	std::uint64_t received() const
		/// Returns the bytes received.
	{
		return _received;
	}

	void queue(std::uint64_t messages);

	void flush();
		/// Sends what is queued, as far as the socket takes it.

	std::uint64_t receive(std::vector<char>& buffer, bool& more);
		/// Reads once, into a buffer with Stream::SPACE; returns how many messages were completed, and in more
		/// whether there may be more to read.

	void verify();
		/// To be called after receive() and flush(): the server has something to do meanwhile.

	void finish();
		/// The closing handshake.

private:
	Connection(const Connection&) = delete;
	Connection& operator = (const Connection&) = delete;

	std::string exchange(const std::string& data, std::size_t length);
		/// Sends, and returns what comes back: so many bytes, or the head of a HTTP response.

	const Wire& _requests;
	const std::unique_ptr<Replies> _pReplies;
	Stream _stream;
	std::uint64_t _queuedMessages = 0;
	std::uint64_t _completed = 0; // messages
	std::uint64_t _queued = 0;    // bytes
	std::uint64_t _sent = 0;
	std::uint64_t _received = 0;
};


#endif // Benchmark_LoadConnection_INCLUDED
