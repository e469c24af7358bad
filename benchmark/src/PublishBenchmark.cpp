//
// PublishBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  PublishBenchmark
//
// What EventsBenchmark does with --broadcast, by the hub of Poco::Messaging: every connection is in one channel, in which every
// message is published. BENCHMARK_HISTORY: how many publications are kept. BENCHMARK_CHANNELS: how many channels have all connections in
// them, and are published in, in turns.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoOptions.h"
#include "EchoSocket.h"
#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/MemoryBackplane.h"
#include "Poco/Net/WebSocketServer.h"
#include <memory>
#include <string>
#include <vector>


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketPreparedMessage;
using namespace Poco::Messaging;


namespace
{
	const int BACKLOG = 4096;

	class ServerConnection: public Connection
	{
	public:
		explicit ServerConnection(WebSocketConnection& connection):
			_pConnection(&connection, true)
		{
		}

		static Result result(WebSocketConnection::SendResult sent)
		{
			switch (sent)
			{
			case WebSocketConnection::SENT:
				return SENT;
			case WebSocketConnection::NOT_OPEN:
				return CLOSED;
			default:
				return FULL;
			}
		}

		Result send(const Prepared& pMessage) override
		{
			return result(_pConnection->send(pMessage));
		}

		WebSocketConnection* connection()
		{
			return _pConnection;
		}

		std::size_t queued() const override
		{
			return static_cast<std::size_t>(_pConnection->metrics().bytesQueued);
		}

		void close(int code, const std::string& reason) override
		{
			_pConnection->close(code, reason);
		}

	private:
		WebSocketConnection::Ptr _pConnection;
	};

	class ServerCarrier: public Carrier
		/// Gives a batch to the server's connections at once.
	{
	public:
		void send(const Prepared& pMessage, Connection* const* ppConnections, std::size_t count, Connection::Result* pResults) override
		{
			WebSocketConnection* connections[BATCH] = {};
			WebSocketConnection::SendResult results[BATCH] = {};
			for (std::size_t i = 0; i < count; ++i) connections[i] = static_cast<ServerConnection*>(ppConnections[i])->connection();
			WebSocketConnection::send(pMessage, connections, count, results);
			for (std::size_t i = 0; i < count; ++i) pResults[i] = ServerConnection::result(results[i]);
		}
	};

	class PayloadEncoder: public Encoder
		/// A message is what was published: the generator compares it.
	{
	public:
		PayloadEncoder(): Encoder(0)
		{
		}

		Prepared publication(const std::string&, const Publication& publication) const override
		{
			return WebSocketPreparedMessage::text(publication.data);
		}

		Prepared presence(const std::string&, const Member&, bool) const override
		{
			return WebSocketPreparedMessage::text("");
		}

		Prepared dropped(const std::string&, Poco::UInt64) const override
		{
			return WebSocketPreparedMessage::text("");
		}

		Prepared unsubscribed(const std::string&, Left) const override
		{
			return WebSocketPreparedMessage::text("");
		}

		Prepared message(const DirectMessage& message) const override
		{
			return WebSocketPreparedMessage::text(message.data);
		}
	};

	class Publish: public Poco::Net::WebSocketServerHandler
	{
	public:
		Publish()
		{
			_pParams->setOptionsOf([](const std::string&)
			{
				ChannelOptions options;
				options.historySize = BENCHMARK_HISTORY;
				return options;
			});
			_pParams->setMaxChannels(SESSION);
			for (int i = 0; i < BENCHMARK_CHANNELS; ++i) _names.push_back("channel-" + std::to_string(i));
			_pHub = std::make_unique<Hub>(Backplane::Ptr(new MemoryBackplane), _pParams, std::make_shared<ServerCarrier>());
		}

		void onOpen(WebSocketConnection& connection, Poco::Net::HTTPServerRequest&) override
		{
			const auto pSessions = std::make_shared<Sessions>();
			for (std::size_t i = 0; i < _names.size(); ++i)
			{
				if (i % SESSION == 0) pSessions->push_back(_pHub->attach(Connection::Ptr(new ServerConnection(connection)), _pEncoder));
				_pHub->subscribe(pSessions->back(), _names[i], SubscribeDone());
			}
			connection.setUserData(pSessions);
		}

		void onMessage(WebSocketConnection&, std::string_view data, WebSocketFrame::Opcode) override
		{
			_pHub->publish(_names[_next++ % _names.size()], std::string(data));
		}

		void onDrained(WebSocketConnection& connection) override
		{
			for (const Session::Ptr& pSession: sessionsOf(connection)) _pHub->drained(pSession);
		}

		void onClose(WebSocketConnection& connection, int, const std::string&) override
		{
			for (const Session::Ptr& pSession: sessionsOf(connection)) _pHub->detach(pSession);
		}

	private:
		enum
		{
			SESSION = 4096 // channels that a session may be in
		};

		typedef std::vector<Session::Ptr> Sessions;

		static const Sessions& sessionsOf(WebSocketConnection& connection)
			/// As long as it is open.
		{
			return *std::static_pointer_cast<Sessions>(connection.userData());
		}

		std::vector<std::string> _names;
		std::size_t _next = 0; // there is one loop
		Encoder::Ptr _pEncoder{new PayloadEncoder};
		HubParams::Ptr _pParams{new HubParams};
		std::unique_ptr<Hub> _pHub;
	};
}


int main(int argc, char** argv)
	/// Listens on a free port of the loopback interface, prints the port and its process id, and stops on SIGTERM.
{
	return serve([&]
	{
		const EchoOptions options = EchoOptions::parse(argc, argv);
		const Poco::Net::ServerSocket socket = listeningSocket(BACKLOG, options.tls, options.renegotiation);
		Poco::Net::WebSocketServerParams::Ptr pParams = new Poco::Net::WebSocketServerParams;
		pParams->setThreads(1);
		pParams->setPingInterval(0); // the generators know no PING
		Poco::Net::WebSocketServer server(Poco::Net::WebSocketServerHandler::Ptr(new Publish), pParams);
		server.listen(socket);
		server.start();
		untilStopped(socket);
		server.stop();
	});
}
