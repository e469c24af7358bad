//
// TrafficClient.h
//
// A client of a test's traffic, of whichever make.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef TrafficClient_INCLUDED
#define TrafficClient_INCLUDED


#include "Poco/Messaging/MessageClient.h"
#include <memory>
#include <string>


class TrafficClient
	/// Connects to a node, and again when it is cut off. Calls what it is given from a thread of its own.
{
public:
	using Ptr = std::unique_ptr<TrafficClient>;

	virtual ~TrafficClient() = default;

	virtual void start() = 0;

	virtual void stop() = 0;
		/// What was not answered is answered with STOPPED. Nothing is called any more.

	virtual void cut() = 0;
		/// Ends the connection without a Close frame: the client connects again.

	virtual void subscribe(const std::string& channel, const Poco::Messaging::MessageSubscription& callbacks) = 0;

	virtual void publish(const std::string& channel, const std::string& payload, const Poco::Messaging::MessageClient::Done& done, const std::string& transaction) = 0;
		/// With an empty transaction, in a channel without history, it is tried once.
};


#endif // TrafficClient_INCLUDED
