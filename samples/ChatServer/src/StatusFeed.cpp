//
// StatusFeed.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "StatusFeed.h"
#include "ChatMessages.h"


using Poco::Net::WebSocketServer;


StatusFeed::StatusFeed(const ChatRooms& rooms):
	_rooms(rooms),
	_pServer(nullptr),
	_timer(INTERVAL, INTERVAL)
{
}


void StatusFeed::start(WebSocketServer& server)
{
	_pServer = &server;
	_timer.start(Poco::TimerCallback<StatusFeed>(*this, &StatusFeed::send));
}


void StatusFeed::stop()
{
	_timer.stop();
}


void StatusFeed::send(Poco::Timer&)
	/// Is called by the timer's thread: broadcast() may be called by any.
{
	const WebSocketServer::Metrics metrics = _pServer->metrics();
	const double seconds = static_cast<double>(_lastTime.elapsed())/1e6;
	const auto rate = [=](Poco::UInt64 now, Poco::UInt64 before) { return static_cast<double>(now - before)/seconds; };
	Status status;
	status.connections = metrics.connections;
	status.messagesIn  = rate(metrics.messagesReceived, _last.messagesReceived);
	status.messagesOut = rate(metrics.messagesSent, _last.messagesSent);
	status.bytesIn     = rate(metrics.bytesReceived, _last.bytesReceived);
	status.bytesOut    = rate(metrics.bytesSent, _last.bytesSent);
	status.rooms       = _rooms.sizes();
	_last = metrics;
	_lastTime.update();

	_pServer->broadcast(statusMessage(status));
}
