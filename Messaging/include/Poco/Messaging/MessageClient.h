//
// MessageClient.h
//
// Library: PocoMessaging
// Package: Client
// Module:  MessageClient
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MessageClient_INCLUDED
#define Messaging_MessageClient_INCLUDED


#include "Poco/Messaging/MessageClientParams.h"
#include "Poco/Net/WebSocketClient.h"
#include <memory>
#include <optional>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class ClientCore;


struct MessageSubscription
	/// What a MessageClient calls for a channel. Each function may be empty.
{
	std::function<void(const Message& publication)> onPublication;
		/// Something was published. In a channel with history it has a position, which subscribe() takes.

	std::function<void(const Position& last, const Position& next)> onLost;
		/// Publications of a channel with history are lost: those behind last, which was handed over last, up to next. What follows begins behind next. If the epochs differ,
		/// nobody knows how many.

	std::function<void(const Message& subscribed)> onSubscribed;
		/// The client is in the channel, for the first time or again. The flags have MessageFlag::RECOVERED if what was missed follows.

	std::function<void(ErrorCode code, const std::string& text)> onEnded;
		/// The client is not in the channel, and does not try to come into it again: the service has refused it, or has taken it out (FORBIDDEN).

	std::function<void(const Message& message)> onPresence;
		/// Somebody has come into the channel (Opcode::JOIN) or has left it (LEAVE).

	std::function<void(Poco::UInt64 count)> onDropped;
		/// So many publications of a channel without history were dropped, because the client was too slow.
};


struct MessageClientCallbacks
	/// What a MessageClient calls. Each function may be empty.
{
	enum State
		/// What the client does.
	{
		STOPPED,    /// Nothing: it was not started, or was stopped.
		CONNECTING, /// It tries to connect, again and again.
		CONNECTED   /// It has a session.
	};

	std::function<void(State state, const std::string& text)> onState;
		/// The state has changed. For CONNECTING, the text says why; it is called for each attempt that fails.

	std::function<void(const Message& message)> onMessage;
		/// Something was sent to this session or user, or to all. One that has a transaction is acknowledged when the function has
		/// returned: if it throws, the message comes again. Otherwise it comes once, however often the service repeats it.

	std::function<void(const Message& message)> onPush;
		/// Something with an opcode of the application's has come, without a request.

	std::function<void(const Message& message)> onWarning;
		/// The client has come near to a limit of its quota.

	std::function<void(ErrorCode code, const std::string& text)> onError;
		/// Something has failed that no other function is told: the service does not take a message or a fresh token, or a callback has thrown (APPLICATION).
};


