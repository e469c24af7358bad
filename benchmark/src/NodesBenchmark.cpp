//
// NodesBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  NodesBenchmark
//
// What RedisBackplane adds to Redis, without connections of clients: latency and throughput beside hiredis alone, which writes the same bytes
// into the same Redis; and what an idle node asks of it. Prints JSON.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/HubTimer.h"
#include "Poco/Messaging/RedisBackplane.h"
#include "RedisScripts.h"
#include "node/NodeFormat.h"
#include <hiredis/hiredis.h>
#include <sys/resource.h>
#include <algorithm>
#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>


using namespace Poco::Messaging;


namespace
{
	constexpr std::size_t DATA = 100;         // bytes of a publication
	constexpr std::size_t PIPELINE = 16;      // calls of a script without an answer, as redis-benchmark -P 16
	constexpr std::size_t COMMANDS = 1024;    // PUBLISH without an answer: as many as RedisBackplane has
	constexpr int MAX_CHANNELS = 4096;        // of a session
	constexpr std::size_t BATCH = RedisBackplane::BATCH;

	double now()
		/// In seconds.
	{
		return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
	}

	double processorTime()
		/// Of this process, in seconds.
	{
		rusage usage;
		getrusage(RUSAGE_SELF, &usage);
		return static_cast<double>(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + static_cast<double>(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec)/1e6;
	}

	class Event
		/// Something that one thread waits for and another one says.
	{
	public:
		void set()
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			_set = true;
			_condition.notify_one();
		}

		void wait()
			/// Until it was set, once for each time. Throws after 30 s.
		{
			std::unique_lock<std::mutex> lock(_mutex);
			if (!_condition.wait_for(lock, std::chrono::seconds(30), [this]() { return _set; })) throw std::runtime_error("nothing has come for 30 s");
			_set = false;
		}

	private:
		std::mutex _mutex;
		std::condition_variable _condition;
		bool _set = false;
	};

	class Subscriber: public Connection
		/// Notes when something has come.
	{
	public:
		Result send(const Prepared&) override
		{
			at = now();
			come.set();
			return SENT;
		}

		std::size_t queued() const override
		{
			return 0;
		}

		void close(int, const std::string&) override
		{
		}

		double at = 0;
		Event come;
	};

	class PayloadEncoder: public Encoder
	{
	public:
		PayloadEncoder(): Encoder(0)
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

	class Redis
		/// A connection by hiredis alone.
	{
	public:
		explicit Redis(int port):
			_pContext(redisConnect("127.0.0.1", port), redisFree)
		{
			if (!_pContext || _pContext->err) throw std::runtime_error("redis-server cannot be reached");
		}

		void append(const std::vector<std::string>& words)
		{
			_texts.clear();
			_sizes.clear();
			for (const std::string& word: words)
			{
				_texts.push_back(word.data());
				_sizes.push_back(word.size());
			}
			redisAppendCommandArgv(_pContext.get(), static_cast<int>(words.size()), _texts.data(), _sizes.data());
		}

		void appendFormatted(const std::string& command)
		{
			redisAppendFormattedCommand(_pContext.get(), command.data(), command.size());
		}

		void flush()
		{
			int done = 0;
			while (!done && redisBufferWrite(_pContext.get(), &done) == REDIS_OK) {}
		}

		std::string answer()
			/// Waits for the next one, and returns its text.
		{
			void* p = nullptr;
			if (redisGetReply(_pContext.get(), &p) != REDIS_OK) throw std::runtime_error(std::string("redis-server: ") + _pContext->errstr);
			const std::unique_ptr<redisReply, void (*)(void*)> pReply(static_cast<redisReply*>(p), freeReplyObject);
			const std::string text = pReply->str ? std::string(pReply->str, static_cast<std::size_t>(pReply->len)) : std::string();
			if (pReply->type == REDIS_REPLY_ERROR) throw std::runtime_error("redis-server: " + text);
			return text;
		}

		std::string command(const std::vector<std::string>& words)
		{
			append(words);
			return answer();
		}

		static std::string format(const std::vector<std::string>& words)
			/// Returns what is sent for a command.
		{
			std::string text = '*' + std::to_string(words.size()) + "\r\n";
			for (const std::string& word: words) text += '$' + std::to_string(word.size()) + "\r\n" + word + "\r\n";
			return text;
		}

	private:
		std::unique_ptr<redisContext, void (*)(redisContext*)> _pContext;
		std::vector<const char*> _texts;
		std::vector<std::size_t> _sizes;
	};

