//
// WebSocketServerParams.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServerParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketServerParams.h"
#include "core/Range.h"
#include "net/Nodes.h"
#include "Poco/Exception.h"
#include <climits>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketServerParams::WebSocketServerParams():
	_threads(0),
	_maxConnections(100000),
	_maxConnectionsPerAddress(0),
	_maxHandshakes(10000),
	_handshakeRate(0),
	_handshakeBurst(0),
	_maxAge(0),
	_accessLog(false),
	_maxAcceptances(1000),
	_spin(0)
{
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


void WebSocketServerParams::setHandshakeRate(int perSecond, int burst)
{
	const bool limited = perSecond != 0 || burst != 0;
	_handshakeRate  = inRange(perSecond, limited ? 1 : 0, 1000000, "HandshakeRate");
	_handshakeBurst = inRange(burst, limited ? 1 : 0, 1000000, "HandshakeRate, burst");
}


int WebSocketServerParams::getHandshakeRate() const
{
	return _handshakeRate;
}


int WebSocketServerParams::getHandshakeBurst() const
{
	return _handshakeBurst;
}


void WebSocketServerParams::setMaxAge(const Poco::Timespan& age)
{
	if (age < 0 || age > Poco::Timespan(10, 0, 0, 0, 0)) throw InvalidArgumentException("MaxAge out of range: " + std::to_string(age.totalSeconds()) + " seconds");
	_maxAge = age;
}


Poco::Timespan WebSocketServerParams::getMaxAge() const
{
	return _maxAge;
}


void WebSocketServerParams::setAccessLog(bool flag)
{
	_accessLog = flag;
}


bool WebSocketServerParams::getAccessLog() const
{
	return _accessLog;
}


void WebSocketServerParams::setMaxAcceptances(int count)
{
	_maxAcceptances = inRange(count, 1, INT_MAX, "MaxAcceptances");
}


int WebSocketServerParams::getMaxAcceptances() const
{
	return _maxAcceptances;
}


void WebSocketServerParams::setTrustedProxies(const std::vector<std::string>& networks)
{
	WebSocketNodes::networks(networks);
	_trustedProxies = networks;
}


const std::vector<std::string>& WebSocketServerParams::getTrustedProxies() const
{
	return _trustedProxies;
}


void WebSocketServerParams::setSpin(const Poco::Timespan& time)
{
	if (time < 0 || time > Poco::Timespan(1, 0)) throw InvalidArgumentException("Spin out of range: " + std::to_string(time.totalMicroseconds()) + " microseconds");
	_spin = time;
}


Poco::Timespan WebSocketServerParams::getSpin() const
{
	return _spin;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
