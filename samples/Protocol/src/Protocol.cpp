//
// Protocol.cpp
//
// Sockets of your own: the two ends of a socketpair talk WebSocket. docs/guide.md mentions it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketProtocol.h"
#include <openssl/rand.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <thread>

using Poco::Net::WebSocketProtocol;

WebSocketProtocol::Time now()
{
	return static_cast<WebSocketProtocol::Time>(std::chrono::steady_clock::now().time_since_epoch()/std::chrono::milliseconds(1));
}

void run(int fd, WebSocketProtocol& end, const std::function<void (std::string_view message)>& onMessage) // until the connection is closed
{
	for (short wanted = POLLIN; end.ending() != WebSocketProtocol::CLOSE;)
	{
		if (end.ending() == WebSocketProtocol::END_SENDING) shutdown(fd, SHUT_WR);
		pollfd state{fd, static_cast<short>(wanted | (end.output().empty() ? 0 : POLLOUT)), 0};
		poll(&state, 1, static_cast<int>(end.timeLeft(now())));
		end.timeReached(now());
		if (state.revents & POLLOUT)
		{
			const ssize_t sent = send(fd, end.output().data(), end.output().size(), MSG_DONTWAIT | MSG_NOSIGNAL);
			if (sent < 0 && errno != EAGAIN) break; // the peer is gone
			end.sent(sent < 0 ? 0 : static_cast<std::size_t>(sent), now());
		}
		if (wanted == 0 || (state.revents & (POLLIN | POLLHUP)) == 0) continue;
		char bytes[4096];
		const ssize_t length = recv(fd, bytes, sizeof(bytes), 0);
		if (length <= 0)
		{
			end.receiveEnd();
			wanted = 0;
		}
		char* pData = bytes;
		while (pData < bytes + length)
			if (end.receive(pData, bytes + length, now()) == WebSocketProtocol::MESSAGE) onMessage(end.data());
	}
	close(fd);
}

int main()
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return 1;
	WebSocketProtocol server(WebSocketProtocol::SERVER, now());
	std::thread thread([&] { run(fds[0], server, [&](std::string_view message) { server.send(message, server.opcode(), now()); }); });

	WebSocketProtocol client(WebSocketProtocol::CLIENT, now(), [](unsigned char* pKey) { RAND_bytes(pKey, 4); });
	client.send("Hello", Poco::Net::WebSocketFrame::OP_TEXT, now());
	run(fds[1], client, [&](std::string_view message) { std::cout << message << std::endl; client.close(1000, "", now()); });
	thread.join();
	std::cout << "Closed with " << client.closeCode() << std::endl;
}
