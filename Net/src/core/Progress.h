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
	///
	/// Times are milliseconds, and wrap around.
{
public:
	typedef Poco::UInt32 Time;

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

	void expectAnswer(const WebSocketPeerState& state);
		/// The same. A PING is sent next, and answered when all has been read that is waiting now.

	int look(const WebSocketPeerState& state, Time now);
		/// Returns bits of Result. The first look has nothing to compare with, and returns TAKEN.

	Time time() const;
		/// Returns when the peer has got on, if look() has returned TAKEN or READ.

	Poco::UInt32 unacknowledged() const;
		/// Returns how many bytes were not acknowledged at the last look.

	bool slow() const;
		/// Returns true if the peer is known to have something to read before the PING of expectAnswer().

	bool waiting() const;
		/// Returns true if something was not acknowledged at the last look, or at the one before.

private:
	WebSocketPeerState _last;
	Poco::UInt32 _answerBehind = 0; // how much is acknowledged when the PING is
	Time _time = 0;
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


inline bool WebSocketProgress::waiting() const
{
	return _last.waiting > 0 || _waited;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProgress_INCLUDED
