//
// SlowEnd.cpp
//
// Our end of a slow connection, with the default limits.
//
// SPDX-License-Identifier: BSL-1.0
//


//
// usage: SlowEnd <engine> <task> <count> <length> <address> <port> plain|tls
//        SlowEnd <engine> <task> <count> <length> <address> plain
//        SlowEnd <engine> <task> <count> <length> <address> tls <certificate> <key>
//
// With a port a client, otherwise a server for one connection, which writes "port <number>" first.
//
// engine: frames or messages (the class), or events.
// task:   send (count messages of length bytes; the peer closes), close (the same, and closes at once itself) or receive (them;
//         the peer closes; an event connection has an idle timeout of 3 s then).
//
// Each line has the seconds since the start. Exits with 0 if all went well: no error, and the peer's Close frame with code 1000.
// If close() of the class has not waited for that, which its documentation allows, it is left to the peer to say what has come.


#include "Poco/Net/Context.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/NetSSL.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Clock.h"
#include "Poco/Event.h"
#include "Poco/NumberParser.h"
#include <algorithm>
#include <cstdlib>
#include <iomanip>
#include <iostream>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>


using namespace Poco::Net;


namespace
{
	constexpr int PERIOD = 251; // of the bytes of a message, which are 0, 1, 2...
	const Poco::Timespan PING_INTERVAL(30, 0); // the default of the event shell; the class has none
	const Poco::Timespan IDLE_TIMEOUT(3, 0);

	void say(const std::string& text)
	{
		static std::mutex mutex;
		static const Poco::Clock start;
		const std::lock_guard<std::mutex> lock(mutex);
		std::cout << std::fixed << std::setprecision(1) << std::setw(7) << static_cast<double>(start.elapsed())/1e6 << "  " << text << std::endl;
	}

	[[noreturn]] void fail(const std::string& text)
		/// Ends the process, whatever its other threads do.
	{
		say("FAILED: " + text);
		std::_Exit(1);
	}

	[[noreturn]] void fail(const std::string& what, const Poco::Exception& exc)
	{
		fail(what + ": " + exc.displayText() + " (" + std::to_string(exc.code()) + ')');
	}

	struct Job
	{
		std::string engine;
		std::string task;
		int count = 0;
		int length = 0;
		SocketAddress address; // to connect to, or, with port 0, to listen on
		Context::Ptr pContext; // null: plain

		std::string message() const
		{
			std::string result(static_cast<std::size_t>(length), '\0');
			for (std::size_t i = 0; i < result.size(); ++i) result[i] = static_cast<char>(i % PERIOD);
			return result;
		}
	};

	class Received
		/// Checks what has come.
	{
	public:
		explicit Received(const Job& job):
			_job(job)
		{
			if (job.task == "receive") _expected = job.message();
		}

		void message(std::string_view data)
		{
			if (data != _expected) fail("a message of " + std::to_string(data.size()) + " bytes is not as it was sent");
			++_count;
		}

		void closed(int code)
		{
			say("closed: " + std::to_string(code));
			if (code != WebSocket::WS_NORMAL_CLOSE) fail("not closed by the peer");
			if (_job.task == "receive" && _count != _job.count) fail(std::to_string(_count) + " messages have come");
		}

	private:
		const Job& _job;
		std::string _expected;
		int _count = 0;
	};

	//
	// The class
	//
	template <typename Call>
	void insist(const Job& job, const Call& receive)
		/// A receive timeout without anything to receive is no failure: the call is repeated.
	{
		for (;;)
		{
			try
			{
				receive();
				return;
			}
			catch (const Poco::TimeoutException& exc)
			{
				if (job.task == "receive") fail("receiving", exc);
				say("note: receive timeout");
			}
		}
	}

	void receiveFrames(WebSocket& ws, const Job& job)
	{
		Received received(job);
		Poco::Buffer<char> buffer(0);
		int flags = 0;
		for (;;)
		{
			int n = 0;
			buffer.resize(0);
			insist(job, [&] { n = ws.receiveFrame(buffer, flags); });
			const int opcode = flags & WebSocket::FRAME_OP_BITMASK;
			if (n == 0 && flags == 0) fail("the stream has ended");
			if (opcode == WebSocket::FRAME_OP_CLOSE) break;
			if (opcode == WebSocket::FRAME_OP_PING) ws.sendFrame(buffer.begin(), n, WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG);
			else if (opcode != WebSocket::FRAME_OP_PONG) received.message(std::string_view(buffer.begin(), buffer.size()));
		}
		ws.sendFrame(buffer.begin(), static_cast<int>(buffer.size()), flags); // nothing, if that was sent before
		received.closed(ws.closeCode());
	}

