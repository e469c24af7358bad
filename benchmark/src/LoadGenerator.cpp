//
// LoadGenerator.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadGenerator
//
// A WebSocket client that costs the same whatever server it talks to: POSIX sockets only.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadOptions.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>


namespace
{
	const char MASK_KEY[4] = {0x37, 0x5a, 0x21, 0x3d};
	const std::size_t CHUNK = 256*1024;
	const std::size_t LONG_FRAME = 4096; // up to here, every message is compared with what was sent
	const std::uint64_t SAMPLE = 16;     // of the longer ones, one in so many

	[[noreturn]] void fail(const std::string& what)
	{
		throw std::runtime_error(what);
	}

	[[noreturn]] void failErrno(const std::string& what)
	{
		fail(what + ": " + std::strerror(errno));
	}

	double clockSeconds(clockid_t clock)
	{
		timespec time;
		if (clock_gettime(clock, &time) != 0) failErrno("clock_gettime");
		return static_cast<double>(time.tv_sec) + 1e-9*static_cast<double>(time.tv_nsec);
	}

	double now()
	{
		return clockSeconds(CLOCK_MONOTONIC);
	}

	class Wire
		/// An endless sequence of equal frames, as it stands on the wire.
	{
	public:
		Wire(char flags, const std::string& payload, bool masked)
		{
			std::string frame(1, flags);
			const int maskBit = masked ? 0x80 : 0;
			const std::uint64_t length = payload.size();
			const int lengthBytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
			frame += static_cast<char>(maskBit | (lengthBytes == 0 ? static_cast<int>(length) : lengthBytes == 2 ? 126 : 127));
			for (int i = lengthBytes; i-- > 0; ) frame += static_cast<char>(length >> 8*i);
			if (masked) frame.append(MASK_KEY, sizeof(MASK_KEY));
			for (std::size_t i = 0; i < payload.size(); ++i)
				frame += static_cast<char>(masked ? payload[i] ^ MASK_KEY[i % 4] : payload[i]);
			_frameLength = frame.size();
			do _bytes += frame; while (_bytes.size() + _frameLength <= CHUNK);
		}

		std::size_t frameLength() const
		{
			return _frameLength;
		}

		const char* at(std::uint64_t position, std::uint64_t& length) const
			/// Returns the bytes at the position; reduces length to how many there are.
		{
			const std::uint64_t offset = position % _bytes.size();
			length = std::min<std::uint64_t>(length, _bytes.size() - offset);
			return _bytes.data() + offset;
		}

	private:
		std::string _bytes;
		std::size_t _frameLength;
	};

