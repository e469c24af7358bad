//
// Traffic.cpp
//
// Clients on several nodes, which publish and subscribe all the time.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Traffic.h"
#include <algorithm>
#include <chrono>
#include <cstdlib>


using Poco::Messaging::ErrorCode;
using Poco::Messaging::Message;
using Poco::Messaging::MessageClient;
using Poco::Messaging::MessageClientCallbacks;
using Poco::Messaging::MessageClientParams;
using Poco::Messaging::MessageFlag;
using Poco::Messaging::MessageFormat;
using Poco::Messaging::MessageSubscription;
using Poco::Messaging::Opcode;
using Poco::Messaging::Position;


namespace
{
	Poco::Int64 now()
	{
		return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now().time_since_epoch()).count();
	}

	bool hasHistory(const std::string& channel)
	{
		return channel[0] == 'h';
	}

	Position positionOf(const Message& message)
	{
		return {message.epoch, message.offset};
	}
}


class Traffic::Wire final: public MessageFormat
	/// Another format, whose messages are checked: after Subscribed each publication of a channel with history has the next offset.
{
public:
	Wire(Record& record, const std::string& name, const MessageFormat& format):
		_record(record),
		_name(name),
		_format(format)
	{
	}

	const char* subprotocol() const override
	{
		return _format.subprotocol();
	}

	bool text() const override
	{
		return _format.text();
	}

	bool parse(std::string_view bytes, Message& message, std::deque<std::string>& kept) const override
	{
		const bool parsed = _format.parse(bytes, message, kept);
		const std::lock_guard<std::mutex> lock(_mutex);
		if (!parsed) wrong("", "what has come is no message");
		else received(message);
		return parsed;
	}

	void write(const Message& message, std::string& bytes) const override
	{
		_format.write(message, bytes);
		const std::lock_guard<std::mutex> lock(_mutex);
		if (message.opcode == Opcode::CONNECT)
		{
			_at.clear();
			_asked.clear();
		}
		if (message.opcode == Opcode::SUBSCRIBE && message.id != 0) _asked[message.id] = positionOf(message);
	}

	using MessageFormat::write;

private:
	void received(const Message& message) const
	{
		const std::string channel(message.channel);
		const auto asked = _asked.find(message.id);
		if (message.opcode == Opcode::SUBSCRIBED && asked != _asked.end())
		{
			_at[channel] = (message.flags & MessageFlag::RECOVERED) != 0 ? asked->second : positionOf(message);
			_asked.erase(asked);
		}
		if (message.opcode == Opcode::UNSUBSCRIBED) _at.erase(channel);
		if (message.opcode != Opcode::PUBLICATION) return;
		const auto it = _at.find(channel);
		if (it == _at.end()) return wrong(channel, "a publication, and it is not in the channel");
		Position& at = it->second;
		if (at.epoch != message.epoch || (at.epoch != 0 && message.offset != at.offset + 1))
		{
			wrong(channel, std::to_string(message.epoch) + ':' + std::to_string(message.offset) + " behind " + std::to_string(at.epoch) + ':' + std::to_string(at.offset));
		}
		at = positionOf(message);
	}

	void wrong(const std::string& channel, const std::string& what) const
	{
		_record.wire(_name + ", " + channel + ", sent by the service: " + what);
	}

	Record& _record;
	const std::string _name;
	const MessageFormat& _format;
	mutable std::mutex _mutex; // for what follows
	mutable std::map<std::string, Position> _at;
	mutable std::map<Poco::UInt32, Position> _asked;
};


class Traffic::Native final: public TrafficClient
	/// A MessageClient.
{
public:
	Native(Traffic& traffic, const std::string& name, Poco::UInt16 port, bool json):
		_wire(traffic._record, name, json ? MessageFormat::json() : MessageFormat::binary())
	{
		MessageClientParams::Ptr pParams(new MessageClientParams);
		pParams->setFormat(_wire);
		pParams->setRequestTimeout(Poco::Timespan(5, 0));
		if (traffic._options.token) pParams->setToken([token = traffic._options.token, name]() { return token(name); });
		Poco::Net::WebSocketClientParams::Ptr pConnectionParams(new Poco::Net::WebSocketClientParams);
		pConnectionParams->setReconnectDelay(Poco::Timespan(0, 20000), Poco::Timespan(0, 300000));
		const Poco::URI uri("ws://127.0.0.1:" + std::to_string(port) + "/messages");
		_pClient = std::make_unique<MessageClient>(uri, MessageClientCallbacks(), traffic._loop, pParams, pConnectionParams);
	}

	void start() override
	{
		_pClient->start();
	}

	void stop() override
	{
		_pClient->stop();
	}

	void cut() override
	{
		auto pConnection = _pClient->connection();
		if (pConnection) pConnection->abort();
	}

	void subscribe(const std::string& channel, const MessageSubscription& callbacks) override
	{
		_pClient->subscribe(channel, callbacks);
	}

	void publish(const std::string& channel, const std::string& payload, const MessageClient::Done& done, const std::string& transaction) override
	{
		_pClient->publish(channel, payload, done, transaction);
	}

private:
	Wire _wire;
	std::unique_ptr<MessageClient> _pClient; // goes before its format
};


