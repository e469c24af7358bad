//
// TLSChannel.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketTLSChannel
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/TLSChannel.h"
#include "net/Descriptor.h"
#include "core/BranchHint.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <cerrno>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr std::size_t FULL_RECORD = WebSocketSocketBIO::RECORD;
	constexpr std::size_t LEAST_INPUT = FULL_RECORD + 1024; // a record with all that may be around it
	constexpr std::size_t SEND_SIZE   = 64*1024;            // of records, from here on they are sent

	void allowSessions(SSL* pSSL)
		/// Poco gives no tickets with TLS 1.3. With TLS 1.2 it does, but a client that has shown a certificate and comes back with one is
		/// refused by OpenSSL, unless the context says what the session is good for, as Context::enableSessionCache() does.
	{
		SSL_CTX* const pContext = SSL_get_SSL_CTX(pSSL);
		const bool cached = (SSL_CTX_get_session_cache_mode(pContext) & SSL_SESS_CACHE_SERVER) != 0;
		if (cached || !(SSL_get_verify_mode(pSSL) & SSL_VERIFY_PEER)) SSL_set_num_tickets(pSSL, SSL_CTX_get_num_tickets(pContext));
		else SSL_set_options(pSSL, SSL_OP_NO_TICKET);
	}

	class Blocks
		/// Bytes, in pieces that make full records, where they are as far as possible.
	{
	public:
		Blocks(const iovec* pBlocks, int count):
			_pNext(pBlocks),
			_pEnd(pBlocks + count),
			_done(0)
		{
			skip();
		}

		bool empty() const
		{
			return _pNext == _pEnd;
		}

		iovec next(WebSocketBuffer& record)
			/// Returns the next ones, which may be put together in the record.
		{
			const std::size_t left = _pNext->iov_len - _done;
			if (left >= FULL_RECORD) return take(std::min(left - left%FULL_RECORD, SEND_SIZE));
			if (_pNext + 1 == _pEnd) return take(left);
			record.clear();
			record.reserve(FULL_RECORD);
			while (!empty() && record.size() < FULL_RECORD)
			{
				const iovec piece = take(std::min(_pNext->iov_len - _done, FULL_RECORD - record.size()));
				record.append(static_cast<const char*>(piece.iov_base), piece.iov_len);
			}
			return {record.data(), record.size()};
		}

	private:
		iovec take(std::size_t length)
		{
			const iovec piece = {static_cast<char*>(_pNext->iov_base) + _done, length};
			_done += length;
			skip();
			return piece;
		}

		void skip()
		{
			while (_pNext < _pEnd && _done == _pNext->iov_len)
			{
				++_pNext;
				_done = 0;
			}
		}

		const iovec* _pNext;
		const iovec* const _pEnd;
		std::size_t _done; // of the next one
	};
}


