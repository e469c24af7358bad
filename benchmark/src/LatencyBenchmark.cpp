//
// LatencyBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LatencyBenchmark
//
// Well-behaved clients of an echo server, and how long each of their messages takes to come back.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadConnection.h"
#include "LoadMessages.h"
#include "LoadOptions.h"
#include "LoadReplies.h"
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <memory>
#include <vector>
#include <getopt.h>


namespace
{
	typedef std::int64_t Nanoseconds;

	const Nanoseconds SECOND = 1000000000;

	struct Options: public LoadOptions
	{
		double interval = 5; /// Milliseconds between the messages of a connection.
	};

	enum Option
	{
		PORT = 1, CONNECTIONS, SIZE, INTERVAL, WARMUP, SECONDS, TLS, HELP
	};

	const option OPTIONS[] =
	{
		{"port", required_argument, nullptr, PORT},
		{"connections", required_argument, nullptr, CONNECTIONS},
		{"size", required_argument, nullptr, SIZE},
		{"interval", required_argument, nullptr, INTERVAL},
		{"warmup", required_argument, nullptr, WARMUP},
		{"seconds", required_argument, nullptr, SECONDS},
		{"tls", no_argument, nullptr, TLS},
		{"help", no_argument, nullptr, HELP},
		{nullptr, 0, nullptr, 0}
	};

	const char HELP_TEXT[] =
		"usage: BenchmarkLatency --port PORT [options]\n"
		"Connects, prints \"ready\", waits for a line of input, sends each connection's messages at regular\n"
		"times, one under way at most, and prints as JSON how long the echoes took, in microseconds; arrival_p99:\n"
		"until the system had them, so without what this program had to wait for its core.\n"
		"\n"
		"  --connections N    connections, whose messages are evenly spread (32)\n"
		"  --size BYTES       payload of a message (20)\n"
		"  --interval MS      between the messages of a connection (5)\n"
		"  --warmup SECONDS   before anything is measured (0.3)\n"
		"  --seconds SECONDS  length of the measured window (1)\n"
		"  --tls              wss; the server's certificate is not looked at\n";

	double number(double min, double max)
	{
		char* pEnd = nullptr;
		const double value = std::strtod(optarg, &pEnd);
		if (pEnd == optarg || *pEnd != 0 || !(value >= min && value <= max)) throw UsageError(std::string("not a number in its range: ") + optarg);
		return value;
	}

	Options parse(int argc, char** argv)
	{
		Options options;
		options.connections = 32;
		opterr = 0;
		int code = 0;
		while ((code = getopt_long(argc, argv, "", OPTIONS, nullptr)) != -1)
		{
			switch (code)
			{
			case PORT: options.port = static_cast<int>(number(1, 65535)); break;
			case CONNECTIONS: options.connections = static_cast<int>(number(1, 10000)); break;
			case SIZE: options.size = static_cast<std::size_t>(number(0, 65536)); break;
			case INTERVAL: options.interval = number(0.1, 10000); break;
			case WARMUP: options.warmup = number(0, 3600); break;
			case SECONDS: options.seconds = number(0.01, 3600); break;
			case TLS: options.tls = true; break;
			case HELP: options.help = true; break;
			default: throw UsageError(std::string("unknown option, or its value is missing: ") + argv[optind - 1]);
			}
		}
		if (optind < argc) throw UsageError(std::string("not an option: ") + argv[optind]);
		if (options.port == 0 && !options.help) throw UsageError("--port: missing");
		return options;
	}

	Nanoseconds toNanoseconds(const timespec& time)
	{
		return time.tv_sec*SECOND + time.tv_nsec;
	}

	Nanoseconds now(clockid_t clock = CLOCK_MONOTONIC)
	{
		timespec time;
		if (clock_gettime(clock, &time) != 0) failErrno("clock_gettime");
		return toNanoseconds(time);
	}