struct Traffic::Client
{
	std::string name;
	int number = 0;        // of a subscriber, in the record
	std::size_t place = 0; // in _got and _in
	std::size_t node = 0;
	TrafficClient::Ptr pClient;
};


struct Traffic::Stream
	/// Of a publisher, in a channel.
{
	Client* pPublisher = nullptr;
	std::string channel;
	std::string payload;
	Poco::UInt64 number = 0; // of the publication that is under way, or was last
	Poco::UInt64 done = 0;   // the last one that was answered
	Milliseconds next = 0;   // when it is published, or tried again
	bool waits = false;      // for an answer
	bool again = false;      // the same is tried again
	std::string error;       // of the last try
};


Traffic::Traffic(Record& record, const TrafficOptions& options):
	_record(record),
	_options(options)
{
	if (!options.script.empty()) _pScript = std::make_unique<ScriptClients>(options.script);
	for (std::size_t node = 0; node < options.ports.size(); ++node)
	{
		const std::string at = '@' + std::to_string(node);
		for (int i = 0; i < options.subscribers; ++i) addSubscriber("s" + std::to_string(i) + at, node, i % 2 == 1, false);
		for (int i = 0; i < options.publishers; ++i) addPublisher("p" + std::to_string(i) + at, node, i % 2 == 1, false);
		if (!_pScript) continue;
		addSubscriber("s-ts" + at, node, node % 2 == 1, true);
		addPublisher("p-ts" + at, node, node % 2 == 1, true);
	}
	_got.resize(_subscribers.size());
	_in.resize(_subscribers.size());
	for (const auto& pSubscriber: _subscribers)
	{
		for (const std::string& channel: options.channels) subscribe(*pSubscriber, channel);
		pSubscriber->pClient->start();
	}
	for (const auto& pPublisher: _publishers)
	{
		for (const std::string& channel: options.channels)
		{
			_streams.emplace_back();
			_streams.back().pPublisher = pPublisher.get();
			_streams.back().channel = channel;
		}
		pPublisher->pClient->start();
	}
	until([this]()
	{
		for (std::size_t i = 0; i < _in.size(); ++i)
		{
			if (_in[i].size() == _options.channels.size()) continue;
			_waits = _subscribers[i]->name + " to come into its channels";
			return false;
		}
		return true;
	}, 30);
	_thread = std::thread([this]() { run(); });
}


Traffic::~Traffic()
{
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_ended = true;
		_condition.notify_all();
	}
	_thread.join();
	for (const auto& pClient: _publishers) pClient->pClient->stop();
	for (const auto& pClient: _subscribers) pClient->pClient->stop();
}


void Traffic::addSubscriber(const std::string& name, std::size_t node, bool json, bool script)
{
	_subscribers.push_back(client(name, node, json, script));
	_subscribers.back()->number = _record.subscriber(name);
	_subscribers.back()->place = _subscribers.size() - 1;
}


void Traffic::addPublisher(const std::string& name, std::size_t node, bool json, bool script)
{
	_publishers.push_back(client(name, node, json, script));
}


std::unique_ptr<Traffic::Client> Traffic::client(const std::string& name, std::size_t node, bool json, bool script)
{
	auto pClient = std::make_unique<Client>();
	pClient->name = name;
	pClient->node = node;
	const Poco::UInt16 port = _options.ports[node];
	if (script) pClient->pClient = _pScript->client(port, json, _options.token ? _options.token(name) : std::string());
	else pClient->pClient = std::make_unique<Native>(*this, name, port, json);
	return pClient;
}


void Traffic::subscribe(Client& client, const std::string& channel)
{
	const std::size_t place = client.place;
	const int number = client.number;
	MessageSubscription callbacks;
	callbacks.onSubscribed = [this, place, number, channel](const Message& message)
	{
		_record.subscribed(number, channel, positionOf(message), (message.flags & MessageFlag::RECOVERED) != 0);
		const std::lock_guard<std::mutex> lock(_mutex);
		_in[place].insert(channel);
		_condition.notify_all();
	};
	callbacks.onPublication = [this, place, number, channel](const Message& message)
	{
		const std::string payload(message.payload);
		_record.received(number, channel, positionOf(message), payload);
		const std::size_t space = payload.find(' ');
		if (space == std::string::npos) return; // of somebody else
		const std::lock_guard<std::mutex> lock(_mutex);
		_got[place][channel + ' ' + payload.substr(0, space)] = std::strtoull(payload.c_str() + space, nullptr, 10);
		_condition.notify_all();
	};
	callbacks.onLost = [this, number, channel](const Position& last, const Position& next) { _record.lost(number, channel, last, next); };
	callbacks.onPresence = [this, number, channel](const Message& message)
	{
		_record.presence(number, channel, std::string(message.user), message.opcode == Opcode::JOIN);
	};
	callbacks.onDropped = [this, number, channel](Poco::UInt64 count) { _record.dropped(number, channel, count); };
	callbacks.onEnded = [this, name = client.name, channel](ErrorCode code, const std::string& text)
	{
		_record.wire(name + ", " + channel + ": it is not in the channel any more: " + Poco::Messaging::toString(code) + ' ' + text);
	};
	client.pClient->subscribe(channel, callbacks);
}


