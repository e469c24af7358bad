//
// MessageDeflateTest.cpp
//
// permessage-deflate (RFC 7692) over the wire, against zlib.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"


using namespace WebSocketTest;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketParams;


namespace
{
	class WebSocketMessageDeflateTest: public ConnectionTest
	{
	};

	class WebSocketMessageOfferTest: public SocketTest
	{
	};

	ParamsPtr deflating(bool takeover = true, int bits = 15)
	{
		ParamsPtr pParams = new WebSocketParams;
		pParams->setDeflate(true);
		WebSocketDeflateParams deflate;
		deflate.serverNoContextTakeover = deflate.clientNoContextTakeover = !takeover;
		deflate.serverMaxWindowBits = deflate.clientMaxWindowBits = bits;
		pParams->setDeflateParams(deflate);
		return pParams;
	}

	std::string extension(bool takeover, int bits)
	{
		std::string result = "permessage-deflate";
		if (!takeover) result += "; server_no_context_takeover; client_no_context_takeover";
		if (bits < 15) result += "; server_max_window_bits=" + std::to_string(bits) + "; client_max_window_bits=" + std::to_string(bits);
		return result;
	}

	std::string json(std::size_t size)
		/// Compressible text with repetitions at all distances.
	{
		std::string result;
		for (unsigned i = 0; result.size() < size; ++i)
			result += "{\"id\":" + std::to_string(i*7919) + ",\"name\":\"" + pattern(10, i % 50 + 1) + "\",\"tags\":[1,2,3]},";
		result.resize(size);
		return result;
	}
}


//
// Negotiation
//
TEST_F(WebSocketMessageOfferTest, ServerAnswersOffers)
{
	struct Row
	{
		std::string offer;
		std::string answer; // "": declined
	};
	const std::string pmd = "permessage-deflate";
	const std::vector<Row> rows =
	{
		{pmd, pmd},
		{pmd + "; client_max_window_bits", pmd},
		{pmd + "; server_no_context_takeover", pmd + "; server_no_context_takeover"},
		{pmd + "; server_max_window_bits=10", pmd + "; server_max_window_bits=10"},
		{pmd + "; server_max_window_bits=\"10\"", pmd + "; server_max_window_bits=10"},
		{"x-webkit-deflate-frame, " + pmd, pmd},
		{pmd + "; unknown, " + pmd, pmd},
		{pmd + "; unknown", ""}, {pmd + "; server_max_window_bits", ""}, {pmd + "; server_max_window_bits=7", ""}, {pmd + "; server_max_window_bits=16", ""},
		{pmd + "; server_max_window_bits=010", ""}, {pmd + "; server_max_window_bits=+9", ""}, {pmd + "; client_max_window_bits=7", ""}, {pmd + "; client_max_window_bits=16", ""},
		{pmd + "; client_max_window_bits=x", ""}, {pmd + "; client_max_window_bits=", ""}, {pmd + "; server_no_context_takeover=1", ""}, {pmd + "; client_no_context_takeover=true", ""},
		{pmd + "; server_no_context_takeover; server_no_context_takeover", ""}, {pmd + "; client_max_window_bits; client_max_window_bits=10", ""},
		{"permessage-bzip2", ""}, {"", ""}
	};
	for (const Row& row: rows)
	{
		SCOPED_TRACE(row.offer);
		const Answer answer = ask(deflating(), handshakeRequest("/", row.offer.empty() ? "" : "Sec-WebSocket-Extensions: " + row.offer + "\r\n"));
		EXPECT_EQ(101, answer.status());
		EXPECT_EQ(row.answer.empty() ? 0 : 1, lines(answer.text, "Sec-WebSocket-Extensions"));
		if (!row.answer.empty())
		{
			EXPECT_EQ(row.answer, value(answer.text, "Sec-WebSocket-Extensions"));
		}
	}
	for (const ParamsPtr& pParams: {ParamsPtr(), ParamsPtr(new WebSocketParams)}) // off by default
		EXPECT_EQ(0, lines(ask(pParams, handshakeRequest("/", "Sec-WebSocket-Extensions: permessage-deflate\r\n")).text, "Sec-WebSocket-Extensions"));
}


