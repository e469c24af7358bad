//
// WebSocketServerParams.cpp
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketServerParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketServerParams.h"
#include "Poco/Exception.h"
#include <climits>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	int inRange(int value, int min, int max, const char* name)
	{
		if (value < min || value > max)
			throw InvalidArgumentException(std::string(name) + " out of range: " + std::to_string(value));
		return value;
	}

	const Poco::Timespan& inRange(const Poco::Timespan& value, const Poco::Timespan& min, const Poco::Timespan& max, const char* name)
	{
		if (value < min || value > max)
			throw InvalidArgumentException(std::string(name) + " out of range: " + std::to_string(value.totalMicroseconds()) + " microseconds");
		return value;
	}

	const Poco::Timespan MIN_TIME(0, 1);
	const Poco::Timespan MAX_TIME(20, 0, 0, 0, 0); // days
}


WebSocketServerParams::WebSocketServerParams():
	_threads(0),
	_maxQueuedBytes(16*1024*1024),
	_queuePolicy(QUEUE_REFUSE),
	_maxConnections(100000),
	_maxConnectionsPerAddress(0),
	_maxHandshakes(10000),
	_idleTimeout(0),
	_sendTimeout(30, 0),
	_closeTimeout(5, 0),
	_spin(0)
{
	setPingInterval(Poco::Timespan(30, 0));
}


WebSocketServerParams::~WebSocketServerParams()
{
}


void WebSocketServerParams::setThreads(int count)
{
	_threads = inRange(count, 0, 256, "Threads");
}


int WebSocketServerParams::getThreads() const
{
	return _threads;
}


void WebSocketServerParams::setMaxQueuedBytes(int size)
{
	_maxQueuedBytes = inRange(size, 1, INT_MAX, "MaxQueuedBytes");
}


int WebSocketServerParams::getMaxQueuedBytes() const
{
	return _maxQueuedBytes;
}


void WebSocketServerParams::setQueuePolicy(QueuePolicy policy)
{
	_queuePolicy = policy;
}


WebSocketServerParams::QueuePolicy WebSocketServerParams::getQueuePolicy() const
{
	return _queuePolicy;
}


void WebSocketServerParams::setMaxConnections(int count)
{
	_maxConnections = inRange(count, 1, INT_MAX, "MaxConnections");
}


int WebSocketServerParams::getMaxConnections() const
{
	return _maxConnections;
}


void WebSocketServerParams::setMaxConnectionsPerAddress(int count)
{
	_maxConnectionsPerAddress = inRange(count, 0, INT_MAX, "MaxConnectionsPerAddress");
}


int WebSocketServerParams::getMaxConnectionsPerAddress() const
{
	return _maxConnectionsPerAddress;
}


void WebSocketServerParams::setMaxHandshakes(int count)
{
	_maxHandshakes = inRange(count, 1, INT_MAX, "MaxHandshakes");
}


int WebSocketServerParams::getMaxHandshakes() const
{
	return _maxHandshakes;
}


void WebSocketServerParams::setIdleTimeout(const Poco::Timespan& timeout)
{
	_idleTimeout = inRange(timeout, Poco::Timespan(), MAX_TIME, "IdleTimeout");
}


Poco::Timespan WebSocketServerParams::getIdleTimeout() const
{
	return _idleTimeout;
}


void WebSocketServerParams::setSendTimeout(const Poco::Timespan& timeout)
{
	_sendTimeout = inRange(timeout, MIN_TIME, MAX_TIME, "SendTimeout");
}


Poco::Timespan WebSocketServerParams::getSendTimeout() const
{
	return _sendTimeout;
}


void WebSocketServerParams::setCloseTimeout(const Poco::Timespan& timeout)
{
	_closeTimeout = inRange(timeout, MIN_TIME, MAX_TIME, "CloseTimeout");
}


Poco::Timespan WebSocketServerParams::getCloseTimeout() const
{
	return _closeTimeout;
}


void WebSocketServerParams::setSpin(const Poco::Timespan& time)
{
	_spin = inRange(time, Poco::Timespan(), Poco::Timespan(1, 0), "Spin");
}


Poco::Timespan WebSocketServerParams::getSpin() const
{
	return _spin;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
