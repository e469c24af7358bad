//
// TestSupport.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/HTTPServerConnection.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/ServerSocket.h"
#include <atomic>
#include <cstdio>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>


using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocket;


namespace WebSocketTest {


namespace
{
	const std::string LOOPBACK = "127.0.0.1";
}


//
// Server
//
namespace
{
	class Handler: public Poco::Net::HTTPRequestHandler
	{
	public:
		explicit Handler(const TestServer::RequestHandler& handler):
			_handler(handler)
		{
		}

		void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
		{
			try
			{
				_handler(request, response);
			}
			catch (const Poco::Exception& exc)
			{
				ADD_FAILURE() << "Request handler: " << exc.displayText();
			}
			catch (const std::exception& exc)
			{
				ADD_FAILURE() << "Request handler: " << exc.what();
			}
		}

	private:
		TestServer::RequestHandler _handler;
	};

	class Factory: public Poco::Net::HTTPRequestHandlerFactory
	{
	public:
		explicit Factory(const TestServer::RequestHandler& handler):
			_handler(handler)
		{
		}

		Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest&) override
		{
			return new Handler(_handler);
		}

	private:
		TestServer::RequestHandler _handler;
	};

	TestServer::RequestHandler accepting(const TestServer::SocketHandler& handler)
	{
		return [handler](HTTPServerRequest& request, HTTPServerResponse& response)
		{
			WebSocket ws(request, response);
			ws.setReceiveTimeout(deadline());
			handler(ws);
		};
	}

	ServerSocket listen(Transport transport)
	{
		const SocketAddress address(LOOPBACK, 0);
		if (transport == Transport::PLAIN) return ServerSocket(address);
		return Poco::Net::SecureServerSocket(address, 64, serverContext());
	}

	Poco::Net::HTTPServerParams::Ptr serverParams()
	{
		Poco::Net::HTTPServerParams::Ptr pParams = new Poco::Net::HTTPServerParams;
		pParams->setMaxThreads(16);
		pParams->setTimeout(deadline());
		pParams->setThreadIdleTime(Poco::Timespan(0, 100*1000)); // so long may stopping take
		return pParams;
	}

	std::unique_ptr<HTTPClientSession> makeSession(Transport transport, Poco::UInt16 port)
	{
		std::unique_ptr<HTTPClientSession> pSession;
		if (transport == Transport::TLS)
			pSession = std::make_unique<Poco::Net::HTTPSClientSession>(LOOPBACK, port, clientContext());
		else
			pSession = std::make_unique<HTTPClientSession>(LOOPBACK, port);
		pSession->setTimeout(deadline());
		return pSession;
	}

	WebSocket connectTo(Transport transport, Poco::UInt16 port)
	{
		const std::unique_ptr<HTTPClientSession> pSession = makeSession(transport, port);
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		WebSocket ws(*pSession, request, response);
		ws.setReceiveTimeout(deadline());
		return ws;
	}
}


TestServer::TestServer(Transport transport, const SocketHandler& handler):
	TestServer(transport, accepting(handler))
{
}


TestServer::TestServer(Transport transport, const RequestHandler& handler):
	_pool(2, 32),
	_socket(listen(transport)),
	_transport(transport),
	_pServer(std::make_unique<Poco::Net::HTTPServer>(new Factory(handler), _pool, _socket, serverParams()))
{
	_pServer->start();
}


TestServer::~TestServer()
{
	_pServer->stopAll();
	_pServer.reset();
	_pool.joinAll();
}


Poco::UInt16 TestServer::port() const
{
	return _socket.address().port();
}


std::unique_ptr<HTTPClientSession> TestServer::session() const
{
	return makeSession(_transport, port());
}


WebSocket TestServer::connect() const
{
	return connectTo(_transport, port());
}


//
// Connections
//
namespace
{
	WebSocket acceptOurs(ServerSocket& listener)
		/// Serves one connection, as a HTTPServer does. When this returns, nothing but the
		/// WebSocket is left of it: a HTTPServer would let go of the socket a moment
		/// later, by an atomic counter that the thread sanitizer cannot see.
	{
		if (!listener.poll(deadline(), Poco::Net::Socket::SELECT_READ)) throw Poco::TimeoutException("Nobody connects");
		std::vector<WebSocket> accepted;
		const TestServer::RequestHandler handler = [&accepted](HTTPServerRequest& request, HTTPServerResponse& response)
		{
			accepted.push_back(WebSocket(request, response));
		};
		Poco::Net::HTTPServerConnection(listener.acceptConnection(), serverParams(), new Factory(handler)).run();
		if (accepted.empty()) throw Poco::Net::NetException("No opening handshake");
		accepted.front().setReceiveTimeout(deadline());
		return accepted.front();
	}

	RawPeer acceptRaw(ServerSocket& listener, Transport transport, const std::string& behindHandshake)
	{
		if (!listener.poll(deadline(), Poco::Net::Socket::SELECT_READ)) throw Poco::TimeoutException("Nobody connects");
		RawPeer peer(listener.acceptConnection(), transport, true);
		const std::string request = peer.receiveThrough("\r\n\r\n");
		peer.send(handshakeResponse(request) + behindHandshake);
		return peer;
	}
}


bool Connection::peerMasks() const
{
	return role == Role::SERVER;
}


bool Connection::weMask() const
{
	return role == Role::CLIENT;
}


std::string Connection::name() const
{
	return std::string(role == Role::SERVER ? "Server" : "Client") + (transport == Transport::PLAIN ? "Plain" : "TLS");
}


void PrintTo(const Connection& connection, std::ostream* pStream)
{
	*pStream << connection.name();
}


