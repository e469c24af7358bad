//
// MessageFormatTest.cpp
//
// Messages as FlatBuffers and as JSON; traces: W3C Trace Context, level 1.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Message.h"
#include "Poco/Exception.h"
#include <gtest/gtest.h>


using Poco::Messaging::Message;
using Poco::Messaging::MessageFormat;
using Poco::Messaging::Opcode;
using Poco::Messaging::TraceContext;


namespace
{
	Message full(Message& item)
		/// Has all fields.
	{
		item.payload = "item";
		item.user = "u";
		Message message = Message::request(Opcode::PUBLICATION, 4294967295u, std::string_view("\0\xFF", 2));
		message.transaction = "t";
		message.channel = "c";
		message.session = "s";
		message.sender = "\xC3\xA4";
		message.user = "user";
		message.epoch = 18446744073709551615u;
		message.offset = 9007199254740993u; // a double does not have it
		message.flags = 31;
		message.code = 17;
		message.text = "\"\\\n\x01";
		message.token = "a.b.c";
		message.limit = 7;
		message.timestamp = -1;
		message.trace = TraceContext::parse("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
		message.count = 1;
		message.items = {item, Message()};
		return message;
	}

	void expectEqual(const Message& expected, const Message& message)
	{
		EXPECT_EQ(expected.opcode, message.opcode);
		EXPECT_EQ(expected.id, message.id);
		EXPECT_EQ(expected.transaction, message.transaction);
		EXPECT_EQ(expected.channel, message.channel);
		EXPECT_EQ(expected.session, message.session);
		EXPECT_EQ(expected.sender, message.sender);
		EXPECT_EQ(expected.user, message.user);
		EXPECT_EQ(expected.epoch, message.epoch);
		EXPECT_EQ(expected.offset, message.offset);
		EXPECT_EQ(expected.flags, message.flags);
		EXPECT_EQ(expected.code, message.code);
		EXPECT_EQ(expected.text, message.text);
		EXPECT_EQ(expected.token, message.token);
		EXPECT_EQ(expected.payload, message.payload);
		EXPECT_EQ(expected.limit, message.limit);
		EXPECT_EQ(expected.timestamp, message.timestamp);
		EXPECT_EQ(expected.count, message.count);
		EXPECT_EQ(expected.trace.traceparent(), message.trace.traceparent());
		ASSERT_EQ(expected.items.size(), message.items.size());
		for (std::size_t i = 0; i < expected.items.size(); ++i) expectEqual(expected.items[i], message.items[i]);
	}

	bool parses(const MessageFormat& format, std::string_view bytes)
	{
		Message message;
		std::deque<std::string> kept;
		return format.parse(bytes, message, kept);
	}
}


TEST(MessageFormat, WhatIsWrittenIsRead)
{
	Message item;
	const Message message = full(item);
	for (const MessageFormat* pFormat: {&MessageFormat::binary(), &MessageFormat::json()})
	{
		for (const Message& one: {message, Message(), Message::empty(65535, 1)})
		{
			const std::string bytes = pFormat->write(one);
			for (std::size_t shift = 0; shift < 8; ++shift) // wherever it stands in what has been received
			{
				const std::string moved = std::string(shift, 'x') + bytes;
				Message read;
				std::deque<std::string> kept;
				ASSERT_TRUE(pFormat->parse(std::string_view(moved).substr(shift), read, kept)) << bytes;
				expectEqual(one, read);
			}
		}
		EXPECT_EQ(pFormat, MessageFormat::find(pFormat->subprotocol()));
	}
	EXPECT_EQ(nullptr, MessageFormat::find("poco.messaging.v2"));
}


TEST(MessageFormat, HalvesAreNone)
{
	Message item;
	const std::string json = MessageFormat::json().write(full(item));
	for (std::size_t i = 0; i < json.size(); ++i) EXPECT_FALSE(parses(MessageFormat::json(), std::string_view(json).substr(0, i))) << i;
	const std::string binary = MessageFormat::binary().write(full(item));
	for (std::size_t i = 0; i < 8; ++i) EXPECT_FALSE(parses(MessageFormat::binary(), std::string_view(binary).substr(0, i))) << i;
	std::string other = binary;
	other[4] = 'X';
	EXPECT_FALSE(parses(MessageFormat::binary(), other)) << "another identifier";
	for (std::size_t i = 8; i < binary.size(); ++i) parses(MessageFormat::binary(), std::string_view(binary).substr(0, i)); // whether or not: nothing outside is read
	for (std::size_t i = 0; i < binary.size(); ++i)
	{
		other = binary;
		other[i] = static_cast<char>(other[i] ^ 0x80);
		parses(MessageFormat::binary(), other);
	}
}


TEST(MessageFormat, TextsAreUTF8)
{
	for (std::string_view Message::* pText: {&Message::transaction, &Message::channel, &Message::session, &Message::sender, &Message::user, &Message::text, &Message::token})
	{
		Message message = Message::empty(Opcode::PING, 0);
		message.*pText = "\xC3\xA4";
		EXPECT_TRUE(parses(MessageFormat::binary(), MessageFormat::binary().write(message)));
		message.*pText = "\xC3";
		EXPECT_FALSE(parses(MessageFormat::binary(), MessageFormat::binary().write(message)));
		EXPECT_THROW(MessageFormat::json().write(message), Poco::InvalidArgumentException);
		Message outer;
		outer.items.push_back(message);
		EXPECT_FALSE(parses(MessageFormat::binary(), MessageFormat::binary().write(outer)));
	}
}


TEST(MessageFormat, ItemsAreAsDeepAsAllowed)
{
	for (const MessageFormat* pFormat: {&MessageFormat::binary(), &MessageFormat::json()})
	{
		Message message = Message::empty(Opcode::PING, 0);
		for (int depth = 1; depth <= MessageFormat::MAX_DEPTH + 1; ++depth)
		{
			EXPECT_EQ(depth <= MessageFormat::MAX_DEPTH, parses(*pFormat, pFormat->write(message))) << depth;
			Message outer = Message::empty(Opcode::PING, 0);
			outer.items.push_back(message);
			message = outer;
		}
	}
}


TEST(MessageFormat, JSON)
{
	struct Row
	{
		const char* text;
		bool valid;
	};
	const Row ROWS[] =
	{
		{"{}", true},
		{"{\"opcode\":\"ping\",\"id\":null,\"later\":[{}]}", true},
		{"{\"id\":4294967295}", true},
		{"{\"id\":\"7\"}", true},
		{"{\"items\":[]}", true},
		{"{\"payload64\":\"AP8=\"}", true},
		{"{\"id\":4294967296}", false},
		{"{\"id\":-1}", false},
		{"{\"id\":1.5}", false},
		{"{\"id\":true}", false},
		{"{\"id\":\"x\"}", false},
		{"{\"opcode\":65536}", false},
		{"{\"channel\":1}", false},
		{"{\"items\":{}}", false},
		{"{\"items\":[1]}", false},
		{"{\"payload64\":\"?\"}", false},
		{"[]", false},
		{"1", false},
		{"", false},
		{"{} {}", false}
	};
	for (const Row& row: ROWS) EXPECT_EQ(row.valid, parses(MessageFormat::json(), row.text)) << row.text;
	Message message = Message::empty(Opcode::PING, 0);
	message.channel = "\xFF";
	EXPECT_THROW(MessageFormat::json().write(message), Poco::InvalidArgumentException);
	EXPECT_EQ("{\"opcode\":\"subscribe\",\"id\":1,\"channel\":\"c\"}", [] {
		Message subscribe = Message::empty(Opcode::SUBSCRIBE, 1);
		subscribe.channel = "c";
		return MessageFormat::json().write(subscribe);
	}());
}


TEST(TraceContext, Fields)
{
	struct Row
	{
		const char* text;
		bool valid;
	};
	const Row ROWS[] =
	{
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true},
		{"00-00000000000000000000000000000001-0000000000000001-00", true},
		{"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", true},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-later", false},
		{"cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01.later", false},
		{"ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
		{"00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false},
		{"00-00000000000000000000000000000000-b7ad6b7169203331-01", false},
		{"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-0x", false},
		{"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331", false},
		{"", false}
	};
	for (const Row& row: ROWS) EXPECT_EQ(row.valid, TraceContext::parse(row.text).valid()) << row.text;
	EXPECT_EQ(ROWS[0].text, TraceContext::parse(ROWS[0].text).traceparent());
	EXPECT_EQ("", TraceContext().traceparent());
}
