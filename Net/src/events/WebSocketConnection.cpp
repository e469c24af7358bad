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
#include "core/UTF8.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


//
// WebSocketPreparedMessage
//
WebSocketPreparedMessage::WebSocketPreparedMessage(const void* pData, std::size_t length, int opcode):
	_message(static_cast<const char*>(pData), length),
	_opcode(opcode)
{
	prepare();
}


WebSocketPreparedMessage::WebSocketPreparedMessage(const std::string& message, int opcode):
	_message(message),
	_opcode(opcode)
{
	prepare();
}


WebSocketPreparedMessage::WebSocketPreparedMessage(const char* message, WebSocketFrame::Opcode opcode):
	_message(message),
	_opcode(opcode)
{
	prepare();
}


WebSocketPreparedMessage::~WebSocketPreparedMessage()
{
}


void WebSocketPreparedMessage::prepare()
{
	if (!WebSocketFrame::isMessage(_opcode))
		throw InvalidArgumentException("A message is text or binary");
	if (_opcode == WebSocketFrame::OP_TEXT && !WebSocketUTF8::isValid(_message.data(), _message.size()))
		throw InvalidArgumentException("A text message must be UTF-8");

	WebSocketFrameHeader header;
	header.flags = static_cast<unsigned char>(WebSocketFrameHeader::FIN | _opcode);
	header.payloadLength = _message.size();
	char bytes[WebSocketFrameHeader::MAX_LENGTH];
	_frame.assign(bytes, header.build(bytes));
	_frame += _message;
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


WebSocketConnection::SendResult WebSocketConnection::send(const std::string& message)
{
	return send(message.data(), message.size(), defaultOpcode());
}


WebSocketConnection::SendResult WebSocketConnection::send(const std::string& message, int opcode)
{
	return send(message.data(), message.size(), opcode);
}


//
// WebSocketHandler
//
WebSocketHandler::~WebSocketHandler()
{
}


void WebSocketHandler::onOpen(WebSocketConnection&, const HTTPRequest&)
{
}


void WebSocketHandler::onMessage(WebSocketConnection&, const char*, std::size_t, int)
{
}


void WebSocketHandler::onPart(WebSocketConnection&, const char*, std::size_t, int, bool)
{
}


void WebSocketHandler::onConnectFailed(const Poco::Exception&)
{
}


void WebSocketHandler::onDrained(WebSocketConnection&)
{
}


void WebSocketHandler::onError(WebSocketConnection&, const Poco::Exception&)
{
}


void WebSocketHandler::onClose(WebSocketConnection&, int, const std::string&)
{
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
