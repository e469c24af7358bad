//
// MessageWriterTest.cpp
//
// Library: PocoWebSocket
// Package: Tests
// Module:  WebSocketMessageWriterTest
//
// Frames from messages (RFC 6455, 5.4; RFC 7692, 6), and what a peer makes of them.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "core/MessageWriter.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketParams.h"
#include "core/MessageParserTest.h"
#include "core/UTF8Test.h"
#include <new>


using namespace ParserTest;
using Poco::IllegalStateException;
using Poco::InvalidArgumentException;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketException;
using Poco::Net::WebSocketInflater;
using Poco::Net::WebSocketMessageWriter;
using Poco::Net::WebSocketParams;


namespace
{
	constexpr int TEXT   = WebSocketFrame::OP_TEXT;
	constexpr int BINARY = WebSocketFrame::OP_BINARY;

	using Parts = std::vector<std::string>;

	void enable(WebSocketMessageWriter& writer, bool contextTakeover = true, std::size_t threshold = 0)
	{
		writer.enableDeflate(std::make_unique<WebSocketDeflater>(15, contextTakeover), threshold);
	}

	Frames write(WebSocketMessageWriter& writer, int opcode, const Parts& parts, bool compress = true)
		/// The parts of a message as frames.
	{
		std::size_t length = 0;
		for (const std::string& part: parts) length += part.size();
		writer.begin(opcode, compress, length);
		Frames frames;
		std::string compressed = "something from before";
		for (std::size_t i = 0; i < parts.size(); ++i)
		{
			const bool last = i + 1 == parts.size();
			EXPECT_TRUE(writer.check(parts[i].data(), parts[i].size(), last));
			const WebSocketMessageWriter::Frame frame = writer.frame(parts[i].data(), parts[i].size(), last, compressed);
			if (!frame.nothing) frames.push_back({frame.flags, std::string(frame.pData, frame.length)});
		}
		return frames;
	}

	std::vector<int> flags(const Frames& frames)
	{
		std::vector<int> result;
		for (const Frame& frame: frames) result.push_back(frame.first);
		return result;
	}

	std::string wireOf(WebSocketFramer& sender, const Frames& frames)
		/// As a shell sends them.
	{
		const unsigned char key[] = {0xa1, 0x05, 0x7f, 0xf0};
		const bool masked = sender.role() == WebSocketFramer::ROLE_CLIENT;
		std::string wire;
		for (const Frame& frame: frames)
		{
			EXPECT_EQ(WebSocketFramer::SEND, sender.checkSend(frame.first, frame.payload.data(), frame.payload.size()));
			char header[WebSocketFrameHeader::MAX_LENGTH];
			wire.append(header, sender.buildHeader(frame.first, frame.payload.size(), masked ? key : nullptr, header));
			std::string payload = frame.payload;
			if (masked) Poco::Net::WebSocketMask(key).apply(&payload[0], payload.size());
			wire += payload;
		}
		return wire;
	}

	enum Next
	{
		BEGINS,
		BETWEEN_PARTS,
		AFTER_LOST
	};

	Next next(WebSocketMessageWriter& writer)
		/// What comes of another message.
	{
		try
		{
			writer.begin(BINARY, true);
			return BEGINS;
		}
		catch (const IllegalStateException&)
		{
			return BETWEEN_PARTS;
		}
		catch (const WebSocketException& exc)
		{
			EXPECT_EQ(WebSocketError::CLOSED, exc.code());
			return AFTER_LOST;
		}
	}

	std::string joined(const Parts& parts)
	{
		std::string result;
		for (const std::string& part: parts) result += part;
		return result;
	}
}


