//
// NodeFormatTest.cpp
//
// What nodes write to each other comes back as it was, and nothing else does harm.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include "node/NodeFormat.h"
#include "support/CoreAllocations.h"
#include <gtest/gtest.h>
#include <limits>
#include <new>


using Poco::Messaging::Control;
using Poco::Messaging::NodeFormat;
using Poco::Messaging::TraceContext;


namespace
{
	const Poco::UInt64 MOST = std::numeric_limits<Poco::UInt64>::max();

	Publication::Ptr publicationOf(const std::string& data, const std::string& transaction, const std::string& sender, const TraceContext& trace)
	{
		Publication::Ptr pPublication(new Publication);
		pPublication->data = data;
		pPublication->transaction = transaction;
		pPublication->sender = sender;
		pPublication->trace = trace;
		return pPublication;
	}

	void expectSame(const TraceContext& expected, const TraceContext& trace)
	{
		EXPECT_EQ(expected.traceHigh, trace.traceHigh);
		EXPECT_EQ(expected.traceLow, trace.traceLow);
		EXPECT_EQ(expected.span, trace.span);
		EXPECT_EQ(expected.parent, trace.parent);
	}

	std::string frame(const std::string& body)
		/// A frame of up to 127 bytes.
	{
		return static_cast<char>(body.size()) + body;
	}

	Control controlOf(Control::Kind kind)
	{
		Control control;
		control.kind = kind;
		control.target = "target";
		control.message = {std::string("da\0ta", 5), "sender", {1, MOST, 3, 128}, MOST, 0xFFFFFFFF};
		control.code = 4999;
		control.reason = "reason";
		return control;
	}

	std::vector<std::string> validEvents()
		/// Of each kind.
	{
		std::string frames;
		NodeFormat::append(frames, {7, 300}, *publicationOf(std::string(200, 'd'), "transaction", "sender", {1, 2, 3, 4}));
		NodeFormat::append(frames, {8, 1}, *publicationOf("x", "", "", {}));
		std::vector<std::string> events{NodeFormat::publications({5, 6}, 7, frames), NodeFormat::publications({}, 0, frames), NodeFormat::joined({"id", "info"}), NodeFormat::left("id")};
		for (const Control::Kind kind: {Control::TO_SESSION, Control::TO_USER, Control::TO_ALL, Control::ACK, Control::DISCONNECT_SESSION, Control::DISCONNECT_USER}) events.push_back(NodeFormat::control(9, controlOf(kind)));
		return events;
	}

	std::size_t readAll(std::string_view event)
		/// With each function. Returns how many things there were.
	{
		std::size_t count = 0;
		NodeFormat::Header header;
		if (NodeFormat::parse(event, header))
		{
			EXPECT_EQ(NodeFormat::PUBLICATIONS, NodeFormat::kind(event));
			NodeFormat::Source source;
			while (NodeFormat::nextPublication(header.frames, source)) ++count;
		}
		Member member;
		if (NodeFormat::parseJoined(event, member)) ++count;
		std::string id;
		if (NodeFormat::parseLeft(event, id)) ++count;
		Poco::UInt32 from = 0;
		Control control;
		if (NodeFormat::parse(event, from, control))
		{
			EXPECT_GE(Control::DISCONNECT_USER, control.kind);
			++count;
		}
		return count;
	}
}


