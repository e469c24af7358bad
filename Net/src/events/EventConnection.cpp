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
	_controlWaits(false),
	_life(counted),
	_pGroup(&group),
	_reactor(reactor),
	_stream(std::forward<Stream>(stream)...),
	_framer(group.role, true),
	_input(_framer)
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
	Extras& extras = _extras.get();
	extras.subprotocol = upgrade.subprotocol;
	extras.routeParameter = routeParameter;
	extras.pAdopted = std::make_unique<Extras::Adopted>();
	extras.pAdopted->request = request;
	extras.pAdopted->data.append(upgrade.data.begin(), upgrade.data.size());
	extras.pAdopted->agreement = upgrade;
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
		if (adopted()) beginAdopted();
		else beginHandshake();
		if (!_life.gone()) schedule();
	});
}


WebSocketEventConnection::Task WebSocketEventConnection::newTask(Task::What what, int number)
{
	return Task{Ptr(this, true), what, {number, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}};
}


bool WebSocketEventConnection::here() const
	/// Returns true in the loop's thread, if the connection is in the loop, or was. Before that, what is to be done
	/// follows the task that puts it there.
{
	return _reactor.current() && _life.phase() != WebSocketLife::NEW;
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
	else
	{
		unusualTurn(events);
		if (_watch.last() && !_life.gone() && !isNew()) updateInterest();
	}
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::unusualTurn(int events)
{
	if (_life.aborted()) cut();
	if (_watch.crossed() && !_life.gone()) events = crossed(events);
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


POCO_WEBSOCKET_END
} } // namespace Poco::Net
