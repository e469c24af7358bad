//
// NodeBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  NodeBenchmark
//
// A node as programs have it: a MessageService on a WebSocketServer with one thread, by itself or with others at a Redis. It publishes at a rate
// when it is told to.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Exception.h"
#include "Poco/Messaging/MemoryBackplane.h"
#include "Poco/Messaging/MessageService.h"
#include "Poco/Messaging/RedisBackplane.h"
#include "Poco/Process.h"
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstring>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>


using namespace Poco::Messaging;


namespace
{
	typedef std::chrono::steady_clock Clock;

	constexpr std::size_t DATA = 100; // bytes of a publication
	constexpr std::chrono::milliseconds TICK(1);

	std::string payload()
		/// Returns what is published: "#" and the time in nanoseconds, 20 digits, which clients look for.
	{
		std::string digits = std::to_string(std::chrono::nanoseconds(Clock::now().time_since_epoch()).count());
		std::string text = '#' + std::string(20 - std::min<std::size_t>(20, digits.size()), '0') + digits;
		text.resize(DATA, 'x');
		return text;
	}

	void publish(Hub& hub, std::size_t channelCount, double rate, double seconds)
		/// Publishes in all channels in turns: what is due, once in a millisecond. Prints how many were done when all are answered.
	{
		std::vector<std::string> channels;
		for (std::size_t i = 0; i < channelCount; ++i) channels.push_back("c" + std::to_string(i));
		std::atomic<std::size_t> done{0};
		std::atomic<std::size_t> refused{0};
		const std::size_t count = static_cast<std::size_t>(rate*seconds);
		const Clock::time_point begin = Clock::now();
		Clock::time_point tick = begin;
		for (std::size_t sent = 0; sent < count;)
		{
			tick += TICK;
			std::this_thread::sleep_until(tick);
			const std::size_t due = std::min(count, static_cast<std::size_t>(rate*std::chrono::duration<double>(tick - begin).count()));
			for (; sent < due; ++sent)
				hub.publish(channels[sent % channels.size()], payload(), [&](const PublishResult& result) { ++(result.error == Error::NONE ? done : refused); });
		}
		const double time = std::chrono::duration<double>(Clock::now() - begin).count();
		while (done + refused < count) std::this_thread::sleep_for(TICK); // Redis answers each, or the backplane does when it has lost it
		std::cout << "{\"published\": " << done << ", \"refused\": " << refused << ", \"seconds\": " << time << '}' << std::endl;
	}
}


int main(int argc, char** argv)
	/// --memory, or --redis PORT. Listens on a free port of the loopback interface, and prints the port and its process id. Then it reads lines
	/// "CHANNELS RATE SECONDS", and publishes; at their end it stops.
{
	const bool memory = argc == 2 && std::strcmp(argv[1], "--memory") == 0;
	if (!memory && !(argc == 3 && std::strcmp(argv[1], "--redis") == 0))
	{
		std::cerr << "--memory | --redis PORT" << std::endl;
		return 64;
	}
	try
	{
		Backplane::Ptr pBackplane;
		if (memory) pBackplane = new MemoryBackplane;
		else pBackplane = new RedisBackplane("redis://127.0.0.1:" + std::string(argv[2]));
		MessageService service(new MessageServiceParams, new HubParams, pBackplane);
		Poco::Net::WebSocketServerParams::Ptr pParams = new Poco::Net::WebSocketServerParams;
		pParams->setThreads(1);
		pParams->setPingInterval(0); // the clients know no PING
		Poco::Net::WebSocketConnectionParams::Ptr pRoute = new Poco::Net::WebSocketConnectionParams;
		pRoute->setPingInterval(0);
		Poco::Net::WebSocketServer server(pParams);
		service.addTo(server, "/", pRoute);
		server.listen(Poco::Net::SocketAddress("127.0.0.1", 0));
		server.start();
		std::cout << server.port() << " " << Poco::Process::id() << std::endl;
		std::string line;
		while (std::getline(std::cin, line))
		{
			std::istringstream words(line);
			std::size_t channels = 0;
			double rate = 0;
			double seconds = 0;
			if (!(words >> channels >> rate >> seconds) || channels == 0)
			{
				std::cerr << "CHANNELS RATE SECONDS" << std::endl;
				return 64;
			}
			publish(service.hub(), channels, rate, seconds);
		}
		server.stop();
	}
	catch (const Poco::Exception& exc)
	{
		std::cerr << exc.displayText() << std::endl;
		return 1;
	}
	return 0;
}
