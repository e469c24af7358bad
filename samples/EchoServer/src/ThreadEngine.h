//
// ThreadEngine.h
//
// Definition of the ThreadEngine class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ThreadEngine_INCLUDED
#define ThreadEngine_INCLUDED


#include "EchoListener.h"
#include "OpenSockets.h"
#include "SampleService.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Net/WebSocket.h"
#include <atomic>
#include <memory>
#include <thread>
#include <vector>


class ThreadEngine: public SampleService
	/// What engines with a thread for each connection have in common.
{
public:
	~ThreadEngine() override;

	void start(const ListeningPorts& ports) override;
	void stop(const Poco::Timespan& patience) override;

	void serve(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response);
		/// Answers an opening handshake, sends back what then comes, and returns when the
		/// connection has ended. Is called by many threads at the same time. Does not throw
		/// a Poco::Exception.

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

	std::unique_ptr<EchoListener> _pListener;
	OpenSockets _open;
	Poco::Timespan _patience;
	std::atomic<bool> _stopping{false};
	std::vector<Poco::Net::Socket> _told;
	std::vector<std::thread> _closers;
};


#endif // ThreadEngine_INCLUDED
