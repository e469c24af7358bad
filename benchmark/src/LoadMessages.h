//
// LoadMessages.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadMessages
//
// What the load generator sends, made before anything is measured.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_LoadMessages_INCLUDED
#define Benchmark_LoadMessages_INCLUDED


#include "LoadOptions.h"
#include <cstdint>
#include <string>
#include <vector>


class Wire
	/// An endless sequence of frames, as it stands on the wire: the same ones again and again.
{
public:
	void append(int flags, const std::string& payload, bool masked);
		/// Adds a frame.

	void finish();
		/// No more frames: fills what can be sent at once with copies.

	const char* at(std::uint64_t position, std::uint64_t& length) const;
		/// Returns the bytes at the position; reduces length to how many there are.

	std::uint64_t end(std::uint64_t count) const;
		/// Returns the position behind so many frames.

	std::uint64_t length() const;
		/// Returns the length of the first frame.

private:
	std::string _bytes;
	std::vector<std::uint64_t> _ends; // of the frames in _bytes; before finish()
	std::uint64_t _cycle = 0;         // their length
};


std::vector<std::string> payloads(const LoadOptions& options);
	/// The messages that are sent in turns: a single one, or, with options.json, so many that none
	/// is repeated within the largest window of permessage-deflate.

std::vector<std::string> deflated(const LoadOptions& options, const std::vector<std::string>& payloads);
	/// Each of them compressed (RFC 7692, 7.2.1). With context takeover they refer to those before them, but
	/// the first to none: they may be sent in turns for ever.


#endif // Benchmark_LoadMessages_INCLUDED
