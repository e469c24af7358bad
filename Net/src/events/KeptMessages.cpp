//
// KeptMessages.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketKeptMessages
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/KeptMessages.h"
#include "Poco/Net/WebSocketConnectionParams.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


std::size_t WebSocketKeptMessages::cost(std::size_t length)
{
	return length + WebSocketConnectionParams::QUEUE_ENTRY;
}


bool WebSocketKeptMessages::add(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression, std::size_t limit)
{
	if (_bytes + cost(message.size()) > limit) return false;
	_messages.push_back({std::string(message), opcode, compression});
	_bytes += cost(message.size());
	return true;
}


bool WebSocketKeptMessages::take(Messages& messages)
{
	messages.clear();
	if (_messages.empty()) _bytes = 0;
	messages.swap(_messages);
	return !messages.empty();
}


void WebSocketKeptMessages::giveBack(Messages& messages)
{
	_messages.splice(_messages.begin(), messages);
	_bytes = 0;
	for (const Message& message: _messages) _bytes += cost(message.data.size());
}


void WebSocketKeptMessages::clear()
{
	_messages.clear();
	_bytes = 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
