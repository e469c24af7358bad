//
// UnitNATSJetStreamTest.cpp
//
// What JetStream answers, and names of streams.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSJetStream.h"
#include <gtest/gtest.h>


using Poco::Messaging::NATSReply;


TEST(UnitNATSJetStream, WhateverIsAnsweredIsRead)
{
	struct Row
	{
		const char* text;
		int error;
		Poco::UInt64 sequence;
	};
	const Row ROWS[] =
	{
		{"", NATSReply::OTHER, 0},
		{"x", NATSReply::OTHER, 0},
		{"[]", NATSReply::OTHER, 0},
		{"7", NATSReply::OTHER, 0},
		{"{", NATSReply::OTHER, 0},
		{"{}", NATSReply::NONE, 0},
		{R"({"stream":"s","seq":7})", NATSReply::NONE, 7},
		{R"({"stream":7,"seq":"7","duplicate":"x","total":null,"streams":{}})", NATSReply::NONE, 0},
		{R"({"seq":-1,"streams":[1,null,{}],"config":7})", NATSReply::NONE, 0},
		{R"({"seq":1e3,"config":{"name":7,"subjects":[7],"max_msgs":-1,"description":7},"state":[]})", NATSReply::NONE, 0},
		{R"({"seq":18446744073709551615,"config":null,"state":7})", NATSReply::NONE, 18446744073709551615u},
		{R"({"error":{"err_code":10059}})", NATSReply::NOT_FOUND, 0},
		{R"({"error":{}})", NATSReply::OTHER, 0},
		{R"({"error":7})", NATSReply::NONE, 0}
	};
	for (const Row& row: ROWS)
	{
		const NATSReply reply = NATSReply::parse(std::string_view(row.text));
		EXPECT_EQ(row.error, reply.error) << row.text;
		EXPECT_EQ(row.sequence, reply.sequence) << row.text;
	}
}


TEST(UnitNATSJetStream, NamesHaveTheEpoch)
{
	using Poco::Messaging::epochOf;
	using Poco::Messaging::streamName;
	EXPECT_EQ("poco-c-00000000000012", streamName("poco", "c", 0x12));
	EXPECT_EQ("a_b-c=2E-1fffffffffffff", streamName("a.b", "c=2E", (Poco::UInt64(1) << 53) - 1));
	EXPECT_GE(255u, streamName(std::string(255, 'a'), std::string(765, 'b'), 1).size());
	for (const Poco::UInt64 epoch: {Poco::UInt64(1), Poco::UInt64(0xabcdef), (Poco::UInt64(1) << 53) - 1}) EXPECT_EQ(epoch, epochOf(streamName("p", "c", epoch)));
	for (const char* const name: {"", "x", "-", "00000000000012", "poco-c-0000000000012", "poco-c_00000000000012", "poco-c-0000000000001x", "poco-c-00000000000000", "poco-c-+0000000000001"}) EXPECT_EQ(0u, epochOf(name)) << name;
}
