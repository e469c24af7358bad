//
// ClassAllocationTest.cpp
//
// A connection that is warm allocates nothing.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassAllocations.h"
#include "support/TestSupport.h"
#include <cstring>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


class ClassAllocationTest: public SocketTest
{
};


namespace
{
	constexpr int WARM = 100;
	constexpr int COUNTED = 1000;

	struct Echo
		/// How often one side allocates in COUNTED messages, once it is warm.
	{
		std::size_t server;
		std::size_t client;
	};

	std::size_t serve(WebSocket& ws, bool fixed)
	{
		std::vector<char> room(200000);
		Poco::Buffer<char> buffer(0);
		std::size_t count = 0;
		for (int i = 0; i < WARM + COUNTED; ++i)
		{
			const Allocations allocations;
			int flags = 0;
			int n = 0;
			buffer.resize(0);
			if (fixed) n = ws.receiveFrame(room.data(), static_cast<int>(room.size()), flags);
			else n = ws.receiveFrame(buffer, flags);
			ws.sendFrame(fixed ? room.data() : buffer.begin(), n, flags);
			if (i >= WARM) count += allocations.count();
		}
		return count;
	}

	std::size_t ask(WebSocket& ws, std::size_t length)
	{
		const std::string payload = pattern(length);
		std::vector<char> room(200000);
		std::size_t count = 0;
		for (int i = 0; i < WARM + COUNTED; ++i)
		{
			const Allocations allocations;
			int flags = 0;
			ws.sendFrame(payload.data(), static_cast<int>(length), WebSocket::FRAME_BINARY);
			const int n = ws.receiveFrame(room.data(), static_cast<int>(room.size()), flags);
			if (i >= WARM) count += allocations.count();
			EXPECT_EQ(static_cast<int>(length), n);
			EXPECT_EQ(0, std::memcmp(payload.data(), room.data(), length));
		}
		return count;
	}

	Echo countEcho(std::size_t length, bool fixed)
	{
		Both both(Transport::PLAIN);
		std::future<std::size_t> serving = std::async(std::launch::async, [&] { return serve(both.server, fixed); });
		const std::size_t client = ask(both.client, length);
		return {get(serving), client};
	}
}


TEST_F(ClassAllocationTest, WarmEchoAllocatesNothing)
{
	if (!Allocations::counted()) GTEST_SKIP() << "Allocations cannot be counted here";
	for (std::size_t length: {0, 20, 125, 1000, 5000, 64*1024})
	{
		for (bool fixed: {true, false})
		{
			const Echo echo = countEcho(length, fixed);
			EXPECT_EQ(0u, echo.server) << length << (fixed ? " bytes, fixed buffer" : " bytes, Poco::Buffer");
			EXPECT_EQ(0u, echo.client) << length << " bytes";
		}
	}
}


TEST_F(ClassAllocationTest, CountingWorks)
{
	if (!Allocations::counted()) GTEST_SKIP() << "Allocations cannot be counted here";
	Allocations allocations;
	const std::unique_ptr<Poco::Buffer<char>> pBuffer = std::make_unique<Poco::Buffer<char>>(12345);
	EXPECT_EQ(2u, allocations.count());
	EXPECT_EQ(12345u, allocations.largest());
	pBuffer->resize(23456);
	EXPECT_EQ(3u, allocations.count());
	EXPECT_EQ(23456u, allocations.largest());
	EXPECT_EQ(0u, Allocations().count());
}
