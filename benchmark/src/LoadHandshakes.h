//
// LoadHandshakes.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadHandshakes
//
// Connections that come and go.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_LoadHandshakes_INCLUDED
#define Benchmark_LoadHandshakes_INCLUDED


#include "LoadOptions.h"
#include "LoadStream.h"
#include "LoadWindow.h"
#include <cstdint>
#include <memory>
#include <string>
#include <vector>


class Handshakes
	/// Keeps so many connections under way: each is made, upgraded, and closed with a Close frame; the server
	/// answers that and ends the connection, and then there is another one. Each of them is a message.
{
public:
	explicit Handshakes(const LoadOptions& options);
	~Handshakes();

	void run();
		/// Measures once; afterwards no connection is open.

	void print() const;

	void finish()
		/// Nothing is left to be done.
	{
	}

private:
	enum State
	{
		NONE,
		OPENING, // the request has been sent
		CLOSING, // the Close frame has
		CLOSED   // the answer to it has come
	};

	struct Slot
	{
		std::unique_ptr<Stream> pStream;
		State state = NONE;
		std::string received;
		std::string unsent;
	};

	Handshakes(const Handshakes&) = delete;
	Handshakes& operator = (const Handshakes&) = delete;

	void begin(Slot& slot);
	void receive(Slot& slot);
	void take(Slot& slot);
	void send(Slot& slot);
	void end(Slot& slot);

	const LoadOptions& _options;
	const std::string _request;
	const std::string _close;
	const std::string _closeReply;
	std::vector<char> _buffer;
	std::vector<Slot> _slots;
	int _queue;
	Window _window;
	std::uint64_t _begun = 0;
	std::uint64_t _completed = 0;
	std::uint64_t _bytes = 0; // received
	bool _stopping = false;
};


#endif // Benchmark_LoadHandshakes_INCLUDED