void Traffic::run()
{
	std::unique_lock<std::mutex> lock(_mutex);
	while (!_ended)
	{
		const Milliseconds time = now();
		for (Stream& stream: _streams)
		{
			if (stream.waits || stream.next > time || (!_publishes && !stream.again)) continue;
			if (!stream.again)
			{
				stream.payload = stream.pPublisher->name + ' ' + std::to_string(++stream.number) + ' ';
				if (stream.payload.size() < _options.payload) stream.payload.resize(_options.payload, 'x');
			}
			stream.waits = true;
			lock.unlock();
			publish(stream);
			lock.lock();
		}
		_condition.wait_for(lock, std::chrono::milliseconds(5), [this]() { return _ended; });
	}
}


void Traffic::publish(Stream& stream)
{
	const std::string transaction = stream.pPublisher->name + ' ' + std::to_string(stream.number);
	stream.pPublisher->pClient->publish(stream.channel, stream.payload, [this, &stream](ErrorCode code, const Message& answer)
	{
		answered(stream, code, answer);
	}, hasHistory(stream.channel) ? transaction : std::string());
}


void Traffic::answered(Stream& stream, ErrorCode code, const Message& answer)
{
	// Of what was on its way to an engine that has gone, UNAVAILABLE says that nobody knows
	const bool unknown = code == ErrorCode::CONNECTION_LOST || code == ErrorCode::TIMED_OUT || code == ErrorCode::INTERNAL || code == ErrorCode::STOPPED || code == ErrorCode::UNAVAILABLE;
	const bool again = code != ErrorCode::NONE && code != ErrorCode::STOPPED && (hasHistory(stream.channel) || !unknown);
	if (code == ErrorCode::NONE)
	{
		_record.published(stream.channel, stream.payload, positionOf(answer), (answer.flags & MessageFlag::DUPLICATE) != 0);
	}
	else if (again) _record.refused();
	else _record.uncertain();
	const std::lock_guard<std::mutex> lock(_mutex);
	stream.waits = false;
	if (code != ErrorCode::NONE) ++_refused;
	stream.again = again;
	stream.error = code == ErrorCode::NONE ? std::string() : Poco::Messaging::toString(code) + (' ' + std::string(answer.text));
	if (code == ErrorCode::NONE) stream.done = stream.number;
	stream.next = now() + (code == ErrorCode::NONE ? _options.interval : 50);
	_condition.notify_all();
}


bool Traffic::until(const std::function<bool()>& condition, int seconds) const
{
	const Milliseconds end = now() + 1000*seconds;
	for (;;)
	{
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			if (condition()) return true;
		}
		if (now() >= end) return false;
		std::this_thread::sleep_for(std::chrono::milliseconds(2));
	}
}


std::string Traffic::waitsFor(const Stream& stream)
{
	return "an answer to " + stream.pPublisher->name + ' ' + std::to_string(stream.number) + " in " + stream.channel + (stream.error.empty() ? "" : ", last: " + stream.error);
}


Poco::Int64 Traffic::flows(const std::set<std::size_t>& nodes)
{
	const auto counts = [&](const Client& client) { return nodes.empty() || nodes.count(client.node) > 0; };
	const Milliseconds begin = now();
	std::map<std::string, Poco::UInt64> numbers; // "CHANNEL PUBLISHER": the first one that is published from now on
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		for (const Stream& stream: _streams)
		{
			if (counts(*stream.pPublisher)) numbers[stream.channel + ' ' + stream.pPublisher->name] = stream.number + 1;
		}
	}
	const bool flow = until([&]()
	{
		for (const Stream& stream: _streams)
		{
			const auto it = numbers.find(stream.channel + ' ' + stream.pPublisher->name);
			if (it == numbers.end() || stream.done >= it->second) continue;
			_waits = waitsFor(stream);
			return false;
		}
		for (const auto& pSubscriber: _subscribers)
		{
			if (!counts(*pSubscriber)) continue;
			for (const auto& number: numbers)
			{
				if (_got[pSubscriber->place][number.first] >= number.second) continue;
				_waits = number.first + ' ' + std::to_string(number.second) + " to come to " + pSubscriber->name;
				return false;
			}
		}
		return true;
	}, 60);
	return flow ? now() - begin : -1;
}


void Traffic::cut()
{
	for (const auto& pSubscriber: _subscribers) pSubscriber->pClient->cut();
}


bool Traffic::refused()
{
	Poco::UInt64 before = 0;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		before = _refused;
	}
	return until([&]()
	{
		_waits = "a publication to be refused";
		return _refused > before;
	}, 60);
}


bool Traffic::settle()
{
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_publishes = false;
	}
	return until([this]()
	{
		for (const Stream& stream: _streams)
		{
			if (!stream.waits && !stream.again) continue;
			_waits = waitsFor(stream);
			return false;
		}
		_waits = "subscribers to get what was promised";
		return _record.complete();
	}, 60);
}


std::string Traffic::waits() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _waits;
}