TEST(NodeFormat, PublicationsComeBackAsTheyWere)
{
	struct Row
	{
		NodeFormat::Source source;
		std::string data;
		std::string transaction;
		std::string sender;
		TraceContext trace;
	};
	const Row ROWS[] =
	{
		{{0, 0}, "", "", "", {}},
		{{1, 127}, "data", "transaction", "sender", {1, 2, 3, 4}},
		{{127, 128}, std::string(127, 'd'), std::string(128, 't'), std::string(16384, 's'), {127, 128, 16383, 16384}},
		{{0xFFFFFFFF, MOST}, std::string("\0\n \xFF", 4), "\n", " ", {MOST, MOST, MOST, MOST}},
		{{128, MOST - 1}, std::string(100000, '\x80'), "", "", {0, MOST, 0, 1}}
	};
	std::string frames;
	for (const Row& row: ROWS) NodeFormat::append(frames, row.source, *publicationOf(row.data, row.transaction, row.sender, row.trace));
	for (const Position& position: {Position{0, 0}, Position{1, 1}, Position{MOST, MOST}})
	{
		const std::string event = NodeFormat::publications(position, 1700000000123, frames);
		EXPECT_EQ(NodeFormat::PUBLICATIONS, NodeFormat::kind(event));
		NodeFormat::Header header;
		ASSERT_TRUE(NodeFormat::parse(event, header));
		EXPECT_EQ(position, header.position);
		EXPECT_EQ(1700000000123, header.time);
		for (const Row& row: ROWS)
		{
			NodeFormat::Source source;
			const Publication::Ptr pPublication = NodeFormat::nextPublication(header.frames, source);
			ASSERT_TRUE(pPublication);
			EXPECT_EQ(row.source.node, source.node);
			EXPECT_EQ(row.source.number, source.number);
			EXPECT_EQ(row.data, pPublication->data);
			EXPECT_EQ(row.transaction, pPublication->transaction);
			EXPECT_EQ(row.sender, pPublication->sender);
			expectSame(row.trace, pPublication->trace);
			EXPECT_EQ(Position(), pPublication->position);
			EXPECT_EQ(0, pPublication->published);
		}
		NodeFormat::Source source;
		EXPECT_FALSE(NodeFormat::nextPublication(header.frames, source));
		EXPECT_TRUE(header.frames.empty());
	}
}


TEST(NodeFormat, BytesAreAsTheHeaderSays)
{
	std::string frames;
	NodeFormat::append(frames, {1, 300}, *publicationOf("data", "t", "s", {0, 0, 0, 128}));
	EXPECT_EQ(std::string("\x11\x01\xAC\x02\x04" "data\x01t\x01s\0\0\0\x80\x01", 18), frames);
	EXPECT_EQ("P5 6 7\n" + frames, NodeFormat::publications({5, 6}, 7, frames));
	EXPECT_EQ("J\x05\x02id\x01i", NodeFormat::joined({"id", "i"}));
	EXPECT_EQ("Lid", NodeFormat::left("id"));
	for (const char* const text: {"", "p", "X", "\xFF"}) EXPECT_EQ(NodeFormat::NOTHING, NodeFormat::kind(text));
	EXPECT_EQ(NodeFormat::NOTHING, NodeFormat::kind(std::string(1, '\0')));
}


TEST(NodeFormat, BeginningsOfPublications)
{
	struct Row
	{
		const char* event;
		bool valid;
	};
	const Row ROWS[] =
	{
		{"P0 0 0\n", true},
		{"P1 1 0\n", true},
		{"P18446744073709551615 18446744073709551615 9223372036854775807\n", true},
		{"P18446744073709551616 1 0\n", false},
		{"P1 18446744073709551616 0\n", false},
		{"P1 1 9223372036854775808\n", false},
		{"P1 0 0\n", false},
		{"P0 1 0\n", false},
		{"P1 1 -1\n", false},
		{"P-1 1 0\n", false},
		{"P+1 1 0\n", false},
		{"P 1 1 0\n", false},
		{"P1  1 0\n", false},
		{"P1 1 0", false},
		{"P1 1 0 \n", false},
		{"P1 1\n0\n", false},
		{"P1.0 1 0\n", false},
		{"P1e3 1 0\n", false},
		{"P0x1 1 0\n", false},
		{"P", false},
		{"J1 1 0\n", false},
		{"", false}
	};
	for (const Row& row: ROWS)
	{
		NodeFormat::Header header;
		EXPECT_EQ(row.valid, NodeFormat::parse(row.event, header)) << row.event;
		EXPECT_EQ(0u, readAll(row.event)) << row.event;
	}
}


