//
// MessageSupport.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/HTTPServerConnection.h"
#include "Poco/Net/SecureServerSocket.h"
#include <zlib.h>
#include <cstring>
#include <fstream>


using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocket;


namespace WebSocketTest {


//
// Connections
//
namespace
{
	const std::string LOOPBACK = "127.0.0.1";

	ServerSocket listen(Transport transport)
	{
		const SocketAddress address(LOOPBACK, 0);
		if (transport == Transport::PLAIN) return ServerSocket(address);
		return Poco::Net::SecureServerSocket(address, 64, serverContext());
	}

	void serve(ServerSocket& listener, const TestServer::RequestHandler& handler)
		/// Serves one connection, as a HTTPServer does.
	{
		if (!listener.poll(deadline(), Poco::Net::Socket::SELECT_READ)) throw Poco::TimeoutException("Nobody connects");
		Poco::Net::HTTPServerParams::Ptr pParams = new Poco::Net::HTTPServerParams;
		pParams->setTimeout(deadline());
		Poco::Net::HTTPServerConnection(listener.acceptConnection(), pParams, new FunctionFactory(handler)).run();
	}

	WebSocket acceptOurs(ServerSocket& listener, const ParamsPtr& pParams)
	{
		std::vector<WebSocket> accepted;
		serve(listener, [&](HTTPServerRequest& request, HTTPServerResponse& response)
		{
			accepted.push_back(WebSocket(request, response, pParams));
		});
		if (accepted.empty()) throw Poco::Net::NetException("No opening handshake");
		accepted.front().setReceiveTimeout(deadline());
		return accepted.front();
	}

	WebSocket connectTo(Transport transport, Poco::UInt16 port, const ParamsPtr& pParams)
	{
		std::unique_ptr<HTTPClientSession> pSession;
		if (transport == Transport::TLS)
			pSession = std::make_unique<Poco::Net::HTTPSClientSession>(LOOPBACK, port, clientContext());
		else
			pSession = std::make_unique<HTTPClientSession>(LOOPBACK, port);
		pSession->setTimeout(deadline());
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		WebSocket ws(*pSession, request, response, pParams);
		ws.setReceiveTimeout(deadline());
		return ws;
	}

