//
// MaskBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  MaskBenchmark
//
// Masking, beside memcpy() and beside a byte loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Mask.h"
#include <benchmark/benchmark.h>
#include <cstring>
#include <vector>


using Poco::Net::WebSocketMask;


namespace
{
	const unsigned char KEY[WebSocketMask::KEY_LENGTH] = {0x37, 0xfa, 0x21, 0x3d};

	std::vector<char> payload(const benchmark::State& state)
	{
		return std::vector<char>(static_cast<std::size_t>(state.range(0)), 'x');
	}

	void finish(benchmark::State& state)
	{
		state.SetBytesProcessed(static_cast<std::int64_t>(state.iterations())*state.range(0));
	}

	void sizes(benchmark::internal::Benchmark* pBenchmark)
	{
		for (const long size: {20L, 125L, 1024L, 64*1024L, 16*1024*1024L}) pBenchmark->Arg(size);
	}

	void memcpyCopy(benchmark::State& state)
	{
		const std::vector<char> source = payload(state);
		std::vector<char> target = payload(state);
		for (auto _: state)
		{
			std::memcpy(target.data(), source.data(), source.size());
			benchmark::DoNotOptimize(target.data());
			benchmark::ClobberMemory();
		}
		finish(state);
	}

	void maskInPlace(benchmark::State& state)
	{
		std::vector<char> data = payload(state);
		for (auto _: state)
		{
			WebSocketMask mask(KEY);
			mask.apply(data.data(), data.size());
			benchmark::DoNotOptimize(data.data());
			benchmark::ClobberMemory();
		}
		finish(state);
	}

	void maskCopy(benchmark::State& state)
	{
		const std::vector<char> source = payload(state);
		std::vector<char> target = payload(state);
		for (auto _: state)
		{
			WebSocketMask mask(KEY);
			mask.apply(target.data(), source.data(), source.size());
			benchmark::DoNotOptimize(target.data());
			benchmark::ClobberMemory();
		}
		finish(state);
	}

	void maskByteLoop(benchmark::State& state)
		/// One byte after the other, in place, through a pointer that may
		/// alias the key: what Poco's own WebSocket does.
	{
		std::vector<char> data = payload(state);
		char key[WebSocketMask::KEY_LENGTH];
		std::memcpy(key, KEY, sizeof(key));
		const char* pKey = key;
		benchmark::DoNotOptimize(pKey);
		for (auto _: state)
		{
			char* pData = data.data();
			const int length = static_cast<int>(data.size());
			for (int i = 0; i < length; ++i) pData[i] = static_cast<char>(pData[i] ^ pKey[i % 4]);
			benchmark::DoNotOptimize(pData);
			benchmark::ClobberMemory();
		}
		finish(state);
	}
}


BENCHMARK(memcpyCopy)->Name("mask/memcpy")->Apply(sizes);
BENCHMARK(maskInPlace)->Name("mask/in-place")->Apply(sizes);
BENCHMARK(maskCopy)->Name("mask/copying")->Apply(sizes);
BENCHMARK(maskByteLoop)->Name("mask/byte-loop")->Apply(sizes);
