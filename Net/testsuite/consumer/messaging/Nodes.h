//
// Nodes.h
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Nodes
//
// One node or two, and a client at each: one publishes, the other one gets it.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Consumer_Nodes_INCLUDED
#define Consumer_Nodes_INCLUDED


#include "Poco/Messaging/MessageClient.h"
#include "Poco/Messaging/MessageService.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Exception.h"
#include "Poco/URI.h"
#include <chrono>
#include <future>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>


namespace
{
	using namespace Poco::Messaging;
	using namespace Poco::Net;

	class Node
		/// A service on a free port of the loopback interface.
	{
	public:
		explicit Node(const Backplane::Ptr& pBackplane): _service(new MessageServiceParams, new HubParams, pBackplane)
		{
			_service.setHandler(200, [](MessageRequest& request) { request.answer("Hello " + std::string(request.payload())); });
			_service.addTo(_server, "/messages");
			_server.listen(SocketAddress("127.0.0.1", 0));
			_server.start();
		}

		~Node()
		{
			_server.stop();
		}

		Poco::URI uri() const
		{
			return Poco::URI("ws://127.0.0.1:" + std::to_string(_server.port()) + "/messages");
		}

		Hub& hub()
		{
			return _service.hub();
		}

	private:
		MessageService _service;
		WebSocketServer _server;
	};

	template <typename Value>
	Value result(std::promise<Value>& promise, const char* what)
		/// Waits for it, 20 s at most.
	{
		std::future<Value> future = promise.get_future();
		if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready) throw std::runtime_error(std::string("nothing: ") + what);
		return future.get();
	}

	inline void exchange(Node& here, Node& there)
		/// A client at one node subscribes, a client at the other one publishes, and then the hub of that. Throws if anything fails.
	{
		std::promise<bool> subscribed;
		std::promise<std::string> first, second, answer;
		int count = 0;
		MessageSubscription room;
		room.onSubscribed = [&](const Message&) { subscribed.set_value(true); };
		room.onEnded = [&](ErrorCode code, const std::string&) { std::cerr << "subscription refused: " << toString(code) << std::endl; };
		room.onPublication = [&](const Message& publication) { (count++ == 0 ? first : second).set_value(std::string(publication.payload)); };
		MessageClient reader(here.uri(), MessageClientCallbacks());
		reader.subscribe("room", room);
		reader.start();
		result(subscribed, "subscribed");

		MessageClient writer(there.uri(), MessageClientCallbacks());
		writer.start();
		writer.request(200, "you", [&](ErrorCode, const Message& message) { answer.set_value(std::string(message.payload)); });
		if (result(answer, "an answer") != "Hello you") throw std::runtime_error("another answer");
		writer.publish("room", "by a client");
		if (result(first, "what a client published") != "by a client") throw std::runtime_error("another publication");
		there.hub().publish("room", "by a hub");
		if (result(second, "what a hub published") != "by a hub") throw std::runtime_error("another publication");
	}

	template <typename Function>
	int run(Function function)
		/// What main() returns.
	{
		try
		{
			function();
			std::cout << "ok" << std::endl;
			return 0;
		}
		catch (const Poco::Exception& exc)
		{
			std::cerr << exc.displayText() << std::endl;
		}
		catch (const std::exception& exc)
		{
			std::cerr << exc.what() << std::endl;
		}
		return 1;
	}
}


#endif // Consumer_Nodes_INCLUDED