TEST(WebSocketMessageWriterTest, Section5_4_Flags)
{
	struct Row
	{
		const char* rule;
		int opcode;
		Parts parts;
		std::vector<int> plain;
		std::vector<int> compressed;
	};
	std::string large; // more than the compressor keeps for itself
	for (unsigned i = 0, number = 1; i < 20000; ++i, number = number*1103515245 + 12345) large += std::to_string(number >> 16);
	const Row rows[] =
	{
		{"5.6 text", TEXT, {"Hello"}, {0x81}, {0xc1}},
		{"5.6 binary", BINARY, {"Hello"}, {0x82}, {0xc2}},
		{"5.6 empty", TEXT, {""}, {0x81}, {0xc1}},
		{"5.4 two fragments", TEXT, {"Hel", "lo"}, {0x01, 0x80}, {0xc1}}, // the compressor keeps so little for itself
		{"5.4 three fragments", BINARY, {"H", "el", "lo"}, {0x02, 0x00, 0x80}, {0xc2}},
		{"5.4 empty fragments", BINARY, {"", "", ""}, {0x02, 0x00, 0x80}, {0xc2}},
		{"5.4 three large fragments", TEXT, {large, large, large}, {0x01, 0x00, 0x80}, {0x41, 0x00, 0x80}},
		{"5.4 large fragments with a small one", BINARY, {large, "x", large}, {0x02, 0x00, 0x80}, {0x42, 0x80}},
		{"5.4 large fragments behind a small one", BINARY, {"x", large, large}, {0x02, 0x00, 0x80}, {0x42, 0x80}}
	};
	WebSocketMessageWriter plain;
	WebSocketMessageWriter compressing;
	enable(compressing);
	for (const Row& row: rows)
	{
		const Frames frames = write(plain, row.opcode, row.parts);
		EXPECT_EQ(row.plain, flags(frames)) << row.rule;
		for (std::size_t i = 0; i < frames.size(); ++i) EXPECT_EQ(row.parts[i], frames[i].payload) << row.rule;
		EXPECT_EQ(row.compressed, flags(write(compressing, row.opcode, row.parts))) << row.rule;
		EXPECT_EQ(row.plain, flags(write(compressing, row.opcode, row.parts, false))) << row.rule << ", not to be compressed";
		EXPECT_EQ(WebSocketFrameHeader::FIN | row.opcode, WebSocketMessageWriter::wholeFlags(row.opcode));
	}
}


TEST(WebSocketMessageWriterTest, PlainPayloadsAreNotCopied)
{
	WebSocketMessageWriter writer;
	const std::string message = sample(1000);
	std::string compressed = "as it was";
	CoreAllocations allocations;
	writer.begin(BINARY, true);
	const WebSocketMessageWriter::Frame frame = writer.frame(message.data(), message.size(), true, compressed);
	EXPECT_EQ(message.data(), frame.pData);
	EXPECT_EQ(message.size(), frame.length);
	EXPECT_EQ("as it was", compressed);
	EXPECT_EQ(0u, allocations.count());
}


TEST(WebSocketMessageWriterTest, RFC7692_Section7_2_3_Examples)
{
	WebSocketMessageWriter writer;
	EXPECT_FALSE(writer.deflates());
	EXPECT_FALSE(writer.compresses(WebSocketMessageWriter::ANY_LENGTH));
	enable(writer, true, 123);
	EXPECT_TRUE(writer.deflates());
	EXPECT_FALSE(writer.compresses(122));
	EXPECT_TRUE(writer.compresses(123));
	EXPECT_TRUE(writer.compresses(WebSocketMessageWriter::ANY_LENGTH));
	EXPECT_EQ(0x81, write(writer, TEXT, {sample(122)})[0].first) << "below the threshold";
	EXPECT_EQ(0xc1, write(writer, TEXT, {sample(123)})[0].first);
	enable(writer);
	EXPECT_EQ(HELLO, write(writer, TEXT, {"Hello"})[0].payload);
	EXPECT_LT(write(writer, TEXT, {"Hello"})[0].payload.size(), HELLO.size()) << "the window is shared";
	EXPECT_EQ("\0"s, write(writer, TEXT, {""})[0].payload);
	enable(writer, false, 5);
	const std::string first = write(writer, TEXT, {"Hello"})[0].payload;
	EXPECT_EQ(first, write(writer, TEXT, {"Hello"})[0].payload) << "each stands for itself";
}


