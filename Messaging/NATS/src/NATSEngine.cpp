//
// NATSEngine.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSEngine
//
// What the hub calls, and what calls the hub. The rest is in NATSSender.cpp.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSEngine.h"
#include "Poco/Messaging/HubParams.h"
#include "node/NodeFormat.h"
#include "Poco/Exception.h"
#include "Poco/Timestamp.h"
#include <random>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Time ANSWER_TIME = 2000; // ms
	constexpr Time BEAT = 3000;        // between two signs of life
	constexpr Time DEAD = 10000;       // without one
	constexpr Time ROLL_TIME = 1000;   // for the others to say that they are there
	constexpr std::size_t OWN_SIZE = 256; // of something that waits, beside its bytes

	Time wallTime()
	{
		return Poco::Timestamp().epochMicroseconds()/1000;
	}

	Poco::UInt32 randomNode()
	{
		std::random_device device;
		Poco::UInt32 node = 0;
		while (node == 0) node = device();
		return node;
	}
}


NATSEngine::NATSEngine(const NATSBackplaneParams::Ptr& pParams):
	_pParams(pParams),
	_servers(NATSServers::parse(pParams->getURL())),
	_node(randomNode())
{
}


NATSEngine::~NATSEngine()
{
}


void NATSEngine::start(const std::shared_ptr<BackplaneSink>& pSink)
{
	_pSink = pSink;
	try
	{
		++_linkNumber;
		_pLink = std::make_unique<NATSLink>(*_pParams, _servers, shared_from_this(), _linkNumber);
		int tries = 10;
		while (!_pLink->unused(subjectOf("n", std::to_string(_node))))
		{
			if (--tries == 0) throw Poco::IOException("NATS at " + _servers.text() + ": it does not say who is there; version 2.2 is needed");
			_node = randomNode();
		}
		join(true);
		if (!_pLink) throw Poco::IOException("NATS at " + _servers.text() + ": it does not answer");
	}
	catch (const Poco::IOException&)
	{
		_pLink.reset();
		if (!_pParams->getRetryAtStart())
		{
			_pSink.reset();
			throw;
		}
	}
	const auto pThis = shared_from_this();
	_sender = std::thread([pThis]() { pThis->send(); });
	_giver = std::thread([pThis]() { pThis->give(); });
}


void NATSEngine::stop()
{
	bool connecting = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_stopped.exchange(true)) return;
		_up = false;
		connecting = _connecting;
	}
	_toDo.notify_all();
	if (_sender.joinable())
	{
		// It calls nothing of the program, so it can be waited for. When it has connected it sees that this is over.
		if (connecting) _sender.detach();
		else _sender.join();
	}
	std::deque<Event> events;
	std::deque<Asked> asked;
	std::vector<Receipt::Ptr> released;
	std::shared_ptr<BackplaneSink> pSink;
	bool giving = false;
	{
		const std::lock_guard<std::mutex> lock(_eventMutex);
		events.swap(_events);
		pSink.swap(_pSink);
		giving = _giving;
	}
	_toGive.notify_all();
	if (_giver.joinable())
	{
		// It may be in a function of the program that waits for the caller, or be the caller
		if (giving) _giver.detach();
		else _giver.join();
	}
	const std::lock_guard<std::mutex> lock(_mutex);
	_commands.clear();
	asked.swap(_asked);
	for (const auto& item: _channels) release(*item.second, released);
	_channels.clear();
} // the answers that were not given are released without the lock


Poco::UInt32 NATSEngine::node() const
{
	return _node;
}


bool NATSEngine::up() const
{
	return _up;
}


//
// What the hub asks for
//
void NATSEngine::subscribe(const std::string& name, const Backplane::Positioned& done)
{
	bool refused = false;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		refused = !_up;
		if (!refused)
		{
			TargetPtr& pTarget = _channels[name];
			if (!pTarget)
			{
				pTarget = std::make_shared<Target>();
				pTarget->subject = subjectOf("c", subjectToken(name));
				pTarget->name = name;
			}
			Asked asked;
			asked.turn = ++_turn;
			asked.due = HubParams::monotonic() + ANSWER_TIME;
			asked.subscribed = done;
			asked.pTarget = pTarget;
			_asked.push_back(std::move(asked));
			post({Command::SUBSCRIBE, "", "", pTarget, _turn});
		}
	}
	if (refused) done(Error::UNAVAILABLE, Position());
}


void NATSEngine::unsubscribe(const std::string& name)
{
	std::vector<Receipt::Ptr> released;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		const auto it = _channels.find(name);
		if (it == _channels.end()) return;
		const TargetPtr pTarget = it->second;
		release(*pTarget, released);
		end(pTarget);
	}
	Answers none;
	enqueueAnswers(none, Error::NONE, released);
}


