//
// ClassPeer.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassPeer.h"
#include "Poco/Base64Encoder.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/NetException.h"
#include "Poco/SHA1Engine.h"
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <algorithm>
#include <cerrno>
#include <sstream>


using Poco::Net::Context;
using Poco::Net::HTTPRequest;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;


namespace WebSocketTest {


namespace
{
	const std::string LOOPBACK = "127.0.0.1";

	void setDeadlines(StreamSocket& socket)
	{
		socket.setReceiveTimeout(deadline());
		socket.setSendTimeout(deadline());
	}
}


Poco::Timespan deadline()
{
	return Poco::Timespan(DEADLINE_S, 0);
}


//
// Frames
//
int Frame::opcode() const
{
	return flags & 0x0f;
}


int Frame::closeCode() const
{
	if (payload.size() < 2) return 1005;
	return static_cast<unsigned char>(payload[0])*256 + static_cast<unsigned char>(payload[1]);
}


std::string Frame::closeReason() const
{
	return payload.size() < 2 ? std::string() : payload.substr(2);
}


std::string pattern(std::size_t length, unsigned seed)
{
	constexpr std::size_t PERIOD = 65521; // a prime
	std::string text(std::min(length, PERIOD), ' ');
	Poco::UInt32 state = seed*2654435761u + 1;
	for (char& c: text)
	{
		state = state*1664525u + 1013904223u;
		c = static_cast<char>('a' + (state >> 24) % 26);
	}
	text.reserve(length);
	while (text.size() < length) text.append(text, 0, std::min(PERIOD, length - text.size()));
	return text;
}


//
// TLS
//
namespace
{
	class Identity
		/// A key, and a certificate signed with it, for localhost.
	{
	public:
		Identity():
			_pKey(EVP_EC_gen("P-256")),
			_pCertificate(X509_new())
		{
			X509* p = _pCertificate;
			X509_set_version(p, X509_VERSION_3);
			ASN1_INTEGER_set(X509_get_serialNumber(p), 1);
			X509_gmtime_adj(X509_getm_notBefore(p), -3600);
			X509_gmtime_adj(X509_getm_notAfter(p), 24*3600);
			X509_set_pubkey(p, _pKey);
			X509_NAME* pName = X509_get_subject_name(p);
			X509_NAME_add_entry_by_txt(pName, "CN", MBSTRING_ASC, reinterpret_cast<const unsigned char*>("localhost"), -1, -1, 0);
			X509_set_issuer_name(p, pName);
			extend(NID_basic_constraints, "critical,CA:TRUE");
			extend(NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
			if (X509_sign(p, _pKey, EVP_sha256()) == 0) throw Poco::SystemException("Cannot make a certificate");
		}

		~Identity()
		{
			X509_free(_pCertificate);
			EVP_PKEY_free(_pKey);
		}

		void use(SSL_CTX* pContext) const
		{
			if (SSL_CTX_use_certificate(pContext, _pCertificate) != 1 || SSL_CTX_use_PrivateKey(pContext, _pKey) != 1)
				throw Poco::SystemException("Cannot use the certificate");
		}

		void trust(SSL_CTX* pContext) const
		{
			X509_STORE_add_cert(SSL_CTX_get_cert_store(pContext), _pCertificate);
		}

		static const Identity& instance()
		{
			static const Identity identity;
			return identity;
		}

	private:
		void extend(int nid, const char* pValue)
		{
			X509_EXTENSION* pExtension = X509V3_EXT_conf_nid(nullptr, nullptr, nid, pValue);
			X509_add_ext(_pCertificate, pExtension, -1);
			X509_EXTENSION_free(pExtension);
		}

		EVP_PKEY* _pKey;
		X509* _pCertificate;
	};

	SSL_CTX* rawContext()
		/// For raw peers: verifies nothing.
	{
		static const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> pContext = []
		{
			std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> p(SSL_CTX_new(TLS_method()), SSL_CTX_free);
			SSL_CTX_set_options(p.get(), SSL_OP_IGNORE_UNEXPECTED_EOF);
			Identity::instance().use(p.get());
			return p;
		}();
		return pContext.get();
	}

	Context::Ptr makeContext(Context::Usage usage, Context::VerificationMode mode)
	{
		Context::Params params;
		params.verificationMode = mode;
		params.loadDefaultCAs = false;
		return new Context(usage, params);
	}
}


Context::Ptr serverContext()
{
	static const Context::Ptr pContext = []
	{
		Context::Ptr p = makeContext(Context::TLS_SERVER_USE, Context::VERIFY_NONE);
		Identity::instance().use(p->sslContext());
		return p;
	}();
	return pContext;
}


Context::Ptr mutualContext()
{
	static const Context::Ptr pContext = []
	{
		Context::Ptr p = makeContext(Context::TLS_SERVER_USE, Context::VERIFY_STRICT);
		Identity::instance().use(p->sslContext());
		Identity::instance().trust(p->sslContext());
		return p;
	}();
	return pContext;
}


Context::Ptr clientContext()
{
	static const Context::Ptr pContext = []
	{
		Context::Ptr p = makeContext(Context::TLS_CLIENT_USE, Context::VERIFY_STRICT);
		Identity::instance().trust(p->sslContext());
		return p;
	}();
	return pContext;
}


void useIdentity(const Context::Ptr& pContext)
{
	Identity::instance().use(pContext->sslContext());
	Identity::instance().trust(pContext->sslContext());
}


//
// Raw peer
//
struct RawPeer::TLS
{
	TLS(int fd, bool server):
		pSSL(SSL_new(rawContext()))
	{
		SSL_set_fd(pSSL, fd);
		const int rc = server ? SSL_accept(pSSL) : SSL_connect(pSSL);
		if (rc == 1) return;
		try
		{
			fail(rc);
		}
		catch (...)
		{
			SSL_free(pSSL);
			throw;
		}
	}

