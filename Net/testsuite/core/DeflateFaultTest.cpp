//
// DeflateFaultTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketDeflateFaultTest
//
// What zlib and libdeflate seldom do: run out of memory; and messages of more bytes
// than zlib can count. Their functions are replaced here, and do what a test says.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Deflate.h"
#include <gtest/gtest.h>
#include <dlfcn.h>
#include <sys/mman.h>
#include <zlib.h>
#include <limits>
#include <new>
#include <string>
#include <thread>
#include <vector>


using Poco::Net::WebSocketDeflater;
using Poco::Net::WebSocketInflater;


namespace
{
	enum Fault
	{
		NONE,
		NO_MEMORY, // every call says so
		SWALLOW    // input is taken without a look at it; nothing comes out
	};

	Fault fault = NONE;
	std::vector<std::size_t> swallowed;

	class WithFault
	{
	public:
		explicit WithFault(Fault kind)
		{
			fault = kind;
			swallowed.clear();
		}

		~WithFault()
		{
			fault = NONE;
		}

		WithFault(const WithFault&) = delete;
		WithFault& operator = (const WithFault&) = delete;
	};

	template <typename Function>
	Function* original(const char* name)
	{
		return reinterpret_cast<Function*>(dlsym(RTLD_NEXT, name));
	}

	int swallow(z_stream* pStream)
	{
		swallowed.push_back(pStream->avail_in);
		pStream->next_in += pStream->avail_in;
		pStream->avail_in = 0;
		return Z_OK;
	}
}


extern "C"
{
	int inflate(z_stream* pStream, int flush)
	{
		if (fault == NO_MEMORY) return Z_MEM_ERROR;
		if (fault == SWALLOW) return swallow(pStream);
		return original<int(z_stream*, int)>("inflate")(pStream, flush);
	}

	int deflate(z_stream* pStream, int flush)
	{
		if (fault == SWALLOW) swallow(pStream);
		if (fault == SWALLOW && flush == Z_NO_FLUSH) return Z_OK;
		return original<int(z_stream*, int)>("deflate")(pStream, flush);
	}

	int inflateInit2_(z_stream* pStream, int windowBits, const char* version, int size)
	{
		if (fault == NO_MEMORY) return Z_MEM_ERROR;
		return original<int(z_stream*, int, const char*, int)>("inflateInit2_")(pStream, windowBits, version, size);
	}

	int deflateInit2_(z_stream* pStream, int level, int method, int windowBits, int memLevel, int strategy, const char* version, int size)
	{
		if (fault == NO_MEMORY) return Z_MEM_ERROR;
		return original<int(z_stream*, int, int, int, int, int, const char*, int)>("deflateInit2_")(pStream, level, method, windowBits, memLevel, strategy, version, size);
	}

	struct libdeflate_compressor* libdeflate_alloc_compressor(int level);

	struct libdeflate_compressor* libdeflate_alloc_compressor(int level)
	{
		if (fault == NO_MEMORY) return nullptr;
		return original<struct libdeflate_compressor*(int)>("libdeflate_alloc_compressor")(level);
	}
}


TEST(WebSocketDeflateFaultTest, NoMemoryToBegin)
	/// It is thrown, and the object can be used once there is memory again.
{
	WebSocketDeflater deflater;
	WebSocketInflater inflater;
	std::string payload;
	std::string message;
	{
		const WithFault without(NO_MEMORY);
		EXPECT_THROW(deflater.compress("Hello", 5, true, payload), std::bad_alloc);
		EXPECT_THROW(inflater.decompress("\x02", 1, false, 100, message), std::bad_alloc);
	}
	EXPECT_EQ("", payload);
	EXPECT_EQ("", message);
	deflater.compress("Hello", 5, true, payload);
	EXPECT_EQ(WebSocketInflater::OK, inflater.decompress(payload.data(), payload.size(), true, 100, message));
	EXPECT_EQ("Hello", message);
}


TEST(WebSocketDeflateFaultTest, NoMemoryForTheSharedCompressor)
	/// In a thread that has none yet.
{
	std::thread thread([]
	{
		WebSocketDeflater deflater(15, false, 5);
		std::string payload;
		{
			const WithFault without(NO_MEMORY);
			EXPECT_THROW(deflater.compress("Hello", 5, true, payload), std::bad_alloc);
		}
		EXPECT_EQ("", payload);
		deflater.compress("Hello", 5, true, payload);
		WebSocketInflater inflater;
		std::string message;
		EXPECT_EQ(WebSocketInflater::OK, inflater.decompress(payload.data(), payload.size(), true, 100, message));
		EXPECT_EQ("Hello", message);
	});
	thread.join();
}


TEST(WebSocketDeflateFaultTest, NoMemoryInside)
{
	WebSocketInflater inflater;
	std::string message;
	EXPECT_EQ(WebSocketInflater::OK, inflater.decompress("", 0, false, 100, message));
	const WithFault without(NO_MEMORY);
	EXPECT_THROW(inflater.decompress("\x02", 1, false, 100, message), std::bad_alloc);
}


TEST(WebSocketDeflateFaultTest, MoreThanZlibCanCount)
	/// 4 GiB and a bit, which nobody reads: the pages are not there.
{
	constexpr std::size_t LARGEST = std::numeric_limits<uInt>::max();
	if (sizeof(std::size_t) <= sizeof(uInt)) GTEST_SKIP() << "there is no such message";
	const std::size_t length = LARGEST + 1001;
	void* pMemory = mmap(nullptr, length, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	ASSERT_NE(MAP_FAILED, pMemory);
	const char* const pData = static_cast<const char*>(pMemory);
	const std::vector<std::size_t> expected = {LARGEST, 1001};
	{
		const WithFault swallowing(SWALLOW);
		WebSocketInflater inflater;
		std::string message;
		EXPECT_EQ(WebSocketInflater::OK, inflater.decompress(pData, length, false, 100, message));
		EXPECT_EQ(expected, swallowed);
	}
	{
		const WithFault swallowing(SWALLOW);
		WebSocketDeflater deflater;
		std::string payload;
		deflater.compress(pData, length, false, payload);
		EXPECT_EQ(expected, swallowed);
		EXPECT_EQ("", payload);
	}
	{
		const WithFault swallowing(SWALLOW);
		WebSocketDeflater deflater;
		std::string payload;
		deflater.compress(pData, length, true, payload);
		EXPECT_EQ(expected, swallowed);
		EXPECT_EQ(std::string(1, '\0'), payload) << "it is completed once";
	}
	munmap(pMemory, length);
}
