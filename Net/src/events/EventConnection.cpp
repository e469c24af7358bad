//
// EventConnection.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/HTTPSession.h"
#include "events/OpeningHandshake.h"
#include "events/Reactor.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <chrono>
#include <cstring>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	static_assert(WebSocketInput::TINY_SIZE <= WebSocketHTTPSession::MAX_BEHIND + 1, "what is read with the end of a header has room behind it");
}


template <typename... Stream>
WebSocketEventConnection::WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, WebSocketConnectionGroup::Phase counted, Stream&&... stream):
	place(0),
	dirty(false),
	again(false),
	_dataReleased(0),
	_flags(0),
	_life(counted),
	_pGroup(&group),
	_reactor(reactor),
	_stream(std::forward<Stream>(stream)...),
	_framer(group.role, true),
	_input(_framer),
	_pRare(nullptr)
{
	group.root.duplicate();
	_reactor.duplicate();
}


WebSocketEventConnection::WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, int& fd, const sockaddr* pRemote, socklen_t length):
	WebSocketEventConnection(group, reactor, WebSocketConnectionGroup::HANDSHAKE, fd, pRemote, length)
{
}


WebSocketEventConnection::WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, StreamSocketImpl* pSocket, const SocketAddress& remote):
	WebSocketEventConnection(group, reactor, WebSocketConnectionGroup::HANDSHAKE, pSocket, remote)
{
}


WebSocketEventConnection::WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, const WebSocketUpgrade& upgrade, const SocketAddress& remote, const HTTPRequest& request, const std::string& routeParameter):
	WebSocketEventConnection(group, reactor, WebSocketConnectionGroup::HANDSHAKE, static_cast<StreamSocketImpl*>(upgrade.socket.impl()), remote)
{
	rare().subprotocol = upgrade.subprotocol;
	rare().routeParameter = routeParameter;
	auto pAdopted = std::make_unique<Rare::Adopted>();
	pAdopted->request = request;
	pAdopted->data.append(upgrade.data.begin(), upgrade.data.size());
	pAdopted->agreement = upgrade;
	rare().pAdopted = std::move(pAdopted);
}


WebSocketEventConnection::WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, WebSocketHTTPDispatcher::Connection& connection):
	WebSocketEventConnection(group, reactor, WebSocketConnectionGroup::HTTP, WebSocketStream::Detached{const_cast<StreamSocketImpl*>(connection.pSocket.get())}, connection.remote)
{
	_pOpening = std::make_unique<WebSocketOpeningHandshake>();
	_pOpening->wait(connection.requests, connection.received);
	if (connection.pVia) _stream.setVia(std::move(connection.pVia));
}


void WebSocketEventConnection::setVia(std::unique_ptr<WebSocketVia>&& pVia)
{
	_stream.setVia(std::move(pVia));
}


void WebSocketEventConnection::setVia(std::unique_ptr<WebSocketVia>&& pVia, const SocketAddress& client)
{
	const WebSocketScheme told = pVia->told;
	_stream.setVia(std::move(pVia));
	_stream.via()->told = told;
	_stream.setClient(client);
}


WebSocketEventConnection::~WebSocketEventConnection()
{
	delete _pRare.load();
	_reactor.release();
	group().root.release();
}


//
// What the loop calls
//
void WebSocketEventConnection::begin()
{
	_timing.begin(_reactor.now());
	_stream.share(_reactor.channelBuffers());
	try
	{
		_reactor.add(*this);
	}
	catch (const std::bad_alloc&)
	{
		discharge();
		return;
	}
	enter(WebSocketLife::HANDSHAKE);
	guarded([this]
	{
		set(UNWATCHED, true);
		if (adopted()) beginAdopted();
		else beginHandshake();
		if (!_life.gone()) schedule();
	});
}


void WebSocketEventConnection::perform(Task& task)
{
	if (task.what == Task::ADD) begin();
	else guarded([this, &task] { performTask(task); });
}


void WebSocketEventConnection::performTask(Task& task)
{
	switch (task.what)
	{
	case Task::SEND:
		catchUp();
		_queue.take(link(), std::move(task.message));
		deflating();
		break;
	case Task::FLUSH:
		if (!_life.gone()) _reactor.markDirty(*this);
		break;
	case Task::ANSWERED:
		decided(WebSocketRefusal::HOOK, "");
		break;
	case Task::PING:
		sendPing();
		break;
	case Task::CLOSE:
		sendClose(task.message.opcode, std::string(task.message.begin(), task.message.length()));
		break;
	case Task::ABORT:
		cut();
		break;
	case Task::PAUSE:
		pause();
		break;
	case Task::RESUME:
		resume();
		break;
	default:
		break;
	}
}


void WebSocketEventConnection::discharge()
{
	enter(WebSocketLife::GONE);
	_stream.close();
	releaseUserData();
	group().root.gone(*this, _life.counted(), false);
}


[[gnu::hot]] void WebSocketEventConnection::ready(int events)
{
	guarded([this, events] { turn(events); });
}


void WebSocketEventConnection::turn(int events)
{
	if (events == WebSocketPoller::READ && _input.isReading() && !_input.greedy) read();
	else unusualTurn(events);
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::unusualTurn(int events)
{
	if (_life.aborted()) cut();
	if (is(CROSSED) && !_life.gone()) events = crossed(events);
	if ((events & WebSocketPoller::WRITE) && !_life.gone()) flush();
	if (!_life.gone() && !_stream.plain() && !_input.isPaused() && _stream.pending()) _reactor.again(*this); // sending may receive
	if (!(events & WebSocketPoller::READ) || _life.gone()) return;
	if (_input.greedy)
	{
		_input.greedy = false;
		if (!(events & WebSocketPoller::LAST))
		{
			_reactor.atLast(*this);
			return;
		}
	}
	if (_queue.isDeflating()) deflateSome();
	if (_queue.isDeflating() || _life.gone()) return;
	if (_input.state() == WebSocketInput::RESUMING) processBacklog();
	else if (_input.isPaused()) readyWhilePaused();
	else read();
}


int WebSocketEventConnection::crossed(int events)
	/// Returns what these events mean.
{
	if ((events & WebSocketPoller::WRITE) && _stream.push()) updateInterest();
	return events | _stream.meaning(events);
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
	_reactor.poller().remove(_stream.fd());
	set(UNWATCHED, true);
}


bool WebSocketEventConnection::unread() const
	/// Returns true if something that has arrived waits until reading goes on.
{
	return (_pRare.load(std::memory_order_acquire) && rare().backlog.data.size() > 0) || _stream.pending() || _stream.waiting();
}


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
	if (!is(CROSSED) && !_stream.crossed()) return;
	if (_queue.isBlocked()) flush();
	if (!_life.gone()) updateInterest();
}


[[gnu::noinline]] void WebSocketEventConnection::receivedSecurely()
{
	if (is(CROSSED) || _stream.crossed()) updateInterest();
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
	if (!likely(used == length)) rare().backlog.data.append(pData + used, length - used);
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


POCO_WEBSOCKET_END
} } // namespace Poco::Net
