//
// SharedTLS.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  SharedTLS
//
// SPDX-License-Identifier: BSL-1.0
//


#include "SharedTLS.h"
#include "Certificate.h"
#include <openssl/bio.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <algorithm>
#include <cstring>
#include <stdexcept>


SharedTLS::SharedTLS(Role role, bool counted, bool resume):
	output(INPUT),
	_role(role),
	_pContext(SSL_CTX_new(role == SERVER ? TLS_server_method() : TLS_client_method())),
	_pMethod(BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "shared buffers")),
	_input(INPUT)
{
	if (!_pContext || !_pMethod) throw std::runtime_error("no TLS");
	BIO_meth_set_read(_pMethod, readBIO);
	BIO_meth_set_write(_pMethod, writeBIO);
	BIO_meth_set_ctrl(_pMethod, controlBIO);
	_pBIO = BIO_new(_pMethod);
	if (!_pBIO) throw std::runtime_error("no TLS");
	BIO_set_data(_pBIO, this);
	BIO_set_init(_pBIO, 1);
	SSL_CTX_set_app_data(_pContext, this);
	SSL_CTX_set_mode(_pContext, SSL_MODE_RELEASE_BUFFERS);
	if (counted)
	{
		SSL_CTX_set_msg_callback(_pContext, message);
		SSL_CTX_set_msg_callback_arg(_pContext, this);
	}
	if (role == SERVER)
	{
		useCertificate(_pContext);
		return;
	}
	SSL_CTX_set_session_cache_mode(_pContext, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
	if (resume) SSL_CTX_sess_set_new_cb(_pContext, newSession);
}


SharedTLS::~SharedTLS()
{
	SSL_SESSION_free(_pSession);
	SSL_CTX_free(_pContext);
	BIO_free(_pBIO);
	BIO_meth_free(_pMethod);
}


SSL* SharedTLS::create()
{
	SSL* const pSSL = SSL_new(_pContext);
	if (!pSSL) throw std::runtime_error("no TLS connection");
	BIO_up_ref(_pBIO);
	BIO_up_ref(_pBIO);
	SSL_set0_rbio(pSSL, _pBIO);
	SSL_set0_wbio(pSSL, _pBIO);
	if (_role == SERVER) SSL_set_accept_state(pSSL);
	else SSL_set_connect_state(pSSL);
	if (_pSession)
	{
		SSL_SESSION* const pCopy = SSL_SESSION_dup(_pSession); // OpenSSL lets a ticket be used once
		SSL_set_session(pSSL, pCopy);
		SSL_SESSION_free(pCopy);
	}
	return pSSL;
}


long SharedTLS::receive(int fd)
{
	const long n = ::recv(fd, _input.data(), _input.size(), 0);
	_pInput = _input.data();
	_inputLength = static_cast<std::size_t>(std::max(n, 0L));
	return n;
}


std::size_t SharedTLS::read(SSL* pSSL, char* pTarget, std::size_t length)
{
	std::size_t result = 0;
	_ended = false;
	while (result < length && (_inputLength > 0 || SSL_has_pending(pSSL)))
	{
		std::size_t n = 0;
		if (SSL_read_ex(pSSL, pTarget + result, length - result, &n) == 1)
		{
			result += n;
			continue;
		}
		_ended = failed(pSSL);
		break;
	}
	return result;
}


void SharedTLS::write(SSL* pSSL, const char* pData, std::size_t length)
{
	std::size_t n = 0;
	if (SSL_write_ex(pSSL, pData, length, &n) != 1) _ended = failed(pSSL);
}


bool SharedTLS::failed(SSL* pSSL)
{
	const int error = SSL_get_error(pSSL, 0);
	ERR_clear_error();
	return error != SSL_ERROR_WANT_READ;
}


int SharedTLS::readBIO(BIO* pBIO, char* pTarget, int length)
{
	SharedTLS& self = *static_cast<SharedTLS*>(BIO_get_data(pBIO));
	BIO_clear_retry_flags(pBIO);
	if (self._inputLength == 0)
	{
		BIO_set_retry_read(pBIO);
		return -1;
	}
	const std::size_t n = std::min(self._inputLength, static_cast<std::size_t>(length));
	std::memcpy(pTarget, self._pInput, n);
	self._pInput += n;
	self._inputLength -= n;
	return static_cast<int>(n);
}


int SharedTLS::writeBIO(BIO* pBIO, const char* pData, int length)
{
	SharedTLS& self = *static_cast<SharedTLS*>(BIO_get_data(pBIO));
	BIO_clear_retry_flags(pBIO);
	const std::size_t n = static_cast<std::size_t>(length);
	if (self.outputLength + n > self.output.size()) self.output.resize(2*(self.outputLength + n));
	std::memcpy(self.output.data() + self.outputLength, pData, n);
	self.outputLength += n;
	return length;
}


long SharedTLS::controlBIO(BIO*, int command, long, void*)
{
	return command == BIO_CTRL_FLUSH ? 1 : 0;
}


int SharedTLS::newSession(SSL* pSSL, SSL_SESSION* pSession)
{
	SharedTLS& self = *static_cast<SharedTLS*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(pSSL)));
	SSL_SESSION_free(self._pSession);
	self._pSession = SSL_SESSION_dup(pSession);
	return 0; // the original is not kept
}


void SharedTLS::message(int sent, int, int type, const void*, std::size_t, SSL*, void* pArgument)
{
	if (!sent && type == SSL3_RT_HEADER) ++static_cast<SharedTLS*>(pArgument)->_records;
}
