//
// Channel.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketChannel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Channel.h"
#include "events/OtherChannel.h"
#include "events/TLSChannel.h"
#include <typeinfo>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketChannel::WebSocketChannel(StreamSocketImpl* pSocket):
	_pSocket(pSocket, true),
	_error(0)
{
}


WebSocketChannel::~WebSocketChannel()
{
}


const char* WebSocketChannel::handshakeError() const
{
	return nullptr;
}


std::unique_ptr<WebSocketChannel> WebSocketChannel::make(StreamSocketImpl* pSocket)
{
	if (typeid(*pSocket) == typeid(StreamSocketImpl)) return nullptr;
	std::unique_ptr<WebSocketChannel> pChannel = WebSocketTLSChannel::make(pSocket);
	if (!pChannel) pChannel = std::make_unique<WebSocketOtherChannel>(pSocket);
	return pChannel;
}


void WebSocketChannel::share(Buffers&)
{
}


bool WebSocketChannel::push()
{
	return false;
}


void WebSocketChannel::beLast()
{
}


long WebSocketChannel::failed(int code)
{
	if (_error == 0) _error = code;
	return BROKEN;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
