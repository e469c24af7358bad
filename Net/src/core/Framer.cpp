//
// Framer.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketFramer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Framer.h"
#include "core/ClosePayload.h"
#include "core/SmallPayload.h"
#include <algorithm>
#include <charconv>
#include <cstring>
#include <new>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int NO_CLOSE = 0; // no Close frame is to be sent

	bool isReserved(int opcode)
	{
		return (opcode > WebSocketFrame::OP_BINARY && opcode < WebSocketFrame::OP_CLOSE) || opcode > WebSocketFrame::OP_PONG;
	}
}


WebSocketFramer::WebSocketFramer(Role role, bool compact):
	_remaining(0),
	_partial(),
	_pControl(compact ? nullptr : new char[WebSocketFrame::MAX_CONTROL_PAYLOAD]),
	_partialLength(0),
	_controlLength(0),
	_inMessage(false),
	_checkText(false),
	_verifyUTF8(true),
	_verifyMasking(true),
	_role(role),
	_peerMask(role == ROLE_SERVER ? WebSocketFrameHeader::MASK : 0),
	_shortLength(WebSocketFrameHeader::MIN_LENGTH + (role == ROLE_SERVER ? sizeof(_header.key) : 0)),
	_reservedBits(0),
	_closeState(OPEN),
	_error(WebSocketError::NONE),
	_closeCode(WebSocketFrame::NO_CLOSE_FRAME),
	_failureCode(NO_CLOSE),
	_pErrorText("")
{
}


WebSocketFramer::Result WebSocketFramer::receiveHeader(const char* pData, std::size_t length, std::size_t& used)
{
	if (betweenMessages() && parseShort(pData, length))
	{
		used = _shortLength;
		return startFrame();
	}

	used = 0;
	if (failed()) return FAILED;
	if (_closeState.load(std::memory_order_acquire) & CLOSE_RECEIVED) // 5.5.1, 1.4: what follows is discarded
	{
		used = length;
		return NEED_MORE;
	}

	if (_partialLength > 0)
	{
		// The rest of a header that came in parts: never a byte of the payload.
		while (used < length && _partialLength < WebSocketFrameHeader::lengthNeeded(_partial, _partialLength))
			_partial[_partialLength++] = pData[used++];
		pData  = _partial;
		length = _partialLength;
	}

	if (length >= WebSocketFrameHeader::MIN_LENGTH)
	{
		const unsigned char first  = static_cast<unsigned char>(pData[0]);
		const unsigned char second = static_cast<unsigned char>(pData[1]);
		if (checkStart(first, second) == FAILED) return FAILED;
	}

	switch (WebSocketFrameHeader::parse(pData, length, _header))
	{
	case WebSocketFrameHeader::OK:
		if (_partialLength == 0) used = _header.length;
		_partialLength = 0;
		return startFrame();
	case WebSocketFrameHeader::MALFORMED:
		return fail(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR, "Payload length is not in its shortest form"); // 5.2
	default:
		if (_partialLength == 0 && length > 0)
		{
			std::memcpy(_partial, pData, length);
			used = length;
			_partialLength = static_cast<unsigned char>(length);
		}
		return NEED_MORE;
	}
}


WebSocketFramer::Result WebSocketFramer::checkStart(unsigned char first, unsigned char second)
{
	const int rsv    = first & WebSocketFrameHeader::RSV;
	const int opcode = first & WebSocketFrameHeader::OPCODE;
	const bool fin     = (first & WebSocketFrameHeader::FIN) != 0;
	const bool control = (first & WebSocketFrameHeader::CONTROL) != 0;
	const bool masked  = (second & WebSocketFrameHeader::MASK) != 0;

	// 5.2, 5.4 and 9.1: RSV bits are an extension's, and stand in the first frame of a message
	if (rsv != 0 && ((rsv & ~_reservedBits) != 0 || control || opcode == WebSocketFrame::OP_CONT))
		return fail(WebSocketError::INVALID_RSV_BITS, WebSocketFrame::PROTOCOL_ERROR, "Reserved bit set in frame header");
	if (isReserved(opcode)) // 5.2
		return fail(WebSocketError::INVALID_OPCODE, WebSocketFrame::PROTOCOL_ERROR, "Reserved opcode %", static_cast<Poco::UInt64>(opcode));
	if (_verifyMasking && _role == ROLE_SERVER && !masked) // 5.1
		return fail(WebSocketError::UNMASKED_CLIENT_FRAME, WebSocketFrame::PROTOCOL_ERROR, "Frame from client is not masked");
	if (_verifyMasking && _role == ROLE_CLIENT && masked) // 5.1
		return fail(WebSocketError::MASKED_SERVER_FRAME, WebSocketFrame::PROTOCOL_ERROR, "Frame from server is masked");
	if (control)
	{
		if (!fin) // 5.4
			return fail(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR, "Control frame is fragmented");
		if ((second & 0x7f) > WebSocketFrame::MAX_CONTROL_PAYLOAD) // 5.5
			return fail(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR, "Control frame of more than 125 bytes");
	}
	else if (opcode == WebSocketFrame::OP_CONT)
	{
		if (!_inMessage) // 5.4
			return fail(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR, "Continuation frame without a message to continue");
	}
	else if (_inMessage) // 5.4
	{
		return fail(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR, "New message inside a fragmented message");
	}
	return OK;
}


