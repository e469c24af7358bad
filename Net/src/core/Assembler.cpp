//
// Assembler.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketAssembler
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Assembler.h"
#include "core/Limits.h"
#include "Poco/Net/WebSocketParams.h"
#include <algorithm>
#include <limits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketAssembler::WebSocketAssembler(WebSocketFramer& framer):
	_framer(framer),
	_maxMessageSize(WebSocketLimits::MESSAGE_SIZE),
	_maxFrameSize(WebSocketLimits::FRAME_SIZE),
	_maxFragments(WebSocketLimits::FRAGMENTS),
	_maxPendingPings(WebSocketLimits::PENDING_PINGS),
	_fragments(0),
	_size(0),
	_opcode(WebSocketFrame::OP_CONT),
	_compressed(false),
	_dense(true),
	_maxWhole(WebSocketFrame::MAX_CONTROL_PAYLOAD)
{
}


void WebSocketAssembler::setLimits(Poco::UInt32 maxMessageSize, Poco::UInt32 maxFrameSize, unsigned maxFragments, unsigned maxPendingPings)
{
	_maxMessageSize  = maxMessageSize;
	_maxFrameSize    = maxFrameSize;
	_maxFragments    = maxFragments;
	_maxPendingPings = maxPendingPings;
	_maxWhole = static_cast<unsigned char>(std::min<Poco::UInt32>({maxMessageSize, maxFrameSize, WebSocketFrame::MAX_CONTROL_PAYLOAD}));
}


void WebSocketAssembler::configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate)
{
	setLimits(static_cast<Poco::UInt32>(params.getMaxMessageSize()), static_cast<Poco::UInt32>(params.getMaxFrameSize()),
		static_cast<unsigned>(params.getMaxFragments()), static_cast<unsigned>(params.getMaxPendingPings()));
	if (!pDeflate) return;
	if (_framer.role() == WebSocketFramer::ROLE_CLIENT) enableInflate(pDeflate->serverMaxWindowBits, !pDeflate->serverNoContextTakeover);
	else enableInflate(pDeflate->clientMaxWindowBits, !pDeflate->clientNoContextTakeover);
}


void WebSocketAssembler::enableInflate(int windowBits, bool contextTakeover)
{
	_pInflater = std::make_unique<WebSocketInflater>(windowBits, contextTakeover);
	_framer.setReservedBits(WebSocketFrameHeader::RSV1); // RFC 7692, 6
}


WebSocketFramer::Result WebSocketAssembler::begin()
{
	const WebSocketFrameHeader& header = _framer.header();
	if (header.opcode() != WebSocketFrame::OP_CONT)
	{
		_opcode     = static_cast<unsigned char>(header.opcode());
		_compressed = (header.rsv() & WebSocketFrameHeader::RSV1) != 0;
		_fragments  = 0;
		_size       = 0;
		_dense      = true;
		_text.reset();
	}
	if (++_fragments > _maxFragments)
		return _framer.fail(WebSocketError::POLICY_VIOLATION, WebSocketFrame::POLICY_VIOLATION, "Message in more than % frames", _maxFragments);
	if (_framer.limitPayload(_maxFrameSize) != WebSocketFramer::OK) return WebSocketFramer::FAILED;
	if (_compressed) return WebSocketFramer::OK;
	if (header.payloadLength > _maxMessageSize - _size)
		return _framer.fail(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG, "Message is larger than % bytes", _maxMessageSize);
	_size += static_cast<Poco::UInt32>(header.payloadLength);
	return WebSocketFramer::OK;
}


WebSocketFramer::Result WebSocketAssembler::inflate(const char* pData, std::size_t length, std::string& message)
{
	return inflateTo(pData, length, message);
}


WebSocketFramer::Result WebSocketAssembler::inflate(const char* pData, std::size_t length, WebSocketBuffer& message)
{
	return inflateTo(pData, length, message);
}


template <typename Message>
WebSocketFramer::Result WebSocketAssembler::inflateTo(const char* pData, std::size_t length, Message& message)
{
	const std::size_t before = message.size();
	const bool last = complete();
	WebSocketInflater::Result result = WebSocketInflater::OK;
	try
	{
		result = _pInflater->decompress(pData, length, last, static_cast<std::size_t>(_maxMessageSize - _size), message);
	}
	catch (...) // there is no memory
	{
		_framer.fail(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::INTERNAL_ERROR, "No memory for decompressing a message"); // what was to come out is lost
		throw;
	}
	_size += static_cast<Poco::UInt32>(message.size() - before);
	_dense = message.size() - before > 16*length;
	// What has come out is text, or not, whatever follows: the error does not depend on where the bytes were cut.
	if (_opcode == WebSocketFrame::OP_TEXT && _framer.getVerifyUTF8()) // RFC 6455, 8.1
	{
		const bool valid = _text.append(message.data() + before, message.size() - before);
		if (!valid || (result == WebSocketInflater::OK && last && !_text.complete()))
			return _framer.fail(WebSocketError::INVALID_UTF8, WebSocketFrame::INVALID_PAYLOAD, "Text message is not UTF-8");
	}
	if (result == WebSocketInflater::TOO_BIG)
		return _framer.fail(WebSocketError::PAYLOAD_TOO_BIG, WebSocketFrame::MESSAGE_TOO_BIG, "Message is larger than % bytes when decompressed", _maxMessageSize);
	if (result == WebSocketInflater::CORRUPT)
		return _framer.fail(WebSocketError::CORRUPT_DATA, WebSocketFrame::INVALID_PAYLOAD, "Compressed data is corrupt");
	return WebSocketFramer::OK;
}


WebSocketFramer::Result WebSocketAssembler::limitPings(unsigned pending)
{
	if (pending <= _maxPendingPings) return WebSocketFramer::OK;
	return _framer.fail(WebSocketError::POLICY_VIOLATION, WebSocketFrame::POLICY_VIOLATION, "More than % PINGs without reading an answer", _maxPendingPings);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
