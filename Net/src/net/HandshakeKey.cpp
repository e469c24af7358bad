//
// HandshakeKey.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketHandshakeKey
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/HandshakeKey.h"
#include "core/Handshake.h"
#include "Poco/Exception.h"
#include "Poco/String.h"
#include <openssl/rand.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketHandshakeKey::WebSocketHandshakeKey(const HTTPRequest& request):
	_value(Poco::trim(request.get("Sec-WebSocket-Key", ""))),
	_given(WebSocketHandshake::isKey(_value))
{
	if (!_given) _value = create();
}


void WebSocketHandshakeKey::renew(HTTPRequest& request)
{
	if (!_given) _value = create(); // 4.1: randomly for each connection
	request.set("Sec-WebSocket-Key", _value);
}


const std::string& WebSocketHandshakeKey::value() const
{
	return _value;
}


std::string WebSocketHandshakeKey::create()
{
	unsigned char bytes[WebSocketHandshake::KEY_LENGTH];
	if (RAND_bytes(bytes, sizeof(bytes)) != 1)
		throw Poco::SystemException("No random numbers for the handshake key");
	return WebSocketHandshake::encodeKey(bytes);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
