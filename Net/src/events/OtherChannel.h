//
// OtherChannel.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOtherChannel
//
// A channel for sockets that are neither plain nor Poco's for TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketOtherChannel_INCLUDED
#define Net_WebSocketOtherChannel_INCLUDED


#include "events/Channel.h"
#include "net/GuardedSocket.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketOtherChannel: public WebSocketChannel
	/// Uses the virtual functions of any StreamSocketImpl.
{
public:
	explicit WebSocketOtherChannel(StreamSocketImpl* pSocket);
	~WebSocketOtherChannel() override;

	long receive(const iovec* pBlocks, int count) override;
	bool pending() override;
	long send(const iovec* pBlocks, int count) override;
	std::size_t unsent() const override;
	bool crossed() const override;
	int interest(int events) const override;
	void shutdownSend() override;
	void close() override;

private:
	bool sendRecord();

	WebSocketGuardedSocket _socket;
	WebSocketBuffer _record; // tried and not sent: the next call has to be for the same bytes at the same place
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketOtherChannel_INCLUDED
