//
// History.h
//
// Library: PocoMessaging
// Package: Core
// Module:  History
//
// What a channel keeps.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_History_INCLUDED
#define Messaging_History_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include <deque>
#include <string>
#include <unordered_map>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class History
	/// The publications that a channel keeps, with their offsets, and the transactions that are known. No locks, no clock.
{
public:
	static constexpr Time TRANSACTION_TIME = 5*60*1000;
		/// How long a transaction is known, ms.

	static constexpr std::size_t TRANSACTION_SIZE = 144;
		/// What a transaction takes, in bytes, besides its name.

	struct Stored
	{
		Error error = Error::NONE;
		Position position;
		bool duplicate = false;
	};

	History(const ChannelOptions& options, Poco::UInt64 epoch, std::size_t maxTransactions);
		/// maxTransactions: bytes.

	Stored add(Publication& publication, Time now);
		/// Gives it the next offset, and keeps it. Does neither if its transaction is known: one of 5 minutes, if it was not forgotten because
		/// there was no room for further ones. The latest one is known in any case.

	HistoryResult read(const HistoryQuery& query, Time now);

	void left(Time now);
		/// Somebody has left the channel, and may come back to its position, also if nothing was published for long.

	bool over(Time now) const;
		/// Returns true if the position need not be kept any more, as far as nobody is in the channel.

	void expire(Time now);
		/// Forgets what is too old.

	std::size_t size() const
	{
		return _publications.size();
	}

private:
	const ChannelOptions _options;
	Position _position;
	Time _last; // when something was published, or somebody has left
	std::deque<Publication::Ptr> _publications; // with offsets one after the other, up to the position's
	void forgetTransaction();
		/// The oldest one.

	std::unordered_map<std::string, Poco::UInt64> _transactions; // and their offsets
	std::deque<std::pair<Time, const std::string*>> _transactionTimes; // of the names in the map
	std::size_t _transactionBytes;
	const std::size_t _maxTransactions; // bytes
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_History_INCLUDED
