//
// HubSupport.h
//
// Connections without sockets, a protocol that can be read, and a clock that is a variable.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef HubSupport_INCLUDED
#define HubSupport_INCLUDED


#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/MemoryBackplane.h"
#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>


using Poco::Messaging::Backplane;
using Poco::Messaging::ChannelOptions;
using Poco::Messaging::Connection;
using Poco::Messaging::Delivery;
using Poco::Messaging::DirectMessage;
using Poco::Messaging::Encoder;
using Poco::Messaging::Error;
using Poco::Messaging::HistoryQuery;
using Poco::Messaging::HistoryResult;
using Poco::Messaging::Hub;
using Poco::Messaging::HubParams;
using Poco::Messaging::Left;
using Poco::Messaging::Member;
using Poco::Messaging::MemoryBackplane;
using Poco::Messaging::Position;
using Poco::Messaging::Prepared;
using Poco::Messaging::PresenceResult;
using Poco::Messaging::Publication;
using Poco::Messaging::PublishResult;
using Poco::Messaging::Session;
using Poco::Messaging::SubscribeResult;
using Poco::Messaging::Time;


class FakeConnection: public Connection
	/// Keeps what it is sent. It has room for so many messages, until drain().
{
public:
	typedef Poco::AutoPtr<FakeConnection> Ptr;

	explicit FakeConnection(std::size_t room = SIZE_MAX);

	Result send(const Prepared& pMessage) override;
	std::size_t queued() const override;
	void close(int code, const std::string& reason) override;

	void drain();
		/// The peer has taken what is queued. Does not tell the hub.

	void log(const std::string& text);
		/// Notes something beside the messages.

	std::vector<std::string> messages() const;
		/// All since the last call of clear().

	std::string text() const;
		/// The same, one behind the other with "|" between them.

	void clear();
	int closed() const;
		/// The code; 0 if it was not closed.

	std::function<void()> onSend; // called in send() when it has kept the message
	std::size_t room;             // how many messages it queues
	std::atomic<int> tries{0};    // how often send() was called

private:
	mutable std::mutex _mutex;
	std::vector<std::string> _messages;
	std::size_t _queued = 0;
	int _code = 0;
};


class TextEncoder: public Encoder
	/// "pub CHANNEL EPOCH:OFFSET DATA", and so on.
{
public:
	typedef Poco::AutoPtr<TextEncoder> Ptr;

	explicit TextEncoder(unsigned encoderSlot = 0);

	Prepared publication(const std::string& channel, const Publication& publication) const override;
	Prepared presence(const std::string& channel, const Member& member, bool joined) const override;
	Prepared dropped(const std::string& channel, Poco::UInt64 count) const override;
	Prepared unsubscribed(const std::string& channel, Left reason) const override;
	Prepared message(const DirectMessage& message) const override;

	mutable std::atomic<int> publications{0}; // that were encoded
	std::atomic<bool> fails{false};           // throws a bad_alloc
};


struct TestHub
	/// A hub with a clock that is a variable. Channels whose names begin with "h" have history (10 publications), with "p" presence, Join and Leave.
{
	TestHub();
	explicit TestHub(const Backplane::Ptr& pBackplane);
	TestHub(const std::function<Backplane::Ptr(const Poco::Messaging::Clock&)>& backplane, const std::function<void(HubParams&)>& change);

	Session::Ptr attach(const FakeConnection::Ptr& pConnection, const std::string& user = "");
	SubscribeResult subscribe(const Session::Ptr& pSession, const std::string& channel);
	SubscribeResult subscribe(const Session::Ptr& pSession, const std::string& channel, const Position& since);
		/// Returns the answer, which has been given when the call returns.

	Error unsubscribe(const Session::Ptr& pSession, const std::string& channel, bool notify = false);
	PublishResult publish(const std::string& channel, const std::string& data, const std::string& transaction = "");
	std::vector<std::string> members(const std::string& channel);
		/// Sorted.

	void pass(Time milliseconds);
		/// Lets time pass, and ticks.

	static ChannelOptions optionsOf(const std::string& channel);

	std::shared_ptr<std::atomic<Time>> pNow;
	TextEncoder::Ptr pEncoder;
	HubParams::Ptr pParams;
	std::unique_ptr<Hub> pHub;
};


#endif // HubSupport_INCLUDED
