//
// ControlFramesTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketControlFramesTest
//
// Control frames that wait to be sent (RFC 6455, 5.5).
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/ControlFrames.h"
#include <gtest/gtest.h>
#include <string>


using Poco::Net::WebSocketControlFrames;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;


namespace
{
	constexpr int PING  = WebSocketFrameHeader::PING;
	constexpr int PONG  = WebSocketFrameHeader::PONG;
	constexpr int CLOSE = WebSocketFrameHeader::CLOSE;

	void post(WebSocketControlFrames& frames, int flags, const std::string& payload)
	{
		frames.post(flags, payload.data(), payload.size());
	}

	std::string next(const WebSocketControlFrames& frames)
		/// "PING:payload"; empty if there is none.
	{
		WebSocketControlFrames::Frame frame;
		if (!frames.next(frame)) return std::string();
		return (frame.flags == PING ? "PING:" : frame.flags == PONG ? "PONG:" : "Close:") + std::string(frame.payload, frame.length);
	}

	std::string send(WebSocketControlFrames& frames)
	{
		WebSocketControlFrames::Frame frame;
		const std::string result = next(frames);
		if (frames.next(frame)) frames.sent(frame);
		return result;
	}
}


TEST(WebSocketControlFramesTest, OneOfEachInOrder)
{
	WebSocketControlFrames frames;
	EXPECT_TRUE(frames.empty());
	EXPECT_EQ("", next(frames));
	post(frames, CLOSE, "c");
	EXPECT_FALSE(frames.empty());
	post(frames, PONG, std::string(WebSocketFrame::MAX_CONTROL_PAYLOAD, 'p'));
	EXPECT_FALSE(frames.empty());
	EXPECT_FALSE(frames.waits(PING));
	post(frames, PING, "");
	EXPECT_FALSE(frames.empty());
	for (int flags: {PING, PONG, CLOSE}) EXPECT_TRUE(frames.waits(flags));
	EXPECT_EQ("PING:", send(frames));
	EXPECT_EQ("PONG:" + std::string(WebSocketFrame::MAX_CONTROL_PAYLOAD, 'p'), send(frames));
	EXPECT_FALSE(frames.waits(PONG));
	EXPECT_EQ("Close:c", send(frames));
	EXPECT_TRUE(frames.empty());
}


TEST(WebSocketControlFramesTest, OnlyTheLatestPingIsAnswered)
{
	// 5.5.3
	WebSocketControlFrames frames;
	EXPECT_EQ(0u, frames.pendingPings());
	for (const char* payload: {"1", "2", "3"}) post(frames, PONG, payload);
	post(frames, PING, "not counted");
	EXPECT_EQ(3u, frames.pendingPings());
	send(frames);
	EXPECT_EQ(3u, frames.pendingPings());
	EXPECT_EQ("PONG:3", send(frames));
	EXPECT_EQ(0u, frames.pendingPings());
	EXPECT_EQ("", next(frames));
}


TEST(WebSocketControlFramesTest, ANewerOneThatIsPostedMeanwhileStillWaits)
{
	for (const char* newer: {"newer", "new"}) // of another length, and of the same
	{
		WebSocketControlFrames frames;
		post(frames, PONG, "old");
		WebSocketControlFrames::Frame frame;
		ASSERT_TRUE(frames.next(frame));
		post(frames, PONG, newer);
		frames.sent(frame);
		EXPECT_EQ("PONG:" + std::string(newer), send(frames));
		EXPECT_TRUE(frames.empty());
	}
}


TEST(WebSocketControlFramesTest, Clear)
{
	WebSocketControlFrames frames;
	for (int flags: {PING, PONG, CLOSE}) post(frames, flags, "x");
	frames.clear();
	EXPECT_TRUE(frames.empty());
	EXPECT_EQ(0u, frames.pendingPings());
}


TEST(WebSocketControlFramesTest, TheSameAgainWhileTheFirstIsSent)
	/// Two PINGs with the same payload are two PINGs.
{
	WebSocketControlFrames frames;
	post(frames, PONG, "");
	WebSocketControlFrames::Frame frame;
	EXPECT_TRUE(frames.next(frame));
	post(frames, PONG, "");
	frames.sent(frame);
	EXPECT_TRUE(frames.waits(PONG));
	EXPECT_EQ(1u, frames.pendingPings());
	EXPECT_EQ("PONG:", send(frames));
	EXPECT_FALSE(frames.waits(PONG));
	EXPECT_EQ(0u, frames.pendingPings());
}
