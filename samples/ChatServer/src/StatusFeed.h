//
// StatusFeed.h
//
// Definition of the StatusFeed class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef StatusFeed_INCLUDED
#define StatusFeed_INCLUDED


#include "ChatRooms.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/Clock.h"
#include "Poco/Timer.h"


class StatusFeed
	/// Tells every page once a second how busy the server is, from the server's metrics.
{
public:
	explicit StatusFeed(const ChatRooms& rooms);

	void start(Poco::Net::WebSocketServer& server);
	void stop();

private:
	void send(Poco::Timer&);

	static constexpr int INTERVAL = 1000; // ms

	const ChatRooms& _rooms;
	Poco::Net::WebSocketServer* _pServer;
	Poco::Net::WebSocketServer::Metrics _last;
	Poco::Clock _lastTime;
	Poco::Timer _timer;
};


#endif // StatusFeed_INCLUDED
