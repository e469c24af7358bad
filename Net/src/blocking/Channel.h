//
// Channel.h
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketImpl
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketImplChannel_INCLUDED
#define Net_WebSocketImplChannel_INCLUDED


#include "Poco/Net/WebSocketImpl.h"
#include "blocking/MessageSender.h"
#include "blocking/Reader.h"
#include "blocking/Receiver.h"
#include "blocking/Sender.h"
#include "core/Framer.h"
#include "net/Transport.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketImpl::Channel
	/// What makes up a connection, and what concerns all of it: how it begins, fails and ends.
{
public:
	Channel(StreamSocketImpl* pSocket, WebSocketFramer::Role role, const Poco::Buffer<char>& data);
		/// The opening handshake is complete; data was received behind it.

	void configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate);

	[[noreturn]] void throwFailure();
		/// The framer has failed: tells the peer and the caller.

	bool closeHandshake(int statusCode, const std::string& reason, const Poco::Timespan& timeout);
		/// See WebSocket::closeHandshake().

	void finish();
		/// To be called before the socket is closed. RFC 6455, 7.1.1: what was sent last, a Close frame
		/// above all, must not be lost because something that was received is not read.

	WebSocketTransport     transport;
	WebSocketFramer        framer;
	WebSocketSender        sender;
	WebSocketMessageSender messageSender;
	WebSocketReader        reader;
	WebSocketReceiver      receiver;
	std::string            subprotocol;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketImplChannel_INCLUDED
