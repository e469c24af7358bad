//
// LoadWindow.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadWindow
//
// What is measured.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_LoadWindow_INCLUDED
#define Benchmark_LoadWindow_INCLUDED


#include "LoadOptions.h"
#include <cstdint>
#include <ctime>


class Window
	/// The measured time: it begins and ends with the completion of a message. With options.messages
	/// it is the time of all messages.
{
public:
	explicit Window(const LoadOptions& options);

	void begin();
		/// The warm-up begins; what was measured before is forgotten.

	bool measure(std::uint64_t messages, std::uint64_t bytes);
		/// To be called when so many messages are complete and so many bytes received, in all; returns true when it
		/// is time to stop. Does nothing with options.messages.

	void end(std::uint64_t messages, std::uint64_t bytes);
		/// No message is under way any more.

	void checkTime() const;
		/// Throws if all takes too long.

	void print(double sent) const;
		/// Prints what was measured, as JSON; sent: bytes of a message.

private:
	struct Mark
	{
		double time = 0;
		double serverCPU = 0;
		double ownCPU = 0;
		std::uint64_t messages = 0;
		std::uint64_t bytes = 0;
		std::uint64_t records = 0;
	};

	void mark(Mark& place, std::uint64_t messages, std::uint64_t bytes) const;

	const LoadOptions& _options;
	clockid_t _serverClock = 0;
	double _begin = 0;
	Mark _first;
	Mark _last;
};


#endif // Benchmark_LoadWindow_INCLUDED