WebSocketFramer::Result WebSocketFramer::startFrame()
{
	_remaining = _header.payloadLength;
	_mask = WebSocketMask(_header.key);
	if (_header.control())
	{
		_controlLength = 0;
	}
	else if (_header.opcode() != WebSocketFrame::OP_CONT)
	{
		_checkText = _verifyUTF8 && (_header.flags & ~WebSocketFrameHeader::FIN) == WebSocketFrame::OP_TEXT;
	}
	return _remaining == 0 ? endFrame() : OK;
}


WebSocketFramer::Result WebSocketFramer::limitPayload(Poco::UInt64 maxLength)
{
	if (failed()) return FAILED;
	if (_header.payloadLength <= maxLength) return OK;
	return fail(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG,
		"Payload of % bytes is larger than %", _header.payloadLength, maxLength);
}


WebSocketFramer::Result WebSocketFramer::receivePayload(char* pTarget, const char* pSource, std::size_t length)
{
	if (failed()) return FAILED;

	bool ascii = false;
	if (_header.masked)
		ascii = _mask.apply(pTarget, pSource, length);
	else if (pTarget != pSource)
		std::memcpy(pTarget, pSource, length);

	_remaining -= length;
	if (_header.control())
	{
		if (takeControl(pTarget, length) == FAILED) return FAILED;
	}
	else if (_checkText && !_text.append(pTarget, length, ascii)) // 8.1: as soon as it is known
	{
		return fail(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, "Text message is not UTF-8");
	}
	return _remaining == 0 ? endFrame() : OK;
}


WebSocketFramer::Result WebSocketFramer::takeControl(const char* pPayload, std::size_t length)
{
	if (!_pControl) _pControl.reset(new (std::nothrow) char[WebSocketFrame::MAX_CONTROL_PAYLOAD]);
	if (!_pControl) return fail(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::INTERNAL_ERROR, "No memory for a control frame");
	std::memcpy(_pControl.get() + _controlLength, pPayload, length);
	_controlLength = static_cast<unsigned char>(_controlLength + length);
	return OK;
}


void WebSocketFramer::forgetControl()
{
	if (closeCode() != WebSocketFrame::NO_CLOSE_FRAME) return;
	_pControl.reset();
	_controlLength = 0;
}


WebSocketFramer::Result WebSocketFramer::endFrame()
{
	if (_header.control())
		return _header.opcode() == WebSocketFrame::OP_CLOSE ? endClose() : OK;

	_inMessage = !_header.fin();
	if (!_inMessage && _checkText && !_text.complete()) // 8.1
		return fail(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, "Text message ends inside a UTF-8 character");
	return OK;
}


WebSocketFramer::Result WebSocketFramer::endClose()
{
	if (_controlLength == 1) // 5.5.1: the first two bytes must be the status code
		return fail(WebSocketError::PROTOCOL_VIOLATION, WebSocketFrame::PROTOCOL_ERROR, "Close payload of one byte");
	int code = WebSocketFrame::NO_CLOSE_CODE; // 7.1.5
	if (_controlLength >= 2)
	{
		code = WebSocketClosePayload::code(_pControl.get());
		if (!WebSocketFrame::isCloseCode(code)) // 7.4
			return fail(WebSocketError::INVALID_CLOSE_CODE, WebSocketFrame::PROTOCOL_ERROR, "Close code % must not be sent", static_cast<Poco::UInt64>(code));
		if (_verifyUTF8 && !WebSocketUTF8::isValid(_pControl.get() + 2, _controlLength - 2)) // 5.5.1, 8.1
			return fail(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, "Close reason is not UTF-8");
	}
	_closeCode.store(static_cast<unsigned short>(code), std::memory_order_release);
	_closeState.fetch_or(CLOSE_RECEIVED, std::memory_order_acq_rel);
	return OK;
}


int WebSocketFramer::closeCode() const
{
	return _closeCode.load(std::memory_order_acquire);
}


std::string WebSocketFramer::closeReason() const
{
	if (closeCode() == WebSocketFrame::NO_CLOSE_FRAME || _controlLength < 2) return std::string();
	return std::string(_pControl.get() + 2, _controlLength - 2); // no frame follows a Close frame
}


std::size_t WebSocketFramer::buildReply(int& flags, char* pPayload) const
{
	flags = 0;
	if (!_header.control() || inFrame()) return 0;
	if (_header.opcode() == WebSocketFrame::OP_PING)
	{
		flags = WebSocketFrameHeader::PONG;
		if (_controlLength > 0) std::memcpy(pPayload, _pControl.get(), _controlLength); // 5.5.3: identical
		return _controlLength;
	}
	if (_header.opcode() == WebSocketFrame::OP_CLOSE)
	{
		flags = WebSocketFrameHeader::CLOSE;
		const std::size_t length = std::min<std::size_t>(_controlLength, 2); // 5.5.1: the status code is echoed
		if (length > 0) std::memcpy(pPayload, _pControl.get(), length);
		return length;
	}
	return 0;
}


