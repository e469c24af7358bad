//
// HubSupport.cpp
//
// Connections without sockets, a protocol that can be read, and a clock that is a variable.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "HubSupport.h"
#include <algorithm>
#include <memory>
#include <new>


FakeConnection::FakeConnection(std::size_t messages):
	room(messages)
{
}


Connection::Result FakeConnection::send(const Prepared& pMessage)
{
	++tries;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_code != 0) return CLOSED;
		if (_queued >= room) return FULL;
		if (room != SIZE_MAX) ++_queued;
		_messages.emplace_back(pMessage->message());
	}
	if (onSend) onSend();
	return SENT;
}


std::size_t FakeConnection::queued() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _queued;
}


void FakeConnection::close(int code, const std::string&)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	if (_code == 0) _code = code;
}


void FakeConnection::drain()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_queued = 0;
}


void FakeConnection::log(const std::string& text)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_messages.push_back(text);
}


std::vector<std::string> FakeConnection::messages() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _messages;
}


std::string FakeConnection::text() const
{
	std::string result;
	for (const std::string& message: messages()) result += (result.empty() ? "" : "|") + message;
	return result;
}


void FakeConnection::clear()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_messages.clear();
}


int FakeConnection::closed() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _code;
}


namespace
{
	Prepared text(const std::string& message)
	{
		return Poco::Net::WebSocketPreparedMessage::text(message);
	}
}


TextEncoder::TextEncoder(unsigned encoderSlot):
	Encoder(encoderSlot)
{
}


Prepared TextEncoder::publication(const std::string& channel, const Publication& publication) const
{
	if (fails) throw std::bad_alloc();
	++publications;
	std::string head = "pub " + channel + ' ';
	if (publication.position.epoch) head += std::to_string(publication.position.offset) + ' ';
	return text(head + publication.data);
}


Prepared TextEncoder::presence(const std::string& channel, const Member& member, bool joined) const
{
	return text((joined ? "join " : "leave ") + channel + ' ' + member.id);
}


Prepared TextEncoder::dropped(const std::string& channel, Poco::UInt64 count) const
{
	return text("dropped " + channel + ' ' + std::to_string(count));
}


Prepared TextEncoder::unsubscribed(const std::string& channel, Left reason) const
{
	static const char* const NAMES[] = {"GAP", "EPOCH", "REVOKED", "FAILED"};
	return text("unsubscribed " + channel + ' ' + NAMES[static_cast<int>(reason)]);
}


Prepared TextEncoder::message(const DirectMessage& message) const
{
	return text("msg " + message.data + (message.ackId ? " ack " + std::to_string(message.ackId) : ""));
}


TestHub::TestHub():
	TestHub([](const Poco::Messaging::Clock& clock) { return Backplane::Ptr(new MemoryBackplane(clock)); }, [](HubParams&) {})
{
}


TestHub::TestHub(const Backplane::Ptr& pBackplane):
	TestHub([&](const Poco::Messaging::Clock&) { return pBackplane; }, [](HubParams&) {})
{
}


TestHub::TestHub(const std::function<Backplane::Ptr(const Poco::Messaging::Clock&)>& backplane, const std::function<void(HubParams&)>& change):
	pNow(std::make_shared<std::atomic<Time>>(1000000)),
	pEncoder(new TextEncoder),
	pParams(new HubParams)
{
	const auto pTime = pNow;
	pParams->setClock([pTime]() { return pTime->load(); });
	pParams->setOptionsOf(&TestHub::optionsOf);
	change(*pParams);
	pHub = std::make_unique<Hub>(backplane(pParams->getClock()), pParams);
}


ChannelOptions TestHub::optionsOf(const std::string& channel)
{
	ChannelOptions options;
	if (channel[0] == 'h') options.historySize = 10;
	if (channel[0] == 'p') options.presence = options.joinLeave = true;
	return options;
}


Session::Ptr TestHub::attach(const FakeConnection::Ptr& pConnection, const std::string& user)
{
	return pHub->attach(pConnection, pEncoder, user);
}


SubscribeResult TestHub::subscribe(const Session::Ptr& pSession, const std::string& channel)
{
	const auto pAnswer = std::make_shared<SubscribeResult>(); // it may come later
	pAnswer->error = Error::TIMED_OUT;
	pHub->subscribe(pSession, channel, [pAnswer](const SubscribeResult& result) { *pAnswer = result; });
	return *pAnswer;
}


SubscribeResult TestHub::subscribe(const Session::Ptr& pSession, const std::string& channel, const Position& since)
{
	const auto pAnswer = std::make_shared<SubscribeResult>(); // it may come later
	pAnswer->error = Error::TIMED_OUT;
	pHub->subscribe(pSession, channel, since, [pAnswer](const SubscribeResult& result) { *pAnswer = result; });
	return *pAnswer;
}


Error TestHub::unsubscribe(const Session::Ptr& pSession, const std::string& channel, bool notify)
{
	const auto pAnswer = std::make_shared<Error>(Error::TIMED_OUT);
	pHub->unsubscribe(pSession, channel, [pAnswer](Error error) { *pAnswer = error; }, notify);
	return *pAnswer;
}


PublishResult TestHub::publish(const std::string& channel, const std::string& data, const std::string& transaction)
{
	const auto pAnswer = std::make_shared<PublishResult>(); // it may come later
	pAnswer->error = Error::TIMED_OUT;
	Hub::PublishOptions options;
	options.transaction = transaction;
	pHub->publish(channel, data, options, [pAnswer](const PublishResult& result) { *pAnswer = result; });
	return *pAnswer;
}


std::vector<std::string> TestHub::members(const std::string& channel)
{
	const auto pNames = std::make_shared<std::vector<std::string>>();
	pHub->presence(channel, [pNames](const PresenceResult& result)
	{
		for (const Member& member: result.members) pNames->push_back(member.id);
	});
	std::sort(pNames->begin(), pNames->end());
	return *pNames;
}


void TestHub::pass(Time milliseconds)
{
	*pNow += milliseconds;
	pHub->tick();
}
