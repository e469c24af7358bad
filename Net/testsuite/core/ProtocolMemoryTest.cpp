//
// ProtocolMemoryTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketProtocolMemoryTest
//
// An end of a connection when there is no memory; and what it keeps.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "Poco/Net/NetException.h"
#include "core/ProtocolTest.h"
#include <new>


using namespace ProtocolTest;


namespace
{
	const std::string LONG(200000, 'x');

	bool without(std::size_t failing, const std::function<void ()>& call)
		/// Returns true if the call has thrown, as there was no memory from the n-th time on.
	{
		const FailingAllocations failingAllocations(failing);
		try
		{
			call();
		}
		catch (const std::bad_alloc&)
		{
			return true;
		}
		return false;
	}
}


TEST(WebSocketProtocolMemoryTest, AMessageThatIsNotSent)
{
	End(SERVER).protocol.send(LONG, TEXT, 0); // the first check of a text allocates something
	const WebSocketDeflateParams agreed;
	for (const WebSocketDeflateParams* pDeflate: {static_cast<const WebSocketDeflateParams*>(nullptr), &agreed})
	{
		for (Role role: ROLES)
		{
			SCOPED_TRACE(name(role));
			std::size_t failing = 0;
			for (bool thrown = true; thrown; ++failing)
			{
				End end(role, quiet(), 0, pDeflate);
				End peer(other(role), quiet(), 0, pDeflate);
				thrown = without(failing, [&end] { end.protocol.send(LONG, TEXT, 0); });
				EXPECT_EQ(thrown, end.protocol.output().empty()) << "nothing of it";
				EXPECT_TRUE(end.protocol.send(LONG, BINARY, 0)) << "the next one is not in its way";
				peer.take(end.flush());
				EXPECT_EQ(thrown ? Log{"binary:" + LONG} : (Log{"text:" + LONG, "binary:" + LONG}), peer.log);
			}
			EXPECT_GT(failing, 1u);
		}
	}
}


TEST(WebSocketProtocolMemoryTest, APartThatIsNotSent)
{
	// 5.4: its message cannot be completed, and another one must not follow. A Close may.
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		EXPECT_TRUE(without(0, [&end] { end.protocol.sendPart("first", TEXT, false, 0); }));
		EXPECT_TRUE(end.protocol.sendPart("first", TEXT, false, 0)) << "it has not been begun";
		EXPECT_TRUE(without(0, [&end] { end.protocol.sendPart(LONG, TEXT, true, 0); }));
		EXPECT_THROW(end.protocol.sendPart("x", TEXT, true, 0), Poco::Net::WebSocketException);
		EXPECT_THROW(end.protocol.send("x", TEXT, 0), Poco::Net::WebSocketException);
		EXPECT_TRUE(end.protocol.close(1011, "", 0));
		EXPECT_EQ(Log{"Close:1011 "}, end.sent());
	}
}


TEST(WebSocketProtocolMemoryTest, AMessageThatIsNotReceived)
	/// The connection fails, as the event says.
{
	const WebSocketDeflateParams agreed;
	for (const WebSocketDeflateParams* pDeflate: {static_cast<const WebSocketDeflateParams*>(nullptr), &agreed})
	{
		for (Role role: ROLES)
		{
			SCOPED_TRACE(name(role));
			for (bool inRoom: {false, true})
			{
				std::size_t failing = 0;
				for (;; ++failing)
				{
					ASSERT_LT(failing, 100u);
					End end(role, quiet(), 0, pDeflate);
					std::string wire = encode(framerRole(role), Frame{pDeflate ? 0xc2 : 0x02, LONG});
					char* p = &wire[0];
					char* const pEnd = p + wire.size();
					auto event = NEED_MORE;
					const auto receive = [&]
					{
						char* pTarget = nullptr;
						event = end.protocol.receive(p, inRoom ? pEnd - LONG.size()/2 : pEnd, 0);
						if (event == NEED_MORE && end.protocol.room(pTarget, 1) == 0) event = end.protocol.receive(p, p, 0);
					};
					EXPECT_FALSE(without(failing, receive));
					if (event != FAILED || end.protocol.error() != WebSocketError::PAYLOAD_TOO_BIG) break;
					EXPECT_EQ("No memory for ", end.protocol.errorText().substr(0, 14));
					EXPECT_EQ(DONE, end.protocol.closeState());
					EXPECT_EQ("", end.protocol.output()) << "there is none for a Close frame";
					EXPECT_EQ(CLOSE, end.protocol.ending());
					end.take("more");
					EXPECT_EQ(Log(), end.log) << "it is told once";
				}
				EXPECT_GT(failing, 1u);
			}
		}
	}
}


TEST(WebSocketProtocolMemoryTest, AFailureIsTold)
	/// With a Close frame, as there is memory for that.
{
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		end.protocol.send(std::string(500, 'x'), TEXT, 0);
		end.flush(); // the output keeps its memory
		std::string wire = encode(framerRole(role), Frame{0x02, LONG});
		char* p = &wire[0];
		char* const pEnd = p + wire.size();
		auto event = NEED_MORE;
		EXPECT_FALSE(without(0, [&] { event = end.protocol.receive(p, pEnd, 0); }));
		EXPECT_EQ(FAILED, event);
		EXPECT_EQ(Log{"Close:1011 No memory for a message"}, end.sent());
		EXPECT_EQ(END_SENDING, end.protocol.ending());
	}
}


