//
// Watchers.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Watchers.h"
#include "Poco/Messaging/MessageClientParams.h"
#include "Poco/Net/WebSocketClientParams.h"
#include "Poco/Random.h"
#include "Poco/URI.h"
#include "Poco/UUIDGenerator.h"
#include <algorithm>


using Poco::JSON::Array;
using Poco::JSON::Object;
using Poco::Messaging::ErrorCode;
using Poco::Messaging::Message;
using Poco::Messaging::MessageClient;
using Poco::Messaging::MessageClientCallbacks;
using Poco::Messaging::MessageClientParams;
using Poco::Messaging::MessageSubscription;
using Poco::Messaging::Opcode;
using Poco::Messaging::Position;
using Poco::Messaging::TraceContext;
using Poco::Net::WebSocketClientParams;


namespace
{
	const std::string ROOM = "presence-room-watchers";
	constexpr Poco::UInt16 WHERE = Opcode::APPLICATION; // ChatServer answers the name of the node
	constexpr std::size_t PATHS = 8; // that are shown
	constexpr auto TICK = std::chrono::milliseconds(100);
	constexpr int EVERY = 6;     // ticks between two numbered messages of a watcher: less than the chat warns of
	constexpr int HOMELESS = 20; // ticks until a watcher goes home


	TraceContext newTrace()
	{
		static Poco::Random random;
		static std::mutex mutex;
		std::lock_guard<std::mutex> lock(mutex);
		if (random.next() == 0) random.seed();
		const auto number = [] { return (static_cast<Poco::UInt64>(random.next()) << 32) | random.next() | 1; };
		TraceContext trace;
		trace.traceHigh = number();
		trace.traceLow = number();
		trace.span = number();
		return trace;
	}


	bool temporary(ErrorCode code)
		/// Nothing is known to be wrong with the message.
	{
		return code == ErrorCode::BUSY || code == ErrorCode::UNAVAILABLE || code == ErrorCode::TIMED_OUT || code == ErrorCode::CONNECTION_LOST
			|| code == ErrorCode::STOPPED || code == ErrorCode::QUOTA;
	}
}


Watchers::Watchers(const std::string& balancer, const std::vector<std::string>& nodes, const Token& token, const std::function<void()>& changed):
	_nodes(nodes),
	_changed(changed),
	_watchers(nodes.size()),
	_answered(nodes.size()),
	_ready(nodes.size()),
	_run(Poco::UUIDGenerator::defaultGenerator().createRandom().toString())
{
	for (std::size_t i = 0; i < nodes.size(); ++i)
	{
		MessageClientCallbacks callbacks;
		callbacks.onState = [this, i](MessageClientCallbacks::State state, const std::string&)
		{
			if (state == MessageClientCallbacks::CONNECTED) return connected(i);
			std::unique_lock<std::mutex> lock(_mutex);
			_watchers[i].node.clear();
		};
		MessageClientParams::Ptr pParams = new MessageClientParams;
		pParams->setToken(token);
		pParams->setRequestTimeout(Poco::Timespan(230, 0)); // a service knows a transaction for 5 minutes
		WebSocketClientParams::Ptr pConnectionParams = new WebSocketClientParams;
		pConnectionParams->setReconnectDelay(Poco::Timespan(0, 200*1000), Poco::Timespan(1, 0));
		_watchers[i].pClient = std::make_unique<MessageClient>(Poco::URI(balancer + "/?node=" + nodes[i]), callbacks, pParams, pConnectionParams);
		MessageSubscription room;
		room.onPublication = [this, i](const Message& publication) { received(i, publication); };
		room.onLost = [this, i](const Position&, const Position&)
		{
			std::lock_guard<std::mutex> lock(_mutex);
			++_watchers[i].lost;
		};
		_watchers[i].pClient->subscribe(ROOM, room);
	}
}


Watchers::~Watchers()
{
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_end = true;
	}
	_ended.notify_one();
	if (_thread.joinable()) _thread.join();
	for (Watcher& watcher: _watchers) watcher.pClient->stop(); // no callback uses this any more
}


void Watchers::start()
{
	for (Watcher& watcher: _watchers) watcher.pClient->start();
	_thread = std::thread(&Watchers::run, this);
}


void Watchers::connected(std::size_t watcher)
{
	_watchers[watcher].pClient->request(WHERE, "", [this, watcher](ErrorCode error, const Message& answer)
	{
		if (error != ErrorCode::NONE) return;
		std::unique_lock<std::mutex> lock(_mutex);
		_watchers[watcher].node = std::string(answer.payload);
		_watchers[watcher].homeless = 0;
		lock.unlock();
		_changed();
	});
}


void Watchers::send(std::size_t from)
{
	Path path;
	path.from = from;
	const TraceContext trace = newTrace();
	path.trace = trace.traceparent().substr(3, 32);
	path.received.assign(_watchers.size(), -1);
	path.nodes.resize(_watchers.size());
	path.sent = Steady::now();
	std::unique_lock<std::mutex> lock(_mutex);
	path.number = ++_lastPath;
	path.node = _watchers[from].node;
	path.transaction = _run + "-path-" + std::to_string(path.number);
	_paths.push_back(path);
	if (_paths.size() > PATHS) _paths.pop_front();
	lock.unlock();

	Message message = Message::publish(ROOM, "path", 0, path.transaction);
	message.trace = trace;
	_watchers[from].pClient->request(message, [this, number = path.number](ErrorCode error, const Message& answer)
	{
		const Steady::time_point now = Steady::now();
		std::unique_lock<std::mutex> done(_mutex);
		for (Path& each: _paths)
		{
			if (each.number != number) continue;
			if (error == ErrorCode::NONE) each.answered = std::chrono::duration_cast<std::chrono::microseconds>(now - each.sent).count();
			else each.error = toString(error);
			each.offset = answer.offset;
		}
		done.unlock();
		_changed();
	});
}


