//
// BeastBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  BeastBenchmark
//
// The echo server of another make: Boost.Beast, synchronous, a thread for each connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoOptions.h"
#include <boost/asio/ip/tcp.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/version.hpp>
#include <csignal>
#include <iostream>
#include <pthread.h>
#include <thread>
#include <unistd.h>


namespace websocket = boost::beast::websocket;
using Tcp = boost::asio::ip::tcp;


namespace
{
	template <typename Deflate>
	auto setThreshold(Deflate& deflate, int size, int) -> decltype(deflate.msg_size_threshold, bool())
	{
		deflate.msg_size_threshold = static_cast<std::size_t>(size);
		return true;
	}

	template <typename Deflate>
	bool setThreshold(Deflate&, int, long)
		/// Boost 1.74 compresses messages of any size.
	{
		return false;
	}

	websocket::permessage_deflate deflateOptions(const EchoOptions& options)
	{
		websocket::permessage_deflate deflate;
		deflate.server_enable = options.deflate;
		deflate.server_max_window_bits = options.windowBits;
		deflate.client_max_window_bits = options.windowBits;
		deflate.server_no_context_takeover = options.serverNoTakeover;
		deflate.client_no_context_takeover = options.clientNoTakeover;
		deflate.compLevel = options.level;
		deflate.memLevel = options.memLevel;
		setThreshold(deflate, options.threshold, 0);
		return deflate;
	}

	void serve(Tcp::socket socket, const EchoOptions& options)
		/// Returns every message. Set as is best for speed here: each message in one frame, one buffer
		/// that keeps its memory.
	{
		try
		{
			socket.set_option(Tcp::no_delay(true));
			websocket::stream<Tcp::socket> stream(std::move(socket));
			stream.set_option(deflateOptions(options));
			stream.auto_fragment(false);
			stream.read_message_max(16*1024*1024);
			stream.accept();
			boost::beast::flat_buffer buffer;
			for (;;)
			{
				stream.read(buffer);
				stream.text(stream.got_text());
				stream.write(buffer.data());
				buffer.clear();
			}
		}
		catch (const boost::system::system_error& error)
		{
			if (error.code() != websocket::error::closed) std::cerr << error.what() << std::endl;
		}
	}
}


int main(int argc, char** argv)
	/// Listens on a free port of the loopback interface, prints the port and its process id, and stops on SIGTERM.
{
	sigset_t signals;
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	pthread_sigmask(SIG_BLOCK, &signals, nullptr); // before any thread is started

	try
	{
		if (argc == 2 && std::string(argv[1]) == "--version")
		{
			std::cout << BOOST_LIB_VERSION << std::endl;
			return 0;
		}
		const EchoOptions options = EchoOptions::parse(argc, argv);
		if (options.cork || !options.verifyUTF8 || options.parts || options.broadcast || options.each || options.tls || options.limits())
			throw std::invalid_argument("--cork, --no-utf8, --parts, --broadcast, --each, --tls, limits and --renegotiation are unknown here");
		boost::asio::io_context context;
		Tcp::acceptor acceptor(context, Tcp::endpoint(boost::asio::ip::make_address("127.0.0.1"), 0));
		std::cout << acceptor.local_endpoint().port() << " " << getpid() << std::endl;
		std::thread([&]
		{
			for (;;) std::thread(serve, acceptor.accept(), options).detach();
		}).detach();
		int signal = 0;
		sigwait(&signals, &signal);
		std::cout.flush();
		_exit(0); // also the threads that wait
	}
	catch (const std::invalid_argument& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 64;
	}
	catch (const std::exception& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 1;
	}
}
