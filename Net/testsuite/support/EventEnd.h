//
// EventEnd.h
//
// A connection of the event shell in either role, and its raw peer.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketEventEnd_INCLUDED
#define WebSocketEventEnd_INCLUDED


#include "support/EventSupport.h"
#include "Poco/Net/WebSocketClient.h"


namespace WebSocketTest {


class EventEnd
	/// A connection of the event shell, as server or client, and its raw peer.
{
public:
	typedef std::function<void (Poco::Net::WebSocketConnectionParams&)> Options;

	EventEnd(Role role, Transport transport, const Options& options, const Recorder::Message& message = Recorder::Message(), int segment = 0);
		/// Connects. options is given the connection's parameters before; message is what the handler does with messages, unless they are to be sent back;
		/// segment is the size of those that the connection sends at most, unless it is 0.

	~EventEnd();

	Recorder& handler();

	std::string frame(int flags, const std::string& payload) const;
		/// Returns a frame of the peer's.

	std::unique_ptr<RawPeer> pPeer;
	EventConnection::Ptr pConnection;

private:
	const Role _role;
	Poco::Net::ServerSocket _listener;
	Poco::SharedPtr<Recorder> _pHandler; // of the client
	std::unique_ptr<EventServer> _pServer;
	std::unique_ptr<Poco::Net::WebSocketClientLoop> _pLoop;
	std::unique_ptr<Poco::Net::WebSocketClient> _pClient;
};


} // namespace WebSocketTest


#endif // WebSocketEventEnd_INCLUDED
