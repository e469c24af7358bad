//
// NATSOrder.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSOrder
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSOrder_INCLUDED
#define Messaging_NATSOrder_INCLUDED


#include "NATSLink.h"
#include "Poco/Messaging/Types.h"
#include <map>
#include <memory>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSOrder
	/// Puts what a stream has stored in its order. A server that stores what several connections publish at the same time may pass it on in another one, so that a message comes
	/// shortly before one with a lower number. Until it is known where the stream stands everything waits.
{
public:
	static constexpr Time WAIT_TIME = 2000; // ms, for one that is missing
	static constexpr std::size_t MAX_WAITING = 4096;
	static constexpr std::size_t MAX_BYTES = 4*1024*1024;

	bool known() const
		/// Returns whether it is known where the stream stands.
	{
		return _known;
	}

	void lose();
		/// It is not known any more.

	bool stands(const Position& position);
		/// The stream stands there: what is behind that is next. Returns false if it has to be asked for once more, because something did not fit meanwhile.

	bool add(const Position& position, std::unique_ptr<NATSMessage> pMessage, Time now);
		/// Returns false if it has to be asked where the stream stands: it is another one, or too many wait for one that is missing.

	std::unique_ptr<NATSMessage> next(Position& position, Time now);
		/// Returns the next one; null if there is none.

	bool late(Time now) const;
		/// Returns whether one has been missing for too long.

	bool empty() const
	{
		return _waiting.empty();
	}

private:
	void clear();

	bool _known = false;
	bool _overflow = false;
	Position _given;     // the last one
	Poco::UInt64 _epoch = 0; // of those that wait
	std::map<Poco::UInt64, std::unique_ptr<NATSMessage>> _waiting; // by number
	std::size_t _bytes = 0;
	Time _since = 0; // when the last one was given while others waited, or the first one came
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSOrder_INCLUDED
