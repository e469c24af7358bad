//
// WebSocketServerParams.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketServerParams
//
// Options of a WebSocketServer.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketServerParams_INCLUDED
#define Net_WebSocketServerParams_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/WebSocketConnectionParams.h"
#include <string>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketServerParams: public WebSocketConnectionParams
	/// Limits and options of a WebSocketServer, besides those of its connections.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<WebSocketServerParams> Ptr;

	WebSocketServerParams();
		/// Creates the parameters with their defaults.

	void setThreads(int count);
		/// Sets how many threads serve the connections, up to 256; 0: one per core. Default: 0.

	int getThreads() const;
		/// Returns how many threads serve the connections; 0: one per core.

	void setMaxConnections(int count);
		/// Sets how many connections the server may have at a time, 1 or more. Those in the opening handshake, and those with other
		/// requests (WebSocketServer::setHTTP()), count. Further ones are closed at once. Default: 100,000. When it starts, the system makes room
		/// for so many descriptors, or as many as the process may have.

	int getMaxConnections() const;
		/// Returns how many connections the server may have.

	void setMaxConnectionsPerAddress(int count);
		/// Sets how many of these connections one IP address may have; 0: no limit. Default: 0, since many users may share an address.

	int getMaxConnectionsPerAddress() const;
		/// Returns how many connections one IP address may have; 0: no limit.

	void setMaxHandshakes(int count);
		/// Sets how many connections may be in the opening handshake at a time; 1 or more. Further ones are closed at once. Default: 10,000.

	int getMaxHandshakes() const;
		/// Returns how many connections may be in the opening handshake.

	void setHandshakeRate(int perSecond, int burst);
		/// Sets how many connections one IPv4 address, or one network of 64 bits of IPv6 addresses, may begin: so many per second on average, and
		/// burst at once (a token bucket; both are 1 or more). Further ones are closed at once. 0, 0: no limit. Default: no limit, since many users
		/// may share an address. 20 and 200 are reasonable. What a trusted proxy (setTrustedProxies()) tells of counts: a PROXY header, or a request for a WebSocket.
		///
		/// The memory for it is fixed (200 KiB). If more than some thousand addresses are at their limit at the same time, some get more.

	int getHandshakeRate() const;
		/// Returns how many connections one address may begin per second; 0: no limit.

	int getHandshakeBurst() const;
		/// Returns how many connections one address may begin at once.

	void setMaxAge(const Poco::Timespan& age);
		/// Sets after which time a connection is closed (1001), however busy it is, so that clients come back and are spread over a server's machines
		/// again; up to 10 days, 0: never. Each connection is closed up to a quarter of the time earlier, by chance: those that have come
		/// together do not come back together. What is queued is sent before the Close frame. Default: 0.

	Poco::Timespan getMaxAge() const;
		/// Returns after which time a connection is closed; 0: never.

	void setAccessLog(bool flag);
		/// Sets whether a line is logged for each connection that has ended or was refused, with priority "information" and by the Poco::Logger
		/// "WebSocketServer.access". The line is in docs/operating.md. What a peer has sent is escaped in it.
		///
		/// The loop's thread formats the line and calls the logger's channel. If that is slow, put a Poco::AsyncChannel before it. Default: false.

	bool getAccessLog() const;
		/// Returns whether a line is logged for each connection.

	void setMaxAcceptances(int count);
		/// Sets how many requests may wait for the answer to setAsyncHook() at a time; 1 or more. They are in the opening handshake,
		/// and count as that as well. For further ones the hook is not called: they get status 503. Default: 1,000.

	int getMaxAcceptances() const;
		/// Returns how many requests may wait for the answer to setAsyncHook().

	void setTrustedProxies(const std::vector<std::string>& networks);
		/// Sets the networks whose proxies are believed: "10.0.0.0/8", "2001:db8::/32", a single address, or "unix:" for all Unix-domain sockets.
		/// A network of IPv4 includes its IPv4-mapped addresses of IPv6 (RFC 4291, 2.5.5.2), which IPv4 clients have at a port of both. Default: none.
		///
		/// What a trusted proxy tells of its client, in a PROXY header (WebSocketServer::ProxyProtocol), or in the fields X-Forwarded-For, -Proto and -Host, or
		/// Forwarded (RFC 7239), is what remoteAddress(), clientAddress(), secure() and the field Host tell then, and what limits and the
		/// Origin check look at. X-Forwarded-For is read from the end, as long as there are trusted proxies in it. If there is X-Forwarded-For, Forwarded
		/// is not looked at: the proxy has to remove from requests the one that it does not set. After a PROXY header, the fields are those of
		/// the client that this tells, which has to be trusted too. Fields and headers of others change nothing; WebSocketServer::Metrics counts them.
		///
		/// Throws an InvalidArgumentException if one is no network, or has bits behind its prefix ("10.0.0.1/8").

	const std::vector<std::string>& getTrustedProxies() const;
		/// Returns the networks whose proxies are believed.

	void setSpin(const Poco::Timespan& time);
		/// Sets how long a thread polls before it sleeps, up to 1 s. Polling makes answers
		/// faster, and takes a processor. Default: 0.

	Poco::Timespan getSpin() const;
		/// Returns how long a thread polls before it sleeps.

protected:
	~WebSocketServerParams() override;
		/// Destroys the parameters.

private:
	// A client's
	using WebSocketConnectionParams::setMaxRedirects;
	using WebSocketConnectionParams::getMaxRedirects;

	int _threads;
	int _maxConnections;
	int _maxConnectionsPerAddress;
	int _maxHandshakes;
	int _handshakeRate;
	int _handshakeBurst;
	Poco::Timespan _maxAge;
	bool _accessLog;
	int _maxAcceptances;
	std::vector<std::string> _trustedProxies;
	Poco::Timespan _spin;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketServerParams_INCLUDED
