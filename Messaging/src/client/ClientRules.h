//
// ClientRules.h
//
// Library: PocoMessaging
// Package: Client
// Module:  ClientRules
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_ClientRules_INCLUDED
#define Messaging_ClientRules_INCLUDED


#include "Poco/Messaging/MessageClient.h"
#include <atomic>
#include <map>
#include <set>
#include <unordered_map>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class ClientRules
	/// The rules of a MessageClient: what is sent, asked again, repeated and handed over, and when. No sockets, threads or clock: each function
	/// may leave something in output(), which is to be done in this order.
{
public:
	using State = MessageClientCallbacks::State;
	using Done = MessageClient::Done;

	enum
	{
		REQUEST_SIZE = 256,      // what a request counts besides its message
		MAX_KNOWN = 1024,        // channels, and transactions of messages, that are remembered
		FIRST_DELAY = 500,       // ms before a channel is asked for again
		LONGEST_DELAY = 30*1000
	};

	struct Options
	{
		const MessageFormat* pFormat = &MessageFormat::binary();
		MessageClientCallbacks callbacks;
		std::string info;
		bool hasToken = false;        // there is a function for it
		Time requestTimeout = 10*1000;
		std::size_t maxPendingBytes = 1024*1024;
		std::string prefix;           // of the client's transactions: no other client has it
		Poco::UInt64 seed = 1;        // of what delays differ by
	};

	struct Call
		/// Of the application.
	{
		std::function<void()> function;
		std::string acknowledges;     // if not empty: when it has returned, acknowledge() follows
		bool wantsToken = false;      // there is no function, but a token is wanted: token() or noToken() follows
		unsigned generation = 0;      // of the connection it is for
	};

	struct Output
	{
		std::deque<std::string> messages; // for the connection
		std::deque<Call> calls;
		int closeCode = 0;            // if not 0: after that the connection is to be closed
		std::string closeReason;
	};

	explicit ClientRules(const Options& options);

	Output& output();

	// What the application wants
	void start();
	void stopping(bool flag);
		/// The connection is being closed because stop() follows.
	void stop();
	void subscribe(const std::string& channel, const MessageSubscription& callbacks, const std::optional<Position>& since, Time now);
	bool unsubscribe(const std::string& channel);
	void publish(Message message, const Done& done, Time now);
	void request(Message message, const Done& done, Time now);

	// What the connection does
	void opened(Time now);
	void received(std::string&& bytes, bool text, Time now);
	void closed(const std::string& reason);
		/// There is no connection (any more).

	// What calls have done
	void token(unsigned generation, const std::string& token, Time now);
	void noToken(unsigned generation, const std::string& text);
	void acknowledge(const std::string& transaction);
	void thrown(const std::string& text, const std::string& acknowledges);
		/// A call has thrown: a message that it would have acknowledged may come again.

	Time due() const;
		/// When tick() is to be called; 0: never.

	void tick(Time now);

	State state() const;
	const std::string& session() const;
	const std::string& user() const;

private:
	enum Link
	{
		OFFLINE,
		OPENED, // a token is wanted
		ASKED,  // Connect was sent
		ONLINE
	};

	struct Subscription
	{
		enum State
		{
			OUT,   // is asked for with the next connection, or at again
			REQUESTED,
			IN
		};

		std::string channel;
		MessageSubscription callbacks;
		std::optional<Position> position; // of what was handed over last, or of what it begins behind
		State state = OUT;
		bool since = false;             // it was asked for with the position
		int failures = 0;
		Time again = 0;
		std::atomic<bool> cancelled{false}; // by the application; calls look at it without a lock
	};

	typedef std::shared_ptr<Subscription> SubscriptionPtr;

	struct Request
	{
		std::string bytes;
		std::size_t size = 0;  // that counts
		Time deadline = 0;     // 0: none
		Done done;
		SubscriptionPtr pSubscription; // of a Subscribe
		std::string channel;   // of a Publish
		bool repeatable = false;
		bool named = false;    // with the application's transaction
		bool sent = false;
	};

	typedef std::map<Poco::UInt64, Request> Requests;

	struct Incoming
	{
		std::string bytes;
		std::deque<std::string> kept;
		Message message;
	};

	typedef std::shared_ptr<const Incoming> IncomingPtr;

	Poco::UInt64 nextId();
	Requests::iterator find(Poco::UInt32 id);
	void add(Message& message, Request&& request, Time timeout, Time now);
	void transmit(Request& request);
	void sendNow(const Message& message);
	void finish(Requests::iterator it, const IncomingPtr& pAnswer, Time now);
	void finish(Requests::iterator it, ErrorCode error, const char* text);
	void answer(const Done& done, ErrorCode error, const char* text);
	Request take(Requests::iterator it);
	bool repeats(const Request& request) const;

	void connect(const std::string& token, Time now);
	void connected(const IncomingPtr& pAnswer, Time now);
	void refresh(const std::string& token, Time now);
	void wantToken();
	void close(int code, const std::string& reason);
	void tellState(const std::string& text);
	void tellError(ErrorCode code, const std::string& text);

	void ask(const SubscriptionPtr& pSubscription, Time now);
	void askAgain(const SubscriptionPtr& pSubscription, Time now);
	void subscribed(const SubscriptionPtr& pSubscription, const IncomingPtr& pAnswer, Time now);
	void end(const SubscriptionPtr& pSubscription, ErrorCode code, const std::string& text);
	void lost(const SubscriptionPtr& pSubscription, const Position& next);
	template <typename Function> void call(const SubscriptionPtr& pSubscription, const Function& function);
	void know(const std::string& channel, bool history);

	void pushed(const IncomingPtr& pMessage, Time now);
	void channelPushed(const IncomingPtr& pMessage, Time now);
	void publication(const SubscriptionPtr& pSubscription, const IncomingPtr& pMessage);
	void unsubscribed(const SubscriptionPtr& pSubscription, const Message& message, Time now);
	void direct(const IncomingPtr& pMessage);

	const Options _options;
	Output _output;
	bool _started = false;
	bool _stopping = false;
	Link _link = OFFLINE;
	unsigned _generation = 0;
	Poco::UInt64 _id = 0;
	Poco::UInt64 _transaction = 0;
	Poco::UInt64 _random;
	Poco::UInt32 _connectId = 0;
	Time _connectDue = 0;
	std::string _session;
	std::string _user;
	Requests _requests;
	std::size_t _pending = 0; // bytes
	std::set<std::pair<Time, Poco::UInt64>> _deadlines;
	std::map<std::string, SubscriptionPtr> _subscriptions;
	std::set<std::pair<Time, std::string>> _again;
	std::unordered_map<std::string, bool> _known; // channels, and whether they have history
	std::unordered_map<std::string, bool> _taken; // transactions of messages that were handed over, and whether they were acknowledged
	std::deque<std::string> _takenOrder;
	std::string _why; // it closes the connection itself
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_ClientRules_INCLUDED
