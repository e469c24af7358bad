//
// MessagesEngine.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "MessagesEngine.h"
#include "Poco/Net/NetException.h"


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketException;
using Poco::Net::WebSocketParams;


MessagesEngine::MessagesEngine(WebSocketParams::Ptr pParams):
	_pParams(pParams)
{
}


WebSocket MessagesEngine::accept(HTTPServerRequest& request, HTTPServerResponse& response)
{
	return WebSocket(request, response, _pParams);
}


void MessagesEngine::echo(WebSocket& ws)
{
	WebSocket::Cork cork(ws); // echoes of messages that came together go out together
	std::string message;
	WebSocketFrame::Opcode opcode;
	while (ws.receiveMessage(message, opcode))
	{
		try
		{
			ws.sendMessage(message, opcode);
		}
		catch (WebSocketException& exc)
		{
			if (exc.code() != WebSocket::WS_ERR_CLOSED) throw;
			// stop() has sent a Close; the peer's comes after what it has sent before
		}
	}
}