	class Connection
		/// A WebSocket connection that sends the same message again and again.
	{
	public:
		Connection(const LoadOptions& options, const Wire& request, const Wire& reply):
			_request(request),
			_reply(reply)
		{
			_socket = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
			if (_socket < 0) failErrno("socket");
			sockaddr_in address = {};
			address.sin_family = AF_INET;
			address.sin_port = htons(static_cast<std::uint16_t>(options.port));
			if (inet_pton(AF_INET, options.host.c_str(), &address.sin_addr) != 1) fail("--host: not an IPv4 address: " + options.host);
			setReceiveTimeout(options.timeout);
			const int on = 1;
			setsockopt(_socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			if (connect(_socket, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) failErrno("connect");
			handshake(options.host);
			setBlocking(false);
		}

		~Connection()
		{
			close(_socket);
		}

		Connection(const Connection&) = delete;
		Connection& operator = (const Connection&) = delete;

		int descriptor() const
		{
			return _socket;
		}

		std::uint64_t inFlight() const
		{
			return _queued/_request.frameLength() - _received/_reply.frameLength();
		}

		void queue(std::uint64_t messages)
		{
			_queued += messages*_request.frameLength();
		}

		void flush()
			/// Sends what is queued, as far as the socket takes it.
		{
			while (_sent < _queued)
			{
				std::uint64_t length = _queued - _sent;
				const char* pData = _request.at(_sent, length);
				const ssize_t n = send(_socket, pData, length, MSG_NOSIGNAL);
				if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
				if (n < 0) failErrno("send");
				_sent += static_cast<std::uint64_t>(n);
			}
		}

		std::uint64_t receive(std::vector<char>& buffer, bool& more)
			/// Reads once; returns how many messages were completed, and in more
			/// whether there may be more to read.
		{
			const ssize_t n = recv(_socket, buffer.data(), buffer.size(), 0);
			more = n == static_cast<ssize_t>(buffer.size());
			if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
			if (n < 0) failErrno("recv");
			if (n == 0) fail("the server has closed the connection");
			const std::uint64_t before = _received/_reply.frameLength();
			check(buffer.data(), static_cast<std::uint64_t>(n));
			return _received/_reply.frameLength() - before;
		}

		void finish()
			/// The closing handshake.
		{
			setBlocking(true);
			setReceiveTimeout(5);
			const std::string payload = "\x03\xe8"; // 1000
			const Wire closeFrame('\x88', payload, true);
			const Wire reply('\x88', payload, false);
			std::uint64_t length = closeFrame.frameLength();
			const char* pFrame = closeFrame.at(0, length);
			if (send(_socket, pFrame, length, MSG_NOSIGNAL) != static_cast<ssize_t>(length)) failErrno("send Close");
			char answer[16];
			length = reply.frameLength();
			if (recv(_socket, answer, length, MSG_WAITALL) != static_cast<ssize_t>(length)) fail("no Close frame came back");
			if (std::memcmp(answer, reply.at(0, length), length) != 0) fail("another Close frame came back");
		}

	private:
		void handshake(const std::string& host)
			/// With the key of the example in RFC 6455, 1.3, whose answer is known.
		{
			const std::string request =
				"GET / HTTP/1.1\r\nHost: " + host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n";
			if (send(_socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) failErrno("send");
			std::string response;
			while (response.size() < 4 || response.compare(response.size() - 4, 4, "\r\n\r\n") != 0)
			{
				char ch = 0;
				if (recv(_socket, &ch, 1, 0) != 1) fail("no whole HTTP response: " + response);
				response += ch;
			}
			if (response.compare(0, 12, "HTTP/1.1 101") != 0 || response.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == std::string::npos)
				fail("no WebSocket handshake: " + response);
		}

		void check(const char* pData, std::uint64_t n)
			/// Compares what has come with what must come: the header (and with it the
			/// length) always, the rest of long frames one time in SAMPLE.
		{
			while (n > 0)
			{
				std::uint64_t length = n;
				const char* pExpected = _reply.at(_received, length);
				bool compare = true;
				if (_reply.frameLength() > LONG_FRAME)
				{
					const std::uint64_t offset = _received % _reply.frameLength();
					length = std::min(length, _reply.frameLength() - offset);
					compare = offset < 10 || _received/_reply.frameLength() % SAMPLE == 0;
				}
				if (compare && std::memcmp(pData, pExpected, length) != 0) fail("not an echo of what was sent");
				_received += length;
				pData += length;
				n -= length;
			}
		}

		void setBlocking(bool flag)
		{
			const int flags = fcntl(_socket, F_GETFL);
			if (fcntl(_socket, F_SETFL, flag ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != 0) failErrno("fcntl");
		}

		void setReceiveTimeout(double seconds)
		{
			timeval time = {};
			time.tv_sec = static_cast<time_t>(seconds) + 1;
			setsockopt(_socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
		}

		const Wire& _request;
		const Wire& _reply;
		int _socket;
		std::uint64_t _queued = 0; // bytes
		std::uint64_t _sent = 0;
		std::uint64_t _received = 0;
	};

	class Generator
		/// Keeps the connections busy, and measures in a window that begins and
		/// ends with the completion of a message.
	{
	public:
		explicit Generator(const LoadOptions& options):
			_options(options),
			_request(flags(), payload(), true),
			_reply(flags(), payload(), false),
			_buffer(CHUNK),
			_unsent(options.messages)
		{
			if (options.serverPID != 0 && clock_getcpuclockid(options.serverPID, &_serverClock) != 0)
				fail("--server-pid: no such process");
			for (int i = 0; i < options.connections; ++i)
				_connections.push_back(std::make_unique<Connection>(options, _request, _reply));
		}

		void run()
		{
			const int queue = _options.poll ? -1 : createQueue();
			_begin = now();
			if (_options.messages > 0) mark(_first);
			for (auto& pConnection: _connections) refill(*pConnection);
			while (_unfinished > 0 || !_stopping)
			{
				if (_options.poll) spin();
				else wait(queue);
				if (now() - _begin > _options.timeout) fail("not finished in time (--timeout)");
			}
			if (_options.messages > 0) mark(_last);
			if (queue >= 0) close(queue);
			for (auto& pConnection: _connections) pConnection->finish();
		}

		void print() const
		{
			const double seconds = _last.time - _first.time;
			const auto messages = static_cast<double>(_last.messages - _first.messages);
			std::printf("{\"connections\": %d, \"in_flight\": %d, \"size\": %zu, \"poll\": %s, \"seconds\": %.6f, \"messages\": %.0f, \"messages_per_second\": %.1f",
				_options.connections, _options.inFlight, _options.size, _options.poll ? "true" : "false",
				seconds, messages, messages/seconds);
			if (_options.serverPID != 0)
				std::printf(", \"server_cpu_us_per_message\": %.4f, \"server_cpu_share\": %.3f", 1e6*(_last.serverCPU - _first.serverCPU)/messages, (_last.serverCPU - _first.serverCPU)/seconds);
			std::printf("}\n");
		}

	private:
		struct Mark
		{
			double time = 0;
			double serverCPU = 0;
			std::uint64_t messages = 0;
		};

		char flags() const
		{
			return static_cast<char>(_options.binary ? 0x82 : 0x81);
		}

		std::string payload() const
		{
			std::string text(_options.size, ' ');
			unsigned value = 1;
			for (char& ch: text)
			{
				value = value*1103515245u + 12345u;
				ch = static_cast<char>(' ' + (value >> 16)%95);
			}
			return text;
		}

		int createQueue()
		{
			const int queue = epoll_create1(EPOLL_CLOEXEC);
			if (queue < 0) failErrno("epoll_create1");
			for (auto& pConnection: _connections)
			{
				epoll_event event = {};
				event.events = EPOLLIN | EPOLLOUT | EPOLLET;
				event.data.ptr = pConnection.get();
				if (epoll_ctl(queue, EPOLL_CTL_ADD, pConnection->descriptor(), &event) != 0) failErrno("epoll_ctl");
			}
			return queue;
		}

		void wait(int queue)
		{
			epoll_event events[64];
			const int n = epoll_wait(queue, events, 64, 100);
			if (n < 0 && errno != EINTR) failErrno("epoll_wait");
			for (int i = 0; i < n; ++i) serve(*static_cast<Connection*>(events[i].data.ptr));
		}

		void spin()
		{
			for (int i = 0; i < 100; ++i)
			{
				for (auto& pConnection: _connections) serve(*pConnection);
			}
		}

		void serve(Connection& connection)
		{
			connection.flush();
			bool more = true;
			while (more)
			{
				const std::uint64_t completed = connection.receive(_buffer, more);
				if (completed == 0) continue;
				_messages += completed;
				_unfinished -= completed;
				if (_options.messages == 0) checkWindow();
				refill(connection);
			}
		}

		void refill(Connection& connection)
		{
			if (_stopping) return;
			std::uint64_t count = static_cast<std::uint64_t>(_options.inFlight) - connection.inFlight();
			if (_options.messages > 0)
			{
				count = std::min(count, _unsent);
				_unsent -= count;
				if (_unsent == 0) _stopping = true;
			}
			_unfinished += count;
			connection.queue(count);
			connection.flush();
		}

		void checkWindow()
		{
			const double elapsed = now() - _begin;
			if (_first.time == 0)
			{
				if (elapsed >= _options.warmup) mark(_first);
			}
			else if (_last.time == 0 && elapsed >= _options.warmup + _options.seconds)
			{
				mark(_last);
				_stopping = true;
			}
		}

		void mark(Mark& place) const
		{
			place.time = now();
			place.messages = _messages;
			if (_options.serverPID != 0) place.serverCPU = clockSeconds(_serverClock);
		}

		const LoadOptions& _options;
		Wire _request;
		Wire _reply;
		std::vector<std::unique_ptr<Connection>> _connections;
		std::vector<char> _buffer;
		clockid_t _serverClock = 0;
		Mark _first;
		Mark _last;
		double _begin = 0;
		std::uint64_t _messages = 0;   // completed
		std::uint64_t _unfinished = 0; // sent, not completed
		std::uint64_t _unsent;         // with a fixed number of messages: still to be sent
		bool _stopping = false;
	};
}


int main(int argc, char** argv)
{
	try
	{
		const LoadOptions options = LoadOptions::parse(argc, argv);
		if (options.help)
		{
			std::fputs(LoadOptions::helpText().c_str(), stdout);
			return 0;
		}
		Generator generator(options);
		generator.run();
		generator.print();
		return 0;
	}
	catch (const UsageError& error)
	{
		std::fprintf(stderr, "BenchmarkLoad: %s\n", error.what());
		return 64;
	}
	catch (const std::exception& error)
	{
		std::fprintf(stderr, "BenchmarkLoad: %s\n", error.what());
		return 1;
	}
}
