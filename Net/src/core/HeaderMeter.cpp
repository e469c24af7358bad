//
// HeaderMeter.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketHeaderMeter
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/HeaderMeter.h"
#include "Poco/Ascii.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int NO_STATUS = 1000; // more than three digits, or none
}


WebSocketHeaderMeter::WebSocketHeaderMeter():
	_state(BEFORE),
	_status(0),
	_size(0)
{
}


void WebSocketHeaderMeter::restart()
{
	*this = WebSocketHeaderMeter();
}


std::size_t WebSocketHeaderMeter::take(const char* pData, std::size_t length)
{
	std::size_t taken = 0;
	while (taken < length && !complete()) next(pData[taken++]);
	_size += taken;
	return taken;
}


bool WebSocketHeaderMeter::isInterim(int status)
{
	return status >= 100 && status < 200 && status != 101;
}


void WebSocketHeaderMeter::next(char c)
{
	switch (_state)
	{
	case BEFORE:
		if (!Poco::Ascii::isSpace(c)) _state = VERSION;
		break;
	case VERSION:
		if (Poco::Ascii::isSpace(c)) _state = GAP;
		break;
	case GAP:
		if (Poco::Ascii::isSpace(c)) break;
		_state  = STATUS;
		_status = 0;
		takeDigit(c);
		break;
	case STATUS:
		if (c == '\n') _state = LINE_BEGIN; // RFC 9112, 4: the reason may be missing, and Poco does not need its space
		else if (Poco::Ascii::isSpace(c)) _state = REASON;
		else takeDigit(c);
		break;
	case LINE_BEGIN:
		if (c == '\n') endOfHeader();
		else _state = c == '\r' ? EMPTY_LINE : LINE;
		break;
	case EMPTY_LINE:
		if (c == '\n') endOfHeader();
		break;
	default: // REASON, LINE
		if (c == '\n') _state = LINE_BEGIN;
		break;
	}
}


void WebSocketHeaderMeter::takeDigit(char c)
{
	_status = Poco::Ascii::isDigit(c) && _status < 100 ? 10*_status + (c - '0') : NO_STATUS;
}


void WebSocketHeaderMeter::endOfHeader()
{
	_state = isInterim(_status) ? BEFORE : COMPLETE;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
