//
// UnitTLSTest.cpp
//
// The event shell's TLS, against an SSL object whose bytes the test moves.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TLSEnds.h"
#include "events/Output.h"
#include "events/Poller.h"
#include <random>


using namespace WebSocketTest;
using namespace WebSocketTest::TLSEnds;
using Poco::Net::WebSocketOutput;
using Poco::Net::WebSocketPoller;


namespace
{
	constexpr std::size_t RECORD = 16*1024;

	std::vector<std::size_t> recordsOf(const std::string& bytes)
		/// Returns the lengths of the records.
	{
		std::vector<std::size_t> lengths;
		for (std::size_t i = 0; i + 5 <= bytes.size(); i += 5 + lengths.back())
			lengths.push_back(static_cast<std::size_t>(static_cast<unsigned char>(bytes[i + 3]))*256 + static_cast<unsigned char>(bytes[i + 4]));
		return lengths;
	}

	std::string versionName(const ::testing::TestParamInfo<int>& info)
	{
		return info.param == TLS1_2_VERSION ? "TLS12" : "TLS13";
	}

	class UnitTLSTest: public ::testing::TestWithParam<int>
	{
	};
}


TEST_P(UnitTLSTest, EveryCutOfWhatIsReceived)
	/// Three records, in two pieces.
{
	const std::vector<std::string> messages = {"first", std::string(300, 'x'), "last"};
	Ends ends(GetParam());
	ends.greet();
	std::size_t length = 1;
	for (std::size_t cut = 0; cut < length; ++cut)
	{
		const std::string bytes = ends.peer.records(messages);
		length = bytes.size();
		ends.received.clear();
		ends.write(bytes.substr(0, cut));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		EXPECT_FALSE(ends.pStream->pending());
		ends.write(bytes.substr(cut));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive()) << "cut at " << cut;
		ASSERT_EQ(messages[0] + messages[1] + messages[2], ends.received) << "cut at " << cut;
	}
}


TEST_P(UnitTLSTest, EveryCutOfTheEnd)
{
	std::size_t length = 1;
	for (std::size_t cut = 0; cut < length; ++cut)
	{
		Ends ends(GetParam());
		ends.greet();
		const std::string bytes = ends.peer.records({"text"}, true);
		length = bytes.size();
		ends.write(bytes.substr(0, cut));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		ends.write(bytes.substr(cut));
		ASSERT_EQ(WebSocketStream::END, ends.receive()) << "cut at " << cut;
		ASSERT_EQ("text", ends.received) << "cut at " << cut;
	}
}


TEST_P(UnitTLSTest, EveryCutOfTheHandshake)
{
	std::size_t length = 2;
	for (std::size_t cut = 1; cut < length; cut += 7)
	{
		Ends ends(GetParam());
		const std::string hello = ends.peer.output();
		length = hello.size();
		ends.write(hello.substr(0, cut));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		ASSERT_TRUE(ends.read().empty());
		ends.write(hello.substr(cut));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		ends.peer.take(ends.read());
		ends.greet();
		ends.write(ends.peer.records({"text"}));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		ASSERT_EQ("text", ends.received);
	}
}


TEST_P(UnitTLSTest, WhatEndsTheHandshakeGoesWithTheAnswer)
	/// A request comes with the end of the peer's handshake; with TLS 1.2 the peer cannot send one before it has that of the stream.
{
	for (const bool answered: {true, false})
	{
		Ends ends(GetParam());
		ends.write(ends.peer.output());
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		ends.peer.take(ends.read());
		std::string request = ends.peer.output();
		if (GetParam() == TLS1_2_VERSION)
		{
			ends.write(request);
			ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
			EXPECT_FALSE(ends.pStream->crossed());
			ends.peer.take(ends.read());
			EXPECT_TRUE(ends.peer.greeted()) << "nothing is held back from who waits for it";
			continue;
		}
		request += ends.peer.records({"request"});
		ends.write(request);
		char received[100];
		const iovec block = {received, sizeof(received)};
		ASSERT_EQ(7, ends.pStream->receive(&block, 1));
		EXPECT_EQ("", ends.read()) << "tickets wait";
		EXPECT_TRUE(ends.pStream->crossed());
		EXPECT_NE(0, ends.pStream->interest(WebSocketPoller::READ) & WebSocketPoller::WRITE) << "or nobody would send them";
		if (answered)
		{
			const std::string answer = "answer";
			const iovec piece = {const_cast<char*>(answer.data()), answer.size()};
			ASSERT_EQ(6, ends.pStream->send(&piece, 1));
			EXPECT_EQ(0u, ends.pStream->unsent());
		}
		else
		{
			EXPECT_TRUE(ends.pStream->push());
		}
		EXPECT_FALSE(ends.pStream->crossed());
		const std::string sent = ends.read();
		EXPECT_EQ(answered ? 3u : 2u, recordsOf(sent).size()) << "two tickets, and the answer";
		ends.peer.take(sent);
		EXPECT_EQ(answered ? "answer" : "", ends.peer.received);
	}
}


