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
	/// its frames. Each part of a message becomes a frame:
	///
	///     begin(), then for each part: check(), frame()
	///
	/// Used by one thread at a time.
{
public:
	struct Frame
	{
		int flags = 0;                /// The first byte of the header.
		const char* pData = nullptr;  /// The payload, not masked.
		std::size_t length = 0;
		bool nothing = false;         /// The compressor keeps the whole part for later: this is not to be sent.
	};

	WebSocketMessageWriter();

	void configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate, WebSocketFramer::Role role);
		/// Compresses messages if pDeflate, what was agreed on, is not null.

	void enableDeflate(std::unique_ptr<WebSocketDeflater> pDeflater, std::size_t threshold);
		/// Compresses messages of threshold bytes and more (RFC 7692).

	bool begin(int opcode, bool large);
		/// Begins a message; large tells whether it may be as long as the threshold. Returns false, and does nothing, if the message
		/// before has not been completed, and never will be: no frame of another message may follow (RFC 6455, 5.4).

	bool inMessage() const;
		/// Returns true if a message has been begun with frame() that lacks its last frame.

	std::size_t threshold() const;
		/// Returns how many bytes a message to be compressed must have.

	bool deflates() const;
		/// Returns true if messages are compressed.

	bool check(const char* pData, std::size_t length, bool last);
		/// Checks the next part of a text message; returns false if it is not UTF-8 (RFC 6455, 8.1). Then
		/// another part can be checked in its place.

	Frame frame(const char* pData, std::size_t length, bool last, std::string& compressed);
		/// Makes a frame of the next part of the message. What is compressed goes to compressed. Throws a
		/// std::bad_alloc if there is no memory; the part has not become a frame then, see lost().

	static int wholeFlags(int opcode);
		/// Returns the first byte of the header of a whole, uncompressed message in one frame.

	void lost();
		/// What frame() was called for last is not sent: the compressor forgets it, as the peer must not be told to refer to it. If it was not
		/// the first frame of its message, that one cannot be completed any more.

	int opcode() const;
		/// Returns the opcode of the message begun last.

private:
	std::unique_ptr<WebSocketDeflater> _pDeflater;
	unsigned _threshold;
	WebSocketUTF8 _text;
	unsigned char _opcode;
	bool _compress;
	bool _first;     // the next frame is the message's first
	bool _lastFirst; // the frame made last was
	bool _inMessage;
	bool _lost;      // a message can never be completed
};


//
// inlines
//
inline std::size_t WebSocketMessageWriter::threshold() const
{
	return _threshold;
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


inline int WebSocketMessageWriter::opcode() const
{
	return _opcode;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketMessageWriter_INCLUDED