	void frames(WebSocket& ws, const Job& job)
	{
		if (job.task != "receive")
		{
			const std::string message = job.message();
			for (int i = 0; i < job.count; ++i) ws.sendFrame(message.data(), job.length, WebSocket::FRAME_BINARY);
			say("sent");
		}
		if (job.task == "close") ws.shutdown();
		receiveFrames(ws, job);
	}

	void sendMessages(WebSocket& ws, const Job& job)
	{
		const std::string message = job.message();
		for (int i = 0; i < job.count; ++i) ws.sendMessage(message, WebSocketFrame::OP_BINARY);
		say("sent");
	}

	void receiveMessages(WebSocket& ws, const Job& job)
	{
		Received received(job);
		std::string message;
		WebSocketFrame::Opcode opcode;
		for (bool open = true;;)
		{
			insist(job, [&] { open = ws.receiveMessage(message, opcode); });
			if (!open) break;
			received.message(message);
		}
		received.closed(ws.closeCode());
	}

	void messages(WebSocket& ws, const Job& job)
	{
		if (job.task == "receive")
		{
			receiveMessages(ws, job);
		}
		else if (job.task == "close")
		{
			sendMessages(ws, job);
			if (ws.closeHandshake(WebSocket::WS_NORMAL_CLOSE)) Received(job).closed(ws.closeCode());
			else say("note: close() has not waited for the peer's Close frame");
		}
		else
		{
			std::thread sending([&]
			{
				try
				{
					sendMessages(ws, job);
				}
				catch (const Poco::Exception& exc)
				{
					fail("sending", exc);
				}
			});
			try
			{
				receiveMessages(ws, job);
			}
			catch (const Poco::Exception& exc)
			{
				fail("receiving", exc);
			}
			sending.join();
		}
	}

	void speak(WebSocket& ws, const Job& job)
	{
		say("open");
		if (job.engine == "frames") frames(ws, job);
		else messages(ws, job);
	}

	WebSocketParams::Ptr params()
	{
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setPingInterval(PING_INTERVAL);
		return pParams;
	}

	class Handler: public HTTPRequestHandler
	{
	public:
		Handler(const Job& job, Poco::Event& done):
			_job(job),
			_done(done)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			try
			{
				WebSocket ws(request, response, params());
				speak(ws, _job);
			}
			catch (const Poco::Exception& exc)
			{
				fail("class", exc);
			}
			_done.set();
		}

