//
// TestResolver.h
//
// Names for the tests: the program's getaddrinfo() knows them, and nobody else.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketTestResolver_INCLUDED
#define WebSocketTestResolver_INCLUDED


#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/StreamSocket.h"
#include <string>
#include <vector>


namespace WebSocketTest {


class Name
	/// As long as it exists, getaddrinfo() answers for a name with the given addresses, in that order. It answers for other names as
	/// the system does.
{
public:
	Name(const std::string& name, const std::vector<std::string>& addresses);
	~Name();

private:
	Name(const Name&) = delete;
	Name& operator = (const Name&) = delete;

	std::string _name;
};


class SilentName
	/// As long as it exists, getaddrinfo() does not return for a name. Then there is no such name.
{
public:
	explicit SilentName(const std::string& name);
	~SilentName();

	int waiting() const;
		/// Returns how many threads are looking it up.

private:
	SilentName(const SilentName&) = delete;
	SilentName& operator = (const SilentName&) = delete;

	std::string _name;
};


class BlackHole
	/// A port where connections are not answered at all: the queue of a listening socket that nobody accepts from is full.
{
public:
	explicit BlackHole(const Poco::Net::SocketAddress& address);

	Poco::UInt16 port() const;

private:
	Poco::Net::ServerSocket _socket;
	std::vector<Poco::Net::StreamSocket> _queue;
};


} // namespace WebSocketTest


#endif // WebSocketTestResolver_INCLUDED