	~TLS()
	{
		SSL_free(pSSL);
	}

	[[noreturn]] void fail(int rc) const
	{
		const int code = errno;
		const int error = SSL_get_error(pSSL, rc);
		const unsigned long detail = ERR_get_error();
		ERR_clear_error();
		if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) throw Poco::TimeoutException("Raw TLS peer");
		if (error == SSL_ERROR_SYSCALL && (code == ECONNRESET || code == EPIPE)) throw Poco::Net::ConnectionResetException("Raw TLS peer");
		throw Poco::Net::NetException("Raw TLS peer", std::to_string(error) + ", " + std::to_string(detail));
	}

	SSL* pSSL;
};


RawPeer::RawPeer(const StreamSocket& socket, Transport transport, bool server):
	_socket(socket),
	_position(0)
{
	setDeadlines(_socket);
	if (_socket.address().family() != SocketAddress::UNIX_LOCAL) _socket.setNoDelay(true);
	if (transport == Transport::TLS) _pTLS = std::make_unique<TLS>(_socket.impl()->sockfd(), server);
}


RawPeer::RawPeer(RawPeer&& other) noexcept = default;


RawPeer::~RawPeer() = default;


void RawPeer::send(const std::string& bytes)
{
	std::size_t sent = 0;
	while (sent < bytes.size())
	{
		const int left = static_cast<int>(bytes.size() - sent);
		const int n = _pTLS ? SSL_write(_pTLS->pSSL, bytes.data() + sent, left) : _socket.sendBytes(bytes.data() + sent, left);
		if (n <= 0 && _pTLS) _pTLS->fail(n);
		sent += static_cast<std::size_t>(n);
	}
}


void RawPeer::send(const std::string& bytes, std::size_t chunk)
{
	for (std::size_t i = 0; i < bytes.size(); i += chunk)
		send(bytes.substr(i, chunk));
}


std::string RawPeer::seal(const std::string& bytes)
{
	if (!_pTLS) return bytes;
	BIO* pMemory = BIO_new(BIO_s_mem());
	BIO* pSocket = SSL_get_wbio(_pTLS->pSSL);
	BIO_up_ref(pMemory);
	BIO_up_ref(pSocket);
	SSL_set0_wbio(_pTLS->pSSL, pMemory);
	const int n = SSL_write(_pTLS->pSSL, bytes.data(), static_cast<int>(bytes.size()));
	if (n <= 0) _pTLS->fail(n);
	char* pData = nullptr;
	const long size = BIO_get_mem_data(pMemory, &pData);
	const std::string sealed(pData, static_cast<std::size_t>(size));
	SSL_set0_wbio(_pTLS->pSSL, pSocket);
	BIO_free(pMemory);
	return sealed;
}


void RawPeer::sendSealed(const std::string& sealed)
{
	std::size_t sent = 0;
	while (sent < sealed.size())
		sent += static_cast<std::size_t>(_socket.sendBytes(sealed.data() + sent, static_cast<int>(sealed.size() - sent)));
}


int RawPeer::receiveSome(char* pBuffer, int length)
{
	if (!_pTLS) return _socket.receiveBytes(pBuffer, length);
	const int n = SSL_read(_pTLS->pSSL, pBuffer, length);
	if (n > 0) return n;
	if (SSL_get_error(_pTLS->pSSL, n) == SSL_ERROR_ZERO_RETURN) return 0;
	_pTLS->fail(n);
}


bool RawPeer::fill()
	/// Receives more. Returns false at the end of the stream.
{
	char chunk[32*1024];
	const int n = receiveSome(chunk, sizeof(chunk));
	_buffer.erase(0, _position);
	_position = 0;
	_buffer.append(chunk, static_cast<std::size_t>(n));
	return n > 0;
}


std::string RawPeer::receive(std::size_t length)
{
	while (_buffer.size() - _position < length)
		if (!fill()) throw Poco::Net::NetException("The stream has ended");
	_position += length;
	return _buffer.substr(_position - length, length);
}


std::string RawPeer::receiveThrough(const std::string& mark)
{
	std::size_t found = 0;
	while ((found = _buffer.find(mark, _position)) == std::string::npos)
		if (!fill()) throw Poco::Net::NetException("The stream has ended");
	return receive(found + mark.size() - _position);
}


std::string RawPeer::receiveToEnd()
{
	while (fill())
		;
	return receive(_buffer.size() - _position);
}


Frame RawPeer::receiveFrame()
{
	Frame result;
	const std::string start = receive(2);
	result.flags = static_cast<unsigned char>(start[0]);
	result.masked = (static_cast<unsigned char>(start[1]) & 0x80) != 0;
	result.headerLength = 2;
	std::size_t length = static_cast<unsigned char>(start[1]) & 0x7f;
	if (length >= 126)
	{
		const std::string extended = receive(length == 126 ? 2 : 8);
		length = 0;
		for (char c: extended) length = length*256 + static_cast<unsigned char>(c);
		result.headerLength += extended.size();
	}
	if (result.masked)
	{
		result.key = receive(4);
		result.headerLength += 4;
	}
	result.payload = receive(length);
	if (result.masked) mask(&result.payload[0], length, {result.key[0], result.key[1], result.key[2], result.key[3]});
	return result;
}


bool RawPeer::atEnd()
{
	return _position == _buffer.size() && !fill();
}


void RawPeer::updateKeys()
{
	if (SSL_key_update(_pTLS->pSSL, SSL_KEY_UPDATE_REQUESTED) != 1) throw Poco::Net::NetException("No key update");
	const int rc = SSL_do_handshake(_pTLS->pSSL);
	if (rc != 1) _pTLS->fail(rc);
}


void RawPeer::renegotiate()
{
	SSL* const pSSL = _pTLS->pSSL;
	if (SSL_renegotiate(pSSL) != 1) throw Poco::Net::NetException("No renegotiation");
	BIO* const pSocket = SSL_get_rbio(pSSL);
	BIO* const pEmpty = BIO_new(BIO_s_mem()); // so that it does not wait for the other side
	BIO_set_mem_eof_return(pEmpty, -1);
	BIO_up_ref(pSocket);
	SSL_set0_rbio(pSSL, pEmpty);
	const int rc = SSL_do_handshake(pSSL);
	const bool waits = rc <= 0 && SSL_get_error(pSSL, rc) == SSL_ERROR_WANT_READ;
	SSL_set0_rbio(pSSL, pSocket);
	if (rc != 1 && !waits) _pTLS->fail(rc);
}


void RawPeer::finishHandshake(const std::string& behind)
{
	SSL* const pSSL = _pTLS->pSSL;
	SSL_set_options(pSSL, SSL_OP_NO_SESSION_RESUMPTION_ON_RENEGOTIATION);
	BIO* const pSocket = SSL_get_wbio(pSSL);
	BIO* const pMemory = BIO_new(BIO_s_mem());
	BIO_up_ref(pSocket);
	_socket.setBlocking(false);
	char chunk[4096];
	for (bool first = true; renegotiates();)
	{
		const int n = SSL_read(pSSL, chunk, sizeof(chunk));
		if (n > 0)
		{
			_buffer.append(chunk, static_cast<std::size_t>(n));
			continue;
		}
		if (SSL_get_error(pSSL, n) != SSL_ERROR_WANT_READ) _pTLS->fail(n);
		if (first && SSL_in_init(pSSL))
		{
			BIO_up_ref(pMemory);
			SSL_set0_wbio(pSSL, pMemory);
			first = false;
		}
		if (renegotiates() && !_socket.poll(deadline(), Poco::Net::Socket::SELECT_READ)) throw Poco::TimeoutException("Raw TLS peer");
	}
	_socket.setBlocking(true);
	send(behind);
	char* pData = nullptr;
	const long size = BIO_get_mem_data(pMemory, &pData);
	sendSealed(std::string(pData, static_cast<std::size_t>(size)));
	SSL_set0_wbio(pSSL, pSocket);
	BIO_free(pMemory);
}


bool RawPeer::renegotiates() const
{
	return SSL_renegotiate_pending(_pTLS->pSSL) == 1;
}


void RawPeer::endSending()
{
	if (_pTLS) SSL_shutdown(_pTLS->pSSL);
	_socket.shutdownSend();
}


void RawPeer::abandonTLS()
{
	_socket.shutdownSend();
}


void RawPeer::reset()
{
	_socket.setLinger(true, 0);
	_socket.close();
}


void RawPeer::sayEnd()
{
	SSL_shutdown(_pTLS->pSSL);
}


void RawPeer::close()
{
	if (_pTLS) sayEnd();
	_socket.close();
}


StreamSocket& RawPeer::socket()
{
	return _socket;
}


OnlyTLS12::OnlyTLS12()
{
	SSL_CTX_set_max_proto_version(rawContext(), TLS1_2_VERSION);
	SSL_CTX_set_options(rawContext(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
	SSL_CTX_set_options(serverContext()->sslContext(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
}


OnlyTLS12::~OnlyTLS12()
{
	SSL_CTX_set_max_proto_version(rawContext(), 0);
	SSL_CTX_clear_options(serverContext()->sslContext(), SSL_OP_ALLOW_CLIENT_RENEGOTIATION);
}


RawPeer connectRaw(Poco::UInt16 port, Transport transport)
{
	StreamSocket socket;
	socket.connect(SocketAddress(LOOPBACK, port), deadline());
	return RawPeer(socket, transport, false);
}


std::string handshakeRequest(const std::string& path, const std::string& headers)
{
	return "GET " + path + " HTTP/1.1\r\n"
		"Host: localhost\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
		"Sec-WebSocket-Version: 13\r\n" + headers + "\r\n";
}


std::string handshakeResponse(const std::string& request, const std::string& headers)
{
	std::istringstream stream(request);
	HTTPRequest parsed;
	parsed.read(stream);
	Poco::SHA1Engine engine;
	engine.update(parsed.get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11");
	const Poco::DigestEngine::Digest digest = engine.digest();
	std::ostringstream accept;
	Poco::Base64Encoder encoder(accept);
	encoder.write(reinterpret_cast<const char*>(digest.data()), static_cast<std::streamsize>(digest.size()));
	encoder.close();
	return "HTTP/1.1 101 Switching Protocols\r\n"
		"Upgrade: websocket\r\n"
		"Connection: Upgrade\r\n"
		"Sec-WebSocket-Accept: " + accept.str() + "\r\n" + headers + "\r\n";
}


} // namespace WebSocketTest