	private:
		const Job& _job;
		Poco::Event& _done;
	};

	class HandlerFactory: public HTTPRequestHandlerFactory
	{
	public:
		HandlerFactory(const Job& job, Poco::Event& done):
			_job(job),
			_done(done)
		{
		}

		HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
		{
			return new Handler(_job, _done);
		}

	private:
		const Job& _job;
		Poco::Event& _done;
	};

	void tellPort(const ServerSocket& socket)
	{
		std::cout << "port " << socket.address().port() << std::endl;
	}

	void runServer(const Job& job, const ServerSocket& socket)
	{
		Poco::Event done;
		HTTPServer server(new HandlerFactory(job, done), socket, new HTTPServerParams);
		server.start();
		tellPort(socket);
		done.wait();
		server.stop();
		Poco::ThreadPool::defaultPool().joinAll();
	}

	std::unique_ptr<HTTPClientSession> session(const Job& job)
	{
		const std::string host = job.address.host().toString();
		if (job.pContext) return std::make_unique<HTTPSClientSession>(host, job.address.port(), job.pContext);
		return std::make_unique<HTTPClientSession>(host, job.address.port());
	}

	void runClient(const Job& job)
	{
		const std::unique_ptr<HTTPClientSession> pSession = session(job);
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPMessage::HTTP_1_1);
		HTTPResponse response;
		WebSocket ws(*pSession, request, response, params());
		speak(ws, job);
	}

	//
	// The event shell
	//
	template <class Handler>
	class EventHandler: public Handler
	{
	public:
		EventHandler(const Job& job, Poco::Event& done):
			_job(job),
			_received(job),
			_done(done)
		{
		}

		void opened(WebSocketConnection& connection)
		{
			say("open");
			if (_job.task == "receive") return;
			const std::string message = _job.message();
			for (int i = 0; i < _job.count; ++i)
				if (connection.send(message, WebSocketFrame::OP_BINARY) != WebSocketConnection::SENT) fail("a message is not queued");
			if (_job.task == "close") connection.close(WebSocket::WS_NORMAL_CLOSE);
		}

		void onMessage(WebSocketConnection&, std::string_view data, WebSocketFrame::Opcode) override
		{
			_received.message(data);
		}

		void onDrained(WebSocketConnection&) override
		{
			say("drained");
		}

		void onError(WebSocketConnection&, const Poco::Exception& error) override
		{
			fail("events", error);
		}

		void onClose(WebSocketConnection&, int code, const std::string&) override
		{
			_received.closed(code);
			_done.set();
		}

	private:
		const Job& _job;
		Received _received;
		Poco::Event& _done;
	};

	class ServerHandler: public EventHandler<WebSocketServerHandler>
	{
	public:
		using EventHandler::EventHandler;

		void onOpen(WebSocketConnection& connection, HTTPServerRequest&) override
		{
			opened(connection);
		}
	};

	class ClientHandler: public EventHandler<WebSocketClientHandler>
	{
	public:
		using EventHandler::EventHandler;

		void onOpen(WebSocketConnection& connection, const HTTPRequest&, const HTTPResponse&) override
		{
			opened(connection);
		}

		void onConnectFailed(const Poco::Exception& error) override
		{
			fail("no connection", error);
		}
	};

	template <typename Params>
	typename Params::Ptr eventParams(const Job& job)
	{
		typename Params::Ptr pParams = new Params;
		if (job.task == "receive") pParams->setIdleTimeout(IDLE_TIMEOUT);
		return pParams;
	}

	void runEventServer(const Job& job, const ServerSocket& socket)
	{
		Poco::Event done;
		WebSocketServer server(new ServerHandler(job, done), eventParams<WebSocketServerParams>(job));
		server.listen(socket);
		server.start();
		tellPort(socket);
		done.wait();
		server.stop();
	}

	void runEventClient(const Job& job)
	{
		WebSocketClientParams::Ptr pParams = eventParams<WebSocketClientParams>(job);
		pParams->setReconnect(false);
		pParams->setSessionFactory([&job](const Poco::URI&) { return session(job); });
		Poco::Event done;
		WebSocketClientLoop loop;
		const Poco::URI uri((job.pContext ? "wss://" : "ws://") + job.address.toString() + "/");
		WebSocketClient client(uri, new ClientHandler(job, done), loop, pParams);
		client.start();
		done.wait();
		client.stop();
	}

	ServerSocket serverSocket(const Job& job)
	{
		if (job.pContext) return SecureServerSocket(job.address, 64, job.pContext);
		return ServerSocket(job.address);
	}

	void run(const std::vector<std::string>& args)
	{
		if (args.size() < 6) throw Poco::InvalidArgumentException("usage: SlowEnd <engine> <task> <count> <length> <address> ...");
		Job job;
		job.engine = args[0];
		job.task = args[1];
		job.count = Poco::NumberParser::parse(args[2]);
		job.length = Poco::NumberParser::parse(args[3]);
		const bool events = job.engine == "events";
		if (args[5] == "plain" || args[5] == "tls")
		{
			job.address = SocketAddress(args[4], 0);
			if (args[5] == "tls") job.pContext = new Context(Context::TLS_SERVER_USE, args.at(7), args.at(6), "", Context::VERIFY_NONE);
			const ServerSocket socket = serverSocket(job);
			if (events) runEventServer(job, socket);
			else runServer(job, socket);
		}
		else
		{
			job.address = SocketAddress(args[4], static_cast<Poco::UInt16>(Poco::NumberParser::parseUnsigned(args[5])));
			if (args.at(6) == "tls") job.pContext = new Context(Context::TLS_CLIENT_USE, "", Context::VERIFY_NONE);
			if (events) runEventClient(job);
			else runClient(job);
		}
		say("done");
	}
}


int main(int argc, char** argv)
{
	initializeSSL();
	say("begins");
	try
	{
		run(std::vector<std::string>(argv + 1, argv + argc));
	}
	catch (const std::exception& exc)
	{
		const Poco::Exception* const pException = dynamic_cast<const Poco::Exception*>(&exc);
		fail(pException ? pException->displayText() : exc.what());
	}
	uninitializeSSL();
	return 0;
}
