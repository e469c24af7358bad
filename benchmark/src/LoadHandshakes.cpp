//
// LoadHandshakes.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadHandshakes
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadHandshakes.h"
#include "LoadConnection.h"
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cerrno>


namespace
{
	std::string closeFrame(bool masked)
	{
		Wire wire;
		wire.append(0x88, "\x03\xe8", masked); // 1000
		std::uint64_t length = wire.length();
		const char* const pFrame = wire.at(0, length);
		return std::string(pFrame, length);
	}
}


Handshakes::Handshakes(const LoadOptions& options):
	_options(options),
	_request(OpeningHandshake::request(options)),
	_close(closeFrame(true)),
	_closeReply(closeFrame(false)),
	_slots(static_cast<std::size_t>(options.inFlight)),
	_queue(epoll_create1(EPOLL_CLOEXEC)),
	_window(options)
{
	if (_queue < 0) failErrno("epoll_create1");
}


Handshakes::~Handshakes()
{
	for (Slot& slot: _slots)
	{
		if (slot.socket >= 0) close(slot.socket);
	}
	close(_queue);
}


void Handshakes::run()
{
	_stopping = false;
	_window.begin();
	for (Slot& slot: _slots) begin(slot);
	while (_completed < _begun)
	{
		epoll_event events[64];
		const int n = epoll_wait(_queue, events, 64, 100);
		if (n < 0 && errno != EINTR) failErrno("epoll_wait");
		for (int i = 0; i < n; ++i) receive(*static_cast<Slot*>(events[i].data.ptr));
		_window.checkTime();
	}
	_window.end(_completed, _bytes);
}


void Handshakes::begin(Slot& slot)
{
	if (_stopping || (_options.messages > 0 && _begun == _options.messages)) return;
	++_begun;
	slot.socket = connectedSocket(_options);
	slot.state = OPENING;
	slot.received.clear();
	send(slot, _request);
	epoll_event event = {};
	event.events = EPOLLIN;
	event.data.ptr = &slot;
	if (epoll_ctl(_queue, EPOLL_CTL_ADD, slot.socket, &event) != 0) failErrno("epoll_ctl");
}


void Handshakes::receive(Slot& slot)
{
	char buffer[4096];
	const ssize_t n = recv(slot.socket, buffer, sizeof(buffer), MSG_DONTWAIT);
	if (n < 0 && (errno == EAGAIN || errno == EINTR)) return;
	if (n < 0) failErrno("recv");
	if (n > 0)
	{
		_bytes += static_cast<std::uint64_t>(n);
		slot.received.append(buffer, static_cast<std::size_t>(n));
		take(slot);
		return;
	}
	if (slot.state != CLOSED) fail("the server has closed the connection");
	close(slot.socket);
	slot.socket = -1;
	++_completed;
	if (_window.measure(_completed, _bytes)) _stopping = true;
	begin(slot);
}


void Handshakes::take(Slot& slot)
{
	if (slot.state == OPENING)
	{
		if (!OpeningHandshake::complete(slot.received)) return;
		OpeningHandshake::check(slot.received, _options);
		slot.received.clear();
		slot.state = CLOSING;
		send(slot, _close);
	}
	else
	{
		if (slot.received.size() < _closeReply.size()) return;
		if (slot.received != _closeReply) fail("another Close frame came back");
		slot.state = CLOSED;
	}
}


void Handshakes::send(const Slot& slot, const std::string& data)
{
	if (::send(slot.socket, data.data(), data.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(data.size())) failErrno("send");
}


void Handshakes::print() const
{
	_window.print(static_cast<double>(_request.size() + _close.size()));
}
