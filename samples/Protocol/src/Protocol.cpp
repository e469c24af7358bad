//
// Protocol.cpp
//
// Sockets of your own: the two ends of a socketpair talk WebSocket. docs/guide.md mentions it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Net/WebSocketConnectionParams.h"
#include "Poco/Net/WebSocketProtocol.h"
#include <openssl/rand.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>
#include <chrono>
#include <iostream>
#include <thread>

using namespace Poco::Net;

WebSocketProtocol::Time now()
{
	return static_cast<WebSocketProtocol::Time>(std::chrono::steady_clock::now().time_since_epoch()/std::chrono::milliseconds(1));
}

void run(int fd, WebSocketProtocol& end, const std::function<void (std::string_view message)>& onMessage) // until the connection is closed
{
	short wanted = POLLIN;
	for (;;)
	{
		if (const std::string_view output = end.output(); !output.empty())
		{
			const ssize_t taken = send(fd, output.data(), output.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
			if (taken < 0 && errno != EAGAIN) break; // the peer is gone
			end.sent(taken < 0 ? 0 : static_cast<std::size_t>(taken), now());
		}
		if (end.ending() == WebSocketProtocol::CLOSE) break;
		if (end.ending() == WebSocketProtocol::END_SENDING) shutdown(fd, SHUT_WR);

		pollfd state{fd, static_cast<short>(end.output().empty() ? wanted : wanted | POLLOUT), 0};
		const WebSocketProtocol::Time time = now();
		poll(&state, 1, static_cast<int>(end.deadline(time) - time));
		end.timeReached(now());
		if ((state.revents & (POLLIN | POLLHUP)) == 0 || wanted == 0) continue;
		char bytes[4096];
		const ssize_t length = recv(fd, bytes, sizeof(bytes), 0);
		if (length <= 0)
		{
			end.receiveEnd();
			wanted = 0;
			continue;
		}
		WebSocketProtocol::Event event = WebSocketProtocol::NEED_MORE;
		char* pData = bytes;
		while ((event = end.receive(pData, bytes + length, now())) != WebSocketProtocol::NEED_MORE)
		{
			if (event == WebSocketProtocol::MESSAGE) onMessage(std::string_view(end.data(), end.length()));
		}
	}
	close(fd);
}

int main()
{
	int fds[2];
	if (socketpair(AF_UNIX, SOCK_STREAM, 0, fds) != 0) return 1;
	const WebSocketConnectionParams::Ptr pParams = new WebSocketConnectionParams; // limits and times
	WebSocketProtocol server(WebSocketProtocol::SERVER, *pParams, now());
	std::thread thread([&] { run(fds[0], server, [&](std::string_view message) { server.send(message, server.opcode(), now()); }); });

	WebSocketProtocol client(WebSocketProtocol::CLIENT, *pParams, now(), nullptr, [](unsigned char* pKey) { RAND_bytes(pKey, 4); });
	client.send("Hello", WebSocketFrame::OP_TEXT, now());
	run(fds[1], client, [&](std::string_view message)
	{
		std::cout << message << std::endl;
		client.close(1000, "", now());
	});
	thread.join();
	std::cout << "Closed with " << client.closeCode() << std::endl;
	return 0;
}