TEST(WebSocketMessageWriterTest, RFC7692_Section7_1_Configured)
	/// As agreed on, by each role; not with the window that zlib does not have.
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	WebSocketParams& params = *pParams;
	params.setDeflateThreshold(77);
	for (WebSocketFramer::Role role: ROLES)
	{
		const bool client = role == WebSocketFramer::ROLE_CLIENT;
		WebSocketMessageWriter none;
		none.configure(params, nullptr, role);
		EXPECT_FALSE(none.deflates());
		for (bool takeover: {false, true})
		{
			WebSocketDeflateParams agreed;
			(client ? agreed.clientNoContextTakeover : agreed.serverNoContextTakeover) = !takeover;
			(client ? agreed.serverNoContextTakeover : agreed.clientNoContextTakeover) = takeover; // the other's
			(client ? agreed.serverMaxWindowBits : agreed.clientMaxWindowBits) = 8;                // the other's
			WebSocketMessageWriter writer;
			writer.configure(params, &agreed, role);
			EXPECT_TRUE(writer.deflates());
			EXPECT_TRUE(writer.compresses(77));
			EXPECT_FALSE(writer.compresses(76));
			const std::string first = write(writer, TEXT, {sample(300)})[0].payload;
			const std::string second = write(writer, TEXT, {sample(300)})[0].payload;
			EXPECT_EQ(takeover, second.size() < first.size()) << name(role);

			const std::string far = sample(600);
			for (int bits: {8, 9, 10})
			{
				(client ? agreed.clientMaxWindowBits : agreed.serverMaxWindowBits) = bits;
				WebSocketMessageWriter small;
				small.configure(params, &agreed, role);
				ASSERT_EQ(bits > 8, small.deflates());
				WebSocketInflater inflater(bits, takeover);
				for (int i = 0; i < 3; ++i)
				{
					const Frame frame = write(small, BINARY, {far + far})[0];
					std::string message;
					if (bits == 8) message = frame.payload;
					else EXPECT_EQ(WebSocketInflater::OK, inflater.decompress(frame.payload.data(), frame.payload.size(), true, 5000, message));
					EXPECT_EQ(bits > 8 ? 0xc2 : 0x82, frame.first);
					EXPECT_EQ(far + far, message);
				}
			}
		}
	}
}


TEST(WebSocketMessageWriterTest, Section8_1_Check)
	/// Cut anywhere.
{
	WebSocketMessageWriter writer;
	for (const char* valid: UTF8Test::VALID)
	{
		const std::string text = valid;
		for (std::size_t cut = 0; cut <= text.size(); ++cut)
		{
			writer.begin(TEXT, false);
			EXPECT_TRUE(writer.check(text.data(), cut, false));
			EXPECT_TRUE(writer.check(text.data() + cut, text.size() - cut, true));
		}
	}
	for (const UTF8Test::InvalidRow& row: UTF8Test::INVALID)
	{
		const std::string text = row.bytes;
		for (std::size_t cut = 0; cut <= text.size(); ++cut)
		{
			writer.begin(TEXT, true);
			EXPECT_EQ(cut <= row.bad, writer.check(text.data(), cut, false)) << row.name;
			if (cut <= row.bad)
			{
				EXPECT_FALSE(writer.check(text.data() + cut, text.size() - cut, true)) << row.name;
			}
			writer.begin(BINARY, true);
			EXPECT_TRUE(writer.check(text.data(), text.size(), true)) << row.name << ", not text";
		}
	}
	for (const char* incomplete: UTF8Test::INCOMPLETE)
	{
		writer.begin(TEXT, false);
		EXPECT_TRUE(writer.check(incomplete, std::strlen(incomplete), false));
		EXPECT_FALSE(writer.check("", 0, true));
		writer.begin(TEXT, false);
		EXPECT_FALSE(writer.check(incomplete, std::strlen(incomplete), true));
		writer.begin(TEXT, false);
		EXPECT_TRUE(writer.check("the next one", 12, true));
	}
}