TEST_F(WebSocketMessageOfferTest, ServerLimitsWindows)
{
	const auto answer = [](const std::string& offer) { return ask(deflating(false, 10), handshakeRequest("/", "Sec-WebSocket-Extensions: " + offer + "\r\n")).text; };
	const std::string full = value(answer("permessage-deflate; client_max_window_bits"), "Sec-WebSocket-Extensions");
	for (const std::string& part: std::vector<std::string>{"server_no_context_takeover", "client_no_context_takeover", "server_max_window_bits=10", "client_max_window_bits=10"})
		EXPECT_NE(std::string::npos, full.find(part)) << full;
	EXPECT_NE(std::string::npos, value(answer("permessage-deflate; client_max_window_bits=9; server_max_window_bits=9"), "Sec-WebSocket-Extensions").find("server_max_window_bits=9"));
	EXPECT_EQ(std::string::npos, answer("permessage-deflate").find("client_max_window_bits")); // 7.1.2.2: not without the client's hint
}


TEST_F(WebSocketMessageOfferTest, ClientChecksAnswer)
{
	const auto error = [](const std::string& answer) { return open(deflating(), "Sec-WebSocket-Extensions: " + answer + "\r\n").error; };
	const std::string pmd = "permessage-deflate";
	for (const std::string& good: {pmd, pmd + "; client_max_window_bits=9", pmd + "; server_max_window_bits=8", pmd + "; server_no_context_takeover; client_no_context_takeover"})
		EXPECT_EQ(0, error(good)) << good;
	for (const std::string& bad: {pmd + "; client_max_window_bits", pmd + "; server_max_window_bits=16", pmd + "; server_max_window_bits", pmd + "; unknown", pmd + "; client_max_window_bits=7",
		pmd + "; server_no_context_takeover; server_no_context_takeover", pmd + ", " + pmd, std::string("x-other"), pmd + "; server_no_context_takeover=1", pmd + ", x-other"})
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_EXTENSION, error(bad)) << bad;

	// Asked for, and not given, or larger than asked for (7.1.1.1, 7.1.2.1)
	const auto strictError = [](const std::string& answer) { return open(deflating(false, 10), "Sec-WebSocket-Extensions: " + answer + "\r\n").error; };
	EXPECT_EQ(0, strictError(pmd + "; server_no_context_takeover; server_max_window_bits=10"));
	for (const std::string& bad: {pmd, pmd + "; server_no_context_takeover", pmd + "; server_no_context_takeover; server_max_window_bits=11", pmd + "; server_max_window_bits=10"})
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_EXTENSION, strictError(bad)) << bad;
	EXPECT_EQ(0, open(deflating(false, 10), "").error); // declined
	const std::string offer = value(open(deflating(false, 10), "").request, "Sec-WebSocket-Extensions");
	for (const std::string& part: std::vector<std::string>{"permessage-deflate", "server_no_context_takeover", "server_max_window_bits=10", "client_max_window_bits"})
		EXPECT_NE(std::string::npos, offer.find(part)) << offer;
}


//
// Messages
//
TEST_P(WebSocketMessageDeflateTest, AllWindowsAndSizes)
{
	for (int bits = 9; bits <= 15; ++bits)
	{
		for (bool takeover: {true, false})
		{
			if (GetParam().transport == Transport::TLS && bits > 9 && bits < 15) continue;
			SCOPED_TRACE(extension(takeover, bits));
			Wire wire(GetParam(), deflating(takeover, bits), extension(takeover, bits));
			ZlibDeflater deflater(bits, takeover);
			ZlibInflater inflater(bits, takeover);
			for (std::size_t size: {0, 1, 63, 64, 65, 125, 1000, 4096, 40000, 66000, 300000, 1000, 0, 64})
			{
				const std::string payload = json(size);
				std::future<void> sent = std::async(std::launch::async, [&]
				{
					wire.send(0xc1, deflater.message(payload));
					wire.ws.sendText(payload);
				});
				EXPECT_EQ(text(payload), receiveString(wire.ws));
				const Frame frame = wire.peer.receiveFrame();
				EXPECT_EQ(size < 64 ? 0x81 : 0xc1, frame.flags);
				EXPECT_EQ(payload, frame.flags == 0xc1 ? inflater.message(frame.payload) : frame.payload);
				if (size >= 1000)
				{
					EXPECT_LT(frame.payload.size(), size/2);
				}
				get(sent);
			}
		}
	}
}


