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
#include <thread>
#include <vector>


class FramesEngine
	/// Echoes frame by frame, with a thread for each connection, and with nothing
	/// but what Poco's own WebSocket class has, too.
{
public:
	explicit FramesEngine(int maxPayload);
		/// Creates the engine. A frame with a payload of more than maxPayload
		/// bytes ends its connection.

	~FramesEngine();
		/// All connections must have ended, or been cut off.

	Poco::Net::HTTPRequestHandler* createHandler();
		/// Returns a new handler for an opening handshake.

	void stop(std::chrono::milliseconds patience);
		/// Sends a Close frame with code 1001 on every connection, also on those to come,
		/// and waits until all have ended, but not longer than the given time.
		/// To be called once.

private:
	class Handler;

	void echo(Poco::Net::WebSocket& ws);

	const int _maxPayload;
	std::atomic<bool> _stopping{false};
	OpenSockets _open;
	std::vector<Poco::Net::Socket> _told;
	std::vector<std::thread> _closers;
};


#endif // FramesEngine_INCLUDED
