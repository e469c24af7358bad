//
// SocketBIO.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketSocketBIO
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/SocketBIO.h"
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <new>
#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


struct WebSocketSocketBIOCalls
	/// What OpenSSL calls. Nothing is thrown through it.
{
	static WebSocketSocketBIO& self(BIO* pBIO)
	{
		return *static_cast<WebSocketSocketBIO*>(BIO_get_data(pBIO));
	}

	static int read(BIO* pBIO, char* pTarget, int length)
	{
		return self(pBIO).read(pBIO, pTarget, length);
	}

	static int write(BIO* pBIO, const char* pData, int length)
	{
		return self(pBIO).write(pBIO, pData, length);
	}

	static long control(BIO* pBIO, int command, long number, void* pArgument)
	{
		switch (command)
		{
#if defined(BIO_CTRL_GET_KTLS_SEND)
		case BIO_CTRL_GET_KTLS_SEND: // each of them several times for a record
		case BIO_CTRL_GET_KTLS_RECV:
			return 0;
#endif
		default:
			return controlKernel(pBIO, command, number, pArgument);
		}
	}

	static long controlKernel(BIO* pBIO, int command, long number, void* pArgument)
		/// The same if the kernel may encrypt.
	{
		if (command == BIO_CTRL_FLUSH) return 1;
		if (command == BIO_CTRL_EOF && self(pBIO).ended()) return 1;
		BIO* const pSocket = BIO_next(pBIO);
		return pSocket ? BIO_ctrl(pSocket, command, number, pArgument) : 0;
	}

	static int destroy(BIO* pBIO)
	{
		delete &self(pBIO);
		return 1;
	}

	static int type()
	{
		static const int number = BIO_get_new_index() | BIO_TYPE_FILTER;
		return number;
	}

	static BIO_METHOD* makeMethod(long (*pControl)(BIO*, int, long, void*))
	{
		BIO_METHOD* const pMethod = BIO_meth_new(type(), "socket, many records at a time");
		if (!pMethod) return nullptr;
		BIO_meth_set_read(pMethod, read);
		BIO_meth_set_write(pMethod, write);
		BIO_meth_set_ctrl(pMethod, pControl);
		BIO_meth_set_destroy(pMethod, destroy);
		return pMethod;
	}

	static BIO_METHOD* method(bool kernel)
		/// Sockets may live as long as the process.
	{
		static BIO_METHOD* const pMethod = makeMethod(control);
		static BIO_METHOD* const pKernelMethod = makeMethod(controlKernel);
		return kernel ? pKernelMethod : pMethod;
	}

	static WebSocketSocketBIO* make(SSL* pSSL, BIO* pSocket)
	{
		int fd = -1;
		BIO_get_fd(pSocket, &fd);
#if defined(SSL_OP_ENABLE_KTLS)
		const bool kernel = (SSL_get_options(pSSL) & SSL_OP_ENABLE_KTLS) != 0;
#else
		const bool kernel = false;
#endif
		std::unique_ptr<WebSocketSocketBIO> pNew(new(std::nothrow) WebSocketSocketBIO(fd, kernel));
		BIO_METHOD* const pMethod = method(kernel);
		BIO* const pBIO = pNew && pMethod ? BIO_new(pMethod) : nullptr;
		if (!pBIO) return nullptr;
		WebSocketSocketBIO* const pResult = pNew.release();
		BIO_set_data(pBIO, pResult);
		BIO_set_init(pBIO, 1);
		BIO_up_ref(pSocket);
		BIO_push(pBIO, pSocket);
		SSL_set_bio(pSSL, pBIO, pBIO);
		return pResult;
	}
};


//
// WebSocketSocketBIO::Buffers
//
char* WebSocketSocketBIO::Buffers::input()
{
	if (!_pInput) _pInput.reset(new char[INPUT_SIZE]);
	return _pInput.get();
}


//
// WebSocketSocketBIO::Loan
//
WebSocketSocketBIO::Loan::Loan(WebSocketSocketBIO& bio, Buffers* pBuffers, std::size_t inputSize):
	_bio(bio)
{
	_bio.take(pBuffers, inputSize);
}


WebSocketSocketBIO::Loan::~Loan()
{
	_bio.giveBack();
}


//
// WebSocketSocketBIO
//
WebSocketSocketBIO::WebSocketSocketBIO(int fd, bool kernel):
	_fd(fd),
	_kernel(kernel),
	_ended(false),
	_empty(false),
	_each(false),
	_deferred(false),
	_receiveError(0),
	_sendError(0),
	_pBuffers(nullptr),
	_inputSize(0),
	_begin(0),
	_end(0),
	_inputBegin(0),
	_outputBegin(0)
{
}


WebSocketSocketBIO* WebSocketSocketBIO::put(ssl_st* pSSL)
{
	BIO* const pBIO = SSL_get_wbio(pSSL);
	if (!pBIO || SSL_get_rbio(pSSL) != pBIO) return nullptr;
	if (BIO_method_type(pBIO) == WebSocketSocketBIOCalls::type()) return &WebSocketSocketBIOCalls::self(pBIO);
	return BIO_method_type(pBIO) == BIO_TYPE_SOCKET ? WebSocketSocketBIOCalls::make(pSSL, pBIO) : nullptr;
}


void WebSocketSocketBIO::take(Buffers* pBuffers, std::size_t inputSize)
{
	_pBuffers = pBuffers;
	_inputSize = std::min<std::size_t>(inputSize, INPUT_SIZE);
	_empty = _each = false;
	if (pBuffers) pBuffers->input();
}


