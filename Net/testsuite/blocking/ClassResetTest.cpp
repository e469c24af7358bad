//
// ClassResetTest.cpp
//
// A write that fails does not end reading: what the peer has sent before is received, its Close above all.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassPeer.h"
#include "support/TestSupport.h"
#include "Poco/Buffer.h"
#include "Poco/Net/NetException.h"
#include <gtest/gtest.h>


namespace WebSocketTest {


class ClassResetTest: public ConnectionTest
{
};

INSTANTIATE_TEST_SUITE_P(Each, ClassResetTest, ::testing::ValuesIn(allConnections()), connectionName);


namespace
{
	constexpr int COUNT = 300;

	std::string text(int i)
	{
		return std::to_string(i) + std::string(50, '.');
	}

	void lastWords(Pair& pair)
	{
		std::string bytes = pair.frame(0x89, "?");
		for (int i = 1; i <= COUNT; ++i) bytes += pair.frame(0x81, text(i));
		bytes += pair.frame(0x88, closePayload(1008, "why"));
		pair.peer.send(bytes);
		pair.peer.reset();
	}

	void failToSend(Poco::Net::WebSocket& ws)
		/// Until the system has noticed that the peer has gone.
	{
		EXPECT_THROW(
		{
			for (int i = 0; i < 100000; ++i) ws.sendFrame("x", 1);
		}, Poco::Exception);
	}
}


TEST_P(ClassResetTest, FramesAreReceived)
{
	for (const bool sends: {false, true})
	{
		Pair pair(GetParam());
		lastWords(pair);
		if (sends) failToSend(pair.ws);
		Received received = receiveFrame(pair.ws);
		if ((received.flags & 0x0f) == 9) received = receiveFrame(pair.ws);
		for (int i = 1; i <= COUNT; ++i)
		{
			ASSERT_EQ(0x81, received.flags) << i;
			ASSERT_EQ(text(i), received.payload);
			received = receiveFrame(pair.ws);
		}
		EXPECT_EQ(0x88, received.flags);
		EXPECT_EQ(closePayload(1008, "why"), received.payload);
	}
}


TEST_P(ClassResetTest, MessagesAreReceived)
{
	for (const bool sends: {false, true})
	{
		Pair pair(GetParam());
		lastWords(pair);
		if (sends) failToSend(pair.ws);
		for (int i = 1; i <= COUNT; ++i)
		{
			std::string message;
			WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
			pair.ws.receiveMessage(message, opcode);
			ASSERT_EQ(WebSocketFrame::OP_TEXT, opcode) << i;
			ASSERT_EQ(text(i), message);
		}
		std::string message;
		WebSocketFrame::Opcode opcode = WebSocketFrame::OP_TEXT;
		EXPECT_FALSE(pair.ws.receiveMessage(message, opcode));
		EXPECT_EQ(WebSocketFrame::OP_CONT, opcode);
		EXPECT_EQ(1008, pair.ws.closeCode());
		EXPECT_EQ("why", pair.ws.closeReason());
	}
}


} // namespace WebSocketTest
