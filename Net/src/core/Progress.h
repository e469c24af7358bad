//
// Progress.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketProgress
//
// Whether a slow peer gets on.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProgress_INCLUDED
#define Net_WebSocketProgress_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketProtocol.h"
#include "Poco/Types.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketProgress
	/// Compares one look at a peer with the look before, and tells whether the peer has got on meanwhile.
	///
	/// A PONG comes only when the peer's program has read all that was sent before the PING. Until the peer's system
	/// has acknowledged that, each acknowledgement is progress. Later ones are not: they come also from a system whose
	/// program hangs. From then on it is progress if the program reads, which makes room in a window that was not wide open.
	/// A window that is wide open tells nothing, and as much as it is wide may lie unread behind it: Linux widens it by up to
	/// twice what arrives, until it is as wide as the room that is left, and does not widen it when that is read. So from the last progress on
	/// a peer may be reading unseen for as long as LOWEST_RATE needs for one window.
	///
	/// Times are milliseconds, and wrap around.
{
public:
	typedef Poco::UInt32 Time;

	enum
	{
		LOWEST_RATE = 25 /// Bytes in a millisecond. A program that reads unseen is waited for as if it read no slower.
	};

	enum Result
		/// Bits.
	{
		NONE  = 0,
		TAKEN   = 1, /// The peer has acknowledged something, or made room.
		READ    = 2, /// It gets nearer to the answer to the PING of expectAnswer().
		ARRIVED = 4  /// Something has come from it that could not be received yet: after a loss the system holds back what follows.
	};

	void begin(const WebSocketPeerState& state);
		/// Sets what the next look is compared with.

	void expectAnswer(const WebSocketPeerState& state, Time now);
		/// The same. A PING is sent next, and answered when all has been read that is waiting now.

	int look(const WebSocketPeerState& state, Time now);
		/// Returns bits of Result. The first look has nothing to compare with, and returns TAKEN.

	Time time() const;
		/// Returns when the peer has got on, if look() has returned TAKEN or READ.

	Poco::UInt32 unacknowledged() const;
		/// Returns how many bytes were not acknowledged at the last look.

	bool slow() const;
		/// Returns true if the peer is known to have something to read before the PING of expectAnswer().

	bool readsUnseen(Time now) const;
		/// Returns true if the peer may be reading, though it does not show at the window. Then an answer of its system has to be enough.

	bool waiting() const;
		/// Returns true if something was not acknowledged at the last look, or at the one before.

private:
	void hide(const WebSocketPeerState& state, Time now);

	WebSocketPeerState _last;
	Poco::UInt32 _answerBehind = 0; // how much is acknowledged when the PING is
	Time _time = 0;
	Time _seen = 0;        // when it has shown last that it reads
	Time _unseen = 0;      // for how long it may read from then on without that
	bool _known = false;   // there was a look before
	bool _behind = false;  // the PING is not acknowledged
	bool _slow = false;
	bool _waited = false;  // something was not acknowledged at the look before the last
};


//
// inlines
//
inline WebSocketProgress::Time WebSocketProgress::time() const
{
	return _time;
}


inline Poco::UInt32 WebSocketProgress::unacknowledged() const
{
	return _last.waiting;
}


inline bool WebSocketProgress::slow() const
{
	return _slow;
}


inline bool WebSocketProgress::readsUnseen(Time now) const
{
	return _unseen > 0 && !_behind && static_cast<Poco::Int32>(now - _seen - _unseen) < 0;
}


inline bool WebSocketProgress::waiting() const
{
	return _last.waiting > 0 || _waited;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProgress_INCLUDED
