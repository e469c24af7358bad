//
// UTF8Fuzz.cpp
//
// UTF-8: in parts, whole, and by the plain twin, all the same.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/UTF8.h"


using Fuzz::Cuts;
using Fuzz::require;
using Poco::Net::WebSocketUTF8;


namespace
{
	bool isValid(const std::string& text, const std::vector<std::size_t>& ends)
	{
		WebSocketUTF8 validator;
		std::size_t begin = 0;
		bool good = true;
		for (const std::size_t end: ends)
		{
			const Fuzz::Part part(text, begin, end);
			const bool next = validator.append(part.data(), part.size());
			require(good || !next, "once false, always false");
			good = next;
			begin = end;
		}
		require(good || !validator.complete(), "what is invalid is not complete");
		return validator.complete();
	}

	std::size_t firstError(const std::string& text)
		/// Returns the length of the shortest beginning that no valid text has.
	{
		WebSocketUTF8 validator;
		std::size_t i = 0;
		while (i < text.size() && validator.append(&text[i], 1)) ++i;
		return i + 1;
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const Cuts cuts(input);
	const std::size_t maxLength = input.byte();
	const std::string text(input.rest());

	const bool valid = WebSocketUTF8::isValidPlain(text.data(), text.size());
	require(WebSocketUTF8::isValid(text.data(), text.size()) == valid, "isValid() is isValidPlain()");
	require(isValid(text, Cuts::whole(text.size())) == valid, "whole");
	require(isValid(text, Cuts::single(text.size())) == valid, "byte by byte");
	require(isValid(text, cuts.ends(text.size())) == valid, "in parts");

	const std::size_t error = firstError(text);
	WebSocketUTF8 before;
	require(before.append(text.data(), error - 1), "no error before the first one");
	if (error <= text.size())
	{
		WebSocketUTF8 behind;
		require(!valid && !behind.append(text.data(), error), "fail fast");
	}

	const std::size_t kept = WebSocketUTF8::truncate(text.data(), text.size(), maxLength);
	require(kept <= maxLength && kept <= text.size(), "truncate() keeps no more than it may");
	if (valid) require(WebSocketUTF8::isValid(text.data(), kept), "truncate() cuts no character");
	if (valid) require(kept == text.size() || kept + 4 > maxLength, "truncate() keeps what it can");
	return 0;
}