TEST(WebSocketMessageWriterTest, PartIsReplaced)
	/// What did not pass has left no trace.
{
	WebSocketMessageWriter writer;
	writer.begin(TEXT, false);
	EXPECT_TRUE(writer.check("\xc3", 1, false));
	EXPECT_FALSE(writer.check("x", 1, false));
	EXPECT_FALSE(writer.check("\xa4\xc3", 2, true));
	EXPECT_TRUE(writer.check("\xa4", 1, true));
	writer.setVerifyUTF8(false);
	writer.begin(TEXT, false);
	EXPECT_TRUE(writer.check("\xff", 1, true)) << "as it was not asked for";
}


TEST(WebSocketMessageWriterTest, RoundTrip)
	/// From writer to parser, by all ways there are.
{
	const std::pair<int, Parts> messages[] =
	{
		{TEXT, {"Hello"}}, {TEXT, {"Hello"}}, {BINARY, {""}}, {TEXT, {"Gr\xc3", "\xbc\xc3\x9f" "e"}}, {BINARY, {"", "\xff", ""}},
		{BINARY, {sample(126)}}, {TEXT, {sample(70000)}}, {BINARY, {sample(500), sample(66000), sample(500)}}, {TEXT, {"", ""}}, {TEXT, {"Hello"}}
	};
	for (WebSocketFramer::Role role: ROLES)
	{
		for (bool compressing: {false, true})
		{
			for (bool takeover: {true, false})
			{
				WebSocketFramer sender(role);
				WebSocketMessageWriter writer;
				if (compressing) enable(writer, takeover, 6);
				std::string wire;
				Log expected;
				for (const auto& message: messages)
				{
					const std::string text = joined(message.second);
					wire += wireOf(sender, write(writer, message.first, message.second));
					expected.push_back((message.first == TEXT ? "text:" : "binary:") + text);
				}
				const WebSocketFramer::Role receiver = role == WebSocketFramer::ROLE_CLIENT ? WebSocketFramer::ROLE_SERVER : WebSocketFramer::ROLE_CLIENT;
				Options options;
				options.inflate = compressing;
				options.contextTakeover = takeover;
				for (Way way: {MESSAGES, ROOM, PARTS})
				{
					for (std::size_t step: {std::size_t(1), std::size_t(100), std::size_t(9999), wire.size()})
					{
						EXPECT_EQ(expected, feedSteps(receiver, options, way, wire, step)) << name(role) << ", way " << way << ", step " << step;
					}
				}
			}
		}
	}
}


TEST(WebSocketMessageWriterTest, RFC7692_Section7_2_1_NothingYet)
	/// A part of which the compressor puts nothing out is no frame; the first that is begins the message.
{
	for (const std::size_t number: {std::size_t(1), std::size_t(2), std::size_t(1000)})
	{
		WebSocketMessageWriter writer;
		enable(writer);
		const Parts parts(number, std::string(1000, 'x'));
		const Frames frames = write(writer, TEXT, parts);
		EXPECT_LE(frames.size(), number/100 + 1);
		for (std::size_t i = 0; i < frames.size(); ++i)
		{
			const bool last = i + 1 == frames.size();
			EXPECT_EQ((i == 0 ? 0x41 : 0) | (last ? 0x80 : 0), frames[i].first);
			EXPECT_FALSE(frames[i].payload.empty());
		}
		Peer peer(WebSocketFramer::ROLE_CLIENT, inflating());
		peer.take(encode(WebSocketFramer::ROLE_CLIENT, frames));
		EXPECT_EQ((Log{"text:" + joined(parts)}), peer.log);
	}
	WebSocketMessageWriter writer;
	EXPECT_EQ((std::vector<int>{0x01, 0x80}), flags(write(writer, TEXT, {"", ""}))) << "not compressed";
}


