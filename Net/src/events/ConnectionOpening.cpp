//
// ConnectionOpening.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// How a connection of the event shell begins.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/OpeningHandshake.h"
#include "events/Reactor.h"
#include <algorithm>
#include <cstring>
#include <memory>
#include <string>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


bool WebSocketEventConnection::adopted() const
	/// Returns true if the opening handshake was complete at the beginning.
{
	return _extras.find() && _extras.find()->pAdopted;
}


void WebSocketEventConnection::beginHandshake()
{
	const bool dispatched = _life.counted() == WebSocketConnectionGroup::HTTP;
	if (!_pOpening) _pOpening = _reactor.takeOpening();
	_pOpening->begin(group(), _stream);
	std::string received = _pOpening->takeBehind();
	if (!received.empty()) receiveRequest(&received[0], received.size());
	if (_pOpening && _stream.plain()) ready(WebSocketPoller::READ); // mostly the request is there, and nobody need tell
	if (_life.gone()) return;
	if (!_watch.active()) updateInterest();
	if (dispatched && _stream.pending()) _reactor.again(*this);
}


void WebSocketEventConnection::beginAdopted()
{
	updateInterest();
	const std::unique_ptr<Extras::Adopted> pAdopted = std::move(_extras.get().pAdopted);
	const WebSocketAgreement& agreement = pAdopted->agreement;
	if (group().root.logs()) _extras.get().path = WebSocketHandshake::pathOf(pAdopted->request.getURI());
	std::unique_ptr<WebSocketOpeningHandshake> pOpening = _reactor.takeOpening();
	pOpening->begin(group().root, _stream);
	open(group().role == WebSocketFramer::ROLE_SERVER ? pOpening->adopt(pAdopted->request) : pAdopted->request, agreement.subprotocol, agreement.deflated ? &agreement.deflate : nullptr);
	_reactor.giveOpening(std::move(pOpening));
	process(pAdopted->data.data(), pAdopted->data.size());
	if (!_life.gone() && _stream.pending()) _reactor.again(*this);
}


[[gnu::noinline]] void WebSocketEventConnection::receiveRequest(char* pData, std::size_t length)
{
	if (group().silent()) // the hook is not called any more
	{
		cut();
		return;
	}
	if (_pOpening->waits())
	{
		if (!_pOpening->keep(pData, length)) stopReading(); // RFC 6455, 4.1: nothing is to be sent before the answer
		return;
	}
	std::size_t used = 0;
	const bool first = _life.counted() == WebSocketConnectionGroup::HTTP && _pOpening->received().empty();
	WebSocketOpeningHandshake::Result result = _pOpening->receive(pData, length, used);
	if (result == WebSocketOpeningHandshake::NEED_MORE)
	{
		if (first) _reactor.timers().set(*this, deadline()); // until now it might be idle for as long as it liked
		return;
	}
	if (result == WebSocketOpeningHandshake::ASKS)
	{
		WebSocketRefusal::Reason reason = WebSocketRefusal::BUSY;
		WebSocketConnectionGroup::Seat pSeat = group().root.seat(reason);
		result = pSeat ? _pOpening->ask(std::move(pSeat), [pThis = Ptr(this, true)]() mutable { return pThis->_reactor.postbox().post(pThis->newTask(Task::ANSWERED)); })
			: _pOpening->busy(reason, "Too many requests are waiting");
		if (result == WebSocketOpeningHandshake::WAITS)
		{
			await(first);
			if (!_pOpening->keep(pData + used, length - used)) stopReading();
			return;
		}
	}

	std::unique_ptr<WebSocketOpeningHandshake> pOpening = std::move(_pOpening);
	if (result == WebSocketOpeningHandshake::OTHER)
	{
		if (handOver(*pOpening, pData + used, length - used))
		{
			_reactor.giveOpening(std::move(pOpening));
			return;
		}
		result = pOpening->busy(WebSocketRefusal::BUSY, "Too many requests are waiting");
	}
	conclude(std::move(pOpening), result == WebSocketOpeningHandshake::ACCEPTED, pData + used, length - used);
}


