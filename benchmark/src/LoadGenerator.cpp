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


#include "LoadMessages.h"
#include "LoadOptions.h"
#include "LoadReplies.h"
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
#include <set>
#include <vector>


namespace
{
	const std::size_t CHUNK = 256*1024; // received at once

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

	std::set<std::string> parameters(std::string text)
		/// What stands between the semicolons, without what is the default.
	{
		std::set<std::string> result;
		text += ';';
		std::string parameter;
		for (const char ch: text)
		{
			if (ch != ';')
			{
				if (ch != ' ') parameter += ch;
				continue;
			}
			if (parameter.find("_max_window_bits=15") == std::string::npos) result.insert(parameter);
			parameter.clear();
		}
		return result;
	}

	std::string offer(const LoadOptions& options)
		/// permessage-deflate with what the server is to answer.
	{
		std::string result = "permessage-deflate";
		if (options.clientNoTakeover) result += "; client_no_context_takeover";
		if (options.serverNoTakeover) result += "; server_no_context_takeover";
		if (options.windowBits < 15)
		{
			result += "; client_max_window_bits=" + std::to_string(options.windowBits);
			result += "; server_max_window_bits=" + std::to_string(options.windowBits);
		}
		return result;
	}

	class Connection
		/// A WebSocket connection that sends messages in turns, for ever.
	{
	public:
		Connection(const LoadOptions& options, const Wire& requests, std::unique_ptr<Replies> pReplies):
			_requests(requests),
			_pReplies(std::move(pReplies))
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
			handshake(options);
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
			return _queuedMessages - _completed;
		}

		std::uint64_t received() const
			/// Returns the bytes received.
		{
			return _received;
		}

		void queue(std::uint64_t messages)
		{
			_queuedMessages += messages;
			_queued = _requests.end(_queuedMessages);
		}

		void flush()
			/// Sends what is queued, as far as the socket takes it.
		{
			while (_sent < _queued)
			{
				std::uint64_t length = _queued - _sent;
				const char* pData = _requests.at(_sent, length);
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
			_received += static_cast<std::uint64_t>(n);
			const std::uint64_t messages = _pReplies->take(buffer.data(), static_cast<std::size_t>(n));
			_completed += messages;
			return messages;
		}

		void verify()
			/// To be called after receive() and flush(): the server has something to do meanwhile.
		{
			_pReplies->verify();
		}

		void finish()
			/// The closing handshake.
		{
			setBlocking(true);
			setReceiveTimeout(5);
			const std::string payload = "\x03\xe8"; // 1000
			Wire closeFrame;
			closeFrame.append(0x88, payload, true);
			std::uint64_t length = closeFrame.length();
			const char* pFrame = closeFrame.at(0, length);
			if (send(_socket, pFrame, length, MSG_NOSIGNAL) != static_cast<ssize_t>(length)) failErrno("send Close");
			char answer[16];
			Wire reply;
			reply.append(0x88, payload, false);
			length = reply.length();
			if (recv(_socket, answer, length, MSG_WAITALL) != static_cast<ssize_t>(length)) fail("no Close frame came back");
			if (std::memcmp(answer, reply.at(0, length), length) != 0) fail("another Close frame came back");
		}

	private:
		void handshake(const LoadOptions& options)
			/// With the key of the example in RFC 6455, 1.3, whose answer is known.
		{
			std::string request =
				"GET / HTTP/1.1\r\nHost: " + options.host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
				"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
			if (options.deflate) request += "Sec-WebSocket-Extensions: " + offer(options) + "\r\n";
			request += "\r\n";
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

			const std::string name = "Sec-WebSocket-Extensions: ";
			std::string answer;
			const std::size_t begin = response.find(name);
			if (begin != std::string::npos)
				answer = response.substr(begin + name.size(), response.find("\r\n", begin) - begin - name.size());
			if (parameters(answer) != parameters(options.deflate ? offer(options) : "")) fail("another compression than the one offered: " + answer);
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

		const Wire& _requests;
		const std::unique_ptr<Replies> _pReplies;
		int _socket;
		std::uint64_t _queuedMessages = 0;
		std::uint64_t _completed = 0; // messages
		std::uint64_t _queued = 0;    // bytes
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
			_payloads(payloads(options)),
			_buffer(CHUNK),
			_unsent(options.messages)
		{
			prepare();
			if (options.serverPID != 0 && clock_getcpuclockid(options.serverPID, &_serverClock) != 0)
				fail("--server-pid: no such process");
			for (int i = 0; i < options.connections; ++i)
			{
				std::unique_ptr<Replies> pReplies;
				if (options.deflate) pReplies = std::make_unique<InflatedReplies>(options, _payloads);
				else pReplies = std::make_unique<EqualReplies>(_replies);
				_connections.push_back(std::make_unique<Connection>(options, _requests, std::move(pReplies)));
			}
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
			std::printf(", \"bytes_sent\": %.1f, \"bytes_received\": %.1f}\n",
				static_cast<double>(_requests.end(_payloads.size()))/static_cast<double>(_payloads.size()),
				static_cast<double>(_last.bytes - _first.bytes)/messages);
		}

	private:
		struct Mark
		{
			double time = 0;
			double serverCPU = 0;
			std::uint64_t messages = 0;
			std::uint64_t bytes = 0;
		};

		void prepare()
		{
			const int flags = (_options.binary ? 0x82 : 0x81) | (_options.deflate ? 0x40 : 0);
			for (const std::string& payload: _options.deflate ? deflated(_options, _payloads) : _payloads)
			{
				_requests.append(flags, payload, true);
				_replies.append(flags, payload, false);
			}
			_requests.finish();
			_replies.finish();
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
				connection.verify();
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
			place.bytes = 0;
			for (const auto& pConnection: _connections) place.bytes += pConnection->received();
			if (_options.serverPID != 0) place.serverCPU = clockSeconds(_serverClock);
		}

		const LoadOptions& _options;
		const std::vector<std::string> _payloads;
		Wire _requests;
		Wire _replies; // uncompressed
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
