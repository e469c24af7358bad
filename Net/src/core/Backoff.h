//
// Backoff.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketBackoff
//
// How long a client waits before it tries again.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketBackoff_INCLUDED
#define Net_WebSocketBackoff_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Types.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketBackoff
	/// Exponential back-off from a first delay to a longest one, minus up to 50 % jitter (RFC 6455, 7.2.3). Times are milliseconds.
{
public:
	static constexpr Poco::UInt32 STABLE = 5000; /// A connection that was open for a shorter time counts as a failure.

	void reset();
		/// There was no failure yet.

	unsigned failed();
		/// An attempt has failed. Returns how many have, one after the other.

	void ended(bool opened, Poco::UInt32 duration);
		/// A connection has ended, which had been open for that time, if it was opened at all.

	Poco::UInt64 delay(Poco::UInt64 first, Poco::UInt64 longest, Poco::UInt16 random) const;
		/// Returns how long to wait. The random number decides on the jitter.

private:
	unsigned _failures = 0; // one after the other
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketBackoff_INCLUDED
