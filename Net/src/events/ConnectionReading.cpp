//
// ConnectionReading.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/SendQueueInline.h"
#include "core/BranchHint.h"
#include "Poco/Net/NetException.h"
#include <algorithm>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


//
// What arrives, and when reading stops
//
[[gnu::hot, gnu::noinline]] void WebSocketEventConnection::read()
{
	iovec blocks[2];
	int count = 0;
	char* pDirect = nullptr;
	const std::size_t direct = likely(!_pOpening && _input.state() != WebSocketInput::OFF) ? _input.parser().room(pDirect) : 0;
	if (direct > 0) blocks[count++] = {pDirect, direct};
	const std::size_t size = _input.readSize(_framer, _reactor.inputSize(), _pOpening != nullptr);
	blocks[count++] = {_reactor.input(), size};
	const long n = _stream.receive(blocks, count);
	if (!likely(n > 0))
	{
		if (n == WebSocketStream::END) ended();
		else if (n == WebSocketStream::BROKEN) streamBroken();
		else if (!_stream.plain()) nothingReceived();
		return;
	}
	_queue.prepare(_reactor);
	const std::size_t length = static_cast<std::size_t>(n);
	const std::size_t first = std::min(length, direct);
	if (!likely(!_timing.received(_reactor.now()))) answered();
	if (!likely(length < direct + size)) _input.greedy = true;
	_input.bytes.add(length);
	_reactor.counters.bytesReceived.add(length);
	_reactor.setReading(this);
	if (first > 0) receive(pDirect, first);
	if (length > first) receive(_reactor.input(), length - first);
	_reactor.setReading(nullptr);
	if (_life.gone()) return;
	flush();
	if (!_stream.plain() && !_life.gone()) receivedSecurely();
}


[[gnu::noinline]] void WebSocketEventConnection::nothingReceived()
	/// A part of a TLS record has come, or something for TLS itself, which may be what sending has waited for.
{
	if (!_watch.crossed() && !_stream.crossed()) return;
	if (_queue.isBlocked()) flush();
	if (!_life.gone()) updateInterest();
}


[[gnu::noinline]] void WebSocketEventConnection::receivedSecurely()
{
	if (_watch.crossed() || _stream.crossed()) updateInterest();
	if (!_input.isPaused() && _stream.pending()) _reactor.again(*this);
}


void WebSocketEventConnection::receive(char* pData, std::size_t length)
{
	if (likely(!_pOpening)) process(pData, length);
	else receiveRequest(pData, length);
}


void WebSocketEventConnection::process(char* pData, std::size_t length)
{
	const std::size_t used = _input.process(_framer, pData, length, *this);
	if (!likely(used == length)) _extras.get().backlog.data.append(pData + used, length - used);
}


inline void WebSocketEventConnection::messageReceived()
	/// What is the same for all of a turn is left to messagesReceived().
{
	const char* const pMessage = _input.parser().data();
	const std::size_t length = _input.parser().length();
	const auto opcode = static_cast<WebSocketFrame::Opcode>(_input.parser().opcode());
	_input.messages.add(1);
	call([&] { group().handler().onMessage(*this, std::string_view(pMessage, length), opcode); });
}


inline void WebSocketEventConnection::messagesReceived(int number)
	/// In this turn.
{
	if (number == 0) return;
	_timing.message(_reactor.now());
	_reactor.counters.messagesReceived.add(static_cast<Poco::UInt64>(number));
}


void WebSocketEventConnection::gatheredReceived()
{
	_queue.keepReceived(_input.parser());
}


void WebSocketEventConnection::partReceived()
{
	_timing.message(_reactor.now());
	if (_input.parser().last())
	{
		_input.messages.add(1);
		_reactor.counters.messagesReceived.add(1);
	}
	const auto opcode = static_cast<WebSocketFrame::Opcode>(_input.parser().opcode());
	call([&] { group().handler().onPart(*this, std::string_view(_input.parser().data(), _input.parser().length()), opcode, _input.parser().last()); });
}


