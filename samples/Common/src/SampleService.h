//
// SampleService.h
//
// Definition of the SampleService interface.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef SampleService_INCLUDED
#define SampleService_INCLUDED


#include "ListeningPorts.h"
#include "Poco/Timespan.h"
#include <string>


class SampleService
	/// What a SampleServer does on its ports.
{
public:
	virtual ~SampleService() = default;

	virtual void start(const ListeningPorts& ports) = 0;
		/// Serves WebSocket connections on these ports from now on, and the page.

	virtual void stop(const Poco::Timespan& patience) = 0;
		/// Sends a Close frame with code 1001 on every connection, and waits until all have
		/// ended, but not longer than the given time; then it cuts those that are left.
		/// Is called once, after start().

	virtual std::string more() const;
		/// Returns a line that is printed behind the server's address; none by default.
};


inline std::string SampleService::more() const
{
	return "";
}


#endif // SampleService_INCLUDED
