//
// ConnectionExtras.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketConnectionExtras
//
// What few connections have.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketConnectionExtras_INCLUDED
#define Net_WebSocketConnectionExtras_INCLUDED


#include "core/ControlFrames.h"
#include "core/Timing.h"
#include "events/Input.h"
#include "net/Upgrade.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/WebSocketConfig.h"
#include "Poco/UUID.h"
#include <memory>
#include <mutex>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketConnectionExtras
	/// What few connections in a loop have, or those of few servers. Used by the loop's thread, but for what says otherwise.
{
	struct Adopted
		/// What is known of a connection whose opening handshake is complete.
	{
		HTTPRequest request;
		WebSocketBuffer data;
		WebSocketAgreement agreement;
	};

	const Poco::UUID& id();
		/// Returns the connection's id, which is made when somebody asks. Any thread.

	std::unique_ptr<Adopted> pAdopted;  // until the connection is in its loop
	WebSocketInput::Backlog backlog;
	std::unique_ptr<WebSocketControlFrames> pControl; // to be sent when the peer takes them
	WebSocketTiming::More timing;
	std::string subprotocol;
	std::string path;                   // that was asked for, if the group logs
	int closeSent = 0;                  // the code of the first Close frame, if that was ours, and the group logs
	std::string routeParameter;
	std::shared_ptr<void> pUserData;    // through atomic_load() and atomic_store()

private:
	std::mutex _mutex; // of the id
	Poco::UUID _id;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketConnectionExtras_INCLUDED