TEST_P(WebSocketMessageDeflateTest, ContextIsTakenOver)
{
	for (bool takeover: {true, false})
	{
		Wire wire(GetParam(), deflating(takeover), extension(takeover, 15));
		const std::string payload = pattern(2000); // nothing repeats in it
		wire.ws.sendText(payload);
		wire.ws.sendText(payload);
		const std::size_t first  = wire.peer.receiveFrame().payload.size();
		const std::size_t second = wire.peer.receiveFrame().payload.size();
		if (takeover) EXPECT_LT(second, 100u);
		else EXPECT_EQ(first, second);
	}
}


TEST_P(WebSocketMessageDeflateTest, OurFragments)
{
	for (bool takeover: {true, false})
	{
		Wire wire(GetParam(), deflating(takeover), extension(takeover, 15));
		ZlibInflater inflater(15, takeover);
		const std::string payload = json(5000);
		for (int size: {1, 100, 4999, 5000, 5001})
		{
			std::future<void> sent = std::async(std::launch::async, [&] { wire.ws.sendMessage(payload, WebSocketFrame::OP_BINARY, size); });
			std::string compressed;
			for (bool first = true;; first = false)
			{
				const Frame frame = wire.peer.receiveFrame();
				EXPECT_EQ(first ? 0x42 : 0, frame.flags & 0x7f); // RFC 7692, 6: RSV1 in the first one only
				compressed += frame.payload;
				if (frame.flags & 0x80) break;
			}
			get(sent);
			EXPECT_EQ(payload, inflater.message(compressed));
		}
	}
}


TEST_P(WebSocketMessageDeflateTest, TheirFragments)
{
	Wire wire(GetParam(), deflating(), extension(true, 15));
	ZlibDeflater deflater;
	const std::string payload = json(1000);
	for (std::size_t size: {1, 2, 10, 100, 10000})
	{
		const std::string compressed = deflater.message(payload);
		std::string bytes = wire.frame(0x41);
		for (std::size_t offset = 0; offset < compressed.size(); offset += size)
			bytes += wire.frame(0x00, compressed.substr(offset, size)) + wire.frame(0x89, "p");
		wire.peer.send(bytes + wire.frame(0x80));
		EXPECT_EQ(text(payload), receiveString(wire.ws));
		wire.send(0x82, "plain between");
		EXPECT_EQ(binary("plain between"), receiveBuffer(wire.ws));
	}
}


TEST_P(WebSocketMessageDeflateTest, TimeoutAtEveryByte)
{
	for (ReceiveMessage receive: receivers())
	{
		Wire wire(GetParam(), deflating(), extension(true, 15));
		wire.ws.setReceiveTimeout(Poco::Timespan(1000));
		ZlibDeflater deflater;
		const std::string first = deflater.message("Hello, hello, hello"), second = deflater.message("Hello, hello, hello");
		const std::string bytes = wire.frame(0xc1, first) + wire.frame(0x42, second.substr(0, 1)) + wire.frame(0x89, "p") + wire.frame(0x80, second.substr(1));
		std::vector<Message> messages;
		for (char byte: bytes)
		{
			wire.peer.send(std::string(1, byte));
			try
			{
				messages.push_back(receive(wire.ws));
			}
			catch (const Poco::TimeoutException&)
			{
			}
		}
		wire.ws.setReceiveTimeout(deadline());
		while (messages.size() < 2) messages.push_back(receive(wire.ws));
		EXPECT_EQ((std::vector<Message>{text("Hello, hello, hello"), binary("Hello, hello, hello")}), messages);
	}
}


TEST_P(WebSocketMessageDeflateTest, PartsBothWays)
{
	Couple couple(GetParam().transport, deflating(), deflating());
	WebSocket& ours   = GetParam().role == Role::SERVER ? couple.server : couple.client;
	WebSocket& theirs = GetParam().role == Role::SERVER ? couple.client : couple.server;
	const std::string payload = json(300000);
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		for (std::size_t offset = 0; offset < payload.size(); offset += 1000)
			theirs.sendPart(std::string_view(payload.data() + offset, 1000), WebSocketFrame::OP_TEXT, offset + 1000 == payload.size());
	});
	for (std::string received;;)
	{
		char buffer[777];
		WebSocket::Part part;
		ASSERT_TRUE(ours.receivePart(buffer, sizeof(buffer), part));
		received.append(part.data);
		if (!part.last) continue;
		EXPECT_EQ(payload, received);
		break;
	}
	get(sent);
}


