//
// WebSocketConnectionParams.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketConnectionParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketConnectionParams.h"
#include "core/Range.h"
#include <climits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const Poco::Timespan MIN_TIME(0, 1);
	const Poco::Timespan MAX_TIME(20, 0, 0, 0, 0); // days
}


WebSocketConnectionParams::WebSocketConnectionParams():
	_maxQueuedBytes(16*1024*1024),
	_queuePolicy(QUEUE_REFUSE),
	_idleTimeout(0),
	_sendTimeout(30, 0),
	_closeTimeout(5, 0),
	_acceptanceTimeout(10, 0)
{
	setPingInterval(Poco::Timespan(30, 0));
}


WebSocketConnectionParams::~WebSocketConnectionParams()
{
}


void WebSocketConnectionParams::setMaxQueuedBytes(int size)
{
	_maxQueuedBytes = inRange(size, 1, INT_MAX, "MaxQueuedBytes");
}


int WebSocketConnectionParams::getMaxQueuedBytes() const
{
	return _maxQueuedBytes;
}


void WebSocketConnectionParams::setQueuePolicy(QueuePolicy policy)
{
	_queuePolicy = policy;
}


WebSocketConnectionParams::QueuePolicy WebSocketConnectionParams::getQueuePolicy() const
{
	return _queuePolicy;
}


void WebSocketConnectionParams::setIdleTimeout(const Poco::Timespan& timeout)
{
	_idleTimeout = inRange(timeout, Poco::Timespan(), MAX_TIME, "IdleTimeout");
}


Poco::Timespan WebSocketConnectionParams::getIdleTimeout() const
{
	return _idleTimeout;
}


void WebSocketConnectionParams::setSendTimeout(const Poco::Timespan& timeout)
{
	_sendTimeout = inRange(timeout, MIN_TIME, MAX_TIME, "SendTimeout");
}


Poco::Timespan WebSocketConnectionParams::getSendTimeout() const
{
	return _sendTimeout;
}


void WebSocketConnectionParams::setCloseTimeout(const Poco::Timespan& timeout)
{
	_closeTimeout = inRange(timeout, MIN_TIME, MAX_TIME, "CloseTimeout");
}


Poco::Timespan WebSocketConnectionParams::getCloseTimeout() const
{
	return _closeTimeout;
}


void WebSocketConnectionParams::setAsyncHook(const AsyncHook& hook)
{
	_asyncHook = hook;
}


const WebSocketConnectionParams::AsyncHook& WebSocketConnectionParams::getAsyncHook() const
{
	return _asyncHook;
}


void WebSocketConnectionParams::setAcceptanceTimeout(const Poco::Timespan& timeout)
{
	_acceptanceTimeout = inRange(timeout, MIN_TIME, MAX_TIME, "AcceptanceTimeout");
}


Poco::Timespan WebSocketConnectionParams::getAcceptanceTimeout() const
{
	return _acceptanceTimeout;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
