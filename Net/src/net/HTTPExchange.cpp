//
// HTTPExchange.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketHTTPExchange
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/HTTPExchange.h"
#include "core/HandshakeFields.h"
#include "core/HeaderMeter.h"
#include "net/Descriptor.h"
#include "net/SessionAccess.h"
#include "Poco/Net/NetException.h"
#include "Poco/Ascii.h"
#include <sstream>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int MAX_INTERIM = 16;
	constexpr std::streamsize MAX_DRAIN = 64*1024;

	class Response: public HTTPResponse
		/// Reads itself from a session. A field may be of any length, and there may be any number of them: the deadline limits
		/// how much comes.
	{
	public:
		explicit Response(HTTPClientSession& session):
			_session(session)
		{
		}

		void read(std::istream&) override
		{
			int c = WebSocketSessionAccess::next(_session);
			while (c != END && Poco::Ascii::isSpace(c)) c = WebSocketSessionAccess::next(_session);
			std::string line;
			for (; c != END && c != '\n'; c = WebSocketSessionAccess::next(_session)) line += static_cast<char>(c);
			std::istringstream status(line.empty() ? line : line + "\n\r\n"); // without fields
			HTTPResponse::read(status);
			if (!WebSocketHandshakeFields::readFields(receiveFields(), *this)) throw MessageException("Malformed header field");
		}

	private:
		static constexpr int END = std::char_traits<char>::eof();

		std::string receiveFields()
			/// Up to the empty line, or the end.
		{
			std::string fields;
			for (bool begin = true;;)
			{
				int c = WebSocketSessionAccess::next(_session);
				const bool last = begin && (c == '\r' || c == '\n');
				while (last && c != END && c != '\n') c = WebSocketSessionAccess::next(_session);
				if (last || c == END) return fields;
				begin = c == '\n';
				fields += static_cast<char>(c);
			}
		}

		HTTPClientSession& _session;
	};

	class Kept
		/// As long as it exists, a session keeps its connection however long that was idle: WebSocketDialer has looked at it.
	{
	public:
		explicit Kept(HTTPClientSession& session):
			_session(session),
			_timeout(session.getKeepAliveTimeout())
		{
			_session.setKeepAliveTimeout(Poco::Timespan(36500, 0, 0, 0, 0));
		}

		~Kept()
		{
			_session.setKeepAliveTimeout(_timeout);
		}

	private:
		Kept(const Kept&) = delete;
		Kept& operator = (const Kept&) = delete;

		HTTPClientSession& _session;
		const Poco::Timespan _timeout;
	};

	std::istream& receiveFinal(HTTPClientSession& session, HTTPResponse& response)
	{
		std::istream* pBody = &session.receiveResponse(response);
		for (int i = 0; i < MAX_INTERIM && WebSocketHeaderMeter::isInterim(response.getStatus()); ++i) pBody = &session.receiveResponse(response);
		return *pBody;
	}
}


void WebSocketHTTPExchange::send(HTTPClientSession& session, HTTPRequest& request, WebSocketTimedSession* pDeadline)
{
	const Kept kept(session);
	if (pDeadline) pDeadline->send(request);
	else session.sendRequest(request);
	WebSocketDescriptor::closeOnExec(*session.socket().impl()); // which may have been connected just now
}


std::istream& WebSocketHTTPExchange::receive(HTTPClientSession& session, HTTPResponse& response, const WebSocketTimedSession* pDeadline, const WebSocketHandshakeLimits& limits)
{
	if (!pDeadline) return receiveFinal(session, response);
	Response received(session);
	received.setFieldLimit(response.getFieldLimit());
	std::istream& body = receiveFinal(session, received);
	response = received;
	if (!pDeadline->headerIsWhole())
	{
		if (session.networkException()) session.networkException()->rethrow();
		throw MessageException("The header has no end");
	}
	limits.checkFields(response);
	return body;
}


bool WebSocketHTTPExchange::drain(std::istream& body, const HTTPResponse& response)
{
	if (!response.getKeepAlive()) return false;
	if (!response.hasContentLength() && !response.getChunkedTransferEncoding()) return false;
	body.ignore(MAX_DRAIN);
	return body.eof();
}


WebSocketAddress WebSocketHTTPExchange::address(HTTPClientSession& session)
{
	WebSocketAddress result;
	result.secure = session.secure();
	result.host   = session.getHost();
	result.port   = session.getPort();
	if (!result.host.empty()) return result;
	const SocketAddress peer = session.socket().peerAddress(); // made from a connected socket
	result.host = peer.host().toString();
	result.port = peer.port();
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
