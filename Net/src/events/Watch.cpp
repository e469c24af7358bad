//
// Watch.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketWatch
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Watch.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketWatch::set(WebSocketPoller& poller, WebSocketStream& stream, int events, WebSocketLoopMember& member)
{
	static_assert(int(WebSocketPoller::READ) == int(SocketImpl::SELECT_READ) && int(WebSocketPoller::WRITE) == int(SocketImpl::SELECT_WRITE), "WebSocketStream relies on it");
	_crossed = stream.crossed();
	if (_crossed) events = stream.interest(events) | (events & WebSocketPoller::LAST);
	if (_active) poller.change(stream.fd(), events, member);
	else poller.add(stream.fd(), events, member);
	_active = true;
	_last = (events & WebSocketPoller::LAST) != 0;
}


void WebSocketWatch::stop(WebSocketPoller& poller, WebSocketStream& stream)
{
	poller.remove(stream.fd());
	_active = false;
	_last = false;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