WebSocketFramer::Result WebSocketFramer::receiveEnd()
{
	if (failed()) return FAILED;
	if (!inFrame()) return OK;
	return fail(WebSocketError::INCOMPLETE_FRAME, NO_CLOSE, "Incomplete frame received");
}


std::size_t WebSocketFramer::headerMissing() const
{
	std::size_t needed = WebSocketFrameHeader::lengthNeeded(_partial, _partialLength);
	// A client's frame has a key, so at least 6 bytes: they can be asked for at once.
	if (_partialLength < WebSocketFrameHeader::MIN_LENGTH && _role == ROLE_SERVER && _verifyMasking)
		needed += sizeof(_header.key);
	return needed - _partialLength;
}


WebSocketFramer::SendResult WebSocketFramer::checkSend(int flags, const char* pPayload, std::size_t length) const
{
	const bool close = (flags & WebSocketFrameHeader::OPCODE) == WebSocketFrame::OP_CLOSE;
	if (flags & WebSocketFrameHeader::CONTROL)
	{
		if (length > WebSocketFrame::MAX_CONTROL_PAYLOAD) return REFUSE_CONTROL_LENGTH; // 5.5
		if (close && length == 1) return REFUSE_CLOSE_PAYLOAD; // 5.5.1
		if (close && length >= 2)
		{
			if (!WebSocketFrame::isCloseCode(WebSocketClosePayload::code(pPayload))) return REFUSE_CLOSE_PAYLOAD; // 7.4
			if (_verifyUTF8 && !WebSocketUTF8::isValid(pPayload + 2, length - 2)) return REFUSE_CLOSE_PAYLOAD; // 5.5.1
		}
	}
	if (failed()) return close ? DROP : REFUSE_FAILED;
	if (_closeState.load(std::memory_order_acquire) & CLOSE_SENT) return close ? DROP : REFUSE_CLOSED; // 5.5.1
	return SEND;
}


[[gnu::noinline]] std::size_t WebSocketFramer::buildMasked(int flags, const char* pPayload, std::size_t length, const unsigned char* pKey, char* pFrame) const
	/// buildFrame() for an end that masks; not inlined, so that it costs the other one nothing.
{
	const std::size_t headerLength = buildHeader(flags, length, pKey, pFrame);
	WebSocketMask(pKey).apply(pFrame + headerLength, pPayload, length);
	return headerLength + length;
}


std::size_t WebSocketFramer::buildFailure(char* pPayload) const
{
	if (!failed() || _failureCode == NO_CLOSE) return 0;
	if (_closeState.load(std::memory_order_acquire) & CLOSE_SENT) return 0; // 5.5.1
	char text[WebSocketFrame::MAX_CLOSE_REASON];
	return WebSocketClosePayload::build(pPayload, _failureCode, std::string_view(text, formatError(text)));
}


WebSocketFramer::Result WebSocketFramer::fail(WebSocketError::Code error, int closeCode, const char* text, Poco::UInt64 first, Poco::UInt64 second)
{
	_failureCode = static_cast<unsigned short>(closeCode);
	_pErrorText = text;
	_errorNumbers[0] = first;
	_errorNumbers[1] = second;
	_error.store(static_cast<unsigned char>(error), std::memory_order_release);
	return FAILED;
}


WebSocketFramer::Result WebSocketFramer::failSlowMessage()
{
	return fail(WebSocketError::POLICY_VIOLATION, WebSocketFrame::POLICY_VIOLATION, "A message takes too long to arrive");
}


WebSocketFramer::Result WebSocketFramer::failSilence()
{
	return fail(WebSocketError::PING_TIMEOUT, NO_CLOSE, "No answer to a PING");
}


std::size_t WebSocketFramer::formatError(char* pText) const
	/// Writes the text, with its numbers, to pText, with room for MAX_CLOSE_REASON bytes; returns its length.
{
	const Poco::UInt64* pNumber = _errorNumbers;
	char* p = pText;
	char* const pEnd = pText + WebSocketFrame::MAX_CLOSE_REASON;
	for (const char* pSource = _pErrorText; *pSource && p < pEnd; ++pSource)
	{
		if (*pSource != '%')
		{
			*p++ = *pSource;
			continue;
		}
		const std::to_chars_result result = std::to_chars(p, pEnd, *pNumber++);
		if (result.ec != std::errc()) break; // there is no room for it
		p = result.ptr;
	}
	return static_cast<std::size_t>(p - pText);
}


std::string WebSocketFramer::errorText() const
{
	if (!failed()) return std::string();
	char text[WebSocketFrame::MAX_CLOSE_REASON];
	return std::string(text, formatError(text));
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
