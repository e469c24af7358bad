//
// OpeningRequest.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOpeningHandshake
//
// The request and the response of an opening handshake, as hooks and handlers see them. For OpeningHandshake.cpp only.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketOpeningRequest_INCLUDED
#define Net_WebSocketOpeningRequest_INCLUDED


#include "events/HTTPSession.h"
#include "events/OpeningHandshake.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/HTTPServerResponseImpl.h"
#include "Poco/Net/StreamSocketImpl.h"
#include "Poco/AutoPtr.h"
#include "Poco/Exception.h"
#include <memory>
#include <optional>
#include <sstream>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketLentSocketImpl: public StreamSocketImpl
	/// A descriptor that is another's.
{
public:
	explicit WebSocketLentSocketImpl(int fd):
		StreamSocketImpl(fd)
	{
	}

	void close() override
	{
		giveBack();
	}

	void giveBack()
	{
		reset();
	}

protected:
	~WebSocketLentSocketImpl() override
	{
		giveBack();
	}
};


class WebSocketOpeningHandshake::Response: public HTTPServerResponse
	/// A response that is written later: a hook sets its status and fields.
{
public:
	void sendContinue() override
	{
		refuse();
	}

	std::ostream& send() override
	{
		refuse();
	}

	void sendFile(const std::string&, const std::string&) override
	{
		refuse();
	}

	void sendBuffer(const void*, std::size_t) override
	{
		refuse();
	}

	void redirect(const std::string& uri, HTTPStatus status) override
	{
		setStatusAndReason(status);
		set("Location", uri);
	}

	void requireAuthentication(const std::string& realm) override
	{
		setStatusAndReason(HTTP_UNAUTHORIZED);
		set("WWW-Authenticate", "Basic realm=\"" + realm + "\"");
	}

	bool sent() const override
	{
		return false;
	}

private:
	[[noreturn]] static void refuse()
	{
		throw IllegalStateException("The response to a WebSocket handshake is sent by the server");
	}
};


struct WebSocketOpeningHandshake::Exchange
	/// What a HTTPServerRequestImpl is made of.
{
	Exchange():
		pItsParams(new HTTPServerParams),
		itsSession("GET / HTTP/1.1\r\n\r\n", SocketAddress(), SocketAddress(), pItsParams),
		itsResponse(itsSession)
	{
	}

	HTTPServerParams::Ptr pItsParams; // the request looks at them with Poco 1.13
	WebSocketHTTPSession itsSession;
	HTTPServerResponseImpl itsResponse; // which nobody sees
};


class WebSocketOpeningHandshake::Request: private Exchange, public HTTPServerRequestImpl
	/// The request that a hook and onOpen() see. As that of a HTTPServer, it has the connection's socket.
{
public:
	explicit Request(WebSocketOpeningHandshake& opening):
		HTTPServerRequestImpl(itsResponse, itsSession, pItsParams),
		_opening(opening)
	{
		clear();
	}

	~Request() override
	{
		itsSession.release(); // it would be closed
	}

	void attach(const WebSocketStream& stream)
	{
		if (stream.plain()) _pLent.assign(new WebSocketLentSocketImpl(stream.fd()));
		itsSession.attach(stream.plain() ? _pLent.get() : stream.socket());
	}

	void forget()
	{
		itsSession.release();
		if (_pLent) _pLent->giveBack();
		_pLent.reset();
		clear();
		_clientAddress.reset();
		_serverAddress.reset();
		_pBody.reset();
	}

	std::istream& stream() override
	{
		if (!_pBody) _pBody = std::make_unique<std::istringstream>();
		return *_pBody;
	}

	const SocketAddress& clientAddress() const override
	{
		return _clientAddress.emplace(_opening._pStream->remoteAddress());
	}

	const SocketAddress& serverAddress() const override
	{
		return _serverAddress.emplace(_opening._pStream->localAddress());
	}

	const HTTPServerParams& serverParams() const override
	{
		if (!_opening._pHTTPParams) throw IllegalStateException("The server has no HTTPServerParams");
		return *_opening._pHTTPParams;
	}

	HTTPServerResponse& response() const override
	{
		return _opening.hookResponse();
	}

	bool secure() const override
	{
		return _opening._pStream->secure();
	}

private:
	WebSocketOpeningHandshake& _opening;
	Poco::AutoPtr<WebSocketLentSocketImpl> _pLent; // for a stream that is a descriptor only
	mutable std::optional<SocketAddress> _clientAddress; // made for who asks, as the others
	mutable std::optional<SocketAddress> _serverAddress;
	std::unique_ptr<std::istringstream> _pBody;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketOpeningRequest_INCLUDED
