//
// ConnectionControl.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/SendQueueInline.h"
#include "core/ControlFrames.h"
#include "Poco/Clock.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


//
// Control frames: PING, PONG and the peer's Close (RFC 6455, 5.5)
//
namespace
{
	WebSocketPingTimes::Time pingClock()
	{
		return static_cast<WebSocketPingTimes::Time>(Poco::Clock().microseconds());
	}
}


void WebSocketEventConnection::ping()
{
	if (!_reactor.current()) _reactor.postbox().post(newTask(Task::PING));
	else if (state() == OPEN) sendPing();
}


[[gnu::noinline]] void WebSocketEventConnection::controlReceived()
{
	char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
	int flags = 0;
	const std::size_t length = _framer.buildReply(flags, payload);
	switch (_framer.header().opcode())
	{
	case WebSocketFrame::OP_PING:
		sendControl(flags, payload, length);
		if (!_life.discards()) call([this] { group().handler().onPing(*this, std::string_view(_framer.controlPayload(), _framer.controlLength())); });
		break;
	case WebSocketFrame::OP_PONG:
		_pingTimes.received(_framer.controlPayload(), _framer.controlLength(), pingClock());
		call([this] { group().handler().onPong(*this, std::string_view(_framer.controlPayload(), _framer.controlLength())); });
		break;
	default:
		catchUp();
		if (_framer.checkSend(flags, payload, length) == WebSocketFramer::SEND) _queue.append(link(), flags, payload, length);
		tellClosed();
		wakeFlush(); // when all has been sent, the stream ends
	}
	_framer.forgetControl();
}


void WebSocketEventConnection::sendPing()
{
	if (state() != OPEN) return;
	char payload[WebSocketPingTimes::LENGTH];
	_pingTimes.begin(pingClock(), payload);
	sendControl(WebSocketFrameHeader::PING, payload, sizeof(payload));
}


void WebSocketEventConnection::sendControl(int flags, const char* pPayload, std::size_t length)
	/// A PING or PONG: now, or when the peer takes it.
{
	if (_framer.checkSend(flags, pPayload, length) != WebSocketFramer::SEND) return;
	if (!_queue.isBlocked())
	{
		_queue.append(link(), flags, pPayload, length);
		return;
	}
	std::unique_ptr<WebSocketControlFrames>& pControl = _extras.get().pControl;
	if (!pControl) pControl = std::make_unique<WebSocketControlFrames>();
	pControl->post(flags, pPayload, length);
	_controlWaits = true;
	if (_input.parser().assembler().limitPings(pControl->pendingPings()) != WebSocketFramer::OK) protocolFailed();
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::sendWaitingControl()
	/// The peer takes them now.
{
	_controlWaits = false;
	WebSocketControlFrames::Frame frame;
	for (WebSocketControlFrames& control = *_extras.get().pControl; control.next(frame); control.sent(frame))
	{
		if (_framer.checkSend(frame.flags, frame.payload, frame.length) == WebSocketFramer::SEND) _queue.append(link(), frame.flags, frame.payload, frame.length);
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
