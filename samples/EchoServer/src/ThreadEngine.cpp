//
// ThreadEngine.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ThreadEngine.h"
#include "EchoHandlerFactory.h"
#include "Poco/Util/Application.h"


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;


ThreadEngine::~ThreadEngine()
{
	for (auto& closer: _closers) closer.join();
}


void ThreadEngine::start(const ListeningPorts& ports)
{
	_pListener = std::make_unique<EchoListener>(ports, new EchoHandlerFactory(*this));
}


void ThreadEngine::serve(HTTPServerRequest& request, HTTPServerResponse& response)
{
	const std::string client = request.clientAddress().toString();
	try
	{
		WebSocket ws = accept(request, response);
		ws.setReceiveTimeout(Poco::Timespan()); // idle connections may stay
		ws.setKeepAlive(true);                  // TCP finds out about peers that have vanished
		OpenSockets::Entry entry(_open, ws);
		if (_stopping) goAway(ws);
		echo(ws);
		if (_stopping) ws.impl()->shutdown(); // stop() keeps the socket, too
	}
	catch (Poco::Exception& exc)
	{
		if (_stopping) return; // cut off
		Poco::Util::Application::instance().logger().information(client + ": " + exc.displayText());
	}
}


void ThreadEngine::stop(const Poco::Timespan& patience)
{
	_patience = patience;
	_stopping = true;
	_told = _open.all();
	for (const auto& socket: _told)
	{
		// A peer that does not read must not keep the others from being told.
		_closers.emplace_back([this, ws = WebSocket(socket)]() mutable { goAway(ws); });
	}
	_open.waitUntilEmpty(std::chrono::microseconds(patience.totalMicroseconds()));
	_pListener.reset(); // its threads call functions of the subclass, so it goes before that does
}


bool ThreadEngine::stopping() const
{
	return _stopping;
}


void ThreadEngine::goAway(WebSocket& ws) const
	/// Does the closing handshake, together with the thread that is in echo(), if there is one.
{
	try
	{
		ws.closeHandshake(WebSocket::WS_ENDPOINT_GOING_AWAY, "", _patience);
	}
	catch (Poco::Exception&)
	{
		// it has ended already
	}
}
