//
// TLSPeer.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TLSPeer.h"
#include "support/ClassPeer.h"
#include "Poco/Exception.h"
#include "Poco/Net/SocketAddress.h"
#include <openssl/err.h>


using Poco::Net::SocketAddress;


namespace WebSocketTest {


namespace
{
	[[noreturn]] void fail(const char* what)
	{
		const unsigned long code = ERR_get_error();
		ERR_clear_error();
		const char* const reason = ERR_reason_error_string(code);
		throw Poco::IOException(what, reason ? reason : "end of the stream, or time-out");
	}
}


TLSPeer::TLSPeer(Poco::UInt16 port):
	TLSPeer(port, Hello())
{
}


TLSPeer::TLSPeer(Poco::UInt16 port, const Hello& hello):
	_pContext(SSL_CTX_new(TLS_client_method()), SSL_CTX_free),
	_pSSL(nullptr, SSL_free)
{
	if (hello.pOwn) hello.pOwn->use(_pContext.get());
	if (hello.version != 0 && hello.version < TLS1_2_VERSION) SSL_CTX_set_security_level(_pContext.get(), 0);
	SSL_CTX_set_min_proto_version(_pContext.get(), hello.version);
	SSL_CTX_set_max_proto_version(_pContext.get(), hello.version);
	_pSSL.reset(SSL_new(_pContext.get()));
	if (!hello.name.empty()) SSL_ctrl(_pSSL.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(hello.name.c_str()));
	if (hello.pSession) SSL_set_session(_pSSL.get(), hello.pSession);
	_socket.connect(SocketAddress("127.0.0.1", port), deadline());
	_socket.setReceiveTimeout(deadline());
	_socket.setSendTimeout(deadline());
	_socket.setNoDelay(true);
	SSL_set_fd(_pSSL.get(), _socket.impl()->sockfd());
	if (SSL_connect(_pSSL.get()) != 1) fail("The handshake has failed");
}


std::string TLSPeer::servedBy() const
{
	const std::unique_ptr<X509, void (*)(X509*)> pCertificate(SSL_get_peer_certificate(_pSSL.get()), X509_free);
	char name[300] = "";
	X509_NAME_get_text_by_NID(X509_get_subject_name(pCertificate.get()), NID_commonName, name, sizeof(name));
	return name;
}


bool TLSPeer::reused() const
{
	return SSL_session_reused(_pSSL.get()) == 1;
}


std::shared_ptr<SSL_SESSION> TLSPeer::session()
{
	SSL_SESSION* const pSession = SSL_get1_session(_pSSL.get());
	std::shared_ptr<SSL_SESSION> result(pSession, SSL_SESSION_free);
	return SSL_SESSION_is_resumable(pSession) ? std::shared_ptr<SSL_SESSION>(SSL_SESSION_dup(pSession), SSL_SESSION_free) : nullptr;
}


void TLSPeer::send(const std::string& bytes)
{
	if (SSL_write(_pSSL.get(), bytes.data(), static_cast<int>(bytes.size())) <= 0) fail("Cannot send");
}


std::string TLSPeer::receive(std::size_t length)
{
	std::string result(length, ' ');
	for (std::size_t done = 0; done < length;)
	{
		const int n = SSL_read(_pSSL.get(), &result[done], static_cast<int>(length - done));
		if (n <= 0) fail("Cannot receive");
		done += static_cast<std::size_t>(n);
	}
	return result;
}


std::string TLSPeer::receiveThrough(const std::string& mark)
{
	std::string result;
	while (result.size() < mark.size() || result.compare(result.size() - mark.size(), mark.size(), mark) != 0) result += receive(1);
	return result;
}


std::string TLSPeer::open()
{
	send(handshakeRequest("/path"));
	const std::string head = receiveThrough("\r\n\r\n");
	return head.substr(0, head.find('\r'));
}


std::string TLSPeer::echo(const std::string& text)
{
	send(std::string("\x81") + static_cast<char>(0x80 | text.size()) + std::string(4, '\0') + text);
	const std::string header = receive(2);
	return receive(static_cast<unsigned char>(header[1]));
}


SSL* TLSPeer::ssl() const
{
	return _pSSL.get();
}


} // namespace WebSocketTest
