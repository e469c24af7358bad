//
// GonePeer.h
//
// Peers that go while something is about to be written to them.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketGonePeer_INCLUDED
#define WebSocketGonePeer_INCLUDED


#include "support/EventSupport.h"
#include "Poco/Net/HTTPSClientSession.h"
#include <poll.h>


namespace WebSocketTest {


inline void goAway(RawPeer& peer)
	/// Ends the stream, and resets it: of what is written from then on the first byte raises a SIGPIPE.
{
	peer.abandonTLS();
	peer.reset();
}


inline bool knowsOfReset(int fd)
	/// Waits until the system of the other end knows of that.
{
	return eventually([fd]
	{
		pollfd entry = pollfd();
		entry.fd = fd;
		return ::poll(&entry, 1, 0) > 0 && (entry.revents & POLLERR) != 0;
	});
}


class GoneServer
	/// Accepts one connection, and nothing from then on. Goes when it is told to.
{
public:
	explicit GoneServer(Transport transport):
		_listener(Poco::Net::SocketAddress("127.0.0.1", 0)),
		_port(_listener.address().port()),
		_accepted(std::async(std::launch::async, [this, transport] { return std::make_unique<RawPeer>(_listener.acceptConnection(), transport, true); }))
	{
	}

	Poco::UInt16 port() const
	{
		return _port;
	}

	void go()
	{
		const std::unique_ptr<RawPeer> pPeer = get(_accepted);
		_listener.close();
		goAway(*pPeer);
	}

private:
	Poco::Net::ServerSocket _listener;
	const Poco::UInt16 _port;
	std::future<std::unique_ptr<RawPeer>> _accepted;
};


template <class Session>
class GoneSession: public Session
	/// A client session whose server goes when it is connected, before the request is sent.
{
public:
	template <class... Arguments>
	explicit GoneSession(GoneServer& server, Arguments&&... arguments):
		Session(std::forward<Arguments>(arguments)...),
		_server(server)
	{
	}

	std::ostream& sendRequest(Poco::Net::HTTPRequest& request) override
	{
		_server.go();
		EXPECT_TRUE(knowsOfReset(this->socket().impl()->sockfd()));
		return Session::sendRequest(request);
	}

private:
	GoneServer& _server;
};


using GonePlainSession = GoneSession<Poco::Net::HTTPClientSession>;
using GoneSecureSession = GoneSession<Poco::Net::HTTPSClientSession>;


} // namespace WebSocketTest


#endif // WebSocketGonePeer_INCLUDED