TEST(WebSocketMessageWriterTest, RFC7692_Section7_2_LostMessages)
	/// A peer that never saw them can read what follows.
{
	const std::string message = sample(300);
	for (std::size_t lostParts = 1; lostParts <= 3; ++lostParts)
	{
		for (bool told: {true, false})
		{
			if (!told && lostParts < 3) continue; // then nothing can follow
			WebSocketMessageWriter writer;
			enable(writer);
			Peer peer(WebSocketFramer::ROLE_CLIENT, inflating());
			peer.take(encode(WebSocketFramer::ROLE_CLIENT, write(writer, TEXT, {"first"})));

			writer.begin(TEXT, true);
			std::string compressed;
			for (std::size_t i = 0; i < lostParts; ++i) writer.frame(message.data() + 100*i, 100, i == 2, compressed);
			if (told) writer.lost();

			const Frames next = write(writer, TEXT, {message});
			EXPECT_EQ(0xc1, next[0].first);
			peer.take(encode(WebSocketFramer::ROLE_CLIENT, next));
			peer.take(encode(WebSocketFramer::ROLE_CLIENT, write(writer, TEXT, {message})));
			if (told) EXPECT_EQ((Log{"text:first", "text:" + message, "text:" + message}), peer.log) << lostParts;
			else EXPECT_NE("text:" + message, peer.log[1]) << "the test would not see it";
		}
	}
}


TEST(WebSocketMessageWriterTest, LostPlainMessagesChangeNothing)
{
	WebSocketMessageWriter writer;
	writer.lost();
	enable(writer);
	const std::string first = write(writer, TEXT, {"Hello"})[0].payload;
	write(writer, TEXT, {"plain"}, false);
	writer.lost();
	EXPECT_LT(write(writer, TEXT, {"Hello"})[0].payload.size(), first.size()) << "the window is still shared";
}


TEST(WebSocketMessageWriterTest, Section5_4_Parts)
{
	for (bool compress: {false, true})
	{
		WebSocketMessageWriter writer;
		if (compress) enable(writer, true, 1000);
		std::string compressed;
		const auto part = [&](int opcode, bool last)
		{
			writer.beginPart(opcode, true);
			EXPECT_TRUE(writer.check("", 0, last));
			const WebSocketMessageWriter::Frame frame = writer.frame("x", 1, last, compressed);
			return frame.nothing ? -1 : frame.flags;
		};
		EXPECT_EQ(compress ? -1 : 0x02, part(BINARY, false)) << "of any length";
		EXPECT_EQ(compress ? -1 : 0x00, part(BINARY, false));
		EXPECT_THROW(part(TEXT, false), InvalidArgumentException);
		EXPECT_THROW(part(0x100 | BINARY, false), InvalidArgumentException);
		EXPECT_THROW(writer.begin(BINARY, true), IllegalStateException);
		EXPECT_EQ(compress ? 0xc2 : 0x80, part(BINARY, true));
		EXPECT_EQ(compress ? 0xc1 : 0x81, part(TEXT, true));
		writer.beginPart(TEXT, false);
		EXPECT_EQ(0x81, writer.frame("x", 1, true, compressed).flags);
		for (int opcode: {-1, 0, 3, 8, 9, 10, 0x81})
		{
			EXPECT_THROW(writer.begin(opcode, true), InvalidArgumentException) << opcode;
			EXPECT_THROW(writer.beginPart(opcode, true), InvalidArgumentException) << opcode;
		}
	}
}


