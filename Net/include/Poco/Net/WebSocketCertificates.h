//
// WebSocketCertificates.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketCertificates
//
// The certificates of TLS servers, by name, exchanged while they run.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketCertificates_INCLUDED
#define Net_WebSocketCertificates_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include "Poco/Net/Context.h"
#include "Poco/Timestamp.h"
#include <map>
#include <memory>
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketCertificateTable;


class WebSocket_API WebSocketCertificates
	/// Has a Poco::Net::Context serve several certificates, by the name that a client asks for (SNI, RFC 6066, 3), and others
	/// later, while servers run with it.
	///
	///     Context::Ptr pContext = load("example.com");
	///     WebSocketCertificates certificates(pContext, {{"chat.example.com", load("chat.example.com")}, {"*.example.org", load("example.org")}});
	///     SecureServerSocket socket(SocketAddress(443), 64, pContext);
	///     server.listen(socket);
	///     server.start();
	///     ...
	///     certificates.exchange(load("example.com"), {...}); // on SIGHUP
	///
	/// Works for all SecureServerSockets with pContext, those of a WebSocketServer and those of a HTTPServer. Connections that are open, and
	/// handshakes that have begun, go on with what they have begun with.
	///
	/// Each Context is a whole configuration: certificate, chain and key, trusted authorities, verification mode and depth, versions of
	/// TLS, ciphers (up to TLS 1.2) and options hold for the names it is for. Curves, cipher suites of TLS 1.3 and Poco's
	/// own check of the peer's name (Context::enableExtendedCertificateVerification()) stay those of pContext.
	///
	/// A TLS session is continued only with the same name and the same Context: an exchange of a Context ends its sessions.
	///
	/// All functions are thread-safe, and may be called anywhere. The object may go before the sockets: then the certificates stay.
{
public:
	typedef std::map<std::string, Context::Ptr> Names;
		/// A Context for each name: a host name, or one whose first label is "*", which stands for exactly one label. A name goes before a
		/// pattern. Names in other scripts are given as A-labels (xn--...).

	explicit WebSocketCertificates(const Context::Ptr& pContext, const Names& names = Names());
		/// The Context of sockets serves these certificates from now on, and its own to who asks for no name, or for another one. To be called before a
		/// socket with this Context accepts connections. Checks and throws as exchange(), and an IllegalStateException
		/// if there is, or was, such an object for this Context.

	~WebSocketCertificates();
		/// Destroys the object. The sockets serve on what it has told last.

	void exchange(const Context::Ptr& pContext, const Names& names = Names());
		/// Replaces all certificates for handshakes that begin from now on. Who asks for no name, or for one that is not there, gets
		/// that of pContext. The Contexts must not be changed any more, nor be used by other sockets that run already.
		///
		/// Before that, each Context is checked: it must be for servers, of the same usage as the first one, and have a certificate, which is valid now and is a
		/// server's, and its key. If there are certificates of issuers, each has to be the issuer of the one before it, and valid; the last one's issuer, mostly
		/// a root that clients have, may be missing. If something is wrong, throws an InvalidArgumentException with the name and the reason, and nothing is
		/// replaced. Files that cannot be read are found by the Context's constructor.

	std::map<std::string, Poco::Timestamp> ends() const;
		/// Returns until when the certificates are valid, by name: the end of the certificate, or of one of its issuers' that come with it, whichever
		/// is earlier. "*" is what who asks for no name, or another one, gets.

private:
	WebSocketCertificates(const WebSocketCertificates&) = delete;
	WebSocketCertificates& operator = (const WebSocketCertificates&) = delete;

	const std::shared_ptr<WebSocketCertificateTable> _pTable; // the Context of the sockets shares its ownership
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketCertificates_INCLUDED
