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


//
// OpeningHandshake
//
std::string OpeningHandshake::request(const LoadOptions& options)
{
	std::string result =
		"GET / HTTP/1.1\r\nHost: " + options.host + "\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
		"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
	if (!options.subprotocol.empty()) result += "Sec-WebSocket-Protocol: " + options.subprotocol + "\r\n";
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


std::string closeFrame(bool masked)
{
	Wire wire;
	wire.append(0x88, "\x03\xe8", masked); // 1000
	std::uint64_t length = wire.length();
	const char* const pFrame = wire.at(0, length);
	return std::string(pFrame, length);
}


//
// Connection
//
Connection::Connection(const LoadOptions& options, const Wire& requests, std::unique_ptr<Replies> pReplies):
	_requests(requests),
	_pReplies(std::move(pReplies)),
	_stream(options)
{
	_stream.setReceiveTimeout(options.timeout);
	OpeningHandshake::check(exchange(OpeningHandshake::request(options), 0), options);
	_stream.setBlocking(false);
}


void Connection::queue(std::uint64_t messages)
{
	_queuedMessages += messages;
	_queued = _requests.end(_queuedMessages);
}


void Connection::flush()
{
	while (_sent < _queued || _stream.unsent())
	{
		std::uint64_t length = _queued - _sent;
		const char* pData = _requests.at(_sent, length);
		const std::size_t n = _stream.send(pData, length);
		if (n == 0) return;
		_sent += n;
	}
}


std::uint64_t Connection::receive(std::vector<char>& buffer, bool& more)
{
	const long n = _stream.receive(buffer.data(), more);
	if (n == Stream::END) fail("the server has closed the connection");
	if (n <= 0) return 0;
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
	_stream.setBlocking(true);
	_stream.setReceiveTimeout(5);
	const std::string reply = closeFrame(false);
	if (exchange(closeFrame(true), reply.size()) != reply) fail("another Close frame came back");
}


std::string Connection::exchange(const std::string& data, std::size_t length)
{
	std::vector<char> buffer(Stream::SPACE);
	std::size_t sent = 0;
	std::string answer;
	while (length > 0 ? answer.size() < length : !OpeningHandshake::complete(answer))
	{
		if (sent < data.size()) sent += _stream.send(data.data() + sent, data.size() - sent);
		bool more = false;
		const long n = _stream.receive(buffer.data(), more);
		if (n < 0) fail("no whole answer has come: " + answer);
		answer.append(buffer.data(), static_cast<std::size_t>(n));
	}
	return answer;
}
