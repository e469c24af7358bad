//
// WebSocket.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocket
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocket.h"
#include "core/Framer.h"
#include "core/Handshake.h"
#include "Poco/Net/WebSocketImpl.h"
#include "net/ServerHandshake.h"
#include "net/Connector.h"
#include "net/HandshakeKey.h"
#include <limits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	WebSocketImpl* connectAnonymously(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response)
	{
		HTTPCredentials none;
		return new WebSocketImpl(WebSocketConnector::connect(cs, request, response, none, nullptr), nullptr);
	}

	WebSocketImpl* connectAnonymously(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, const WebSocketParams& params)
	{
		HTTPCredentials none;
		return new WebSocketImpl(WebSocketConnector::connect(cs, request, response, none, &params), &params);
	}

	const WebSocketParams* given(const WebSocketParams::Ptr& pParams)
	{
		if (!pParams) throw InvalidArgumentException("No parameters");
		return pParams.get();
	}

	bool isAsAgreed(WebSocketFrame::Compression compression)
	{
		return compression == WebSocketFrame::Compression::AS_AGREED;
	}

	const Socket& checked(const Socket& socket)
	{
		if (!dynamic_cast<const WebSocketImpl*>(socket.impl()))
			throw InvalidArgumentException("Cannot assign incompatible socket");
		return socket;
	}
}


// The enumerations for users and those of the protocol core are the same.
static_assert(int(WebSocket::WS_ERR_NO_HANDSHAKE) == int(WebSocketError::NO_HANDSHAKE), "error codes");
static_assert(int(WebSocket::WS_ERR_HANDSHAKE_EXTENSION) == int(WebSocketError::HANDSHAKE_EXTENSION), "error codes");
static_assert(int(WebSocket::WS_ERR_PAYLOAD_TOO_BIG) == int(WebSocketError::PAYLOAD_TOO_BIG), "error codes");
static_assert(int(WebSocket::WS_ERR_PING_TIMEOUT) == int(WebSocketError::PING_TIMEOUT), "error codes");


#if !defined(POCO_WEBSOCKET_STOCK_NAMES) // libPocoNet has it already
const std::string WebSocket::WEBSOCKET_VERSION("13");
#endif


WebSocket::WebSocket(HTTPServerRequest& request, HTTPServerResponse& response):
	StreamSocket(accept(request, response))
{
}


WebSocket::WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response):
	StreamSocket(connectAnonymously(cs, request, response))
{
}


WebSocket::WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials):
	StreamSocket(connect(cs, request, response, credentials))
{
}


WebSocket::WebSocket(HTTPServerRequest& request, HTTPServerResponse& response, WebSocketParams::Ptr pParams):
	StreamSocket(new WebSocketImpl(WebSocketServerHandshake::accept(request, response, given(pParams)), pParams))
{
}


WebSocket::WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, WebSocketParams::Ptr pParams):
	StreamSocket(connectAnonymously(cs, request, response, *given(pParams)))
{
}


WebSocket::WebSocket(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials, WebSocketParams::Ptr pParams):
	StreamSocket(new WebSocketImpl(WebSocketConnector::connect(cs, request, response, credentials, given(pParams)), pParams))
{
}


WebSocket::WebSocket(const Socket& socket):
	StreamSocket(checked(socket))
{
}


WebSocket::WebSocket(const WebSocket& socket):
	StreamSocket(socket)
{
}


#if defined(POCO_NEW_STATE_ON_MOVE) && POCO_NEW_STATE_ON_MOVE


WebSocket::WebSocket(Socket&& socket):
	StreamSocket((checked(socket), std::move(socket)))
{
}


WebSocket::WebSocket(WebSocket&& socket):
	StreamSocket(std::move(socket))
{
}


WebSocket& WebSocket::operator = (Socket&& socket)
{
	checked(socket);
	StreamSocket::operator = (std::move(socket));
	return *this;
}


WebSocket& WebSocket::operator = (WebSocket&& socket)
{
	StreamSocket::operator = (std::move(socket));
	return *this;
}


#endif // POCO_NEW_STATE_ON_MOVE


WebSocket::~WebSocket()
{
}


WebSocket& WebSocket::operator = (const Socket& socket)
{
	Socket::operator = (checked(socket));
	return *this;
}


WebSocket& WebSocket::operator = (const WebSocket& socket)
{
	Socket::operator = (socket);
	return *this;
}


int WebSocket::shutdown()
{
	return shutdown(WS_NORMAL_CLOSE);
}


int WebSocket::shutdown(Poco::UInt16 statusCode, const std::string& statusMessage)
{
	return implementation()->sendClose(statusCode, statusMessage);
}


int WebSocket::sendFrame(const void* buffer, int length, int flags)
{
	return implementation()->sendBytes(buffer, length, flags | FRAME_OP_SETRAW);
}


int WebSocket::receiveFrame(void* buffer, int length, int& flags)
{
	return implementation()->receiveFrame(buffer, length, flags);
}


int WebSocket::receiveFrame(Poco::Buffer<char>& buffer, int& flags)
{
	return implementation()->receiveFrame(buffer, flags);
}


bool WebSocket::receiveMessage(std::string& message, WebSocketFrame::Opcode& opcode)
{
	return implementation()->receiveMessage(message, opcode);
}


