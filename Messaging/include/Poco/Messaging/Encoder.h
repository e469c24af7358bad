//
// Encoder.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Encoder
//
// What clients are told, and in which words.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Encoder_INCLUDED
#define Messaging_Encoder_INCLUDED


#include "Poco/Messaging/Publication.h"
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct DirectMessage
	/// What is sent to a session, to a user or to all.
{
	std::string data;         /// The payload.
	std::string sender;       /// Who has sent it; empty: the program.
	TraceContext trace;       /// Where its sending stands in a trace.
	Poco::UInt64 ackId = 0;   /// If not 0: the client answers with it (Hub::acknowledge()), and knows by it what it has had before.
	Poco::UInt32 ackNode = 0; /// The node that waits for that answer.
};


class Messaging_API Encoder: public Poco::RefCountedObject
	/// Makes the messages of a protocol. Its sessions keep it alive. Its functions are called by
	/// any thread, without locks of the hub; what they throw is counted in Hub::metrics().failures, and the message is not sent.
{
public:
	typedef Poco::AutoPtr<Encoder> Ptr;

	explicit Encoder(unsigned slot);
		/// Creates the encoder. Encoders of different protocols have different slots, of 0 to Publication::SLOTS - 1.
		/// Throws an InvalidArgumentException for another one.

	unsigned slot() const;
		/// Returns its slot.

	virtual Prepared publication(const std::string& channel, const Publication& publication) const = 0;
		/// Something was published in the channel.

	virtual Prepared presence(const std::string& channel, const Member& member, bool joined) const = 0;
		/// A member has come into the channel, or has left it.

	virtual Prepared dropped(const std::string& channel, Poco::UInt64 count) const = 0;
		/// The client was too slow: so many messages of the channel were not sent to it, and will not be.

	virtual Prepared unsubscribed(const std::string& channel, Left reason) const = 0;
		/// The session is in the channel no more.

	virtual Prepared message(const DirectMessage& message) const = 0;
		/// Something was sent to the session, its user, or all.

protected:
	~Encoder() override;
		/// Destroys the encoder.

private:
	unsigned _slot;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Encoder_INCLUDED
