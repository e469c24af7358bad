//
// HandshakeLimits.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketHandshakeLimits
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/HandshakeLimits.h"
#include "core/Handshake.h"
#include "net/Dialer.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/WebSocketParams.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketHandshakeLimits::WebSocketHandshakeLimits(const WebSocketParams* pParams):
	_pParams(pParams)
{
}


Poco::Timespan WebSocketHandshakeLimits::timeLeft(const HTTPClientSession& session) const
{
	if (!_pParams) return WebSocketDialer::connectionTimeout(session);
	return _pParams->getHandshakeTimeout() - Poco::Timespan(_start.elapsed());
}


std::unique_ptr<WebSocketTimedSession> WebSocketHandshakeLimits::deadline(HTTPClientSession& session) const
{
	if (!_pParams) return nullptr;
	return std::make_unique<WebSocketTimedSession>(session, _start, _pParams->getHandshakeTimeout(), _pParams->getMaxHandshakeSize());
}


void WebSocketHandshakeLimits::checkFields(const HTTPResponse& response) const
{
	if (!_pParams) return;
	const WebSocketHandshake::Verdict count = WebSocketHandshake::checkCount(response, static_cast<std::size_t>(_pParams->getMaxHandshakeFields()));
	if (!count.ok()) throw WebSocketException(count.text, count.error);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
