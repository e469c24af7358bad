//
// ConnectionAccess.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventAccess
//
// What any thread may ask of a connection of the event shell, sending apart.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "core/SendRules.h"
#include "events/Reactor.h"
#include "Poco/Exception.h"
#include <openssl/rand.h>
#include <memory>
#include <mutex>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketEventConnection::Task WebSocketEventConnection::newTask(Task::What what, int number)
{
	return Task{Ptr(this, true), what, {number, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()}};
}


void WebSocketEventConnection::ping()
{
	if (!_reactor.current()) _reactor.postbox().post(newTask(Task::PING));
	else if (state() == OPEN) sendPing();
}


void WebSocketEventConnection::close(int code, const std::string& reason)
{
	WebSocketSendRules::checkClose(code, reason);
	if (here())
	{
		sendClose(code, reason);
		return;
	}
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


bool WebSocketEventConnection::here() const
	/// Returns true in the loop's thread, if the connection is in the loop, or was. Before that, what is to be done
	/// follows the task that puts it there.
{
	return _reactor.current() && _life.phase() != WebSocketLife::NEW;
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
		if (_queue.isDeflating() || (_pRare.load(std::memory_order_acquire) && rare().backlog.data.size() > 0)) goOnLater();
		else goOn();
	}
}


[[gnu::noinline]] void WebSocketEventConnection::processBacklog()
{
	_input.processBacklog(_framer, rare().backlog, *this);
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
	if (_pRare.load(std::memory_order_acquire)) rare().backlog = WebSocketInput::Backlog();
	goOn();
}


void WebSocketEventConnection::setParts(bool flag)
{
	_input.parser().setParts(flag);
}


const Poco::UUID& WebSocketEventConnection::id() const
{
	Rare& more = rare();
	std::lock_guard<std::mutex> lock(more.mutex);
	if (more.id.isNull())
	{
		char bytes[16];
		if (RAND_bytes(reinterpret_cast<unsigned char*>(bytes), sizeof(bytes)) != 1)
			throw Poco::SystemException("No random numbers for an id");
		bytes[6] = static_cast<char>((bytes[6] & 0x0f) | 0x40); // RFC 4122, 4.4
		bytes[8] = static_cast<char>((bytes[8] & 0x3f) | 0x80);
		more.id.copyFrom(bytes);
	}
	return more.id;
}


bool WebSocketEventConnection::belongsTo(const WebSocketConnectionGroup& group) const
{
	return &this->group().root == &group;
}


bool WebSocketEventConnection::lives() const
{
	const State now = state(); // first: it is stored last
	return (now == OPEN || now == CLOSING) && _life.opened();
}


SocketAddress WebSocketEventConnection::remoteAddress() const
{
	return _stream.remoteAddress();
}


SocketAddress WebSocketEventConnection::peerAddress() const
{
	return _stream.peerAddress();
}


WebSocketHost WebSocketEventConnection::remoteHost() const
{
	return _stream.remoteHost();
}


std::string WebSocketEventConnection::subprotocol() const
{
	return _pRare.load(std::memory_order_acquire) ? rare().subprotocol : std::string();
}


const std::string& WebSocketEventConnection::route() const
{
	return group().routePath;
}


std::string WebSocketEventConnection::routeParameter() const
{
	return _pRare.load(std::memory_order_acquire) ? rare().routeParameter : std::string();
}


bool WebSocketEventConnection::secure() const
{
	return _stream.secure();
}


WebSocketTLSInfo WebSocketEventConnection::tlsInfo() const
{
	return _stream.tlsInfo() ? *_stream.tlsInfo() : WebSocketTLSInfo();
}


std::string_view WebSocketEventConnection::tlsVersion() const
{
	return _stream.tlsInfo() ? std::string_view(_stream.tlsInfo()->version) : std::string_view();
}


WebSocketConnection::Metrics WebSocketEventConnection::metrics() const
{
	Metrics metrics;
	metrics.messagesReceived  = _input.messages;
	metrics.bytesReceived     = _input.bytes;
	_queue.metrics(metrics);
	metrics.messagesNotQueued = _notQueued;
	metrics.pingTime          = Poco::Timespan(_pingTimes.roundTrip());
	metrics.since             = _since;
	return metrics;
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::describe(WebSocketAccessLine& line) const
{
	const Metrics counts = metrics();
	line.address          = remoteAddress().toString();
	line.path             = rare().path;
	line.status           = HTTPResponse::HTTP_SWITCHING_PROTOCOLS;
	line.milliseconds     = counts.since.elapsed()/1000;
	line.bytesReceived    = counts.bytesReceived;
	line.bytesSent        = counts.bytesSent;
	line.messagesReceived = counts.messagesReceived;
	line.messagesSent     = counts.messagesSent;
	line.closeCode        = rare().closeSent != 0 ? rare().closeSent : _framer.closeCode();
	line.pClosedBy        = rare().closeSent != 0 ? "server" : line.closeCode != WebSocketFrame::NO_CLOSE_FRAME ? "peer" : "nobody";
}


void WebSocketEventConnection::setUserData(const std::shared_ptr<void>& pData)
{
	std::atomic_store(&rare().pUserData, pData);
	if (_dataReleased.fetch_or(0, std::memory_order_acq_rel)) releaseUserData(); // otherwise releaseUserData() finds it
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::releaseUserData()
	/// It may hold this connection.
{
	_dataReleased.fetch_or(1, std::memory_order_acq_rel);
	if (_pRare.load(std::memory_order_acquire)) std::atomic_exchange(&rare().pUserData, std::shared_ptr<void>());
}


std::shared_ptr<void> WebSocketEventConnection::userData() const
{
	return _pRare.load(std::memory_order_acquire) ? std::atomic_load(&rare().pUserData) : std::shared_ptr<void>();
}


WebSocketEventConnection::Rare& WebSocketEventConnection::rare() const
{
	Rare* pRare = _pRare.load(std::memory_order_acquire);
	if (!pRare)
	{
		std::unique_ptr<Rare> pNew = std::make_unique<Rare>();
		if (_pRare.compare_exchange_strong(pRare, pNew.get(), std::memory_order_acq_rel)) pRare = pNew.release();
	}
	return *pRare;
}


[[gnu::noinline]] void WebSocketEventConnection::updateInterest()
{
	static_assert(int(WebSocketPoller::READ) == int(SocketImpl::SELECT_READ) && int(WebSocketPoller::WRITE) == int(SocketImpl::SELECT_WRITE), "WebSocketStream relies on it");
	int events = (_input.isPaused() ? 0 : WebSocketPoller::READ) | (_queue.isBlocked() ? WebSocketPoller::WRITE : 0);
	set(CROSSED, _stream.crossed());
	if (is(CROSSED)) events = _stream.interest(events);
	if (is(UNWATCHED)) _reactor.poller().add(_stream.fd(), events, *this);
	else _reactor.poller().change(_stream.fd(), events, *this);
	set(UNWATCHED, false);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
