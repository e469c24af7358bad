//
// Crowd.cpp
//
// Many sessions in one channel.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Crowd.h"
#include <chrono>
#include <thread>


using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientCallbacks;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketConnection;


Crowd::Crowd(Poco::UInt16 port, const std::string& channel, int count):
	_loop(1, 16)
{
	WebSocketClientParams::Ptr pParams(new WebSocketClientParams);
	pParams->setSubprotocols({"poco.messaging.json.v1"});
	pParams->setReconnect(false);
	WebSocketClientCallbacks callbacks;
	callbacks.onOpen = [channel](WebSocketConnection& connection, const Poco::Net::HTTPRequest&, const Poco::Net::HTTPResponse&)
	{
		connection.sendText(R"({"opcode":"connect","id":1})");
		connection.sendText(R"({"opcode":"subscribe","id":2,"channel":")" + channel + R"("})");
	};
	callbacks.onMessage = [this](WebSocketConnection&, std::string_view message, Poco::Net::WebSocketFrame::Opcode)
	{
		if (message.find(R"("subscribed")") != std::string_view::npos) ++_subscribed;
	};
	const Poco::URI uri("ws://127.0.0.1:" + std::to_string(port) + "/messages");
	for (int i = 0; i < count; ++i)
	{
		_clients.push_back(std::make_unique<WebSocketClient>(uri, callbacks, _loop, pParams));
		_clients.back()->start();
	}
	const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(60);
	while (_subscribed < count && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
}


Crowd::~Crowd()
{
	for (const auto& pClient: _clients) pClient->stop();
}


int Crowd::subscribed() const
{
	return _subscribed;
}
