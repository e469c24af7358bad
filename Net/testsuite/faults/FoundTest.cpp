//
// FoundTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketFaultFoundTest
//
// What the fuzz targets and the faults have found, one by one.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "support/FaultSupport.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/NetException.h"
#include "core/Assembler.h"
#include "core/Deflate.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/Clock.h"
#include <algorithm>


using namespace FaultTest;
using Poco::Net::HTTPRequest;
using Poco::Net::WebSocketAssembler;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketDeflater;
using Poco::Net::WebSocketError;
using Poco::Net::WebSocketHandshake;
using Poco::Net::WebSocketImpl;
using Poco::Net::WebSocketInflater;
using Poco::Net::WebSocketParams;


namespace
{
	std::string compress(const std::string& message)
	{
		WebSocketDeflater deflater;
		std::string result;
		deflater.compress(message.data(), message.size(), true, result);
		return result;
	}

	int errorOf(const std::string& payload, std::size_t step, Poco::UInt64 maxMessageSize)
		/// Of a compressed text message that arrives in parts of step bytes.
	{
		WebSocketFramer framer(WebSocketFramer::ROLE_SERVER);
		WebSocketAssembler assembler(framer);
		assembler.setLimits(maxMessageSize, 1 << 20, 10, 10);
		assembler.enableInflate(15, true);
		const std::string wire = FramerTest::encode(WebSocketFramer::ROLE_SERVER, Frame{0xc1, payload});
		std::size_t at = 0;
		EXPECT_EQ(WebSocketFramer::OK, framer.receiveHeader(wire.data(), wire.size(), at));
		EXPECT_EQ(WebSocketFramer::OK, assembler.begin());
		std::string message;
		while (at < wire.size() && !framer.failed())
		{
			const std::size_t n = std::min(step, wire.size() - at);
			std::string part(n, '\0');
			if (framer.receivePayload(&part[0], wire.data() + at, n) == WebSocketFramer::OK) assembler.inflate(part.data(), n, message);
			at += n;
		}
		return framer.error();
	}
}


TEST(FaultFoundTest, TheErrorOfACompressedTextDoesNotDependOnCuts)
{
	struct Row
	{
		const char* what;
		std::string payload;
		Poco::UInt64 maxMessageSize;
		int error;
	};

	const std::string bad = "\xff";
	const Row rows[] =
	{
		{"bad text, then corrupt data", compress(bad + "text") + "\xff\xff\xff\xff", 1000, WebSocketError::INVALID_UTF8},
		{"corrupt data only", compress("text") + "\xff\xff\xff\xff", 1000, WebSocketError::CORRUPT_DATA},
		{"bad text, then too much", compress(bad + std::string(2000, 'a')), 1000, WebSocketError::INVALID_UTF8},
		{"too much, then bad text", compress(std::string(2000, 'a') + bad), 1000, WebSocketError::PAYLOAD_TOO_BIG}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.what);
		for (std::size_t step = 1; step <= row.payload.size(); ++step) EXPECT_EQ(row.error, errorOf(row.payload, step, row.maxMessageSize)) << "step " << step;
	}
}


TEST(FaultFoundTest, AFailedCompressedMessageStaysFailed)
{
	struct Row
	{
		const char* what;
		std::string payload;
		int error;
	};

	const Row rows[] =
	{
		{"too much", compress(std::string(2000, 'a')), WebSocketError::PAYLOAD_TOO_BIG},
		{"corrupt", "\xff\xff\xff", WebSocketError::CORRUPT_DATA},
		{"bad text", compress("\xff"), WebSocketError::INVALID_UTF8}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.what);
		SocketPair pair;
		Poco::AutoPtr<FaultySocket> pSocket(new FaultySocket(pair, Fault::NONE, 0));
		Poco::Net::HTTPClientSession session;
		Poco::AutoPtr<WebSocketImpl> pWebSocket(new WebSocketImpl(pSocket, session, true));
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setMaxMessageSize(1000);
		const WebSocketDeflateParams deflate;
		pWebSocket->configure(*pParams, &deflate);
		pair.send(FramerTest::encode(WebSocketFramer::ROLE_CLIENT, Frame{0xc1, row.payload}));
		for (int i = 0; i < 3; ++i)
		{
			std::string message;
			WebSocketFrame::Opcode opcode;
			try
			{
				pWebSocket->receiveMessage(message, opcode);
				ADD_FAILURE() << "call " << i << " returned " << message.size() << " bytes";
			}
			catch (const Poco::Net::NetException& exc)
			{
				EXPECT_EQ(row.error, exc.code()) << "call " << i;
			}
		}
	}
}


