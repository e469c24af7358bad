//
// UTF8Benchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  UTF8Benchmark
//
// UTF-8, beside the SIMD library called directly and beside the byte-wise twin.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/UTF8.h"
#if defined(POCO_WEBSOCKET_HAVE_SIMDUTF)
#include <simdutf.h>
#elif defined(POCO_WEBSOCKET_HAVE_SIMDJSON)
#include <simdjson.h>
#endif
#include <benchmark/benchmark.h>
#include <string>


using Poco::Net::WebSocketUTF8;


namespace
{
	std::string asciiText(std::size_t size)
	{
		const std::string words = "The quick brown fox jumps over the lazy dog. ";
		std::string text;
		while (text.size() < size) text += words;
		text.resize(size);
		return text;
	}

	std::string mixedText(std::size_t size)
		/// Characters of one to four bytes, padded with ASCII.
	{
		const std::string words =
			"Z\xc3\xbcrich, "                                  // 2 bytes: u with diaeresis
			"\xce\xb1\xce\xb2\xce\xb3 "                        // 2 bytes: Greek
			"\xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e, "           // 3 bytes: Japanese
			"20 \xe2\x82\xac "                                 // 3 bytes: euro sign
			"\xf0\x9f\x98\x80 ";                               // 4 bytes: emoji
		std::string text;
		while (text.size() + words.size() <= size) text += words;
		text.resize(size, '.');
		return text;
	}

	template <typename Check>
	void run(benchmark::State& state, const std::string& text, Check check)
	{
		for (auto _: state)
		{
			const char* pText = text.data();
			benchmark::DoNotOptimize(pText);
			bool ok = check(pText, text.size());
			benchmark::DoNotOptimize(ok);
			if (!ok)
			{
				state.SkipWithError("valid text refused");
				break;
			}
		}
		state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations())*static_cast<std::int64_t>(text.size()));
	}

	bool append(const char* pText, std::size_t length)
	{
		WebSocketUTF8 validator;
		return validator.append(pText, length) && validator.complete();
	}

	template <typename Check>
	void add(const std::string& name, Check check)
	{
		for (const std::size_t size: {20, 64, 1024, 64*1024})
		{
			const std::string suffix = "/" + std::to_string(size);
			benchmark::RegisterBenchmark(("utf8-ascii/" + name + suffix).c_str(),
				[=](benchmark::State& state) { run(state, asciiText(size), check); });
			if (size < 64) continue; // too short for the mix
			benchmark::RegisterBenchmark(("utf8-mixed/" + name + suffix).c_str(),
				[=](benchmark::State& state) { run(state, mixedText(size), check); });
		}
	}

	bool addAll()
	{
		add("isValid", [](const char* pText, std::size_t length) { return WebSocketUTF8::isValid(pText, length); });
		add("append", append);
		add("byte-wise", [](const char* pText, std::size_t length) { return WebSocketUTF8::isValidPlain(pText, length); });
#if defined(POCO_WEBSOCKET_HAVE_SIMDUTF)
		add("library", [](const char* pText, std::size_t length) { return simdutf::validate_utf8(pText, length); });
#elif defined(POCO_WEBSOCKET_HAVE_SIMDJSON)
		add("library", [](const char* pText, std::size_t length) { return simdjson::validate_utf8(pText, length); });
#endif
		return true;
	}

	[[maybe_unused]] const bool added = addAll();
}
