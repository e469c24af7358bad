//
// Engine.h
//
// What can be asked of a Redis and of HTTP servers on this machine.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Engine_INCLUDED
#define Engine_INCLUDED


#include "Poco/Types.h"
#include <map>
#include <string>
#include <vector>


std::vector<Poco::UInt16> freePorts(std::size_t count);
	/// Returns ports of 127.0.0.1 that are free now.

bool isFree(const std::string& address, Poco::UInt16 port);
	/// Returns whether a server could listen there now.

bool get(Poco::UInt16 port, const std::string& path, std::string& body);
	/// Asks a HTTP server. Returns false if it does not answer within a second, or with something else than 200; body is what it has said then, too.

std::map<std::string, std::string> redisInfo(Poco::UInt16 port);
	/// Returns what INFO says; nothing if the server does not answer within a second, or loads its data.


#endif // Engine_INCLUDED
