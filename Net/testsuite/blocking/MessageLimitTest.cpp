//
// MessageLimitTest.cpp
//
// WebSocketParams: each limit at the limit and one past it, and what the drop-in constructors do.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassAllocations.h"
#include "support/MessageSupport.h"
#include <climits>


using namespace WebSocketTest;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketParams;


namespace
{
	class WebSocketMessageLimitTest: public ConnectionTest
	{
	};

	class WebSocketMessageParamsTest: public SocketTest
	{
	};

	void expectRefused(Wire& wire, int error, int closeCode, bool parts)
	{
		char buffer[16];
		WebSocket::Part part;
		const auto receive = [&] { if (parts) wire.ws.receivePart(buffer, sizeof(buffer), part); else receiveString(wire.ws); };
		int found = 0;
		for (int i = 0; found == 0 && i < 1000; ++i) found = errorOf(receive);
		EXPECT_EQ(error, found);
		Frame frame = wire.peer.receiveFrame();
		while (frame.opcode() == WebSocket::FRAME_OP_PONG) frame = wire.peer.receiveFrame();
		EXPECT_EQ(closeCode, frame.closeCode());
	}

	std::string fill(std::size_t fields, std::size_t size)
		/// Returns header lines: so many fields, or of that size, besides the others.
	{
		std::string result;
		for (std::size_t i = 0; i < fields; ++i) result += "X-" + std::to_string(i) + ": x\r\n";
		if (size > 0) result += "X-Large: " + std::string(size - 11, 'x') + "\r\n";
		return result;
	}

	std::size_t fieldsSize(const std::string& head)
	{
		return head.size() - head.find("\r\n") - 4; // without the first and the last line
	}
}


TEST_P(WebSocketMessageLimitTest, MessageSize)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setMaxMessageSize(1000);
	for (bool parts: {false, true})
	{
		{
			Wire wire(GetParam(), pParams);
			wire.peer.send(wire.frame(0x82, pattern(1000)) + wire.frame(0x02, pattern(999)) + wire.frame(0x00) + wire.frame(0x80, "x"));
			EXPECT_EQ(binary(pattern(1000)), receiveString(wire.ws));
			EXPECT_EQ(binary(pattern(999) + "x"), receiveBuffer(wire.ws));
			wire.peer.send(wire.header(0x82, 1001)); // is enough
			expectRefused(wire, WebSocket::WS_ERR_PAYLOAD_TOO_BIG, 1009, parts);
		}
		Wire wire(GetParam(), pParams);
		wire.peer.send(wire.frame(0x02, pattern(500)) + wire.frame(0x00, pattern(500)) + wire.header(0x80, 1));
		expectRefused(wire, WebSocket::WS_ERR_PAYLOAD_TOO_BIG, 1009, parts);
	}
}


TEST_P(WebSocketMessageLimitTest, FrameSize)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setMaxFrameSize(1000);
	for (bool parts: {false, true})
	{
		Wire wire(GetParam(), pParams);
		wire.peer.send(wire.frame(0x02, pattern(1000)) + wire.frame(0x80, pattern(1000)));
		EXPECT_EQ(2000, receiveString(wire.ws).result);
		wire.peer.send(wire.header(0x82, 1001));
		expectRefused(wire, WebSocket::WS_ERR_PAYLOAD_TOO_BIG, 1009, parts);
	}
	Wire wire(GetParam(), pParams);
	EXPECT_EQ(1000, wire.ws.getMaxPayloadSize());
	wire.peer.send(wire.frame(0x82, pattern(1000)) + wire.header(0x82, 1001));
	EXPECT_EQ(1000, receiveFixed(wire.ws).result);
	EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { receiveFixed(wire.ws); }));
}


TEST_P(WebSocketMessageLimitTest, Fragments)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setMaxFragments(3);
	for (bool parts: {false, true})
	{
		Wire wire(GetParam(), pParams);
		wire.peer.send(wire.frame(0x01) + wire.frame(0x89) + wire.frame(0x00, "a") + wire.frame(0x80, "b") + wire.frame(0x81, "c"));
		EXPECT_EQ(text("ab"), receiveString(wire.ws));
		EXPECT_EQ(text("c"), receiveString(wire.ws));
		wire.peer.send(wire.frame(0x01) + wire.frame(0x00) + wire.frame(0x00) + wire.frame(0x80));
		expectRefused(wire, WebSocket::WS_ERR_POLICY_VIOLATION, 1008, parts);
	}
}


