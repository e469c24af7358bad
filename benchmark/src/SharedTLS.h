//
// SharedTLS.h
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  SharedTLS
//
// TLS as cheap as OpenSSL can be had: of the load generator and of the minimal loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Benchmark_SharedTLS_INCLUDED
#define Benchmark_SharedTLS_INCLUDED


#include <openssl/ssl.h>
#include <cstddef>
#include <cstdint>
#include <vector>


class SharedTLS
	/// TLS connections of one thread, whose bytes come from one buffer and go to another, which all share: of a wake-up one recv(),
	/// however many records, and one send(). A connection that is idle has no buffer.
{
public:
	enum Role
	{
		CLIENT,
		SERVER
	};

	static const std::size_t INPUT = 512*1024;          /// What is received at once.
	static const std::size_t SPACE = INPUT + 16*1024;   /// So much may it be decrypted: a record may have begun before.

	SharedTLS(Role role, bool counted, bool resume = false);
		/// With resume each connection of a client continues the session that was told of last. If counted, records() is right.

	~SharedTLS();

	SSL* create();
		/// Returns a new connection, to be freed with SSL_free().

	long receive(int fd);
		/// Receives the input; returns what recv() does.

	std::size_t read(SSL* pSSL, char* pTarget, std::size_t length);
		/// Decrypts the input into the target, and takes part in the handshake. The input is gone when there is place left.

	bool ended() const;
		/// Returns true if the last read() came to the end of the stream, or has failed.

	void write(SSL* pSSL, const char* pData, std::size_t length);
		/// Encrypts into the output. Does nothing before the handshake is complete, but to begin it.

	std::vector<char> output;
	std::size_t outputLength = 0;

	std::uint64_t records() const;
		/// Returns how many were received.

private:
	SharedTLS(const SharedTLS&) = delete;
	SharedTLS& operator = (const SharedTLS&) = delete;

	static int readBIO(BIO* pBIO, char* pTarget, int length);
	static int writeBIO(BIO* pBIO, const char* pData, int length);
	static long controlBIO(BIO* pBIO, int command, long number, void* pArgument);
	static int newSession(SSL* pSSL, SSL_SESSION* pSession);
	static void message(int sent, int version, int type, const void* pData, std::size_t length, SSL* pSSL, void* pArgument);

	bool failed(SSL* pSSL);

	const Role _role;
	SSL_CTX* _pContext;
	BIO_METHOD* _pMethod;
	BIO* _pBIO; // of all connections: it knows none
	SSL_SESSION* _pSession = nullptr;
	std::vector<char> _input;
	const char* _pInput = nullptr;
	std::size_t _inputLength = 0;
	bool _ended = false;
	std::uint64_t _records = 0;
};


//
// inlines
//
inline bool SharedTLS::ended() const
{
	return _ended;
}


inline std::uint64_t SharedTLS::records() const
{
	return _records;
}


#endif // Benchmark_SharedTLS_INCLUDED
