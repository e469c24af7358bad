//
// Reporting.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketReporting
//
// What a program's functions throw.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketReporting_INCLUDED
#define Net_WebSocketReporting_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Exception.h"
#include <exception>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


template <typename Function, typename Report>
inline void reportExceptions(const Function& function, const Report& report)
	/// Calls the function, and report() with whatever it throws, as a Poco::Exception.
{
	try
	{
		function();
	}
	catch (const Poco::Exception& exc)
	{
		report(exc);
	}
	catch (const std::exception& exc)
	{
		report(Poco::UnhandledException(exc.what()));
	}
	catch (...)
	{
		report(Poco::UnhandledException("unknown"));
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketReporting_INCLUDED
