//
// KeepAlive.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketKeepAlive
//
// When a PING is due, and when its answer is too late.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketKeepAlive_INCLUDED
#define Net_WebSocketKeepAlive_INCLUDED


#include "core/Progress.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketKeepAlive
	/// Asks a silent peer for a sign of life (RFC 6455, 5.5.2), and tells when there was none in time.
	///
	/// After pingInterval without a byte from the peer, a PING is due. The PONG may lie behind much that the peer has to read
	/// first. So half of pongTimeout later the state of the peer is looked at, a second PING is sent, and from then on
	/// each sign that the peer gets nearer to it (WebSocketProgress) begins the time anew, and so does each answer of its system as
	/// long as it may be reading unseen. Any byte from the peer ends all that.
	///
	/// Times are milliseconds, and wrap around.
{
public:
	typedef WebSocketProgress::Time Time;

	struct Limits
	{
		Limits() = default;
		Limits(const Poco::Timespan& pingInterval, const Poco::Timespan& pongTimeout, const Poco::Timespan& sendTimeout, const Poco::Timespan& transferTimeout);
			/// See WebSocketParams. A slow peer has the send timeout, if that is longer, and no silence is longer than pingInterval and
			/// transferTimeout together.

		Time pingInterval = 0;    /// Silence before a PING; 0: none is sent.
		Time pongTimeout = 0;     /// How long the answer may take without a sign.
		Time slowPongTimeout = 0; /// The same, at least pongTimeout, of a peer that is known to have something to read before the PING.
		Time longestSilence = 0;  /// How long nothing may be received, whatever else the peer does; less than 2^31.
	};

	static Time milliseconds(const Poco::Timespan& time);
		/// Returns the time in milliseconds, rounded up; at most 20 days, as times wrap around.

	enum Action
	{
		NOTHING,
		SEND_PING, /// Call timeReached() again afterwards.
		LOOK,      /// Call look(), then timeReached() again.
		FAIL       /// No answer to a PING.
	};

	Action timeReached(Time now, const Limits& limits, const WebSocketProgress& progress);
		/// Returns what is to be done now.

	enum
	{
		PROBE = 8 /// A bit besides those of WebSocketProgress::Result.
	};

	int look(Time now, const WebSocketPeerState& peer, WebSocketProgress& progress, bool sentBefore = true);
		/// Takes what the system knows of the peer. sentBefore tells whether there may be something that the peer has to read before
		/// the PING; without that there is no second one. Returns what WebSocketProgress::look() does; or PROBE if this look is the first after a
		/// PING, and a second one follows: the shell then has the system keep what it knows up to date (probePeer()), until received() returns true.

	Time deadline(const Limits& limits, const WebSocketProgress& progress) const;
		/// Returns when timeReached() is to be called. Only if there are PINGs (pingInterval > 0).

	bool received(Time now);
		/// A byte has come from the peer. Returns true if a PING had been due: the silence is over.

	void restart(Time now);
		/// Until now a PING could not go out, or an answer not be seen.

	Time sign() const;
	void sign(Time time);
		/// When the time that is waited for an answer has begun. Free for another use while there is no PING.

	bool pinging() const;
		/// Returns true from the first PING to received().

	Time lastReceived() const;

protected:
	static bool reached(Time time, Time now);
		/// Returns true if now is not before time.

private:
	enum Phase: unsigned char
	{
		QUIET,
		PINGED,
		LOOKED,       // and the second PING is due
		PINGED_AGAIN,
		LOOKED_AGAIN  // just now
	};

	static Time answerLimit(const Limits& limits, const WebSocketProgress& progress);

	Time _received = 0;
	Time _sign = 0; // when the PING was sent, or the last sign that there will be an answer
	Phase _phase = QUIET;
};


//
// inlines
//
inline bool WebSocketKeepAlive::received(Time now)
{
	_received = now;
	if (_phase == QUIET) return false;
	_phase = QUIET;
	return true;
}


inline WebSocketKeepAlive::Time WebSocketKeepAlive::sign() const
{
	return _sign;
}


inline void WebSocketKeepAlive::sign(Time time)
{
	_sign = time;
}


inline bool WebSocketKeepAlive::pinging() const
{
	return _phase != QUIET;
}


inline WebSocketKeepAlive::Time WebSocketKeepAlive::lastReceived() const
{
	return _received;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketKeepAlive_INCLUDED
