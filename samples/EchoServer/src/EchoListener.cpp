//
// EchoListener.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoListener.h"
#include "Poco/Net/HTTPServerConnection.h"
#include "Poco/Net/HTTPServerParams.h"
#include "Poco/Net/IPAddress.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/SocketImpl.h"
#include "Poco/Net/TCPServerConnectionFactory.h"
#include <cerrno>


using Poco::Net::Context;
using Poco::Net::HTTPRequestHandlerFactory;
using Poco::Net::HTTPServerConnection;
using Poco::Net::HTTPServerParams;
using Poco::Net::IPAddress;
using Poco::Net::NetException;
using Poco::Net::SecureServerSocket;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using Poco::Net::TCPServer;
using Poco::Net::TCPServerConnection;
using Poco::Net::TCPServerConnectionFactory;


namespace
{
	ServerSocket listenOn(const SocketAddress& address, Context::Ptr pContext, int backlog)
	{
		ServerSocket socket;
		if (pContext) socket = SecureServerSocket(pContext);
		// Not bind(address, true): it would let a second server share the port.
		if (address.family() == SocketAddress::IPv6)
			socket.bind6(address, true, false, false);
		else
			socket.bind(address, true, false);
		socket.listen(backlog);
		return socket;
	}


	bool isMissing(const NetException& exc)
		/// Returns true if the machine does not have such an address.
	{
		return exc.code() == EADDRNOTAVAIL || exc.code() == EAFNOSUPPORT;
	}
}


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


EchoListener::EchoListener(const std::string& host, Poco::UInt16 port, Context::Ptr pContext):
	_threads("EchoServer", 2, 2*MAX_CONNECTIONS)
{
	for (int attempts = port == 0 ? 20 : 1; _sockets.empty(); --attempts)
	{
		try
		{
			listen(host, port, pContext);
		}
		catch (NetException& exc)
		{
			_sockets.clear();
			// A port that the system chose for 127.0.0.1 may be in use on ::1.
			if (exc.code() != EADDRINUSE || attempts <= 1) throw;
		}
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


void EchoListener::listen(const std::string& host, Poco::UInt16 port, Context::Ptr pContext)
{
	if (host != "localhost")
	{
		_sockets.push_back(listenOn(SocketAddress(IPAddress(host), port), pContext, BACKLOG));
		return;
	}
	for (const char* pAddress: {"127.0.0.1", "::1"})
	{
		try
		{
			const SocketAddress address(IPAddress(pAddress), _sockets.empty() ? port : this->port());
			_sockets.push_back(listenOn(address, pContext, BACKLOG));
		}
		catch (NetException& exc)
		{
			if (!isMissing(exc)) throw;
		}
	}
	if (_sockets.empty()) throw NetException("This machine has neither 127.0.0.1 nor ::1");
}


Poco::UInt16 EchoListener::port() const
{
	return _sockets.front().address().port();
}


void EchoListener::start(HTTPRequestHandlerFactory::Ptr pFactory)
{
	for (const auto& socket: _sockets)
	{
		HTTPServerParams::Ptr pParams = new HTTPServerParams;
		pParams->setMaxThreads(MAX_CONNECTIONS);
		pParams->setMaxQueued(BACKLOG);
		pParams->setTimeout(Poco::Timespan(10, 0));
		pParams->setThreadIdleTime(Poco::Timespan(0, 200000)); // so late an idle thread may see that we stop
		_servers.push_back(std::make_unique<TCPServer>(
			new ConnectionFactory(pParams, pFactory, _connections), _threads, socket, pParams));
		_servers.back()->start();
	}
}
