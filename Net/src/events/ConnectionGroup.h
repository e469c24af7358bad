//
// WebSocketConnectionGroup.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketConnectionGroup
//
// What the connections of a server or client have in common.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketConnectionGroup_INCLUDED
#define Net_WebSocketConnectionGroup_INCLUDED


#include "events/Stream.h"
#include "events/TimerWheel.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Net/WebSocketHandler.h"
#include "core/Framer.h"
#include "core/Timing.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/RefCountedObject.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketConnectionGroup: public Poco::RefCountedObject
	/// What the connections of a server or client have in common. They share its ownership. A server has such a group for each
	/// route, and is the root of these.
{
	typedef WebSocketTimerWheel::Time Time;

	WebSocketConnectionGroup(WebSocketFramer::Role itsRole, const WebSocketHandler::Ptr& pItsHandler, const WebSocketConnectionParams::Ptr& pItsParams, WebSocketConnectionGroup* pItsRoot = nullptr):
		role(itsRole),
		pHandler(pItsHandler),
		pConnectionParams(pItsParams),
		limits(*pItsParams),
		handshakeTimeout(WebSocketKeepAlive::milliseconds(pItsParams->getHandshakeTimeout())),
		acceptanceTimeout(WebSocketKeepAlive::milliseconds(pItsParams->getAcceptanceTimeout())),
		maxQueuedBytes(static_cast<std::size_t>(pItsParams->getMaxQueuedBytes())),
		root(pItsRoot ? *pItsRoot : *this),
		_pCalled(pHandler.get())
	{
	}

	WebSocketHandler& handler() const
		/// Returns who is told what happens.
	{
		return *_pCalled.load(std::memory_order_relaxed);
	}

	void silence();
		/// From here on nobody is told, but by calls that other threads have begun already. The handler stays in memory.

	bool silent() const;

	enum Phase
		/// What a connection counts as.
	{
		HANDSHAKE, /// It is in the opening handshake.
		HTTP,      /// The same, but it has made other requests before.
		OPENED,    /// It is a WebSocket.
		ELSEWHERE  /// It has been handed over, and counts there.
	};

	virtual bool identify(WebSocketStream&, HTTPRequest&, WebSocketRefusal::Reason&)
		/// A request has come. If a proxy has told who its client is, the stream and the request tell that from here on.
		/// Returns false, with the reason, if a limit of the client is reached.
	{
		return true;
	}

	virtual WebSocketConnectionGroup* route(const HTTPRequest& /*request*/, std::string& /*value*/)
		/// Returns the group of a connection with that request, which it belongs to from then on, and what the request's path has in
		/// place of the parameter. Returns null if there is none.
	{
		return this;
	}

	virtual bool handOver(WebSocketStream&, const std::string& /*received*/, int /*requests*/, Phase /*counted*/)
		/// Gives a connection with a request that is not for WebSocket, and whose header has been received, to
		/// somebody else, after so many others. It does not count as it did any more. Returns false, and leaves the stream alone, if nobody has time for it.
	{
		return false;
	}

	struct Traffic
		/// What has happened on a connection that is refused.
	{
		Poco::UInt64 received = 0; // bytes
		Poco::UInt64 sent = 0;
		Poco::Int64 milliseconds = 0;
		bool read = true; // the request; otherwise the path may be a part of one
	};

	virtual void refused(const WebSocketRefusal&, const Traffic&)
		/// A connection, or a request, is refused. Throws nothing.
	{
	}

	virtual void abandoned()
		/// The peer has ended a connection before its request was complete.
	{
	}

	virtual bool logs() const
		/// Returns true if each connection's end is logged.
	{
		return false;
	}

	virtual bool await(WebSocketRefusal::Reason&) noexcept
		/// Counts a connection whose request waits for an answer. Returns false and the reason, and does not, if it may not.
	{
		return false;
	}

	virtual void awaited() noexcept
		/// It does not any more.
	{
	}

	struct Leave
	{
		void operator () (WebSocketConnectionGroup* pGroup) const noexcept
		{
			pGroup->awaited();
		}
	};

	typedef std::unique_ptr<WebSocketConnectionGroup, Leave> Seat;
		/// As long as it exists, a connection is counted by await().

	Seat seat(WebSocketRefusal::Reason& reason)
		/// Returns null and the reason if it may not wait.
	{
		return Seat(await(reason) ? this : nullptr);
	}

	virtual void opened(WebSocketConnection&, Phase /*before*/)
		/// The opening handshake is complete; tellOpen() comes next.
	{
	}

	virtual void tellOpen(WebSocketConnection&, HTTPRequest& /*request*/) = 0;
		/// Calls the handler's onOpen(), unless it is silenced.

	virtual void greeted(WebSocketConnection&)
		/// onOpen() has been called.
	{
	}

	virtual void gone(WebSocketConnection&, Phase, bool /*closed*/)
		/// A connection has left its loop; closed tells whether the peer's Close has come.
	{
	}

	const WebSocketFramer::Role role;
	WebSocketHandler::Ptr pHandler;
	const WebSocketConnectionParams::Ptr pConnectionParams;
	WebSocketTiming::Limits limits;
	std::array<std::atomic<Poco::UInt64>, WebSocketTiming::ACTIONS> timeouts = {}; // how often each action was taken, from IDLE on
	std::atomic<Poco::UInt64> messagesNotQueued{0};
	const Time handshakeTimeout;
	const Time acceptanceTimeout; // of requests that wait for an answer
	const std::size_t maxQueuedBytes;
	HTTPServerParams::Ptr pHTTPParams; // of a server that has somebody for other requests
	WebSocketConnectionGroup& root; // who is asked and told about connections, but for tellOpen() and the handler, and whose ownership they share
	std::string routePath; // of a route

protected:
	~WebSocketConnectionGroup() override = default;

private:
	std::atomic<WebSocketHandler*> _pCalled;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnectionGroup_INCLUDED
