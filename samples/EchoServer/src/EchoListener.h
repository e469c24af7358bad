//
// EchoListener.h
//
// Definition of the EchoListener class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EchoListener_INCLUDED
#define EchoListener_INCLUDED


#include "OpenSockets.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/HTTPRequestHandlerFactory.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/TCPServer.h"
#include "Poco/ThreadPool.h"
#include <memory>
#include <string>
#include <vector>


class EchoListener
	/// A HTTP server on one or several addresses, whose connections can be cut off.
{
public:
	EchoListener(const std::string& host, Poco::UInt16 port, Poco::Net::Context::Ptr pContext);
		/// Binds to the port of host, which is an IP address, or "localhost" for both
		/// 127.0.0.1 and ::1, as far as this machine has them. A port of 0 takes a
		/// free one. With a pContext, the server speaks TLS.
		///
		/// Throws a NetException if the port is in use.

	~EchoListener();
		/// Accepts no more connections, cuts those that are open off, and waits
		/// for their threads.

	Poco::UInt16 port() const;
		/// Returns the port.

	void start(Poco::Net::HTTPRequestHandlerFactory::Ptr pFactory);
		/// Accepts connections from now on, and gives their requests to
		/// the handlers that the factory creates, with a thread for each connection.

private:
	class Connection;
	class ConnectionFactory;

	static constexpr int MAX_CONNECTIONS = 1000;
		/// A connection above that number has to wait until another one ends.

	static constexpr int BACKLOG = 512;
		/// The number of connections that the system may have ready for us.

	void listen(const std::string& host, Poco::UInt16 port, Poco::Net::Context::Ptr pContext);

	std::vector<Poco::Net::ServerSocket> _sockets;
	OpenSockets _connections;
	Poco::ThreadPool _threads;
	std::vector<std::unique_ptr<Poco::Net::TCPServer>> _servers;
};


#endif // EchoListener_INCLUDED