TEST_P(WebSocketMessageLimitTest, ManyTinyFragments)
	/// Memory follows what has arrived: nothing is allocated for a fragment as such.
{
	for (const char* payload: {"x", ""})
	{
		Wire wire(GetParam());
		std::string bytes = wire.frame(0x02);
		for (int i = 0; i < 100000; ++i) bytes += wire.frame(0x00, payload);
		std::future<void> sent = std::async(std::launch::async, [&] { wire.peer.send(bytes + wire.frame(0x80)); });
		const std::string expected(*payload ? 100000 : 0, 'x');
		std::string message;
		WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
		const Allocations allocations;
		const bool received = wire.ws.receiveMessage(message, opcode);
		const std::size_t count = allocations.count();
		const std::size_t largest = allocations.largest();
		EXPECT_TRUE(received);
		EXPECT_EQ(WebSocketFrame::OP_BINARY, opcode);
		EXPECT_TRUE(expected == message);
		if (Allocations::counted() && GetParam().transport == Transport::PLAIN)
		{
			EXPECT_LT(count, 50u);
			EXPECT_LE(largest, 2*expected.size() + 65536);
		}
		get(sent);
	}
}


TEST_P(WebSocketMessageLimitTest, PingsWithoutReading)
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setMaxPendingPings(10);
	Wire wire(GetParam(), pParams);
	wire.ws.setBlocking(false);
	wire.ws.setSendBufferSize(8192);
	wire.peer.socket().setReceiveBufferSize(8192);
	const std::string filler(65536, 'x');
	for (int refused = 0; refused < 10;) // until nothing more can be sent, of a frame that has been begun
	{
		refused = wire.ws.sendFrame(filler.data(), static_cast<int>(filler.size()), WebSocket::FRAME_BINARY) < 0 ? refused + 1 : 0;
		if (refused > 0) wire.ws.poll(Poco::Timespan(20000), Poco::Net::Socket::SELECT_WRITE);
	}
	wire.ws.setBlocking(true);
	for (int i = 0; i < 10; ++i) wire.send(0x89, pattern(125));
	wire.send(0x81, "not blocked");
	EXPECT_EQ(text("not blocked"), receiveString(wire.ws));
	wire.send(0x89, "one more");
	EXPECT_EQ(WebSocket::WS_ERR_POLICY_VIOLATION, errorOf([&] { receiveString(wire.ws); }));
}


TEST_P(WebSocketMessageLimitTest, MillionPings)
{
	if (GetParam().transport == Transport::TLS) GTEST_SKIP() << "the same code";
	const int blocks = peakMemory() < 0 ? 10 : 100; // where memory says nothing, fewer do
	for (bool reads: {true, false})
	{
		ParamsPtr pParams = new WebSocketParams;
		if (!reads) pParams->setMaxPendingPings(INT_MAX);
		Wire wire(GetParam(), pParams);
		std::string block;
		for (int i = 0; i < 10000; ++i) block += wire.frame(0x89);
		std::future<void> sent = std::async(std::launch::async, [&]
		{
			for (int i = 0; i < blocks; ++i) wire.peer.send(block);
			wire.send(0x81, "end");
		});
		std::atomic<bool> stop(false);
		Poco::Net::StreamSocket socket = wire.peer.socket();
		std::future<void> drained = std::async(std::launch::async, [&]
		{
			char buffer[65536];
			while (reads && !stop)
				if (socket.poll(Poco::Timespan(10000), Poco::Net::Socket::SELECT_READ)) socket.receiveBytes(buffer, sizeof(buffer));
		});
		const long before = peakMemory();
		EXPECT_EQ(text("end"), receiveString(wire.ws));
		EXPECT_LT(peakMemory() - before, 4*1024*1024);
		stop = true;
		get(sent);
		get(drained);
	}
}


INSTANTIATE_TEST_SUITE_P(All, WebSocketMessageLimitTest, ::testing::ValuesIn(allConnections()), connectionName);


