//
// EchoListener.h
//
// Definition of the EchoListener class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EchoListener_INCLUDED
#define EchoListener_INCLUDED


#include "ListeningPorts.h"
#include "OpenSockets.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/TCPServer.h"
#include "Poco/ThreadPool.h"
#include <memory>
#include <vector>


class EchoListener
	/// A HTTP server with a thread for each connection; the connections can be cut off.
{
public:
	EchoListener(const ListeningPorts& ports, Poco::Net::HTTPRequestHandlerFactory::Ptr pFactory);
		/// Accepts connections from now on, and gives their requests to
		/// the handlers that the factory creates.

	~EchoListener();
		/// Accepts no more connections, cuts those that are open off, and waits
		/// for their threads.

private:
	class Connection;
	class ConnectionFactory;

	static constexpr int MAX_CONNECTIONS = 1000;
		/// A connection above that number has to wait until another one ends.

	static constexpr int MAX_WAITING = 512;

	OpenSockets _connections;
	Poco::ThreadPool _threads;
	std::vector<std::unique_ptr<Poco::Net::TCPServer>> _servers;
};


#endif // EchoListener_INCLUDED
