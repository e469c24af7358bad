//
// Framer.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFramer
//
// The protocol state machine (RFC 6455, 5, 7 and 8).
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketFramer_INCLUDED
#define Net_WebSocketFramer_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketError.h"
#include "core/FrameHeader.h"
#include "core/Mask.h"
#include "core/UTF8.h"
#include <atomic>
#include <cstring>
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketFramer
	/// One end of a WebSocket connection, without the connection: bytes
	/// received go in, frames come out, and every rule of RFC 6455, 5, 7
	/// and 8 is enforced here, for both roles.
	///
	/// The receiving side is fed header by header and payload by payload, in
	/// parts of any length; the result does not depend on where the bytes
	/// were cut:
	///
	///     receiveHeader() until it returns OK,
	///     limitPayload() with the room there is,
	///     receivePayload() until remaining() is 0.
	///
	/// The sending side checks a frame (checkSend()), encodes its header
	/// (buildHeader()) and is told when it goes out (sent()).
	///
	/// After a violation every receiving call returns FAILED; error() and
	/// errorText() say why, and buildFailure() makes the Close frame to send.
	///
	/// There is no I/O here, and no clock: masking keys are arguments.
	/// The receiving side may be used by one thread at a time, and the
	/// sending side by one other. closeState(), failed(), error() and
	/// errorText() may be called by any.
{
public:
	enum Role
	{
		ROLE_SERVER,
		ROLE_CLIENT
	};

	using CloseState = WebSocketFrame::CloseState;
	static constexpr CloseState OPEN           = WebSocketFrame::OPEN;
	static constexpr CloseState CLOSE_SENT     = WebSocketFrame::CLOSE_SENT;
	static constexpr CloseState CLOSE_RECEIVED = WebSocketFrame::CLOSE_RECEIVED;
	static constexpr CloseState CLOSED         = WebSocketFrame::CLOSED;

	enum Result
	{
		OK,        /// Done.
		NEED_MORE, /// All bytes were taken; the header is not complete yet.
		FAILED     /// The peer broke a rule, now or before.
	};

	enum SendResult
	{
		SEND,          /// The frame can be sent.
		DROP,          /// A Close frame after a Close frame, or when the connection has failed: to be dropped silently.
		REFUSE_CLOSED, /// Nothing may follow a Close frame (5.5.1).
		REFUSE_FAILED, /// The connection has failed.
		REFUSE_CONTROL_LENGTH, /// A control frame of more than 125 bytes (5.5).
		REFUSE_CLOSE_PAYLOAD   /// A Close payload of one byte, with a code that must not be sent, or a reason that is not UTF-8 (5.5.1, 7.4).
	};

	explicit WebSocketFramer(Role role, bool compact = false);
		/// Creates the state of a connection whose opening handshake is complete.
		///
		/// A compact one allocates memory for the payload of control frames when it is needed, and fails
		/// (PAYLOAD_TOO_BIG, 1011) if there is none; see forgetControl(). Others never allocate anything later.

	//
	// Receiving
	//
	Result receiveHeader(const char* pData, std::size_t length, std::size_t& used);
		/// Takes bytes of the next frame's header, from one call or several.
		/// used tells how many of the length bytes were taken. The previous
		/// frame must be complete. What follows a Close frame is taken and ignored.
		///
		/// If OK is returned, header() is the new frame's header and
		/// remaining() the length of its payload; if that is 0,
		/// the frame is complete.

	Result limitPayload(Poco::UInt64 maxLength);
		/// Fails the connection (PAYLOAD_TOO_BIG, 1009) if the payload
		/// of the frame being received is longer than maxLength bytes.

	Result receivePayload(char* pTarget, const char* pSource, std::size_t length);
		/// Takes the next length bytes of the payload from pSource, unmasks them
		/// into pTarget, which may be the same, and checks them. length
		/// must not be greater than remaining(). If it is equal, the frame is
		/// complete when OK is returned.

	bool betweenMessages() const;
		/// Returns true if the connection has not failed, the peer's Close frame has not been received, and no frame, and no
		/// fragmented message, has been begun.

	char* receiveWhole(char* pData, std::size_t length, std::size_t& payloadLength);
		/// receiveHeader() and receivePayload() in one step, for what most frames are; only between messages (betweenMessages(), which
		/// it leaves as it is): if the bytes at pData begin with a whole text or binary
		/// message in one frame, takes it, unmasks its payload where it is, and returns
		/// the payload's address; the frame ends behind its payloadLength bytes. Otherwise, also if it is text but not
		/// UTF-8, takes nothing, and returns null: receiveHeader() is to be called.

	std::size_t buildReply(int& flags, char* pPayload) const;
		/// If the frame just received is one that has to be answered, returns the length of
		/// the answer's payload (0 to 125), and sets flags to its first byte and pPayload, with
		/// room for WebSocketFrame::MAX_CONTROL_PAYLOAD bytes, to the payload: the PONG
		/// to a PING (5.5.3), the Close to a Close (5.5.1). Otherwise sets flags to 0.

	const char* controlPayload() const;
	std::size_t controlLength() const;
		/// The payload of the control frame received last; no address if it has none.

	void forgetControl();
		/// Gives the memory of that payload back, unless it is that of a Close frame.

	Result fail(WebSocketError::Code error, int closeCode, const char* text, Poco::UInt64 first = 0, Poco::UInt64 second = 0);
		/// Fails the connection, for what builds on frames: messages and extensions. closeCode
		/// is that of the Close frame to be sent; 0 if none is. Each "%" in the text, two at most, stands for
		/// a number. Allocates nothing. Returns FAILED.

	Result failSlowMessage();
		/// Fails the connection (POLICY_VIOLATION, 1008): a message takes too long to arrive.

	Result failSilence();
		/// Fails the connection (PING_TIMEOUT, without a Close frame to be sent): no answer to a PING.

	Result receiveEnd();
		/// Takes the end of the stream. Fails the connection (INCOMPLETE_FRAME,
		/// without a Close frame to be sent) inside a frame; otherwise returns OK.

	bool receiving() const;
		/// Returns true unless the connection has failed, or the peer's Close frame has been received.

	bool inFrame() const;
		/// Returns true if a frame has been begun and is not complete.

	bool inMessage() const;
		/// Returns true if the first frame of a fragmented message has been begun, and its last one has not.

	bool inHeader() const;
		/// Returns true if the next bytes expected are those of a header.

	std::size_t headerMissing() const;
		/// Returns how many bytes the header being received lacks, as far as it is known:
		/// never more than there are until the end of the frame.

	Poco::UInt64 remaining() const;
		/// Returns how many bytes the payload being received lacks.

	const WebSocketFrameHeader& header() const;
		/// Returns the header of the frame being received, or received last.

	int closeCode() const;
		/// Returns the status code of the Close frame received; NO_CLOSE_CODE if
		/// there was none in it (7.1.5), NO_CLOSE_FRAME before one was received.

	std::string closeReason() const;
		/// Returns the reason in the Close frame received (7.1.6).

	//
	// Sending
	//
	SendResult checkSend(int flags, const char* pPayload, std::size_t length) const;
		/// Tells whether a frame can be sent, whose first byte is in the lowest eight bits of flags.

	std::size_t buildHeader(int flags, Poco::UInt64 length, const unsigned char* pKey, char* pHeader) const;
		/// Encodes a frame header at pHeader, which must have room for
		/// WebSocketFrameHeader::MAX_LENGTH bytes. pKey is the masking key, four bytes; null
		/// if this end does not mask (masks()).
		///
		/// Returns the header's length in bytes.

	std::size_t buildFrame(int flags, const char* pPayload, std::size_t length, const unsigned char* pKey, char* pFrame) const;
		/// buildHeader(), and the payload behind it, masked if this end masks. pFrame must have room for
		/// WebSocketFrameHeader::MAX_LENGTH + length bytes.
		///
		/// Returns the frame's length in bytes.

	std::size_t buildWhole(int flags, const char* pPayload, std::size_t length, char* pFrame) const;
		/// The same in one step, for what most frames are: copies the payload as well, if the frame is one of a server,
		/// with a payload of up to 125 bytes. pFrame must have room for WebSocketFrameHeader::MIN_LENGTH + length bytes then.
		///
		/// Returns the frame's length in bytes; 0 if it is another one.

	void sent(int flags);
		/// To be called as soon as a byte of a frame has been sent.

	std::size_t buildFailure(char* pPayload) const;
		/// Writes the payload of the Close frame that tells the peer why the
		/// connection has failed (7.1.7) to pPayload, which must have room for
		/// WebSocketFrame::MAX_CONTROL_PAYLOAD bytes.
		///
		/// Returns its length; 0 if none is to be sent.

	//
	// State
	//
	Role role() const;
	CloseState closeState() const;
	bool masks() const;
		/// Returns true if this end masks what it sends: a client does, with a new key for each frame, and a server never (5.1, 5.3).

	bool endsStream(bool discards = false) const;
		/// Returns true if this end, when all has been sent, ends its direction of the TCP connection: a server after the closing handshake
		/// (RFC 6455, 7.1.1), or if it discards what still arrives; and whoever has failed the connection (7.1.7). A client waits for the
		/// server to do so.

	bool closed() const;
		/// Returns true if both Close frames have been exchanged: nothing can come any more.

	bool failed() const;
	WebSocketError::Code error() const;
	std::string errorText() const;

	//
	// Settings, to be made before anything is received
	//
	void setVerifyUTF8(bool flag);
	bool getVerifyUTF8() const;
		/// Whether text must be UTF-8 (8.1). Default: true.

	void setVerifyMasking(bool flag);
	bool getVerifyMasking() const;
		/// Whether frames from clients must be masked, and those from servers not (5.1). Default: true.

	void setReservedBits(int rsv);
	int getReservedBits() const;
		/// The RSV bits (WebSocketFrameHeader::RSV) that a negotiated extension allows in
		/// the first frame of a message (5.2, 9.1). The payload of such a
		/// message is the extension's: it is not checked as text. Default: 0.

private:
	std::size_t buildMasked(int flags, const char* pPayload, std::size_t length, const unsigned char* pKey, char* pFrame) const;
	Result startFrame();
	bool startsWhole(const char* pData) const;
	bool parseShort(const char* pData, std::size_t length);
	char* receiveWholeLong(char* pData, std::size_t length);
	bool isWholeText(char* pPayload, std::size_t length) const;
	Result checkStart(unsigned char first, unsigned char second);
	Result takeControl(const char* pPayload, std::size_t length);
	Result endFrame();
	Result endClose();
	std::size_t formatError(char* pText) const;

	// receiving
	WebSocketFrameHeader _header;
	Poco::UInt64 _remaining;
	union
	{
		char _partial[WebSocketFrameHeader::MAX_LENGTH]; // header bytes, while it is not complete
		Poco::UInt64 _errorNumbers[2]; // once the connection has failed
	};
	WebSocketMask _mask;
	WebSocketUTF8 _text;
	std::unique_ptr<char[]> _pControl; // payload of a control frame, made for the first one that has some
	unsigned char _partialLength;
	unsigned char _controlLength;
	bool _inMessage;      // a fragmented message has been begun
	bool _checkText;      // the message is text to be checked
	bool _verifyUTF8;
	bool _verifyMasking;
	const unsigned char _role;
	const unsigned char _peerMask;   // the mask bit of the peer's frames
	const unsigned char _shortLength; // of the header of the peer's short frames
	unsigned char _reservedBits;

	// both
	std::atomic<unsigned char> _closeState;
	std::atomic<unsigned char> _error;
	std::atomic<unsigned short> _closeCode;
	unsigned short _failureCode;
	const char* _pErrorText; // set once, with _errorNumbers, before _error
};


