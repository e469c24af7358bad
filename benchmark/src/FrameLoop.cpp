//
// FrameLoop.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  FrameLoop
//
// The frame calls, which this library and stock Poco have.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoLoop.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Buffer.h"
#include <stdexcept>
#include <string>


using Poco::Net::WebSocket;


bool EchoLoop::configure(int argc, char** argv)
{
	const bool tls = argc == 2 && std::string(argv[1]) == "--tls";
	if (argc > 1 && !tls) throw std::invalid_argument("no option but --tls is known");
	return tls;
}


void EchoLoop::run(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
	/// Returns every frame, with the loop that the documentation of WebSocket shows.
{
	WebSocket ws(request, response);
	Poco::Buffer<char> buffer(0);
	int flags = 0;
	do
	{
		buffer.resize(0);
		const int n = ws.receiveFrame(buffer, flags);
		if (n == 0 && flags == 0) break; // the peer has gone
		if ((flags & WebSocket::FRAME_OP_BITMASK) == WebSocket::FRAME_OP_PING)
			flags = WebSocket::FRAME_FLAG_FIN | WebSocket::FRAME_OP_PONG;
		ws.sendFrame(buffer.begin(), static_cast<int>(buffer.size()), flags);
	}
	while ((flags & WebSocket::FRAME_OP_BITMASK) != WebSocket::FRAME_OP_CLOSE);
}
