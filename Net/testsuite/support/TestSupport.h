//
// TestSupport.h
//
// What the tests of the class over real sockets are made of: servers and connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketTestSupport_INCLUDED
#define WebSocketTestSupport_INCLUDED


#include "support/ClassPeer.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPServer.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/ThreadPool.h"
#include <gtest/gtest.h>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <vector>


namespace WebSocketTest {


using Poco::Net::WebSocketFrame;


enum class Role
	/// Of the WebSocket that is tested.
{
	SERVER,
	CLIENT
};


//
// Server
//
class TestServer
	/// A HTTPServer on a free port of 127.0.0.1. An exception that leaves the handler is a failed test.
{
public:
	using SocketHandler  = std::function<void (Poco::Net::WebSocket&)>;
	using RequestHandler = std::function<void (Poco::Net::HTTPServerRequest&, Poco::Net::HTTPServerResponse&)>;

	TestServer(Transport transport, const SocketHandler& handler);
		/// Calls handler with a WebSocket for each request.

	TestServer(Transport transport, const RequestHandler& handler);
		/// Calls handler for each request.

	~TestServer();
		/// Stops the server; waits for the handlers.

	Poco::UInt16 port() const;

	std::unique_ptr<Poco::Net::HTTPClientSession> session() const;
		/// Returns a client session for this server, a HTTPSClientSession with TLS.

	Poco::Net::WebSocket connect() const;
		/// Returns a client connected to this server.

private:
	Poco::ThreadPool _pool;
	Poco::Net::ServerSocket _socket;
	Transport _transport;
	std::unique_ptr<Poco::Net::HTTPServer> _pServer;
};


//
// Connections
//
struct Connection
	/// A kind of connection: parameter of most tests.
{
	Role role;
	Transport transport;

	bool peerMasks() const;
	bool weMask() const;
	std::string name() const;
};


void PrintTo(const Connection& connection, std::ostream* pStream);
	/// For GoogleTest.


class Pair
	/// A WebSocket of ours and the raw peer that it is connected with.
{
public:
	explicit Pair(const Connection& connection, const std::string& behindHandshake = "");
		/// behindHandshake is what the peer sends in the same segment as its part of the
		/// opening handshake.

	Poco::Net::WebSocket ws;
		/// With a receive timeout of DEADLINE_S.

	RawPeer peer;

	std::string frame(int flags, const std::string& payload = "") const;
		/// Returns a frame as the peer must send it: masked if ours is the server.

	std::string header(int flags, Poco::UInt64 length, int lengthBytes = -1) const;

	void send(int flags, const std::string& payload = "");
		/// Has the peer send a frame.

private:
	using Ends = std::pair<Poco::Net::WebSocket, RawPeer>;

	Pair(const Connection& connection, Ends&& ends);
	static Ends connect(const Connection& connection, const std::string& behindHandshake);

	bool _peerMasks;
};


class Both
	/// A server and a client, both ours.
{
public:
	explicit Both(Transport transport);

	Poco::Net::WebSocket server;
	Poco::Net::WebSocket client;

private:
	using Ends = std::pair<Poco::Net::WebSocket, Poco::Net::WebSocket>;

	explicit Both(Ends&& ends);
	static Ends connect(Transport transport);
};


class SIGPIPEs
	/// Counts the SIGPIPEs of the threads that have unblocked it (Poco blocks it). The thread that makes it has.
{
public:
	SIGPIPEs();
	~SIGPIPEs();

	static void block();
	static void unblock();
	int count() const;
};


class Watchdog
	/// Ends the process if it lives longer than is thinkable: for what hangs outside of a socket call. Says where its threads are, if there is a gdb.
{
public:
	explicit Watchdog(unsigned seconds = 12*DEADLINE_S);
	~Watchdog();
};


class ConnectionTest: public ::testing::TestWithParam<Connection>
	/// A test for each role and each transport.
{
private:
	Watchdog _watchdog;
};


class SocketTest: public ::testing::Test
{
private:
	Watchdog _watchdog;
};


std::vector<Connection> allConnections();
std::vector<Connection> plainConnections();
std::vector<Connection> secureConnections();
std::string connectionName(const ::testing::TestParamInfo<Connection>& info);


//
// Outcomes
//
int errorOf(const std::function<void ()>& call);
	/// Returns the code of the WebSocketException that the call throws; 0 if it throws none.

struct Received
	/// What a receiveFrame() gave back.
{
	int result;
	int flags;
	std::string payload;
};

Received receiveFrame(Poco::Net::WebSocket& ws, std::size_t room = 160*1024);
	/// Calls the overload for a fixed buffer.

Received appendFrame(Poco::Net::WebSocket& ws);
	/// Calls the overload for a Poco::Buffer.

using Receive = Received (*)(Poco::Net::WebSocket& ws);

Received receiveFixed(Poco::Net::WebSocket& ws);

std::vector<Receive> overloads();
	/// Returns receiveFixed and appendFrame.

template <class T>
T get(std::future<T>& future)
	/// Returns the result of the future, or fails the test after a multiple of DEADLINE_S.
{
	if (future.wait_for(std::chrono::seconds(6*DEADLINE_S)) != std::future_status::ready)
		throw Poco::TimeoutException("A thread did not finish");
	return future.get();
}


} // namespace WebSocketTest


#endif // WebSocketTestSupport_INCLUDED
