//
// ConformanceEvents.h
//
// The event shell as the engine of ConformanceEcho.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ConformanceEvents_INCLUDED
#define ConformanceEvents_INCLUDED


#include "Poco/Net/Context.h"
#include "Poco/Net/ServerSocket.h"
#include <string>


bool isEventEngine(const std::string& name);
	/// Returns true for "events" (messages) and "eventparts" (parts of messages).

void runEventServer(const std::string& engine, const Poco::Net::ServerSocket& socket);
	/// Echoes until the end of the standard input.

void runEventClient(const std::string& engine, Poco::UInt16 port, const Poco::Net::Context::Ptr& pContext);
	/// Connects and echoes until the server has had enough (410).

void runEventAutobahn(const std::string& engine, const std::string& host, Poco::UInt16 port);
	/// Does what the fuzzing server of the Autobahn|Testsuite asks for.


#endif // ConformanceEvents_INCLUDED
