//
// ControlFrames.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketControlFrames
//
// Control frames that wait to be sent.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketControlFrames_INCLUDED
#define Net_WebSocketControlFrames_INCLUDED


#include "core/FrameHeader.h"
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketControlFrames
	/// The control frames that wait until the peer takes what was sent before: one PING, one PONG and one Close at most, however
	/// many PINGs come. A PONG takes the place of one that waits: only the latest PING is answered (RFC 6455, 5.5.3).
	/// They go out in this order; nothing follows the Close (5.5.1).
	///
	/// Used by one thread at a time.
{
public:
	struct Frame
	{
		int flags = 0; /// First byte of the header; 0 if there is no frame.
		std::size_t length = 0;
		unsigned number = 0; /// Of all that were posted.
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	};

	void post(int flags, const char* pPayload, std::size_t length);
		/// A PING, PONG or Close (WebSocketFrameHeader::PING, PONG or CLOSE), with up to 125 bytes, is to be sent.

	unsigned pendingPings() const;
		/// Returns how many PONGs have been posted since one was sent last.

	bool next(Frame& frame) const;
		/// Copies the frame that goes out first. Returns false if there is none.

	void sent(const Frame& frame);
		/// What next() has given has been sent, or must not be. A newer one that has been posted meanwhile still waits.

	bool waits(int flags) const;
		/// Returns true if a frame of this kind waits.

	bool empty() const;

	void clear();

private:
	Frame& slot(int flags);
	const Frame& slot(int flags) const;

	Frame _ping;
	Frame _pong;
	Frame _close;
	unsigned _pendingPings = 0;
	unsigned _posted = 0;
};


//
// inlines
//
inline unsigned WebSocketControlFrames::pendingPings() const
{
	return _pendingPings;
}


inline bool WebSocketControlFrames::empty() const
{
	return _ping.flags == 0 && _pong.flags == 0 && _close.flags == 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketControlFrames_INCLUDED
