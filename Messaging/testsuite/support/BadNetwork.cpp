//
// BadNetwork.cpp
//
// What is between a program and its server, and can go wrong.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "BadNetwork.h"
#include "ServerProcess.h"
#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>


namespace
{
	struct Address
		/// Of 127.0.0.1.
	{
		explicit Address(Poco::UInt16 port)
		{
			sockaddr_in address{};
			address.sin_family = AF_INET;
			address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
			address.sin_port = htons(port);
			std::memcpy(&general, &address, sizeof(address));
		}

		sockaddr general{};
	};

	int listening(Poco::UInt16 port)
	{
		const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
		const int on = 1;
		::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		const Address address(port);
		if (fd < 0 || ::bind(fd, &address.general, sizeof(address.general)) != 0 || ::listen(fd, 128) != 0) throw std::runtime_error("It cannot listen");
		return fd;
	}

	void reset(int fd)
		/// RST, not FIN.
	{
		if (fd < 0) return;
		const linger now{1, 0};
		::setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
		::close(fd);
	}

	void end(int& fd)
	{
		if (fd >= 0) ::close(fd);
		fd = -1;
	}
}


struct BadNetwork::Link
{
	int fds[2] = {-1, -1}; // where the bytes of a direction come from: the client, the server
	std::atomic<bool> silent{false};
	std::atomic<bool> held{false}; // what the server says
	std::atomic<bool> cut{false};  // as soon as the thread sees it

	Link() = default;

	Link(const Link& link):
		fds{link.fds[0], link.fds[1]},
		silent(link.silent.load())
	{
	}

	void reset()
	{
		for (int& fd: fds)
		{
			::reset(fd);
			fd = -1;
		}
	}
};


BadNetwork::BadNetwork(Poco::UInt16 target):
	_port(ServerProcess::freePort()),
	_listener(listening(_port)),
	_target(target),
	_thread([this]() { run(); })
{
}


BadNetwork::~BadNetwork()
{
	_ended = true;
	_thread.join();
	for (Link& link: _links)
	{
		for (int& fd: link.fds) end(fd);
	}
	::close(_listener);
}


void BadNetwork::run()
{
	while (!_ended)
	{
		std::vector<pollfd> polled{{_listener, POLLIN, 0}};
		std::vector<std::pair<Link*, Direction>> ends;
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			for (Link& link: _links)
			{
				if (_cuts || _reset || link.cut) link.reset();
			}
			_reset = false;
			if (_swallows)
			{
				for (Link& link: _links) link.silent = true;
			}
			_links.remove_if([](const Link& link) { return link.fds[UP] < 0 && link.fds[DOWN] < 0; });
		}
		for (Link& link: _links)
		{
			for (const Direction direction: {UP, DOWN})
			{
				if (link.fds[direction] < 0 || (direction == DOWN && link.held)) continue;
				polled.push_back({link.fds[direction], POLLIN, 0});
				ends.emplace_back(&link, direction);
			}
		}
		if (::poll(polled.data(), polled.size(), 5) <= 0) continue;
		if (polled[0].revents != 0) accept();
		for (std::size_t i = 0; i < ends.size(); ++i)
		{
			Link& link = *ends[i].first;
			const Direction direction = ends[i].second;
			if (polled[i + 1].revents == 0 || link.fds[direction] < 0 || pass(link, direction)) continue;
			const std::lock_guard<std::mutex> lock(_mutex);
			end(link.fds[direction]);
			if (!link.silent) end(link.fds[direction == UP ? DOWN : UP]); // otherwise it is not told
		}
	}
}


void BadNetwork::accept()
{
	const int client = ::accept4(_listener, nullptr, nullptr, SOCK_CLOEXEC);
	if (client < 0) return;
	Link link;
	link.fds[UP] = client;
	Poco::UInt16 target = 0;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		++_connections;
		if (_cuts) return link.reset();
		link.silent = _swallows;
		target = _target;
	}
	const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	const Address address(target);
	link.fds[DOWN] = server;
	if (::connect(server, &address.general, sizeof(address.general)) != 0) return link.reset();
	const int on = 1;
	::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	::setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	const std::lock_guard<std::mutex> lock(_mutex);
	_links.push_back(link);
}


bool BadNetwork::pass(Link& link, Direction direction)
	/// Returns false when one of them has ended, or does now.
{
	std::array<char, 65536> bytes;
	const ssize_t received = ::recv(link.fds[direction], bytes.data(), bytes.size(), 0);
	if (received <= 0) return false;
	if (link.silent) return true;
	auto passed = static_cast<std::size_t>(received);
	bool fails = false;
	Fault fault = CUT;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (direction == _direction && _left >= 0)
		{
			fails = received >= _left;
			passed = static_cast<std::size_t>(std::min<Poco::Int64>(received, _left));
			_left = fails ? -1 : _left - received;
			fault = _fault;
		}
		_passed[direction] += static_cast<Poco::Int64>(passed);
	}
	const int to = link.fds[direction == UP ? DOWN : UP];
	for (std::size_t sent = 0; sent < passed;)
	{
		const ssize_t result = ::send(to, bytes.data() + sent, passed - sent, MSG_NOSIGNAL);
		if (result <= 0) return false;
		sent += static_cast<std::size_t>(result);
	}
	if (!fails) return true;
	const std::lock_guard<std::mutex> lock(_mutex);
	_failed = true;
	if (fault == SWALLOW)
	{
		link.silent = true;
		return true;
	}
	return false; // what was sent arrives, and then the end
}


Poco::UInt16 BadNetwork::port() const
{
	return _port;
}


std::string BadNetwork::address() const
{
	return "127.0.0.1:" + std::to_string(_port);
}


void BadNetwork::setTarget(Poco::UInt16 port)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_target = port;
}


void BadNetwork::failAfter(Direction direction, Poco::Int64 bytes, Fault fault)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_direction = direction;
	_left = bytes;
	_fault = fault;
	_failed = false;
}


void BadNetwork::fail(Fault fault)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	(fault == CUT ? _cuts : _swallows) = true;
}


bool BadNetwork::with(Poco::UInt16 port, const std::function<void(Link& link)>& call)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	for (Link& link: _links)
	{
		sockaddr general{};
		socklen_t size = sizeof(general);
		if (link.fds[DOWN] < 0 || ::getsockname(link.fds[DOWN], &general, &size) != 0) continue;
		sockaddr_in address{};
		std::memcpy(&address, &general, sizeof(address));
		if (ntohs(address.sin_port) != port) continue;
		call(link);
		return true;
	}
	return false;
}


bool BadNetwork::swallow(Poco::UInt16 port)
{
	return with(port, [](Link& link) { link.silent = true; });
}


bool BadNetwork::hold(Poco::UInt16 port)
{
	return with(port, [](Link& link) { link.held = true; });
}


void BadNetwork::release()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	for (Link& link: _links) link.held = false;
}


bool BadNetwork::cut(Poco::UInt16 port)
{
	return with(port, [](Link& link) { link.cut = true; });
}


void BadNetwork::restore()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_cuts = _swallows = false;
}


bool BadNetwork::failed() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _failed;
}


Poco::Int64 BadNetwork::passed(Direction direction) const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _passed[direction];
}


int BadNetwork::connections() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _connections;
}


void BadNetwork::reset()
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_reset = true;
}
