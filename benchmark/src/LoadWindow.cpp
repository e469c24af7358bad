//
// LoadWindow.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadWindow
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadWindow.h"
#include "LoadStream.h"
#include <cstdio>


namespace
{
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
}


Window::Window(const LoadOptions& options):
	_options(options)
{
	if (options.serverPID != 0 && clock_getcpuclockid(options.serverPID, &_serverClock) != 0)
		fail("--server-pid: no such process");
}


void Window::begin()
{
	_first = _last = Mark();
	_begin = now();
	if (_options.messages > 0) mark(_first, 0, 0);
}


bool Window::measure(std::uint64_t messages, std::uint64_t bytes)
{
	if (_options.messages > 0) return false;
	const double elapsed = now() - _begin;
	if (_first.time == 0)
	{
		if (elapsed >= _options.warmup) mark(_first, messages, bytes);
	}
	else if (_last.time == 0 && elapsed >= _options.warmup + _options.seconds)
	{
		mark(_last, messages, bytes);
	}
	return _last.time != 0;
}


void Window::end(std::uint64_t messages, std::uint64_t bytes)
{
	if (_options.messages > 0) mark(_last, messages, bytes);
}


void Window::checkTime() const
{
	if (now() - _begin > _options.timeout) fail("not finished in time (--timeout)");
}


void Window::mark(Mark& place, std::uint64_t messages, std::uint64_t bytes) const
{
	place.time = now();
	place.messages = messages;
	place.bytes = bytes;
	place.records = Stream::records();
	place.ownCPU = clockSeconds(CLOCK_PROCESS_CPUTIME_ID);
	if (_options.serverPID != 0) place.serverCPU = clockSeconds(_serverClock);
}


void Window::print(double sent) const
{
	const double seconds = _last.time - _first.time;
	const auto messages = static_cast<double>(_last.messages - _first.messages);
	std::printf("{\"connections\": %d, \"in_flight\": %d, \"size\": %zu, \"poll\": %s, \"seconds\": %.6f, \"messages\": %.0f, \"messages_per_second\": %.1f",
		_options.connections, _options.inFlight, _options.size, _options.poll ? "true" : "false",
		seconds, messages, messages/seconds);
	if (_options.serverPID != 0)
		std::printf(", \"server_cpu_us_per_message\": %.4f, \"server_cpu_share\": %.3f", 1e6*(_last.serverCPU - _first.serverCPU)/messages, (_last.serverCPU - _first.serverCPU)/seconds);
	std::printf(", \"own_cpu_share\": %.3f, \"bytes_sent\": %.1f, \"bytes_received\": %.1f, \"records_received\": %.2f}\n", (_last.ownCPU - _first.ownCPU)/seconds, sent, static_cast<double>(_last.bytes - _first.bytes)/messages, static_cast<double>(_last.records - _first.records)/messages);
	std::fflush(stdout);
}
