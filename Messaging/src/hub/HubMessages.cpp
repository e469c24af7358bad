//
// HubMessages.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubCore
//
// SPDX-License-Identifier: BSL-1.0
//


#include "hub/HubTurns.h"
#include <algorithm>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


std::vector<Session::Ptr> HubCore::sessionsOf(const std::string& user)
{
	UserShard& shard = _users[hashOf(user) % SHARDS];
	const std::lock_guard<std::mutex> lock(shard.mutex);
	const auto it = shard.users.find(user);
	return it == shard.users.end() ? std::vector<Session::Ptr>() : it->second;
}


void HubCore::send(Session& session, const DirectMessage& message, std::array<Prepared, Publication::SLOTS>& messages, Hub::SendResult& result)
{
	Prepared& pMessage = messages[session.encoder().slot()];
	if (!pMessage) pMessage = session.encoder().message(message);
	const Connection::Result sent = session.connection().send(pMessage);
	if (sent == Connection::SENT) ++result.queued;
	else if (sent == Connection::FULL) ++result.full;
}


Hub::SendResult HubCore::deliver(const Control& control)
	/// Does what it says for the sessions of this node.
{
	Hub::SendResult result;
	std::vector<Session::Ptr> sessions;
	switch (control.kind)
	{
	case Control::TO_ALL:
		return deliverToAll(control.message);
	case Control::ACK:
		acknowledge(backplane().node(), control.message.ackId);
		return result;
	case Control::TO_SESSION:
	case Control::DISCONNECT_SESSION:
		sessions.push_back(session(control.target));
		if (!sessions.back()) sessions.clear();
		break;
	case Control::TO_USER:
	case Control::DISCONNECT_USER:
		sessions = sessionsOf(control.target);
		break;
	}
	if (sessions.empty()) result.error = Error::DETACHED;
	std::array<Prepared, Publication::SLOTS> messages;
	for (Session::Ptr& pSession: sessions)
	{
		if (control.kind == Control::TO_SESSION || control.kind == Control::TO_USER) send(*pSession, control.message, messages, result);
		else
		{
			pSession->connection().close(control.code, control.reason);
			++result.queued;
		}
	}
	return result;
}


Hub::SendResult HubCore::deliverToAll(const DirectMessage& message)
{
	Hub::SendResult result;
	std::array<Prepared, Publication::SLOTS> messages;
	std::vector<Session::Ptr> sessions;
	for (SessionShard& shard: _sessions)
	{
		sessions.clear();
		{
			const std::lock_guard<std::mutex> lock(shard.mutex);
			for (const auto& item: shard.sessions) sessions.push_back(item.second);
		}
		for (Session::Ptr& pSession: sessions) send(*pSession, message, messages, result);
	}
	return result;
}


Hub::SendResult HubCore::pass(Control& control)
{
	Hub::SendResult result;
	if (control.message.data.size() > static_cast<std::size_t>(_pParams->getMaxPayload()))
	{
		result.error = Error::TOO_LARGE;
		return result;
	}
	const bool toSession = control.kind == Control::TO_SESSION || control.kind == Control::DISCONNECT_SESSION;
	Poco::UInt32 node = 0;
	Poco::UInt64 number = 0;
	if (toSession && (!Session::parse(control.target, node, number) || node == 0)) // 0 would tell all
	{
		result.error = Error::DETACHED;
		return result;
	}
	if (!toSession || node == backplane().node()) result = deliver(control);
	if (!toSession || node != backplane().node())
	{
		const Error error = backplane().control(node, control);
		result.passedOn = error == Error::NONE;
		if (toSession || error != Error::DETACHED) result.error = error; // if there is no other node, this one knows
	}
	return result;
}


void HubCore::sendAcknowledged(Control& control, const Poco::Timespan& timeout, const Done& done)
{
	const Time now = _pParams->getClock()();
	bool busy = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		busy = _acks.size() >= static_cast<std::size_t>(_pParams->getMaxAcks());
		if (!busy)
		{
			control.message.ackId = ++_ackNumber;
			control.message.ackNode = backplane().node();
			_acks.emplace(_ackNumber, Ack{control, now + milliseconds(timeout), now + milliseconds(_pParams->getRepeatInterval()), done});
		}
	}
	if (busy)
	{
		if (done) done(Error::BUSY);
		return;
	}
	const Error error = pass(control).error;
	if (error != Error::TOO_LARGE) return; // who is not there now may be there next time
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_acks.erase(control.message.ackId);
	}
	if (done) done(error);
}


void HubCore::acknowledge(Poco::UInt32 node, Poco::UInt64 id)
{
	if (node != backplane().node())
	{
		Control control;
		control.kind = Control::ACK;
		control.message.ackId = id;
		control.message.ackNode = node;
		if (node != 0) backplane().control(node, control); // 0 would tell all
		return;
	}
	Done done;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		const auto it = _acks.find(id);
		if (it == _acks.end()) return;
		done = std::move(it->second.done);
		_acks.erase(it);
	}
	if (done) guarded([&]() { done(Error::NONE); });
}


//
// Time
//
void HubCore::tick()
{
	const Time now = _pParams->getClock()();
	tickLeaves(now);
	tickWatched();
	tickAcks(now);
	tickRetries();
	backplane().tick();
}


void HubCore::tickAcks(Time now)
{
	std::vector<Ack> over;
	std::vector<Control> again;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		for (auto it = _acks.begin(); it != _acks.end();)
		{
			Ack& ack = it->second;
			if (ack.deadline <= now)
			{
				over.push_back(std::move(ack));
				it = _acks.erase(it);
				continue;
			}
			if (ack.next <= now)
			{
				ack.next = now + milliseconds(_pParams->getRepeatInterval());
				again.push_back(ack.control);
			}
			++it;
		}
	}
	for (Control& control: again) guarded([&]() { pass(control); });
	for (Ack& ack: over)
	{
		if (ack.done) guarded([&]() { ack.done(Error::TIMED_OUT); });
	}
}


void HubCore::tickRetries()
{
	std::vector<ChannelPtr> retries;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		retries.swap(_retries);
	}
	for (ChannelPtr& pChannel: retries) turn(*pChannel, [pChannel]() mutable { pChannel->retry(); });
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