bool WebSocket::receiveMessage(Poco::Buffer<char>& message, WebSocketFrame::Opcode& opcode)
{
	return implementation()->receiveMessage(message, opcode);
}


bool WebSocket::receivePart(void* buffer, int length, Part& part)
{
	int flags = 0;
	const int n = implementation()->receivePart(buffer, length, flags);
	if (n < 0) return false;
	part.data   = std::string_view(static_cast<const char*>(buffer), static_cast<std::size_t>(n));
	part.opcode = static_cast<WebSocketFrame::Opcode>(flags & FRAME_OP_BITMASK);
	part.last   = (flags & FRAME_FLAG_FIN) != 0;
	return flags != 0;
}


bool WebSocket::atEnd() const
{
	return implementation()->atEnd();
}


int WebSocket::sendText(std::string_view text, WebSocketFrame::Compression compression)
{
	return sendMessage(text, WebSocketFrame::OP_TEXT, 0, compression);
}


int WebSocket::sendBinary(std::string_view data, WebSocketFrame::Compression compression)
{
	return sendMessage(data, WebSocketFrame::OP_BINARY, 0, compression);
}


int WebSocket::sendMessage(std::string_view message, WebSocketFrame::Opcode opcode, int fragmentSize)
{
	return implementation()->sendMessage(message, opcode, fragmentSize);
}


int WebSocket::sendMessage(std::string_view message, WebSocketFrame::Opcode opcode, int fragmentSize, WebSocketFrame::Compression compression)
{
	if (isAsAgreed(compression)) return sendMessage(message, opcode, fragmentSize);
	return implementation()->sendUncompressed(message, opcode, fragmentSize);
}


std::streamsize WebSocket::sendMessage(std::istream& istr, WebSocketFrame::Opcode opcode, int fragmentSize, WebSocketFrame::Compression compression)
{
	return implementation()->sendMessage(istr, opcode, fragmentSize, isAsAgreed(compression));
}


int WebSocket::sendPart(std::string_view part, WebSocketFrame::Opcode opcode, bool last, WebSocketFrame::Compression compression)
{
	return implementation()->sendPart(part, opcode, last, isAsAgreed(compression));
}


bool WebSocket::closeHandshake(Poco::UInt16 statusCode, const std::string& reason, const Poco::Timespan& timeout)
{
	return implementation()->closeHandshake(statusCode, reason, timeout);
}


int WebSocket::closeCode() const
{
	return implementation()->framer().closeCode();
}


std::string WebSocket::closeReason() const
{
	return implementation()->framer().closeReason();
}


void WebSocket::ping()
{
	implementation()->ping();
}


Poco::Timespan WebSocket::pingTime() const
{
	return implementation()->pingTime();
}


void WebSocket::setPongHandler(const std::function<void(const std::string& payload)>& handler)
{
	implementation()->setPongHandler(handler);
}


const std::string& WebSocket::subprotocol() const
{
	return implementation()->subprotocol();
}


WebSocket::Cork::Cork(WebSocket& ws):
	_pImpl(ws.implementation())
{
	_pImpl->duplicate();
	_pImpl->cork();
}


WebSocket::Cork::~Cork()
{
	try
	{
		_pImpl->uncork();
	}
	catch (const std::exception&)
	{
		// the next call that sends finds it as well
	}
	_pImpl->release();
}


void WebSocket::Cork::flush()
{
	_pImpl->flush();
}


WebSocket::Mode WebSocket::mode() const
{
	return implementation()->mustMaskPayload() ? WS_CLIENT : WS_SERVER;
}


WebSocketFrame::CloseState WebSocket::closeState() const
{
	return implementation()->framer().closeState();
}


void WebSocket::setMaxPayloadSize(int maxPayloadSize)
{
	implementation()->setMaxPayloadSize(maxPayloadSize);
}


int WebSocket::getMaxPayloadSize() const
{
	return implementation()->getMaxPayloadSize();
}


void WebSocket::setVerifyUTF8(bool flag)
{
	implementation()->framer().setVerifyUTF8(flag);
}


bool WebSocket::getVerifyUTF8() const
{
	return implementation()->framer().getVerifyUTF8();
}


void WebSocket::setVerifyMasking(bool flag)
{
	implementation()->framer().setVerifyMasking(flag);
}


bool WebSocket::getVerifyMasking() const
{
	return implementation()->framer().getVerifyMasking();
}


WebSocketImpl* WebSocket::accept(HTTPServerRequest& request, HTTPServerResponse& response)
{
	return new WebSocketImpl(WebSocketServerHandshake::accept(request, response, nullptr), nullptr);
}


WebSocketImpl* WebSocket::connect(HTTPClientSession& cs, HTTPRequest& request, HTTPResponse& response, HTTPCredentials& credentials)
{
	return new WebSocketImpl(WebSocketConnector::connect(cs, request, response, credentials, nullptr), nullptr);
}


WebSocketImpl* WebSocket::completeHandshake(HTTPClientSession& cs, HTTPResponse& response, const std::string& key)
{
	return new WebSocketImpl(WebSocketConnector::complete(cs, response, key), nullptr);
}


std::string WebSocket::computeAccept(const std::string& key)
{
	return WebSocketHandshake::computeAccept(key);
}


std::string WebSocket::createKey()
{
	return WebSocketHandshakeKey::create();
}


WebSocketImpl* WebSocket::implementation() const
{
	return static_cast<WebSocketImpl*>(impl());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
