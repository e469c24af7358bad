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
	/// Accepts connections as they come. When descriptors have run out, it waits for a while.
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

	protected:
		~Acceptor() = default;
	};

	WebSocketListener(const ServerSocket& socket, bool shared, WebSocketReactor& reactor, Acceptor& acceptor);
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
	bool take(int fd, const sockaddr* pRemote, socklen_t length);
	bool waiting() const;
	void acceptOther();
	void failed(int code);

	ServerSocket _socket;
	WebSocketReactor& _reactor;
	Acceptor& _acceptor;
	const bool _plain;
	const bool _shared; // with another process: it is not shut down
	bool _listening;
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