TEST(WebSocketMessageWriterTest, Section5_4_AMessageThatCannotBeCompleted)
{
	struct Row
	{
		const char* name;
		std::vector<bool> frames; // whether each is the last one
		bool lost;                // the last of them is
		bool inMessage;
		Next next;                // another message
	};
	const Row rows[] =
	{
		{"nothing", {}, false, false, BEGINS},
		{"a message", {true}, false, false, BEGINS},
		{"one that is lost", {true}, true, false, BEGINS},
		{"a first frame", {false}, false, true, BETWEEN_PARTS},
		{"one that is lost: it has not been begun", {false}, true, false, BEGINS},
		{"a second frame", {false, false}, false, true, BETWEEN_PARTS},
		{"one that is lost", {false, false}, true, false, AFTER_LOST},
		{"a last frame", {false, true}, false, false, BEGINS},
		{"one that is lost", {false, true}, true, false, AFTER_LOST},
		{"a message behind a lost one", {false, true, true}, true, false, BEGINS}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.name);
		for (bool compress: {false, true})
		{
			WebSocketMessageWriter writer;
			if (compress) enable(writer);
			std::string compressed;
			std::string part(100000, ' '); // noise, of which the compressor keeps no part for later
			unsigned state = 1;
			for (char& c: part) c = static_cast<char>((state = state*1664525u + 1013904223u) >> 24 & 0x7f);
			bool begun = false;
			for (bool last: row.frames)
			{
				if (!begun) writer.begin(TEXT, true);
				EXPECT_FALSE(writer.frame(part.data(), part.size(), last, compressed).nothing);
				begun = !last;
			}
			if (row.lost) writer.lost();
			EXPECT_EQ(row.inMessage, writer.inMessage());
			EXPECT_EQ(row.next, next(writer));
			EXPECT_EQ(row.next, next(writer)) << "for ever";
			if (row.next == BETWEEN_PARTS)
			{
				EXPECT_NO_THROW(writer.beginPart(TEXT, true)) << "a message that is refused changes nothing";
			}
			writer.giveUp();
			EXPECT_FALSE(writer.inMessage());
			EXPECT_EQ(row.next == BEGINS ? BEGINS : AFTER_LOST, next(writer));
			if (row.next != BEGINS)
			{
				EXPECT_THROW(writer.beginPart(TEXT, true), WebSocketException);
			}
		}
	}
}


TEST(WebSocketMessageWriterTest, WithoutMemory)
	/// Each allocation fails in turn: nothing has become a frame, and the next message can be read.
{
	const std::string message = sample(100000);
	for (bool takeover: {true, false})
	{
		for (std::size_t part: {std::size_t(40000), message.size()})
		{
			std::size_t failing = 0;
			for (bool thrown = true; thrown; ++failing)
			{
				ASSERT_LT(failing, 100u);
				thrown = false;
				WebSocketMessageWriter writer;
				enable(writer, takeover);
				Peer peer(WebSocketFramer::ROLE_CLIENT, inflating(takeover));
				peer.take(encode(WebSocketFramer::ROLE_CLIENT, write(writer, TEXT, {"first"})));
				writer.begin(TEXT, true);
				std::string compressed;
				{
					const FailingAllocations without(failing);
					try
					{
						for (std::size_t begin = 0; begin < message.size(); begin += part)
							writer.frame(message.data() + begin, std::min(part, message.size() - begin), begin + part >= message.size(), compressed);
					}
					catch (const std::bad_alloc&)
					{
						thrown = true;
					}
				}
				writer.lost();
				const Frames next = write(writer, TEXT, {message.substr(0, 500), message.substr(500)});
				EXPECT_EQ(0x41, next[0].first & 0x7f);
				peer.take(encode(WebSocketFramer::ROLE_CLIENT, next));
				EXPECT_EQ((Log{"text:first", "text:" + message}), peer.log) << failing;
			}
			EXPECT_GT(failing, 1u);
		}
	}
}
