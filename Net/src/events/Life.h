//
// Life.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketLife
//
// How far a connection of the event shell has come.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketLife_INCLUDED
#define Net_WebSocketLife_INCLUDED


#include "Poco/Net/WebSocketConnection.h"
#include "events/ConnectionGroup.h"
#include <atomic>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketLife
	/// How far a connection has come, from before it is in its loop until it has left that.
	///
	///     NEW --> HANDSHAKE --> OPEN --> CLOSING --> CLOSED --> SHUT --> GONE
	///
	/// From each phase a connection may leave its loop (GONE), and until CLOSED each may be left out on the way there, but:
	/// only what is OPEN becomes CLOSING or BROKEN, only a request that is refused leads from HANDSHAKE to CLOSED, and only
	/// what is CLOSED becomes SHUT. BROKEN is in place of CLOSING.
	///
	/// | phase     | state()    | what arrives               | what is sent                 | next, but for GONE               |
	/// |-----------|------------|----------------------------|------------------------------|----------------------------------|
	/// | NEW       | CONNECTING | nothing                    | nothing                      | HANDSHAKE                        |
	/// | HANDSHAKE | CONNECTING | the request                | the response                 | OPEN, CLOSED, ABORTED            |
	/// | OPEN      | OPEN       | messages                   | messages                     | CLOSING to CLOSED                |
	/// | CLOSING   | CLOSING    | messages until the Close   | what was queued, the Close   | FAILED, ABORTED, CLOSED          |
	/// | BROKEN    | CLOSING    | what was sent before       | nothing, it cannot be        | FAILED, ABORTED, CLOSED          |
	/// | FAILED    | CLOSING    | is discarded               | what was queued, the Close   | ABORTED, CLOSED                  |
	/// | ABORTED   | CLOSING    | is discarded               | nothing                      | DROPPED; GONE in the next turn   |
	/// | CLOSED    | CLOSED     | is discarded               | what was queued, the Close   | SHUT, DROPPED                    |
	/// | SHUT      | CLOSED     | is discarded               | nothing, it has been         | DROPPED                          |
	/// | DROPPED   | CLOSED     | is discarded               | nothing                      | GONE in the next turn            |
	/// | GONE      | CLOSED     | nothing                    | nothing                      | none                             |
	///
	/// onOpen() is called when OPEN begins, onError() until CLOSED, onClose() when CLOSED begins or, after ABORTED, DROPPED; or
	/// GONE, if there was none of these.
	///
	/// Used by the loop's thread; state() by any.
{
public:
	enum Phase: unsigned char
	{
		NEW,       /// It is not in its loop yet.
		HANDSHAKE, /// The opening handshake is going on.
		OPEN,
		CLOSING,   /// The closing handshake was begun here, and the peer's Close frame has not come.
		BROKEN,    /// Nothing can be sent any more. What the peer has sent before is still received.
		FAILED,    /// The peer has broken a rule, or there was an error.
		ABORTED,   /// abort() was called.
		CLOSED,    /// onClose() has been called, or the request was refused.
		SHUT,      /// The end of the stream was sent, and the peer's is awaited.
		DROPPED,   /// abort() was called after CLOSED.
		GONE
	};

	explicit WebSocketLife(WebSocketConnectionGroup::Phase counted = WebSocketConnectionGroup::HANDSHAKE);
		/// Creates the life of a connection that counts as that until it is OPEN.

	Phase phase() const;

	bool enter(Phase next);
		/// Goes to another phase, if the table says that it follows. Otherwise changes nothing, and returns false.

	WebSocketConnection::State state() const;

	bool isOpen() const;
	bool discards() const;
		/// Returns true if what arrives is of no interest any more: the phase is FAILED or a later one.

	bool closing() const;
		/// Returns true if the closing handshake, or what comes in its place after a failure, has begun and is not aborted.

	bool aborted() const;
		/// Returns true if the connection is cut in the next turn.

	bool gone() const;

	bool tells() const;
		/// Returns true if the handler is told of errors: onOpen() has been called, and onClose() has not.

	bool opened() const;
		/// Returns true if the connection is or was OPEN.

	WebSocketConnectionGroup::Phase counted() const;
		/// Returns what the connection counts as for its group.

	void handedOver();
		/// From now on it counts as ELSEWHERE.

	static bool follows(Phase phase, Phase next);
		/// Returns true if the table has next behind phase.

private:
	std::atomic<Phase> _phase;
	unsigned char _counted; // a WebSocketConnectionGroup::Phase
};


//
// inlines
//
inline WebSocketLife::WebSocketLife(WebSocketConnectionGroup::Phase counted):
	_phase(NEW),
	_counted(counted)
{
}


inline WebSocketLife::Phase WebSocketLife::phase() const
{
	return _phase.load(std::memory_order_relaxed);
}


inline bool WebSocketLife::isOpen() const
{
	return phase() == OPEN;
}


inline bool WebSocketLife::discards() const
{
	return phase() >= FAILED;
}


inline bool WebSocketLife::gone() const
{
	return phase() == GONE;
}


inline bool WebSocketLife::opened() const
{
	return _counted == WebSocketConnectionGroup::OPENED;
}


inline WebSocketConnectionGroup::Phase WebSocketLife::counted() const
{
	return static_cast<WebSocketConnectionGroup::Phase>(_counted);
}


inline void WebSocketLife::handedOver()
{
	_counted = WebSocketConnectionGroup::ELSEWHERE;
}


inline bool WebSocketLife::tells() const
{
	return opened() && phase() < CLOSED;
}


inline bool WebSocketLife::aborted() const
{
	return phase() == ABORTED || phase() == DROPPED;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketLife_INCLUDED
