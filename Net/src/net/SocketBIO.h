//
// SocketBIO.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketSocketBIO
//
// What OpenSSL reads from and writes to.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSocketBIO_INCLUDED
#define Net_WebSocketSocketBIO_INCLUDED


#include "core/Buffer.h"
#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>
#include <memory>


struct bio_st;
struct ssl_st;


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketSocketBIO
	/// Stands between an SSL object and the BIO of its socket, and receives and sends in its place. Sending raises no SIGPIPE.
	///
	/// By itself it makes a system call whenever OpenSSL wants bytes, or has some. While it has been lent buffers, one
	/// receives many records, and what is to be sent waits for push(). What is left when the buffers are taken back is kept, and
	/// comes first from then on.
	///
	/// Belongs to the SSL object, and is used by one thread at a time, as that.
{
public:
	enum
	{
		RECORD     = 16*1024,        /// The payload of the largest record.
		INPUT_SIZE = 128*1024,       /// What is received at once, at most.
		MAX_KEPT   = 64*1024         /// When so many bytes wait for the peer to take them, OpenSSL waits as well.
	};

	struct Buffers
		/// Memory that connections use one after the other.
	{
		char* input();
			/// Returns INPUT_SIZE bytes. Throws a std::bad_alloc if there is no memory.

		WebSocketBuffer output; // records
		WebSocketBuffer record; // what goes into the next one

	private:
		std::unique_ptr<char[]> _pInput;
	};

	class Loan
		/// As long as it exists, the BIO has the buffers. Without buffers there is none.
	{
	public:
		Loan(WebSocketSocketBIO& bio, Buffers* pBuffers, std::size_t inputSize);
			/// Receives inputSize bytes at once, at most, and no more often than once the socket has had fewer, unless lookEachTime() is called.

		~Loan();
			/// Calls push(), unless defer() was called.

	private:
		Loan(const Loan&) = delete;
		Loan& operator = (const Loan&) = delete;

		WebSocketSocketBIO& _bio;
	};

	static WebSocketSocketBIO* put(ssl_st* pSSL);
		/// Puts one between the SSL object and its socket, or finds the one that is there. Returns null if the SSL object uses something else.

	bool lends() const;
		/// Returns false if the kernel encrypts, or may, because the program has asked for that: then there is nothing to be gained here, and
		/// buffers are not to be lent.

	void lookEachTime();
		/// Until the buffers are given back, the socket is looked at whenever OpenSSL wants bytes: for callers that try again as long as poll() says that there is something.

	bool push();
		/// Sends what waits, as far as the socket takes it. Returns true if nothing is left.

	void defer();
		/// What waits is not sent when the buffers are given back, but in one piece with what OpenSSL has next, or by push().

	bool deferred() const;

	std::size_t unsent() const;
		/// Returns how many bytes wait.

	bool unread() const;
		/// Returns true if bytes are kept that were received, and not read by OpenSSL.

	bool exhausted() const;
		/// Returns true, while buffers are lent, if there is nothing that OpenSSL could read now.

	bool ended() const;
		/// Returns true if the end of the stream was read.

	int receiveError() const;
	int sendError() const;
		/// Return the system's codes for what has broken the stream; 0 if nothing has.

private:
	friend struct WebSocketSocketBIOCalls;

	explicit WebSocketSocketBIO(int fd, bool kernel);

	void take(Buffers* pBuffers, std::size_t inputSize);
	void giveBack();
	int read(bio_st* pBIO, char* pTarget, int length);
	int write(bio_st* pBIO, const char* pData, int length);
	std::size_t fetch(char* pTarget, std::size_t length);
	std::size_t deliver(const char* pData, std::size_t length);
	bool pushKept();
	void keepOutput(std::size_t sent);

	const int _fd;
	const bool _kernel;       // may encrypt
	bool _ended;
	bool _empty;              // the socket has had less than there was room for
	bool _each;               // it is looked at all the same
	bool _deferred;
	short _receiveError;
	short _sendError;
	Buffers* _pBuffers;       // that were lent
	std::size_t _inputSize;
	std::size_t _begin;       // of what is in their input
	std::size_t _end;
	WebSocketBuffer _input;   // that is kept
	std::size_t _inputBegin;
	WebSocketBuffer _output;
	std::size_t _outputBegin;
};


//
// inlines
//
inline bool WebSocketSocketBIO::lends() const
{
	return !_kernel;
}


inline void WebSocketSocketBIO::lookEachTime()
{
	_each = true;
	_empty = false;
}


inline void WebSocketSocketBIO::defer()
{
	_deferred = true;
}


inline bool WebSocketSocketBIO::deferred() const
{
	return _deferred;
}


inline bool WebSocketSocketBIO::unread() const
{
	return _inputBegin < _input.size();
}


inline bool WebSocketSocketBIO::exhausted() const
{
	return _empty && _begin == _end && !unread();
}


inline bool WebSocketSocketBIO::ended() const
{
	return _ended;
}


inline int WebSocketSocketBIO::receiveError() const
{
	return _receiveError;
}


inline int WebSocketSocketBIO::sendError() const
{
	return _sendError;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSocketBIO_INCLUDED
