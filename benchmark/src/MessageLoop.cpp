//
// MessageLoop.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  MessageLoop
//
// The message calls of this library.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoLoop.h"
#include "EchoOptions.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/Net/WebSocketParams.h"
#include <memory>
#include <string>


using Poco::Net::WebSocket;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketParams;


namespace
{
	EchoOptions options;
	WebSocketParams::Ptr pParams;
}


bool EchoLoop::configure(int argc, char** argv)
{
	options = EchoOptions::parse(argc, argv);
	if (options.parts || options.broadcast || options.each || options.limits()) throw std::invalid_argument("--parts, --broadcast, --each, limits and --renegotiation are unknown here");
	pParams = new WebSocketParams;
	pParams->setVerifyUTF8(options.verifyUTF8);
	pParams->setDeflate(options.deflate);
	pParams->setDeflateLevel(options.level);
	pParams->setDeflateMemLevel(options.memLevel);
	pParams->setDeflateThreshold(options.threshold);
	WebSocketDeflateParams deflate;
	deflate.clientNoContextTakeover = options.clientNoTakeover;
	deflate.serverNoContextTakeover = options.serverNoTakeover;
	deflate.clientMaxWindowBits = options.windowBits;
	deflate.serverMaxWindowBits = options.windowBits;
	pParams->setDeflateParams(deflate);
	return options.tls;
}


void EchoLoop::run(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response)
	/// Returns every message, with the loop that the documentation of WebSocket shows.
{
	WebSocket ws(request, response, pParams);
	std::unique_ptr<WebSocket::Cork> pCork;
	if (options.cork) pCork = std::make_unique<WebSocket::Cork>(ws);
	std::string message;
	WebSocketFrame::Opcode opcode;
	while (ws.receiveMessage(message, opcode))
		ws.sendMessage(message, opcode);
}
