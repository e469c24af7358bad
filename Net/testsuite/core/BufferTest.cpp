//
// BufferTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketBufferTest
//
// Bytes that are gathered: they stay, wherever the memory moves; and the memory grows as it is said.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/Buffer.h"
#include <gtest/gtest.h>
#include <cstring>
#include <new>
#include <string>
#include <type_traits>
#include <utility>


using Poco::Net::WebSocketBuffer;


namespace
{
	std::string content(const WebSocketBuffer& buffer)
	{
		return buffer.size() > 0 ? std::string(buffer.data(), buffer.size()) : std::string();
	}

	void append(WebSocketBuffer& buffer, const std::string& text)
	{
		buffer.append(text.data(), text.size());
	}

	template <typename Function>
	bool throwsBadAlloc(Function function)
		/// Without memory.
	{
		const FailingAllocations failing(0);
		try
		{
			function();
		}
		catch (const std::bad_alloc&)
		{
			return true;
		}
		return false;
	}
}


TEST(WebSocketBufferTest, IsEmptyAtFirst)
{
	CoreAllocations allocations;
	WebSocketBuffer buffer;
	EXPECT_EQ(nullptr, buffer.data());
	EXPECT_EQ(0u, buffer.size());
	EXPECT_EQ(0u, buffer.capacity());
	buffer.append(nullptr, 0);
	buffer.reserve(0);
	buffer.clear();
	buffer.release();
	EXPECT_EQ(nullptr, buffer.room(0));
	EXPECT_EQ(0u, buffer.size());
	EXPECT_EQ(0u, allocations.count());
}


TEST(WebSocketBufferTest, AppendsAnyLengths)
{
	for (std::size_t step = 1; step < 70; ++step)
	{
		WebSocketBuffer buffer;
		std::string expected;
		for (std::size_t i = 0; i < 100; ++i)
		{
			const std::string part(i*step % 67, static_cast<char>('a' + i % 26));
			append(buffer, part);
			expected += part;
			ASSERT_EQ(expected, content(buffer)) << "step " << step;
			ASSERT_LE(buffer.size(), buffer.capacity());
		}
	}
}


TEST(WebSocketBufferTest, RoomIsBehindTheLastByte)
{
	WebSocketBuffer buffer;
	append(buffer, "Hello");
	char* const p = buffer.room(7);
	EXPECT_EQ(buffer.data() + 5, p);
	EXPECT_GE(buffer.capacity(), 12u);
	EXPECT_EQ(5u, buffer.size()) << "the room is none of the contents";
	std::memcpy(p, ", world", 7);
	EXPECT_EQ(p, buffer.room(7)) << "asked again";
	buffer.extend(2);
	EXPECT_EQ("Hello, ", content(buffer));
	EXPECT_EQ(p + 2, buffer.room(5));
	buffer.extend(5);
	EXPECT_EQ("Hello, world", content(buffer));
	const WebSocketBuffer& same = buffer;
	EXPECT_EQ(buffer.data(), same.data());
}


TEST(WebSocketBufferTest, CapacityDoublesOrIsWhatIsAskedFor)
{
	WebSocketBuffer buffer;
	buffer.room(10);
	EXPECT_EQ(10u, buffer.capacity());
	buffer.extend(10);
	buffer.room(0);
	EXPECT_EQ(10u, buffer.capacity()) << "nothing is needed";
	buffer.room(1);
	EXPECT_EQ(20u, buffer.capacity()) << "doubled";
	buffer.room(10);
	EXPECT_EQ(20u, buffer.capacity()) << "just enough";
	buffer.room(31);
	EXPECT_EQ(41u, buffer.capacity()) << "more than doubled";
	buffer.reserve(41);
	EXPECT_EQ(41u, buffer.capacity());
	buffer.reserve(42);
	EXPECT_EQ(42u, buffer.capacity()) << "reserve() does not double";
	buffer.reserve(1);
	EXPECT_EQ(42u, buffer.capacity());
	EXPECT_EQ(10u, buffer.size());

	CoreAllocations allocations;
	WebSocketBuffer single;
	for (int i = 0; i < 1000000; ++i) append(single, "x");
	EXPECT_LE(allocations.count(), 21u);
	EXPECT_EQ(1000000u, single.size());
}


