//
// NodeClients.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  NodeClients
//
// Clients of a node: connections that are in one channel each, and take the time of what comes. They know the library's messages and Socket.IO's, and
// use POSIX sockets.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Message.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>


using Poco::Messaging::Message;
using Poco::Messaging::MessageFormat;
using Poco::Messaging::Opcode;


namespace
{
	constexpr std::size_t DIGITS = 20;         // of a time in a payload, behind "#"
	constexpr std::size_t BUFFER = 256*1024;
	constexpr unsigned EVERY = 16;             // of so many messages the time of one is kept

	std::int64_t now()
		/// In nanoseconds, as the nodes' clocks.
	{
		return std::chrono::nanoseconds(std::chrono::steady_clock::now().time_since_epoch()).count();
	}

	class Dialect
		/// How a client comes into a channel.
	{
	public:
		explicit Dialect(const std::string& name):
			_pFormat(MessageFormat::find(name)),
			_bare(name == "ws")
		{
			if (!_pFormat && !_bare && name != "socket.io") throw std::invalid_argument("no such dialect: " + name);
		}

		std::string request() const
		{
			const std::string target = _pFormat || _bare ? "/" : "/socket.io/?EIO=4&transport=websocket";
			const std::string protocol = _pFormat ? std::string("Sec-WebSocket-Protocol: ") + _pFormat->subprotocol() + "\r\n" : "";
			return "GET " + target + " HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" + protocol + "\r\n";
		}

		bool text() const
		{
			return !_pFormat || _pFormat->text();
		}

		std::vector<std::string> messages(const std::string& channel) const
			/// Returns what is sent; to each there is an answer.
		{
			if (_bare) return {};
			if (!_pFormat) return {"40", "420[\"join\",\"" + channel + "\"]"};
			Message subscribe = Message::empty(Opcode::SUBSCRIBE, 2);
			subscribe.channel = channel;
			return {_pFormat->write(Message::empty(Opcode::CONNECT, 1)), _pFormat->write(subscribe)};
		}

		bool answer(std::string_view received, std::size_t number) const
			/// Returns whether it is the answer to that message.
		{
			if (!_pFormat) return received.substr(0, 2) == (number == 0 ? "40" : "43");
			Message message;
			std::deque<std::string> kept;
			return _pFormat->parse(received, message, kept) && message.opcode == (number == 0 ? Opcode::CONNECTED : Opcode::SUBSCRIBED);
		}

	private:
		const MessageFormat* const _pFormat;
		const bool _bare; // whoever is connected is in the channel
	};

