//
// WebSocketConnection.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketConnection.h"
#include "core/FrameHeader.h"
#include "core/SendRules.h"
#include "core/UTF8.h"
#include "events/EventConnection.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


//
// WebSocketPreparedMessage
//
WebSocketPreparedMessage::WebSocketPreparedMessage(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression):
	_headerLength(0),
	_opcode(opcode),
	_compression(compression)
{
	WebSocketSendRules::checkOpcode(opcode);
	if (opcode == WebSocketFrame::OP_TEXT) WebSocketSendRules::checkText(message.data(), message.size());

	WebSocketFrameHeader header;
	header.flags = static_cast<unsigned char>(WebSocketFrameHeader::FIN | static_cast<int>(opcode));
	header.payloadLength = message.size();
	char bytes[WebSocketFrameHeader::MAX_LENGTH];
	_headerLength = header.build(bytes);
	_frame.reserve(_headerLength + message.size());
	_frame.append(bytes, _headerLength).append(message);
}


WebSocketPreparedMessage::~WebSocketPreparedMessage()
{
}


WebSocketPreparedMessage::Ptr WebSocketPreparedMessage::text(std::string_view message, WebSocketFrame::Compression compression)
{
	return new WebSocketPreparedMessage(message, WebSocketFrame::OP_TEXT, compression);
}


WebSocketPreparedMessage::Ptr WebSocketPreparedMessage::binary(std::string_view message, WebSocketFrame::Compression compression)
{
	return new WebSocketPreparedMessage(message, WebSocketFrame::OP_BINARY, compression);
}


//
// WebSocketConnection
//
WebSocketConnection::WebSocketConnection()
{
}


WebSocketConnection::~WebSocketConnection()
{
}


WebSocketConnection::SendResult WebSocketConnection::sendText(std::string_view text, WebSocketFrame::Compression compression)
{
	return send(text, WebSocketFrame::OP_TEXT, compression);
}


WebSocketConnection::SendResult WebSocketConnection::sendBinary(std::string_view data, WebSocketFrame::Compression compression)
{
	return send(data, WebSocketFrame::OP_BINARY, compression);
}


WebSocketConnection::SendResult WebSocketConnection::sendBinary(const void* pData, std::size_t length, WebSocketFrame::Compression compression)
{
	return send(std::string_view(static_cast<const char*>(pData), length), WebSocketFrame::OP_BINARY, compression);
}


WebSocketConnection::SendResult WebSocketConnection::send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression)
{
	if (compression == WebSocketFrame::Compression::AS_AGREED) return send(message, opcode);
	return send(WebSocketPreparedMessage::Ptr(new WebSocketPreparedMessage(message, opcode, compression)));
}


void WebSocketConnection::send(const WebSocketPreparedMessage::Ptr& pMessage, WebSocketConnection* const* ppConnections, std::size_t count, SendResult* pResults)
{
	if (!pMessage) throw InvalidArgumentException("No message");
	WebSocketEventConnection::sendToMany(pMessage, ppConnections, count, pResults);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
