//
// Message.h
//
// Library: PocoMessaging
// Package: Wire
// Module:  Message
//
// What clients and a MessageService say to each other.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Message_INCLUDED
#define Messaging_Message_INCLUDED


#include "Poco/Messaging/TraceContext.h"
#include "Poco/Messaging/Types.h"
#include <deque>
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct Opcode
	/// What a message is about. docs/messaging.md has a table of the fields that each has.
{
	enum: Poco::UInt16
	{
		CONNECT = 1,     /// The client begins its session, with its token.
		CONNECTED,       /// The answer: the session. No push comes before it.
		PING,            /// Asks for a Pong.
		PONG,            /// The answer.
		ERROR_ANSWER,    /// Something was not done: ErrorCode.
		REFRESH,         /// The client has another token; as a push of the server: its token runs out soon.
		DISCONNECT,      /// Closes the client's own connection, or that of another session or user.
		WHO_AM_I,        /// Asks for the own session.
		WARNING,         /// A push: the client has come near to a limit of its quota.

		SUBSCRIBE = 10,  /// Into a channel, perhaps behind a position.
		SUBSCRIBED,      /// The answer.
		UNSUBSCRIBE,     /// Out of a channel.
		UNSUBSCRIBED,    /// The answer; as a push: why the session is not in the channel any more.
		PUBLISH,         /// In a channel.
		PUBLISHED,       /// The answer.
		PUBLICATION,     /// A push: something was published.
		SEND,            /// To a session or a user; as a push: something was sent to this one.
		BROADCAST,       /// To all sessions.
		ACK,             /// Something was sent; of a client: a Send with a transaction has come.

		HISTORY = 20,    /// Reads the history of a channel.
		HISTORY_RESULT,  /// The answer.
		PRESENCE,        /// Asks who is in a channel.
		PRESENCE_RESULT, /// The answer.
		PRESENCE_STATS,  /// Asks how many are in a channel, and the answer.
		JOIN,            /// A push: somebody has come into a channel.
		LEAVE,           /// A push: somebody has left it.
		DROPPED,         /// A push: so many messages of a channel were dropped.

		SET_QUOTA = 30,  /// Gives a session other limits.
		GET_QUOTA,       /// Asks what was used of one's limits.
		NODE_METRICS,    /// Asks for the metrics of the node.

		APPLICATION = 200 /// The first one of the application's.
	};
};


enum class ErrorCode: Poco::UInt32
	/// Why a request was not done: Message::code of an Error.
{
	NONE = 0,             /// It was done.
	MALFORMED = 1,        /// The message is no message, or a field of it is not allowed. Several are answered by closing the connection.
	OPCODE = 2,           /// There is no such opcode, or it is one of the server's.
	NOT_CONNECTED = 3,    /// There was no Connect before.
	CONNECTED = 4,        /// There was one.
	TOKEN = 5,            /// The token is not accepted.
	FORBIDDEN = 6,        /// The token does not grant it.
	CHANNEL_NAME = 7,     /// The channel's name is empty or too long.
	TOO_LARGE = 8,        /// The payload is too large.
	TOO_MANY = 9,         /// The session is in as many channels as it may be.
	NOT_SUBSCRIBED = 10,  /// The session is not in the channel.
	BUSY = 11,            /// Too much waits already. Temporary.
	UNAVAILABLE = 12,     /// The node cannot reach the others, or is about to stop. Temporary. It may have been done all the same.
	NO_HISTORY = 13,      /// The channel has no history, or no presence.
	TIMED_OUT = 14,       /// No acknowledgement has come in time; in a client, no answer.
	NOBODY = 15,          /// There is no such session or user.
	QUOTA = 16,           /// More was sent than is allowed.
	INTERNAL = 17,        /// The server has failed. It has logged why.
	CONNECTION_LOST = 18, /// Never sent: a client's connection went before the answer had come. Nobody knows whether it was done.
	STOPPED = 19,         /// Never sent: a client was stopped before the answer had come.
	APPLICATION = 1000    /// The first one of the application's.
};

Messaging_API const char* toString(ErrorCode code);
	/// Returns the code's name; "APPLICATION" for the application's, "?" for others.


struct MessageFlag
	/// Bits of Message::flags.
{
	enum: Poco::UInt32
	{
		SINCE = 1,         /// Subscribe, History: epoch and offset are a position.
		RECOVERED = 2,     /// Subscribed: all that was missed follows.
		EXISTING = 4,      /// Subscribed: the session was in the channel before.
		DUPLICATE = 8,     /// Published: this was done before, with the same transaction.
		ACKNOWLEDGED = 16  /// Send: answer when one session of the target has acknowledged it.
	};
};


