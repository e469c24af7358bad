//
// NATSJetStream.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSJetStream
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSJetStream_INCLUDED
#define Messaging_NATSJetStream_INCLUDED


#include "NATSLink.h"
#include "Poco/Messaging/Types.h"
#include "Poco/JSON/Object.h"
#include <memory>
#include <string>
#include <string_view>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct NATSStream
	/// A stream of a channel, as JetStream describes it.
{
	std::string name;
	std::string subject;       // the only one; empty: there are others
	std::string live;          // where what is stored is passed on; empty: it is not
	bool direct = false;       // messages can be asked for
	Poco::UInt64 first = 0;    // number of the first message that is there
	Poco::UInt64 last = 0;     // of the last one there was
	Poco::UInt64 messages = 0; // so many are there
	Poco::UInt64 bytes = 0;    // and take so much
	Poco::UInt64 size = 0;     // so many are kept
	Time age = 0;              // ms that each is kept
	Time idle = 0;             // ms that the stream is kept if nobody uses it
	Poco::JSON::Object::Ptr pConfig; // all of its options
};


struct NATSReply
	/// What JetStream has answered.
{
	enum Error
		/// Its own numbers, of those that are told apart.
	{
		NONE = 0,
		NOBODY = 1,                 // no stream has that subject, or there is no JetStream
		OTHER = 2,                  // what has come is no answer
		NO_RESOURCES = 10023,       // memory or disk of the server
		ACCOUNT_RESOURCES = 10002,  // of the account
		MESSAGE_TOO_LARGE = 10054,  // for the stream
		NOT_FOUND = 10059,          // the stream
		ANOTHER_STREAM = 10060,     // than the publication is for
		OVERLAP = 10065,            // another stream has the subject
		STORE_FAILED = 10077        // of the message
	};

	int error = NONE;
	std::string reason;            // for people
	std::string stream;            // that has the publication
	Poco::UInt64 sequence = 0;     // its number there
	bool duplicate = false;        // that it has had before
	std::size_t total = 0;         // how many streams there are, of which this names some
	std::vector<std::string> names;
	std::vector<NATSStream> streams; // one, if one was asked for
	std::unique_ptr<NATSMessage> pMessage; // of a stream; null: there is none

	static NATSReply parse(NATSMessage message);
	static NATSReply parse(std::string_view text);
};


struct NATSRequest
	/// Something that is sent to JetStream, and is answered.
{
	std::string subject;
	std::string data;
	Poco::UInt64 reply = 0;       // the number of the answer; 0: there is none
	std::string stream = {};      // of a publication: that it is for; no other one takes it
	std::string transaction = {}; // of a publication that has one

	static NATSRequest names(const std::string& subject);
		/// Asks for the streams that have a subject: NATSReply::names.

	static NATSRequest list(const std::string& subjects, std::size_t offset);
		/// Asks for them with all that is known of them: NATSReply::streams, some of total.

	static NATSRequest info(const std::string& stream);
	static NATSRequest create(const NATSStream& stream, bool inMemory, int replicas);
	static NATSRequest grow(const NATSStream& stream);
		/// Sets size, age and idle; the other options stay.

	static NATSRequest remove(const std::string& stream);
	static NATSRequest message(const std::string& stream, Poco::UInt64 sequence);
		/// NATSReply::pMessage.
};


std::string streamName(const std::string& prefix, const std::string& token, Poco::UInt64 epoch);
Poco::UInt64 epochOf(std::string_view streamName);
	/// Returns 0 if no node has made that name.

Poco::UInt64 newEpoch();

constexpr Time TRANSACTION_TIME = 5*60*1000; // ms


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSJetStream_INCLUDED