	HubParams::Ptr hubParams()
	{
		HubParams::Ptr pParams(new HubParams);
		pParams->setMaxChannels(MAX_CHANNELS);
		pParams->setOptionsOf([](const std::string& channel)
		{
			ChannelOptions options;
			if (channel[0] == 'h') options.historySize = 100;
			return options;
		});
		return pParams;
	}

	Backplane::Ptr backplane(int port)
	{
		return Backplane::Ptr(new RedisBackplane("redis://127.0.0.1:" + std::to_string(port)));
	}

	std::string frameOf(const std::string& data)
		/// Returns the bytes that a node writes for a publication.
	{
		Publication::Ptr pPublication(new Publication);
		pPublication->data = data;
		NodeFormat::Source source;
		source.node = 200000000; // as large as those that Redis gives out
		source.number = 1000000;
		std::string frame;
		NodeFormat::append(frame, source, *pPublication);
		return frame;
	}

	std::string eventOf(const std::string& frames)
	{
		return NodeFormat::publications(Position(), 1700000000000, frames);
	}

	void put(const char* pName, const std::vector<double>& values, const char* pEnd)
	{
		std::cout << '"' << pName << "\": [";
		for (std::size_t i = 0; i < values.size(); ++i) std::cout << (i > 0 ? ", " : "") << values[i];
		std::cout << ']' << pEnd;
	}

	double percentile(std::vector<double> values, double part)
	{
		std::sort(values.begin(), values.end());
		return values[static_cast<std::size_t>(part*static_cast<double>(values.size() - 1))];
	}

	//
	// Latency
	//
	std::vector<double> oursOnce(Hub& from, Subscriber& subscriber, int count)
		/// Returns microseconds.
	{
		std::vector<double> times;
		for (int i = 0; i < count; ++i)
		{
			const double begin = now();
			from.publish("c", std::string(DATA, 'x'));
			subscriber.come.wait();
			times.push_back((subscriber.at - begin)*1e6);
		}
		return times;
	}

	std::vector<double> bareOnce(Redis& publisher, Redis& subscriber, const std::string& event, int count)
	{
		std::vector<double> times;
		for (int i = 0; i < count; ++i)
		{
			const double begin = now();
			publisher.append({"PUBLISH", "bare:s:c", event});
			publisher.flush();
			subscriber.answer();
			times.push_back((now() - begin)*1e6);
			publisher.answer();
		}
		return times;
	}

	void latency(int port, int blocks, int count)
		/// In turns. Each block is as if it were alone: whoever publishes waits until it has come.
	{
		Hub from(backplane(port), hubParams());
		Hub to(backplane(port), hubParams());
		Poco::AutoPtr<Subscriber> pSubscriber(new Subscriber);
		const Session::Ptr pSession = to.attach(pSubscriber, Encoder::Ptr(new PayloadEncoder));
		Event subscribed;
		to.subscribe(pSession, "c", [&](const SubscribeResult&) { subscribed.set(); });
		subscribed.wait();
		Redis publisher(port);
		Redis subscriber(port);
		subscriber.command({"SUBSCRIBE", "bare:s:c"});
		const std::string event = eventOf(frameOf(std::string(DATA, 'x')));
		oursOnce(from, *pSubscriber, count);
		bareOnce(publisher, subscriber, event, count);
		std::vector<double> p50[2];
		std::vector<double> p99[2];
		for (int i = 0; i < 2*blocks; ++i)
		{
			const int side = (i + i/2) % 2; // who was last is first
			const std::vector<double> times = side == 0 ? oursOnce(from, *pSubscriber, count) : bareOnce(publisher, subscriber, event, count);
			p50[side].push_back(percentile(times, 0.5));
			p99[side].push_back(percentile(times, 0.99));
		}
		std::cout << '{';
		put("ours_p50", p50[0], ", ");
		put("ours_p99", p99[0], ", ");
		put("bare_p50", p50[1], ", ");
		put("bare_p99", p99[1], "}\n");
		to.detach(pSession);
	}