Pair::Pair(const Connection& connection, const std::string& behindHandshake):
	Pair(connection, connect(connection, behindHandshake))
{
}


Pair::Pair(const Connection& connection, Ends&& ends):
	ws(ends.first),
	peer(std::move(ends.second)),
	_peerMasks(connection.peerMasks())
{
}


Pair::Ends Pair::connect(const Connection& connection, const std::string& behindHandshake)
{
	if (connection.role == Role::SERVER)
	{
		ServerSocket listener = listen(connection.transport);
		std::future<WebSocket> ws = std::async(std::launch::async, [&] { return acceptOurs(listener); });
		RawPeer peer = connectRaw(listener.address().port(), connection.transport);
		peer.send(handshakeRequest() + behindHandshake);
		const std::string response = peer.receiveThrough("\r\n\r\n");
		if (response.find("HTTP/1.1 101 ") != 0) throw Poco::Net::NetException("Not accepted", response);
		return Ends(get(ws), std::move(peer));
	}

	ServerSocket listener(SocketAddress(LOOPBACK, 0));
	std::future<RawPeer> peer = std::async(std::launch::async, [&] { return acceptRaw(listener, connection.transport, behindHandshake); });
	WebSocket ws = connectTo(connection.transport, listener.address().port());
	return Ends(ws, get(peer));
}


std::string Pair::frame(int flags, const std::string& payload) const
{
	return WebSocketTest::frame(flags, payload, _peerMasks);
}


std::string Pair::header(int flags, Poco::UInt64 length, int lengthBytes) const
{
	return frameHeader(flags, length, _peerMasks, lengthBytes);
}


void Pair::send(int flags, const std::string& payload)
{
	peer.send(frame(flags, payload));
}


Both::Both(Transport transport):
	Both(connect(transport))
{
}


Both::Both(Ends&& ends):
	server(ends.first),
	client(ends.second)
{
}


Both::Ends Both::connect(Transport transport)
{
	ServerSocket listener = listen(transport);
	std::future<WebSocket> server = std::async(std::launch::async, [&] { return acceptOurs(listener); });
	WebSocket client = connectTo(transport, listener.address().port());
	return Ends(get(server), client);
}


namespace
{
	std::atomic<int> sigpipes(0);

	extern "C" void countSIGPIPE(int)
	{
		++sigpipes;
	}

	void maskSIGPIPE(int how)
	{
		sigset_t set;
		::sigemptyset(&set);
		::sigaddset(&set, SIGPIPE);
		::pthread_sigmask(how, &set, nullptr);
	}
}


SIGPIPEs::SIGPIPEs()
{
	::signal(SIGPIPE, SIG_IGN); // takes away what is pending since an earlier test
	sigpipes = 0;
	struct sigaction action = {};
	action.sa_handler = countSIGPIPE;
	::sigaction(SIGPIPE, &action, nullptr);
	unblock();
}


SIGPIPEs::~SIGPIPEs()
{
	block();
	::signal(SIGPIPE, SIG_DFL);
}


void SIGPIPEs::block()
{
	maskSIGPIPE(SIG_BLOCK);
}


void SIGPIPEs::unblock()
{
	maskSIGPIPE(SIG_UNBLOCK);
}


int SIGPIPEs::count() const
{
	return sigpipes;
}


//
// Watchdog
//
namespace
{
	char process[16]; // this one

	void hangs(int signal)
	{
		const pid_t child = ::fork();
		if (child == 0)
		{
			::dup2(1, 2);
			::execlp("gdb", "gdb", "-nx", "-batch", "-p", process, "-ex", "thread apply all backtrace 16", static_cast<char*>(nullptr));
			::_exit(127);
		}
		if (child > 0) ::waitpid(child, nullptr, 0);
		::signal(signal, SIG_DFL);
		::raise(signal);
	}
}


Watchdog::Watchdog(unsigned seconds)
{
	std::snprintf(process, sizeof process, "%d", static_cast<int>(::getpid()));
	::signal(SIGALRM, hangs);
	::alarm(seconds);
}


Watchdog::~Watchdog()
{
	::alarm(0);
}


std::vector<Connection> plainConnections()
{
	return {{Role::SERVER, Transport::PLAIN}, {Role::CLIENT, Transport::PLAIN}};
}


std::vector<Connection> secureConnections()
{
	return {{Role::SERVER, Transport::TLS}, {Role::CLIENT, Transport::TLS}};
}


std::vector<Connection> allConnections()
{
	std::vector<Connection> all = plainConnections();
	for (const Connection& connection: secureConnections()) all.push_back(connection);
	return all;
}


std::string connectionName(const ::testing::TestParamInfo<Connection>& info)
{
	return info.param.name();
}


//
// Outcomes
//
int errorOf(const std::function<void ()>& call)
{
	try
	{
		call();
	}
	catch (const Poco::Net::WebSocketException& exc)
	{
		return exc.code();
	}
	return 0;
}


Received receiveFrame(WebSocket& ws, std::size_t room)
{
	std::string buffer(room, '\0');
	Received received = {0, 0, ""};
	received.result = ws.receiveFrame(&buffer[0], static_cast<int>(room), received.flags);
	if (received.result > 0) received.payload = buffer.substr(0, static_cast<std::size_t>(received.result));
	return received;
}


Received receiveFixed(WebSocket& ws)
{
	return receiveFrame(ws);
}


Received appendFrame(WebSocket& ws)
{
	Poco::Buffer<char> buffer(0);
	Received received = {0, 0, ""};
	received.result = ws.receiveFrame(buffer, received.flags);
	received.payload.assign(buffer.begin(), buffer.size());
	return received;
}


std::vector<Receive> overloads()
{
	return {receiveFixed, appendFrame};
}


} // namespace WebSocketTest