//
// Handshake
//
TEST_F(WebSocketMessageParamsTest, RequestLimits)
{
	const std::size_t size = fieldsSize(handshakeRequest());
	ParamsPtr pParams = new WebSocketParams;
	pParams->setMaxHandshakeFields(static_cast<int>(parseRequest(handshakeRequest()).size()) + 3);
	EXPECT_EQ(101, ask(pParams, handshakeRequest("/", fill(3, 0))).status());
	Answer answer = ask(pParams, handshakeRequest("/", fill(4, 0)));
	EXPECT_EQ(431, answer.status());
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_REFUSED, answer.error);

	pParams = new WebSocketParams;
	pParams->setMaxHandshakeSize(static_cast<int>(size + 100));
	EXPECT_EQ(101, ask(pParams, handshakeRequest("/", fill(0, 100))).status());
	EXPECT_EQ(431, ask(pParams, handshakeRequest("/", fill(0, 101))).status());
	EXPECT_EQ(101, ask(ParamsPtr(), handshakeRequest("/", fill(0, 7000))).status()); // drop-in: Poco's own limits
}


TEST_F(WebSocketMessageParamsTest, ResponseLimits)
{
	const std::string head = handshakeResponse(handshakeRequest());
	ParamsPtr pParams = new WebSocketParams;
	pParams->setMaxHandshakeFields(static_cast<int>(parseResponse(head).size()) + 3);
	EXPECT_EQ(0, open(pParams, fill(3, 0)).error);
	EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_REFUSED, open(pParams, fill(4, 0)).error);

	for (std::size_t size: {100, 5000, 8000})
	{
		SCOPED_TRACE(size);
		pParams = new WebSocketParams;
		pParams->setMaxHandshakeSize(static_cast<int>(head.size() + size)); // the bytes on the wire
		EXPECT_EQ(0, open(pParams, fill(0, size)).error);
		EXPECT_EQ(WebSocket::WS_ERR_HANDSHAKE_REFUSED, open(pParams, fill(0, size + 1)).error);
	}
}


TEST_F(WebSocketMessageParamsTest, HandshakeTimeout)
{
	for (Transport transport: {Transport::PLAIN, Transport::TLS})
	{
		ScriptedServer server(transport, [](ScriptedServer& self)
		{
			RawPeer peer = self.accept();
			const std::string answer = handshakeResponse(receiveRequest(peer), fill(0, 8000));
			try
			{
				for (char byte: answer) // a byte at a time, for longer than the client waits
				{
					peer.send(std::string(1, byte));
					if (peer.socket().poll(Poco::Timespan(10000), Poco::Net::Socket::SELECT_READ)) return;
				}
				ADD_FAILURE() << "The client has waited for all of it";
			}
			catch (const Poco::Exception&)
			{
			}
		});
		ParamsPtr pParams = new WebSocketParams;
		pParams->setHandshakeTimeout(Poco::Timespan(300000));
		{
			const std::unique_ptr<Poco::Net::HTTPClientSession> pSession = server.session();
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse httpResponse;
			EXPECT_THROW(WebSocket(*pSession, request, httpResponse, pParams), Poco::TimeoutException);
		}
		server.finish();
	}
}