void NATSEngine::publish(const std::string& name, const Publication& publication, const Receipt::Ptr& pReceipt)
{
	const Poco::UInt64 number = ++_number;
	Error error = _up ? Error::NONE : Error::UNAVAILABLE;
	Command command{Command::PUBLISH, subjectOf("c", subjectToken(name)), "", nullptr, 0};
	if (error == Error::NONE)
	{
		std::string frame;
		NodeFormat::append(frame, {_node, number}, publication);
		command.data = NodeFormat::publications(Position(), wallTime(), frame);
		if (command.data.size() > _maxPayload) error = Error::TOO_LARGE;
	}
	const std::size_t bytes = command.data.size() + OWN_SIZE;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (error == Error::NONE && !_up) error = Error::UNAVAILABLE;
		if (error == Error::NONE && !_asked.empty() && _askedBytes + bytes > NATSBackplane::MAX_WAITING) error = Error::BUSY;
		if (error == Error::NONE)
		{
			const Time now = HubParams::monotonic();
			Asked asked;
			asked.turn = command.turn = ++_turn;
			asked.due = now + ANSWER_TIME;
			asked.bytes = bytes;
			asked.publication = true;
			asked.pReceipt = pReceipt;
			if (pReceipt)
			{
				const auto it = _channels.find(name);
				if (it != _channels.end())
				{
					it->second->receipts[number] = {pReceipt, now + 2*ANSWER_TIME};
					++_kept;
				}
			}
			_askedBytes += bytes;
			_asked.push_back(std::move(asked));
			post(std::move(command));
		}
		else ++_counts.refused;
	}
	if (error != Error::NONE && pReceipt) Receipt::Ptr(pReceipt)->answer(error, Position(), false);
}


Error NATSEngine::control(Poco::UInt32 node, const Control& control)
{
	std::string event = NodeFormat::control(_node, control);
	if (_up && event.size() > _maxPayload) return Error::TOO_LARGE;
	const std::lock_guard<std::mutex> lock(_mutex);
	if (!_up) return Error::UNAVAILABLE;
	const bool known = node == 0 ? !_nodes.empty() : node == _node || _nodes.count(node) > 0;
	if (!known && rollIsOver(HubParams::monotonic())) return Error::DETACHED;
	if (_commandBytes + event.size() > NATSBackplane::MAX_WAITING) return Error::BUSY;
	_commandBytes += event.size() + OWN_SIZE;
	post({Command::PUBLISH, node == 0 ? subjectOf("n") : subjectOf("n", std::to_string(node)), std::move(event), nullptr, 0});
	return Error::NONE;
}


void NATSEngine::tick()
{
	const Time now = HubParams::monotonic();
	Answers answers;
	std::vector<Receipt::Ptr> released;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (_stopped) return;
		const bool late = now - _lastTick > BEAT; // others may have been heard of meanwhile, which waits to be read
		_lastTick = now;
		if (_up && late) rollCall(now);
		else if (_up && now - _lastBeat >= BEAT) announce("here", now);
		if (_up && rollIsOver(now))
		{
			for (auto it = _nodes.begin(); it != _nodes.end();)
			{
				if (now - it->second >= DEAD) it = _nodes.erase(it);
				else ++it;
			}
		}
		overdue(now, answers);
		forget(now, released);
	}
	enqueueAnswers(answers, Error::UNAVAILABLE, released);
}


NATSBackplane::Metrics NATSEngine::metrics() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	NATSBackplane::Metrics metrics = _counts;
	metrics.connected = _connected;
	metrics.waitingBytes = _askedBytes + _commandBytes;
	metrics.nodes = _nodes.size();
	metrics.received = _received;
	metrics.dropped = _dropped;
	metrics.foreign = _foreign;
	return metrics;
}


//
// By _mutex
//
void NATSEngine::post(Command command)
{
	if (!_connected) return;
	_commands.push_back(std::move(command));
	if (_commands.size() == 1) _toDo.notify_one();
}


void NATSEngine::question(Time now)
	/// The server is asked whether it is there, though nothing waits for that.
{
	Asked asked;
	asked.turn = ++_turn;
	asked.due = now + ANSWER_TIME;
	_asked.push_back(std::move(asked));
}


void NATSEngine::announce(const char* word, Time now)
{
	if (!_connected) return;
	_lastBeat = now;
	question(now);
	post({Command::PUBLISH, subjectOf("nodes"), word + (' ' + std::to_string(_node)), nullptr, _turn});
}


void NATSEngine::rollCall(Time now)
{
	_rollCall = now;
	announce("hello", now);
}


bool NATSEngine::rollIsOver(Time now) const
{
	return now - _rollCall >= ROLL_TIME;
}


void NATSEngine::overdue(Time now, Answers& answers)
	/// Takes what the server has not had in time.
{
	while (!_asked.empty() && _asked.front().due <= now)
	{
		_up = false;
		Asked& asked = _asked.front();
		_askedBytes -= asked.bytes;
		if (asked.publication) ++_counts.refused;
		else if (asked.pTarget) end(asked.pTarget);
		answers.push_back(std::move(asked));
		_asked.pop_front();
	}
}


