//
// TimedInput.h
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketReader
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketTimedInput_INCLUDED
#define Net_WebSocketTimedInput_INCLUDED


#include "blocking/Sender.h"
#include "core/Framer.h"
#include "core/KeepAlive.h"
#include "core/MessageParser.h"
#include "net/Deadline.h"
#include "net/Transport.h"
#include "Poco/Clock.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketTimedInput
	/// Receives bytes, and waits for them no longer than it may: receive timeout, keep-alive, transfer timeout. While it
	/// waits, it sends what the sender was not able to.
	///
	/// Used by one thread at a time.
{
public:
	enum
	{
		AGAIN  = -1, /// Non-blocking, and not there yet.
		FAILED = -2  /// The framer has failed.
	};

	enum Fetch
	{
		TAKE,
		PEEK /// What is received stays in the kernel.
	};

	WebSocketTimedInput(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender);

	void setKeepAlive(const Poco::Timespan& pingInterval, const Poco::Timespan& pongTimeout, const Poco::Timespan& transferTimeout);
		/// See WebSocketParams::setPingInterval(), setPongTimeout() and setTransferTimeout().

	void setLimit(const WebSocketDeadline* pLimit);
		/// As long as it is set (not null), what is waited for has to come within this limit, in all, instead of within the
		/// socket's receive timeout each; and there is no keep-alive.

	int fetch(char* pTarget, std::size_t length, Fetch how);
		/// Receives up to length bytes. Returns how many, 0 at the end of the stream, AGAIN or FAILED. Throws a TimeoutException
		/// when the time is over.

	bool tooSlow(WebSocketMessageParser& parser);
		/// To be called before more of a message is waited for. Returns true, and fails the framer, if that was done for the
		/// first time longer ago than the transfer timeout.

	void messageReceived();
		/// The message that was waited for is complete.

private:
	int fetchAlive(char* pTarget, std::size_t length, Fetch how, bool pending);
	bool keepAlive(Poco::Timespan& left, bool pending);
	static WebSocketKeepAlive::Time now();

	WebSocketTransport& _transport;
	WebSocketFramer& _framer;
	WebSocketSender& _sender;
	const WebSocketDeadline* _pLimit;
	bool _timed;               // there is a limit, or keep-alive
	WebSocketKeepAlive _keepAlive;
	WebSocketKeepAlive::Limits _keepAliveLimits;
	WebSocketProgress _progress; // of the peer
	Poco::Timespan _transferTimeout;
	Poco::Clock _messageSince; // when more of a message was waited for first
	bool _messageTimed;        // it was
};


inline void WebSocketTimedInput::messageReceived()
{
	_messageTimed = false;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketTimedInput_INCLUDED
