//
// MinimalBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  MinimalBenchmark
//
// The limit: an echo server that does only what the kernel and the frames demand. It trusts its
// peers: nothing is checked, no fragments, no PING, no time-outs. Not an example for anything.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "MinimalHandshake.h"
#include "SharedTLS.h"
#include "core/Mask.h"
#include <malloc.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <utility>
#include <vector>


namespace
{
	const int BACKLOG = 4096;
	const std::size_t INPUT_SIZE  = SharedTLS::SPACE; // for reading, of all connections
	const std::size_t READ_SIZE   = 256*1024; // what is read of a long message at once: it is unmasked while it is in the cache
	const std::size_t MAX_HEADER  = 14;
	const std::size_t KEY_LENGTH  = 4;
	const std::size_t SEND_SIZE   = 256*1024; // what is encrypted and sent at once
	const int MAX_EVENTS = 256;

	struct Connection
	{
		int fd = -1;
		bool upgraded = false;
		bool closing = false;       // the Close frame has come
		std::uint8_t restLength = 0;
		char rest[MAX_HEADER];      // of what was read: the beginning of a header
		std::uint32_t key = 0;      // of the frame in progress, as it goes on
		char* pFrame = nullptr;     // the answer to it
		std::size_t length = 0;     // of pFrame, in all
		std::size_t received = 0;   // of them
		char* pOutput = nullptr;    // what could not be sent at once
		std::size_t unsent = 0;
		std::size_t sent = 0;
		std::size_t index = 0;      // in the list of all
		SSL* pSSL = nullptr;
		char* pRecords = nullptr;   // of TLS: what was encrypted and could not be sent
		std::size_t recordsLength = 0;

		bool blocked() const
		{
			return unsent > 0 || pRecords;
		}
	};

	[[noreturn]] void fail(const char* what)
	{
		std::perror(what);
		std::exit(1);
	}

	inline std::uint32_t turn(std::uint32_t key, std::size_t bytes)
	{
		const unsigned bits = 8*(bytes & 3);
		return key >> bits | key << ((32 - bits) & 31);
	}

	inline void unmask(char* pTarget, const char* pSource, std::size_t length, std::uint32_t key)
		/// The target may begin before the source. Unlike for long ones, a call costs more than the work for short messages.
	{
		typedef std::uint64_t Pair __attribute__((vector_size(16)));
		const std::uint64_t keys = static_cast<std::uint64_t>(key) << 32 | key;
		if (length < 16 || length > 128)
		{
			unsigned char bytes[KEY_LENGTH];
			std::memcpy(bytes, &key, KEY_LENGTH);
			Poco::Net::WebSocketMask(bytes).apply(pTarget, pSource, length);
			return;
		}
		const std::size_t end = length - sizeof(Pair);
		Pair last;
		std::memcpy(&last, pSource + end, sizeof(last));
		const std::uint64_t lastKey = static_cast<std::uint64_t>(turn(key, end)) << 32 | turn(key, end);
		last ^= Pair{lastKey, lastKey};
		for (std::size_t i = 0; i < end; i += sizeof(Pair))
		{
			Pair pair;
			std::memcpy(&pair, pSource + i, sizeof(pair));
			pair ^= Pair{keys, keys};
			std::memcpy(pTarget + i, &pair, sizeof(pair));
		}
		std::memcpy(pTarget + end, &last, sizeof(last));
	}

	inline std::size_t buildHeader(char* pTarget, int flags, std::size_t length)
	{
		pTarget[0] = static_cast<char>(flags);
		if (length < 126)
		{
			pTarget[1] = static_cast<char>(length);
			return 2;
		}
		if (length < 65536)
		{
			pTarget[1] = 126;
			const std::uint16_t bytes = __builtin_bswap16(static_cast<std::uint16_t>(length));
			std::memcpy(pTarget + 2, &bytes, sizeof(bytes));
			return 4;
		}
		pTarget[1] = 127;
		const std::uint64_t bytes = __builtin_bswap64(length);
		std::memcpy(pTarget + 2, &bytes, sizeof(bytes));
		return 10;
	}