	std::string extensionLine(const std::string& extensions)
	{
		return extensions.empty() ? std::string() : "Sec-WebSocket-Extensions: " + extensions + "\r\n";
	}
}


Wire::Wire(const Connection& connection, ParamsPtr pParams, const std::string& extensions):
	Wire(connection, connect(connection, pParams, extensions))
{
}


Wire::Wire(const Connection& connection, Ends&& ends):
	ws(ends.ws),
	peer(std::move(ends.peer)),
	head(ends.head),
	_peerMasks(connection.peerMasks())
{
}


Wire::Ends Wire::connect(const Connection& connection, const ParamsPtr& pParams, const std::string& extensions)
{
	if (connection.role == Role::SERVER)
	{
		ServerSocket listener = listen(connection.transport);
		std::future<WebSocket> ws = std::async(std::launch::async, [&] { return acceptOurs(listener, pParams); });
		RawPeer peer = connectRaw(listener.address().port(), connection.transport);
		peer.send(handshakeRequest("/", extensionLine(extensions)));
		const std::string answer = peer.receiveThrough("\r\n\r\n");
		if (answer.find("HTTP/1.1 101 ") != 0) throw Poco::Net::NetException("Not accepted", answer);
		return Ends{get(ws), std::move(peer), answer};
	}

	ServerSocket listener(SocketAddress(LOOPBACK, 0));
	std::string request;
	std::future<RawPeer> peer = std::async(std::launch::async, [&]
	{
		if (!listener.poll(deadline(), Poco::Net::Socket::SELECT_READ)) throw Poco::TimeoutException("Nobody connects");
		RawPeer raw(listener.acceptConnection(), connection.transport, true);
		request = raw.receiveThrough("\r\n\r\n");
		raw.send(handshakeResponse(request, extensionLine(extensions)));
		return raw;
	});
	WebSocket ws = connectTo(connection.transport, listener.address().port(), pParams);
	RawPeer raw = get(peer);
	return Ends{ws, std::move(raw), request};
}


std::string Wire::frame(int flags, const std::string& payload) const
{
	return WebSocketTest::frame(flags, payload, _peerMasks);
}


std::string Wire::header(int flags, Poco::UInt64 length) const
{
	return frameHeader(flags, length, _peerMasks);
}


void Wire::send(int flags, const std::string& payload)
{
	peer.send(frame(flags, payload));
}


Couple::Couple(Transport transport, ParamsPtr pServerParams, ParamsPtr pClientParams):
	Couple(connect(transport, pServerParams, pClientParams))
{
}


Couple::Couple(Ends&& ends):
	server(ends.first),
	client(ends.second)
{
}


Couple::Ends Couple::connect(Transport transport, const ParamsPtr& pServerParams, const ParamsPtr& pClientParams)
{
	ServerSocket listener = listen(transport);
	std::future<WebSocket> server = std::async(std::launch::async, [&] { return acceptOurs(listener, pServerParams); });
	WebSocket client = connectTo(transport, listener.address().port(), pClientParams);
	return Ends(get(server), client);
}


int Answer::status() const
{
	return text.compare(0, 9, "HTTP/1.1 ") == 0 ? std::atoi(text.c_str() + 9) : 0;
}


Answer ask(const ParamsPtr& pParams, const std::string& request)
{
	Answer answer;
	ServerSocket listener(SocketAddress(LOOPBACK, 0));
	std::future<void> served = std::async(std::launch::async, [&]
	{
		serve(listener, [&](HTTPServerRequest& httpRequest, HTTPServerResponse& httpResponse)
		{
			try
			{
				WebSocket ws = pParams ? WebSocket(httpRequest, httpResponse, pParams) : WebSocket(httpRequest, httpResponse);
				answer.subprotocol = ws.subprotocol();
			}
			catch (const Poco::Net::WebSocketException& exc)
			{
				answer.error = exc.code();
			}
			catch (const Poco::InvalidArgumentException&)
			{
				answer.refusedToSend = true;
			}
		});
	});
	RawPeer peer = connectRaw(listener.address().port(), Transport::PLAIN);
	peer.send(request);
	peer.endSending();
	const std::string text = peer.receiveToEnd();
	get(served);
	answer.text = text;
	return answer;
}


Opened open(const ParamsPtr& pParams, const std::string& headers)
{
	Opened opened;
	ScriptedServer server(Transport::PLAIN, [&](ScriptedServer& self)
	{
		RawPeer peer = self.accept();
		opened.request = receiveRequest(peer);
		peer.send(handshakeResponse(opened.request, headers));
		try
		{
			peer.endSending();
		}
		catch (const Poco::IOException&)
		{
			// the client has refused it, and is gone
		}
	});
	const std::unique_ptr<HTTPClientSession> pSession = server.session();
	HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
	HTTPResponse httpResponse;
	opened.error = errorOf([&]
	{
		WebSocket ws(*pSession, request, httpResponse, pParams);
		opened.subprotocol = ws.subprotocol();
	});
	server.finish();
	return opened;
}


//
// Messages
//
bool operator == (const Message& one, const Message& other)
{
	return one.result == other.result && one.opcode == other.opcode && one.payload == other.payload;
}


void PrintTo(const Message& message, std::ostream* pStream)
{
	*pStream << "result " << message.result << ", opcode " << message.opcode << ", " << message.payload.size()
		<< " bytes: " << ::testing::PrintToString(message.payload.substr(0, 64));
}


Message text(const std::string& payload)
{
	return {static_cast<int>(payload.size()), WebSocket::FRAME_OP_TEXT, payload};
}


Message binary(const std::string& payload)
{
	return {static_cast<int>(payload.size()), WebSocket::FRAME_OP_BINARY, payload};
}


Message closed()
{
	return {0, 0, ""};
}


namespace
{
	int resultOf(const WebSocket& ws, bool received, std::size_t length)
	{
		if (received) return static_cast<int>(length);
		return ws.atEnd() ? 0 : -1;
	}
}


Message receiveString(WebSocket& ws)
{
	Message message = {0, -1, "what was there before"};
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_PONG; // which no message has
	const bool received = ws.receiveMessage(message.payload, opcode);
	if (opcode != WebSocketFrame::OP_PONG) message.opcode = opcode;
	message.result = resultOf(ws, received, message.payload.size());
	return message;
}


Message receiveBuffer(WebSocket& ws)
{
	Poco::Buffer<char> buffer(3);
	Message message = {0, -1, ""};
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_PONG; // which no message has
	const bool received = ws.receiveMessage(buffer, opcode);
	if (opcode != WebSocketFrame::OP_PONG) message.opcode = opcode;
	message.result = resultOf(ws, received, buffer.size());
	message.payload.assign(buffer.begin(), buffer.size());
	return message;
}


std::vector<ReceiveMessage> receivers()
{
	return {receiveString, receiveBuffer};
}


std::string receiveWhole(RawPeer& peer, int opcode)
{
	std::string payload;
	for (bool first = true;; first = false)
	{
		const Frame frame = peer.receiveFrame();
		EXPECT_EQ(first ? opcode : 0, frame.opcode());
		payload += frame.payload;
		if (frame.flags & 0x80) return payload;
	}
}


//
// Compression
//
struct ZlibDeflater::Stream: public z_stream
{
};


struct ZlibInflater::Stream: public z_stream
{
};


ZlibDeflater::ZlibDeflater(int windowBits, bool contextTakeover, int level):
	_pStream(std::make_unique<Stream>()),
	_contextTakeover(contextTakeover)
{
	std::memset(static_cast<z_stream*>(_pStream.get()), 0, sizeof(z_stream));
	if (deflateInit2(_pStream.get(), level, Z_DEFLATED, -windowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		throw Poco::RuntimeException("deflateInit2");
}


ZlibDeflater::~ZlibDeflater()
{
	deflateEnd(_pStream.get());
}


std::string ZlibDeflater::message(const std::string& payload)
{
	std::string result;
	char block[16384];
	_pStream->next_in  = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
	_pStream->avail_in = static_cast<uInt>(payload.size());
	do
	{
		_pStream->next_out  = reinterpret_cast<Bytef*>(block);
		_pStream->avail_out = sizeof(block);
		deflate(_pStream.get(), Z_SYNC_FLUSH);
		result.append(block, sizeof(block) - _pStream->avail_out);
	}
	while (_pStream->avail_out == 0);
	const std::string tail("\x00\x00\xff\xff", 4);
	if (result.size() >= 4 && result.compare(result.size() - 4, 4, tail) == 0) result.resize(result.size() - 4);
	if (result.empty()) result.assign(1, '\0'); // nothing new to flush: an empty block (RFC 7692, 7.2.3.6)
	if (!_contextTakeover) deflateReset(_pStream.get());
	return result;
}


ZlibInflater::ZlibInflater(int windowBits, bool contextTakeover):
	_pStream(std::make_unique<Stream>()),
	_contextTakeover(contextTakeover)
{
	std::memset(static_cast<z_stream*>(_pStream.get()), 0, sizeof(z_stream));
	if (inflateInit2(_pStream.get(), -windowBits) != Z_OK) throw Poco::RuntimeException("inflateInit2");
}


ZlibInflater::~ZlibInflater()
{
	inflateEnd(_pStream.get());
}


std::string ZlibInflater::message(const std::string& payload)
{
	const std::string input = payload + std::string("\x00\x00\xff\xff", 4);
	std::string result;
	char block[16384];
	_pStream->next_in  = reinterpret_cast<Bytef*>(const_cast<char*>(input.data()));
	_pStream->avail_in = static_cast<uInt>(input.size());
	do
	{
		_pStream->next_out  = reinterpret_cast<Bytef*>(block);
		_pStream->avail_out = sizeof(block);
		const int rc = inflate(_pStream.get(), Z_SYNC_FLUSH);
		result.append(block, sizeof(block) - _pStream->avail_out);
		if (rc == Z_STREAM_END) inflateReset(_pStream.get()); // a final block (RFC 7692, 7.2.3.4)
		else if (rc != Z_OK && rc != Z_BUF_ERROR) throw Poco::DataFormatException("Cannot be decompressed");
	}
	while (_pStream->avail_out == 0 || _pStream->avail_in > 0);
	if (!_contextTakeover) inflateReset(_pStream.get());
	return result;
}


long peakMemory()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return -1; // a sanitizer keeps what was freed
#endif
	std::ifstream status("/proc/self/status");
	std::string name;
	while (status >> name)
	{
		long kibibytes = -1;
		if (name == "VmHWM:" && status >> kibibytes) return kibibytes*1024;
		std::getline(status, name);
	}
	return -1;
}


} // namespace WebSocketTest
