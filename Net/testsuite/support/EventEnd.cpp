//
// EventEnd.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventEnd.h"
#include "Poco/Net/HTTPSClientSession.h"
#include <netinet/in.h>
#include <netinet/tcp.h>


using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;


namespace WebSocketTest {


EventEnd::EventEnd(Role role, Transport transport, const Options& options, const Recorder::Message& message, int segment):
	_role(role),
	_listener(Poco::Net::SocketAddress("127.0.0.1", 0)),
	_pHandler(new Recorder)
{
	if (role == Role::SERVER)
	{
		EventParams::Ptr pParams = new EventParams;
		options(*pParams);
		_pServer = std::make_unique<EventServer>(transport == Transport::TLS ? Port::TLS : Port::PLAIN, pParams);
		if (message) _pServer->handler.message = message;
		_pServer->start();
		Poco::Net::StreamSocket socket(Poco::Net::SocketAddress::IPv4);
		if (segment > 0) socket.setOption(IPPROTO_TCP, TCP_MAXSEG, segment);
		socket.connect(_pServer->address(), deadline());
		pPeer = std::make_unique<RawPeer>(socket, transport, false);
		pPeer->send(handshakeRequest());
		pPeer->receiveThrough("\r\n\r\n");
	}
	else
	{
		if (segment > 0) _listener.setOption(IPPROTO_TCP, TCP_MAXSEG, segment);
		if (message) _pHandler->message = message;
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		options(*pParams);
		pParams->setReconnect(false);
		if (transport == Transport::TLS) pParams->setSessionFactory([](const Poco::URI& uri)
		{
			return std::make_unique<Poco::Net::HTTPSClientSession>(uri.getHost(), uri.getPort(), clientContext());
		});
		const std::string scheme = transport == Transport::TLS ? "wss" : "ws";
		_pLoop = std::make_unique<WebSocketClientLoop>();
		_pClient = std::make_unique<WebSocketClient>(Poco::URI(scheme + "://127.0.0.1:" + std::to_string(_listener.address().port()) + "/"), forClient(_pHandler), *_pLoop, pParams);
		_pClient->start();
		pPeer = std::make_unique<RawPeer>(_listener.acceptConnection(), transport, true);
		pPeer->send(handshakeResponse(pPeer->receiveThrough("\r\n\r\n")));
	}
	pConnection = handler().connection();
}


EventEnd::~EventEnd()
{
	pPeer.reset(); // nobody answers the Close frame
	if (_pClient) _pClient->stop();
	_pHandler->forget(); // the connection has it, too
}


Recorder& EventEnd::handler()
{
	return _pServer ? _pServer->handler : *_pHandler;
}


std::string EventEnd::frame(int flags, const std::string& payload) const
{
	return WebSocketTest::frame(flags, payload, _role == Role::SERVER);
}


} // namespace WebSocketTest
