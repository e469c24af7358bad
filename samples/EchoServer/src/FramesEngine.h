//
// FramesEngine.h
//
// Definition of the FramesEngine class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef FramesEngine_INCLUDED
#define FramesEngine_INCLUDED


#include "OpenSockets.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/WebSocket.h"
#include <atomic>
#include <chrono>
#include <future>
#include <vector>


class FramesEngine
	/// Echoes frame by frame, with a thread for each connection, and with nothing
	/// but what Poco's own WebSocket class has, too.
{
public:
	explicit FramesEngine(int maxPayload);
		/// Creates the engine. A frame with a payload of more than maxPayload
		/// bytes ends its connection.

	Poco::Net::HTTPRequestHandler* createHandler();
		/// Returns a new handler for an opening handshake.

	void stop(std::chrono::milliseconds patience);
		/// Sends a Close frame with code 1001 on every connection, and waits until all
		/// have ended, but not longer than the given time. The connections that are
		/// left must be cut off before the engine is destroyed.

private:
	class Handler;

	void echo(Poco::Net::WebSocket& ws);

	const int _maxPayload;
	std::atomic<bool> _stopping{false};
	OpenSockets _open;
	std::vector<std::future<void>> _closing;
};


#endif // FramesEngine_INCLUDED
