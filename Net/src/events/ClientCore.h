//
// ClientCore.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClient
//
// A running client.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_ClientCore_INCLUDED
#define Net_ClientCore_INCLUDED


#include "core/Backoff.h"
#include "events/ClientLoop.h"
#include "events/ConnectionGroup.h"
#include "events/KeptMessages.h"
#include "events/Place.h"
#include "events/Reactor.h"
#include "events/TimerWheel.h"
#include "net/TLSSession.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/URI.h"
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketClient::Core: public WebSocketConnectionGroup, public WebSocketTimerWheel::Entry
	/// A client between start() and stop(): one connection after the other, or an attempt to make one, or the time before the next.
	///
	/// ClientCore.cpp: what the application asks for, and what becomes of a connection. ClientAttempts.cpp: how one is made.
{
public:
	Core(const URI& uri, const WebSocketClientHandler::Ptr& pItsHandler, WebSocketClientLoop::Core& loop, const WebSocketClientParams::Ptr& pItsParams);

	void start();
	void stop();

	void destroy();
		/// For the destructor: as stop(), but the handler is not told anything any more, wherever this is called.

	bool forked() const;
		/// Returns true in a child of the process that has the loop's threads.

	WebSocketConnection::SendResult send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression);

	State state() const;
	WebSocketConnection::Ptr connection() const;
	HTTPResponse response() const;

	// WebSocketConnectionGroup
	void opened(WebSocketConnection& connection, Phase before) override;
	void tellOpen(WebSocketConnection& connection, HTTPRequest& request) override;
	void greeted(WebSocketConnection& connection) override;
	void gone(WebSocketConnection& connection, Phase phase, bool closed) override;

	// WebSocketTimerWheel::Entry
	void due(Time now) override;
	void dropped() override;

protected:
	~Core() override;

private:
	typedef Poco::AutoPtr<Core> Ptr;

	class Answer;

	static HTTPResponse noResponse();
		/// Returns what response() is before there is one.

	bool stopped(int run) const;

	bool mayWait() const;
	WebSocketPlace::Wait::Places places() const;
	WebSocketConnection::Ptr beginStop(int& run);
	void waitForEnd(WebSocketConnection::Ptr pConnection, int run);
	void connect();
	bool isPresent(const WebSocketConnection& connection) const;
	WebSocketConnection::SendResult keep(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression);
	void keepAgain(const WebSocketConnection& connection, WebSocketKeptMessages::Messages& messages);
	void attempt(int run);
	std::unique_ptr<HTTPClientSession> createSession() const;
	void attemptFailed(int run, const Poco::Exception& exc);
	void tellFailure(int run, unsigned failures, const Poco::Exception& exc);
	void told(int run, unsigned failures);
	std::optional<Time> connectionGone(const WebSocketConnection& connection);
	Time wait();
	void tellReconnecting(Time delay);
	void giveUp();
	Time delay() const;

	WebSocketClientHandler::Ptr _pHandler;
	const URI _uri;
	const WebSocketClientParams::Ptr _pParams;
	const std::string _server;      // what is shared by those that connect to it
	Poco::AutoPtr<WebSocketClientLoop::Core> _pLoop;
	WebSocketReactor& _reactor;
	WebSocketRoom _factoryRoom;     // where the session factory is called
	WebSocketTLSSession _tlsSession; // of the last connection
	mutable std::mutex _mutex;
	std::condition_variable _idle;
	State _state = STOPPED;
	int _run = 0;                   // counts start() and stop(): what belongs to an earlier one is of no interest
	int _busy = 0;                  // connections that exist, and callbacks about failures that are to come
	WebSocketBackoff _backoff;
	unsigned _failuresTold = 0;     // how many there were when the last one was told
	Time _openSince = 0;
	HTTPResponse _response;         // the last one
	WebSocketConnection::Ptr _pConnection;
	bool _ready = false;            // what was kept has been sent
	int _connectionRun = 0;         // the run that it was made in
	WebSocketKeptMessages _kept;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_ClientCore_INCLUDED
