//
// HubBenchmark.cpp
//
// What the hub of Poco::Messaging takes, without sockets: user time for each subscription and delivery, bytes for each session,
// channel and subscription. Prints lines of "name value".
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/MemoryBackplane.h"
#include <malloc.h>
#include <sys/resource.h>
#include <algorithm>
#include <cstdlib>
#include <iostream>
#include <new>
#include <string>
#include <vector>


using namespace Poco::Messaging;


namespace
{
	std::size_t allocated = 0; // bytes, with malloc's own

	std::size_t sizeOf(void* p)
	{
		return malloc_usable_size(p) + sizeof(std::size_t);
	}
}


void* operator new(std::size_t size)
{
	void* const p = std::malloc(size > 0 ? size : 1);
	if (!p) throw std::bad_alloc();
	allocated += sizeOf(p);
	return p;
}


void operator delete(void* p) noexcept
{
	if (!p) return;
	allocated -= sizeOf(p);
	std::free(p);
}


void operator delete(void* p, std::size_t) noexcept
{
	operator delete(p);
}


namespace
{
	class NullConnection: public Connection
		/// Takes everything.
	{
	public:
		Result send(const Prepared&) override
		{
			++sent;
			return SENT;
		}

		std::size_t queued() const override
		{
			return 0;
		}

		void close(int, const std::string&) override
		{
		}

		static std::size_t sent;
	};

	std::size_t NullConnection::sent = 0;

	class NullEncoder: public Encoder
	{
	public:
		NullEncoder(): Encoder(0)
		{
		}

		Prepared publication(const std::string&, const Publication& publication) const override
		{
			return Poco::Net::WebSocketPreparedMessage::binary(publication.data);
		}

		Prepared presence(const std::string&, const Member&, bool) const override
		{
			return Poco::Net::WebSocketPreparedMessage::binary("");
		}

		Prepared dropped(const std::string&, Poco::UInt64) const override
		{
			return Poco::Net::WebSocketPreparedMessage::binary("");
		}

		Prepared unsubscribed(const std::string&, Left) const override
		{
			return Poco::Net::WebSocketPreparedMessage::binary("");
		}

		Prepared message(const DirectMessage& message) const override
		{
			return Poco::Net::WebSocketPreparedMessage::binary(message.data);
		}
	};

	constexpr int ROUNDS = 5;

	double userTime()
		/// In seconds.
	{
		rusage usage;
		getrusage(RUSAGE_SELF, &usage);
		return static_cast<double>(usage.ru_utime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec)/1e6;
	}

	template <typename Function>
	double median(std::size_t count, const Function& function)
		/// Calls the function, which does count things. Returns nanoseconds of user time for each.
	{
		std::vector<double> times;
		for (int i = 0; i < ROUNDS; ++i)
		{
			const double begin = userTime();
			function();
			times.push_back((userTime() - begin)*1e9/static_cast<double>(count));
		}
		std::sort(times.begin(), times.end());
		return times[ROUNDS/2];
	}

	struct Bench
	{
		Bench()
		{
			pParams->setMaxChannels(4096);
			pParams->setOptionsOf([](const std::string& channel)
			{
				ChannelOptions options;
				if (channel[0] == 'h') options.historySize = 100;
				return options;
			});
			pHub = std::make_unique<Hub>(Backplane::Ptr(new MemoryBackplane), pParams);
		}

		std::vector<Session::Ptr> attach(std::size_t count)
		{
			std::vector<Session::Ptr> sessions;
			sessions.reserve(count);
			for (std::size_t i = 0; i < count; ++i) sessions.push_back(pHub->attach(Connection::Ptr(new NullConnection), pEncoder, "user-" + std::to_string(i)));
			return sessions;
		}

		void subscribe(const std::vector<Session::Ptr>& sessions, const std::vector<std::string>& channels)
		{
			for (const Session::Ptr& pSession: sessions)
			{
				for (const std::string& channel: channels) pHub->subscribe(pSession, channel, SubscribeDone());
			}
		}

		void unsubscribe(const std::vector<Session::Ptr>& sessions, const std::vector<std::string>& channels)
		{
			for (const Session::Ptr& pSession: sessions)
			{
				for (const std::string& channel: channels) pHub->unsubscribe(pSession, channel, Done());
			}
		}

		Encoder::Ptr pEncoder{new NullEncoder};
		HubParams::Ptr pParams{new HubParams};
		std::unique_ptr<Hub> pHub;
	};

	std::vector<std::string> names(const std::string& head, std::size_t count)
	{
		std::vector<std::string> result;
		for (std::size_t i = 0; i < count; ++i) result.push_back(head + std::to_string(i));
		return result;
	}

	void report(const std::string& name, double value)
	{
		std::cout << name << ' ' << value << std::endl;
	}