//
// inlines
//
inline bool WebSocketFramer::receiving() const
{
	return _error.load(std::memory_order_acquire) == WebSocketError::NONE
		&& (_closeState.load(std::memory_order_acquire) & CLOSE_RECEIVED) == 0; // RFC 6455, 5.5.1
}


inline bool WebSocketFramer::inHeader() const
{
	return _remaining == 0;
}


inline bool WebSocketFramer::inFrame() const
{
	return _remaining > 0 || _partialLength > 0;
}


inline bool WebSocketFramer::inMessage() const
{
	return _inMessage;
}


inline bool WebSocketFramer::betweenMessages() const
{
	return receiving() && !inFrame() && !_inMessage;
}


inline Poco::UInt64 WebSocketFramer::remaining() const
{
	return _remaining;
}


inline const WebSocketFrameHeader& WebSocketFramer::header() const
{
	return _header;
}


inline const char* WebSocketFramer::controlPayload() const
{
	return _pControl.get();
}


inline std::size_t WebSocketFramer::controlLength() const
{
	return _controlLength;
}


inline std::size_t WebSocketFramer::buildHeader(int flags, Poco::UInt64 length, const unsigned char* pKey, char* pHeader) const
{
	if (!masks() && length <= WebSocketFrame::MAX_CONTROL_PAYLOAD) return WebSocketFrameHeader::buildShort(pHeader, flags, length);
	WebSocketFrameHeader header;
	header.flags = static_cast<unsigned char>(flags & 0xff);
	header.payloadLength = length;
	header.masked = masks();
	if (header.masked) std::memcpy(header.key, pKey, sizeof(header.key));
	return header.build(pHeader);
}