	class Client
	{
	public:
		Client(const Dialect& dialect, int port, const std::string& channel):
			_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0))
		{
			sockaddr_in address = {};
			address.sin_family = AF_INET;
			address.sin_port = htons(static_cast<std::uint16_t>(port));
			address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			if (::connect(_socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0) fail("connect");
			const int on = 1;
			::setsockopt(_socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
			write(dialect.request());
			std::string head;
			while (head.find("\r\n\r\n") == std::string::npos) head += read(1);
			if (head.compare(0, 12, "HTTP/1.1 101") != 0) throw std::runtime_error("the handshake is refused: " + head.substr(0, head.find('\r')));
			const std::vector<std::string> messages = dialect.messages(channel);
			for (std::size_t i = 0; i < messages.size(); ++i)
			{
				write(frame(messages[i], dialect.text()));
				while (!dialect.answer(message(), i)) {} // Socket.IO says something before
			}
		}

		~Client()
		{
			::close(_socket);
		}

		int socket() const
		{
			return _socket;
		}

		std::size_t receive(std::vector<char>& buffer, std::vector<std::int64_t>& times)
			/// Reads once. Returns how many messages have come.
		{
			std::copy(_kept.begin(), _kept.end(), buffer.begin());
			const ssize_t n = ::recv(_socket, buffer.data() + _kept.size(), buffer.size() - _kept.size(), MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR)) return 0;
			if (n <= 0) throw std::runtime_error("the node has ended a connection");
			const std::string_view all(buffer.data(), _kept.size() + static_cast<std::size_t>(n));
			const std::int64_t time = now();
			std::size_t count = 0;
			std::size_t at = all.find('#');
			for (; at != std::string_view::npos && at + DIGITS < all.size(); at = all.find('#', at + 1))
			{
				const std::string_view digits = all.substr(at + 1, DIGITS);
				if (!std::all_of(digits.begin(), digits.end(), [](char c) { return c >= '0' && c <= '9'; })) continue;
				++count;
				if (++_count % EVERY == 0) times.push_back(time - std::stoll(std::string(digits)));
				at += DIGITS;
			}
			_kept.assign(at == std::string_view::npos ? std::string_view() : all.substr(at));
			return count;
		}

	private:
		Client(const Client&) = delete;
		Client& operator = (const Client&) = delete;

		[[noreturn]] static void fail(const char* pWhat)
		{
			throw std::runtime_error(std::string(pWhat) + ": " + std::strerror(errno));
		}

		static std::string frame(const std::string& data, bool text)
			/// Masked with 0.
		{
			std::string result(1, static_cast<char>(text ? 0x81 : 0x82));
			if (data.size() < 126) result += static_cast<char>(0x80 | data.size());
			else result.append(1, static_cast<char>(0x80 | 126)).append(1, static_cast<char>(data.size() >> 8)).append(1, static_cast<char>(data.size()));
			return result.append(4, '\0').append(data);
		}

		void write(const std::string& data) const
		{
			if (::send(_socket, data.data(), data.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(data.size())) fail("send");
		}

		std::string read(std::size_t size) const
		{
			std::string data(size, '\0');
			if (size > 0 && ::recv(_socket, data.data(), size, MSG_WAITALL) != static_cast<ssize_t>(size)) fail("recv");
			return data;
		}

		std::string message() const
			/// Returns the next one, which is a short frame.
		{
			std::size_t size = static_cast<unsigned char>(read(2)[1]);
			if (size == 126)
			{
				const std::string length = read(2);
				size = static_cast<std::size_t>(static_cast<unsigned char>(length[0])) << 8 | static_cast<unsigned char>(length[1]);
			}
			return read(size);
		}

		const int _socket;
		std::string _kept; // the beginning of what is not there yet
		unsigned _count = 0;
	};

	double microseconds(std::vector<std::int64_t>& times, double part)
	{
		if (times.empty()) return 0;
		const auto place = times.begin() + static_cast<std::ptrdiff_t>(part*static_cast<double>(times.size() - 1));
		std::nth_element(times.begin(), place, times.end());
		return static_cast<double>(*place)/1000;
	}

	void run(const Dialect& dialect, int port, int connections, int channels)
		/// Prints what has come since the last time whenever a line comes, as soon as it is as many messages as the line says; or after 10 s.
	{
		std::deque<Client> clients;
		const int queue = ::epoll_create1(EPOLL_CLOEXEC);
		epoll_event event = {};
		event.events = EPOLLIN;
		::epoll_ctl(queue, EPOLL_CTL_ADD, STDIN_FILENO, &event);
		for (int i = 0; i < connections; ++i)
		{
			clients.emplace_back(dialect, port, "c" + std::to_string(i % channels));
			event.data.ptr = &clients.back();
			::epoll_ctl(queue, EPOLL_CTL_ADD, clients.back().socket(), &event);
		}
		std::cout << "ready" << std::endl;
		std::vector<char> buffer(BUFFER);
		std::vector<std::int64_t> times;
		std::size_t count = 0;
		std::size_t wanted = 0;
		std::int64_t end = 0; // 0: nobody asks
		for (;;)
		{
			epoll_event events[128];
			const int n = ::epoll_wait(queue, events, 128, end != 0 ? 10 : -1);
			for (int i = 0; i < n; ++i)
			{
				if (events[i].data.ptr)
				{
					count += static_cast<Client*>(events[i].data.ptr)->receive(buffer, times);
					continue;
				}
				char line[32] = {};
				if (::read(STDIN_FILENO, line, sizeof(line) - 1) <= 0) return;
				wanted = std::strtoull(line, nullptr, 10);
				end = now() + 10000000000;
			}
			if (end == 0 || (count < wanted && now() < end)) continue;
			std::cout << "{\"messages\": " << count << ", \"p50\": " << microseconds(times, 0.5) << ", \"p99\": " << microseconds(times, 0.99) << '}' << std::endl;
			times.clear();
			count = 0;
			end = 0;
		}
	}
}


int main(int argc, char** argv)
	/// DIALECT PORT CONNECTIONS CHANNELS. DIALECT: a subprotocol of MessageService, socket.io, or ws, where all are in one channel. Says "ready" when all are in their channels.
{
	try
	{
		if (argc != 5) throw std::invalid_argument("DIALECT PORT CONNECTIONS CHANNELS");
		const int channels = std::atoi(argv[4]);
		if (channels < 1) throw std::invalid_argument("CHANNELS: a number greater than 0 is needed");
		run(Dialect(argv[1]), std::atoi(argv[2]), std::atoi(argv[3]), channels);
	}
	catch (const std::invalid_argument& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 64;
	}
	catch (const std::exception& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 1;
	}
	return 0;
}
