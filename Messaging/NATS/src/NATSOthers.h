//
// NATSOthers.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSOthers
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSOthers_INCLUDED
#define Messaging_NATSOthers_INCLUDED


#include "Poco/Messaging/Types.h"
#include <string_view>
#include <unordered_map>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSOthers
	/// The other nodes that are there. A node says "hello" when it comes, whom others answer with "here"; that every 3 s then; and "gone". Who has not done so for 10 s is gone.
{
public:
	enum Heard
	{
		RUBBISH,
		NOTHING, // of this node itself
		NODE,
		HELLO    // one that wants to know who is there
	};

	Heard hear(std::string_view text, Poco::UInt32 own, Time now);
	void call(Time now);
		/// The others were asked whether they are there.

	bool haveAnswered(Time now) const;
		/// Returns whether they have had the time to say so.

	void forget(Time now);
		/// Those that are gone.

	bool mayHave(Poco::UInt32 node, Poco::UInt32 own, Time now) const;
		/// Returns false if it is known that there is no such node; 0: no other one.

	bool allAbove(Poco::UInt32 node) const;
		/// Returns whether their numbers are all greater.

	std::size_t count() const
	{
		return _heard.size();
	}

private:
	std::unordered_map<Poco::UInt32, Time> _heard; // when
	Time _called = 0;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSOthers_INCLUDED