void NATSEngine::forget(Time now, std::vector<Receipt::Ptr>& released)
	/// Takes receipts of publications that have not come back.
{
	if (_kept == 0) return;
	for (const auto& item: _channels)
	{
		auto& receipts = item.second->receipts;
		for (auto it = receipts.begin(); it != receipts.end();)
		{
			if (it->second.due > now)
			{
				++it;
				continue;
			}
			released.push_back(it->second.pReceipt);
			it = receipts.erase(it);
			--_kept;
		}
	}
}


void NATSEngine::end(const TargetPtr& pTarget)
	/// The channel's subscription ends.
{
	pTarget->ended = true;
	const auto it = _channels.find(pTarget->name);
	if (it == _channels.end() || it->second != pTarget) return; // it has ended already
	_channels.erase(it);
	post({Command::UNSUBSCRIBE, "", "", pTarget, 0});
}


void NATSEngine::release(Target& target, std::vector<Receipt::Ptr>& released)
{
	for (auto& item: target.receipts) released.push_back(item.second.pReceipt);
	_kept -= target.receipts.size();
	target.receipts.clear();
}


//
// The giver
//
void NATSEngine::enqueue(Event event)
{
	const std::lock_guard<std::mutex> lock(_eventMutex);
	if (_stopped) return;
	if (event.bytes > 0 && !_events.empty() && _eventBytes + event.bytes > NATSBackplane::MAX_WAITING)
	{
		++_dropped;
		if (event.pTarget->kind != CHANNEL || event.pTarget->incomplete.exchange(true)) return;
		event.pMessage.reset(); // a gap
		event.bytes = 0;
	}
	_eventBytes += event.bytes;
	_events.push_back(std::move(event));
	if (_events.size() == 1) _toGive.notify_one();
}


void NATSEngine::enqueueAnswers(Answers& answers, Error error, std::vector<Receipt::Ptr>& released)
{
	if (answers.empty() && released.empty()) return;
	Event event;
	event.answers.swap(answers);
	event.error = error;
	event.released.swap(released);
	enqueue(std::move(event));
}


void NATSEngine::give()
{
	for (;;)
	{
		std::deque<Event> events;
		std::shared_ptr<BackplaneSink> pSink;
		bool gaps = false;
		{
			std::unique_lock<std::mutex> lock(_eventMutex);
			_giving = false;
			_toGive.wait(lock, [this]() { return _stopped || !_events.empty() || _gapAll; });
			if (_stopped) return;
			_giving = true;
			events.swap(_events);
			pSink = _pSink;
			std::swap(gaps, _gapAll);
		}
		if (gaps)
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			for (const auto& item: _channels)
			{
				if (item.second->incomplete.exchange(true)) continue;
				Event event;
				event.pTarget = item.second;
				events.push_back(std::move(event));
			}
		}
		while (!events.empty() && !_stopped)
		{
			Event event = std::move(events.front());
			events.pop_front();
			give(*pSink, event);
			const std::lock_guard<std::mutex> lock(_eventMutex);
			_eventBytes -= event.bytes;
		}
	}
}


void NATSEngine::give(BackplaneSink& sink, Event& event)
{
	try
	{
		if (!event.pTarget) return giveAnswers(event.answers, event.error);
		if (event.pTarget->ended) return;
		if (!event.pMessage)
		{
			event.pTarget->incomplete = false;
			sink.onGap(event.pTarget->name);
		}
		else if (event.pTarget->kind == CHANNEL) givePublications(sink, *event.pTarget, event.pMessage->data());
		else giveControl(sink, *event.pTarget, event.pMessage->data());
	}
	catch (...) // there is no memory
	{
		slow();
	}
}


void NATSEngine::givePublications(BackplaneSink& sink, Target& target, std::string_view event)
{
	NodeFormat::Header header;
	if (!NodeFormat::parse(event, header) || header.position != Position() || header.frames.empty()) return foreign(target.subject);
	const Time published = header.time - (wallTime() - _pParams->getClock()());
	NodeFormat::Source source;
	while (Publication::Ptr pPublication = NodeFormat::nextPublication(header.frames, source))
	{
		Receipt::Ptr pReceipt;
		if (source.node == _node)
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			const auto it = target.receipts.find(source.number);
			if (it != target.receipts.end())
			{
				pReceipt = it->second.pReceipt;
				target.receipts.erase(it);
				--_kept;
			}
		}
		++_received;
		pPublication->published = published;
		sink.onPublication(target.name, pPublication, pReceipt);
	}
	if (!header.frames.empty()) foreign(target.subject);
}


void NATSEngine::giveControl(BackplaneSink& sink, const Target& target, std::string_view event)
{
	Poco::UInt32 from = 0;
	Control control;
	if (!NodeFormat::parse(event, from, control)) return foreign(target.subject);
	if (target.kind != TO_ALL || from != _node) sink.onControl(control);
}


void NATSEngine::giveAnswers(Answers& answers, Error error)
{
	for (Asked& asked: answers)
	{
		if (asked.subscribed) asked.subscribed(error, Position());
		else if (asked.pReceipt) asked.pReceipt->answer(error, Position(), false);
		asked = Asked(); // whose receipt answers
	}
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
