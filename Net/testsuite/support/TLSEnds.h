//
// TLSEnds.h
//
// A stream of the event shell over TLS, and an SSL object whose bytes the test moves.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketTLSEnds_INCLUDED
#define WebSocketTLSEnds_INCLUDED


#include "support/EventSupport.h"
#include "events/Stream.h"
#include "events/TLSChannel.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/SecureStreamSocketImpl.h"
#include "Poco/Exception.h"
#include <functional>
#include <openssl/ssl.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>


namespace WebSocketTest {
namespace TLSEnds {


using Poco::Net::SecureStreamSocketImpl;
using Poco::Net::StreamSocketImpl;
using Poco::Net::WebSocketChannel;
using Poco::Net::WebSocketStream;


struct Access: public SecureStreamSocketImpl
	/// Opens acceptSSL() and connectSSL().
{
	static void accept(SecureStreamSocketImpl& socket)
	{
		(socket.*&Access::acceptSSL)();
	}

	static void connect(SecureStreamSocketImpl& socket)
	{
		socket.setPeerHostName("localhost");
		socket.setLazyHandshake(true);
		(socket.*&Access::connectSSL)();
	}
};


class Peer
	/// An SSL object. What it sends and receives are strings.
{
public:
	explicit Peer(int version):
		_pContext(SSL_CTX_new(TLS_client_method())),
		_pSSL(nullptr)
	{
		SSL_CTX_set_max_proto_version(_pContext, version);
		_pSSL = SSL_new(_pContext);
		SSL_set_bio(_pSSL, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
		SSL_set_connect_state(_pSSL);
		SSL_do_handshake(_pSSL);
	}

	Peer():
		/// With the certificate of serverContext(): a server.
		_pContext(Poco::AutoPtr<Poco::Net::Context>(serverContext())->sslContext()),
		_pSSL(nullptr)
	{
		SSL_CTX_up_ref(_pContext);
		_pSSL = SSL_new(_pContext);
		SSL_set_max_proto_version(_pSSL, TLS1_2_VERSION);
		SSL_set_bio(_pSSL, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
		SSL_set_accept_state(_pSSL);
	}

	~Peer()
	{
		SSL_free(_pSSL);
		SSL_CTX_free(_pContext);
	}

	void take(const std::string& bytes)
	{
		if (!bytes.empty()) BIO_write(SSL_get_rbio(_pSSL), bytes.data(), static_cast<int>(bytes.size()));
		if (SSL_in_init(_pSSL) && !_again) SSL_do_handshake(_pSSL); // the next one is done by SSL_read(): messages may come before
		char buffer[4096];
		for (int n = SSL_read(_pSSL, buffer, sizeof(buffer)); n > 0; n = SSL_read(_pSSL, buffer, sizeof(buffer))) received.append(buffer, static_cast<std::size_t>(n));
	}

	std::string output()
	{
		std::string bytes;
		char buffer[4096];
		for (int n = BIO_read(SSL_get_wbio(_pSSL), buffer, sizeof(buffer)); n > 0; n = BIO_read(SSL_get_wbio(_pSSL), buffer, sizeof(buffer))) bytes.append(buffer, static_cast<std::size_t>(n));
		return bytes;
	}

	void renegotiate()
	{
		SSL_renegotiate(_pSSL);
		SSL_do_handshake(_pSSL);
		_again = true;
	}

	std::string records(const std::vector<std::string>& messages, bool last = false)
		/// Returns what sends the messages, and the end behind the last ones.
	{
		for (const std::string& message: messages) SSL_write(_pSSL, message.data(), static_cast<int>(message.size()));
		if (last) SSL_shutdown(_pSSL);
		return output();
	}

	bool greeted() const
	{
		return !SSL_in_init(_pSSL);
	}

	bool ended() const
	{
		return (SSL_get_shutdown(_pSSL) & SSL_RECEIVED_SHUTDOWN) != 0;
	}

	std::string received;

private:
	SSL_CTX* _pContext;
	SSL* _pSSL;
	bool _again = false;
};


class PolledSocket: public StreamSocketImpl
	/// Lets the test do something whenever Poco asks whether it is ready.
{
public:
	PolledSocket(int fd, const std::function<void ()>& before):
		StreamSocketImpl(fd),
		_before(before)
	{
	}

	bool poll(const Poco::Timespan& timeout, int mode) override
	{
		if (_before) _before();
		return StreamSocketImpl::poll(timeout, mode);
	}

private:
	const std::function<void ()>& _before;
};


class Ends
	/// A stream of the event shell, and its peer.
{
public:
	explicit Ends(int version = TLS1_3_VERSION, int sendBuffer = 0):
		/// Of a stream that has accepted.
		peer(version)
	{
		pSocket = new SecureStreamSocketImpl(connect(sendBuffer), serverContext());
		Access::accept(*pSocket);
		attach();
	}

	Ends(Role role, int sendBuffer):
		/// Of a stream that has accepted or connected. TLS 1.2 only, as long as there is an OnlyTLS12.
		peer(role == Role::SERVER ? Peer(TLS1_2_VERSION) : Peer())
	{
		pSocket = new SecureStreamSocketImpl(connect(sendBuffer), role == Role::SERVER ? serverContext() : clientContext());
		if (role == Role::SERVER) Access::accept(*pSocket);
		else Access::connect(*pSocket);
		attach();
	}

	Poco::AutoPtr<StreamSocketImpl> connect(int sendBuffer)
	{
		int fds[2];
		if (::socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) throw Poco::SystemException("socketpair");
		if (sendBuffer > 0) ::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &sendBuffer, sizeof(sendBuffer));
		::fcntl(fds[1], F_SETFL, O_NONBLOCK);
		wire = fds[1];
		return new PolledSocket(fds[0], polled);
	}

	~Ends()
	{
		pStream.reset();
		::close(wire);
	}

	void attach()
	{
		pStream = std::make_unique<WebSocketStream>(pSocket.get(), Poco::Net::SocketAddress());
		pStream->share(buffers);
	}

	void write(const std::string& bytes)
		/// To the stream's socket.
	{
		ASSERT_EQ(static_cast<ssize_t>(bytes.size()), ::send(wire, bytes.data(), bytes.size(), MSG_NOSIGNAL));
	}

	std::string read(std::size_t most = 1024*1024)
		/// What the stream's socket has sent.
	{
		std::string bytes(most, '\0');
		const ssize_t n = ::recv(wire, &bytes[0], most, 0);
		bytes.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
		return bytes;
	}

	long receive(std::size_t most = 1024*1024)
		/// Until there is nothing more. Returns why.
	{
		for (;;)
		{
			std::string bytes(most, '\0');
			const iovec block = {&bytes[0], most};
			const long n = pStream->receive(&block, 1);
			if (n <= 0) return n;
			received.append(bytes, 0, static_cast<std::size_t>(n));
		}
	}

	void greet()
	{
		for (int i = 0; i < 10 && !peer.greeted(); ++i)
		{
			write(peer.output());
			ASSERT_EQ(WebSocketStream::AGAIN, receive());
			peer.take(read());
		}
		write(peer.output());
		ASSERT_EQ(WebSocketStream::AGAIN, receive());
		ASSERT_TRUE(peer.greeted());
		peer.take(read());
	}

	std::function<void ()> polled;
	Peer peer;
	int wire;
	Poco::AutoPtr<SecureStreamSocketImpl> pSocket;
	WebSocketChannel::Buffers buffers;
	std::unique_ptr<WebSocketStream> pStream;
	std::string received;
};


} } // namespace WebSocketTest::TLSEnds


#endif // WebSocketTLSEnds_INCLUDED
