//
// NATSRead.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSRead
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSRead_INCLUDED
#define Messaging_NATSRead_INCLUDED


#include "NATSJetStream.h"
#include "Poco/Messaging/Backplane.h"
#include <map>
#include <memory>
#include <string>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSRead
	/// A query of a history: which messages of a stream are asked for, and what they make up. Messages are asked for by their numbers, many at a time.
{
public:
	NATSRead(const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done);

	void begin(const NATSStream& stream);
		/// The state of the stream is known.

	const std::string& stream() const
		/// Returns its name. The channel may have got another one meanwhile.
	{
		return _stream;
	}

	bool over() const;
		/// Returns whether nothing more is to be asked for.

	bool ask(Poco::UInt64& sequence);
		/// Returns the next one that is to be asked for now; false if the answers to those that were asked for come first.

	void came(Poco::UInt64 sequence, std::unique_ptr<NATSMessage> pMessage);
		/// Null: it is not there.

	void fail();
		/// It cannot be read. To be called once.

	bool failed() const
	{
		return _failed;
	}

	std::size_t finish(Time now, Time difference);
		/// Answers, with a time since 1970, and how much that is ahead of the hub's clock. Returns how many messages no node has written.

private:
	void extent(const NATSStream& stream);

	const ChannelOptions _options;
	const HistoryQuery _query;
	const HistoryDone _done;
	std::string _stream;
	Position _position;
	Poco::UInt64 _next = 1; // that is to be asked for
	Poco::UInt64 _last = 0; // of all
	std::size_t _atOnce = 1;
	std::size_t _asked = 0; // not there yet
	std::size_t _inTurn = 0; // asked for since all were there
	std::size_t _bytes = 0;
	bool _failed = false;
	std::map<Poco::UInt64, std::unique_ptr<NATSMessage>> _messages;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSRead_INCLUDED
