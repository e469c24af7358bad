//
// NATSUnused.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSUnused
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSUnused_INCLUDED
#define Messaging_NATSUnused_INCLUDED


#include "NATSJetStream.h"
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSUnused
	/// Removes streams that nobody uses any more. One node does it, and looks at all streams now and then: one in which nothing is published, and which no node says that it uses, is
	/// removed when that has been so for long enough. A node that begins with it knows nothing, and removes later, not earlier. All times are those of the hub's clock.
{
public:
	static constexpr Poco::UInt64 FIRST_REPLY = Poco::UInt64(1) << 63; // and all above are its own
	static constexpr Time INTERVAL = 5*60*1000; // ms

	explicit NATSUnused(const std::string& subjects);
		/// What the subjects of the streams begin with, with the "." at the end.

	using Requests = std::vector<NATSRequest>;

	void tick(Time clock, bool first, Requests& requests);
	bool replied(Poco::UInt64 number, const NATSReply& reply, Time clock, Requests& requests);
		/// Returns whether a stream was removed.

	void used(std::string_view token, Time clock);
	void reset();

private:
	struct Entry
	{
		std::string token;
		Poco::UInt64 last = 0; // message
		Time since = 0;        // it was not used
		Time idle = 0;
		Poco::UInt64 look = 0; // that has seen it last
	};

	void add(const NATSStream& stream, Time clock);
	void end(Time clock, Requests& requests);
	void ask(NATSRequest request, Requests& requests);

	const std::string _subjects;
	std::unordered_map<std::string, Entry> _streams; // by name
	std::unordered_map<std::string, std::string> _names; // by token
	Poco::UInt64 _number = FIRST_REPLY;
	Poco::UInt64 _asked = 0; // the number of the list that is on its way
	std::set<Poco::UInt64> _removing; // numbers of what was asked for
	std::size_t _listed = 0;
	Poco::UInt64 _look = 0;
	Time _begun = 0;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSUnused_INCLUDED
