//
// WebSocketClient.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketClient
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketClient.h"
#include "events/CallbackHandler.h"
#include "events/ClientCore.h"
#include "Poco/Exception.h"
#include <memory>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, pHandler, std::make_unique<WebSocketClientLoop>(1, 1), pParams)
{
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, WebSocketClientHandler::Ptr(new WebSocketClientCallbackHandler(callbacks)), pParams)
{
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientCallbacks& callbacks, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, WebSocketClientHandler::Ptr(new WebSocketClientCallbackHandler(callbacks)), loop, pParams)
{
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, std::unique_ptr<WebSocketClientLoop> pLoop, const WebSocketClientParams::Ptr& pParams):
	WebSocketClient(uri, pHandler, *pLoop, pParams)
{
	_pLoop = std::move(pLoop);
}


WebSocketClient::WebSocketClient(const URI& uri, const WebSocketClientHandler::Ptr& pHandler, WebSocketClientLoop& loop, const WebSocketClientParams::Ptr& pParams):
	_pCore(nullptr)
{
	if (uri.getScheme() != "ws" && uri.getScheme() != "wss") throw InvalidArgumentException("Not a ws or wss URI: " + uri.toString());
	if (uri.getHost().empty()) throw InvalidArgumentException("The URI has no host: " + uri.toString());
	if (!uri.getUserInfo().empty() || !uri.getFragment().empty()) throw InvalidArgumentException("User info or a fragment in the URI: " + uri.toString()); // RFC 6455, 3
	if (!pHandler) throw InvalidArgumentException("No handler");
	if (!pParams) throw InvalidArgumentException("No parameters");
	_pCore = new Core(uri, pHandler, *loop._pCore, pParams);
}


WebSocketClient::~WebSocketClient()
{
	if (_pCore->forked()) return; // it stays in the child's memory
	_pCore->destroy();
	_pCore->release();
}


void WebSocketClient::start()
{
	if (_pCore->forked()) throw IllegalStateException("The loop's threads are those of another process");
	_pCore->start();
}


void WebSocketClient::stop()
{
	if (_pCore->forked()) return;
	Poco::AutoPtr<Core> pCore(_pCore, true); // a callback may destroy this meanwhile
	pCore->stop();
}


WebSocketConnection::SendResult WebSocketClient::sendText(std::string_view text, WebSocketFrame::Compression compression)
{
	return _pCore->send(text, WebSocketFrame::OP_TEXT, compression);
}


WebSocketConnection::SendResult WebSocketClient::sendBinary(std::string_view data, WebSocketFrame::Compression compression)
{
	return _pCore->send(data, WebSocketFrame::OP_BINARY, compression);
}


WebSocketConnection::SendResult WebSocketClient::sendBinary(const void* pData, std::size_t length, WebSocketFrame::Compression compression)
{
	return _pCore->send(std::string_view(static_cast<const char*>(pData), length), WebSocketFrame::OP_BINARY, compression);
}


WebSocketConnection::SendResult WebSocketClient::send(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression)
{
	return _pCore->send(message, opcode, compression);
}


WebSocketClient::State WebSocketClient::state() const
{
	return _pCore->state();
}


HTTPResponse WebSocketClient::response() const
{
	return _pCore->response();
}


WebSocketConnection::Ptr WebSocketClient::connection() const
{
	return _pCore->connection();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
