//
// Channel.h
//
// A TCP connection, plain or TLS, that never blocks.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Channel_INCLUDED
#define Channel_INCLUDED


#include <chrono>
#include <cstdint>
#include <memory>
#include <string>


struct ssl_st;
struct ssl_ctx_st;


namespace Conformance {


class TlsContext
	/// For servers with a certificate; for clients, which do not check the server's.
{
public:
	TlsContext();
		/// For clients.

	TlsContext(const std::string& certificateFile, const std::string& keyFile);
		/// For servers.

	~TlsContext();

	ssl_ctx_st* get() const;
	bool isServer() const;

private:
	TlsContext(const TlsContext&) = delete;
	TlsContext& operator = (const TlsContext&) = delete;

	ssl_ctx_st* _pContext;
	bool _server;
};


class Listener
	/// Listens on a port of 127.0.0.1; 0 takes a free one.
{
public:
	explicit Listener(std::uint16_t port);
	~Listener();

	std::uint16_t port() const;

	int accept(std::chrono::milliseconds patience) const;
		/// Returns a connection. Throws Failed if there is none in time.

private:
	Listener(const Listener&) = delete;
	Listener& operator = (const Listener&) = delete;

	int _fd;
};


int connectTo(const std::string& host, std::uint16_t port);
	/// Returns a connection.


class Channel
{
public:
	Channel(int fd, const TlsContext* pContext, std::chrono::milliseconds patience);
		/// Takes a connection over, and does the TLS handshake if there is a context. Each of the calls
		/// throws Failed if nothing happens for the time of patience.

	~Channel();

	bool send(const char* pData, std::size_t length);
		/// Sends, and takes in what comes meanwhile. Returns false if the other side does not accept it any more.

	bool receive();
		/// Waits for something. Returns false at the end of the stream.

	void pause(std::chrono::milliseconds duration);
		/// Takes in what comes within that time, or until something has come.

	std::string take();
		/// Returns what has come.

	void shutdownSend();
		/// Sends nothing any more.

	bool ended() const;
		/// Returns whether the other side has ended the stream.

	bool wasReset() const;
		/// Returns whether it did so without having read all that was sent.

private:
	Channel(const Channel&) = delete;
	Channel& operator = (const Channel&) = delete;

	enum Want { NOTHING, READ, WRITE };

	void handshake();
	long write(const char* pData, std::size_t length, Want& want);
	bool fill(Want& want);
	bool poll(bool write, std::chrono::milliseconds timeout) const;
	void end(bool reset);

	int _fd;
	ssl_st* _pSSL;
	std::chrono::milliseconds _patience;
	std::string _received;
	bool _ended;
	bool _reset;
	bool _broken;
};


} // namespace Conformance


#endif // Channel_INCLUDED
