//
// ConnectionClosing.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventClosing
//
// How a connection of the event shell ends.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/OpeningHandshake.h"
#include "events/Reactor.h"
#include "Poco/Net/NetException.h"
#include "Poco/Error.h"
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketEventConnection::beginClosing()
{
	if (is(CLOSING_BEGUN)) return;
	set(CLOSING_BEGUN, true);
	_waits = _closingSince = _reactor.now();
	if (is(BLOCKED)) expectLateClose();
	if (state() == OPEN) setState(CLOSING);
	_reactor.markDirty(*this);
	schedule();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::protocolFailed()
{
	if (is(DISCARD)) return;
	catchUp();
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const std::size_t length = _framer.buildFailure(payload);
	if (length > 0) append(WebSocketFrameHeader::CLOSE, payload, length);
	discard();
	beginClosing();
	tellError(WebSocketException(_framer.errorText(), _framer.error()));
	if (!is(GONE)) tellClosed();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::noMemory()
{
	try
	{
		_reactor.setReading(nullptr);
		if (_framer.failed() && !is(DISCARD) && !is(GONE))
		{
			protocolFailed();
			if (is(GONE)) return;
			goOn();
			flush(); // what is referred to does not stay
			return;
		}
	}
	catch (const std::bad_alloc&)
	{
		// then not even that
	}
	broken(Poco::OutOfMemoryException());
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::ended()
{
	if (is(SEND_BROKEN))
	{
		streamBroken(); // why there is no Close frame
		return;
	}
	if (is(OPENED) && !is(DISCARD) && _framer.receiveEnd() != WebSocketFramer::OK)
		tellError(WebSocketException(_framer.errorText(), _framer.error()));
	cut();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::broken(const Poco::Exception& exc)
{
	if (state() == OPEN) setState(CLOSING);
	if (!is(DISCARD)) tellError(exc);
	cut();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::streamBroken()
{
	broken(ConnectionResetException(Poco::Error::getMessage(_stream.error()), _stream.error()));
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::sendBroken()
	/// Nothing can be sent any more. What the peer has sent before is received: its Close, above all, tells why.
{
	if (is(DISCARD) || !is(OPENED))
	{
		streamBroken();
		return;
	}
	if (!is(SEND_BROKEN)) _waits = _closingSince = _reactor.now();
	set(SEND_BROKEN, true);
	_stream.endSending(); // otherwise more could be sent behind what was lost
	if (_pOutput)
	{
		_pOutput->clear();
		_reactor.giveOutput(_pOutput);
	}
	account();
	forgetUnsent();
	set(PONG_WAITS, false);
	set(BLOCKED, false);
	if (state() == OPEN) setState(CLOSING);
	if (is(WRITING))
	{
		set(WRITING, false);
		updateInterest();
	}
	if (is(PAUSED)) _reactor.markDirty(*this); // who waits for onDrained() is told: nothing waits
	else _drain.store(false, std::memory_order_relaxed);
	schedule();
	if (is(PAUSED)) readyWhilePaused();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::callbackFailed(const Poco::Exception& exc)
{
	tellError(exc);
	if (is(GONE) || is(DISCARD)) return;
	sendClose(WebSocketFrame::INTERNAL_ERROR, "");
	discard();
	tellClosed();
	beginClosing();
}


void WebSocketEventConnection::tellError(const Poco::Exception& exc)
{
	if (!is(OPENED) || is(ENDED)) return;
	try
	{
		_group.handler().onError(*this, exc);
	}
	catch (...)
	{
		// it was told
	}
}


void WebSocketEventConnection::tellClosed()
{
	setState(CLOSED);
	if (!is(OPENED) || is(ENDED)) return;
	set(ENDED, true);
	std::string reason;
	try
	{
		reason = _framer.closeReason();
	}
	catch (const std::bad_alloc&)
	{
		// the handler is to be told all the same
	}
	try
	{
		_group.handler().onClose(*this, _framer.closeCode(), reason);
	}
	catch (const Poco::Exception& exc)
	{
		tellCloseError(exc);
	}
	catch (const std::exception& exc)
	{
		tellCloseError(Poco::UnhandledException(exc.what()));
	}
	catch (...)
	{
		tellCloseError(Poco::UnhandledException("unknown"));
	}
}


void WebSocketEventConnection::tellCloseError(const Poco::Exception& exc)
	/// onClose() has thrown, and nothing is left to be closed.
{
	set(ENDED, false);
	tellError(exc);
	set(ENDED, true);
}


void WebSocketEventConnection::dropped()
{
	cut(); // the loop has ended
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::cut()
{
	if (is(GONE)) return;
	set(GONE, true);
	tellClosed();
	if (_stream.shared()) _reactor.poller().remove(_stream.fd());
	_stream.close();
	_reactor.remove(*this);
	if (_pOutput)
	{
		_pOutput->clear();
		_reactor.giveOutput(_pOutput);
	}
	account();
	_pOpening.reset();
	forgetUnsent(); // it refers to this connection
	releaseUserData();
	_group.gone(*this, phase(), _framer.closeCode() != WebSocketFrame::NO_CLOSE_FRAME);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
