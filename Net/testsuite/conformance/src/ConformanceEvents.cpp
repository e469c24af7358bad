//
// ConformanceEvents.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ConformanceEvents.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Event.h"
#include "Poco/NumberParser.h"
#include <iostream>
#include <limits>


using namespace Poco::Net;


namespace
{
	const std::string INITIATE_FIELD("Conformance-Close");
	const std::string INITIATED_REASON("that is enough, \xe6\xb0\xb4");

	template <class Handler>
	class EchoOf: public Handler
	{
	public:
		explicit EchoOf(const std::string& engine):
			_parts(engine == "eventparts")
		{
		}

		void onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			if (connection.state() == WebSocketConnection::OPEN) connection.send(data, opcode);
		}

		void onPart(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode, bool last) override
		{
			if (connection.state() == WebSocketConnection::OPEN) connection.sendPart(data, opcode, last);
		}

	protected:
		void begin(WebSocketConnection& connection, const HTTPMessage& header)
		{
			connection.setParts(_parts);
			const int closeCode = Poco::NumberParser::parse(header.get(INITIATE_FIELD, "0"));
			if (closeCode) connection.close(closeCode, INITIATED_REASON);
		}

	private:
		const bool _parts;
	};

	class Echo: public EchoOf<WebSocketServerHandler>
	{
	public:
		using EchoOf::EchoOf;

		void onOpen(WebSocketConnection& connection, HTTPServerRequest& request) override
		{
			begin(connection, request);
		}
	};

	class ClientEcho: public EchoOf<WebSocketClientHandler>
	{
	public:
		using EchoOf::EchoOf;

		static HTTPResponse visit(Poco::SharedPtr<ClientEcho> pEcho, WebSocketClientLoop& loop, const Poco::URI& uri, const WebSocketClientParams::Ptr& pParams)
			/// Connects, and returns the server's answer when the connection has ended.
		{
			WebSocketClient client(uri, pEcho, loop, pParams);
			pEcho->_pClient = &client;
			client.start();
			pEcho->_done.wait();
			const HTTPResponse response = client.response();
			client.stop();
			return response;
		}

		void onOpen(WebSocketConnection& connection, const HTTPRequest&, const HTTPResponse& response) override
		{
			begin(connection, response);
		}

		void onConnectFailed(const Poco::Exception& error) override
		{
			if (_pClient->response().getStatus() != HTTPResponse::HTTP_GONE)
				std::cerr << "ConformanceEcho: " << error.displayText() << std::endl;
			_done.set();
		}

		void onClose(WebSocketConnection&, int, const std::string&) override
		{
			_done.set();
		}

	private:
		const WebSocketClient* _pClient = nullptr;
		Poco::Event _done;
	};

	class Listener: public ClientEcho
		/// Keeps the last message.
	{
	public:
		Listener():
			ClientEcho("events")
		{
		}

		void onMessage(WebSocketConnection&, std::string_view data, WebSocketFrame::Opcode) override
		{
			message.assign(data);
		}

		std::string message;
	};

	template <typename Params>
	typename Params::Ptr params()
	{
		typename Params::Ptr pParams = new Params;
		pParams->setDeflate(true);
		pParams->setDeflateThreshold(0);
		return pParams;
	}
}


bool isEventEngine(const std::string& name)
{
	return name == "events" || name == "eventparts";
}


void runEventServer(const std::string& engine, const ServerSocket& socket)
{
	WebSocketServerParams::Ptr pParams = params<WebSocketServerParams>();
	pParams->setThreads(1);
	WebSocketServer server(new Echo(engine), pParams);
	server.listen(socket);
	server.start();
	std::cout << "port " << socket.address().port() << std::endl;
	std::cin.ignore(std::numeric_limits<std::streamsize>::max());
	server.stop();
}


namespace
{
	WebSocketClientParams::Ptr clientParams()
	{
		WebSocketClientParams::Ptr pParams = params<WebSocketClientParams>();
		pParams->setReconnect(false);
		pParams->setCloseTimeout(Poco::Timespan(0, 500000)); // some cases leave it to the client to end the stream
		return pParams;
	}

	void expectConnected(const HTTPResponse& response)
	{
		if (response.getStatus() != HTTPResponse::HTTP_SWITCHING_PROTOCOLS) throw Poco::IOException("No connection");
	}
}


void runEventClient(const std::string& engine, Poco::UInt16 port, const Context::Ptr& pContext)
{
	WebSocketClientParams::Ptr pParams = clientParams();
	pParams->setSessionFactory([pContext](const Poco::URI& uri) -> std::unique_ptr<HTTPClientSession>
	{
		if (pContext) return std::make_unique<HTTPSClientSession>(uri.getHost(), uri.getPort(), pContext);
		return std::make_unique<HTTPClientSession>(uri.getHost(), uri.getPort());
	});
	WebSocketClientLoop loop;
	const Poco::URI uri((pContext ? "wss://127.0.0.1:" : "ws://127.0.0.1:") + std::to_string(port) + "/");
	for (;;)
	{
		const HTTPResponse response = ClientEcho::visit(new ClientEcho(engine), loop, uri, pParams);
		if (response.getStatus() == HTTPResponse::HTTP_GONE) return;
		expectConnected(response);
	}
}


void runEventAutobahn(const std::string& engine, const std::string& host, Poco::UInt16 port)
{
	WebSocketClientLoop loop;
	const std::string server = "ws://" + host + ":" + std::to_string(port);
	const std::string agent = "agent=PocoWebSocket-" + engine;
	const Poco::SharedPtr<Listener> pListener = new Listener;
	expectConnected(ClientEcho::visit(pListener, loop, Poco::URI(server + "/getCaseCount"), clientParams()));
	const int count = Poco::NumberParser::parse(pListener->message);
	for (int i = 1; i <= count; ++i)
	{
		std::cout << "case " << i << " of " << count << std::endl;
		expectConnected(ClientEcho::visit(new ClientEcho(engine), loop, Poco::URI(server + "/runCase?case=" + std::to_string(i) + '&' + agent), clientParams()));
	}
	expectConnected(ClientEcho::visit(pListener, loop, Poco::URI(server + "/updateReports?" + agent), clientParams()));
}
