//
// HandshakeKey.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketHandshakeKey
//
// The Sec-WebSocket-Key of a client's requests.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketHandshakeKey_INCLUDED
#define Net_WebSocketHandshakeKey_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/HTTPRequest.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketHandshakeKey
	/// The key of each request of one opening handshake, in turn (RFC 6455, 4.1).
{
public:
	explicit WebSocketHandshakeKey(const HTTPRequest& request);
		/// If the request has a valid key already, it is used for all requests; otherwise, each has its own.

	void renew(HTTPRequest& request);
		/// Gives the request, which is for another connection or after another response, its key.

	const std::string& value() const;
		/// Returns the key of the last request.

	static std::string create();
		/// Returns a Sec-WebSocket-Key from a cryptographic random number generator.

private:
	std::string _value;
	bool _given;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketHandshakeKey_INCLUDED
