//
// WebSocketParams.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketParams
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketParams.h"
#include "core/Limits.h"
#include "core/Range.h"
#include "core/Handshake.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <climits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int MIN_WINDOW_BITS = 9; // zlib does not compress with 8
}


WebSocketParams::WebSocketParams():
	_maxMessageSize(WebSocketLimits::MESSAGE_SIZE),
	_maxFrameSize(WebSocketLimits::FRAME_SIZE),
	_maxFragments(WebSocketLimits::FRAGMENTS),
	_maxPendingPings(WebSocketLimits::PENDING_PINGS),
	_maxHandshakeFields(100),
	_maxHandshakeSize(16*1024),
	_handshakeTimeout(30, 0),
	_verifyUTF8(true),
	_verifyMasking(true),
	_deflate(false),
	_deflateLevel(1),
	_deflateMemLevel(8),
	_deflateThreshold(64),
	_maxRedirects(0),
	_pingInterval(0),
	_pongTimeout(20, 0),
	_transferTimeout(15*60, 0)
{
}


WebSocketParams::~WebSocketParams()
{
}


void WebSocketParams::setMaxMessageSize(int size)
{
	_maxMessageSize = inRange(size, 1, INT_MAX, "MaxMessageSize");
}


int WebSocketParams::getMaxMessageSize() const
{
	return _maxMessageSize;
}


void WebSocketParams::setMaxFrameSize(int size)
{
	_maxFrameSize = inRange(size, 1, INT_MAX, "MaxFrameSize");
}


int WebSocketParams::getMaxFrameSize() const
{
	return _maxFrameSize;
}


void WebSocketParams::setMaxFragments(int count)
{
	_maxFragments = inRange(count, 1, INT_MAX, "MaxFragments");
}


int WebSocketParams::getMaxFragments() const
{
	return _maxFragments;
}


void WebSocketParams::setMaxPendingPings(int count)
{
	_maxPendingPings = inRange(count, 1, INT_MAX, "MaxPendingPings");
}


int WebSocketParams::getMaxPendingPings() const
{
	return _maxPendingPings;
}


void WebSocketParams::setMaxHandshakeFields(int count)
{
	_maxHandshakeFields = inRange(count, 1, INT_MAX, "MaxHandshakeFields");
}


int WebSocketParams::getMaxHandshakeFields() const
{
	return _maxHandshakeFields;
}


void WebSocketParams::setMaxHandshakeSize(int size)
{
	_maxHandshakeSize = inRange(size, 1, INT_MAX, "MaxHandshakeSize");
}


int WebSocketParams::getMaxHandshakeSize() const
{
	return _maxHandshakeSize;
}


void WebSocketParams::setHandshakeTimeout(const Poco::Timespan& timeout)
{
	if (timeout <= 0) throw InvalidArgumentException("HandshakeTimeout must be greater than 0");
	_handshakeTimeout = timeout;
}


Poco::Timespan WebSocketParams::getHandshakeTimeout() const
{
	return _handshakeTimeout;
}


void WebSocketParams::setVerifyUTF8(bool flag)
{
	_verifyUTF8 = flag;
}


bool WebSocketParams::getVerifyUTF8() const
{
	return _verifyUTF8;
}


void WebSocketParams::setVerifyMasking(bool flag)
{
	_verifyMasking = flag;
}


bool WebSocketParams::getVerifyMasking() const
{
	return _verifyMasking;
}


void WebSocketParams::setDeflate(bool flag)
{
	_deflate = flag;
}


bool WebSocketParams::getDeflate() const
{
	return _deflate;
}


void WebSocketParams::setDeflateParams(const WebSocketDeflateParams& params)
{
	inRange(params.serverMaxWindowBits, MIN_WINDOW_BITS, WebSocketDeflateParams::MAX_WINDOW_BITS, "DeflateParams: serverMaxWindowBits");
	inRange(params.clientMaxWindowBits, MIN_WINDOW_BITS, WebSocketDeflateParams::MAX_WINDOW_BITS, "DeflateParams: clientMaxWindowBits");
	_deflateParams = params;
}


const WebSocketDeflateParams& WebSocketParams::getDeflateParams() const
{
	return _deflateParams;
}


void WebSocketParams::setDeflateLevel(int level)
{
	_deflateLevel = inRange(level, 1, 9, "DeflateLevel");
}


int WebSocketParams::getDeflateLevel() const
{
	return _deflateLevel;
}


void WebSocketParams::setDeflateMemLevel(int memLevel)
{
	_deflateMemLevel = inRange(memLevel, 1, 9, "DeflateMemLevel");
}


int WebSocketParams::getDeflateMemLevel() const
{
	return _deflateMemLevel;
}


void WebSocketParams::setDeflateThreshold(int size)
{
	_deflateThreshold = inRange(size, 0, INT_MAX, "DeflateThreshold");
}


int WebSocketParams::getDeflateThreshold() const
{
	return _deflateThreshold;
}


void WebSocketParams::setSubprotocols(const std::vector<std::string>& subprotocols)
{
	for (std::size_t i = 0; i < subprotocols.size(); ++i)
	{
		if (!WebSocketHandshake::isToken(subprotocols[i]))
			throw InvalidArgumentException("Subprotocol is not a token", subprotocols[i]);
		if (std::find(subprotocols.begin(), subprotocols.begin() + static_cast<std::ptrdiff_t>(i), subprotocols[i]) != subprotocols.begin() + static_cast<std::ptrdiff_t>(i))
			throw InvalidArgumentException("Subprotocol is there twice", subprotocols[i]);
	}
	_subprotocols = subprotocols;
}


const std::vector<std::string>& WebSocketParams::getSubprotocols() const
{
	return _subprotocols;
}


void WebSocketParams::setAllowedOrigins(const std::vector<std::string>& origins)
{
	_allowedOrigins = origins;
}


const std::vector<std::string>& WebSocketParams::getAllowedOrigins() const
{
	return _allowedOrigins;
}


void WebSocketParams::setOriginCheck(const OriginCheck& check)
{
	_originCheck = check;
}


const WebSocketParams::OriginCheck& WebSocketParams::getOriginCheck() const
{
	return _originCheck;
}


void WebSocketParams::setHook(const Hook& hook)
{
	_hook = hook;
}


const WebSocketParams::Hook& WebSocketParams::getHook() const
{
	return _hook;
}


void WebSocketParams::setMaxRedirects(int count)
{
	_maxRedirects = inRange(count, 0, INT_MAX, "MaxRedirects");
}


int WebSocketParams::getMaxRedirects() const
{
	return _maxRedirects;
}


void WebSocketParams::setPingInterval(const Poco::Timespan& interval)
{
	if (interval < 0) throw InvalidArgumentException("PingInterval must not be negative");
	_pingInterval = interval;
}


Poco::Timespan WebSocketParams::getPingInterval() const
{
	return _pingInterval;
}


void WebSocketParams::setPongTimeout(const Poco::Timespan& timeout)
{
	if (timeout <= 0) throw InvalidArgumentException("PongTimeout must be greater than 0");
	_pongTimeout = timeout;
}


Poco::Timespan WebSocketParams::getPongTimeout() const
{
	return _pongTimeout;
}


void WebSocketParams::setTransferTimeout(const Poco::Timespan& timeout)
{
	if (timeout <= 0 || timeout > 20*Poco::Timespan::DAYS)
		throw InvalidArgumentException("TransferTimeout out of range: " + std::to_string(timeout.totalMicroseconds()) + " microseconds");
	_transferTimeout = timeout;
}


Poco::Timespan WebSocketParams::getTransferTimeout() const
{
	return _transferTimeout;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
