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
#include <mutex>
#include <set>


class StatusFeed
	/// Tells every page once a second how busy the server is, from the server's metrics.
{
public:
	explicit StatusFeed(const ChatRooms& rooms);

	void start(const Poco::Net::WebSocketServer& server);
	void stop();

	void add(Poco::Net::WebSocketConnection& connection);
	void remove(Poco::Net::WebSocketConnection& connection);
		/// May be called by any thread.

private:
	void send(Poco::Timer&);

	static constexpr int INTERVAL = 1000; // ms

	const ChatRooms& _rooms;
	const Poco::Net::WebSocketServer* _pServer;
	Poco::Net::WebSocketServer::Metrics _last;
	Poco::Clock _lastTime;
	Poco::Timer _timer;
	std::mutex _mutex;
	std::set<Poco::Net::WebSocketConnection::Ptr> _connections;
};


#endif // StatusFeed_INCLUDED
