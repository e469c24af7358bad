//
// ConnectionsSending.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// How one message is sent to several connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "events/Reactor.h"
#include <algorithm>
#include <new>
#include <typeinfo>
#include <utility>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t FETCH_AHEAD = 8; // connections whose memory is asked for

	struct HandOver
		/// What one loop gets.
	{
		WebSocketReactor* pReactor;
		std::vector<WebSocketEventConnection::Ptr> connections;
	};

	typedef std::vector<HandOver> HandOvers;

	std::vector<WebSocketEventConnection::Ptr>& connectionsOf(HandOvers& handOvers, WebSocketReactor& reactor)
	{
		for (HandOver& handOver: handOvers)
		{
			if (handOver.pReactor == &reactor) return handOver.connections;
		}
		handOvers.push_back({&reactor, {}});
		return handOvers.back().connections;
	}

	bool isIn(const HandOvers& handOvers, const WebSocketReactor& reactor)
	{
		return std::any_of(handOvers.begin(), handOvers.end(), [&](const HandOver& handOver) { return handOver.pReactor == &reactor; });
	}

	WebSocketEventConnection* own(WebSocketConnection* pConnection)
		/// Returns null for an object of a program's own class.
	{
		return typeid(*pConnection) == typeid(WebSocketEventConnection) ? static_cast<WebSocketEventConnection*>(pConnection) : nullptr;
	}

	void fetch(const WebSocketConnection& connection)
		/// What is needed of a connection, before it is needed.
	{
		const char* const p = reinterpret_cast<const char*>(&connection);
		__builtin_prefetch(p);
		__builtin_prefetch(p + 64);
	}
}


void WebSocketEventConnection::sendToMany(const WebSocketPreparedMessage::Ptr& pMessage, WebSocketConnection* const* ppConnections, std::size_t count, SendResult* pResults)
{
	std::fill_n(pResults, count, QUEUE_FULL); // what is not sent because there is no memory
	HandOvers handOvers;
	std::size_t index = WebSocketTurnMessages::NONE;
	std::size_t posted = 0; // of the hand-overs
	try
	{
		for (std::size_t i = 0; i < count; ++i)
		{
			if (i + FETCH_AHEAD < count) fetch(*ppConnections[i + FETCH_AHEAD]);
			WebSocketEventConnection* const pConnection = own(ppConnections[i]);
			if (!pConnection)
			{
				pResults[i] = ppConnections[i]->send(pMessage);
				index = WebSocketTurnMessages::NONE; // it may have broadcast
			}
			else if (pConnection->_reactor.current())
			{
				if (index == WebSocketTurnMessages::NONE) index = pConnection->_reactor.multicast().share(pMessage, 0, count - i);
				pResults[i] = pConnection->_queue.join(pConnection->link(), index, true) ? SENT : pConnection->send(pMessage);
			}
			else
			{
				auto& connections = connectionsOf(handOvers, pConnection->_reactor);
				connections.emplace_back(pConnection, true); // first: it may throw
				pResults[i] = pConnection->reserve(*pMessage);
				if (pResults[i] != SENT) connections.pop_back();
			}
		}
		for (; posted < handOvers.size(); ++posted) handOvers[posted].pReactor->postbox().sendToMany(pMessage, std::move(handOvers[posted].connections));
	}
	catch (...)
	{
		handOvers.erase(handOvers.begin(), handOvers.begin() + static_cast<std::ptrdiff_t>(posted));
		for (std::size_t i = 0; i < count; ++i)
		{
			WebSocketEventConnection* const pConnection = own(ppConnections[i]);
			if (pResults[i] != SENT || !pConnection || !isIn(handOvers, pConnection->_reactor)) continue;
			pConnection->_queue.giveBack(WebSocketMessageQueue::cost(*pMessage));
			pResults[i] = QUEUE_FULL;
		}
		throw;
	}
}


WebSocketConnection::SendResult WebSocketEventConnection::reserve(const WebSocketPreparedMessage& message)
	/// In another thread: what is going to be handed over.
{
	if (state() != OPEN) return NOT_OPEN;
	return _queue.reserve(group().maxQueuedBytes, WebSocketMessageQueue::cost(message), false) ? SENT : refuse();
}


void WebSocketEventConnection::takeShared(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t index)
{
	if (index != WebSocketTurnMessages::NONE && _queue.join(link(), index, false)) return;
	Task task{nullptr, Task::SEND, {pMessage->opcode(), WebSocketBuffer(), pMessage}};
	perform(task);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