TEST(WebSocketProtocolMemoryTest, AnAnswerThatIsNotSent)
{
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		const auto takeWithout = [&end, role](const Frame& frame)
		{
			std::string wire = encode(framerRole(role), frame);
			char* p = &wire[0];
			auto event = NEED_MORE;
			EXPECT_FALSE(without(0, [&] { event = end.protocol.receive(p, &wire[0] + wire.size(), end.now); }));
			return event;
		};
		EXPECT_EQ(PING, takeWithout({0x89, "1"}));
		EXPECT_EQ("", end.protocol.output());
		end.takeFrames({{0x89, "2"}});
		EXPECT_EQ(Log{"PONG:2"}, end.sent()) << "5.5.3: the latest";

		End later(role);
		std::string wire = encode(framerRole(role), Frame{0x89, "1"});
		char* p = &wire[0];
		EXPECT_FALSE(without(0, [&] { later.protocol.receive(p, &wire[0] + wire.size(), 0); }));
		later.protocol.send("x", TEXT, 0);
		EXPECT_EQ((Log{"text:x", "PONG:1"}), later.sent()) << "behind what is sent next";

		End closing(role, quiet(), 1000);
		wire = encode(framerRole(role), Frame{0x88, closePayload(1001)});
		p = &wire[0];
		auto event = NEED_MORE;
		EXPECT_FALSE(without(0, [&] { event = closing.protocol.receive(p, &wire[0] + wire.size(), 1000); }));
		EXPECT_EQ(CLOSED, event);
		EXPECT_EQ(CLOSE_RECEIVED, closing.protocol.closeState());
		EXPECT_EQ(1001, closing.protocol.closeCode());
		EXPECT_EQ(5000u, closing.left()) << "the close time-out";
		closing.now += 5000;
		EXPECT_EQ(TIMED_OUT, closing.timeReached());
		EXPECT_EQ(CLOSE, closing.protocol.ending());
	}
}


TEST(WebSocketProtocolMemoryTest, AFailureThatCannotBeTold)
{
	for (Role role: ROLES)
	{
		SCOPED_TRACE(name(role));
		End end(role);
		std::string wire = encode(framerRole(role), Frame{0x83, ""});
		char* p = &wire[0];
		auto event = NEED_MORE;
		EXPECT_FALSE(without(0, [&] { event = end.protocol.receive(p, &wire[0] + wire.size(), 0); }));
		EXPECT_EQ(FAILED, event);
		EXPECT_EQ(WebSocketError::INVALID_OPCODE, end.protocol.error());
		EXPECT_EQ("", end.protocol.output());
		EXPECT_EQ(CLOSE, end.protocol.ending());
	}
}


TEST(WebSocketProtocolMemoryTest, AnIdleConnectionThatCannotBeTold)
{
	WebSocketConnectionParams::Ptr pParams = quiet();
	pParams->setIdleTimeout(Poco::Timespan(1, 0));
	End end(SERVER, pParams);
	EXPECT_EQ(NEED_MORE, end.timeReached());
	end.now = 1000;
	auto event = NEED_MORE;
	EXPECT_FALSE(without(0, [&] { event = end.protocol.timeReached(1000); }));
	EXPECT_EQ(TIMED_OUT, event);
	EXPECT_EQ(CLOSE, end.protocol.ending());
}


TEST(WebSocketProtocolMemoryTest, NoTextIsCheckedIfNoneIsToBe)
{
	WebSocketConnectionParams::Ptr pParams = quiet();
	pParams->setVerifyUTF8(false);
	End end(SERVER, pParams);
	EXPECT_TRUE(end.protocol.send("\xff", TEXT, 0));
	EXPECT_EQ("\x81\x01\xff", end.flush());
}


TEST(WebSocketProtocolMemoryTest, MessagesAllocateNothing)
{
	// Small ones, once there have been some.
	End server(SERVER);
	End client(CLIENT);
	const auto exchange = [&server, &client]
	{
		char bytes[200];
		for (End* pEnd: {&server, &client})
		{
			End& other = pEnd == &server ? client : server;
			pEnd->protocol.send("Hello, and not so short that it fits into a string", TEXT, 0);
			pEnd->protocol.ping(0);
			const std::size_t length = pEnd->protocol.output().copy(bytes, sizeof(bytes));
			pEnd->protocol.sent(length, 0);
			char* p = bytes;
			while (other.protocol.receive(p, bytes + length, 0) != NEED_MORE) {}
		}
	};
	exchange();
	exchange();
	const CoreAllocations allocations;
	for (int i = 0; i < 10; ++i) exchange();
	EXPECT_EQ(0u, allocations.count());
}


TEST(WebSocketProtocolMemoryTest, TheMemoryOfALargeMessageIsGivenBack)
{
	const WebSocketDeflateParams agreed;
	WebSocketConnectionParams::Ptr pParams = quiet();
	End end(SERVER, pParams, 0, &agreed);
	std::string noise(1000000, ' '); // which compression does not make smaller
	unsigned state = 1;
	for (char& c: noise) c = static_cast<char>((state = state*1664525u + 1013904223u) >> 24);
	end.protocol.send(noise, BINARY, 0);
	const std::size_t size = end.protocol.output().size();
	EXPECT_GT(size, 900000u);
	end.protocol.sent(size, 0);
	const CoreAllocations allocations;
	end.protocol.send("small", TEXT, 0);
	EXPECT_GT(allocations.count(), 0u) << "there is none left";
	EXPECT_LT(allocations.bytes(), 10000u);
}
