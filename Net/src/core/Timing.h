//
// Timing.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketTiming
//
// What has to happen in time.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTiming_INCLUDED
#define Net_WebSocketTiming_INCLUDED


#include "core/KeepAlive.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketConnectionParams;


class WebSocketTiming: private WebSocketKeepAlive // whose last bytes it uses
	/// What has to happen in time on a connection, and what has failed to: keep-alive, idle, send and close time-outs, and
	/// the longest time for a transfer. See WebSocketConnectionParams.
	///
	/// A limit of silence counts from the last progress at the peer. What the system knows of the peer is asked for when a
	/// limit seems to be reached, not before: timeReached() returns LOOK, and look() is told.
	///
	/// Times are milliseconds, and wrap around.
{
public:
	typedef WebSocketKeepAlive::Time Time;

	struct Limits: public WebSocketKeepAlive::Limits
	{
		Limits() = default;
		explicit Limits(const WebSocketConnectionParams& params);

		Time idleTimeout = 0; /// 0: none.
		Time sendTimeout = 0;
		Time closeTimeout = 0;
		Time transferTimeout = 0;
		Time maxAge = 0; /// 0: none. See limitAge().
	};

	struct Facts
		/// How the connection is.
	{
		bool open = true;            /// Messages can be sent.
		bool paused = false;         /// Nothing is read, as the program wants it.
		bool blocked = false;        /// Something waits until the peer takes what was sent before.
		bool closing = false;        /// The closing handshake has begun, see closing().
		bool discarding = false;     /// What arrives is of no interest any more.
		bool sendBroken = false;     /// Nothing can be sent any more, and what the peer has sent is still read, see closing().
		bool messageArrives = false; /// A message is arriving that is not handed over in parts.
		Poco::UInt64 messages = 0;   /// How many have been received.
		Poco::UInt64 sent = 0;       /// How many bytes have been sent.
		Poco::UInt64 queued = 0;     /// How many wait to be sent, if blocked.
	};

	struct More
		/// What is needed only when something does not go well.
	{
		WebSocketProgress progress;
		bool probing = false;     // the system is to ask the peer's
		Poco::UInt64 queueEnd = 0; // when so many bytes have been sent, all has that was queued at that time:
		Time queueSince = 0;
		Poco::UInt64 message = 0; // the number of that which arrived at that time:
		Time messageSince = 0;
		bool messageArrives = false;
	};

	enum Action
	{
		NOTHING,
		LOOK,            /// Call look(), then timeReached() again.
		SEND_PING,       /// After all actions from here on to IDLE call timeReached() again.
		IDLE,            /// Close with 1001: no message for too long.
		AGED,            /// Close with 1001: see limitAge().
		MESSAGE_TIMEOUT, /// Fail the connection (1008): a message takes too long to arrive.
		PING_TIMEOUT,    /// No answer to a PING.
		SEND_TIMEOUT,    /// The peer does not take what is sent.
		CLOSE_TIMEOUT,   /// No Close frame from the peer.
		READ_TIMEOUT,    /// Nothing can be sent any more, and nothing comes any more.
		ACTIONS          /// How many there are.
	};

	void begin(Time now);
		/// The opening handshake is complete.

	void limitAge(Time now, const Limits& limits, Poco::UInt32 random);
		/// If there is a limit of age: it counts from now on. Each connection has up to a quarter less, as random says.

	Action timeReached(Time now, const Limits& limits, const Facts& facts, More* pMore);
		/// Returns what is to be done now. pMore is null until there was a look, or blocked().

	bool look(Time now, const WebSocketPeerState& peer, const Facts& facts, More& more);
		/// Takes what the system knows of the peer. Returns true if the system is to keep that up to date from now on.

	Time deadline(Time now, const Limits& limits, const Facts& facts, const More* pMore) const;
		/// Returns when timeReached() is to be called again.

	using WebSocketKeepAlive::received;
	using WebSocketKeepAlive::pinging;
	using WebSocketKeepAlive::lastReceived;

	void message(Time now);
		/// A message has been sent or received.

	bool blocked(Time now, const WebSocketPeerState& peer, const Facts& facts, More& more);
		/// From now on something waits to be sent. Returns as look().

	void taken(Time now);
		/// Some of it has been taken.

	void unblocked(Time now);
		/// All has been.

	bool closing(Time now, bool late);
		/// The closing handshake begins, or nothing can be sent any more; late tells whether there is much that the peer has to read before
		/// the Close frame. Returns as look().

	void resumed(Time now);
		/// Reading goes on.

	Time lastMessage() const;

private:
	bool sentBefore(const WebSocketPeerState& peer) const;
	Time closeLimit(const Limits& limits) const;
	Time readingUntil(Time now, const Limits& limits, const Facts& facts) const;
	static void advance(Time& time, Time other, Time now);

	// The base's sign() is also when there was a sign last of what is waited for if blocked or closing.
	bool _looked = false;      // since timeReached() has returned LOOK
	bool _forAnswer = false;   // it did for the keep-alive
	bool _closesLater = false; // the peer has much to read before the Close frame
	Time _lastMessage = 0;     // in either direction
	Time _closingSince = 0; // until then, when it is too old
};


//
// inlines
//
inline void WebSocketTiming::message(Time now)
{
	_lastMessage = now;
}


inline WebSocketTiming::Time WebSocketTiming::lastMessage() const
{
	return _lastMessage;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTiming_INCLUDED