TEST(FaultFoundTest, AnAnswerThatWouldBlockIsSentByTheNextCallThatReceives)
{
	SocketPair pair;
	Poco::AutoPtr<FaultySocket> pSocket(new FaultySocket(pair, Fault::AGAIN, 1)); // 0 receives the PING, 1 sends the PONG
	Poco::Net::HTTPClientSession session;
	Poco::AutoPtr<WebSocketImpl> pWebSocket(new WebSocketImpl(pSocket, session, false));
	pWebSocket->setBlocking(false);
	pair.send(FramerTest::encode(WebSocketFramer::ROLE_SERVER, Frame{0x89, "are you there?"}));
	std::string message;
	WebSocketFrame::Opcode opcode;
	for (int i = 0; i < 3; ++i) EXPECT_FALSE(pWebSocket->receiveMessage(message, opcode));
	EXPECT_FALSE(pWebSocket->atEnd());
	pair.receive();
	EXPECT_EQ(FramerTest::encode(WebSocketFramer::ROLE_CLIENT, Frame{0x8a, "are you there?"}), pair.received());
}


TEST(FaultFoundTest, AMalformedContentLengthIsNoHandshake)
{
	for (const char* length: {"5", "-1", "abc", "1e3", "99999999999999999999", "0x0", ""})
	{
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		WebSocketHandshake::prepare(request, "dGhlIHNhbXBsZSBub25jZQ==");
		request.set("Host", "example.com");
		request.set("Content-Length", length);
		WebSocketHandshake::Verdict verdict;
		EXPECT_NO_THROW(verdict = WebSocketHandshake::checkRequest(request)) << length;
		EXPECT_EQ(WebSocketError::NO_HANDSHAKE, verdict.error) << length;
		EXPECT_EQ(400, verdict.status) << length;
	}
}


TEST(FaultFoundTest, ManyFinalBlocksAreInflatedInShortTime)
{
	// RFC 7692, 7.2.3.4: each may be an empty final block of two bytes. A message of 1 MiB of them takes no more than any other.
	std::string blocks;
	for (int i = 0; i < 512*1024; ++i) blocks.append("\x03\x00", 2);
	WebSocketInflater inflater(15, true);
	std::string output;
	const std::string text(40000, 'x');
	const std::string compressed = compress(text);
	ASSERT_EQ(WebSocketInflater::OK, inflater.decompress(compressed.data(), compressed.size(), true, text.size(), output));
	const Poco::Clock start;
	blocks += '\0';
	EXPECT_EQ(WebSocketInflater::OK, inflater.decompress(blocks.data(), blocks.size(), true, 1000, output));
	EXPECT_LT(start.elapsed(), 2000000) << "microseconds for a message of 1 MiB";
	EXPECT_EQ(text, output);
}


TEST(FaultFoundTest, ClosingWithoutMemoryInsideAControlFrame)
	/// What has come of a control frame is taken from the parser, which needs memory. Nothing is lost: the call can be repeated, and who receives
	/// instead finds the peer's Close frame.
{
	for (WebSocketFramer::Role role: {WebSocketFramer::ROLE_SERVER, WebSocketFramer::ROLE_CLIENT})
	{
		for (bool inMessage: {false, true})
		{
			for (bool repeated: {false, true})
			{
				std::size_t strikes = 0;
				bool struck = true;
				for (std::size_t n = 0; struck; ++n)
				{
					SCOPED_TRACE(::testing::Message() << role << inMessage << repeated << n);
					SocketPair pair;
					Poco::Net::HTTPClientSession session;
					Poco::AutoPtr<Poco::Net::StreamSocketImpl> pSocket = new Poco::Net::StreamSocketImpl(pair.takeFirst());
					Poco::AutoPtr<WebSocketImpl> pWebSocket = new WebSocketImpl(pSocket.get(), session, role == WebSocketFramer::ROLE_CLIENT);
					const std::string ping = FramerTest::encode(role, Frame{0x89, "ping"});
					const std::string close = FramerTest::encode(role, Frame{0x88, std::string("\x0f\xa0", 2)});
					if (inMessage) pair.send(FramerTest::encode(role, Frame{0x01, "part"}));
					pair.send(ping.substr(0, ping.size() - 2));
					pWebSocket->setReceiveTimeout(Poco::Timespan(0, 1000));
					std::string message;
					WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
					EXPECT_THROW(pWebSocket->receiveMessage(message, opcode), Poco::TimeoutException);
					pWebSocket->setReceiveTimeout(Poco::Timespan(10, 0));
					try
					{
						const FailingAllocations failing(n, n + 1);
						EXPECT_FALSE(pWebSocket->closeHandshake(1000, "", Poco::Timespan(0, 1000)));
						struck = failing.struck();
					}
					catch (const std::bad_alloc&)
					{
						++strikes;
					}
					pair.send(ping.substr(ping.size() - 2) + close);
					if (repeated) EXPECT_TRUE(pWebSocket->closeHandshake(1000, "", Poco::Timespan(10, 0)));
					else EXPECT_FALSE(pWebSocket->receiveMessage(message, opcode));
					EXPECT_EQ(4000, pWebSocket->framer().closeCode());
				}
				EXPECT_LT(0u, strikes);
			}
		}
	}
}
