//
// LoadStream.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadStream
//
// A client's socket, plain or with TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_LoadStream_INCLUDED
#define Benchmark_LoadStream_INCLUDED


#include "LoadOptions.h"
#include "SharedTLS.h"
#include <cstddef>
#include <cstdint>
#include <string>


[[noreturn]] void fail(const std::string& what);
[[noreturn]] void failErrno(const std::string& what);


class Stream
	/// A connection to the server. The handshake of TLS goes on when something is sent and received. Throws a std::runtime_error.
{
public:
	static const std::size_t SPACE = SharedTLS::SPACE; /// What receive() must have place for.
	static const long END   = -1;
	static const long AGAIN = -2;

	explicit Stream(const LoadOptions& options);
		/// Connects; blocks, as what follows. The sockets' own addresses are 127.0.0.1 to 127.0.0.8 in turns if the server
		/// is on the loopback interface: there are not more than 28,000 ports for each.

	~Stream();

	int descriptor() const
	{
		return _socket;
	}

	std::size_t send(const char* pData, std::size_t length);
		/// Sends; returns how much was taken, which may be none. With TLS some of that may still be unsent().

	bool unsent() const
		/// Returns true if send() is to be called again when the socket has room.
	{
		return !_unsent.empty();
	}

	long receive(char* pBuffer, bool& more);
		/// Receives once. Returns the number of bytes, 0 if what came is TLS's own, AGAIN, or END, also for TLS's close_notify; and in
		/// more whether there may be more to receive.

	bool ended() const
		/// Returns true if receive() would return END without receiving.
	{
		return _ended;
	}

	bool resumed() const;
		/// Returns true if TLS has continued another connection's session.

	void setBlocking(bool flag);
	void setReceiveTimeout(double seconds);

	static std::uint64_t records();
		/// Returns how many TLS records have been received, by all.

private:
	Stream(const Stream&) = delete;
	Stream& operator = (const Stream&) = delete;

	void takeOutput();
	void flush();

	int _socket;
	SSL* _pSSL = nullptr;
	bool _ended = false;
	bool _blocked = false; // the socket has no room for what is unsent
	std::string _unsent;   // records
};


#endif // Benchmark_LoadStream_INCLUDED
