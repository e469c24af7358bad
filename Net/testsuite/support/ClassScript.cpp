//
// ClassScript.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "support/TestLocalhost.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/String.h"
#include <sstream>


using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::Socket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocket;


namespace WebSocketTest {


std::string transportName(const ::testing::TestParamInfo<Transport>& info)
{
	return info.param == Transport::PLAIN ? "Plain" : "TLS";
}


ScriptedServer::ScriptedServer(Transport transport, const Script& script):
	_socket(localhost()),
	_transport(transport),
	_connections(0),
	_script(std::async(std::launch::async, [this, script] { script(*this); }))
{
}


ScriptedServer::~ScriptedServer()
{
	if (!_script.valid()) return;
	try
	{
		_script.get();
	}
	catch (const Poco::Exception& exc)
	{
		ADD_FAILURE() << "Script: " << exc.displayText();
	}
}


Poco::UInt16 ScriptedServer::port() const
{
	return _socket.address().port();
}


RawPeer ScriptedServer::accept()
{
	if (!_socket.poll(deadline(), Socket::SELECT_READ)) throw Poco::TimeoutException("Nobody connects");
	++_connections;
	return RawPeer(_socket.acceptConnection(), _transport, true);
}


int ScriptedServer::connections() const
{
	return _connections;
}


void ScriptedServer::finish()
{
	EXPECT_NO_THROW(get(_script));
	EXPECT_FALSE(_socket.poll(0, Socket::SELECT_READ)) << "one connection more";
}


std::unique_ptr<HTTPClientSession> ScriptedServer::session() const
{
	std::unique_ptr<HTTPClientSession> pSession;
	if (_transport == Transport::TLS)
		pSession = std::make_unique<Poco::Net::HTTPSClientSession>("localhost", port(), clientContext());
	else
		pSession = std::make_unique<HTTPClientSession>("127.0.0.1", port());
	pSession->setTimeout(deadline());
	return pSession;
}


namespace
{
	class FunctionHandler: public Poco::Net::HTTPRequestHandler
	{
	public:
		explicit FunctionHandler(const TestServer::RequestHandler& function):
			_function(function)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			_function(request, response);
		}

	private:
		TestServer::RequestHandler _function;
	};
}


FunctionFactory::FunctionFactory(const TestServer::RequestHandler& function):
	_function(function)
{
}


Poco::Net::HTTPRequestHandler* FunctionFactory::createRequestHandler(const HTTPServerRequest&)
{
	return new FunctionHandler(_function);
}


std::string response(int status, const std::string& headers, const std::string& body)
{
	return "HTTP/1.1 " + std::to_string(status) + " Reason\r\n" + headers +
		"Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}


std::string receiveRequest(RawPeer& peer)
{
	return peer.receiveThrough("\r\n\r\n");
}


HTTPRequest parseRequest(const std::string& head)
{
	std::istringstream stream(head);
	HTTPRequest request;
	request.read(stream);
	return request;
}


HTTPResponse parseResponse(const std::string& head)
{
	std::istringstream stream(head);
	HTTPResponse result;
	result.read(stream);
	return result;
}


namespace
{
	std::vector<std::string> values(const std::string& head, const std::string& name)
	{
		std::vector<std::string> result;
		std::istringstream stream(head);
		std::string line;
		while (std::getline(stream, line) && line != "\r")
		{
			const std::size_t colon = line.find(':');
			if (colon != std::string::npos && Poco::icompare(line.substr(0, colon), name) == 0)
				result.push_back(Poco::trim(line.substr(colon + 1)));
		}
		return result;
	}
}


int lines(const std::string& head, const std::string& name)
{
	return static_cast<int>(values(head, name).size());
}


std::string value(const std::string& head, const std::string& name)
{
	const std::vector<std::string> all = values(head, name);
	EXPECT_EQ(1u, all.size()) << name << " in\n" << head;
	return all.size() == 1 ? all[0] : std::string();
}


std::string acceptOf(const std::string& key)
{
	return value(handshakeResponse("GET / HTTP/1.1\r\nSec-WebSocket-Key: " + key + "\r\n\r\n"), "Sec-WebSocket-Accept");
}


void expectEcho(WebSocket& ws, const std::string& text)
{
	ws.setReceiveTimeout(deadline());
	EXPECT_EQ(static_cast<int>(text.size()), ws.sendFrame(text.data(), static_cast<int>(text.size())));
	const Received received = appendFrame(ws);
	EXPECT_EQ(int(WebSocket::FRAME_TEXT), received.flags);
	EXPECT_TRUE(text == received.payload) << received.payload.size() << " bytes have come back";
}


void echoOnce(RawPeer& peer)
{
	const Frame received = peer.receiveFrame();
	peer.send(frame(received.flags, received.payload, false));
}


void echoFrames(WebSocket& ws)
{
	Poco::Buffer<char> buffer(0);
	int flags = 0;
	int n = 0;
	do
	{
		buffer.resize(0);
		n = ws.receiveFrame(buffer, flags);
		if (n == 0 && flags == 0) break;
		ws.sendFrame(buffer.begin(), n, flags);
	}
	while ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CLOSE);
}


} // namespace WebSocketTest
