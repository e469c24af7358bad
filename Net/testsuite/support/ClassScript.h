//
// ClassScript.h
//
// Servers that follow a script, and the HTTP messages in it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketClassScript_INCLUDED
#define WebSocketClassScript_INCLUDED


#include "support/TestSupport.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/ServerSocket.h"
#include <atomic>
#include <condition_variable>
#include <deque>
#include <mutex>


namespace WebSocketTest {


class TransportTest: public ::testing::TestWithParam<Transport>
	/// A test for each transport.
{
private:
	Watchdog _watchdog;
};


std::string transportName(const ::testing::TestParamInfo<Transport>& info);


template <class T>
class Mailbox
	/// From the handlers of a server to the test.
{
public:
	void put(const T& item)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_items.push_back(item);
		_arrived.notify_one();
	}

	T take()
		/// Waits for an item, but not longer than DEADLINE_S.
	{
		std::unique_lock<std::mutex> lock(_mutex);
		if (!_arrived.wait_for(lock, std::chrono::seconds(DEADLINE_S), [this] { return !_items.empty(); }))
			throw Poco::TimeoutException("Nothing has come from the server");
		T item = _items.front();
		_items.pop_front();
		return item;
	}

private:
	std::mutex _mutex;
	std::condition_variable _arrived;
	std::deque<T> _items;
};


class ScriptedServer
	/// A listener on a free port of 127.0.0.1, and a thread that serves its connections
	/// as a function says.
{
public:
	using Script = std::function<void (ScriptedServer& server)>;

	ScriptedServer(Transport transport, const Script& script);
	~ScriptedServer();
		/// Waits for the script. If it has thrown, and finish() was not called, the test has failed.

	Poco::UInt16 port() const;

	RawPeer accept();
		/// For the script. Waits for a connection.

	int connections() const;
		/// Returns how many connections have been accepted.

	void finish();
		/// Waits for the script. If it has thrown, the test has failed. If there is a
		/// connection more than it has accepted, too.

	std::unique_ptr<Poco::Net::HTTPClientSession> session() const;
		/// Returns a client session for this server.

private:
	Poco::Net::ServerSocket _socket;
	Transport _transport;
	std::atomic<int> _connections;
	std::future<void> _script;
};


class FunctionFactory: public Poco::Net::HTTPRequestHandlerFactory
	/// For a HTTPServer: handlers that call a function, whose exceptions they let out.
{
public:
	explicit FunctionFactory(const TestServer::RequestHandler& function);

	Poco::Net::HTTPRequestHandler* createRequestHandler(const Poco::Net::HTTPServerRequest& request) override;

private:
	TestServer::RequestHandler _function;
};


std::string response(int status, const std::string& headers = "", const std::string& body = "");
	/// Returns a HTTP/1.1 response with a Content-Length; headers are lines ending with CR LF.

std::string receiveRequest(RawPeer& peer);
	/// Receives a request's head.

Poco::Net::HTTPRequest parseRequest(const std::string& head);
Poco::Net::HTTPResponse parseResponse(const std::string& head);

int lines(const std::string& head, const std::string& name);
	/// Returns how many header lines with that name there are.

std::string value(const std::string& head, const std::string& name);
	/// Returns the value of the only header line with that name; fails the test if there is not exactly one.

std::string acceptOf(const std::string& key);
	/// Returns the Sec-WebSocket-Accept for a key.

void expectEcho(Poco::Net::WebSocket& ws, const std::string& text);
	/// Sends a text message, and expects it to come back.

void echoOnce(RawPeer& peer);
	/// Sends the next frame back, as a server.

void echoFrames(Poco::Net::WebSocket& ws);
	/// Handler for a TestServer: sends frames back until a Close frame or the end.


} // namespace WebSocketTest


#endif // WebSocketClassScript_INCLUDED