	class Server
	{
	public:
		Server(bool broadcast, bool tls):
			_broadcast(broadcast),
			_pTLS(tls ? std::make_unique<SharedTLS>(SharedTLS::SERVER, false) : nullptr),
			_epoll(epoll_create1(EPOLL_CLOEXEC)),
			_listener(socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)),
			_input(MAX_HEADER + INPUT_SIZE)
		{
			sockaddr_in address = {};
			address.sin_family = AF_INET;
			address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			socklen_t length = sizeof(address);
			const int on = 1;
			setsockopt(_listener, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)); // the connections inherit it
			if (_epoll < 0 || _listener < 0 || bind(_listener, reinterpret_cast<sockaddr*>(&address), length) != 0
				|| listen(_listener, BACKLOG) != 0 || getsockname(_listener, reinterpret_cast<sockaddr*>(&address), &length) != 0) fail("listen");
			control(EPOLL_CTL_ADD, _listener, EPOLLIN, nullptr);
			std::printf("%d %d\n", ntohs(address.sin_port), getpid());
			std::fflush(stdout);
		}

		[[noreturn]] void run()
		{
			for (;;)
			{
				epoll_event events[MAX_EVENTS];
				const int n = epoll_wait(_epoll, events, MAX_EVENTS, -1);
				if (n < 0 && errno != EINTR) fail("epoll_wait");
				for (int i = 0; i < n; ++i)
				{
					Connection* const pConnection = static_cast<Connection*>(events[i].data.ptr);
					if (!pConnection) accept();
					else if (pConnection->blocked()) sendRest(*pConnection);
					else if (pConnection->pFrame) readFrame(*pConnection);
					else read(*pConnection);
				}
				if (!_message.empty()) sendAll();
			}
		}

	private:
		void control(int operation, int fd, std::uint32_t events, Connection* pConnection)
		{
			epoll_event event = {};
			event.events = events;
			event.data.ptr = pConnection;
			if (epoll_ctl(_epoll, operation, fd, &event) != 0) fail("epoll_ctl");
		}

		void accept()
		{
			for (;;)
			{
				const int fd = accept4(_listener, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
				if (fd < 0) return;
				Connection* const pConnection = new Connection;
				pConnection->fd = fd;
				if (_pTLS) pConnection->pSSL = _pTLS->create();
				control(EPOLL_CTL_ADD, fd, EPOLLIN, pConnection);
			}
		}

		void close(Connection& connection)
			/// An event for it cannot be in the same batch: each descriptor is there once.
		{
			::close(connection.fd);
			if (_broadcast && connection.upgraded)
			{
				_connections[connection.index] = _connections.back();
				_connections[connection.index]->index = connection.index;
				_connections.pop_back();
			}
			std::free(connection.pFrame);
			std::free(connection.pOutput);
			std::free(connection.pRecords);
			SSL_free(connection.pSSL);
			delete &connection;
		}

		ssize_t receive(Connection& connection, const iovec* pPieces, int count)
			/// As readv().
		{
			if (!connection.pSSL) return count == 1 ? recv(connection.fd, pPieces->iov_base, pPieces->iov_len, 0) : readv(connection.fd, pPieces, count);
			const ssize_t n = _pTLS->receive(connection.fd);
			if (n <= 0) return n;
			std::size_t result = 0;
			for (int i = 0; i < count; ++i) result += _pTLS->read(connection.pSSL, static_cast<char*>(pPieces[i].iov_base), pPieces[i].iov_len);
			if (result > 0 || _pTLS->ended()) return static_cast<ssize_t>(result);
			if (_pTLS->outputLength > 0) flush(connection); // of the handshake
			errno = EAGAIN;
			return -1;
		}

		ssize_t send(Connection& connection, const iovec* pPieces, int count)
			/// As writev(). Of TLS what is returned has been encrypted, and may wait in pRecords.
		{
			if (!connection.pSSL) return count == 1 ? ::send(connection.fd, pPieces->iov_base, pPieces->iov_len, MSG_NOSIGNAL) : writev(connection.fd, pPieces, count);
			std::size_t result = 0;
			for (int i = 0; i < count; ++i)
			{
				for (std::size_t done = 0; done < pPieces[i].iov_len; )
				{
					const std::size_t length = std::min(pPieces[i].iov_len - done, SEND_SIZE);
					_pTLS->write(connection.pSSL, static_cast<const char*>(pPieces[i].iov_base) + done, length);
					done += length;
					result += length;
					const bool last = i == count - 1 && done == pPieces[i].iov_len;
					if (!last && _pTLS->outputLength < SEND_SIZE) continue;
					if (last && connection.closing) SSL_shutdown(connection.pSSL);
					if (!flush(connection)) return -1;
					if (connection.pRecords) return static_cast<ssize_t>(result);
				}
			}
			return static_cast<ssize_t>(result);
		}

		bool flush(Connection& connection)
			/// Sends the records, and keeps what the socket does not take. Returns false if the connection is broken.
		{
			const char* const pOutput = _pTLS->output.data();
			const std::size_t length = std::exchange(_pTLS->outputLength, 0);
			ssize_t n = ::send(connection.fd, pOutput, length, MSG_NOSIGNAL);
			if (n < 0 && errno == EAGAIN) n = 0;
			if (n < 0) return false;
			const std::size_t sent = static_cast<std::size_t>(n);
			if (sent == length) return true;
			connection.recordsLength = length - sent;
			connection.pRecords = static_cast<char*>(std::malloc(connection.recordsLength));
			std::memcpy(connection.pRecords, pOutput + sent, connection.recordsLength);
			control(EPOLL_CTL_MOD, connection.fd, EPOLLOUT, &connection);
			return true;
		}

		bool sendRecords(Connection& connection)
			/// Returns true if the socket has taken all of them.
		{
			const ssize_t n = ::send(connection.fd, connection.pRecords, connection.recordsLength, MSG_NOSIGNAL);
			if (n < 0)
			{
				if (errno != EAGAIN) close(connection);
				return false;
			}
			connection.recordsLength -= static_cast<std::size_t>(n);
			std::memmove(connection.pRecords, connection.pRecords + n, connection.recordsLength);
			if (connection.recordsLength > 0) return false;
			std::free(connection.pRecords);
			connection.pRecords = nullptr;
			return true;
		}

		void read(Connection& connection)
		{
			char* const pInput = _input.data() + MAX_HEADER;
			const iovec piece = {pInput, INPUT_SIZE};
			const ssize_t n = receive(connection, &piece, 1);
			if (n <= 0)
			{
				if (n == 0 || errno != EAGAIN) close(connection);
				return;
			}
			if (!connection.upgraded)
			{
				upgrade(connection, pInput, static_cast<std::size_t>(n));
				return;
			}
			char* const pBegin = pInput - connection.restLength;
			std::memcpy(pBegin, connection.rest, connection.restLength);
			connection.restLength = 0;
			const std::size_t length = process(connection, pBegin, pInput + n);
			if (length > 0) answer(connection, pBegin, length);
			else if (connection.closing) close(connection);
		}

		void readFrame(Connection& connection)
			/// Reads the frame in progress into its place, and what comes behind it as usual.
		{
			char* const pInput = _input.data() + MAX_HEADER;
			char* const pRest = connection.pFrame + connection.received;
			const std::size_t rest = connection.length - connection.received;
			const std::size_t limit = connection.pSSL ? SharedTLS::SPACE : READ_SIZE;
			const iovec pieces[2] = {{pRest, std::min(rest, limit)}, {pInput, INPUT_SIZE}};
			const ssize_t n = receive(connection, pieces, rest <= limit ? 2 : 1);
			if (n <= 0)
			{
				if (n == 0 || errno != EAGAIN) close(connection);
				return;
			}
			const std::size_t length = std::min(static_cast<std::size_t>(n), rest);
			unmask(pRest, pRest, length, connection.key);
			connection.key = turn(connection.key, length);
			connection.received += length;
			if (connection.received < connection.length) return;

			char* const pFrame = connection.pFrame;
			connection.pFrame = nullptr;
			const std::size_t frameLength = connection.length;
			const std::size_t answers = process(connection, pInput, pInput + (static_cast<std::size_t>(n) - length));
			if (_broadcast)
			{
				_message.insert(_message.end(), pFrame, pFrame + frameLength);
				_message.insert(_message.end(), pInput, pInput + answers);
				std::free(pFrame);
				return;
			}
			const iovec output[2] = {{pFrame, frameLength}, {pInput, answers}};
			ssize_t sent = send(connection, output, answers == 0 ? 1 : 2);
			if (sent < 0)
			{
				if (errno != EAGAIN)
				{
					std::free(pFrame);
					close(connection);
					return;
				}
				sent = 0;
			}
			if (static_cast<std::size_t>(sent) >= frameLength)
			{
				std::free(pFrame);
				keep(connection, pInput, answers, static_cast<std::size_t>(sent) - frameLength);
			}
			else if (answers == 0) // sent from where it is
			{
				connection.pOutput = pFrame;
				connection.sent = static_cast<std::size_t>(sent);
				connection.unsent = frameLength - connection.sent;
				control(EPOLL_CTL_MOD, connection.fd, EPOLLOUT, &connection);
			}
			else
			{
				char* const pAll = static_cast<char*>(std::realloc(pFrame, frameLength + answers));
				std::memcpy(pAll + frameLength, pInput, answers);
				connection.pOutput = pAll;
				connection.sent = static_cast<std::size_t>(sent);
				connection.unsent = frameLength + answers - connection.sent;
				control(EPOLL_CTL_MOD, connection.fd, EPOLLOUT, &connection);
			}
			if (connection.closing && !connection.blocked()) close(connection);
		}

		void upgrade(Connection& connection, const char* pData, std::size_t length)
			/// The request comes in one piece.
		{
			char response[256];
			const std::size_t responseLength = minimalHandshake(pData, length, response);
			if (responseLength == 0)
			{
				close(connection);
				return;
			}
			connection.upgraded = true;
			if (_broadcast)
			{
				connection.index = _connections.size();
				_connections.push_back(&connection);
			}
			answer(connection, response, responseLength);
		}

		std::size_t process(Connection& connection, char* pData, char* const pEnd)
			/// Puts the answers to the frames at pData there, one behind the other; returns their length.
		{
			char* pTarget = pData; // never behind pData: an answer has no key
			char* const pBegin = pData;
			for (;;)
			{
				const std::size_t there = static_cast<std::size_t>(pEnd - pData);
				if (there == 0) break;
				std::size_t header = 2 + KEY_LENGTH;
				std::size_t length = there >= 2 ? pData[1] & 0x7f : 0;
				if (length >= 126) header += length == 126 ? 2 : 8;
				if (there < header)
				{
					std::memcpy(connection.rest, pData, there);
					connection.restLength = static_cast<std::uint8_t>(there);
					break;
				}
				if (header == 8)
				{
					std::uint16_t bytes;
					std::memcpy(&bytes, pData + 2, sizeof(bytes));
					length = __builtin_bswap16(bytes);
				}
				else if (header == 14)
				{
					std::uint64_t bytes;
					std::memcpy(&bytes, pData + 2, sizeof(bytes));
					length = __builtin_bswap64(bytes);
				}
				const int flags = static_cast<unsigned char>(*pData);
				std::uint32_t key;
				std::memcpy(&key, pData + header - KEY_LENGTH, KEY_LENGTH);
				pData += header;
				if ((flags & 0x0f) == 8) connection.closing = true; // the answer is the same frame
				const std::size_t payload = static_cast<std::size_t>(pEnd - pData);
				if (length > payload)
				{
					connection.pFrame = static_cast<char*>(std::malloc(header - KEY_LENGTH + length));
					if (!connection.pFrame) fail("malloc");
					const std::size_t n = buildHeader(connection.pFrame, flags, length);
					unmask(connection.pFrame + n, pData, payload, key);
					connection.key = turn(key, payload);
					connection.length = n + length;
					connection.received = n + payload;
					break;
				}
				pTarget += buildHeader(pTarget, flags, length);
				unmask(pTarget, pData, length, key);
				pTarget += length;
				pData += length;
			}
			return static_cast<std::size_t>(pTarget - pBegin);
		}

		void answer(Connection& connection, const char* pData, std::size_t length)
		{
			if (_broadcast && !connection.closing && pData >= _input.data() && pData < _input.data() + _input.size())
			{
				_message.insert(_message.end(), pData, pData + length);
				return;
			}
			const iovec output = {const_cast<char*>(pData), length};
			ssize_t n = send(connection, &output, 1);
			if (n < 0 && errno == EAGAIN) n = 0;
			if (n < 0)
			{
				close(connection);
				return;
			}
			keep(connection, pData, length, static_cast<std::size_t>(n));
			if (connection.closing && !connection.blocked()) close(connection);
		}

		void keep(Connection& connection, const char* pData, std::size_t length, std::size_t sent)
			/// Keeps what has not been sent.
		{
			if (sent == length) return;
			const std::size_t rest = length - sent;
			connection.pOutput = static_cast<char*>(std::malloc(rest));
			std::memcpy(connection.pOutput, pData + sent, rest);
			connection.sent = 0;
			connection.unsent = rest;
			control(EPOLL_CTL_MOD, connection.fd, EPOLLOUT, &connection); // and no reading until then
		}

		void sendRest(Connection& connection)
		{
			if (connection.pRecords && !sendRecords(connection)) return;
			const iovec output = {connection.pOutput + connection.sent, connection.unsent};
			const ssize_t n = connection.unsent > 0 ? send(connection, &output, 1) : 0;
			if (n < 0)
			{
				if (errno != EAGAIN) close(connection);
				return;
			}
			connection.sent += static_cast<std::size_t>(n);
			connection.unsent -= static_cast<std::size_t>(n);
			if (connection.blocked()) return;
			std::free(connection.pOutput);
			connection.pOutput = nullptr;
			if (connection.closing) close(connection);
			else control(EPOLL_CTL_MOD, connection.fd, EPOLLIN, &connection);
		}

		void sendAll()
			/// Sends what has come in this turn to all.
		{
			for (Connection* pConnection: _connections)
			{
				Connection& connection = *pConnection;
				if (connection.unsent > 0)
				{
					char* const pOutput = static_cast<char*>(std::malloc(connection.unsent + _message.size()));
					std::memcpy(pOutput, connection.pOutput + connection.sent, connection.unsent);
					std::memcpy(pOutput + connection.unsent, _message.data(), _message.size());
					std::free(connection.pOutput);
					connection.pOutput = pOutput;
					connection.unsent += _message.size();
					connection.sent = 0;
					continue;
				}
				const ssize_t n = ::send(connection.fd, _message.data(), _message.size(), MSG_NOSIGNAL);
				if (n >= 0) keep(connection, _message.data(), _message.size(), static_cast<std::size_t>(n));
				else if (errno == EAGAIN) keep(connection, _message.data(), _message.size(), 0);
			}
			_message.clear();
		}

		const bool _broadcast;
		const std::unique_ptr<SharedTLS> _pTLS;
		const int _epoll;
		const int _listener;
		std::vector<char> _input;
		std::vector<char> _message;            // of a broadcast: the frames of this turn
		std::vector<Connection*> _connections; // of a broadcast
	};
}


int main(int argc, char** argv)
	/// Listens on a free port of the loopback interface, prints the port and its process id, and ends with SIGTERM.
{
	const bool broadcast = argc == 2 && std::strcmp(argv[1], "--broadcast") == 0;
	const bool tls = argc == 2 && std::strcmp(argv[1], "--tls") == 0;
	if (argc > 1 && !broadcast && !tls)
	{
		std::fprintf(stderr, "usage: BenchmarkEchoMinimal [--broadcast | --tls]\n");
		return 64;
	}
	mallopt(M_MMAP_THRESHOLD, 1 << 30); // long messages go where others were, without new pages
	mallopt(M_TRIM_THRESHOLD, 1 << 30);
	std::signal(SIGTERM, [](int) { _exit(0); });
	std::signal(SIGPIPE, SIG_IGN);
	Server(broadcast, tls).run();
}