	//
	// Throughput
	//
	struct Speed
	{
		double rate;          // publications a second
		double processorTime; // of this process for one, in microseconds
	};

	template <class Function>
	Speed speedOf(std::size_t count, const Function& function)
	{
		const double begin = now();
		const double used = processorTime();
		function();
		return {static_cast<double>(count)/(now() - begin), (processorTime() - used)/static_cast<double>(count)*1e6};
	}

	class Counter
		/// Of answers.
	{
	public:
		void answered(Error error)
		{
			++(error == Error::NONE ? _done : _refused);
		}

		void wait(std::size_t done) const
			/// Until so many were done in all. It looks now and then, so that an answer does not cost a wake-up.
		{
			const double end = now() + 60;
			while (_done < done)
			{
				if (_refused > 0 || now() > end) throw std::runtime_error("publications were refused, or not answered");
				std::this_thread::sleep_for(std::chrono::microseconds(100));
			}
		}

	private:
		std::atomic<std::size_t> _done{0};
		std::atomic<std::size_t> _refused{0};
	};

	void publishOurs(Hub& hub, const std::vector<std::string>& channels, std::size_t count)
		/// As many wait as a node may have without being refused.
	{
		constexpr std::size_t AHEAD = 8192;
		constexpr std::size_t STEP = 1024;
		const std::string data(DATA, 'x');
		Counter counter;
		for (std::size_t i = 0; i < count; ++i)
		{
			if (i % STEP == 0 && i > AHEAD) counter.wait(i - AHEAD);
			hub.publish(channels[i % channels.size()], data, [&counter](const PublishResult& result) { counter.answered(result.error); });
		}
		counter.wait(count);
	}

	void publishBare(Redis& redis, const std::vector<std::string>& channels, std::size_t count)
	{
		const std::string event = eventOf(frameOf(std::string(DATA, 'x')));
		std::vector<std::string> words{"PUBLISH", "", event};
		std::size_t sent = 0;
		for (std::size_t done = 0; done < count; ++done)
		{
			for (; sent < count && sent < done + COMMANDS; ++sent)
			{
				words[1] = "bare:s:" + channels[sent % channels.size()];
				redis.append(words);
			}
			redis.answer();
		}
	}

	void storeBare(Redis& redis, const std::vector<std::string>& channels, std::size_t count)
		/// The calls are written once, as redis-benchmark does.
	{
		const std::string frame = frameOf(std::string(DATA, 'x'));
		std::vector<std::string> calls;
		for (std::size_t first = 0; first == 0 || first < channels.size(); first += BATCH)
		{
			std::vector<std::string> words{"EVALSHA", RedisScript::PUBLISH.sha, "0", "bare:", "bare:"};
			const std::size_t groups = std::min(channels.size(), BATCH);
			for (std::size_t i = 0; i < groups; ++i)
			{
				const std::size_t size = BATCH/groups + (i < BATCH % groups ? 1 : 0);
				words.insert(words.end(), {channels[(first + i) % channels.size()], "100", "300000", "3600000", "4503599627370495", std::to_string(size)});
				for (std::size_t j = 0; j < size; ++j) words.insert(words.end(), {"", frame});
			}
			calls.push_back(Redis::format(words));
		}
		std::size_t sent = 0;
		for (std::size_t done = 0; done < count/BATCH; ++done)
		{
			for (; sent < count/BATCH && sent < done + PIPELINE; ++sent) redis.appendFormatted(calls[sent % calls.size()]);
			redis.answer();
		}
	}

