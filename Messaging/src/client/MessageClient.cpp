//
// MessageClient.cpp
//
// Library: PocoMessaging
// Package: Client
// Module:  MessageClient
//
// SPDX-License-Identifier: BSL-1.0
//


#include "client/ClientCore.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	std::shared_ptr<ClientCore> newClientCore(const MessageClientCallbacks& callbacks, const MessageClientParams::Ptr& pParams, const Poco::Net::WebSocketClientParams::Ptr& pConnectionParams)
	{
		if (!pParams || !pConnectionParams) throw Poco::InvalidArgumentException("There are no parameters");
		return std::make_shared<ClientCore>(callbacks, pParams);
	}

	Message aboutChannel(Poco::UInt16 opcode, const std::string& channel)
	{
		Message message = Message::empty(opcode, 0);
		message.channel = channel;
		return message;
	}
}


MessageClient::MessageClient(const Poco::URI& uri, const MessageClientCallbacks& callbacks, const MessageClientParams::Ptr& pParams, const Poco::Net::WebSocketClientParams::Ptr& pConnectionParams):
	_pCore(newClientCore(callbacks, pParams, pConnectionParams))
{
	_pCore->open(uri, nullptr, pConnectionParams);
}


MessageClient::MessageClient(const Poco::URI& uri, const MessageClientCallbacks& callbacks, Poco::Net::WebSocketClientLoop& loop, const MessageClientParams::Ptr& pParams,
	const Poco::Net::WebSocketClientParams::Ptr& pConnectionParams):
	_pCore(newClientCore(callbacks, pParams, pConnectionParams))
{
	_pCore->open(uri, &loop, pConnectionParams);
}


MessageClient::~MessageClient()
{
	_pCore->end();
}


void MessageClient::start()
{
	_pCore->start();
}


void MessageClient::stop()
{
	_pCore->stop();
}


void MessageClient::subscribe(const std::string& channel, const MessageSubscription& callbacks, const std::optional<Position>& since)
{
	_pCore->use([&](ClientRules& rules, Time now) { rules.subscribe(channel, callbacks, since, now); });
}


bool MessageClient::unsubscribe(const std::string& channel)
{
	return _pCore->use([&](ClientRules& rules, Time) { return rules.unsubscribe(channel); });
}


void MessageClient::publish(const std::string& channel, std::string_view payload, const Done& done, const std::string& transaction)
{
	request(Message::publish(channel, payload, 0, transaction), done);
}


void MessageClient::sendToSession(const std::string& session, std::string_view payload, const Done& done, bool acknowledged)
{
	Message message = Message::sendToSession(session, payload);
	if (acknowledged) message.flags = MessageFlag::ACKNOWLEDGED;
	request(message, done);
}


void MessageClient::sendToUser(const std::string& user, std::string_view payload, const Done& done, bool acknowledged)
{
	Message message = Message::sendToUser(user, payload);
	if (acknowledged) message.flags = MessageFlag::ACKNOWLEDGED;
	request(message, done);
}


void MessageClient::broadcast(std::string_view payload, const Done& done)
{
	request(Message::broadcast(payload), done);
}


void MessageClient::history(const std::string& channel, const Done& done, Poco::UInt32 limit, const std::optional<Position>& since)
{
	Message message = aboutChannel(Opcode::HISTORY, channel);
	message.limit = limit;
	if (since)
	{
		message.flags = MessageFlag::SINCE;
		message.epoch = since->epoch;
		message.offset = since->offset;
	}
	request(message, done);
}


void MessageClient::presence(const std::string& channel, const Done& done)
{
	request(aboutChannel(Opcode::PRESENCE, channel), done);
}


void MessageClient::presenceStats(const std::string& channel, const Done& done)
{
	request(aboutChannel(Opcode::PRESENCE_STATS, channel), done);
}


void MessageClient::request(Poco::UInt16 opcode, std::string_view payload, const Done& done)
{
	request(Message::request(opcode, 0, payload), done);
}


void MessageClient::request(const Message& message, const Done& done)
{
	_pCore->use([&](ClientRules& rules, Time now) { rules.request(message, done, now); });
}


MessageClient::State MessageClient::state() const
{
	return _pCore->state();
}


std::string MessageClient::session() const
{
	return _pCore->session();
}


std::string MessageClient::user() const
{
	return _pCore->user();
}


Poco::Net::WebSocketConnection::Ptr MessageClient::connection() const
{
	return _pCore->connection();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