struct Message
	/// A message. Absent fields are empty or 0, and cost nothing on the wire. Texts refer to memory of somebody else: the message that was
	/// received, or what the program has.
{
	Poco::UInt16 opcode = 0;      /// What it is about: Opcode, or the application's, from 200 on.
	Poco::UInt32 id = 0;          /// Chosen by who asks; the answer has it too. 0: nobody waits for an answer.
	std::string_view transaction; /// Publish: names the publication. Send: names the message for its Ack.
	std::string_view channel;     /// The channel.
	std::string_view session;     /// A session.
	std::string_view sender;      /// Who has published or sent it: a user, or a session; empty: the server's program.
	std::string_view user;        /// A user.
	Poco::UInt64 epoch = 0;       /// Position::epoch.
	Poco::UInt64 offset = 0;      /// Position::offset.
	Poco::UInt32 flags = 0;       /// MessageFlag.
	Poco::UInt32 code = 0;        /// Error: ErrorCode. Unsubscribed: Left. Disconnect: the Close code.
	std::string_view text;        /// A text for people; a member's info.
	std::string_view token;       /// Connect, Refresh: the token.
	std::string_view payload;     /// The application's bytes.
	std::vector<Message> items;   /// Publications, or members.
	Poco::UInt32 limit = 0;       /// How many at most, or for how many seconds.
	Poco::Int64 timestamp = 0;    /// Milliseconds since 1970.
	TraceContext trace;           /// Where it stands in a trace.
	Poco::UInt64 count = 0;       /// How many.

	static Message request(Poco::UInt16 opcode, Poco::UInt32 id, std::string_view payload = std::string_view())
		/// Returns a request to a handler.
	{
		Message message;
		message.opcode = opcode;
		message.id = id;
		message.payload = payload;
		return message;
	}

	static Message empty(Poco::UInt16 opcode, Poco::UInt32 id)
		/// Returns an answer that says nothing but that it was done.
	{
		return request(opcode, id);
	}

	static Message publish(std::string_view channel, std::string_view payload, Poco::UInt32 id = 0, std::string_view transaction = std::string_view())
		/// Returns a Publish.
	{
		Message message = request(Opcode::PUBLISH, id, payload);
		message.channel = channel;
		message.transaction = transaction;
		return message;
	}

	static Message sendToUser(std::string_view user, std::string_view payload, Poco::UInt32 id = 0)
		/// Returns a Send to a user.
	{
		Message message = request(Opcode::SEND, id, payload);
		message.user = user;
		return message;
	}

	static Message sendToSession(std::string_view session, std::string_view payload, Poco::UInt32 id = 0)
		/// Returns a Send to a session.
	{
		Message message = request(Opcode::SEND, id, payload);
		message.session = session;
		return message;
	}

	static Message broadcast(std::string_view payload, Poco::UInt32 id = 0)
		/// Returns a Broadcast.
	{
		return request(Opcode::BROADCAST, id, payload);
	}
};


class Messaging_API MessageFormat
	/// How messages are written. There are two: the subprotocols of a MessageService. Objects may be used by any thread.
{
public:
	enum
	{
		MAX_DEPTH = 4,   /// So deep may items be in items.
		MAX_ITEMS = 65536 /// So many items may a message have, in all depths.
	};

	static const MessageFormat& binary();
		/// FlatBuffers, in binary messages: poco.messaging.v1. The schema is Messaging/schema/Message.fbs.

	static const MessageFormat& json();
		/// JSON, in text messages: poco.messaging.json.v1. A message is an object with the fields of the schema, whose opcode may be a name
		/// ("subscribe"). The payload is a text (payload), or base64 if it is not UTF-8 (payload64). 64-bit numbers are strings if they do not fit into a double.

	static const MessageFormat* find(std::string_view subprotocol);
		/// Returns the format of a subprotocol; null if there is none.

	virtual const char* subprotocol() const = 0;
		/// Returns the name of the subprotocol.

	virtual bool text() const = 0;
		/// Returns true if it is for text messages.

	virtual bool parse(std::string_view bytes, Message& message, std::deque<std::string>& kept) const = 0;
		/// Reads a message. Returns false if it is none. Its texts refer to the bytes, or to what is put into kept. Nothing is allocated that is
		/// larger than the bytes are, times a small constant.

	virtual void write(const Message& message, std::string& bytes) const = 0;
		/// Puts the message into bytes, in place of what is there. Throws an InvalidArgumentException for a text that is not UTF-8, in the JSON format.

	std::string write(const Message& message) const;
		/// The same.

protected:
	MessageFormat() = default;
	~MessageFormat() = default;

private:
	MessageFormat(const MessageFormat&) = delete;
	MessageFormat& operator = (const MessageFormat&) = delete;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Message_INCLUDED
