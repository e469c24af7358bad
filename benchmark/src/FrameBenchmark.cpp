//
// FrameBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  FrameBenchmark
//
// Frame headers.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/FrameHeader.h"
#include <benchmark/benchmark.h>


using Poco::Net::WebSocketFrameHeader;


namespace
{
	WebSocketFrameHeader sample(const benchmark::State& state, bool masked)
	{
		WebSocketFrameHeader header;
		header.flags = 0x82;
		header.masked = masked;
		header.payloadLength = static_cast<Poco::UInt64>(state.range(0));
		return header;
	}

	void parseHeader(benchmark::State& state)
	{
		char wire[WebSocketFrameHeader::MAX_LENGTH];
		const std::size_t length = sample(state, true).build(wire);
		WebSocketFrameHeader header;
		for (auto _: state)
		{
			benchmark::DoNotOptimize(WebSocketFrameHeader::parse(wire, length, header));
			benchmark::DoNotOptimize(&header);
			benchmark::ClobberMemory();
		}
	}

	void buildHeader(benchmark::State& state, bool masked)
	{
		char wire[WebSocketFrameHeader::MAX_LENGTH];
		const WebSocketFrameHeader header = sample(state, masked);
		for (auto _: state)
		{
			benchmark::DoNotOptimize(header.build(wire));
			benchmark::DoNotOptimize(&wire);
			benchmark::ClobberMemory();
		}
	}

	void buildServer(benchmark::State& state)
	{
		buildHeader(state, false);
	}

	void buildClient(benchmark::State& state)
	{
		buildHeader(state, true);
	}
}


// The three forms of the length field.
BENCHMARK(parseHeader)->Name("header/parse")->Arg(20)->Arg(1024)->Arg(65536);
BENCHMARK(buildServer)->Name("header/build")->Arg(20)->Arg(1024)->Arg(65536);
BENCHMARK(buildClient)->Name("header/build-masked")->Arg(20)->Arg(1024)->Arg(65536);