//
// Setters
//
TEST_F(WebSocketMessageParamsTest, SettersCheckTheirArguments)
{
	typedef void (WebSocketParams::*Setter)(int);
	struct Row
	{
		Setter set;
		int (WebSocketParams::*get)() const;
		int min;
		int max;
	};
	const std::vector<Row> rows =
	{
		{&WebSocketParams::setMaxMessageSize, &WebSocketParams::getMaxMessageSize, 1, INT_MAX}, {&WebSocketParams::setMaxFrameSize, &WebSocketParams::getMaxFrameSize, 1, INT_MAX},
		{&WebSocketParams::setMaxFragments, &WebSocketParams::getMaxFragments, 1, INT_MAX}, {&WebSocketParams::setMaxPendingPings, &WebSocketParams::getMaxPendingPings, 1, INT_MAX},
		{&WebSocketParams::setMaxHandshakeFields, &WebSocketParams::getMaxHandshakeFields, 1, INT_MAX}, {&WebSocketParams::setMaxHandshakeSize, &WebSocketParams::getMaxHandshakeSize, 1, INT_MAX},
		{&WebSocketParams::setDeflateLevel, &WebSocketParams::getDeflateLevel, 1, 9}, {&WebSocketParams::setDeflateMemLevel, &WebSocketParams::getDeflateMemLevel, 1, 9},
		{&WebSocketParams::setDeflateThreshold, &WebSocketParams::getDeflateThreshold, 0, INT_MAX}, {&WebSocketParams::setMaxRedirects, &WebSocketParams::getMaxRedirects, 0, INT_MAX}
	};
	ParamsPtr pParams = new WebSocketParams;
	for (const Row& row: rows)
	{
		SCOPED_TRACE(&row - rows.data());
		const int before = (pParams.get()->*row.get)();
		EXPECT_THROW((pParams.get()->*row.set)(row.min - 1), Poco::InvalidArgumentException);
		EXPECT_THROW((pParams.get()->*row.set)(INT_MIN), Poco::InvalidArgumentException);
		if (row.max < INT_MAX)
		{
			EXPECT_THROW((pParams.get()->*row.set)(row.max + 1), Poco::InvalidArgumentException);
		}
		EXPECT_EQ(before, (pParams.get()->*row.get)());
		for (int value: {row.min, row.max})
		{
			(pParams.get()->*row.set)(value);
			EXPECT_EQ(value, (pParams.get()->*row.get)());
		}
	}
	for (int bits: {7, 8, 16})
	{
		WebSocketDeflateParams server, client;
		server.serverMaxWindowBits = client.clientMaxWindowBits = bits;
		EXPECT_THROW(pParams->setDeflateParams(server), Poco::InvalidArgumentException);
		EXPECT_THROW(pParams->setDeflateParams(client), Poco::InvalidArgumentException);
	}
	for (const Poco::Timespan& time: {Poco::Timespan(0), Poco::Timespan(-1)})
	{
		EXPECT_THROW(pParams->setHandshakeTimeout(time), Poco::InvalidArgumentException);
		EXPECT_THROW(pParams->setPongTimeout(time), Poco::InvalidArgumentException);
	}
	EXPECT_THROW(pParams->setPingInterval(Poco::Timespan(-1)), Poco::InvalidArgumentException);
	for (const std::string& name: std::vector<std::string>{"", "a b", "a,b", "a\r\n", "\xc3\xa4", "a/b"})
		EXPECT_THROW(pParams->setSubprotocols({name}), Poco::InvalidArgumentException) << name;
	EXPECT_THROW(pParams->setSubprotocols({"a", "b", "a"}), Poco::InvalidArgumentException);
	EXPECT_TRUE(pParams->getSubprotocols().empty());
}


TEST_F(WebSocketMessageParamsTest, DropInConstructorsHaveNoLimitsForFrames)
{
	Both both(Transport::PLAIN);
	EXPECT_EQ(INT_MAX, both.server.getMaxPayloadSize());
	EXPECT_EQ(INT_MAX, both.client.getMaxPayloadSize());
	const std::string large(17*1024*1024, 'x'); // more than the default with parameters
	std::future<void> sent = std::async(std::launch::async, [&] { both.client.sendFrame(large.data(), static_cast<int>(large.size())); });
	Poco::Buffer<char> buffer(0);
	int flags = 0;
	EXPECT_EQ(static_cast<int>(large.size()), both.server.receiveFrame(buffer, flags));
	get(sent);
}


TEST_F(WebSocketMessageParamsTest, DefaultMessageSize)
{
	Wire wire(Connection{Role::CLIENT, Transport::PLAIN});
	const std::string largest(16*1024*1024, 'x');
	std::future<void> sent = std::async(std::launch::async, [&] { wire.peer.send(wire.frame(0x82, largest) + wire.header(0x82, largest.size() + 1)); });
	EXPECT_TRUE(receiveString(wire.ws).payload == largest);
	EXPECT_EQ(WebSocket::WS_ERR_PAYLOAD_TOO_BIG, errorOf([&] { receiveString(wire.ws); }));
	get(sent);
}
