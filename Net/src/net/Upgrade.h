//
// Upgrade.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketUpgrade
//
// What an opening handshake has led to.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketUpgrade_INCLUDED
#define Net_WebSocketUpgrade_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "core/Deflate.h"
#include "Poco/Net/StreamSocket.h"
#include "Poco/Buffer.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketAgreement
	/// What both sides have agreed on in the opening handshake.
{
	bool deflated = false;      // permessage-deflate
	WebSocketDeflateParams deflate;
	std::string subprotocol;
};


struct WebSocketUpgrade: public WebSocketAgreement
	/// A connection whose opening handshake is complete, on its way to the shell that is going to use it.
{
	StreamSocket socket;
	Poco::Buffer<char> data{0}; // received behind the handshake
	bool client = false;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketUpgrade_INCLUDED
