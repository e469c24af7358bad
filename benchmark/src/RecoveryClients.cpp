//
// RecoveryClients.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  RecoveryClients
//
// Clients of RecoveryBenchmark.cpp that come back all at once, and recover what they have missed.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Message.h"
#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>
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
using Poco::Messaging::MessageFlag;
using Poco::Messaging::MessageFormat;
using Poco::Messaging::Opcode;


namespace
{
	const std::size_t MISSED = 100; // publications of each channel

	[[noreturn]] void fail(const char* pWhat)
	{
		throw std::runtime_error(std::string(pWhat) + ": " + std::strerror(errno));
	}

	double now()
	{
		return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
	}

	class Client
		/// Its position is the beginning of the channel.
	{
	public:
		Client(int port, const std::string& channel, Poco::UInt64 epoch, bool asks):
			_channel(channel),
			_epoch(epoch),
			_asks(asks),
			_socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0))
		{
			if (_socket < 0) fail("socket");
			sockaddr_in address = {};
			address.sin_family = AF_INET;
			address.sin_port = htons(static_cast<std::uint16_t>(port));
			address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			if (::connect(_socket, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0 && errno != EINPROGRESS) fail("connect");
			const int on = 1;
			::setsockopt(_socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		}

		~Client()
		{
			::close(_socket);
		}

		int socket() const
		{
			return _socket;
		}

		void connected() const
		{
			write("GET /messages HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
				"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: poco.messaging.v1\r\n\r\n");
		}

		bool receive(std::vector<char>& buffer)
			/// Reads once. Returns true if all has come.
		{
			const ssize_t n = ::recv(_socket, buffer.data(), buffer.size(), MSG_DONTWAIT);
			if (n < 0 && (errno == EAGAIN || errno == EINTR)) return false;
			if (n <= 0) throw std::runtime_error("the server has ended a connection");
			std::string_view data(buffer.data(), static_cast<std::size_t>(n));
			if (!_rest.empty())
			{
				_rest.append(data);
				data = _rest;
			}
			const std::size_t taken = parse(data);
			const std::string rest(data.substr(taken));
			_rest = rest;
			return _asks ? _answers == 2 : _publications >= MISSED;
		}

		Poco::UInt64 epoch() const
		{
			return _epoch;
		}

		std::size_t publications() const
		{
			return _publications;
		}

	private:
		Client(const Client&) = delete;
		Client& operator = (const Client&) = delete;

		void write(const std::string& data) const
		{
			if (::send(_socket, data.data(), data.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(data.size())) fail("send");
		}

		static std::string frame(const std::string& data)
			/// Masked with 0.
		{
			std::string result(1, static_cast<char>(0x82));
			if (data.size() < 126) result += static_cast<char>(0x80 | data.size());
			else result.append(1, static_cast<char>(0x80 | 126)).append(1, static_cast<char>(data.size() >> 8)).append(1, static_cast<char>(data.size()));
			return result.append(4, '\0').append(data);
		}

		void subscribe() const
		{
			Message message = Message::empty(Opcode::SUBSCRIBE, 2);
			message.channel = _channel;
			if (!_asks)
			{
				message.flags = MessageFlag::SINCE;
				message.epoch = _epoch;
			}
			write(frame(MessageFormat::binary().write(Message::empty(Opcode::CONNECT, 1))) + frame(MessageFormat::binary().write(message)));
		}

		std::size_t parse(std::string_view data)
			/// Returns how much of it was complete.
		{
			std::size_t at = 0;
			if (!_upgraded)
			{
				const std::size_t end = data.find("\r\n\r\n");
				if (end == std::string_view::npos) return 0;
				if (data.substr(0, 12) != "HTTP/1.1 101") throw std::runtime_error("the handshake is refused: " + std::string(data.substr(0, data.find('\r'))));
				_upgraded = true;
				at = end + 4;
				subscribe();
			}
			for (;;)
			{
				const std::string_view rest = data.substr(at);
				if (rest.size() < 2) return at;
				std::size_t size = static_cast<unsigned char>(rest[1]);
				std::size_t header = 2;
				if (size == 126)
				{
					if (rest.size() < 4) return at;
					size = static_cast<std::size_t>(static_cast<unsigned char>(rest[2])) << 8 | static_cast<unsigned char>(rest[3]);
					header = 4;
				}
				if (rest.size() < header + size) return at;
				message(rest.substr(header, size));
				at += header + size;
			}
		}

		void message(std::string_view bytes)
		{
			if (_answers == 2)
			{
				++_publications; // the 100th is looked at by its number only: that all of them come in order is tested elsewhere
				return;
			}
			Message received;
			std::deque<std::string> kept;
			if (!MessageFormat::binary().parse(bytes, received, kept)) throw std::runtime_error("not a message");
			if (received.opcode != (_answers == 0 ? Opcode::CONNECTED : Opcode::SUBSCRIBED)) throw std::runtime_error("another message than the answer, opcode " + std::to_string(received.opcode));
			if (++_answers < 2) return;
			if (!_asks && (received.flags & MessageFlag::RECOVERED) == 0) throw std::runtime_error("a client has not recovered");
			_epoch = received.epoch;
		}

		const std::string _channel;
		Poco::UInt64 _epoch;
		const bool _asks; // for the epoch
		const int _socket;
		bool _upgraded = false;
		int _answers = 0;
		std::size_t _publications = 0;
		std::string _rest;
	};

	class Crowd
	{
	public:
		Crowd(int port, int channels):
			_port(port),
			_queue(::epoll_create1(EPOLL_CLOEXEC)),
			_buffer(256*1024)
		{
			std::deque<Client> clients;
			for (int i = 0; i < channels; ++i) clients.emplace_back(port, name(i), 0, true);
			run(clients, clients.size());
			for (const Client& client: clients) _epochs.push_back(client.epoch());
		}

		~Crowd()
		{
			::close(_queue);
		}

		void recover(int connections, int atOnce)
			/// Prints how long it has taken, in seconds.
		{
			std::deque<Client> clients;
			const double begin = now();
			while (clients.size() < static_cast<std::size_t>(connections))
			{
				const std::size_t i = clients.size() % _epochs.size();
				clients.emplace_back(_port, name(static_cast<int>(i)), _epochs[i], false);
				watch(clients.back());
				while (clients.size() - _upgrades >= static_cast<std::size_t>(atOnce)) turn();
			}
			while (_done < clients.size()) turn();
			std::size_t count = 0;
			for (const Client& client: clients) count += client.publications();
			std::cout << "{\"seconds\": " << now() - begin << ", \"publications\": " << count << '}' << std::endl;
		}

	private:
		static std::string name(int number)
		{
			return "c" + std::to_string(number);
		}

		void run(std::deque<Client>& clients, std::size_t count)
		{
			for (Client& client: clients) watch(client);
			while (_done < count) turn();
			_done = _upgrades = 0;
		}

		void watch(Client& client) const
		{
			epoll_event event = {};
			event.events = EPOLLOUT;
			event.data.ptr = &client;
			if (::epoll_ctl(_queue, EPOLL_CTL_ADD, client.socket(), &event) != 0) fail("epoll_ctl");
		}

		void turn()
		{
			epoll_event events[256];
			const int n = ::epoll_wait(_queue, events, 256, 30000);
			if (n == 0) throw std::runtime_error("nothing has come for 30 s");
			for (int i = 0; i < n; ++i)
			{
				Client& client = *static_cast<Client*>(events[i].data.ptr);
				if ((events[i].events & EPOLLOUT) != 0)
				{
					client.connected();
					++_upgrades;
					events[i].events = EPOLLIN;
					::epoll_ctl(_queue, EPOLL_CTL_MOD, client.socket(), &events[i]);
				}
				else if (client.receive(_buffer))
				{
					++_done;
					::epoll_ctl(_queue, EPOLL_CTL_DEL, client.socket(), nullptr);
				}
			}
		}

		const int _port;
		const int _queue;
		std::vector<char> _buffer;
		std::vector<Poco::UInt64> _epochs;
		std::size_t _upgrades = 0;
		std::size_t _done = 0;
	};
}


int main(int argc, char** argv)
	/// PORT CONNECTIONS CHANNELS. Says "ready"; with a line of input all come at once, and stay until the end of the input.
{
	try
	{
		const int port = argc == 4 ? std::atoi(argv[1]) : 0;
		const int connections = argc == 4 ? std::atoi(argv[2]) : 0;
		const int channels = argc == 4 ? std::atoi(argv[3]) : 0;
		if (port < 1 || connections < 1 || channels < 1) throw std::invalid_argument("PORT CONNECTIONS CHANNELS");
		rlimit limit = {};
		::getrlimit(RLIMIT_NOFILE, &limit);
		limit.rlim_cur = limit.rlim_max;
		::setrlimit(RLIMIT_NOFILE, &limit);
		Crowd crowd(port, channels);
		std::cout << "ready" << std::endl;
		std::string line;
		if (!std::getline(std::cin, line)) return 0;
		crowd.recover(connections, 2048); // not more than the system lets wait for accept(): others would come after a second
		return 0;
	}
	catch (const std::invalid_argument& error)
	{
		std::cerr << "BenchmarkRecoveryClients: " << error.what() << std::endl;
		return 64;
	}
	catch (const std::exception& error)
	{
		std::cerr << "BenchmarkRecoveryClients: " << error.what() << std::endl;
		return 1;
	}
}