class Messaging_API MessageClient
	/// A client of a MessageService that stays connected, and in its channels.
	///
	///     MessageClient client(URI("ws://localhost:9010/messages"), MessageClientCallbacks());
	///     MessageSubscription chat;
	///     chat.onPublication = [](const Message& publication)
	///     {
	///         std::cout << publication.payload << std::endl;
	///     };
	///     client.subscribe("chat", chat);
	///     client.start();
	///     client.publish("chat", "hello");
	///
	/// When the connection is lost, the client makes another one, and comes into its channels again. Of a channel with history each publication is handed over
	/// once and in order, or onLost() says that some are lost.
	///
	/// Requests wait for a connection. One that was sent when the connection was lost is answered with ErrorCode::CONNECTION_LOST: nobody knows whether
	/// it was done. But a Publish in a channel with history, or one with the application's transaction, is repeated: the service does it once.
	///
	/// All callbacks come from the client's own thread, one after the other, without a lock. They may take long, and may call all functions and destroy
	/// the client. Messages that have come meanwhile wait, 1 MiB of them in the client: then nothing is read, and the service notices a slow client. What callbacks
	/// throw goes to onError(). A message that a callback gets is valid until it returns.
	///
	/// All functions may be called by any thread, but start() and stop() not at the same time. None but stop() and the destructor waits.
{
public:
	using State = MessageClientCallbacks::State;
		/// What the client does.

	using Done = std::function<void(ErrorCode error, const Message& answer)>;
		/// Gets the answer of a request. With an error, its text says more. Is called once for each request, but for those of a client that
		/// is destroyed by one of its callbacks.

	MessageClient(const Poco::URI& uri, const MessageClientCallbacks& callbacks, const MessageClientParams::Ptr& pParams = new MessageClientParams,
		const Poco::Net::WebSocketClientParams::Ptr& pConnectionParams = new Poco::Net::WebSocketClientParams);
		/// Creates a client for a URI with the scheme ws or wss. The connection's parameters are changed (their subprotocols; it reconnects), and
		/// are for this client only. Throws as WebSocketClient does.

	MessageClient(const Poco::URI& uri, const MessageClientCallbacks& callbacks, Poco::Net::WebSocketClientLoop& loop, const MessageClientParams::Ptr& pParams = new MessageClientParams,
		const Poco::Net::WebSocketClientParams::Ptr& pConnectionParams = new Poco::Net::WebSocketClientParams);
		/// Creates a client that uses the threads of a loop for its connection. Callbacks come from a thread of its own all the same.

	~MessageClient();
		/// Stops the client. In one of its callbacks nothing is called any more, and nothing is waited for.

	void start();
		/// Begins to connect. A client that was stopped can be started again: it comes into its channels, with their positions.

	void stop();
		/// Closes the connection. The requests that wait are answered with ErrorCode::STOPPED. When it has returned, no callback is running, and none will be called until start();
		/// in a callback it does not wait, and those for the requests follow. The subscriptions stay.

	void subscribe(const std::string& channel, const MessageSubscription& callbacks, const std::optional<Position>& since = std::nullopt);
		/// Comes into a channel, now or with the next connection, and stays there. With a position, what was published behind it follows. Throws an ExistsException
		/// if the client has a subscription of this channel.

	bool unsubscribe(const std::string& channel);
		/// Leaves a channel. Returns false if there is no subscription. Its callbacks are not called any more, but for one that is running.

	void publish(const std::string& channel, std::string_view payload, const Done& done = Done(), const std::string& transaction = "");
		/// Publishes. The answer has the position, if the channel has history, and in count, how many subscribers of the node get it. A transaction names the
		/// publication; in a channel with history the client chooses one otherwise.

	void sendToSession(const std::string& session, std::string_view payload, const Done& done = Done(), bool acknowledged = false);
		/// Sends to a session. acknowledged: the answer comes when a client has acknowledged it, within the request time-out (rounded up to seconds).

	void sendToUser(const std::string& user, std::string_view payload, const Done& done = Done(), bool acknowledged = false);
		/// Sends to all sessions of a user. acknowledged: the answer comes when one of them has acknowledged it.

	void broadcast(std::string_view payload, const Done& done = Done());
		/// Sends to all sessions.

	void history(const std::string& channel, const Done& done, Poco::UInt32 limit = 100, const std::optional<Position>& since = std::nullopt);
		/// Reads the history of a channel: the last publications, or those behind a position, as items of the answer.

	void presence(const std::string& channel, const Done& done);
		/// Asks who is in a channel: items with user and text.

	void presenceStats(const std::string& channel, const Done& done);
		/// Asks how many are in a channel: count.

	void request(Poco::UInt16 opcode, std::string_view payload, const Done& done);
		/// Asks a handler of the application.

	void request(const Message& message, const Done& done);
		/// Asks anything; the id of the message is chosen here. Throws an InvalidArgumentException for opcodes of the client's own: CONNECT, REFRESH,
		/// SUBSCRIBE, UNSUBSCRIBE, ACK.

	State state() const;
		/// Returns what the client does.

	std::string session() const;
		/// Returns the id of the session; empty if there is none.

	std::string user() const;
		/// Returns the user of the session; empty if there is none.

	Poco::Net::WebSocketConnection::Ptr connection() const;
		/// Returns the present connection; null if there is none.

private:
	MessageClient(const MessageClient&) = delete;
	MessageClient& operator = (const MessageClient&) = delete;

	std::shared_ptr<ClientCore> _pCore;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MessageClient_INCLUDED
