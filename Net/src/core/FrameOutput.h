//
// FrameOutput.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketProtocol
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketFrameOutput_INCLUDED
#define Net_WebSocketFrameOutput_INCLUDED


#include "core/Buffer.h"
#include "core/ControlFrames.h"
#include "core/Framer.h"
#include <functional>
#include <string_view>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketFrameOutput
	/// The frames that one end sends, as bytes, until they are taken. Control frames wait outside while the
	/// peer does not take everything: so only the latest PING is answered (RFC 6455, 5.5.3).
	///
	/// Used by one thread at a time.
{
public:
	typedef std::function<void (unsigned char* pKey)> KeySource; /// Writes a masking key to pKey.

	enum Taken
	{
		ALL,       /// Nothing is left.
		UNBLOCKED, /// The same, and before something was.
		BLOCKED,   /// Something is left, for the first time.
		MOVED,     /// Something still is, but less.
		STUCK      /// As much as before.
	};

	enum: std::size_t
	{
		KEPT = 64*1024 // memory that is kept when all has been taken
	};

	WebSocketFrameOutput(WebSocketFramer& framer, const KeySource& keys);

	void append(int flags, const char* pPayload, std::size_t length);
		/// Puts a frame into the output. Throws a std::bad_alloc, and does nothing, if there is no memory.

	bool tryAppend(int flags, const char* pPayload, std::size_t length);
		/// The same; returns false instead of throwing.

	void post(int flags, const char* pPayload, std::size_t length);
		/// Sends a control frame, see WebSocketControlFrames: now, or when the peer takes more, or there is memory with the next one.

	unsigned pendingPings() const;
		/// See WebSocketControlFrames.

	std::string_view bytes() const;
		/// Returns what has not been taken.

	Taken take(std::size_t length);
		/// The first bytes, as many as could be, have been taken. Something that was left is called blocked.

	Poco::UInt64 taken() const;
		/// Returns how many bytes have been taken in all.

	bool blocked() const;

private:
	void appendControl();

	WebSocketFramer& _framer;
	KeySource _keys;
	WebSocketControlFrames _control;
	WebSocketBuffer _bytes;
	std::size_t _begin; // what is left of them
	Poco::UInt64 _taken;
	bool _blocked;
};


inline unsigned WebSocketFrameOutput::pendingPings() const
{
	return _control.pendingPings();
}


inline std::string_view WebSocketFrameOutput::bytes() const
{
	return std::string_view(_bytes.data() + _begin, _bytes.size() - _begin);
}


inline Poco::UInt64 WebSocketFrameOutput::taken() const
{
	return _taken;
}


inline bool WebSocketFrameOutput::blocked() const
{
	return _blocked;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketFrameOutput_INCLUDED