//
// What is refused
//
TEST_P(WebSocketMessageDeflateTest, Violations)
{
	struct Row
	{
		std::string wire;
		int error;
		int closeCode;
	};
	const auto f = [](int flags, const std::string& payload) { return frame(flags, payload, GetParam().peerMasks()); };
	const auto deflated = [](const std::string& payload) { return ZlibDeflater().message(payload); };
	const std::vector<Row> rows =
	{
		{f(0xc9, "p"), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002}, {f(0xca, "p"), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002}, {f(0xc8, closePayload(1000)), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002},
		{f(0x41, "") + f(0xc0, deflated("x")), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002}, {f(0x01, "a") + f(0xc0, "x"), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002},
		{f(0xe1, deflated("x")), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002}, {f(0xd1, deflated("x")), WebSocket::WS_ERR_INVALID_RSV_BITS, 1002},
		{f(0xc1, "\xff\xff\xff\xff"), WebSocket::WS_ERR_CORRUPT_DATA, 1007}, {f(0xc2, "\x07 reserved block"), WebSocket::WS_ERR_CORRUPT_DATA, 1007},
		{f(0x42, "\x02") + f(0x80, "\x01"), WebSocket::WS_ERR_CORRUPT_DATA, 1007}, // refers to what there never was
		{f(0xc1, deflated("ab\xff")), WebSocket::WS_ERR_INVALID_UTF8, 1007}, {f(0xc1, deflated("cut \xe2\x82")), WebSocket::WS_ERR_INVALID_UTF8, 1007},
		{f(0x41, deflated("\xff fails fast" + pattern(1000))), WebSocket::WS_ERR_INVALID_UTF8, 1007}
	};
	for (std::size_t i = 0; i < rows.size(); ++i)
	{
		for (bool parts: {false, true})
		{
			SCOPED_TRACE(std::to_string(i) + (parts ? " in parts" : ""));
			Wire wire(GetParam(), deflating(), extension(true, 15));
			wire.peer.send(rows[i].wire);
			char buffer[100];
			WebSocket::Part part;
			const auto receive = [&] { if (parts) wire.ws.receivePart(buffer, sizeof(buffer), part); else receiveString(wire.ws); };
			int error = 0;
			for (int tries = 0; error == 0 && tries < 5; ++tries) error = errorOf(receive);
			EXPECT_EQ(rows[i].error, error);
			EXPECT_EQ(rows[i].error, errorOf(receive));
			EXPECT_EQ(rows[i].closeCode, wire.peer.receiveFrame().closeCode());
		}
	}
}


TEST_P(WebSocketMessageDeflateTest, LimitIsForWhatComesOut)
{
	ParamsPtr pParams = deflating();
	pParams->setMaxMessageSize(10000);
	for (std::size_t size: {10000, 10001})
	{
		Wire wire(GetParam(), pParams, extension(true, 15));
		wire.send(0xc2, ZlibDeflater().message(std::string(size, 'x')));
		if (size == 10000)
		{
			EXPECT_EQ(binary(std::string(size, 'x')), receiveString(wire.ws));
			continue;
		}
		EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { receiveString(wire.ws); }));
		EXPECT_EQ(1009, wire.peer.receiveFrame().closeCode());
	}
}


TEST_P(WebSocketMessageDeflateTest, Bomb)
{
	// 1 GiB of zeros in about 1 MiB: four times the same 256 MiB, the last one without its end
	std::string bomb;
	{
		ZlibDeflater deflater(15, true, 9);
		const std::string block(16*1024*1024, '\0');
		std::string first = deflater.message(block) + std::string("\x00\x00\xff\xff", 4);
		std::string next  = deflater.message(block) + std::string("\x00\x00\xff\xff", 4);
		bomb = first;
		for (int i = 1; i < 64; ++i) bomb += next;
	}
	ASSERT_LT(bomb.size(), 1200u*1024u);
	Wire wire(GetParam(), deflating(), extension(true, 15));
	const std::string bytes = wire.frame(0xc2, bomb);
	const long before = peakMemory();
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		try
		{
			wire.peer.send(bytes);
		}
		catch (const Poco::Exception&) // nobody reads it to its end
		{
		}
	});
	EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { receiveString(wire.ws); }));
	EXPECT_LT(peakMemory() - before, 32*1024*1024);
	wire.ws.Poco::Net::StreamSocket::close();
	get(sent);
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageDeflateTest, ::testing::ValuesIn(allConnections()), connectionName);
