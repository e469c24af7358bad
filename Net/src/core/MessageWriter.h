//
// MessageWriter.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketMessageWriter
//
// Frames from messages (RFC 6455, 5.4; RFC 7692, 6).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketMessageWriter_INCLUDED
#define Net_WebSocketMessageWriter_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "core/Deflate.h"
#include "core/Framer.h"
#include "core/UTF8.h"
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketParams;


class WebSocket_API WebSocketMessageWriter
	/// What a message is when it is sent: text that is checked, compression, and the first bytes of
	/// its frames (RFC 6455, 5.4 and 5.6). Each part of a message becomes a frame:
	///
	///     begin(), then for each fragment: check(), frame()
	///     for each part that the program sends by itself: beginPart(), check(), frame()
	///
	/// Used by one thread at a time.
{
public:
	static constexpr std::size_t ANY_LENGTH = static_cast<std::size_t>(-1); /// Not known before the end; it counts as long.

	struct Frame
	{
		int flags = 0;                /// The first byte of the header.
		const char* pData = nullptr;  /// The payload, not masked.
		std::size_t length = 0;
		bool nothing = false;         /// The compressor keeps the whole part for later: this is not to be sent.
	};

	WebSocketMessageWriter();

	void configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate, WebSocketFramer::Role role);
		/// Compresses messages if pDeflate, what was agreed on, is not null, and checks texts unless params says otherwise.

	void setVerifyUTF8(bool flag);
		/// Sets whether texts are checked. Default: true.

	void enableDeflate(std::unique_ptr<WebSocketDeflater> pDeflater, std::size_t threshold);
		/// Compresses messages of threshold bytes and more (RFC 7692).

	void begin(int opcode, bool compress, std::size_t length = ANY_LENGTH);
		/// Begins a message of length bytes, which is compressed if that was agreed on, compress is true, and the
		/// length reaches the threshold.
		///
		/// Throws an InvalidArgumentException if the opcode is not that of a message, and an IllegalStateException while a message is being
		/// sent in parts, or if the one before lacks its end for ever: no frame of another message may follow.

	void beginPart(int opcode, bool compress);
		/// Begins a message in parts, or goes on with it. Throws as begin(), and an InvalidArgumentException if the parts of
		/// the message have another opcode.

	bool inMessage() const;
		/// Returns true if a message has been begun with frame() that lacks its last frame.

	bool deflates() const;
		/// Returns true if messages are compressed.

	bool compresses(std::size_t length) const;
		/// Returns true if messages of this length are.

	bool check(const char* pData, std::size_t length, bool last);
		/// Checks the next part of a message; returns false if that is a text, and not UTF-8 (RFC 6455, 8.1). Then
		/// another part can be checked in its place.

	Frame frame(const char* pData, std::size_t length, bool last, std::string& compressed);
		/// Makes a frame of the next part of the message. What is compressed goes to compressed. Throws a
		/// std::bad_alloc if there is no memory; the part has not become a frame then, see lost().

	static int wholeFlags(int opcode);
		/// Returns the first byte of the header of a whole, uncompressed message in one frame.

	void lost();
		/// What frame() was called for last is not sent: the compressor forgets it, as the peer must not be told to refer to it. If it was not
		/// the first frame of its message, that one cannot be completed any more.

	void giveUp();
		/// The rest of the message, if it lacks some, is never going to be sent.

private:
	void start(int opcode, bool compress);

	std::unique_ptr<WebSocketDeflater> _pDeflater;
	unsigned _threshold;
	WebSocketUTF8 _text;
	unsigned char _opcode;
	bool _verifyUTF8;
	bool _compress;
	bool _first;     // the next frame is the message's first
	bool _lastFirst; // the frame made last was
	bool _inMessage;
	bool _lost;      // a message can never be completed
};


//
// inlines
//
inline void WebSocketMessageWriter::setVerifyUTF8(bool flag)
{
	_verifyUTF8 = flag;
}


inline bool WebSocketMessageWriter::inMessage() const
{
	return _inMessage;
}


inline int WebSocketMessageWriter::wholeFlags(int opcode)
{
	return WebSocketFrameHeader::FIN | opcode; // RFC 6455, 5.4
}


inline bool WebSocketMessageWriter::deflates() const
{
	return _pDeflater != nullptr;
}


inline bool WebSocketMessageWriter::compresses(std::size_t length) const
{
	return deflates() && length >= _threshold;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMessageWriter_INCLUDED