TEST(NodeFormat, MembersComeBackAsTheyWere)
{
	for (const Member& row: {Member{"id", ""}, Member{std::string("\0\n", 2), std::string(300, 'i')}, Member{std::string(128, 'm'), "info"}})
	{
		const std::string event = NodeFormat::joined(row);
		EXPECT_EQ(NodeFormat::JOINED, NodeFormat::kind(event));
		Member member;
		ASSERT_TRUE(NodeFormat::parseJoined(event, member));
		EXPECT_EQ(row.id, member.id);
		EXPECT_EQ(row.info, member.info);
		std::string id;
		EXPECT_FALSE(NodeFormat::parseLeft(event, id));
		ASSERT_TRUE(NodeFormat::parseLeft(NodeFormat::left(row.id), id));
		EXPECT_EQ(row.id, id);
		EXPECT_FALSE(NodeFormat::parseJoined(NodeFormat::left(row.id), member));
	}
	Member member{"before", "before"};
	EXPECT_FALSE(NodeFormat::parseJoined(NodeFormat::joined({"", "info"}), member)) << "nobody";
	std::string id("before");
	EXPECT_FALSE(NodeFormat::parseLeft(NodeFormat::left(""), id));
	EXPECT_EQ("beforebeforebefore", member.id + member.info + id);
}


TEST(NodeFormat, ControlComesBackAsItWas)
{
	std::vector<Control> rows(1);
	for (const Control::Kind kind: {Control::TO_SESSION, Control::TO_USER, Control::TO_ALL, Control::ACK, Control::DISCONNECT_SESSION, Control::DISCONNECT_USER}) rows.push_back(controlOf(kind));
	rows.push_back(Control());
	rows.back().code = 65535;
	rows.back().message.data = std::string(100000, 'x');
	for (const Control& row: rows)
	{
		const std::string event = NodeFormat::control(0xFFFFFFFF, row);
		EXPECT_EQ(NodeFormat::CONTROL, NodeFormat::kind(event));
		Poco::UInt32 from = 0;
		Control control;
		ASSERT_TRUE(NodeFormat::parse(event, from, control));
		EXPECT_EQ(0xFFFFFFFF, from);
		EXPECT_EQ(row.kind, control.kind);
		EXPECT_EQ(row.target, control.target);
		EXPECT_EQ(row.message.data, control.message.data);
		EXPECT_EQ(row.message.sender, control.message.sender);
		expectSame(row.message.trace, control.message.trace);
		EXPECT_EQ(row.message.ackId, control.message.ackId);
		EXPECT_EQ(row.message.ackNode, control.message.ackNode);
		EXPECT_EQ(row.code, control.code);
		EXPECT_EQ(row.reason, control.reason);
	}
}


TEST(NodeFormat, AnEventThatIsCutIsNotValid)
{
	for (const std::string& event: validEvents())
	{
		const std::size_t count = readAll(event);
		EXPECT_LT(0u, count);
		for (std::size_t size = 0; size < event.size(); ++size)
		{
			const std::string cut(event, 0, size); // of its own, for the address sanitizer
			const std::size_t read = readAll(cut);
			if (event[0] == NodeFormat::LEFT && size > 1)
			{
				EXPECT_EQ(1u, read) << "another member";
				continue;
			}
			EXPECT_GT(count, read) << event << ' ' << size;
			EXPECT_TRUE(event[0] == NodeFormat::PUBLICATIONS || read == 0) << event << ' ' << size;
		}
	}
}


TEST(NodeFormat, AnEventWithAnyOtherByteDoesNoHarm)
{
	for (const std::string& event: validEvents())
	{
		for (std::size_t i = 0; i < event.size(); ++i)
		{
			for (int byte = 0; byte < 256; ++byte)
			{
				std::string changed(event);
				changed[i] = static_cast<char>(byte);
				const CoreAllocations allocations;
				readAll(changed);
				EXPECT_GT(5000u, allocations.bytes()) << "from a claim";
			}
		}
	}
}


