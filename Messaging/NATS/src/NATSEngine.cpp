//
// NATSEngine.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSEngine
//
// What the hub calls. The threads are in NATSSender.cpp and NATSGiver.cpp.
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
	constexpr std::size_t OWN_SIZE = 256; // of something that waits, beside its bytes

	Poco::UInt32 randomNode()
	{
		std::random_device device;
		Poco::UInt32 node = 0;
		while (node == 0) node = device();
		return node;
	}

	std::string randomInbox()
	{
		std::random_device device;
		std::string inbox("_INBOX.");
		for (int i = 0; i < 4; ++i) inbox += std::to_string(device());
		return inbox + '.';
	}
}


NATSEngine::NATSEngine(const NATSBackplaneParams::Ptr& pParams):
	_pParams(pParams),
	_servers(NATSServers::parse(pParams->getURL())),
	_node(randomNode()),
	_pHistories(std::make_unique<NATSHistories>(*pParams)),
	_inbox(randomInbox())
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
	std::unique_ptr<NATSHistories> pHistories;
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
	pHistories.swap(_pHistories);
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
void NATSEngine::subscribe(const std::string& name, const ChannelOptions& options, const Backplane::Positioned& done)
{
	Error error = Error::NONE;
	withHistories([&](NATSHistories& histories, NATSHistories::Work& work)
	{
		error = refusal(options);
		if (error != Error::NONE) return;
		const TargetPtr pTarget = target(name, options.history() ? STORED : CHANNEL);
		const Time now = HubParams::monotonic();
		if (options.history())
		{
			post({Command::SUBSCRIBE, "", "", pTarget});
			return histories.subscribe(name, options, done, now, work);
		}
		Asked asked;
		asked.turn = ++_turn;
		asked.due = now + ANSWER_TIME;
		asked.subscribed = done;
		asked.pTarget = pTarget;
		_asked.push_back(std::move(asked));
		post({Command::SUBSCRIBE, "", "", pTarget, _turn});
	}, &error);
	if (error != Error::NONE) done(error, Position());
}


void NATSEngine::unsubscribe(const std::string& name)
{
	std::vector<Receipt::Ptr> released;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		const auto it = _channels.find(name);
		if (it == _channels.end()) return;
		const TargetPtr pTarget = it->second;
		if (pTarget->kind == STORED) _pHistories->unsubscribe(name, HubParams::monotonic());
		release(*pTarget, released);
		end(pTarget);
	}
	Answers none;
	enqueueAnswers(none, Error::NONE, released);
}


void NATSEngine::publish(const std::string& name, const ChannelOptions& options, const Publication& publication, const Receipt::Ptr& pReceipt)
{
	const Poco::UInt64 number = ++_number;
	Error error = _up ? Error::NONE : Error::UNAVAILABLE;
	std::string data;
	if (error == Error::NONE)
	{
		std::string frame;
		NodeFormat::append(frame, {_node, number}, publication);
		data = NodeFormat::publications(Position(), wallTime(), frame);
		const std::size_t headers = options.history() ? NATSHistories::OWN_BYTES + 3*publication.transaction.size() : 0;
		if (data.size() + headers > _maxPayload) error = Error::TOO_LARGE;
	}
	withHistories([&](NATSHistories& histories, NATSHistories::Work& work)
	{
		const std::size_t bytes = data.size() + (options.history() ? NATSHistories::OWN_BYTES : OWN_SIZE);
		const std::size_t waiting = options.history() ? histories.waitingBytes() : _asked.empty() ? 0 : _askedBytes;
		if (error == Error::NONE) error = refusal(options);
		if (error == Error::NONE && waiting > 0 && waiting + bytes > NATSBackplane::MAX_WAITING) error = Error::BUSY;
		if (error != Error::NONE)
		{
			++_counts.refused;
			return;
		}
		const Time now = HubParams::monotonic();
		keep(name, number, pReceipt, now);
		if (options.history()) return histories.publish(name, options, {number, std::move(data), publication.transaction, pReceipt}, now, work);
		Asked asked;
		asked.turn = ++_turn;
		asked.due = now + ANSWER_TIME;
		asked.bytes = bytes;
		asked.publication = true;
		asked.pReceipt = pReceipt;
		_askedBytes += bytes;
		_asked.push_back(std::move(asked));
		post({Command::PUBLISH, subjectOf("c", subjectToken(name)), std::move(data), nullptr, _turn});
	}, &error);
	if (error != Error::NONE && pReceipt) Receipt::Ptr(pReceipt)->answer(error, Position(), false);
}