TEST(WebSocketBufferTest, DropsFromTheFront)
{
	const std::string text = "Hello, world";
	for (std::size_t first = 0; first <= text.size(); ++first)
	{
		for (std::size_t second = 0; second <= text.size() - first; ++second)
		{
			WebSocketBuffer buffer;
			append(buffer, text);
			buffer.drop(first);
			EXPECT_EQ(text.substr(first), content(buffer));
			buffer.drop(second);
			EXPECT_EQ(text.substr(first + second), content(buffer));
			EXPECT_EQ(text.size(), buffer.capacity());
			append(buffer, "!");
			EXPECT_EQ(text.substr(first + second) + "!", content(buffer));
		}
	}
	WebSocketBuffer empty;
	empty.drop(0);
	EXPECT_EQ(0u, empty.size());
}


TEST(WebSocketBufferTest, ClearKeepsTheMemoryReleaseDoesNot)
{
	WebSocketBuffer buffer;
	append(buffer, "Hello");
	const char* const p = buffer.data();
	buffer.clear();
	EXPECT_EQ(0u, buffer.size());
	EXPECT_EQ(5u, buffer.capacity());
	append(buffer, "again");
	EXPECT_EQ(p, buffer.data());
	EXPECT_EQ("again", content(buffer));
	buffer.release();
	EXPECT_EQ(nullptr, buffer.data());
	EXPECT_EQ(0u, buffer.size());
	EXPECT_EQ(0u, buffer.capacity());
	append(buffer, "anew");
	EXPECT_EQ("anew", content(buffer));
}


TEST(WebSocketBufferTest, Moves)
{
	static_assert(std::is_nothrow_move_constructible<WebSocketBuffer>::value && std::is_nothrow_move_assignable<WebSocketBuffer>::value);
	static_assert(!std::is_copy_constructible<WebSocketBuffer>::value && !std::is_copy_assignable<WebSocketBuffer>::value);
	WebSocketBuffer first;
	append(first, "Hello");
	const char* const p = first.data();
	CoreAllocations allocations;
	WebSocketBuffer second(std::move(first));
	EXPECT_EQ(p, second.data());
	EXPECT_EQ("Hello", content(second));
	WebSocketBuffer third;
	third = std::move(second);
	EXPECT_EQ(p, third.data());
	EXPECT_EQ("Hello", content(third));
	EXPECT_EQ(5u, third.capacity());
	EXPECT_EQ(0u, allocations.count());

	EXPECT_EQ(nullptr, first.data()); // NOLINT: it is empty, and can be used
	EXPECT_EQ(0u, first.size());
	EXPECT_EQ(0u, first.capacity());
	append(first, "again");
	third = std::move(first);
	EXPECT_EQ("again", content(third));
	WebSocketBuffer& same = third;
	third = std::move(same);
	EXPECT_EQ("again", content(third));
}


TEST(WebSocketBufferTest, WithoutMemoryItIsUnchanged)
{
	WebSocketBuffer buffer;
	EXPECT_TRUE(throwsBadAlloc([&] { buffer.reserve(1); }));
	EXPECT_EQ(nullptr, buffer.data());
	append(buffer, "Hello");
	const char* const p = buffer.data();
	EXPECT_TRUE(throwsBadAlloc([&] { buffer.reserve(6); }));
	EXPECT_TRUE(throwsBadAlloc([&] { buffer.room(1); }));
	EXPECT_TRUE(throwsBadAlloc([&] { buffer.append(", world", 7); }));
	EXPECT_FALSE(throwsBadAlloc([&] { buffer.reserve(5); }));
	EXPECT_EQ(p, buffer.data());
	EXPECT_EQ("Hello", content(buffer));
	EXPECT_EQ(5u, buffer.capacity());
	append(buffer, ", world");
	EXPECT_EQ("Hello, world", content(buffer));
}
