//
// WebSocketServerParams.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketServerParams
//
// Options of a WebSocketServer.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketServerParams_INCLUDED
#define Net_WebSocketServerParams_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketConnectionParams.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketServerParams: public WebSocketConnectionParams
	/// Limits and options of a WebSocketServer, besides those of its connections.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketServerParams> Ptr;

	WebSocketServerParams();
		/// Creates the parameters with their defaults.

	void setThreads(int count);
	int getThreads() const;
		/// How many threads a server's connections are spread over; 0 for one per core, up to 256. Default: 0.

	void setMaxConnections(int count);
	int getMaxConnections() const;
		/// How many connections a server has at a time, those in the opening handshake and those with other
		/// requests (WebSocketServer::setHTTP()) included; 1 or more. Further ones are closed at once. Default: 100,000.

	void setMaxConnectionsPerAddress(int count);
	int getMaxConnectionsPerAddress() const;
		/// The same for one IP address; 0 for no limit. Default: 0, since many users may stand behind one address.

	void setMaxHandshakes(int count);
	int getMaxHandshakes() const;
		/// How many connections may be in the opening handshake at a time; 1 or more. Default: 10,000.

	void setSpin(const Poco::Timespan& time);
	Poco::Timespan getSpin() const;
		/// How long a thread asks again and again for something to do before it sleeps, up to 1 s. It makes answers
		/// faster, and costs a processor. Default: 0.

protected:
	~WebSocketServerParams();

private:
	int _threads;
	int _maxConnections;
	int _maxConnectionsPerAddress;
	int _maxHandshakes;
	Poco::Timespan _spin;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServerParams_INCLUDED
