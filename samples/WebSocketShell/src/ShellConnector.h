//
// ShellConnector.h
//
// Definition of the ShellConnector class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ShellConnector_INCLUDED
#define ShellConnector_INCLUDED


#include "ShellSettings.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/WebSocket.h"
#include <memory>


class ShellConnector
	/// Opens the connection, through a proxy and with TLS if wanted.
{
public:
	explicit ShellConnector(const ShellSettings& settings);
		/// Throws a Poco::Exception if the file with the certification authorities
		/// is not usable.

	Poco::Net::WebSocket connect();
		/// Connects, and does the opening handshake.
		///
		/// Throws a NetException, WebSocketException, SSLException or TimeoutException.

	const Poco::Net::HTTPResponse& response() const;
		/// Returns the server's answer to the opening handshake.

private:
	Poco::Net::WebSocketParams::Ptr createParams() const;

	const ShellSettings& _settings;
	std::unique_ptr<Poco::Net::HTTPClientSession> _pSession;
	Poco::Net::HTTPResponse _response;
};


#endif // ShellConnector_INCLUDED