void WebSocketEventConnection::pause()
{
	if (!here())
	{
		_reactor.postbox().post(newTask(Task::PAUSE));
		return;
	}
	if (_queue.queued() > 0 && !_life.gone()) // who waits for that is told
	{
		_queue.owe();
		_reactor.markDirty(*this);
	}
	if (_input.pause()) updateInterest();
}


[[gnu::noinline]] void WebSocketEventConnection::stopReading()
{
	if (_input.stop()) updateInterest();
}


void WebSocketEventConnection::resume()
{
	if (!here())
	{
		_reactor.postbox().post(newTask(Task::RESUME));
	}
	else if (_input.state() == WebSocketInput::PAUSED)
	{
		// Not here: this may be called by a callback.
		if (_queue.isDeflating() || (_extras.find() && _extras.find()->backlog.data.size() > 0)) goOnLater();
		else goOn();
	}
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::readyWhilePaused()
	/// Nothing is asked for. Either it was a moment ago, or the stream has ended.
{
	const long condition = _stream.condition();
	if (condition == WebSocketStream::AGAIN) return;
	if ((condition == WebSocketStream::BROKEN || _queue.isBroken()) && !unread())
	{
		broken(ConnectionResetException("The connection broke while reading was paused"));
		return;
	}
	// What is there is read later, and the poller would tell this all the time.
	_watch.stop(_reactor.poller(), _stream);
}


bool WebSocketEventConnection::unread() const
	/// Returns true if something that has arrived waits until reading goes on.
{
	return (_extras.find() && _extras.find()->backlog.data.size() > 0) || _stream.pending() || _stream.waiting();
}


[[gnu::noinline]] void WebSocketEventConnection::processBacklog()
{
	_input.processBacklog(_framer, _extras.get().backlog, *this);
	if (!_input.isPaused() && !_life.gone()) goOn();
}


void WebSocketEventConnection::goOn()
{
	_input.goOn();
	if (_timing.received(_reactor.now())) answered();
	if (_life.phase() == WebSocketLife::BROKEN) _timing.taken(_reactor.now());
	updateInterest();
	if (_stream.pending()) _reactor.again(*this);
	schedule();
}


[[gnu::noinline]] void WebSocketEventConnection::goOnLater()
	/// In the next turn.
{
	_input.resume();
	_reactor.again(*this);
}


void WebSocketEventConnection::discard()
	/// What arrives from now on is read, up to the end of the stream, and is lost. No message is sent any more: RFC 6455, 5.5.1.
{
	const bool paused = _input.isPaused();
	_input.turnOff();
	_queue.forget();
	if (!paused) return;
	if (Extras* const pExtras = _extras.find()) pExtras->backlog = WebSocketInput::Backlog();
	goOn();
}


bool WebSocketEventConnection::isNew() const
	/// A client that has just come says what it wants in its first messages, and thousands may come at once: that waits for the others as its opening handshake does.
{
	constexpr Poco::UInt64 FIRST_MESSAGES = 4;
	constexpr Poco::Timestamp::TimeDiff FIRST_TIME = 1000000; // us
	return _pOpening || (group().role == WebSocketFramer::ROLE_SERVER && _input.messages < FIRST_MESSAGES && !_since.isElapsed(FIRST_TIME));
}


[[gnu::noinline]] void WebSocketEventConnection::updateInterest()
{
	const int last = isNew() ? WebSocketPoller::LAST : 0;
	const int reading = _input.isPaused() ? 0 : WebSocketPoller::READ;
	const int writing = _queue.isBlocked() ? WebSocketPoller::WRITE : 0;
	_watch.set(_reactor.poller(), _stream, reading | writing | last, *this);
}


void WebSocketEventConnection::setParts(bool flag)
{
	_input.parser().setParts(flag);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