WebSocketTLSChannel::WebSocketTLSChannel(StreamSocketImpl* pSocket, const WebSocketOpenSSL& openSSL, WebSocketSocketBIO& bio):
	WebSocketChannel(pSocket),
	_openSSL(openSSL),
	_pSSL(openSSL.ssl()),
	_bio(bio),
	_pBuffers(nullptr),
	_unsent(0),
	_next(AGAIN),
	_first(openSSL.handshakeIsDue()),
	_last(false),
	_pHandshakeError(nullptr),
	_receiveWants(WebSocketOpenSSL::READ),
	_sendWants(WebSocketOpenSSL::WRITE)
{
	if (_first && SSL_is_server(_pSSL)) allowSessions(_pSSL);
	SSL_set_mode(_pSSL, SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	pSocket->setBlocking(false);
	WebSocketDescriptor::closeOnExec(*pSocket);
}


std::unique_ptr<WebSocketChannel> WebSocketTLSChannel::make(StreamSocketImpl* pSocket)
{
	const WebSocketOpenSSL openSSL(pSocket);
	ssl_st* const pSSL = openSSL.ssl();
	WebSocketSocketBIO* const pBIO = pSSL ? WebSocketSocketBIO::put(pSSL) : nullptr;
	if (!pBIO || !pBIO->lends()) return nullptr;
	return std::unique_ptr<WebSocketChannel>(new WebSocketTLSChannel(pSocket, openSSL, *pBIO));
}


WebSocketTLSChannel::~WebSocketTLSChannel()
{
}


void WebSocketTLSChannel::share(Buffers& buffers)
{
	_pBuffers = &buffers;
}


long WebSocketTLSChannel::receive(const iovec* pBlocks, int count)
{
	if (!likely(_next == AGAIN)) return _next;
	std::size_t size = 0;
	for (int i = 0; i < count; ++i) size += pBlocks[i].iov_len;
	const WebSocketSocketBIO::Loan loan(_bio, _pBuffers, std::max(size, LEAST_INPUT));
	return likely(!_first) ? receiveBlocks(pBlocks, count) : receiveFirst(*pBlocks);
}


inline long WebSocketTLSChannel::receiveBlocks(const iovec* pBlocks, int count)
{
	std::size_t total = 0;
	for (int i = 0; i < count; ++i)
	{
		char* pTarget = static_cast<char*>(pBlocks[i].iov_base);
		std::size_t left = pBlocks[i].iov_len;
		while (left > 0)
		{
			const int n = SSL_read(_pSSL, pTarget, static_cast<int>(left));
			if (n > 0)
			{
				pTarget += n;
				left -= static_cast<std::size_t>(n);
				total += static_cast<std::size_t>(n);
				if (left == 0 || !_bio.exhausted()) continue; // in the second case SSL_read() would find that out, after a while
				_receiveWants = WebSocketOpenSSL::READ;
				return static_cast<long>(total);
			}
			const long result = notReceived();
			if (total == 0) return result;
			_next = result; // for the next time, if it is for good
			return static_cast<long>(total);
		}
	}
	_receiveWants = WebSocketOpenSSL::READ;
	return static_cast<long>(total);
}


[[gnu::noinline]] long WebSocketTLSChannel::notReceived()
	/// Returns why not.
{
	_receiveWants = WebSocketOpenSSL::READ;
	if (SSL_get_shutdown(_pSSL) & SSL_RECEIVED_SHUTDOWN) return END;
	if (likely(!_bio.ended() && _bio.receiveError() == 0))
	{
		const int want = SSL_want(_pSSL);
		if (want == SSL_WRITING) _receiveWants = WebSocketOpenSSL::WRITE;
		if (want != SSL_NOTHING && BIO_should_retry(SSL_get_rbio(_pSSL))) return AGAIN; // what SSL_want() says in a handshake may be of before
	}
	if (_first) noteHandshakeError();
	::ERR_clear_error(); // or the next one who uses OpenSSL in this thread would take it for his
	if (_bio.receiveError() != 0) return failed(_bio.receiveError());
	// Many peers end the stream without TLS's close_notify. Between frames that is no loss, and inside one it is found anyway.
	return _bio.ended() ? END : failed(EPROTO);
}


[[gnu::cold, gnu::noinline]] long WebSocketTLSChannel::receiveFirst(const iovec& block)
	/// The handshake, and what comes right behind it.
{
	if (SSL_do_handshake(_pSSL) <= 0) return notReceived();
	_first = false;
	if (X509* const pPeer = SSL_get_peer_certificate(_pSSL))
	{
		X509_free(pPeer);
	}
	else
	{
		_openSSL.setHandshakeDone();
		const long n = receiveBlocks(&block, 1);
		if (n > 0) _bio.defer(); // tickets go out with the answer
		return n;
	}
	// Only the socket can verify it.
	_bio.lookEachTime();
	try
	{
		socket()->setReceiveTimeout(0);
		socket()->setSendTimeout(0);
		const int n = socket()->receiveBytes(block.iov_base, static_cast<int>(block.iov_len), 0);
		return n > 0 ? n : notReceived();
	}
	catch (const TimeoutException&) // Poco 1.11: nothing has come
	{
		return notReceived();
	}
	catch (const Poco::Exception& exc)
	{
		::ERR_clear_error();
		_pHandshakeError = "The certificate is not accepted";
		return _bio.ended() ? END : failed(exc.code() != 0 ? exc.code() : EPROTO);
	}
}


[[gnu::cold, gnu::noinline]] void WebSocketTLSChannel::noteHandshakeError()
	/// A peer that has just gone is no error.
{
	const unsigned long code = ::ERR_peek_error();
#if defined(SSL_R_UNEXPECTED_EOF_WHILE_READING) // OpenSSL 3
	if ((code & ERR_REASON_MASK) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return;
#endif
	_pHandshakeError = code != 0 ? ::ERR_reason_error_string(code) : nullptr;
}


const char* WebSocketTLSChannel::handshakeError() const
{
	return _pHandshakeError;
}


bool WebSocketTLSChannel::pending()
{
	return _next != AGAIN || _bio.unread() || SSL_pending(_pSSL) > 0;
}


long WebSocketTLSChannel::send(const iovec* pBlocks, int count)
{
	if (!likely(error() == 0)) return BROKEN;
	long result = 0;
	{
		const WebSocketSocketBIO::Loan loan(_bio, _pBuffers, LEAST_INPUT);
		result = _bio.deferred() || deliver() ? sendBlocks(pBlocks, count) : AGAIN;
		if (_last && count == 1 && result == static_cast<long>(pBlocks->iov_len)) shut();
		deliver();
	}
	return likely(_bio.sendError() == 0) || result == BROKEN ? result : failed(_bio.sendError());
}


inline long WebSocketTLSChannel::sendBlocks(const iovec* pBlocks, int count)
{
	_sendWants = WebSocketOpenSSL::WRITE;
	if (!likely(!SSL_in_init(_pSSL)))
	{
		_sendWants = _first ? WebSocketOpenSSL::RECEIVE : _openSSL.renegotiate(); // before the peer is verified it is told nothing
		if (_sendWants != WebSocketOpenSSL::UNKNOWN) return AGAIN;
		_sendWants = WebSocketOpenSSL::WRITE;
	}
	Blocks blocks(pBlocks, count);
	long total = 0;
	while (!blocks.empty())
	{
		const iovec piece = blocks.next(_pBuffers->record);
		const int n = SSL_write(_pSSL, piece.iov_base, static_cast<int>(piece.iov_len));
		if (!likely(n > 0)) return notSent(total);
		total += n;
		_unsent += static_cast<std::size_t>(n);
		if (_bio.unsent() >= SEND_SIZE && !deliver()) break;
	}
	return total;
}


[[gnu::cold, gnu::noinline]] long WebSocketTLSChannel::notSent(long total)
{
	if (SSL_want(_pSSL) == SSL_READING && BIO_should_retry(SSL_get_rbio(_pSSL)))
	{
		_sendWants = WebSocketOpenSSL::READ;
		return total > 0 ? total : AGAIN;
	}
	::ERR_clear_error();
	return failed(EPROTO);
}


bool WebSocketTLSChannel::deliver()
	/// Returns true if nothing waits for the socket any more.
{
	const bool all = _bio.push();
	_unsent = all ? 0 : std::min(_unsent, _bio.unsent());
	return all;
}


std::size_t WebSocketTLSChannel::unsent() const
{
	return _unsent;
}


bool WebSocketTLSChannel::push()
{
	return _bio.unsent() > 0 && deliver();
}


void WebSocketTLSChannel::beLast()
{
	_last = true;
}


bool WebSocketTLSChannel::crossed() const
{
	return _receiveWants != WebSocketOpenSSL::READ || _sendWants != WebSocketOpenSSL::WRITE || (_unsent == 0 && _bio.unsent() > 0);
}


int WebSocketTLSChannel::interest(int events) const
{
	int result = _bio.unsent() > 0 ? SocketImpl::SELECT_WRITE : 0;
	if (events & SocketImpl::SELECT_READ) result |= _receiveWants == WebSocketOpenSSL::WRITE ? SocketImpl::SELECT_WRITE : SocketImpl::SELECT_READ;
	if (events & SocketImpl::SELECT_WRITE)
	{
		if (_sendWants == WebSocketOpenSSL::WRITE) result |= SocketImpl::SELECT_WRITE;
		else if (_sendWants == WebSocketOpenSSL::READ) result |= SocketImpl::SELECT_READ;
	}
	return result;
}


void WebSocketTLSChannel::shutdownSend()
{
	const WebSocketSocketBIO::Loan loan(_bio, _pBuffers, LEAST_INPUT);
	shut();
}


void WebSocketTLSChannel::shut()
{
	if (SSL_in_init(_pSSL) || (SSL_get_shutdown(_pSSL) & SSL_SENT_SHUTDOWN)) return;
	if (SSL_shutdown(_pSSL) < 0) ::ERR_clear_error();
}


void WebSocketTLSChannel::close()
{
	shutdownSend();
	::shutdown(socket()->sockfd(), SHUT_RDWR);
	try
	{
		socket()->close();
	}
	catch (const Poco::Exception&)
	{
		// the peer has gone before
	}
	::ERR_clear_error();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
