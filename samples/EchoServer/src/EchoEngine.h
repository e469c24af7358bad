//
// EchoEngine.h
//
// Definition of the EchoEngine interface.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EchoEngine_INCLUDED
#define EchoEngine_INCLUDED


#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include <chrono>


class EchoEngine
	/// A way to serve WebSocket connections.
{
public:
	virtual ~EchoEngine() = default;
		/// All connections must have ended, or been cut off.

	virtual void serve(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) = 0;
		/// Answers an opening handshake, and sends back what then comes; need not wait for the
		/// end of the connection. Is called by many threads at the same time. Does not throw
		/// a Poco::Exception.

	virtual void stop(std::chrono::milliseconds patience) = 0;
		/// Sends a Close frame with code 1001 on every connection, also on those to come,
		/// and waits until all have ended, but not longer than the given time.
		/// To be called once.
};


#endif // EchoEngine_INCLUDED
