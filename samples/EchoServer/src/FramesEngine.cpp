//
// FramesEngine.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "FramesEngine.h"
#include "Poco/Buffer.h"


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;


FramesEngine::FramesEngine(int maxPayload):
	_maxPayload(maxPayload)
{
}


WebSocket FramesEngine::accept(HTTPServerRequest& request, HTTPServerResponse& response)
{
	return WebSocket(request, response);
}


void FramesEngine::echo(WebSocket& ws)
{
	ws.setMaxPayloadSize(_maxPayload);
	Poco::Buffer<char> buffer(0);
	int flags;
	int opcode;
	do
	{
		buffer.resize(0);
		const int n = ws.receiveFrame(buffer, flags);
		if (n == 0 && flags == 0) return; // the peer has gone
		opcode = flags & WebSocket::FRAME_OP_BITMASK;
		if (opcode == WebSocket::FRAME_OP_PONG || stopping()) continue;
		if (opcode == WebSocket::FRAME_OP_PING)
			flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
		ws.sendFrame(buffer.begin(), n, flags);
	}
	while (opcode != WebSocket::FRAME_OP_CLOSE);
}
