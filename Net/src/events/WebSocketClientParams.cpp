//
// WebSocketClientParams.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClientParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketClientParams.h"
#include "Poco/Exception.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketClientParams::WebSocketClientParams():
	_reconnect(true),
	_firstDelay(0, 500000),
	_longestDelay(30, 0),
	_maxOfflineBytes(1024*1024)
{
}


WebSocketClientParams::~WebSocketClientParams()
{
}


void WebSocketClientParams::setReconnectDelay(const Poco::Timespan& first, const Poco::Timespan& longest)
{
	if (first < Poco::Timespan(0, 1000) || first > longest || longest > Poco::Timespan(1, 0, 0, 0, 0))
		throw InvalidArgumentException("ReconnectDelay out of range");
	_firstDelay   = first;
	_longestDelay = longest;
}


Poco::Timespan WebSocketClientParams::getFirstReconnectDelay() const
{
	return _firstDelay;
}


Poco::Timespan WebSocketClientParams::getLongestReconnectDelay() const
{
	return _longestDelay;
}


void WebSocketClientParams::setMaxOfflineBytes(int size)
{
	if (size < 0) throw InvalidArgumentException("MaxOfflineBytes out of range: " + std::to_string(size));
	_maxOfflineBytes = size;
}


int WebSocketClientParams::getMaxOfflineBytes() const
{
	return _maxOfflineBytes;
}


void WebSocketClientParams::setCredentials(const std::string& user, const std::string& password)
{
	_user     = user;
	_password = password;
}


const std::string& WebSocketClientParams::getUser() const
{
	return _user;
}


const std::string& WebSocketClientParams::getPassword() const
{
	return _password;
}


void WebSocketClientParams::setReconnect(bool flag)
{
	_reconnect = flag;
}


bool WebSocketClientParams::getReconnect() const
{
	return _reconnect;
}


void WebSocketClientParams::setHeaders(const NameValueCollection& headers)
{
	_headers = headers;
}


const NameValueCollection& WebSocketClientParams::getHeaders() const
{
	return _headers;
}


void WebSocketClientParams::setProxy(const HTTPClientSession::ProxyConfig& proxy)
{
	_proxy = proxy;
}


const HTTPClientSession::ProxyConfig& WebSocketClientParams::getProxy() const
{
	return _proxy;
}


void WebSocketClientParams::setSessionFactory(const SessionFactory& factory)
{
	_sessionFactory = factory;
}


const WebSocketClientParams::SessionFactory& WebSocketClientParams::getSessionFactory() const
{
	return _sessionFactory;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
