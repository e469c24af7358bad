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

	WebSocketClientParams();
		/// Creates the parameters with their defaults.

	void setReconnect(bool flag);
	bool getReconnect() const;
		/// Whether to connect again when the connection was lost, or could not be made. Default: true.

	void setReconnectDelay(const Poco::Timespan& first, const Poco::Timespan& longest);
	Poco::Timespan getFirstReconnectDelay() const;
	Poco::Timespan getLongestReconnectDelay() const;
		/// How long to wait before that: about the first time, then twice as long with each failure, and the
		/// longest at last. A connection that was open for less than 5 s counts as a failure as well: who accepts and
		/// closes is asked less and less. Each is made shorter by up to a half at random, so that the clients of a
		/// server that was restarted do not come all at once. From 1 ms to a day, the first not
		/// longer than the longest. Default: 500 ms, 30 s.

	void setMaxOfflineBytes(int size);
	int getMaxOfflineBytes() const;
		/// How many bytes of messages are kept to be sent when the connection is there again, each message with QUEUE_ENTRY bytes more, so that empty
		/// ones count as well; 0 or more. Default: 1 MiB.

	void setCredentials(const std::string& user, const std::string& password);
	const std::string& getUser() const;
	const std::string& getPassword() const;
		/// For servers that ask for them (Basic, Digest, NTLM). Default: none.

	void setHeaders(const NameValueCollection& headers);
	const NameValueCollection& getHeaders() const;
		/// Header fields for the opening handshake: Origin or Authorization, for instance. Default: none.

	void setProxy(const HTTPClientSession::ProxyConfig& proxy);
	const HTTPClientSession::ProxyConfig& getProxy() const;
		/// The proxy to connect through. Default: none.

	void setSessionFactory(const SessionFactory& factory);
	const SessionFactory& getSessionFactory() const;
		/// Makes the session for an attempt, with its TLS context, for instance. Default: for wss,
		/// HTTPSessionFactory::defaultFactory(), where HTTPSSessionInstantiator has to be registered.

protected:
	~WebSocketClientParams();

private:
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
