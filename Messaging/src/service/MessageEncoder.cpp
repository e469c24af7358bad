//
// MessageEncoder.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageEncoder
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/MessageEncoder.h"
#include "Poco/Timestamp.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


MessageEncoder::MessageEncoder(const MessageFormat& format, const Clock& clock):
	Encoder(format.text() ? 1 : 0),
	_format(format),
	_clock(clock)
{
}


Poco::Int64 MessageEncoder::offsetOf(const Clock& clock)
{
	return Poco::Timestamp().epochMicroseconds()/1000 - clock();
}


Prepared MessageEncoder::prepare(const Message& message) const
{
	static thread_local std::string bytes; // so that its memory is used again
	_format.write(message, bytes);
	return _format.text() ? Poco::Net::WebSocketPreparedMessage::text(bytes) : Poco::Net::WebSocketPreparedMessage::binary(bytes);
}


Message MessageEncoder::publicationMessage(const Publication& publication, Poco::Int64 offset)
{
	Message message = Message::request(Opcode::PUBLICATION, 0, publication.data);
	message.sender = publication.sender;
	message.transaction = publication.transaction;
	message.epoch = publication.position.epoch;
	message.offset = publication.position.offset;
	message.timestamp = publication.published + offset;
	message.trace = publication.trace;
	return message;
}


Prepared MessageEncoder::publication(const std::string& channel, const Publication& publication) const
{
	Message message = publicationMessage(publication, offsetOf(_clock));
	message.channel = channel;
	return prepare(message);
}


Prepared MessageEncoder::presence(const std::string& channel, const Member& member, bool joined) const
{
	Message message = Message::empty(joined ? Opcode::JOIN : Opcode::LEAVE, 0);
	message.channel = channel;
	message.user = member.id;
	message.text = member.info;
	return prepare(message);
}


Prepared MessageEncoder::dropped(const std::string& channel, Poco::UInt64 count) const
{
	Message message = Message::empty(Opcode::DROPPED, 0);
	message.channel = channel;
	message.count = count;
	return prepare(message);
}


Prepared MessageEncoder::unsubscribed(const std::string& channel, Left reason) const
{
	static const char* const TEXTS[] = {"Too much was missed: subscribe anew", "The history was lost: subscribe anew", "The server has ended the subscription", "The channel is not available: subscribe anew, later"};
	Message message = Message::empty(Opcode::UNSUBSCRIBED, 0);
	message.channel = channel;
	message.code = static_cast<Poco::UInt32>(reason) + 1; // 0 is the answer to Unsubscribe
	message.text = TEXTS[static_cast<std::size_t>(reason)];
	return prepare(message);
}


Prepared MessageEncoder::message(const DirectMessage& message) const
{
	Message result = Message::request(Opcode::SEND, 0, message.data);
	result.sender = message.sender;
	result.trace = message.trace;
	const std::string transaction = message.ackId ? std::to_string(message.ackNode) + '-' + std::to_string(message.ackId) : std::string();
	result.transaction = transaction;
	return prepare(result);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
