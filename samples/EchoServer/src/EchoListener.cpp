//
// EchoListener.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoListener.h"
#include "Poco/Net/HTTPServerConnection.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/SocketImpl.h"
#include "Poco/Net/TCPServerConnectionFactory.h"


using Poco::Net::HTTPRequestHandlerFactory;
using Poco::Net::HTTPServerConnection;
using Poco::Net::HTTPServerParams;
using Poco::Net::StreamSocket;
using Poco::Net::TCPServer;
using Poco::Net::TCPServerConnection;
using Poco::Net::TCPServerConnectionFactory;


class EchoListener::Connection: public HTTPServerConnection
{
public:
	Connection(const StreamSocket& socket, HTTPServerParams::Ptr pParams, HTTPRequestHandlerFactory::Ptr pFactory, OpenSockets& connections):
		HTTPServerConnection(socket, pParams, pFactory),
		_entry(connections, socket)
	{
	}

private:
	OpenSockets::Entry _entry;
};


class EchoListener::ConnectionFactory: public TCPServerConnectionFactory
{
public:
	ConnectionFactory(HTTPServerParams::Ptr pParams, HTTPRequestHandlerFactory::Ptr pFactory, OpenSockets& connections):
		_pParams(pParams),
		_pFactory(pFactory),
		_connections(connections)
	{
	}

	TCPServerConnection* createConnection(const StreamSocket& socket) override
	{
		return new Connection(socket, _pParams, _pFactory, _connections);
	}

private:
	HTTPServerParams::Ptr _pParams;
	HTTPRequestHandlerFactory::Ptr _pFactory;
	OpenSockets& _connections;
};


EchoListener::EchoListener(const ListeningPorts& ports, HTTPRequestHandlerFactory::Ptr pFactory):
	_threads("EchoServer", 2, 2*MAX_CONNECTIONS)
{
	for (const auto& port: ports)
	{
		HTTPServerParams::Ptr pParams = new HTTPServerParams;
		pParams->setMaxThreads(MAX_CONNECTIONS);
		pParams->setMaxQueued(MAX_WAITING);
		pParams->setTimeout(Poco::Timespan(10, 0));
		pParams->setThreadIdleTime(Poco::Timespan(0, 200000)); // so late an idle thread may see that we stop
		_servers.push_back(std::make_unique<TCPServer>(
			new ConnectionFactory(pParams, pFactory, _connections), _threads, port, pParams));
		_servers.back()->start();
	}
}


EchoListener::~EchoListener()
{
	for (auto& pServer: _servers) pServer->stop();
	const auto sockets = _connections.all();
	for (const auto& socket: sockets)
	{
		try
		{
			// The TCP connection only: a TLS session belongs to its thread.
			socket.impl()->SocketImpl::shutdown();
		}
		catch (Poco::Exception&)
		{
			// it has ended already
		}
	}
	_threads.joinAll();
}
