//
// ThreadEngine.h
//
// Definition of the ThreadEngine class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ThreadEngine_INCLUDED
#define ThreadEngine_INCLUDED


#include "EchoEngine.h"
#include "OpenSockets.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Timespan.h"
#include <atomic>
#include <thread>
#include <vector>


class ThreadEngine: public EchoEngine
	/// What engines with a thread for each connection have in common: serve()
	/// returns when the connection has ended.
{
public:
	~ThreadEngine() override;

	void serve(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override;
	void stop(std::chrono::milliseconds patience) override;

protected:
	virtual Poco::Net::WebSocket accept(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) = 0;
		/// Does the opening handshake.

	virtual void echo(Poco::Net::WebSocket& ws) = 0;
		/// Sends back what comes, and returns when the connection has been closed, or the peer
		/// has gone. Once stopping() is true, nothing needs to be sent back any more.

	bool stopping() const;
		/// Returns true once stop() has been called.

private:
	void goAway(Poco::Net::WebSocket& ws) const;

	OpenSockets _open;
	Poco::Timespan _patience;
	std::atomic<bool> _stopping{false};
	std::vector<Poco::Net::Socket> _told;
	std::vector<std::thread> _closers;
};


#endif // ThreadEngine_INCLUDED
