//
// SendWait.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketSendWait
//
// How long a blocking send may wait.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSendWait_INCLUDED
#define Net_WebSocketSendWait_INCLUDED


#include "core/Progress.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Clock.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketSendWait
	/// Waits until a peer has room for more. The peer's system counts, not this one's buffer: that reports room only when a third of it
	/// is free, which a slow peer may take minutes for.
{
public:
	WebSocketSendWait();

	void setTransferTimeout(const Poco::Timespan& timeout);
		/// How long a transfer may take, however steadily the peer takes what is sent; 0: for ever.

	const Poco::Timespan& transferTimeout() const;

	void beginTransfer();
		/// What is sent from now on is another transfer, and has this time for itself, from when there is no room for the first time.

	bool wait(int fd, const Poco::Timespan& timeout);
		/// Returns false if the peer has taken nothing for the time-out, or if the transfer takes too long.

private:
	WebSocketProgress _progress; // of the peer
	Poco::Timespan _transferTimeout;
	Poco::Clock _transferSince; // when it had no room for the first time
	bool _transferTimed;        // it had
};


//
// inlines
//
inline void WebSocketSendWait::beginTransfer()
{
	_transferTimed = false;
}


inline const Poco::Timespan& WebSocketSendWait::transferTimeout() const
{
	return _transferTimeout;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSendWait_INCLUDED