void WebSocketSocketBIO::giveBack()
{
	if (!_deferred) push();
	if (!_pBuffers) return;
	if (_deferred) keepOutput(0);
	Buffers& buffers = *_pBuffers;
	_pBuffers = nullptr;
	_empty = false;
	try
	{
		if (_begin < _end) _input.append(buffers.input() + _begin, _end - _begin);
	}
	catch (const std::bad_alloc&)
	{
		_receiveError = ENOMEM; // a part of the stream is lost
	}
	_begin = _end = 0;
}


std::size_t WebSocketSocketBIO::fetch(char* pTarget, std::size_t length)
	/// Receives. Returns 0 if nothing has come, or comes any more.
{
	if (_empty || _ended || _receiveError != 0) return 0;
	const ssize_t n = ::recv(_fd, pTarget, length, 0);
	_empty = _pBuffers && !_each && n < static_cast<ssize_t>(length);
	if (n > 0) return static_cast<std::size_t>(n);
	if (n == 0) _ended = true;
	else if (!BIO_sock_non_fatal_error(errno)) _receiveError = static_cast<short>(errno);
	return 0;
}


int WebSocketSocketBIO::read(bio_st* pBIO, char* pTarget, int length)
{
	BIO_clear_retry_flags(pBIO);
	std::size_t n = static_cast<std::size_t>(length);
	if (unread())
	{
		n = std::min(n, _input.size() - _inputBegin);
		std::memcpy(pTarget, _input.data() + _inputBegin, n);
		_inputBegin += n;
		if (!unread())
		{
			_input.release();
			_inputBegin = 0;
		}
		return static_cast<int>(n);
	}
	if (_kernel)
	{
		const int result = BIO_read(BIO_next(pBIO), pTarget, length);
		BIO_copy_next_retry(pBIO);
		return result;
	}
	if (_pBuffers)
	{
		char* const pInput = _pBuffers->input();
		if (_begin == _end)
		{
			_begin = 0;
			_end = fetch(pInput, _inputSize);
		}
		n = std::min(n, _end - _begin);
		std::memcpy(pTarget, pInput + _begin, n);
		_begin += n;
	}
	else
	{
		n = fetch(pTarget, n);
	}
	if (n > 0) return static_cast<int>(n);
	if (_ended) return 0;
	if (_receiveError != 0) errno = _receiveError;
	else BIO_set_retry_read(pBIO);
	return -1;
}


int WebSocketSocketBIO::write(bio_st* pBIO, const char* pData, int length)
{
	BIO_clear_retry_flags(pBIO);
	const std::size_t size = static_cast<std::size_t>(length);
	if (_kernel && BIO_get_ktls_send(BIO_next(pBIO))) // there are records with messages about them
	{
		const int result = BIO_write(BIO_next(pBIO), pData, length);
		BIO_copy_next_retry(pBIO);
		return result;
	}
	if (_pBuffers && _sendError == 0)
	{
		if (unsent() - _pBuffers->output.size() < MAX_KEPT)
		{
			try
			{
				_pBuffers->output.append(pData, size);
				return length;
			}
			catch (const std::bad_alloc&)
			{
				errno = ENOMEM;
				return -1;
			}
		}
	}
	else if (pushKept())
	{
		const std::size_t n = deliver(pData, size);
		if (n > 0) return static_cast<int>(n);
	}
	if (_sendError != 0) errno = _sendError;
	else BIO_set_retry_write(pBIO);
	return -1;
}


std::size_t WebSocketSocketBIO::deliver(const char* pData, std::size_t length)
	/// Returns how many bytes the socket has taken.
{
	if (_sendError != 0) return 0;
	const ssize_t n = ::send(_fd, pData, length, MSG_NOSIGNAL);
	if (n >= 0) return static_cast<std::size_t>(n);
	if (!BIO_sock_non_fatal_error(errno)) _sendError = static_cast<short>(errno);
	return 0;
}


bool WebSocketSocketBIO::pushKept()
{
	while (_outputBegin < _output.size())
	{
		const std::size_t n = deliver(_output.data() + _outputBegin, _output.size() - _outputBegin);
		if (n == 0) return false;
		_outputBegin += n;
	}
	if (_outputBegin == 0) return true;
	_output.release();
	_outputBegin = 0;
	return true;
}


void WebSocketSocketBIO::keepOutput(std::size_t sent)
	/// Of the buffers: the rest.
{
	WebSocketBuffer& output = _pBuffers->output;
	try
	{
		if (sent < output.size() && _sendError == 0) _output.append(output.data() + sent, output.size() - sent);
	}
	catch (const std::bad_alloc&)
	{
		_sendError = ENOMEM;
	}
	output.clear();
}


bool WebSocketSocketBIO::push()
{
	if (_deferred)
	{
		_deferred = false;
		if (_pBuffers) keepOutput(0);
	}
	const bool kept = !pushKept();
	if (!_pBuffers || _pBuffers->output.size() == 0) return !kept;
	WebSocketBuffer& output = _pBuffers->output;
	std::size_t sent = 0;
	while (!kept && sent < output.size())
	{
		const std::size_t n = deliver(output.data() + sent, output.size() - sent);
		if (n == 0) break;
		sent += n;
	}
	const bool all = sent == output.size();
	keepOutput(sent);
	return all;
}


std::size_t WebSocketSocketBIO::unsent() const
{
	return _output.size() - _outputBegin + (_pBuffers ? _pBuffers->output.size() : 0);
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
