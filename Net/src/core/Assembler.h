//
// Assembler.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketAssembler
//
// Messages from frames (RFC 6455, 5.4; RFC 7692, 6).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketAssembler_INCLUDED
#define Net_WebSocketAssembler_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "core/Deflate.h"
#include "core/Framer.h"
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketParams;


class WebSocket_API WebSocketAssembler
	/// What a message is beyond its frames: its limits, and its compression.
	///
	/// The frames are received with a WebSocketFramer; for each frame of a message
	/// begin() is called once its header is there, and, if the message is compressed,
	/// inflate() with each part of its payload. What is not allowed fails the framer.
	///
	/// Used by the thread that receives.
{
public:
	explicit WebSocketAssembler(WebSocketFramer& framer);
		/// Creates the assembler, with the default limits: see WebSocketLimits.

	void setLimits(Poco::UInt32 maxMessageSize, Poco::UInt32 maxFrameSize, unsigned maxFragments, unsigned maxPendingPings);
		/// Sets the limits; see WebSocketParams.

	void configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate);
		/// Sets the limits, and allows compressed messages if pDeflate, what was agreed on, is not null.

	void enableInflate(int windowBits, bool contextTakeover);
		/// Allows compressed messages (RFC 7692); see WebSocketInflater.

	WebSocketFramer::Result begin();
		/// Takes the header of a frame of a message. Fails the framer (PAYLOAD_TOO_BIG, 1009;
		/// POLICY_VIOLATION, 1008) if the message gets too large, or has too many frames.

	WebSocketFramer::Result beginWhole();
		/// The same for a frame that WebSocketFramer::receiveWhole() has taken.

	WebSocketFramer::Result inflate(const char* pData, std::size_t length, std::string& message);
	WebSocketFramer::Result inflate(const char* pData, std::size_t length, WebSocketBuffer& message);
		/// Takes part of the payload of a frame of a compressed message, after
		/// WebSocketFramer::receivePayload() has; for an empty frame once with length 0. What
		/// comes out is appended to message. Fails the framer (PAYLOAD_TOO_BIG, 1009; CORRUPT_DATA or INVALID_UTF8, 1007).

	std::size_t inflateStep() const;
		/// Returns how many bytes of the payload of a compressed message should be decompressed at a time, by who has
		/// others to serve: few (16, which can be 16 KiB), if those before have become many more, otherwise more (256).

	WebSocketFramer::Result limitPings(unsigned pending);
		/// Fails the framer (POLICY_VIOLATION, 1008) if too many PINGs are pending.

	WebSocketFramer& framer();
		/// Returns the framer.

	int opcode() const;
		/// Returns the opcode of the message: text or binary.

	bool compressed() const;
		/// Returns true if the message is compressed.

	bool complete() const;
		/// Returns true if the frame received last is complete, and the last one of the message.

	bool single() const;
		/// Returns true if the message is a single, uncompressed frame.

private:
	template <typename Message> WebSocketFramer::Result inflateTo(const char* pData, std::size_t length, Message& message);

	WebSocketFramer& _framer;
	Poco::UInt32 _maxMessageSize;
	Poco::UInt32 _maxFrameSize;
	unsigned _maxFragments;
	unsigned _maxPendingPings;
	std::unique_ptr<WebSocketInflater> _pInflater;
	WebSocketUTF8 _text; // of a compressed message

	// of the present message
	unsigned _fragments;
	Poco::UInt32 _size; // of its payload so far, decompressed
	unsigned char _opcode;
	bool _compressed;
	bool _dense; // what comes next may be many times as long when decompressed

	unsigned char _maxWhole; // the limits, as far as frames for beginWhole() can be longer
};


//
// inlines
//
inline WebSocketFramer::Result WebSocketAssembler::beginWhole()
{
	const WebSocketFrameHeader& header = _framer.header();
	if (header.payloadLength > _maxWhole) return begin();
	_opcode     = static_cast<unsigned char>(header.opcode());
	_compressed = false;
	_fragments  = 1;
	return WebSocketFramer::OK;
}


inline std::size_t WebSocketAssembler::inflateStep() const
{
	return _dense ? 16 : 256;
}


inline WebSocketFramer& WebSocketAssembler::framer()
{
	return _framer;
}


inline int WebSocketAssembler::opcode() const
{
	return _opcode;
}


inline bool WebSocketAssembler::compressed() const
{
	return _compressed;
}


inline bool WebSocketAssembler::complete() const
{
	return _framer.remaining() == 0 && _framer.header().fin();
}


inline bool WebSocketAssembler::single() const
{
	return _fragments == 1 && _framer.header().fin() && !_compressed;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketAssembler_INCLUDED
