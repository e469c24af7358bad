//
// SendQueue.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketSendQueue
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/SendQueue.h"
#include "events/SendQueueInline.h"
#include <new>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketSendQueue::WebSocketSendQueue():
	broadcasts(0),
	_flags(CLOSED),
	_drain(false),
	_run(0),
	_queued(0)
{
}


[[gnu::cold, gnu::noinline]] void WebSocketSendQueue::breakOff(const WebSocketLink& link)
{
	release(link.reactor);
	_flags = (_flags & ~IS_BLOCKED) | BROKEN | CLOSED;
}


void WebSocketSendQueue::append(const WebSocketLink& link, int flags, const char* pData, std::size_t length)
{
	put(link, flags, pData, length);
}


WebSocketOutput& WebSocketSendQueue::output(WebSocketReactor& reactor)
{
	if (!_pOutput) reactor.outputs().take(_pOutput);
	return *_pOutput;
}


void WebSocketSendQueue::prepare(WebSocketReactor& reactor)
{
	if (!_pOutput) reactor.outputs().takeLast(_pOutput);
}


void WebSocketSendQueue::release(WebSocketReactor& reactor)
{
	if (!_pOutput) return;
	_pOutput->clear();
	account();
	reactor.outputs().give(_pOutput);
}


[[gnu::hot]] WebSocketSendQueue::Flushed WebSocketSendQueue::flush(const WebSocketLink& link)
{
	if (likely(!_pOutput->empty()))
	{
		const long n = _pOutput->flush(link.stream);
		if (n == WebSocketStream::BROKEN) return FAILED;
		_bytesSent.add(static_cast<Poco::UInt64>(n));
		link.reactor.counters.bytesSent.add(static_cast<Poco::UInt64>(n));
		if (!_pOutput->empty())
		{
			try
			{
				_pOutput->keep();
			}
			catch (const std::bad_alloc&)
			{
				return LOST;
			}
			account();
			const bool before = isBlocked();
			_flags |= IS_BLOCKED;
			return !before ? BLOCKED : n > 0 ? MOVED : STUCK;
		}
	}
	if (_pOutput->accounted > 0) account();
	link.reactor.outputs().give(_pOutput);
	if (!isBlocked()) return SENT;
	_flags &= ~IS_BLOCKED;
	return UNBLOCKED;
}


Poco::UInt64 WebSocketSendQueue::end() const
{
	return _bytesSent + (_pOutput ? _pOutput->size() : 0);
}


bool WebSocketSendQueue::fits(const WebSocketLink& link, std::size_t length) const
{
	return !_pOutput || _pOutput->size() + length <= link.group.maxQueuedBytes || _pOutput->empty();
}


bool WebSocketSendQueue::reserve(std::size_t limit, std::size_t cost, bool here)
{
	const std::size_t unaccounted = here && _pOutput ? _pOutput->size() - _pOutput->accounted : 0;
	std::size_t queued = _queued.load(std::memory_order_relaxed);
	do
	{
		const std::size_t before = queued + unaccounted;
		if (before > 0 && before + cost > limit) return false;
	}
	while (!_queued.compare_exchange_weak(queued, queued + cost, std::memory_order_relaxed));
	return true;
}


void WebSocketSendQueue::account(std::size_t done)
{
	const std::size_t size = _pOutput ? _pOutput->size() : 0;
	const std::size_t before = _pOutput ? _pOutput->accounted : 0;
	_queued.fetch_add(size - before - done, std::memory_order_relaxed);
	if (_pOutput) _pOutput->accounted = size;
}


void WebSocketSendQueue::metrics(WebSocketConnection::Metrics& metrics) const
{
	metrics.messagesSent      = _messagesSent;
	metrics.bytesSent         = _bytesSent;
	metrics.bytesQueued       = queued();
}


bool WebSocketSendQueue::stays(const WebSocketLink& link, const char* pData)
{
	const auto within = [pData](const char* pBegin, std::size_t length) { return pData >= pBegin && pData < pBegin + length; };
	return link.reactor.reading() == link.pConnection
		&& (within(link.reactor.input(), link.reactor.inputSize()) || (link.parser.gathered() && within(link.parser.data(), link.parser.length())));
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
