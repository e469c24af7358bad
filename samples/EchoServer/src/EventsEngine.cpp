//
// EventsEngine.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EventsEngine.h"
#include "PageFactory.h"
#include "Poco/Util/Application.h"


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketServerHandler;
using Poco::Net::WebSocketServerParams;


class EventsEngine::Echo: public WebSocketServerHandler
{
public:
	explicit Echo(const std::atomic<bool>& stopping):
		_stopping(stopping)
	{
	}

	void onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
	{
		if (connection.send(data, opcode) != WebSocketConnection::QUEUE_FULL) return;
		// This peer sends and does not read. Until it does, no more is read from it.
		connection.pause();
		connection.setUserData(std::make_shared<Message>(Message{std::string(data), opcode}));
	}

	void onDrained(WebSocketConnection& connection) override
	{
		const auto pMessage = std::static_pointer_cast<Message>(connection.userData());
		if (!pMessage) return;
		connection.setUserData(nullptr);
		connection.send(pMessage->content, pMessage->opcode); // always fits into the empty queue
		connection.resume();
	}

	void onError(WebSocketConnection& connection, const Poco::Exception& error) override
	{
		if (_stopping) return; // cut off
		Poco::Util::Application::instance().logger().information(
			connection.remoteAddress().toString() + ": " + error.displayText());
	}

private:
	struct Message
	{
		std::string content;
		WebSocketFrame::Opcode opcode;
	};

	const std::atomic<bool>& _stopping;
};


EventsEngine::EventsEngine(const WebSocketServerParams::Ptr& pParams):
	_server(new Echo(_stopping), pParams)
{
}


void EventsEngine::start(const ListeningPorts& ports)
{
	_server.setHTTP(new PageFactory);
	for (const auto& port: ports) _server.listenShared(port);
	_server.start();
}


void EventsEngine::stop(const Poco::Timespan& patience)
{
	_stopping = true;
	_server.drain(patience);
}
