//
// EventsEngine.h
//
// Definition of the EventsEngine class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef EventsEngine_INCLUDED
#define EventsEngine_INCLUDED


#include "SampleService.h"
#include "Poco/Net/WebSocketServer.h"
#include <atomic>


class EventsEngine: public SampleService
	/// Echoes whole messages, with any number of connections on a few threads.
{
public:
	explicit EventsEngine(const Poco::Net::WebSocketServerParams::Ptr& pParams);

	void start(const ListeningPorts& ports) override;
	void stop(const Poco::Timespan& patience) override;

private:
	class Echo;

	std::atomic<bool> _stopping{false};
	Poco::Net::WebSocketServer _server;
};


#endif // EventsEngine_INCLUDED