TEST(NodeFormat, WhatALaterVersionAppendsIsSkipped)
{
	const std::string publication("\x01\x02\x01" "d\x01t\x01s\0\0\0\0", 12);
	const std::string event = "P1 1 1\n" + frame(publication + "more") + frame(publication);
	NodeFormat::Header header;
	ASSERT_TRUE(NodeFormat::parse(event, header));
	NodeFormat::Source source;
	for (int i = 0; i < 2; ++i)
	{
		const Publication::Ptr pPublication = NodeFormat::nextPublication(header.frames, source);
		ASSERT_TRUE(pPublication);
		EXPECT_EQ("dts", pPublication->data + pPublication->transaction + pPublication->sender);
	}
	EXPECT_TRUE(header.frames.empty());

	Member member;
	EXPECT_TRUE(NodeFormat::parseJoined('J' + frame("\x02id\x01imore"), member));
	EXPECT_EQ("idi", member.id + member.info);

	Poco::UInt32 from = 0;
	Control control;
	const std::string body = NodeFormat::control(3, Control()).substr(2);
	EXPECT_TRUE(NodeFormat::parse('C' + frame(body + "more"), from, control));
	EXPECT_EQ(3u, from);

	EXPECT_FALSE(NodeFormat::parseJoined('J' + frame("\x02id\x01i") + "more", member)) << "behind the frame";
	EXPECT_FALSE(NodeFormat::parse('C' + frame(body) + "more", from, control));
}


TEST(NodeFormat, WhatIsNotValidIsLeft)
{
	const std::string good = frame(std::string("\x01\x02\x01" "d\0\0\0\0\0\0", 10));
	struct Row
	{
		const char* what;
		std::string frame;
	};
	const Row ROWS[] =
	{
		{"a node of 33 bits", frame(std::string("\xFF\xFF\xFF\xFF\x1F\x02\x01" "d\0\0\0\0\0\0", 14))},
		{"a number of 65 bits", frame(std::string("\x01\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x03\x01" "d\0\0\0\0\0\0", 19))},
		{"a number of 11 bytes", frame(std::string("\x01\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x01" "d\0\0\0\0\0\0", 20))},
		{"a number that does not end", frame("\x01\x80\x80")},
		{"a text beyond its frame", frame("\x01\x02\x7F" "d")},
		{"a field that is missing", frame(std::string("\x01\x02\x01" "d\0\0\0\0\0", 9))},
		{"an empty frame", frame("")},
		{"a frame beyond the end", "\x7F" "x"},
		{"a frame of all the memory", "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x"},
		{"a text of all the memory", frame("\x01\x02\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01x")}
	};
	for (const Row& row: ROWS)
	{
		const std::string event = "P1 1 1\n" + good + row.frame + good;
		NodeFormat::Header header;
		ASSERT_TRUE(NodeFormat::parse(event, header)) << row.what;
		NodeFormat::Source source;
		EXPECT_TRUE(NodeFormat::nextPublication(header.frames, source)) << row.what;
		const std::string_view rest = header.frames;
		{
			const CoreAllocations allocations;
			EXPECT_FALSE(NodeFormat::nextPublication(header.frames, source)) << row.what;
			EXPECT_EQ(0u, allocations.count()) << row.what;
		}
		EXPECT_EQ(rest, header.frames) << row.what;
	}
	const std::string CONTROLS[] =
	{
		'C' + frame(std::string("\x01\x06\0\0\0\0\0\0\0\0\0\0\0", 13)),         // a kind that there is not
		'C' + frame(std::string("\x01\x02\0\0\0\0\0\0\0\0\0\x80\x80\x04\0", 15)) // a code of 17 bits
	};
	for (const std::string& event: CONTROLS) EXPECT_EQ(0u, readAll(event));
}


TEST(NodeFormat, APublicationIsAppendedWholeOrNotWithoutMemory)
{
	const Publication::Ptr pPublication = publicationOf(std::string(1000, 'd'), "t", "s", {});
	std::string frames;
	NodeFormat::append(frames, {1, 1}, *pPublication);
	const std::string before = frames;
	{
		const FailingAllocations failing(0);
		EXPECT_THROW(NodeFormat::append(frames, {1, 2}, *pPublication), std::bad_alloc);
	}
	EXPECT_EQ(before, frames);
}
