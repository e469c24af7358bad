//
// TLSPeer.h
//
// A TLS client that chooses what it says.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketTLSPeer_INCLUDED
#define WebSocketTLSPeer_INCLUDED


#include "support/TestCertificate.h"
#include "Poco/Net/StreamSocket.h"
#include <memory>
#include <string>
#include <openssl/ssl.h>


namespace WebSocketTest {


class TLSPeer
	/// Blocks, with the deadline of all tests. To be used by one thread at a time.
{
public:
	struct Hello
	{
		std::string name;                      // that is asked for; empty: none
		int version = 0;                       // 0: the highest
		const TestCertificate* pOwn = nullptr; // that it shows
		SSL_SESSION* pSession = nullptr;       // to be continued
	};

	explicit TLSPeer(Poco::UInt16 port);
	TLSPeer(Poco::UInt16 port, const Hello& hello);
		/// Connects to 127.0.0.1, and does the TLS handshake. Throws a Poco::IOException if that fails.

	std::string servedBy() const;
		/// Returns the common name of the server's certificate.

	bool reused() const;
	std::shared_ptr<SSL_SESSION> session();
		/// Receives what waits, and returns the session, to be continued; null if it cannot be.

	std::string open();
		/// Does the opening handshake. Returns the first line of the answer.

	std::string echo(const std::string& text);
		/// Sends a short text, and returns that of the frame that comes back.

	void send(const std::string& bytes);
	std::string receive(std::size_t length);
	std::string receiveThrough(const std::string& mark);

	SSL* ssl() const;

private:
	Poco::Net::StreamSocket _socket;
	std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> _pContext;
	std::unique_ptr<SSL, void (*)(SSL*)> _pSSL;
};


} // namespace WebSocketTest


#endif // WebSocketTLSPeer_INCLUDED
