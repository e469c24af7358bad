//
// ClientSupport.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ClientSupport.h"
#include "support/ClassPeer.h"
#include "Poco/Exception.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/PollSet.h"
#include "Poco/Net/StreamSocket.h"
#include <algorithm>
#include <array>


Poco::URI uriOf(Wire wire, Poco::UInt16 port)
{
	return Poco::URI((wire == Wire::BINARY_TLS ? "wss://localhost:" : "ws://127.0.0.1:") + std::to_string(port) + "/messages");
}


Poco::Net::WebSocketClientParams::Ptr connectionParams(Wire wire)
{
	Poco::Net::WebSocketClientParams::Ptr pParams(new Poco::Net::WebSocketClientParams);
	pParams->setReconnectDelay(Poco::Timespan(0, 1000), Poco::Timespan(0, 20000));
	if (wire == Wire::BINARY_TLS)
	{
		pParams->setSessionFactory([](const Poco::URI& uri)
		{
			return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), WebSocketTest::clientContext());
		});
	}
	return pParams;
}


MessageClientParams::Ptr clientParams(Wire wire)
{
	MessageClientParams::Ptr pParams(new MessageClientParams);
	if (wire == Wire::JSON) pParams->setFormat(MessageFormat::json());
	pParams->setRequestTimeout(Poco::Timespan(60, 0)); // the machine may be slow
	return pParams;
}


//
// Told
//
void Told::tell(const std::string& text)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_told.push_back(text);
}


Texts Told::all() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _told;
}


std::size_t Told::count(const std::string& text) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return static_cast<std::size_t>(std::count(_told.begin(), _told.end(), text));
}


bool Told::has(const std::string& text) const
{
	return eventually([&]() { return count(text) > 0; });
}


Texts Told::with(const std::string& prefix) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	Texts result;
	for (const std::string& text: _told)
	{
		if (text.rfind(prefix, 0) == 0) result.push_back(text.substr(prefix.size()));
	}
	return result;
}


MessageClientCallbacks Told::callbacks()
{
	MessageClientCallbacks callbacks;
	callbacks.onState = [this](MessageClientCallbacks::State state, const std::string& text)
	{
		static const char* const NAMES[] = {"stopped", "connecting", "connected"};
		tell(NAMES[state]);
		if (!text.empty()) tell("why " + text);
	};
	callbacks.onMessage = [this](const Message& message) { tell("message " + std::string(message.payload)); };
	callbacks.onPush = [this](const Message& message) { tell("push " + std::to_string(message.opcode)); };
	callbacks.onWarning = [this](const Message&) { tell("warning"); };
	callbacks.onError = [this](ErrorCode code, const std::string& text) { tell(std::string("error ") + Poco::Messaging::toString(code) + " " + text); };
	return callbacks;
}


MessageSubscription Told::subscription(const std::string& name)
{
	MessageSubscription subscription;
	subscription.onPublication = [this, name](const Message& message) { tell(name + ":" + std::string(message.payload)); };
	subscription.onLost = [this, name](const Position& last, const Position& next)
	{
		tell(name + " lost");
		tell("behind " + std::to_string(last.offset) + ", up to " + std::to_string(next.offset) + (last.epoch == next.epoch ? "" : " of another epoch"));
	};
	subscription.onSubscribed = [this, name](const Message&) { tell(name + " in"); };
	subscription.onEnded = [this, name](ErrorCode code, const std::string&) { tell(name + " ended " + Poco::Messaging::toString(code)); };
	subscription.onPresence = [this, name](const Message& message) { tell(name + (message.opcode == Opcode::JOIN ? " join " : " leave ") + std::string(message.text)); };
	subscription.onDropped = [this, name](Poco::UInt64) { tell(name + " dropped"); };
	return subscription;
}


MessageClient::Done Told::done(const std::string& name)
{
	return [this, name](ErrorCode code, const Message&) { tell(name + " " + Poco::Messaging::toString(code)); };
}


//
// CuttingProxy
//
CuttingProxy::CuttingProxy(Poco::UInt16 port):
	_to(port),
	_listener(Poco::Net::SocketAddress("127.0.0.1", 0)),
	_thread([this]() { run(); })
{
}


CuttingProxy::~CuttingProxy()
{
	_ended = true;
	_thread.join();
}


Poco::UInt16 CuttingProxy::port() const
{
	return _listener.address().port();
}


void CuttingProxy::cutAfter(Direction direction, int bytes)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_direction = direction;
	_left = bytes;
	_cut = false;
}


bool CuttingProxy::wasCut() const
{
	return _cut;
}


void CuttingProxy::run()
{
	while (!_ended)
	{
		if (!_listener.poll(Poco::Timespan(0, 10000), Poco::Net::Socket::SELECT_READ)) continue;
		Poco::Net::StreamSocket client = _listener.acceptConnection();
		try
		{
			relay(client);
		}
		catch (const Poco::Exception&) // one of them has gone
		{
		}
	}
}


void CuttingProxy::relay(Poco::Net::StreamSocket& client)
{
	Poco::Net::StreamSocket service(Poco::Net::SocketAddress("127.0.0.1", _to));
	client.setNoDelay(true);
	service.setNoDelay(true);
	Poco::Net::PollSet both;
	both.add(client, Poco::Net::PollSet::POLL_READ);
	both.add(service, Poco::Net::PollSet::POLL_READ);
	while (!_ended)
	{
		for (const auto& ready: both.poll(Poco::Timespan(0, 10000)))
		{
			if (ready.first == client ? !pass(client, service, UP) : !pass(service, client, DOWN)) return;
		}
	}
}


bool CuttingProxy::pass(Poco::Net::StreamSocket& from, Poco::Net::StreamSocket& to, Direction direction)
{
	std::array<char, 4096> bytes;
	const int received = from.receiveBytes(bytes.data(), static_cast<int>(bytes.size()));
	int passed = received;
	bool cuts = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (direction == _direction && _left >= 0)
		{
			cuts = received >= _left;
			passed = std::min(received, _left);
			_left = cuts ? -1 : _left - received;
		}
	}
	for (int sent = 0; sent < passed;) sent += to.sendBytes(bytes.data() + sent, passed - sent);
	if (cuts) _cut = true;
	return received > 0 && !cuts;
}