	void subscriptions(const std::string& name, std::size_t sessionCount, const std::vector<std::string>& channels)
	{
		Bench bench;
		const auto sessions = bench.attach(sessionCount);
		const std::size_t count = sessionCount*channels.size();
		std::vector<double> in;
		std::vector<double> out;
		for (int i = 0; i < ROUNDS; ++i)
		{
			const double begin = userTime();
			bench.subscribe(sessions, channels);
			const double middle = userTime();
			bench.unsubscribe(sessions, channels);
			in.push_back((middle - begin)*1e9/static_cast<double>(count));
			out.push_back((userTime() - middle)*1e9/static_cast<double>(count));
		}
		std::sort(in.begin(), in.end());
		std::sort(out.begin(), out.end());
		report("subscribe." + name + ".ns", in[ROUNDS/2]);
		report("unsubscribe." + name + ".ns", out[ROUNDS/2]);
	}

	void memory()
	{
		Bench bench;
		{
			const std::size_t count = 10000;
			std::vector<Connection::Ptr> connections;
			connections.reserve(count);
			std::vector<Session::Ptr> sessions;
			sessions.reserve(count);
			for (std::size_t i = 0; i < count; ++i) connections.emplace_back(new NullConnection);
			const std::size_t before = allocated;
			for (std::size_t i = 0; i < count; ++i) sessions.push_back(bench.pHub->attach(connections[i], bench.pEncoder, "user-" + std::to_string(i)));
			report("session.bytes", static_cast<double>(allocated - before)/static_cast<double>(count));

			bench.subscribe(sessions, names("few", 10));
			const std::size_t one = allocated;
			bench.subscribe(sessions, names("many", 10));
			report("subscription.bytes", static_cast<double>(allocated - one)/static_cast<double>(10*count));
			for (const Session::Ptr& pSession: sessions) bench.pHub->detach(pSession);
		}
		for (const std::string head: {"channel-", "h-channel-"})
		{
			const auto sessions = bench.attach(10);
			const std::size_t channels = 4096;
			const auto all = names(head, channels);
			const auto others = names("o", 4096);
			const std::size_t before = allocated;
			for (std::size_t i = 0; i < sessions.size(); ++i)
			{
				for (std::size_t j = 0; j < channels; ++j)
				{
					if (j % 10 == i) bench.pHub->subscribe(sessions[i], all[j], SubscribeDone());
				}
			}
			report(head + "with-one-subscription.bytes", static_cast<double>(allocated - before)/static_cast<double>(channels));
			for (const Session::Ptr& pSession: sessions) bench.pHub->detach(pSession);
		}
	}

	void deliveries(const std::string& channel, std::size_t subscribers)
	{
		Bench bench;
		const auto sessions = bench.attach(subscribers);
		bench.subscribe(sessions, {channel});
		const std::size_t publications = std::max<std::size_t>(2000000/subscribers, 20);
		const std::string data(100, 'x');
		report("deliver." + channel + '.' + std::to_string(subscribers) + ".ns", median(publications*subscribers, [&]()
		{
			for (std::size_t i = 0; i < publications; ++i) bench.pHub->publish(channel, data);
		}));
	}

	void loop(std::size_t subscribers)
		/// The same without a hub: send() in a loop.
	{
		std::vector<Connection::Ptr> connections;
		for (std::size_t i = 0; i < subscribers; ++i) connections.emplace_back(new NullConnection);
		const std::size_t publications = std::max<std::size_t>(2000000/subscribers, 20);
		const std::string data(100, 'x');
		report("loop." + std::to_string(subscribers) + ".ns", median(publications*subscribers, [&]()
		{
			for (std::size_t i = 0; i < publications; ++i)
			{
				const Prepared pMessage = Poco::Net::WebSocketPreparedMessage::binary(data);
				for (Connection::Ptr& pConnection: connections) pConnection->send(pMessage);
			}
		}));
	}

	void channelsInTurns()
	{
		Bench bench;
		const auto channels = names("channel-", 10000);
		bench.pParams->setMaxChannels(4096);
		std::vector<Session::Ptr> sessions = bench.attach(1000);
		for (std::size_t i = 0; i < channels.size(); ++i)
		{
			for (std::size_t j = 0; j < 10; ++j) bench.pHub->subscribe(sessions[(i + 97*j) % sessions.size()], channels[i], SubscribeDone());
		}
		const std::string data(100, 'x');
		report("deliver.10000-channels-of-10.ns", median(channels.size()*10, [&]()
		{
			for (const std::string& channel: channels) bench.pHub->publish(channel, data);
		}));
	}
}


int main()
{
	memory();
	subscriptions("one-channel", 10000, {"channel"});
	subscriptions("128-channels", 100, names("channel-", 128));
	subscriptions("channels-of-their-own", 1, names("channel-", 4096));
	subscriptions("history", 10000, {"history"});
	for (const std::size_t subscribers: {10, 1000, 10000})
	{
		loop(subscribers);
		deliveries("channel", subscribers);
		deliveries("history", subscribers);
	}
	channelsInTurns();
	return NullConnection::sent > 0 ? 0 : 1;
}
