//
// ListeningPorts.h
//
// The ports that a server listens on.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ListeningPorts_INCLUDED
#define ListeningPorts_INCLUDED


#include "Poco/Net/Context.h"
#include "Poco/Net/ServerSocket.h"
#include <string>
#include <vector>


typedef std::vector<Poco::Net::ServerSocket> ListeningPorts;


ListeningPorts listenOn(const std::string& host, Poco::UInt16 port, const Poco::Net::Context::Ptr& pContext);
	/// Returns sockets that listen on the port of host, which is an IP address, or "localhost" for
	/// both 127.0.0.1 and ::1, as far as this machine has them. A port of 0 takes a
	/// free one. With a pContext, they speak TLS.
	///
	/// Throws a NetException if the port is in use.


ListeningPorts passedPorts(const Poco::Net::Context::Ptr& pContext);
	/// Returns the sockets that systemd has given to this program; none if it has not. With a pContext, they speak TLS.


#endif // ListeningPorts_INCLUDED
