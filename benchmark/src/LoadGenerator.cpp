//
// LoadGenerator.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadGenerator
//
// A WebSocket client that costs the same whatever server it talks to: POSIX sockets, and OpenSSL for wss, only.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadConnection.h"
#include "LoadHandshakes.h"
#include "LoadMessages.h"
#include "LoadOptions.h"
#include "LoadReplies.h"
#include "LoadWindow.h"
#include <sys/epoll.h>
#include <unistd.h>
#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <memory>
#include <vector>


namespace
{
	class Generator
		/// Keeps the connections busy, and measures in a window that begins and
		/// ends with the completion of a message.
	{
	public:
		explicit Generator(const LoadOptions& options):
			_options(options),
			_payloads(payloads(options)),
			_buffer(Stream::SPACE),
			_window(options),
			_unsent(options.messages),
			_arrived(options.broadcast ? static_cast<std::size_t>(options.inFlight) : 0)
		{
			prepare();
			for (int i = 0; i < options.connections; ++i)
			{
				std::unique_ptr<Replies> pReplies;
				if (options.deflate) pReplies = std::make_unique<InflatedReplies>(options, _payloads);
				else if (options.fragments) pReplies = std::make_unique<FragmentedReplies>(options, _payloads.front());
				else pReplies = std::make_unique<EqualReplies>(_replies);
				_connections.push_back(std::make_unique<Connection>(options, _requests, std::move(pReplies)));
			}
			if (!options.poll) createQueue();
		}

		~Generator()
		{
			if (_queue >= 0) close(_queue);
		}

		void run()
			/// Measures once; afterwards no message is under way.
		{
			_stopping = false;
			_window.begin();
			if (_options.broadcast) refill(*_connections.front());
			else for (auto& pConnection: _connections) refill(*pConnection);
			while (_unfinished > 0 || !_stopping)
			{
				if (_options.poll) spin();
				else wait();
				_window.checkTime();
			}
			_window.end(_messages, _bytes);
		}

		void finish()
			/// The closing handshakes.
		{
			for (auto& pConnection: _connections) pConnection->finish();
		}

		void print() const
		{
			_window.print(static_cast<double>(_requests.end(_payloads.size()))/static_cast<double>(_payloads.size()));
		}

	private:
		Generator(const Generator&) = delete;
		Generator& operator = (const Generator&) = delete;

		void prepare()
		{
			const int flags = (_options.binary ? 0x82 : 0x81) | (_options.deflate ? 0x40 : 0);
			for (const std::string& payload: _options.deflate ? deflated(_options, _payloads) : _payloads)
			{
				_requests.append(flags, payload, true);
				_replies.append(flags, payload, false);
			}
			_requests.finish();
			_replies.finish();
		}

		void createQueue()
		{
			_queue = epoll_create1(EPOLL_CLOEXEC);
			if (_queue < 0) failErrno("epoll_create1");
			for (auto& pConnection: _connections)
			{
				epoll_event event = {};
				event.events = EPOLLIN | EPOLLOUT | EPOLLET;
				event.data.ptr = pConnection.get();
				if (epoll_ctl(_queue, EPOLL_CTL_ADD, pConnection->descriptor(), &event) != 0) failErrno("epoll_ctl");
			}
		}

		void wait()
		{
			epoll_event events[64];
			const int n = epoll_wait(_queue, events, 64, 100);
			if (n < 0 && errno != EINTR) failErrno("epoll_wait");
			for (int i = 0; i < n; ++i) serve(*static_cast<Connection*>(events[i].data.ptr));
		}

		void spin()
		{
			for (int i = 0; i < 100; ++i)
			{
				for (auto& pConnection: _connections) serve(*pConnection);
			}
		}

		void serve(Connection& connection)
		{
			connection.flush();
			bool more = true;
			while (more)
			{
				const std::uint64_t before = connection.received();
				const std::uint64_t completed = connection.receive(_buffer, more);
				_bytes += connection.received() - before;
				if (completed == 0) continue;
				_messages += completed;
				_unfinished -= completed;
				if (_window.measure(_messages, _bytes)) _stopping = true;
				if (!_options.broadcast) refill(connection);
				else if (arrived(connection, completed)) refill(*_connections.front());
				connection.verify();
			}
		}

		bool arrived(const Connection& connection, std::uint64_t count)
			/// Of a broadcast: returns true if messages have reached all.
		{
			const std::uint64_t before = _complete;
			for (std::uint64_t i = connection.completed() - count; i < connection.completed(); ++i)
			{
				std::size_t& number = _arrived[i % _arrived.size()];
				if (++number < _connections.size()) continue;
				number = 0;
				++_complete;
			}
			return _complete > before;
		}

		void refill(Connection& connection)
		{
			if (_stopping) return;
			const std::uint64_t inFlight = _options.broadcast ? connection.queued() - _complete : connection.inFlight();
			std::uint64_t count = static_cast<std::uint64_t>(_options.inFlight) - inFlight;
			if (_options.messages > 0)
			{
				count = std::min(count, _unsent);
				_unsent -= count;
				if (_unsent == 0) _stopping = true;
			}
			_unfinished += _options.broadcast ? count*_connections.size() : count;
			connection.queue(count);
			connection.flush();
		}

		const LoadOptions& _options;
		const std::vector<std::string> _payloads;
		Wire _requests;
		Wire _replies; // uncompressed
		std::vector<std::unique_ptr<Connection>> _connections;
		std::vector<char> _buffer;
		int _queue = -1;
		Window _window;
		std::uint64_t _messages = 0;   // completed; of a broadcast, by each of the receivers
		std::uint64_t _bytes = 0;      // received
		std::uint64_t _unfinished = 0; // sent, not completed
		std::uint64_t _unsent;         // with a fixed number of messages: still to be sent
		std::vector<std::size_t> _arrived; // of a broadcast: how many have received the messages under way
		std::uint64_t _complete = 0;   // of a broadcast: messages that all have received
		bool _stopping = false;
	};

	bool nextTurn()
		/// Waits for a line of standard input; returns false at its end.
	{
		int c = 0;
		while (c != '\n' && c != EOF) c = std::getchar();
		return c != EOF;
	}

	template <typename Load>
	void measure(const LoadOptions& options)
	{
		Load load(options);
		while (!options.turns || nextTurn())
		{
			load.run();
			load.print();
			if (!options.turns) break;
		}
		load.finish();
	}
}


int main(int argc, char** argv)
{
	try
	{
		const LoadOptions options = LoadOptions::parse(argc, argv);
		if (options.help)
		{
			std::fputs(LoadOptions::helpText().c_str(), stdout);
			return 0;
		}
		if (options.handshakes) measure<Handshakes>(options);
		else measure<Generator>(options);
		return 0;
	}
	catch (const UsageError& error)
	{
		std::fprintf(stderr, "BenchmarkLoad: %s\n", error.what());
		return 64;
	}
	catch (const std::exception& error)
	{
		std::fprintf(stderr, "BenchmarkLoad: %s\n", error.what());
		return 1;
	}
}
