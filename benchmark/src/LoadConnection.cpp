//
// LoadConnection.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadConnection.h"
#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <cstring>
#include <set>


namespace
{
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
}


void fail(const std::string& what)
{
	throw std::runtime_error(what);
}


void failErrno(const std::string& what)
{
	fail(what + ": " + std::strerror(errno));
}


int connectedSocket(const LoadOptions& options)
{
	static unsigned count = 0;
	const int result = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (result < 0) failErrno("socket");
	sockaddr_in address = {};
	address.sin_family = AF_INET;
	address.sin_port = htons(static_cast<std::uint16_t>(options.port));
	if (inet_pton(AF_INET, options.host.c_str(), &address.sin_addr) != 1) fail("--host: not an IPv4 address: " + options.host);
	const int on = 1;
	setsockopt(result, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	if (options.host == "127.0.0.1")
	{
		sockaddr_in own = {};
		own.sin_family = AF_INET;
		own.sin_addr.s_addr = htonl(INADDR_LOOPBACK + count++ % 8);
		setsockopt(result, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
		if (bind(result, reinterpret_cast<sockaddr*>(&own), sizeof(own)) != 0) failErrno("bind");
	}
	if (connect(result, reinterpret_cast<sockaddr*>(&address), sizeof(address)) != 0) failErrno("connect");
	return result;
}


//
// OpeningHandshake
//
std::string OpeningHandshake::request(const LoadOptions& options)
{
	std::string result =
		"GET / HTTP/1.1\r\nHost: " + options.host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
	if (options.deflate) result += "Sec-WebSocket-Extensions: " + offer(options) + "\r\n";
	return result + "\r\n";
}


bool OpeningHandshake::complete(const std::string& response)
{
	return response.size() >= 4 && response.compare(response.size() - 4, 4, "\r\n\r\n") == 0;
}


void OpeningHandshake::check(const std::string& response, const LoadOptions& options)
{
	if (response.compare(0, 12, "HTTP/1.1 101") != 0 || response.find("s3pPLMBiTxaQ9kYGzzhZRbK+xOo=") == std::string::npos)
		fail("no WebSocket handshake: " + response);

	const std::string name = "Sec-WebSocket-Extensions: ";
	std::string answer;
	const std::size_t begin = response.find(name);
	if (begin != std::string::npos)
		answer = response.substr(begin + name.size(), response.find("\r\n", begin) - begin - name.size());
	if (parameters(answer) != parameters(options.deflate ? offer(options) : "")) fail("another compression than the one offered: " + answer);
}


//
// Connection
//
Connection::Connection(const LoadOptions& options, const Wire& requests, std::unique_ptr<Replies> pReplies):
	_requests(requests),
	_pReplies(std::move(pReplies)),
	_socket(connectedSocket(options))
{
	setReceiveTimeout(options.timeout);
	handshake(options);
	setBlocking(false);
}


Connection::~Connection()
{
	close(_socket);
}


void Connection::queue(std::uint64_t messages)
{
	_queuedMessages += messages;
	_queued = _requests.end(_queuedMessages);
}


void Connection::flush()
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


std::uint64_t Connection::receive(std::vector<char>& buffer, bool& more)
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


void Connection::verify()
{
	_pReplies->verify();
}


void Connection::finish()
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


void Connection::handshake(const LoadOptions& options)
{
	const std::string request = OpeningHandshake::request(options);
	if (send(_socket, request.data(), request.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(request.size())) failErrno("send");
	std::string response;
	while (!OpeningHandshake::complete(response))
	{
		char ch = 0;
		if (recv(_socket, &ch, 1, 0) != 1) fail("no whole HTTP response: " + response);
		response += ch;
	}
	OpeningHandshake::check(response, options);
}


void Connection::setBlocking(bool flag)
{
	const int flags = fcntl(_socket, F_GETFL);
	if (fcntl(_socket, F_SETFL, flag ? flags & ~O_NONBLOCK : flags | O_NONBLOCK) != 0) failErrno("fcntl");
}


void Connection::setReceiveTimeout(double seconds)
{
	timeval time = {};
	time.tv_sec = static_cast<time_t>(seconds) + 1;
	setsockopt(_socket, SOL_SOCKET, SO_RCVTIMEO, &time, sizeof(time));
}
