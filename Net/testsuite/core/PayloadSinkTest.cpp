//
// PayloadSinkTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketPayloadSinkTest
//
// Where received payload goes: a buffer of fixed size, a Buffer or a string.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/PayloadSink.h"
#include <gtest/gtest.h>
#include <cstring>
#include <functional>


using Poco::Net::WebSocketPayloadSink;


namespace
{
	constexpr std::size_t NO_LIMIT = std::numeric_limits<std::size_t>::max();
	constexpr std::size_t FIRST_ROOM = 64*1024;

	struct Growing
		/// A sink that grows, behind three bytes that were there.
	{
		const char* name;
		std::function<void (const std::function<void (WebSocketPayloadSink& sink, const std::function<std::string ()>& contents)>&)> run;
	};

	const Growing GROWING[] =
	{
		{"string", [](const auto& test)
			{
				std::string string("abc");
				WebSocketPayloadSink sink(string, 3);
				test(sink, [&string] { return string; });
			}},
		{"Buffer", [](const auto& test)
			{
				Poco::Buffer<char> buffer(3);
				std::memcpy(buffer.begin(), "abc", 3);
				WebSocketPayloadSink sink(buffer, 3);
				test(sink, [&buffer] { return std::string(buffer.begin(), buffer.size()); });
			}}
	};
}


TEST(WebSocketPayloadSinkTest, FixedSize)
{
	char bytes[10];
	WebSocketPayloadSink sink(bytes, sizeof(bytes));
	EXPECT_EQ(sizeof(bytes), sink.limit());
	EXPECT_EQ(bytes + 4, sink.at(4));
	EXPECT_EQ(6u, sink.room(4, 100));
	EXPECT_EQ(3u, sink.room(4, 7));
	EXPECT_EQ(bytes, sink.whole(10));
	EXPECT_EQ(bytes + 4, sink.extend(4, 6));
	sink.finish(4); // which changes nothing
	EXPECT_EQ(sizeof(bytes), sink.room(0, 10));
}


TEST(WebSocketPayloadSinkTest, Grows)
{
	for (const Growing& growing: GROWING)
	{
		SCOPED_TRACE(growing.name);
		growing.run([](WebSocketPayloadSink& sink, const std::function<std::string ()>& contents)
		{
			EXPECT_EQ(NO_LIMIT, sink.limit());
			EXPECT_EQ(10u, sink.room(0, 10)) << "no more than is announced";
			EXPECT_EQ(13u, contents().size());
			std::memcpy(sink.whole(12), "payload five", 12);
			std::memcpy(sink.extend(12, 3), "567", 3);
			sink.finish(15);
			EXPECT_EQ("abcpayload five567", contents());
			sink.finish(15);
			sink.finish(0);
			EXPECT_EQ("abc", contents());
		});
	}
}


TEST(WebSocketPayloadSinkTest, MemoryFollowsWhatHasArrived)
{
	for (const Growing& growing: GROWING)
	{
		SCOPED_TRACE(growing.name);
		growing.run([](WebSocketPayloadSink& sink, const std::function<std::string ()>& contents)
		{
			constexpr std::size_t CLAIMED = 100u << 20;
			std::size_t used = 0;
			for (int i = 0; i < 6; ++i)
			{
				const std::size_t room = sink.room(used, CLAIMED);
				ASSERT_GT(room, 0u);
				ASSERT_LE(used + room, std::max(FIRST_ROOM, 2*used)) << "step " << i;
				ASSERT_EQ(3 + used + room, contents().size());
				EXPECT_EQ(room - 1, sink.room(used + 1, CLAIMED)) << "that is there";
				used += room;
			}
			const std::size_t before = contents().size() - 3;
			sink.extend(before, 1);
			EXPECT_EQ(3 + 2*before, contents().size()) << "doubles";
			sink.extend(0, 5*before);
			EXPECT_EQ(3 + 5*before, contents().size());
			sink.finish(used);
			EXPECT_EQ(3 + used, contents().size());
		});
	}
}