	void noteArrivals(int descriptor)
	{
		const int on = 1;
		if (setsockopt(descriptor, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on)) != 0) failErrno("SO_TIMESTAMPNS");
	}

	Nanoseconds waited(int descriptor)
		/// Returns for how long what can be received has been there, by the system's clock.
	{
		char byte = 0;
		iovec block = {&byte, 1};
		alignas(cmsghdr) char control[128];
		msghdr message = {};
		message.msg_iov = &block;
		message.msg_iovlen = 1;
		message.msg_control = control;
		message.msg_controllen = sizeof(control);
		if (recvmsg(descriptor, &message, MSG_PEEK | MSG_DONTWAIT) <= 0) return 0;
		for (cmsghdr* pPart = CMSG_FIRSTHDR(&message); pPart; pPart = CMSG_NXTHDR(&message, pPart))
		{
			if (pPart->cmsg_level != SOL_SOCKET || pPart->cmsg_type != SCM_TIMESTAMPNS) continue;
			timespec arrival = {};
			std::memcpy(&arrival, CMSG_DATA(pPart), sizeof(arrival));
			return std::max<Nanoseconds>(now(CLOCK_REALTIME) - toNanoseconds(arrival), 0);
		}
		return 0;
	}

	class Latency
		/// The time of a message begins when it is sent. If the echo of the one before has not come when it should be
		/// sent, it is not, but counts as if it had been, and had come back with that one: what takes long would
		/// otherwise be seen once only, however many messages it keeps waiting.
	{
	public:
		explicit Latency(const Options& options):
			_options(options),
			_buffer(Stream::SPACE),
			_period(static_cast<Nanoseconds>(1e6*options.interval/options.connections)),
			_queue(epoll_create1(EPOLL_CLOEXEC)),
			_timer(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK))
		{
			if (_queue < 0 || _timer < 0) failErrno("epoll_create1 or timerfd_create");
			const std::string payload = payloads(options).front();
			_requests.append(0x81, payload, true);
			_replies.append(0x81, payload, false);
			_requests.finish();
			_replies.finish();
			watch(_timer, nullptr);
			for (int i = 0; i < options.connections; ++i)
			{
				_clients.push_back(std::make_unique<Client>(options, _requests, _replies));
				noteArrivals(_clients.back()->connection.descriptor());
				watch(_clients.back()->connection.descriptor(), _clients.back().get());
			}
		}

		~Latency()
		{
			close(_timer);
			close(_queue);
		}

		void run()
		{
			itimerspec times = {};
			times.it_interval.tv_sec  = _period/SECOND;
			times.it_interval.tv_nsec = _period % SECOND;
			times.it_value = times.it_interval;
			_start = now();
			_first = _start + static_cast<Nanoseconds>(1e9*_options.warmup);
			_last  = _first + static_cast<Nanoseconds>(1e9*_options.seconds);
			if (timerfd_settime(_timer, 0, &times, nullptr) != 0) failErrno("timerfd_settime");
			while (!_stopping || _underWay > 0)
			{
				epoll_event events[64];
				const int n = epoll_wait(_queue, events, 64, 1000);
				if (n < 0 && errno != EINTR) failErrno("epoll_wait");
				for (int i = 0; i < n; ++i)
				{
					if (events[i].data.ptr) receive(*static_cast<Client*>(events[i].data.ptr));
				}
				sendDue();
				if (now() > _last + 30*SECOND) fail("an echo has not come for 30 s");
			}
			for (auto& pClient: _clients) pClient->connection.finish();
		}

		void print()
		{
			if (_times.empty()) fail("nothing was measured");
			std::sort(_times.begin(), _times.end());
			std::sort(_arrivals.begin(), _arrivals.end());
			std::sort(_own.begin(), _own.end());
			std::printf("{\"messages\": %zu, \"p50\": %.1f, \"p99\": %.1f, \"p999\": %.1f, \"max\": %.1f, \"arrival_p99\": %.1f, \"own_p99\": %.1f}\n",
				_times.size(), percentile(_times, 0.5), percentile(_times, 0.99), percentile(_times, 0.999), percentile(_times, 1),
				percentile(_arrivals, 0.99), percentile(_own, 0.99));
		}

	private:
		struct Client
		{
			Client(const Options& options, const Wire& requests, const Wire& replies):
				connection(options, requests, std::make_unique<EqualReplies>(replies))
			{
			}

			Connection connection;
			std::vector<Nanoseconds> times; // when the message under way was sent, and others should have been
		};

		Latency(const Latency&) = delete;
		Latency& operator = (const Latency&) = delete;

		static double percentile(const std::vector<Nanoseconds>& times, double part)
			/// Returns microseconds; the times are sorted.
		{
			if (times.empty()) return 0;
			const double place = std::ceil(part*static_cast<double>(times.size()));
			return 1e-3*static_cast<double>(times[static_cast<std::size_t>(std::max(place, 1.0)) - 1]);
		}

		void watch(int descriptor, Client* pClient) const
		{
			epoll_event event = {};
			event.events = EPOLLIN;
			event.data.ptr = pClient;
			if (epoll_ctl(_queue, EPOLL_CTL_ADD, descriptor, &event) != 0) failErrno("epoll_ctl");
		}

		void sendDue()
		{
			std::uint64_t expirations = 0;
			if (read(_timer, &expirations, sizeof(expirations)) != static_cast<ssize_t>(sizeof(expirations))) return;
			for (; expirations > 0; --expirations)
			{
				const Nanoseconds due = _start + ++_count*_period;
				if (due >= _last) _stopping = true;
				if (_stopping) return;
				Client& client = *_clients[static_cast<std::size_t>(_count) % _clients.size()];
				const Nanoseconds time = now();
				client.times.push_back(client.times.empty() ? time : due);
				if (client.times.size() > 1) continue;
				if (due >= _first) _own.push_back(std::max<Nanoseconds>(time - due, 0));
				++_underWay;
				client.connection.queue(1);
				client.connection.flush();
			}
		}

		void receive(Client& client)
		{
			bool more = false;
			const Nanoseconds there = waited(client.connection.descriptor());
			if (client.connection.receive(_buffer, more) == 0) return;
			const Nanoseconds end = now();
			for (const Nanoseconds begin: client.times)
			{
				if (begin < _first) continue;
				_times.push_back(end - begin);
				_arrivals.push_back(end - there - begin);
			}
			client.times.clear();
			--_underWay;
			client.connection.verify();
		}

		const Options& _options;
		Wire _requests;
		Wire _replies;
		std::vector<std::unique_ptr<Client>> _clients;
		std::vector<char> _buffer;
		const Nanoseconds _period; // between two messages of any connections
		const int _queue;
		const int _timer;
		Nanoseconds _start = 0;
		Nanoseconds _first = 0; // of the window
		Nanoseconds _last = 0;
		std::int64_t _count = 0; // of messages that have been due
		std::size_t _underWay = 0;
		std::vector<Nanoseconds> _times;
		std::vector<Nanoseconds> _arrivals; // the same, until the system had the echo for this program
		std::vector<Nanoseconds> _own; // by how much messages were sent too late, for reasons of this program
		bool _stopping = false;
	};
}


int main(int argc, char** argv)
{
	try
	{
		const Options options = parse(argc, argv);
		if (options.help)
		{
			std::fputs(HELP_TEXT, stdout);
			return 0;
		}
		Latency latency(options);
		std::puts("ready");
		std::fflush(stdout);
		while (std::getchar() != '\n')
		{
			if (std::feof(stdin)) fail("no line of input");
		}
		latency.run();
		latency.print();
		return 0;
	}
	catch (const UsageError& error)
	{
		std::fprintf(stderr, "BenchmarkLatency: %s\n", error.what());
		return 64;
	}
	catch (const std::exception& error)
	{
		std::fprintf(stderr, "BenchmarkLatency: %s\n", error.what());
		return 1;
	}
}
