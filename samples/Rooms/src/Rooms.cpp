//
// Rooms.cpp
//
// Handlers by path, and a hook that answers later. docs/guide.md shows it.
//
// SPDX-License-Identifier: BSL-1.0
//

#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketServer.h"
#include <condition_variable>
#include <deque>
#include <functional>
#include <iostream>
#include <mutex>
#include <string>
#include <thread>

using namespace Poco::Net;

class Worker // a thread that may wait: for a database, for instance
{
public:
	~Worker()
	{
		post(nullptr);
		_thread.join();
	}

	void post(const std::function<void()>& job)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_jobs.push_back(job);
		_posted.notify_one();
	}

private:
	void run()
	{
		for (std::function<void()> job = next(); job; job = next()) job();
	}

	std::function<void()> next()
	{
		std::unique_lock<std::mutex> lock(_mutex);
		_posted.wait(lock, [this] { return !_jobs.empty(); });
		std::function<void()> job = _jobs.front();
		_jobs.pop_front();
		return job;
	}

	std::mutex _mutex;
	std::condition_variable _posted;
	std::deque<std::function<void()>> _jobs;
	std::thread _thread{&Worker::run, this};
};

std::shared_ptr<std::string> findUser(const std::string& cookie) // takes its time
{
	return cookie == "session=1" ? std::make_shared<std::string>("Ann") : nullptr;
}

std::string ask(Poco::UInt16 port, const std::string& path, const std::string& cookie)
{
	HTTPClientSession session("127.0.0.1", port);
	HTTPRequest request(HTTPRequest::HTTP_GET, path, HTTPRequest::HTTP_1_1);
	request.set("Cookie", cookie);
	HTTPResponse response;
	try
	{
		WebSocket ws(session, request, response);
		ws.sendText("Hello");
		std::string answer;
		WebSocketFrame::Opcode opcode;
		ws.receiveMessage(answer, opcode);
		return answer;
	}
	catch (const WebSocketException&)
	{
		return std::to_string(response.getStatus());
	}
}

int main()
{
	Worker worker;
	WebSocketServerCallbacks echo;
	echo.onMessage = [](WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	{
		connection.send(message, opcode);
	};
	WebSocketServerCallbacks rooms;
	rooms.onMessage = [](WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode)
	{
		const auto pUser = std::static_pointer_cast<std::string>(connection.userData());
		connection.sendText(*pUser + " in " + connection.routeParameter() + ": " + std::string(message));
	};

	WebSocketConnectionParams::Ptr pMembers = new WebSocketConnectionParams;
	pMembers->setAsyncHook([&worker](const WebSocketAcceptance::Ptr& pAcceptance)
	{
		worker.post([pAcceptance] // any thread may answer
		{
			const std::shared_ptr<std::string> pUser = findUser(pAcceptance->request().get("Cookie", ""));
			pAcceptance->setUserData(pUser); // the connection's, from onOpen() on
			if (pUser) pAcceptance->accept();
			else pAcceptance->refuse(HTTPResponse::HTTP_UNAUTHORIZED);
		});
	});

	WebSocketServer server; // without routes, and HTTP, everything is 404
	server.addRoute("/echo", echo);
	server.addRoute("/rooms/{id}", rooms, pMembers);
	server.setHTTP([](HTTPServerRequest&, HTTPServerResponse& response) { response.send() << "There are rooms here.\n"; });
	server.listen(SocketAddress("127.0.0.1", 0)); // any free port
	server.start();

	std::cout << ask(server.port(), "/echo", "") << "; "
		<< ask(server.port(), "/rooms/7", "session=1") << "; "
		<< ask(server.port(), "/rooms/7", "session=2") << std::endl;
	server.drain(Poco::Timespan(5, 0));
	return 0;
}
