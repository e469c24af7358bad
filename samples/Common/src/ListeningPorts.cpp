//
// ListeningPorts.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ListeningPorts.h"
#include "Poco/Net/IPAddress.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/WebSocketSystemd.h"
#include <cerrno>


using Poco::Net::Context;
using Poco::Net::IPAddress;
using Poco::Net::NetException;
using Poco::Net::SecureServerSocket;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketSystemd;


namespace
{
	constexpr int BACKLOG = 512;
		// The number of connections that the system may have ready for us.

	ServerSocket listenOn(const SocketAddress& address, const Context::Ptr& pContext)
	{
		ServerSocket socket;
		if (pContext) socket = SecureServerSocket(pContext);
		// Not bind(address, true): it would let a second server share the port.
		if (address.family() == SocketAddress::IPv6)
			socket.bind6(address, true, false, false);
		else
			socket.bind(address, true, false);
		socket.listen(BACKLOG);
		return socket;
	}


	bool isMissing(const NetException& exc)
		/// Returns true if the machine does not have such an address.
	{
		return exc.code() == EADDRNOTAVAIL || exc.code() == EAFNOSUPPORT;
	}


	ListeningPorts listenOnBoth(Poco::UInt16 port, const Context::Ptr& pContext)
	{
		ListeningPorts ports;
		for (const char* pAddress: {"127.0.0.1", "::1"})
		{
			try
			{
				const SocketAddress address(IPAddress(pAddress), ports.empty() ? port : ports.front().address().port());
				ports.push_back(listenOn(address, pContext));
			}
			catch (NetException& exc)
			{
				if (!isMissing(exc)) throw;
			}
		}
		if (ports.empty()) throw NetException("This machine has neither 127.0.0.1 nor ::1");
		return ports;
	}
}


ListeningPorts listenOn(const std::string& host, Poco::UInt16 port, const Context::Ptr& pContext)
{
	if (host != "localhost") return {listenOn(SocketAddress(IPAddress(host), port), pContext)};
	for (int attempts = port == 0 ? 20 : 1;; --attempts)
	{
		try
		{
			return listenOnBoth(port, pContext);
		}
		catch (NetException& exc)
		{
			// A port that the system chose for 127.0.0.1 may be in use on ::1.
			if (exc.code() != EADDRINUSE || attempts <= 1) throw;
		}
	}
}


ListeningPorts passedPorts(const Context::Ptr& pContext)
{
	ListeningPorts ports = WebSocketSystemd::sockets();
	if (!pContext) return ports;
	for (ServerSocket& port: ports)
	{
		SecureServerSocket secure(pContext);
		WebSocketSystemd::use(secure, port);
		port = secure;
	}
	return ports;
}
