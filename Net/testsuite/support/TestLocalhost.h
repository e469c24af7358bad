//
// TestLocalhost.h
//
// Where servers for "localhost" listen.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketTestLocalhost_INCLUDED
#define WebSocketTestLocalhost_INCLUDED


#include "Poco/Net/SocketAddress.h"


namespace WebSocketTest {


inline Poco::Net::SocketAddress localhost()
	/// Returns an address, with port 0, at which clients of "localhost" and those of 127.0.0.1 arrive. With Poco 1.14
	/// the former may go to ::1.
{
	const Poco::Net::SocketAddress resolved("localhost", 0);
	return Poco::Net::SocketAddress(resolved.family() == Poco::Net::SocketAddress::IPv6 ? "::" : "127.0.0.1", 0);
}


} // namespace WebSocketTest


#endif // WebSocketTestLocalhost_INCLUDED