void Watchers::setTraffic(bool on)
{
	std::lock_guard<std::mutex> lock(_mutex);
	_traffic = on;
}


void Watchers::setReady(const std::vector<bool>& ready)
{
	std::lock_guard<std::mutex> lock(_mutex);
	_ready = ready;
}


void Watchers::run()
{
	std::unique_lock<std::mutex> lock(_mutex);
	for (auto due = Steady::now() + TICK; !_ended.wait_until(lock, due, [this] { return _end; }); due = std::max(due, Steady::now() - TICK) + TICK)
	{
		lock.unlock();
		tick();
		lock.lock();
	}
}


void Watchers::tick()
	/// Sends what is due, and brings home those whose node is ready again.
{
	for (std::size_t i = 0; i < _watchers.size(); ++i)
	{
		Watcher& watcher = _watchers[i];
		std::unique_lock<std::mutex> lock(_mutex);
		const bool astray = _ready[i] && !watcher.node.empty() && watcher.node != _nodes[i];
		watcher.homeless = astray ? watcher.homeless + 1 : 0;
		const bool goHome = watcher.homeless == HOMELESS;
		const bool publish = ++watcher.due >= EVERY && !watcher.waiting && (_traffic || watcher.again);
		lock.unlock();
		if (goHome)
		{
			watcher.pClient->stop();
			watcher.pClient->start(); // it asks for its node again
		}
		if (publish) publishNumbered(i);
	}
}


void Watchers::publishNumbered(std::size_t watcher)
{
	std::unique_lock<std::mutex> lock(_mutex);
	Watcher& sender = _watchers[watcher];
	if (!sender.again) ++sender.number;
	sender.again = false;
	sender.waiting = true;
	sender.due = 0;
	const std::string text = std::to_string(watcher) + " " + std::to_string(sender.number);
	lock.unlock();
	sender.pClient->publish(ROOM, text, [this, watcher](ErrorCode error, const Message&)
	{
		std::lock_guard<std::mutex> done(_mutex);
		Watcher& asked = _watchers[watcher];
		asked.waiting = false;
		asked.again = temporary(error);
		if (error == ErrorCode::NONE) _answered[watcher] = asked.number;
	}, _run + "-" + text);
}


void Watchers::received(std::size_t watcher, const Message& publication)
{
	const Steady::time_point now = Steady::now();
	const std::string text(publication.payload);
	std::unique_lock<std::mutex> lock(_mutex);
	if (text != "path")
	{
		const std::size_t space = text.find(' ');
		if (publication.transaction != _run + "-" + text || space == std::string::npos) return; // of somebody else
		if (!_watchers[watcher].received[std::stoi(text.substr(0, space))].insert(std::stoi(text.substr(space + 1))).second) ++_watchers[watcher].doubled;
		return;
	}
	for (Path& path: _paths)
	{
		if (path.transaction != publication.transaction) continue;
		path.received[watcher] = std::chrono::duration_cast<std::chrono::microseconds>(now - path.sent).count();
		path.nodes[watcher] = _watchers[watcher].node;
		path.stored = publication.timestamp;
		if (publication.trace.traceparent().substr(3, 32) != path.trace) path.error = "another trace";
	}
	lock.unlock();
	_changed();
}


Object Watchers::state() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	Array paths;
	for (const Path& path: _paths)
	{
		Object entry;
		entry.set("number", path.number);
		entry.set("from", static_cast<int>(path.from));
		entry.set("node", path.node);
		entry.set("trace", path.trace);
		entry.set("answered", path.answered);
		entry.set("stored", path.stored);
		entry.set("offset", path.offset);
		entry.set("error", path.error);
		Array received;
		for (const Poco::Int64 time: path.received) received.add(time);
		entry.set("received", received);
		Array nodes;
		for (const std::string& node: path.nodes) nodes.add(node);
		entry.set("nodes", nodes);
		paths.add(entry);
	}
	Array watchers;
	int sent = 0;
	for (const int number: _answered) sent += number;
	for (const Watcher& watcher: _watchers)
	{
		Object entry;
		entry.set("node", watcher.node);
		std::size_t got = 0;
		for (const auto& [from, numbers]: watcher.received)
			got += static_cast<std::size_t>(std::distance(numbers.begin(), numbers.upper_bound(_answered[static_cast<std::size_t>(from)])));
		entry.set("missing", sent - static_cast<int>(got)); // or on its way
		entry.set("doubled", watcher.doubled);
		entry.set("lost", watcher.lost);
		watchers.add(entry);
	}
	Object object;
	object.set("paths", paths);
	object.set("watchers", watchers);
	object.set("sent", sent);
	object.set("traffic", _traffic);
	return object;
}