TEST_P(UnitTLSTest, TheLastGoesWithTheEnd)
{
	Ends ends(GetParam());
	ends.greet();
	ends.pStream->beLast();
	const std::string last = "last";
	const iovec piece = {const_cast<char*>(last.data()), last.size()};
	ASSERT_EQ(4, ends.pStream->send(&piece, 1));
	const std::string sent = ends.read();
	EXPECT_EQ(2u, recordsOf(sent).size()) << "the text, and close_notify";
	ends.peer.take(sent);
	EXPECT_EQ("last", ends.peer.received);
	EXPECT_TRUE(ends.peer.ended());
	ends.pStream->close();
	EXPECT_EQ("", ends.read()) << "once is enough";
}


TEST_P(UnitTLSTest, InSeveralBlocksTheLastGoesByItself)
	/// More may follow.
{
	Ends ends(GetParam());
	ends.greet();
	ends.pStream->beLast();
	const std::string last = "last";
	const iovec pieces[] = {{const_cast<char*>(last.data()), 2}, {const_cast<char*>(last.data()) + 2, 2}};
	ASSERT_EQ(4, ends.pStream->send(pieces, 2));
	ends.peer.take(ends.read());
	EXPECT_EQ("last", ends.peer.received);
	EXPECT_FALSE(ends.peer.ended());
	ends.pStream->close();
	ends.peer.take(ends.read());
	EXPECT_TRUE(ends.peer.ended());
}


TEST_P(UnitTLSTest, TheSocketOfAStreamThatIsLetGoHasAllSent)
{
	if (GetParam() == TLS1_2_VERSION) return; // see above: nothing waits
	Ends ends(GetParam());
	ends.write(ends.peer.output());
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	ends.peer.take(ends.read());
	std::string request = ends.peer.output();
	request += ends.peer.records({"request"});
	ends.write(request);
	char received[100];
	const iovec block = {received, sizeof(received)};
	ASSERT_EQ(7, ends.pStream->receive(&block, 1));
	ends.pStream->detach();
	EXPECT_EQ(2u, recordsOf(ends.read()).size());
}


TEST_P(UnitTLSTest, ByteByByte)
{
	Ends ends(GetParam());
	for (int i = 0; i < 10 && !ends.peer.greeted(); ++i)
	{
		for (const char byte: ends.peer.output())
		{
			ends.write(std::string(1, byte));
			ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		}
		ends.peer.take(ends.read());
	}
	const std::string text(sanitized() ? 2000 : 2*RECORD, 'b');
	for (const char byte: ends.peer.records({"a", text})) // behind the end of the handshake
	{
		ends.write(std::string(1, byte));
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	}
	EXPECT_TRUE("a" + text == ends.received);
}


TEST_P(UnitTLSTest, LittleRoom)
	/// What does not fit is pending, though poll() does not know of it; also the end.
{
	for (const std::size_t most: {1u, 2u, 7u, 100u, 4096u})
	{
		Ends ends(GetParam());
		ends.greet();
		const std::string expected = pattern(5000);
		ends.write(ends.peer.records({expected.substr(0, 10), expected.substr(10, 4000), expected.substr(4010)}, true));
		std::string bytes(most, '\0');
		const iovec block = {&bytes[0], most};
		std::string received;
		long n = 0;
		while ((n = ends.pStream->receive(&block, 1)) > 0)
		{
			received.append(bytes, 0, static_cast<std::size_t>(n));
			ASSERT_TRUE(ends.pStream->pending()) << received.size();
		}
		EXPECT_EQ(WebSocketStream::END, n);
		EXPECT_TRUE(expected == received) << most;
	}
}


TEST_P(UnitTLSTest, TwoBlocks)
	/// As for a large message, and what is behind it.
{
	Ends ends(GetParam());
	ends.greet();
	const std::string expected = pattern(100000);
	ends.write(ends.peer.records({expected}));
	std::string first(70000, '\0');
	std::string second(40000, '\0');
	const iovec blocks[2] = {{&first[0], first.size()}, {&second[0], second.size()}};
	ASSERT_EQ(100000, ends.pStream->receive(blocks, 2));
	EXPECT_TRUE(expected == first + second.substr(0, 30000));
}