void WebSocketEventConnection::await(bool first)
	/// The answer has a time of its own, which is a part of that of the handshake; first tells whether that begins now.
{
	Time end = _reactor.now() + std::min(_pOpening->group().acceptanceTimeout, group().handshakeTimeout);
	if (!first && WebSocketTimerWheel::reached(dueTime(), end)) end = dueTime();
	_reactor.timers().set(*this, end);
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::decided(WebSocketRefusal::Reason late, const char* pLate)
	/// The answer has come, or does not come any more, which has a reason.
{
	if (!_pOpening || !_pOpening->waits()) return; // that was too late
	if (group().silent())
	{
		cut();
		return;
	}
	std::unique_ptr<WebSocketOpeningHandshake> pOpening = std::move(_pOpening);
	const bool accepted = pOpening->answered(late, pLate) == WebSocketOpeningHandshake::ACCEPTED;
	std::string behind = pOpening->takeBehind();
	conclude(std::move(pOpening), accepted, &behind[0], behind.size());
	if (!_life.gone() && _stream.pending()) _reactor.again(*this);
}


void WebSocketEventConnection::conclude(std::unique_ptr<WebSocketOpeningHandshake> pOpening, bool accepted, char* pBehind, std::size_t length)
	/// Sends the response. Behind the request some bytes have come already.
{
	_queue.output(_reactor).bytes().append(pOpening->response().data(), pOpening->response().size());
	_reactor.markDirty(*this);
	if (accepted)
	{
		if (group().root.logs()) _extras.get().path = pOpening->path();
		if (_input.isPaused()) goOn();
		else if (_watch.active()) updateInterest();
		_pGroup.store(&pOpening->group(), std::memory_order_relaxed);
		if (!pOpening->routeParameter().empty()) _extras.get().routeParameter = pOpening->routeParameter();
		if (pOpening->userData()) setUserData(pOpening->userData());
		open(pOpening->request(), pOpening->subprotocol(), pOpening->deflate());
		process(pBehind, length);
		if (!_life.gone()) schedule();
	}
	else
	{
		tellRefused(pOpening->refusal(), pOpening->response().size(), pOpening->isRead());
		go(WebSocketLife::CLOSED);
	}
	_reactor.giveOpening(std::move(pOpening));
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::tellRefused(WebSocketRefusal&& refusal, std::size_t sent, bool read)
{
	refusal.address = _stream.remoteAddress();
	group().root.refused(refusal, {_input.bytes, sent, _since.elapsed()/1000, read});
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::handshakeEnded()
	/// The stream has ended before the request was complete.
{
	if (!_pOpening) return;
	WebSocketRefusal refusal;
	refusal.reason = WebSocketRefusal::TLS_FAILED;
	refusal.text   = _stream.handshakeError();
	if (!refusal.text.empty()) tellRefused(std::move(refusal), 0, false);
	else if (_life.counted() == WebSocketConnectionGroup::HANDSHAKE || !_pOpening->received().empty()) group().root.abandoned();
}


bool WebSocketEventConnection::handOver(WebSocketOpeningHandshake& opening, const char* pBehind, std::size_t length)
	/// Returns false if nobody has time for the request.
{
	std::string received = opening.received();
	received.append(pBehind, length);
	_watch.stop(_reactor.poller(), _stream);
	if (group().root.handOver(_stream, received, opening.requests(), _life.counted()))
	{
		_life.handedOver();
		cut();
		return true;
	}
	updateInterest();
	return false;
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::limitAge()
{
	Poco::UInt32 random = 0;
	std::memcpy(&random, _reactor.nextKey(), sizeof(random));
	_timing.limitAge(_reactor.now(), group().limits, random);
}


void WebSocketEventConnection::open(HTTPRequest& request, const std::string& subprotocol, const WebSocketDeflateParams* pDeflate)
{
	const WebSocketConnectionParams& params = *group().pConnectionParams;
	_framer.setVerifyUTF8(params.getVerifyUTF8());
	_framer.setVerifyMasking(params.getVerifyMasking());
	_input.parser().assembler().configure(params, pDeflate);
	_queue.open(link(), params, pDeflate);
	if (subprotocol != this->subprotocol()) _extras.get().subprotocol = subprotocol;
	_since.update();
	const WebSocketConnectionGroup::Phase before = _life.counted();
	if (group().limits.maxAge > 0) limitAge();
	if (!_stream.plain()) _stream.noteTLS();
	enter(WebSocketLife::OPEN);
	group().root.opened(*this, before);
	call([&] { group().tellOpen(*this, request); });
	if (!_life.gone()) group().root.greeted(*this);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
