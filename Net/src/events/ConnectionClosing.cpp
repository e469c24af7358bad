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
#include "core/ClosePayload.h"
#include "core/SendRules.h"
#include "events/OpeningHandshake.h"
#include "events/Reactor.h"
#include "net/PeerState.h"
#include "Poco/Net/NetException.h"
#include "Poco/Error.h"
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


void WebSocketEventConnection::close(int code, const std::string& reason)
{
	WebSocketSendRules::checkClose(code, reason);
	if (here())
	{
		sendClose(code, reason);
		return;
	}
	closeBehind(code, reason);
}


void WebSocketEventConnection::closeBehind(int code, const std::string& reason)
{
	WebSocketSendRules::checkClose(code, reason);
	Task task = newTask(Task::CLOSE, code);
	task.message.data.append(reason.data(), reason.size());
	_reactor.postbox().post(std::move(task));
}


void WebSocketEventConnection::abort()
{
	if (!here())
	{
		_reactor.postbox().post(newTask(Task::ABORT));
	}
	else if (!_life.gone())
	{
		// Not more than that here: this may be called by a callback.
		go(_life.phase() < WebSocketLife::CLOSED ? WebSocketLife::ABORTED : WebSocketLife::DROPPED);
		_queue.clear();
		_reactor.again(*this);
	}
}


void WebSocketEventConnection::sendClose(int code, const std::string& reason)
{
	if (_pOpening && _pOpening->waits()) guarded([this, &reason] { decided(WebSocketRefusal::DRAINING, reason.c_str()); });
	else if (!_life.opened()) cut();
	if (_queue.isBroken() && !_life.gone()) resume(); // as below
	if (state() != OPEN) return;
	catchUp(); // first: it may begin to compress
	deflateAll();
	if (state() != OPEN) return;
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const std::size_t length = WebSocketClosePayload::build(payload, code, reason);
	noteClose(code);
	if (_framer.checkSend(WebSocketFrameHeader::CLOSE, payload, length) == WebSocketFramer::SEND) _queue.append(link(), WebSocketFrameHeader::CLOSE, payload, length);
	go(WebSocketLife::CLOSING);
	resume(); // or the peer's Close would not be seen
}


void WebSocketEventConnection::endSoon(int code, const std::string& reason)
{
	if (!_pOpening || _pOpening->waits() || _life.counted() != WebSocketConnectionGroup::HANDSHAKE)
	{
		close(code, reason);
		return;
	}
	const Time time = _timing.lastReceived() + group().limits.closeTimeout;
	if (WebSocketTimerWheel::reached(time, _reactor.now())) cut();
	else if (WebSocketTimerWheel::reached(time, dueTime())) _reactor.timers().set(*this, time);
}


bool WebSocketEventConnection::enter(WebSocketLife::Phase next)
{
	if (!_life.enter(next)) return false;
	if (!_life.isOpen()) _queue.close();
	return true;
}


void WebSocketEventConnection::go(WebSocketLife::Phase next)
	/// Does what the next phase begins with, if it follows.
{
	const bool closing = _life.closing();
	if (!enter(next)) return;
	if (!closing && _life.closing())
	{
		if (_timing.closing(_reactor.now(), _queue.isBlocked())) probePeer(_stream.fd(), true);
		_reactor.markDirty(*this);
		schedule();
	}
	if (_life.discards()) discard();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::protocolFailed()
{
	if (_life.discards()) return;
	catchUp();
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	const std::size_t length = _framer.buildFailure(payload);
	if (length > 0)
	{
		_queue.append(link(), WebSocketFrameHeader::CLOSE, payload, length);
		noteClose(WebSocketClosePayload::code(payload));
	}
	go(WebSocketLife::FAILED);
	tellError(WebSocketException(_framer.errorText(), _framer.error()));
	if (!_life.gone()) tellClosed();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::noMemory()
{
	try
	{
		_reactor.setReading(nullptr);
		if (_framer.failed() && !_life.discards())
		{
			protocolFailed();
			if (_life.gone()) return;
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


void WebSocketEventConnection::noteClose(int code)
	/// A Close frame is sent, and the peer's has not come.
{
	if (group().root.logs()) _extras.get().closeSent = code;
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::ended()
{
	handshakeEnded();
	if (_queue.isBroken())
	{
		streamBroken(); // why there is no Close frame
		return;
	}
	if (_life.opened() && !_life.discards() && _framer.receiveEnd() != WebSocketFramer::OK)
		tellError(WebSocketException(_framer.errorText(), _framer.error()));
	cut();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::broken(const Poco::Exception& exc)
{
	if (enter(WebSocketLife::FAILED)) tellError(exc);
	cut();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::streamBroken()
{
	handshakeEnded();
	broken(ConnectionResetException(Poco::Error::getMessage(_stream.error()), _stream.error()));
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::sendBroken()
	/// Nothing can be sent any more. What the peer has sent before is received: its Close, above all, tells why.
{
	if (_life.discards() || !_life.opened())
	{
		streamBroken();
		return;
	}
	if (!_queue.isBroken()) _timing.closing(_reactor.now(), false);
	_stream.endSending(); // otherwise more could be sent behind what was lost
	const bool blocked = _queue.isBlocked();
	_queue.breakOff(link());
	_queue.forget();
	_controlWaits = false;
	enter(WebSocketLife::BROKEN);
	if (blocked) updateInterest();
	if (_input.isPaused()) _reactor.markDirty(*this); // who waits for onDrained() is told: nothing waits
	else _queue.pay();
	schedule();
	if (_input.isPaused()) readyWhilePaused();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::callbackFailed(const Poco::Exception& exc)
{
	tellError(exc);
	if (_life.discards()) return;
	sendClose(WebSocketFrame::INTERNAL_ERROR, "");
	tellClosed();
}


void WebSocketEventConnection::tellError(const Poco::Exception& exc)
{
	if (_life.tells()) callOnError(exc);
}


void WebSocketEventConnection::callOnError(const Poco::Exception& exc)
{
	try
	{
		group().handler().onError(*this, exc);
	}
	catch (...)
	{
		// it was told
	}
}


void WebSocketEventConnection::tellClosed()
	/// Nothing more is received.
{
	const bool tells = _life.tells();
	go(_life.phase() == WebSocketLife::ABORTED ? WebSocketLife::DROPPED : WebSocketLife::CLOSED);
	if (tells) callOnClose();
}


void WebSocketEventConnection::callOnClose()
{
	std::string reason;
	try
	{
		reason = _framer.closeReason();
	}
	catch (const std::bad_alloc&)
	{
		// the handler is to be told all the same
	}
	reportExceptions([&] { group().handler().onClose(*this, _framer.closeCode(), reason); },
		[this](const Poco::Exception& exc) { callOnError(exc); }); // and nothing is left to be closed
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::cut()
{
	const bool tells = _life.tells();
	if (!enter(WebSocketLife::GONE)) return;
	_input.turnOff();
	if (tells) callOnClose();
	if (_stream.shared()) _reactor.poller().remove(_stream.fd());
	_stream.close();
	_reactor.remove(*this);
	_queue.release(_reactor);
	_queue.forget();
	_pOpening.reset();
	releaseUserData();
	group().root.gone(*this, _life.counted(), _framer.closeCode() != WebSocketFrame::NO_CLOSE_FRAME);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
