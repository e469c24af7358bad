//
// ProxyReader.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketProxyReader
//
// The PROXY header of one connection, in an event loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketProxyReader_INCLUDED
#define Net_WebSocketProxyReader_INCLUDED


#include "events/Listener.h"
#include "events/TimerWheel.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/StreamSocket.h"
#include <optional>
#include <string>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketReactor;


class WebSocketProxyReader: public WebSocketTimerWheel::Entry
	/// Takes the PROXY header, and not a byte more, from the socket, before anything else, TLS as well, reads from it. It owns the
	/// connection and itself until then.
	///
	/// Used by the loop's thread.
{
public:
	typedef WebSocketListener::Acceptor Acceptor;
	typedef WebSocketTimerWheel::Time Time;

	static bool begin(WebSocketReactor& reactor, Acceptor& acceptor, Time timeout, int& fd, const sockaddr* pPeer, socklen_t length);
	static bool begin(WebSocketReactor& reactor, Acceptor& acceptor, Time timeout, const StreamSocket& socket);
		/// Takes over a connection for so many milliseconds at most: fd is -1 then. Returns false if there are too many.

	void ready(int events) override;
	void due(Time now) override;
	void dropped() override;

private:
	WebSocketProxyReader(WebSocketReactor& reactor, Acceptor& acceptor);
	~WebSocketProxyReader() override;

	enum Outcome
	{
		WAITING,
		RECEIVED,
		MALFORMED,
		ENDED
	};

	void setPeer(const sockaddr* pPeer, socklen_t length);
	bool start(Time timeout);
	bool turn();
	Outcome receive();
	void introduce();
	void fail(const char* pWhy);
	void leave();
	int fd() const;
	const sockaddr* peer() const;

	WebSocketReactor& _reactor;
	Acceptor& _acceptor;
	int _fd = -1;                        // of a plain socket
	std::optional<StreamSocket> _socket; // another one
	sockaddr_storage _peer = sockaddr_storage();
	socklen_t _length = 0;
	std::string _received;
	WebSocketProxied _proxied;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketProxyReader_INCLUDED