TEST_P(UnitTLSTest, WhatComesBehindTheHandshake)
	/// The last flight and the first record are received at once.
{
	Ends ends(GetParam());
	for (int i = 0; i < 10 && !ends.peer.greeted(); ++i)
	{
		ends.write(ends.peer.output());
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		ends.peer.take(ends.read());
	}
	ends.write(ends.peer.records({"text"}));
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	EXPECT_EQ("text", ends.received);
}


TEST(UnitTLSOfClientTest, WhatComesWhileThePeerIsVerified)
	/// Poco does that when it receives, and tries again as long as the socket has something.
{
	constexpr int MANY = 100;
	const OnlyTLS12 only;
	Ends ends(Role::CLIENT, 0);
	int polls = 0;
	ends.polled = [&]
	{
		if (polls == 0) ends.write(ends.peer.records({"text"}));
		if (++polls == MANY) throw Poco::RuntimeException("again and again");
	};
	for (int i = 0; i < 10 && !ends.peer.greeted(); ++i)
	{
		ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
		ends.peer.take(ends.read());
		ends.write(ends.peer.output());
	}
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	EXPECT_GT(MANY, polls);
	if (polls == 0) ends.write(ends.peer.records({"text"})); // Poco 1.13 and newer do not ask
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	EXPECT_EQ("text", ends.received);
}


TEST_P(UnitTLSTest, BrokenStreams)
	/// What came before is received; then it is told, each time.
{
	enum Kind {RUBBISH, CHANGED_RECORD, END_WITHOUT_CLOSE_NOTIFY, END_IN_A_RECORD};
	for (const Kind kind: {RUBBISH, CHANGED_RECORD, END_WITHOUT_CLOSE_NOTIFY, END_IN_A_RECORD})
	{
		Ends ends(GetParam());
		ends.greet();
		std::string bytes = ends.peer.records({"before"});
		std::string record = ends.peer.records({"record"});
		record.back() = static_cast<char>(record.back() ^ 1);
		if (kind == RUBBISH) bytes += "This is no record of TLS.";
		if (kind == CHANGED_RECORD) bytes += record;
		if (kind == END_IN_A_RECORD) bytes += record.substr(0, record.size() - 1);
		ends.write(bytes);
		::shutdown(ends.wire, SHUT_WR);
		const long expected = kind == RUBBISH || kind == CHANGED_RECORD ? long(WebSocketStream::BROKEN) : long(WebSocketStream::END);
		EXPECT_EQ(expected, ends.receive()) << kind;
		EXPECT_EQ("before", ends.received) << kind;
		EXPECT_EQ(expected, ends.receive()) << kind;
		EXPECT_EQ(expected == WebSocketStream::BROKEN ? EPROTO : 0, ends.pStream->error());
	}
}


TEST_P(UnitTLSTest, FullRecords)
	/// A large message has a header before it, and something small behind it.
{
	Ends ends(GetParam());
	ends.greet();
	std::string header = "header";
	std::string message = pattern(5*RECORD);
	std::string behind = "behind";
	const iovec blocks[3] = {{&header[0], header.size()}, {&message[0], message.size()}, {&behind[0], behind.size()}};
	ASSERT_EQ(static_cast<long>(6 + message.size() + 6), ends.pStream->send(blocks, 3));
	EXPECT_EQ(0u, ends.pStream->unsent());
	const std::string bytes = ends.read();
	const std::vector<std::size_t> lengths = recordsOf(bytes);
	ASSERT_EQ(6u, lengths.size());
	for (std::size_t i = 0; i < 5; ++i) EXPECT_LE(RECORD, lengths[i]);
	ends.peer.take(bytes);
	EXPECT_TRUE(header + message + behind == ends.peer.received);
}


TEST_P(UnitTLSTest, SendingWhatTheSocketTakesInPieces)
	/// The output counts what has not gone out.
{
	std::mt19937 random(1);
	const auto upTo = [&](std::size_t max) { return std::uniform_int_distribution<std::size_t>(0, max)(random); };
	Ends ends(GetParam(), 4096);
	ends.greet();
	WebSocketOutput output;
	std::string model;
	std::size_t sent = 0;
	const auto flush = [&]
	{
		const long n = output.flush(*ends.pStream);
		ASSERT_LE(0, n);
		sent += static_cast<std::size_t>(n);
		ASSERT_EQ(model.size() - sent, output.size());
		output.keep();
	};
	for (int step = 0; step < 300; ++step)
	{
		const std::string bytes = pattern(1 + (upTo(3) == 0 ? upTo(200000) : upTo(300)), static_cast<unsigned>(step));
		model += bytes;
		if (upTo(1) == 0)
		{
			output.bytes().append(bytes.data(), bytes.size());
			flush();
		}
		else
		{
			output.refer(bytes.data(), bytes.size(), nullptr);
			flush();
		}
		ends.peer.take(ends.read(upTo(300000)));
		ASSERT_GE(ends.peer.received.size(), sent > 500000 ? sent - 500000 : 0);
	}
	while (!output.empty())
	{
		flush();
		ends.peer.take(ends.read());
	}
	ends.peer.take(ends.read());
	EXPECT_EQ(0u, ends.pStream->unsent());
	EXPECT_TRUE(model == ends.peer.received);
}


