//
// Crowd.h
//
// Many sessions in one channel.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Crowd_INCLUDED
#define Crowd_INCLUDED


#include "Poco/Net/WebSocketClient.h"
#include <atomic>
#include <memory>
#include <string>
#include <vector>


class Crowd
	/// Connections to a service that come into a channel, and do nothing else. They have one thread.
{
public:
	Crowd(Poco::UInt16 port, const std::string& channel, int count);
		/// Returns when all are in the channel, or after 60 s.

	~Crowd();

	int subscribed() const;
		/// Returns how many are in the channel.

private:
	Poco::Net::WebSocketClientLoop _loop;
	std::atomic<int> _subscribed{0};
	std::vector<std::unique_ptr<Poco::Net::WebSocketClient>> _clients;
};


#endif // Crowd_INCLUDED
