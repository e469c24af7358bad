//
// FramesEngine.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "FramesEngine.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"
#include "Poco/Util/Application.h"
#include "Poco/Buffer.h"


using Poco::Net::HTTPRequestHandler;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;


class FramesEngine::Handler: public HTTPRequestHandler
{
public:
	explicit Handler(FramesEngine& engine):
		_engine(engine)
	{
	}

	void handleRequest(HTTPServerRequest& request, HTTPServerResponse& response) override
	{
		const std::string client = request.clientAddress().toString();
		try
		{
			WebSocket ws(request, response);
			_engine.echo(ws);
		}
		catch (Poco::Exception& exc)
		{
			if (_engine._stopping) return; // cut off
			Poco::Util::Application::instance().logger().information(client + ": " + exc.displayText());
		}
	}

private:
	FramesEngine& _engine;
};


FramesEngine::FramesEngine(int maxPayload):
	_maxPayload(maxPayload)
{
}


FramesEngine::~FramesEngine()
{
	for (auto& closer: _closers) closer.join();
}


HTTPRequestHandler* FramesEngine::createHandler()
{
	return new Handler(*this);
}


void FramesEngine::echo(WebSocket& ws)
{
	ws.setMaxPayloadSize(_maxPayload);
	ws.setReceiveTimeout(Poco::Timespan()); // idle connections may stay
	ws.setKeepAlive(true);                  // TCP finds out about peers that have vanished
	OpenSockets::Entry entry(_open, ws);
	if (_stopping) ws.shutdown(WebSocket::WS_ENDPOINT_GOING_AWAY);

	Poco::Buffer<char> buffer(0);
	int flags;
	int opcode;
	do
	{
		buffer.resize(0);
		const int n = ws.receiveFrame(buffer, flags);
		if (n == 0 && flags == 0) return; // the peer has gone
		opcode = flags & WebSocket::FRAME_OP_BITMASK;
		if (opcode == WebSocket::FRAME_OP_PONG || _stopping) continue;
		if (opcode == WebSocket::FRAME_OP_PING)
			flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
		ws.sendFrame(buffer.begin(), n, flags);
	}
	while (opcode != WebSocket::FRAME_OP_CLOSE);
	if (_stopping)
	{
		ws.shutdown(WebSocket::WS_ENDPOINT_GOING_AWAY); // if that was not done by stop() yet,
		ws.impl()->shutdown();                          // which keeps the socket, too
	}
}


void FramesEngine::stop(std::chrono::milliseconds patience)
{
	_stopping = true;
	_told = _open.all();
	for (const auto& socket: _told)
	{
		// A peer that does not read must not keep the others from being told.
		_closers.emplace_back([ws = WebSocket(socket)]() mutable
			{
				try
				{
					ws.shutdown(WebSocket::WS_ENDPOINT_GOING_AWAY);
				}
				catch (Poco::Exception&)
				{
					// it has ended already
				}
			});
	}
	_open.waitUntilEmpty(patience);
}