void NATSEngine::history(const std::string& name, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done)
{
	HistoryResult result;
	withHistories([&](NATSHistories& histories, NATSHistories::Work& work)
	{
		result.error = refusal(options);
		if (result.error == Error::NONE) histories.history(name, options, query, done, HubParams::monotonic(), work);
	}, &result.error);
	if (result.error != Error::NONE) done(result);
}


Error NATSEngine::control(Poco::UInt32 node, const Control& control)
{
	std::string event = NodeFormat::control(_node, control);
	if (_up && event.size() > _maxPayload) return Error::TOO_LARGE;
	const std::lock_guard<std::mutex> lock(_mutex);
	if (!_up) return Error::UNAVAILABLE;
	if (!_others.mayHave(node, _node, HubParams::monotonic())) return Error::DETACHED;
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
		if (_up) _others.forget(now);
		overdue(now, answers);
		forget(now, released);
	}
	enqueueAnswers(answers, Error::UNAVAILABLE, released);
	withHistories([&](NATSHistories& histories, NATSHistories::Work& work)
	{
		const bool first = _up && _jetStream && _others.haveAnswered(now) && _others.allAbove(_node);
		histories.tick(now, first, work);
	});
	if (!_holds) return;
	Event event;
	event.late = true;
	enqueue(std::move(event));
}


NATSBackplane::Metrics NATSEngine::metrics() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	NATSBackplane::Metrics metrics = _counts;
	metrics.connected = _connected;
	metrics.history = _connected && _jetStream;
	metrics.waitingBytes = _askedBytes + _commandBytes + (_pHistories ? _pHistories->waitingBytes() : 0);
	metrics.nodes = _others.count();
	metrics.received = _received;
	metrics.dropped = _dropped;
	metrics.foreign = _foreign;
	return metrics;
}


//
// By _mutex
//
Error NATSEngine::refusal(const ChannelOptions& options) const
{
	if (!_up) return Error::UNAVAILABLE;
	return options.history() && !_jetStream ? Error::NO_HISTORY : Error::NONE;
}


NATSEngine::TargetPtr NATSEngine::target(const std::string& name, Kind kind)
	/// Of a channel.
{
	const auto it = _channels.find(name);
	if (it != _channels.end() && it->second->kind == kind) return it->second;
	const auto pTarget = std::make_shared<Target>();
	pTarget->kind = kind;
	pTarget->subject = kind == STORED ? _pHistories->live(name) : subjectOf("c", subjectToken(name));
	pTarget->name = name;
	if (it != _channels.end()) end(TargetPtr(it->second));
	_channels[name] = pTarget;
	return pTarget;
}


void NATSEngine::keep(const std::string& name, Poco::UInt64 number, const Receipt::Ptr& pReceipt, Time now)
	/// The receipt of a publication, until that comes back.
{
	const auto it = _channels.find(name);
	if (!pReceipt || it == _channels.end()) return;
	it->second->receipts[number] = {pReceipt, now + 2*ANSWER_TIME};
	++_kept;
}


void NATSEngine::take(NATSHistories::Work& work, Event& event)
{
	for (NATSRequest& request: work.requests) post({Command::ASK, "", "", nullptr, 0, std::move(request)});
	for (const auto& publication: work.missing)
	{
		const auto it = _channels.find(publication.first);
		if (it == _channels.end()) continue;
		const auto kept = it->second->receipts.find(publication.second);
		if (kept == it->second->receipts.end()) continue;
		event.released.push_back(std::move(kept->second.pReceipt));
		it->second->receipts.erase(kept);
		--_kept;
	}
	for (const auto& positioned: work.positioned)
	{
		const auto it = _channels.find(positioned.channel);
		event.positioned.push_back(it == _channels.end() ? nullptr : it->second);
		if (it == _channels.end() || !positioned.done || positioned.error == Error::NONE) continue;
		release(*it->second, event.released);
		end(event.positioned.back());
	}
	for (const std::string& name: work.behind)
	{
		const auto it = _channels.find(name);
		if (it != _channels.end() && it->second->kind == STORED) event.behind.push_back(it->second);
	}
	_counts.published += work.published;
	_counts.refused += work.refused;
	_counts.removed += work.removed;
	event.work = std::move(work);
}


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
	_others.call(now);
	announce("hello", now);
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


POCO_MESSAGING_END
} } // namespace Poco::Messaging
