//
// MessageEncoder.h
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageEncoder
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MessageEncoder_INCLUDED
#define Messaging_MessageEncoder_INCLUDED


#include "Poco/Messaging/Encoder.h"
#include "Poco/Messaging/Message.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class MessageEncoder: public Encoder
	/// What the hub tells the clients of a MessageService.
{
public:
	MessageEncoder(const MessageFormat& format, const Clock& clock);

	Prepared publication(const std::string& channel, const Publication& publication) const override;
	Prepared presence(const std::string& channel, const Member& member, bool joined) const override;
	Prepared dropped(const std::string& channel, Poco::UInt64 count) const override;
	Prepared unsubscribed(const std::string& channel, Left reason) const override;
	Prepared message(const DirectMessage& message) const override;

	static Message publicationMessage(const Publication& publication, Poco::Int64 offset);
		/// Returns the message but for its channel, which refers to the publication. offset is what the time of the clock is behind that since 1970, ms.

	static Poco::Int64 offsetOf(const Clock& clock);

private:
	Prepared prepare(const Message& message) const;

	const MessageFormat& _format;
	const Clock _clock;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MessageEncoder_INCLUDED
