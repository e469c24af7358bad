//
// Listener.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketListener
//
// A port of a server, in an event loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketListener_INCLUDED
#define Net_WebSocketListener_INCLUDED


#include "core/Network.h"
#include "events/Poller.h"
#include "events/TimerWheel.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/StreamSocket.h"
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketReactor;


class WebSocketListener: public WebSocketTimerWheel::Entry
	/// Accepts connections as they come. When descriptors have run out, it waits for a while. When somebody else has shut the socket down, another process
	/// that has it too, for instance, it does not look at it any more.
{
public:
	class Acceptor
		/// What becomes of the connections.
	{
	public:
		virtual void accepted(int& fd, const sockaddr* pRemote, socklen_t length) = 0;
			/// A plain, non-blocking socket. Who takes it over sets it to -1.

		virtual bool accepted(const StreamSocket& socket) = 0;
			/// Another one. Returns false if it was not taken over.

		virtual void acceptFailed(int code) = 0;
			/// It will be tried again.

		virtual void shutDown(const ServerSocket& socket) noexcept = 0;
			/// Somebody else has shut the socket down. Nothing comes any more.

		virtual bool announced(const sockaddr* pPeer, socklen_t length) = 0;
			/// A connection that has to send a PROXY header first. Returns false if there are too many.

		virtual void introduced(int& fd, const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied) = 0;
			/// It has sent it. As accepted().

		virtual void introduced(const StreamSocket& socket, const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied) = 0;
			/// The same for one that is not plain.

		virtual void notIntroduced(const sockaddr* pPeer, socklen_t length, const char* pWhy) noexcept = 0;
			/// It has not, and is closed. Without pWhy nobody is to blame: the peer has gone, or the loop ends.

	protected:
		~Acceptor() = default;
	};

	WebSocketListener(const ServerSocket& socket, bool shared, WebSocketReactor& reactor, Acceptor& acceptor, Poco::UInt32 headerTime = 0);
		/// If headerTime is not 0, each connection has to send a PROXY header within so many milliseconds.

	~WebSocketListener() override;

	void begin();
	void end();
		/// Called by the loop's thread, as is the rest.

	WebSocketReactor& reactor() const;

	void ready(int events) override;
	void due(WebSocketTimerWheel::Time now) override;

private:
	enum
	{
		AT_ONCE = 4,    // connections accepted before others have their turn
		REFUSED = 2,    // one that is refused counts as so many: it can wait, and others that are to be accepted wait behind it
		PAUSE   = 100   // milliseconds
	};

	void acceptPlain();
	bool acceptOne();
	bool take(int fd, const sockaddr* pRemote, socklen_t length);
	bool waiting() const;
	void acceptOther();
	void failed(int code);
	bool hungUp() const;

	enum class State
	{
		IDLE,
		LISTENING,
		SHUT_DOWN, // by somebody else; end() is still to come
	};

	ServerSocket _socket;
	WebSocketReactor& _reactor;
	Acceptor& _acceptor;
	const bool _plain;
	const bool _shared; // with another process: it is not shut down
	const Poco::UInt32 _headerTime;
	State _state;
};


//
// inlines
//
inline WebSocketReactor& WebSocketListener::reactor() const
{
	return _reactor;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketListener_INCLUDED