TEST_P(UnitTLSTest, HandshakeThatTheSocketDoesNotTake)
	/// The flight is kept, and the stream waits for room.
{
	Ends ends(GetParam(), 4096);
	const std::string junk(1000, 'j');
	std::size_t length = 0;
	for (ssize_t n = 0; (n = ::send(ends.pStream->fd(), junk.data(), junk.size(), MSG_DONTWAIT)) > 0;) length += static_cast<std::size_t>(n);
	EXPECT_FALSE(ends.pStream->crossed());
	ends.write(ends.peer.output());
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	ASSERT_TRUE(ends.pStream->crossed());
	EXPECT_EQ(WebSocketPoller::READ | WebSocketPoller::WRITE, ends.pStream->interest(WebSocketPoller::READ));
	EXPECT_FALSE(ends.pStream->push());
	while (length > 0) length -= ends.read(length).size();
	ASSERT_TRUE(ends.pStream->push());
	EXPECT_FALSE(ends.pStream->crossed());
	EXPECT_FALSE(ends.pStream->push()) << "nothing is left";
	ends.peer.take(ends.read());
	ends.greet();
}


TEST_P(UnitTLSTest, PeerThatHasGone)
	/// What it has sent before is received all the same.
{
	Ends ends(GetParam());
	ends.greet();
	ends.write(ends.peer.records({"before"}));
	::shutdown(ends.wire, SHUT_RD);
	std::string text = "text";
	const iovec block = {&text[0], text.size()};
	EXPECT_EQ(WebSocketStream::BROKEN, ends.pStream->send(&block, 1));
	EXPECT_EQ(EPIPE, ends.pStream->error());
	EXPECT_EQ(WebSocketStream::AGAIN, ends.receive());
	EXPECT_EQ("before", ends.received);
}


TEST_P(UnitTLSTest, GivenAway)
	/// The socket works as before, and nothing is lost: neither what was decrypted nor what was received only.
{
	Ends ends(GetParam());
	ends.greet();
	const std::string expected = pattern(3000);
	const std::string bytes = ends.peer.records({expected.substr(0, 1000), expected.substr(1000, 1000)});
	const std::string last = ends.peer.records({expected.substr(2000)});
	ends.write(bytes + last.substr(0, 20));
	std::string received(100, '\0');
	const iovec block = {&received[0], received.size()};
	ASSERT_EQ(100, ends.pStream->receive(&block, 1));
	Poco::AutoPtr<StreamSocketImpl> pSocket = ends.pStream->detach();
	EXPECT_EQ(ends.pSocket.get(), pSocket.get());
	ends.write(last.substr(20));
	char buffer[777];
	while (received.size() < expected.size())
	{
		const int n = pSocket->receiveBytes(buffer, sizeof(buffer), 0);
		ASSERT_LT(0, n);
		received.append(buffer, static_cast<std::size_t>(n));
	}
	EXPECT_TRUE(expected == received);
	ASSERT_EQ(6, pSocket->sendBytes("answer", 6, 0));
	ends.peer.take(ends.read());
	EXPECT_EQ("answer", ends.peer.received);

	ends.attach();
	ends.write(ends.peer.records({"again"}));
	ASSERT_EQ(WebSocketStream::AGAIN, ends.receive());
	EXPECT_EQ("again", ends.received);
	ends.pStream->close();
	ends.peer.take(ends.read());
	EXPECT_TRUE(ends.peer.ended());
}


TEST_P(UnitTLSTest, End)
	/// The end is said, and what arrives from then on is counted only.
{
	Ends ends(GetParam());
	ends.greet();
	ends.pStream->shutdownSend();
	ends.peer.take(ends.read());
	EXPECT_TRUE(ends.peer.ended());
	const std::string bytes = ends.peer.records({"text"});
	ends.write(bytes);
	ends.receive();
	EXPECT_EQ(bytes, ends.received);
}


INSTANTIATE_TEST_SUITE_P(Event, UnitTLSTest, ::testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), versionName);
