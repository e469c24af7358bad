//
// Publication.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Publication
//
// What is published in a channel.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Publication_INCLUDED
#define Messaging_Publication_INCLUDED


#include "Poco/Messaging/TraceContext.h"
#include "Poco/Messaging/Types.h"
#include "Poco/Net/WebSocketConnection.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include <array>
#include <atomic>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Encoder;


typedef Poco::Net::WebSocketPreparedMessage::Ptr Prepared;
	/// A message that was encoded and framed once, for any number of connections.


class Messaging_API Publication: public Poco::RefCountedObject
	/// What is published in a channel. Its fields are set before others see it, and do not change then: any thread may read them.
{
public:
	typedef Poco::AutoPtr<Publication> Ptr;

	std::string data;        /// The payload.
	std::string transaction; /// Names the publication, so that it is not stored twice; empty: not named.
	std::string sender;      /// Who has published it: a user, or a session's id; empty: the program.
	Position position;       /// Set by the backplane; of an ephemeral channel 0, 0.
	TraceContext trace;      /// Where its publishing stands in a trace.
	Time published = 0;      /// Set by the backplane: when, by its clock.

	Publication();
		/// Creates an empty publication.

	Prepared encoded(const std::string& channel, const Encoder& encoder) const;
		/// Returns the message for a client. It is made once for each Encoder::slot(), and kept as long as the publication.
		/// Thread-safe. Throws what the encoder throws.

	std::size_t size() const;
		/// Returns how many bytes count for it where a limit is in bytes: its fields and its own.

	enum
	{
		SLOTS = 4 /// How many encoders there can be.
	};

protected:
	~Publication() override;
		/// Destroys the publication.

private:
	mutable std::array<std::atomic<Poco::Net::WebSocketPreparedMessage*>, SLOTS> _encoded;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Publication_INCLUDED
