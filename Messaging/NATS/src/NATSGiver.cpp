//
// NATSGiver.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSEngine
//
// The thread that calls the hub.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSEngine.h"
#include "Poco/Messaging/HubParams.h"
#include "Poco/Logger.h"
#include "Poco/Timestamp.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


void NATSEngine::enqueue(Event event)
{
	const std::lock_guard<std::mutex> lock(_eventMutex);
	if (_stopped) return;
	if (event.bytes > 0 && !_events.empty() && _eventBytes + event.bytes > NATSBackplane::MAX_WAITING)
	{
		++_dropped;
		if ((event.pTarget->kind != CHANNEL && event.pTarget->kind != STORED) || event.pTarget->incomplete.exchange(true)) return;
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
		if (!event.pTarget)
		{
			giveAnswers(event);
			return giveWork(sink, event);
		}
		if (event.pTarget->ended) return;
		if (!event.pMessage)
		{
			event.pTarget->incomplete = false;
			event.pTarget->order.lose();
			if (event.pTarget->kind == STORED) askPosition(event.pTarget); // and then it has a gap
			else sink.onGap(event.pTarget->name);
		}
		else if (event.pTarget->kind == CHANNEL) givePublications(sink, *event.pTarget, event.pMessage->data());
		else if (event.pTarget->kind == STORED) giveStored(sink, event.pTarget, event);
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
	const Time published = header.time - wallDifference();
	NodeFormat::Source source;
	while (Publication::Ptr pPublication = NodeFormat::nextPublication(header.frames, source))
	{
		const Receipt::Ptr pReceipt = returned(target, source);
		++_received;
		pPublication->published = published;
		sink.onPublication(target.name, pPublication, pReceipt);
	}
	if (!header.frames.empty()) foreign(target.subject);
}


void NATSEngine::giveStored(BackplaneSink& sink, const TargetPtr& pTarget, Event& event)
{
	if (event.position.epoch == 0) return foreign(pTarget->subject);
	if (!pTarget->order.add(event.position, std::move(event.pMessage), HubParams::monotonic()) && pTarget->begun) askPosition(pTarget);
	giveNext(sink, pTarget);
}


void NATSEngine::giveNext(BackplaneSink& sink, const TargetPtr& pTarget)
	/// Each once, by their numbers.
{
	Position position;
	while (const auto pMessage = pTarget->order.next(position, HubParams::monotonic()))
	{
		NodeFormat::Header header;
		NodeFormat::Source source;
		Publication::Ptr pPublication;
		if (NodeFormat::parse(pMessage->data(), header)) pPublication = NodeFormat::nextPublication(header.frames, source);
		if (!pPublication)
		{
			foreign(pTarget->subject);
			continue;
		}
		++_received;
		pPublication->position = position;
		pPublication->published = header.time - wallDifference();
		sink.onPublication(pTarget->name, pPublication, returned(*pTarget, source));
	}
	if (pTarget->order.known() && pTarget->order.empty()) _holding.erase(pTarget);
	else _holding.insert(pTarget);
	_holds = !_holding.empty();
}


void NATSEngine::askPosition(const TargetPtr& pTarget)
	/// What comes waits until it is known where the channel stands.
{
	_holding.insert(pTarget);
	_holds = true;
	if (pTarget->asked) return;
	pTarget->asked = true;
	withHistories([&](NATSHistories& histories, NATSHistories::Work& work) { histories.position(pTarget->name, HubParams::monotonic(), work); });
}


void NATSEngine::givePosition(BackplaneSink& sink, const TargetPtr& pTarget, const NATSHistories::Positioned& positioned)
{
	const bool usable = pTarget && !pTarget->ended && positioned.error == Error::NONE;
	bool all = true;
	if (pTarget && !positioned.done) pTarget->asked = false;
	if (usable && !positioned.done) sink.onGap(pTarget->name); // before what is behind it
	if (usable && !(positioned.done && pTarget->order.known())) all = pTarget->order.stands(positioned.position);
	if (positioned.done) positioned.done(positioned.error, positioned.position);
	if (!usable) return;
	pTarget->begun = true;
	if (!all) askPosition(pTarget);
	giveNext(sink, pTarget);
}


void NATSEngine::askForMissing()
{
	const Time now = HubParams::monotonic();
	std::vector<TargetPtr> late;
	for (auto it = _holding.begin(); it != _holding.end();)
	{
		if ((*it)->ended)
		{
			it = _holding.erase(it);
			continue;
		}
		if ((*it)->begun && !(*it)->asked && (!(*it)->order.known() || (*it)->order.late(now))) late.push_back(*it);
		++it;
	}
	for (const TargetPtr& pTarget: late)
	{
		pTarget->order.lose();
		askPosition(pTarget);
	}
	_holds = !_holding.empty();
}


Receipt::Ptr NATSEngine::returned(Target& target, const NodeFormat::Source& source)
	/// Takes the receipt of a publication of this node.
{
	Receipt::Ptr pReceipt;
	if (source.node != _node) return pReceipt;
	const std::lock_guard<std::mutex> lock(_mutex);
	const auto it = target.receipts.find(source.number);
	if (it == target.receipts.end()) return pReceipt;
	pReceipt = std::move(it->second.pReceipt);
	target.receipts.erase(it);
	--_kept;
	return pReceipt;
}


Time NATSEngine::wallTime()
{
	return Poco::Timestamp().epochMicroseconds()/1000;
}


Time NATSEngine::wallDifference() const
	/// How much that is ahead of the hub's clock.
{
	return wallTime() - _pParams->getClock()();
}


void NATSEngine::giveControl(BackplaneSink& sink, const Target& target, std::string_view event)
{
	Poco::UInt32 from = 0;
	Control control;
	if (!NodeFormat::parse(event, from, control)) return foreign(target.subject);
	if (target.kind != TO_ALL || from != _node) sink.onControl(control);
}


void NATSEngine::giveAnswers(Event& event)
{
	for (Asked& asked: event.answers)
	{
		if (asked.subscribed) asked.subscribed(event.error, Position());
		else if (asked.pReceipt) asked.pReceipt->answer(event.error, Position(), false);
		asked = Asked(); // whose receipt answers
	}
}


void NATSEngine::giveWork(BackplaneSink& sink, Event& event)
{
	for (std::size_t i = 0; i < event.positioned.size(); ++i) givePosition(sink, event.positioned[i], event.work.positioned[i]);
	for (auto& call: event.work.calls)
	{
		call();
		call = nullptr;
	}
	for (const auto& pRead: event.work.reads)
	{
		for (std::size_t count = pRead->finish(wallTime(), wallDifference()); count > 0; --count) foreign(subjectOf("h"));
	}
	for (const std::string& subject: event.work.foreign) foreign(subject);
	for (const TargetPtr& pTarget: event.behind)
	{
		if (pTarget->ended || !pTarget->begun) continue;
		pTarget->order.lose();
		askPosition(pTarget);
	}
	if (event.late) askForMissing();
	for (const std::string& problem: event.work.problems) Poco::Logger::get("Messaging.NATSBackplane").warning("JetStream refuses: " + problem);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
