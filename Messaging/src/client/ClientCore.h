//
// ClientCore.h
//
// Library: PocoMessaging
// Package: Client
// Module:  ClientCore
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_ClientCore_INCLUDED
#define Messaging_ClientCore_INCLUDED


#include "client/ClientRules.h"
#include <condition_variable>
#include <mutex>
#include <thread>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class ClientCore: public std::enable_shared_from_this<ClientCore>
	/// What a MessageClient is behind its header: the rules, with a connection, a lock, a clock, and the thread that calls the application.
	///
	/// The loop's thread only puts down what happens to the connection. The client's thread gives that to the rules, one after the other, calls
	/// what they want to be called before it goes on, and sends: messages of several threads could overtake each other.
{
public:
	ClientCore(const MessageClientCallbacks& callbacks, const MessageClientParams::Ptr& pParams);

	void open(const Poco::URI& uri, Poco::Net::WebSocketClientLoop* pLoop, const Poco::Net::WebSocketClientParams::Ptr& pConnectionParams);
		/// To be called once, before anything else.

	void end();
		/// Nothing may be called after that.

	void start();
	void stop();

	template <typename Function>
	auto use(const Function& function)
		/// Calls a function with the rules and the time. The client's thread does what follows.
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_condition.notify_all();
		return function(_rules, now());
	}

	Poco::Net::WebSocketConnection::Ptr connection() const;
	MessageClientCallbacks::State state() const;
	std::string session() const;
	std::string user() const;

	// What the loop's thread calls
	void onOpen(Poco::Net::WebSocketConnection& connection);
	void onMessage(Poco::Net::WebSocketConnection& connection, std::string_view message, bool text);
	void onDrained();
	void onLost(const std::string& reason);

private:
	typedef Poco::Net::WebSocketConnection Connection;

	enum
	{
		MAX_WAITING = 1024*1024 // bytes of messages that wait for the client's thread; after more nothing is read
	};

	struct Event
	{
		enum Kind
		{
			OPENED,
			MESSAGE,
			LOST,
			DRAINED,
			STOPPED
		};

		Kind kind;
		Connection::Ptr pConnection; // OPENED, MESSAGE
		std::string bytes;           // MESSAGE; LOST: why
		bool text = false;
	};

	static Time now();
	void put(Event&& event);
	void run();
	void call(ClientRules::Call& call);
	void handle(Event& event);
	void tell(Event& event);
	void flush() noexcept;
		/// By the mutex.

	const MessageClientParams::Ptr _pParams;
	std::unique_ptr<Poco::Net::WebSocketClient> _pClient;
	std::thread _thread;

	mutable std::mutex _mutex; // for what follows
	std::condition_variable _condition;
	ClientRules _rules;
	Connection::Ptr _pConnection;
	std::deque<Event> _events;
	std::size_t _waiting = 0; // bytes of messages
	bool _paused = false;
	unsigned _stops = 0;      // asked for
	unsigned _stopped = 0;    // done
	bool _ended = false;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_ClientCore_INCLUDED
