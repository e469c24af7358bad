//
// EventsBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  EventsBenchmark
//
// The echo server with WebSocketServer: one thread for all connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoOptions.h"
#include "EchoSocket.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Timespan.h"
#include <algorithm>
#include <iostream>
#include <stdexcept>
#include <vector>


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketPreparedMessage;


namespace
{
	const int BACKLOG = 4096;

	class Echo: public Poco::Net::WebSocketServerHandler
		/// Returns every message, or every part of one.
	{
	public:
		explicit Echo(bool parts):
			_parts(parts)
		{
		}

		void onOpen(WebSocketConnection& connection, Poco::Net::HTTPServerRequest&) override
		{
			connection.setParts(_parts);
		}

		void onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			connection.send(data, opcode);
		}

		void onPart(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode, bool last) override
		{
			connection.sendPart(data, opcode, last);
			if (connection.metrics().bytesQueued > 0) connection.pause(); // rather than to hold the message in memory
		}

		void onDrained(WebSocketConnection& connection) override
		{
			connection.resume();
		}

	private:
		bool _parts;
	};

	class Broadcast: public Poco::Net::WebSocketServerHandler
		/// Sends every message to all.
	{
	public:
		void onMessage(WebSocketConnection&, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			pServer->broadcast(new WebSocketPreparedMessage(data, opcode));
		}

		Poco::Net::WebSocketServer* pServer = nullptr;
	};

	class EachOfAll: public Poco::Net::WebSocketServerHandler
		/// The same, as one does who has rooms: to one connection after the other.
	{
	public:
		void onOpen(WebSocketConnection& connection, Poco::Net::HTTPServerRequest&) override
		{
			_connections.push_back(&connection);
		}

		void onMessage(WebSocketConnection&, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			const WebSocketPreparedMessage::Ptr pMessage = new WebSocketPreparedMessage(data, opcode);
			for (WebSocketConnection* pConnection: _connections) pConnection->send(pMessage);
		}

		void onClose(WebSocketConnection& connection, int, const std::string&) override
		{
			_connections.erase(std::find(_connections.begin(), _connections.end(), &connection));
		}

	private:
		std::vector<WebSocketConnection*> _connections;
	};

	Poco::Net::WebSocketServerParams::Ptr parameters(const EchoOptions& options)
	{
		Poco::Net::WebSocketServerParams::Ptr pParams = new Poco::Net::WebSocketServerParams;
		pParams->setThreads(1);
		pParams->setVerifyUTF8(options.verifyUTF8);
		pParams->setDeflate(options.deflate);
		pParams->setDeflateLevel(options.level);
		pParams->setDeflateMemLevel(options.memLevel);
		pParams->setDeflateThreshold(options.threshold);
		Poco::Net::WebSocketDeflateParams deflate;
		deflate.clientNoContextTakeover = options.clientNoTakeover;
		deflate.serverNoContextTakeover = options.serverNoTakeover;
		deflate.clientMaxWindowBits = options.windowBits;
		deflate.serverMaxWindowBits = options.windowBits;
		pParams->setDeflateParams(deflate);
		pParams->setPingInterval(0); // the generators know no PING, and may be silent for long: receivers of a broadcast
		if (options.maxConnections > 0) pParams->setMaxConnections(options.maxConnections);
		if (options.maxMessage > 0) pParams->setMaxMessageSize(options.maxMessage);
		if (options.maxQueued > 0) pParams->setMaxQueuedBytes(options.maxQueued);
		if (options.handshakeTimeout > 0) pParams->setHandshakeTimeout(Poco::Timespan(1000*static_cast<Poco::Timespan::TimeDiff>(options.handshakeTimeout)));
		if (!options.trusted.empty()) pParams->setTrustedProxies({options.trusted});
		return pParams;
	}

	Poco::Net::WebSocketServerHandler::Ptr handler(const EchoOptions& options)
	{
		if (options.each) return new EachOfAll;
		if (options.broadcast) return new Broadcast;
		return new Echo(options.parts);
	}

	void print(const Poco::Net::WebSocketServer::Metrics& metrics, int proxyPort)
		/// As JSON, in a line.
	{
		std::cout << "{\"connections\": " << metrics.connections << ", \"handshakes\": " << metrics.handshakes
			<< ", \"accepted\": " << metrics.connectionsAccepted << ", \"opened\": " << metrics.connectionsOpened
			<< ", \"refused\": " << metrics.connectionsRefused << ", \"messages_received\": " << metrics.messagesReceived
			<< ", \"messages_sent\": " << metrics.messagesSent << ", \"bytes_received\": " << metrics.bytesReceived
			<< ", \"bytes_sent\": " << metrics.bytesSent << ", \"forwarded_ignored\": " << metrics.forwardedIgnored
			<< ", \"proxy_port\": " << proxyPort << "}" << std::endl;
	}
}


int main(int argc, char** argv)
	/// Listens on a free port of the loopback interface, prints the port and its process id, prints the metrics on SIGUSR1,
	/// and stops on SIGTERM.
{
	return serve([&]
	{
		const EchoOptions options = EchoOptions::parse(argc, argv);
		if (options.cork) throw std::invalid_argument("--cork is unknown here");
		const Poco::Net::ServerSocket socket = listeningSocket(BACKLOG, options.tls, options.renegotiation);
		Poco::Net::WebSocketServerHandler::Ptr pHandler = handler(options);
		Poco::Net::WebSocketServer server(pHandler, parameters(options));
		if (auto* const pBroadcast = dynamic_cast<Broadcast*>(pHandler.get())) pBroadcast->pServer = &server;
		server.listen(socket);
		int proxyPort = 0;
		if (!options.trusted.empty())
		{
			const Poco::Net::ServerSocket behind = listeningSocket(BACKLOG, options.tls, options.renegotiation);
			server.listen(behind, Poco::Net::WebSocketServer::ProxyProtocol::REQUIRED);
			proxyPort = behind.address().port();
		}
		server.start();
		untilStopped(socket, [&] { print(server.metrics(), proxyPort); });
		server.stop();
	});
}
