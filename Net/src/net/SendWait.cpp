//
// SendWait.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketSendWait
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/SendWait.h"
#include "net/PeerState.h"
#include "net/SystemSocket.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketSendWait::WebSocketSendWait():
	_transferTimeout(0),
	_transferTimed(false)
{
}


void WebSocketSendWait::setTransferTimeout(const Poco::Timespan& timeout)
{
	_transferTimeout = timeout;
}


bool WebSocketSendWait::wait(int fd, const Poco::Timespan& timeout)
{
	_progress.begin(peerState(fd));
	Poco::Clock since;
	if (!_transferTimed) _transferSince = since;
	_transferTimed = true;
	for (;;)
	{
		Poco::Timespan left = timeout;
		if (timeout > 0)
		{
			left -= since.elapsed();
			if (left <= 0)
			{
				const WebSocketProgress::Time now = static_cast<WebSocketProgress::Time>(Poco::Clock().microseconds()/1000);
				if (!(_progress.look(peerState(fd), now) & WebSocketProgress::TAKEN)) return false;
				since.update();
				since -= 1000*static_cast<Poco::Clock::ClockDiff>(now - _progress.time());
				left = timeout - since.elapsed();
				if (left <= 0) return false;
			}
		}
		if (_transferTimeout > 0)
		{
			const Poco::Timespan transferLeft = _transferTimeout - _transferSince.elapsed();
			if (transferLeft <= 0) return false;
			left = left > 0 ? std::min(left, transferLeft) : transferLeft;
		}
		if (WebSocketSystemSocket::wait(fd, WebSocketDeadline(left), SocketImpl::SELECT_WRITE)) return true;
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