	void throughput(int port, bool history, std::size_t channelCount, int blocks, std::size_t count)
		/// In turns.
	{
		Hub hub(backplane(port), hubParams());
		Redis redis(port);
		redis.command({"SCRIPT", "LOAD", RedisScript::PUBLISH.text});
		std::vector<std::string> channels;
		for (std::size_t i = 0; i < channelCount; ++i) channels.push_back((history ? "h" : "c") + std::to_string(i));
		std::vector<double> rates[2];
		std::vector<double> times[2];
		for (int i = -2; i < 2*blocks; ++i)
		{
			const int side = (i + 4 + (i + 4)/2) % 2;
			const Speed speed = speedOf(count, [&]()
			{
				if (side == 0) publishOurs(hub, channels, count);
				else if (history) storeBare(redis, channels, count);
				else publishBare(redis, channels, count);
			});
			if (i < 0) continue;
			rates[side].push_back(speed.rate);
			times[side].push_back(speed.processorTime);
		}
		std::cout << '{';
		put("ours", rates[0], ", ");
		put("bare", rates[1], ", ");
		put("ours_cpu", times[0], ", ");
		put("bare_cpu", times[1], "}\n");
	}

	//
	// An idle node
	//
	void idle(int port, int channels)
		/// Prints how many commands it has sent whenever a line comes.
	{
		Poco::AutoPtr<RedisBackplane> pBackplane(new RedisBackplane("redis://127.0.0.1:" + std::to_string(port)));
		Hub hub(Backplane::Ptr(pBackplane), hubParams());
		std::vector<Session::Ptr> sessions;
		Counter counter;
		for (int i = 0; i < channels; ++i)
		{
			if (i % MAX_CHANNELS == 0) sessions.push_back(hub.attach(Connection::Ptr(new Subscriber), Encoder::Ptr(new PayloadEncoder)));
			hub.subscribe(sessions.back(), (i % 2 ? "h" : "c") + std::to_string(i), [&counter](const SubscribeResult& result) { counter.answered(result.error); });
		}
		counter.wait(static_cast<std::size_t>(channels));
		HubTimer timer(hub);
		std::string line;
		do
		{
			std::cout << "{\"commands\": " << pBackplane->metrics().commands << '}' << std::endl;
		}
		while (std::getline(std::cin, line));
		for (const Session::Ptr& pSession: sessions) hub.detach(pSession);
	}

	int number(const char* pText)
	{
		const int value = std::atoi(pText);
		if (value <= 0) throw std::invalid_argument(std::string("a number is needed: ") + pText);
		return value;
	}
}


int main(int argc, char** argv)
	/// PORT latency BLOCKS COUNT; PORT publish|store CHANNELS BLOCKS COUNT; PORT idle CHANNELS.
{
	const std::vector<std::string> arguments(argv, argv + argc);
	try
	{
		if (argc == 5 && arguments[2] == "latency") latency(number(argv[1]), number(argv[3]), number(argv[4]));
		else if (argc == 6 && (arguments[2] == "publish" || arguments[2] == "store"))
			throughput(number(argv[1]), arguments[2] == "store", static_cast<std::size_t>(number(argv[3])), number(argv[4]), static_cast<std::size_t>(number(argv[5])));
		else if (argc == 4 && arguments[2] == "idle") idle(number(argv[1]), number(argv[3]));
		else throw std::invalid_argument("PORT latency BLOCKS COUNT | PORT publish CHANNELS BLOCKS COUNT | PORT store CHANNELS BLOCKS COUNT | PORT idle CHANNELS");
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
	return 0;
}
