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
#include <unistd.h>
#include <cerrno>


Handshakes::Handshakes(const LoadOptions& options):
	_options(options),
	_request(OpeningHandshake::request(options)),
	_close(closeFrame(true)),
	_closeReply(closeFrame(false)),
	_buffer(Stream::SPACE),
	_slots(static_cast<std::size_t>(options.inFlight)),
	_queue(epoll_create1(EPOLL_CLOEXEC)),
	_window(options)
{
	if (_queue < 0) failErrno("epoll_create1");
	if (options.resume) Connection(options, Wire(), nullptr).finish(); // the session that the others continue
}


Handshakes::~Handshakes()
{
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
	slot.pStream = std::make_unique<Stream>(_options);
	slot.pStream->setBlocking(false);
	slot.state = OPENING;
	slot.received.clear();
	slot.unsent = _request;
	send(slot);
	epoll_event event = {};
	event.events = EPOLLIN;
	event.data.ptr = &slot;
	if (epoll_ctl(_queue, EPOLL_CTL_ADD, slot.pStream->descriptor(), &event) != 0) failErrno("epoll_ctl");
}


void Handshakes::receive(Slot& slot)
{
	bool more = false;
	const long n = slot.pStream->receive(_buffer.data(), more);
	if (n == Stream::AGAIN) return;
	if (n == Stream::END) return end(slot);
	_bytes += static_cast<std::uint64_t>(n);
	slot.received.append(_buffer.data(), static_cast<std::size_t>(n));
	if (n > 0) take(slot);
	send(slot);
	if (slot.pStream->ended()) end(slot);
}


void Handshakes::take(Slot& slot)
{
	if (slot.state == OPENING)
	{
		if (!OpeningHandshake::complete(slot.received)) return;
		OpeningHandshake::check(slot.received, _options);
		if (_options.resume && !slot.pStream->resumed()) fail("the server has not continued the TLS session");
		slot.received.clear();
		slot.state = CLOSING;
		slot.unsent = _close;
	}
	else
	{
		if (slot.received.size() < _closeReply.size()) return;
		if (slot.received != _closeReply) fail("another Close frame came back");
		slot.state = CLOSED;
	}
}


void Handshakes::send(Slot& slot)
{
	if (slot.unsent.empty()) return;
	const std::size_t n = slot.pStream->send(slot.unsent.data(), slot.unsent.size());
	if (slot.pStream->unsent()) fail("the socket has no room for a handshake");
	slot.unsent.erase(0, n);
}


void Handshakes::end(Slot& slot)
{
	if (slot.state != CLOSED) fail("the server has closed the connection");
	slot.pStream.reset();
	++_completed;
	if (_window.measure(_completed, _bytes)) _stopping = true;
	begin(slot);
}


void Handshakes::print() const
{
	_window.print(static_cast<double>(_request.size() + _close.size()));
}
