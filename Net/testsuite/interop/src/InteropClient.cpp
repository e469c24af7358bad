//
// InteropClient.cpp
//
// A client that has a conversation with a server of another make, whose paths are
// those of InteropServer.
//
// usage: InteropClient <port> [<certificate>]
//
// With a certificate, which must be the server's, the connections are TLS. Ends with status 0 if every
// step went as it should.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Conversation.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetSSL.h"
#include "Poco/Exception.h"
#include "Poco/NumberParser.h"
#include <functional>
#include <future>
#include <iostream>
#include <memory>
#include <vector>


using namespace Poco::Net;
using namespace Interop;


namespace
{
	constexpr int TEXT   = WebSocket::FRAME_OP_TEXT;
	constexpr int BINARY = WebSocket::FRAME_OP_BINARY;
	constexpr int PING   = WebSocket::FRAME_OP_PING;

	const std::string UTF8("1 byte: A, 2: ß, 3: 水, 4: 😀, and more");

	class Server
		/// Where the server is.
	{
	public:
		Server(Poco::UInt16 port, const std::string& certificate):
			_port(port)
		{
			if (!certificate.empty())
				_pContext = new Context(Context::TLS_CLIENT_USE, certificate, Context::VERIFY_STRICT);
		}

		WebSocket connect(const std::string& path) const
		{
			std::unique_ptr<HTTPClientSession> pSession = _pContext
				? std::make_unique<HTTPSClientSession>("localhost", _port, _pContext)
				: std::make_unique<HTTPClientSession>("localhost", _port);
			pSession->setTimeout(Poco::Timespan(DEADLINE_S, 0));
			HTTPRequest request(HTTPRequest::HTTP_GET, path, HTTPMessage::HTTP_1_1);
			request.set("Sec-WebSocket-Protocol", "something-else, " + SUBPROTOCOL);
			HTTPResponse response;
			WebSocket ws(*pSession, request, response);
			check(response.get("Sec-WebSocket-Protocol", "") == SUBPROTOCOL, "the server chose the subprotocol");
			return ws;
		}

	private:
		Poco::UInt16 _port;
		Context::Ptr _pContext;
	};

	void echo(Peer& peer, int opcode, const std::string& payload)
	{
		peer.send(opcode, payload);
		peer.expectMessage(opcode, payload);
	}

	void messages(Peer& peer)
	{
		echo(peer, TEXT, "Hello");
		echo(peer, TEXT, UTF8);
		echo(peer, TEXT, "");
		echo(peer, BINARY, "");
		for (std::size_t length: {1, 125, 126, 127, 65535, 65536, 1 << 20})
		{
			echo(peer, BINARY, pattern(length));
			echo(peer, TEXT, std::string(length, 'x'));
		}
	}

	void fragments(Peer& peer)
	{
		peer.sendFragments(TEXT, UTF8, 1); // cut inside characters
		peer.expectPong("between fragments");
		peer.expectMessage(TEXT, UTF8);
		peer.sendFragments(BINARY, pattern(200000), 30000);
		peer.expectPong("between fragments");
		peer.expectMessage(BINARY, pattern(200000));
	}

	void pings(Peer& peer)
	{
		for (const std::string& payload: {std::string(), std::string("payload"), std::string(125, 'p')})
		{
			peer.send(PING, payload);
			peer.expectPong(payload);
		}
	}

	void manyInFlight(Peer& peer)
	{
		constexpr std::size_t COUNT = 1000;
		const auto content = [](std::size_t i) { return std::to_string(i) + std::string(i*13 % 2000, 'f'); };
		std::future<void> sending = std::async(std::launch::async, [&peer, &content]()
		{
			for (std::size_t i = 0; i < COUNT; ++i) peer.send(TEXT, content(i));
		});
		for (std::size_t i = 0; i < COUNT; ++i) peer.expectMessage(TEXT, content(i));
		sending.get();
	}

	void clientCloses(const Server& server)
	{
		const std::string reason("genug für heute");
		{
			WebSocket ws = server.connect("/echo");
			Peer(ws).close(4000, reason);
		}
		WebSocket ws = server.connect("/report");
		Peer peer(ws);
		peer.expectMessage(TEXT, "4000 " + reason);
		peer.close(WebSocket::WS_NORMAL_CLOSE, "");
	}

	void serverCloses(const Server& server)
	{
		WebSocket ws = server.connect("/close");
		Peer(ws).expectClose(SERVER_CLOSE_CODE, SERVER_CLOSE_REASON);
	}

	void serverPings(const Server& server)
	{
		WebSocket ws = server.connect("/ping");
		Peer peer(ws);
		peer.expectMessage(TEXT, PONG_REPORT);
		peer.close(WebSocket::WS_NORMAL_CLOSE, "");
	}

	void serverFragments(const Server& server)
	{
		WebSocket ws = server.connect("/fragments");
		Peer peer(ws);
		peer.expectMessage(TEXT, FRAGMENTED_TEXT);
		peer.expectMessage(BINARY, pattern(FRAGMENTED_BINARY_LENGTH));
		peer.close(WebSocket::WS_NORMAL_CLOSE, "");
	}

	std::function<void (const Server&)> onEcho(void (*step)(Peer&))
		/// A step on a connection of its own, which is closed at its end.
	{
		return [step](const Server& server)
		{
			{
				WebSocket ws = server.connect("/echo");
				Peer peer(ws);
				step(peer);
				peer.close(WebSocket::WS_NORMAL_CLOSE, "");
			}
			WebSocket ws = server.connect("/report");
			Peer peer(ws);
			peer.expectMessage(TEXT, "1000 ");
			peer.close(WebSocket::WS_NORMAL_CLOSE, "");
		};
	}

	struct Step
	{
		std::string name;
		std::function<void (const Server&)> run;
	};

	const std::vector<Step> STEPS =
	{
		{"messages",        onEcho(messages)},
		{"fragments",       onEcho(fragments)},
		{"pings",           onEcho(pings)},
		{"many in flight",  onEcho(manyInFlight)},
		{"client closes",   clientCloses},
		{"server closes",   serverCloses},
		{"server pings",    serverPings},
		{"server fragments", serverFragments},
	};

	bool runStep(const Step& step, const Server& server)
	{
		std::string outcome("ok");
		try
		{
			step.run(server);
		}
		catch (const Poco::Exception& exc)
		{
			outcome = exc.displayText();
		}
		catch (const std::exception& exc)
		{
			outcome = exc.what();
		}
		std::cout << "InteropClient: " << step.name << ": " << outcome << std::endl;
		return outcome == "ok";
	}
}


int main(int argc, char** argv)
{
	unsigned port = 0;
	if (argc < 2 || argc > 3 || !Poco::NumberParser::tryParseUnsigned(argv[1], port))
	{
		std::cerr << "usage: InteropClient <port> [<certificate>]" << std::endl;
		return 64;
	}
	initializeSSL();
	int failures = 0;
	try
	{
		const Server server(static_cast<Poco::UInt16>(port), argc > 2 ? argv[2] : "");
		for (const Step& step: STEPS)
		{
			if (!runStep(step, server)) ++failures;
		}
	}
	catch (const Poco::Exception& exc)
	{
		std::cerr << "InteropClient: " << exc.displayText() << std::endl;
		failures = 1;
	}
	uninitializeSSL();
	return failures == 0 ? 0 : 1;
}
