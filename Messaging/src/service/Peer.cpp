//
// Peer.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  Peer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/Peer.h"
#include <algorithm>
#include <new>
#include <typeinfo>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;


Peer::Peer(WebSocketConnection& connection, const MessageFormat& format, const Clock& clock):
	quota(QuotaRules::Ptr()),
	_pConnection(&connection, true),
	_format(format),
	_clock(clock),
	_limited(false),
	_elsewhere(false),
	_loop(std::this_thread::get_id()),
	_greeted(false),
	_keeps(true)
{
}


Peer::~Peer()
{
}


Connection::Result Peer::resultOf(WebSocketConnection::SendResult sent)
{
	switch (sent)
	{
	case WebSocketConnection::SENT:
		return SENT;
	case WebSocketConnection::QUEUE_FULL:
	case WebSocketConnection::DROPPED:
		return FULL;
	default:
		return CLOSED;
	}
}


bool Peer::admit(const Prepared& pMessage, Result& result)
{
	if (_keeps.load(std::memory_order_acquire) && waits(pMessage, result)) return false;
	if (!_limited.load(std::memory_order_relaxed)) return true;
	const QuotaRule::Action action = count(Opcode::PUBLICATION, pMessage->message().size());
	result = action == QuotaRule::REJECT ? FULL : CLOSED;
	return action == QuotaRule::NONE;
}


bool Peer::waits(const Prepared& pMessage, Result& result)
{
	const std::lock_guard<std::mutex> lock(_sending);
	result = FULL; // answers come first
	if (_greeted || _early.size() >= MAX_EARLY) return _keeps;
	try
	{
		_early.push_back(pMessage);
		result = SENT;
	}
	catch (...) // there is no memory
	{
	}
	return true;
}


bool Peer::overtakes()
	/// sent() follows what it marks: whoever finds no mark here has nothing to fear of what was sent before.
{
	if (!_elsewhere.load(std::memory_order_acquire) || std::this_thread::get_id() != _loop) return false;
	_elsewhere.exchange(false, std::memory_order_acq_rel);
	if (connection().metrics().bytesQueued == 0) return false;
	_elsewhere.store(true, std::memory_order_release);
	return true;
}


void Peer::sent()
{
	if (std::this_thread::get_id() != _loop) _elsewhere.store(true, std::memory_order_release);
}


Connection::Result Peer::send(const Prepared& pMessage)
{
	Result result = FULL;
	if (!admit(pMessage, result)) return result;
	result = resultOf(overtakes() ? connection().sendBehind(pMessage) : connection().send(pMessage));
	sent();
	return result;
}


WebSocketConnection::SendResult Peer::deliver(const std::string& bytes)
{
	const auto opcode = _format.text() ? WebSocketFrame::OP_TEXT : WebSocketFrame::OP_BINARY;
	const auto result = overtakes() ? connection().sendBehind(new Poco::Net::WebSocketPreparedMessage(bytes, opcode)) : connection().send(bytes, opcode);
	sent();
	return result;
}


void PeerCarrier::send(const Prepared& pMessage, Connection* const* ppConnections, std::size_t count, Connection::Result* pResults)
{
	WebSocketConnection* connections[BATCH] = {};
	WebSocketConnection::SendResult sent[BATCH];
	std::fill_n(sent, static_cast<std::size_t>(BATCH), WebSocketConnection::QUEUE_FULL);
	std::size_t places[BATCH] = {};
	std::size_t peers = 0;
	for (std::size_t i = 0; i < count; ++i)
	{
		if (typeid(*ppConnections[i]) != typeid(Peer)) // the application may have attached others
		{
			pResults[i] = ppConnections[i]->send(pMessage);
			continue;
		}
		Peer& peer = static_cast<Peer&>(*ppConnections[i]);
		if (!peer.admit(pMessage, pResults[i])) continue;
		if (peer.overtakes())
		{
			pResults[i] = Peer::resultOf(peer.connection().sendBehind(pMessage));
			continue;
		}
		connections[peers] = &peer.connection();
		places[peers++] = i;
	}
	try
	{
		WebSocketConnection::send(pMessage, connections, peers, sent);
	}
	catch (const std::bad_alloc&)
	{
		// those that get it are marked
	}
	for (std::size_t i = 0; i < peers; ++i)
	{
		pResults[places[i]] = Peer::resultOf(sent[i]);
		static_cast<Peer*>(ppConnections[places[i]])->sent();
	}
}


std::size_t Peer::queued() const
{
	return static_cast<std::size_t>(_pConnection->metrics().bytesQueued);
}


void Peer::close(int code, const std::string& reason)
{
	if (overtakes()) connection().closeBehind(code, reason);
	else connection().close(code, reason);
}


void Peer::answer(const Message& message)
{
	static thread_local std::string bytes; // so that its memory is used again
	_format.write(message, bytes);
	if (_limited.load(std::memory_order_relaxed)) count(message.opcode, bytes.size()); // an answer is sent in any case
	bool keeps = false;
	{
		const std::lock_guard<std::mutex> lock(_sending);
		if (_kept.empty() && deliver(bytes) != WebSocketConnection::QUEUE_FULL) return;
		keeps = _kept.empty();
		_kept.push_back(bytes);
		_keeps = true;
	}
	if (keeps) pause(); // until drained()
}


void Peer::greet(const Message& connected)
{
	answer(connected);
	bool keeps = false;
	{
		const std::lock_guard<std::mutex> lock(_sending);
		for (const Prepared& pMessage: _early)
		{
			std::string bytes(pMessage->message());
			if (_kept.empty() && deliver(bytes) != WebSocketConnection::QUEUE_FULL) continue;
			keeps = keeps || _kept.empty();
			_kept.push_back(std::move(bytes));
		}
		_early = std::vector<Prepared>();
		_greeted = true;
		_keeps = !_kept.empty();
	}
	if (keeps) pause(); // until drained()
}


bool Peer::drained()
{
	{
		const std::lock_guard<std::mutex> lock(_sending);
		if (_kept.empty()) return true;
		while (!_kept.empty())
		{
			if (deliver(_kept.front()) == WebSocketConnection::QUEUE_FULL) return false;
			_kept.pop_front();
		}
		_keeps = !_greeted;
	}
	resume();
	return true;
}


void Peer::setRules(const QuotaRules::Ptr& pRules)
{
	quota.setRules(pRules, _clock());
	bool limited = false;
	if (pRules)
	{
		for (const QuotaRule& rule: pRules->rules()) limited |= rule.direction == QuotaRule::SENT;
	}
	_limited = limited;
}


QuotaRule::Action Peer::count(Poco::UInt16 opcode, std::size_t bytes)
{
	QuotaRule::Action action = QuotaRule::NONE;
	{
		const std::lock_guard<std::mutex> lock(mutex);
		action = quota.count(QuotaRule::SENT, opcode, bytes, _clock()).action;
	}
	if (action == QuotaRule::TERMINATE) close(Poco::Net::WebSocketFrame::POLICY_VIOLATION, "More than the quota allows");
	return action >= QuotaRule::REJECT ? action : QuotaRule::NONE;
}


void Peer::pause()
{
	const std::lock_guard<std::mutex> lock(_reading);
	if (++_pauses == 1) connection().pause();
}


void Peer::resume()
{
	const std::lock_guard<std::mutex> lock(_reading);
	if (--_pauses == 0) connection().resume();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
