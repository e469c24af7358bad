//
// WebSocketClientParams.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketClientParams
//
// Options of a WebSocketClient.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketClientParams_INCLUDED
#define Net_WebSocketClientParams_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/NameValueCollection.h"
#include "Poco/URI.h"
#include <functional>
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketClientParams: public WebSocketConnectionParams
	/// Limits and options of a WebSocketClient, besides those of its connection.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketClientParams> Ptr;

	using SessionFactory = std::function<std::unique_ptr<HTTPClientSession>(const URI& uri)>;
		/// Returns a session for a URI.

	WebSocketClientParams();
		/// Creates the parameters with their defaults.

	void setReconnect(bool flag);
		/// Sets whether the client connects again when the connection is lost, or cannot be made. Default: true.

	bool getReconnect() const;
		/// Returns whether the client connects again.

	void setReconnectDelay(const Poco::Timespan& first, const Poco::Timespan& longest);
		/// Sets how long the client waits before it connects again: exponential back-off from first to longest, minus up to 50 % jitter.
		/// Each from 1 ms to a day, first not longer than longest. Default: 500 ms, 30 s.
		///
		/// A connection that was open for less than 5 s counts as a failure: the delay grows. After a longer one it starts with
		/// first again.

	Poco::Timespan getFirstReconnectDelay() const;
		/// Returns the delay after the first failure.

	Poco::Timespan getLongestReconnectDelay() const;
		/// Returns the longest delay.

	void setMaxOfflineBytes(int size);
		/// Sets how many bytes of messages are kept while there is no connection; 0 or more. Each message counts as
		/// its bytes and QUEUE_ENTRY. Default: 1 MiB.

	int getMaxOfflineBytes() const;
		/// Returns how many bytes of messages are kept while there is no connection.

	void setCredentials(const std::string& user, const std::string& password);
		/// Sets the credentials for a server that asks for them (Basic, Digest, NTLM). Default: none.

	const std::string& getUser() const;
		/// Returns the user's name; empty if there are no credentials.

	const std::string& getPassword() const;
		/// Returns the password.

	void setHeaders(const NameValueCollection& headers);
		/// Sets header fields for the opening handshake, such as Origin or Authorization. Default: none.

	const NameValueCollection& getHeaders() const;
		/// Returns the header fields for the opening handshake.

	void setProxy(const HTTPClientSession::ProxyConfig& proxy);
		/// Sets the proxy to connect through. Default: none.

	const HTTPClientSession::ProxyConfig& getProxy() const;
		/// Returns the proxy to connect through.

	void setSessionFactory(const SessionFactory& factory);
		/// Sets a function that makes the session for an attempt, with its TLS context, for instance. Default: for wss,
		/// HTTPSessionFactory::defaultFactory(). HTTPSSessionInstantiator must be registered there.

	const SessionFactory& getSessionFactory() const;
		/// Returns the function that makes the session for an attempt.

protected:
	~WebSocketClientParams() override;
		/// Destroys the parameters.

private:
	// A server's
	using WebSocketConnectionParams::setAllowedOrigins;
	using WebSocketConnectionParams::getAllowedOrigins;
	using WebSocketConnectionParams::setOriginCheck;
	using WebSocketConnectionParams::getOriginCheck;
	using WebSocketConnectionParams::setHook;
	using WebSocketConnectionParams::getHook;
	using WebSocketConnectionParams::setAsyncHook;
	using WebSocketConnectionParams::getAsyncHook;
	using WebSocketConnectionParams::setAcceptanceTimeout;
	using WebSocketConnectionParams::getAcceptanceTimeout;

	bool _reconnect;
	Poco::Timespan _firstDelay;
	Poco::Timespan _longestDelay;
	int _maxOfflineBytes;
	std::string _user;
	std::string _password;
	NameValueCollection _headers;
	HTTPClientSession::ProxyConfig _proxy;
	SessionFactory _sessionFactory;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketClientParams_INCLUDED