inline std::size_t WebSocketFramer::buildFrame(int flags, const char* pPayload, std::size_t length, const unsigned char* pKey, char* pFrame) const
{
	if (pKey) return buildMasked(flags, pPayload, length, pKey, pFrame);
	const std::size_t headerLength = buildHeader(flags, length, pKey, pFrame);
	if (length > 0) std::memcpy(pFrame + headerLength, pPayload, length);
	return headerLength + length;
}


inline void WebSocketFramer::sent(int flags)
{
	if ((flags & WebSocketFrameHeader::OPCODE) == WebSocketFrame::OP_CLOSE)
		_closeState.fetch_or(CLOSE_SENT, std::memory_order_acq_rel);
}


inline WebSocketFramer::Role WebSocketFramer::role() const
{
	return static_cast<Role>(_role);
}


inline bool WebSocketFramer::failed() const
{
	return _error.load(std::memory_order_acquire) != WebSocketError::NONE;
}


inline bool WebSocketFramer::masks() const
{
	return _role == ROLE_CLIENT;
}


inline bool WebSocketFramer::endsStream(bool discards) const
{
	return failed() || (_role == ROLE_SERVER && (discards || closed()));
}


inline bool WebSocketFramer::closed() const
{
	return !failed() && _closeState.load(std::memory_order_acquire) == CLOSED;
}


inline WebSocketError::Code WebSocketFramer::error() const
{
	return static_cast<WebSocketError::Code>(_error.load(std::memory_order_acquire));
}


inline WebSocketFramer::CloseState WebSocketFramer::closeState() const
{
	return failed() ? CLOSED : static_cast<CloseState>(_closeState.load(std::memory_order_acquire));
}


inline void WebSocketFramer::setVerifyUTF8(bool flag)
{
	_verifyUTF8 = flag;
}


inline bool WebSocketFramer::getVerifyUTF8() const
{
	return _verifyUTF8;
}


inline void WebSocketFramer::setVerifyMasking(bool flag)
{
	_verifyMasking = flag;
}


inline bool WebSocketFramer::getVerifyMasking() const
{
	return _verifyMasking;
}


inline void WebSocketFramer::setReservedBits(int rsv)
{
	_reservedBits = static_cast<unsigned char>(rsv & WebSocketFrameHeader::RSV);
}


inline int WebSocketFramer::getReservedBits() const
{
	return _reservedBits;
}


inline bool WebSocketFramer::startsWhole(const char* pData) const
	/// Returns true for the first two bytes that most frames have between messages: those of a whole text or binary message,
	/// without RSV bits, masked or not as it must be. They break no rule that checkStart() knows.
{
	constexpr int TEXT = WebSocketFrameHeader::FIN | static_cast<int>(WebSocketFrame::OP_TEXT);
	constexpr int BINARY = WebSocketFrameHeader::FIN | static_cast<int>(WebSocketFrame::OP_BINARY);
	static_assert(BINARY == TEXT + 1);
	return static_cast<unsigned char>(pData[0] - TEXT) <= 1 && static_cast<unsigned char>(pData[1] - _peerMask) < WebSocketFrameHeader::MASK;
}


inline bool WebSocketFramer::parseShort(const char* pData, std::size_t length)
	/// Between messages: decodes such a header, if the message has up to 125 bytes. Returns false, and does nothing, if it is
	/// another one.
{
	if (length < _shortLength || !startsWhole(pData)) return false;
	const unsigned char payloadLength = static_cast<unsigned char>(pData[1] - _peerMask);
	if (payloadLength > WebSocketFrame::MAX_CONTROL_PAYLOAD) return false;
	_header.flags         = static_cast<unsigned char>(pData[0]);
	_header.masked        = _peerMask != 0;
	_header.payloadLength = payloadLength;
	_header.length        = _shortLength;
	if (_header.masked) std::memcpy(_header.key, pData + WebSocketFrameHeader::MIN_LENGTH, sizeof(_header.key));
	else std::memset(_header.key, 0, sizeof(_header.key));
	return true;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketFramer_INCLUDED
