//
// MemoryEngine.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  MemoryEngine
//
// SPDX-License-Identifier: BSL-1.0
//


#include "hub/MemoryEngine.h"
#include "Poco/Messaging/MemoryBackplane.h"
#include <algorithm>
#include <random>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


MemoryEngine::MemoryEngine(const Clock& clock):
	_clock(clock),
	_base(std::random_device()() >> 2),
	_epochs((static_cast<Poco::UInt64>(std::random_device()()) << 8) + 1),
	_sweep(0)
{
}


//
// Nodes
//
Poco::UInt32 MemoryEngine::addNode()
{
	const std::lock_guard<std::mutex> lock(_nodesMutex);
	_nodes.push_back(std::make_unique<Node>());
	_nodes.back()->number = _base + static_cast<Poco::UInt32>(_nodes.size());
	return _nodes.back()->number;
}


void MemoryEngine::start(Poco::UInt32 number, const std::shared_ptr<BackplaneSink>& pSink)
{
	const std::lock_guard<std::mutex> lock(_nodesMutex);
	Node& node = *_nodes[number - _base - 1];
	node.pSink = pSink;
	node.running = true;
}


void MemoryEngine::stop(Poco::UInt32 number) noexcept
{
	Node& node = nodeOf(number);
	if (!node.running.exchange(false)) return;
	for (Shard& shard: _shards)
	{
		{
			const std::lock_guard<std::mutex> lock(shard.mutex);
			for (auto& item: shard.channels) remove(item.second, node);
		}
		leaveAll(shard, number);
	}
	std::shared_ptr<BackplaneSink> pSink; // is released without the lock
	const std::lock_guard<std::mutex> lock(_nodesMutex);
	pSink.swap(node.pSink); // no channel refers to it any more
}


void MemoryEngine::leaveAll(Shard& shard, Poco::UInt32 number) noexcept
	/// The members of that node leave the shard's channels. Takes no memory.
{
	std::unique_lock<std::mutex> lock(shard.mutex);
	auto& channels = shard.channels;
	for (std::size_t bucket = 0; bucket < channels.bucket_count();)
	{
		auto it = channels.begin(bucket);
		Baton::Claim claimed;
		for (; it != channels.end(bucket); ++it)
		{
			Entry& entry = it->second;
			if (!entry.pMembers) continue;
			const std::size_t before = entry.events.size();
			entry.pMembers->leaveAll(number, entry.events);
			claimed = claim(entry, before);
			if (claimed.mine || claimed.waits) break;
		}
		if (it == channels.end(bucket))
		{
			++bucket;
			continue;
		}
		const std::size_t count = channels.bucket_count();
		serve(it->first, it->second, claimed, shard, lock);
		if (unused(it->second)) channels.erase(it->first);
		if (channels.bucket_count() != count) bucket = 0; // this one once more, or all: there may have come others while it was given out
	}
}


MemoryEngine::Node& MemoryEngine::nodeOf(Poco::UInt32 number)
{
	const std::lock_guard<std::mutex> lock(_nodesMutex);
	return *_nodes[number - _base - 1];
}


Error MemoryEngine::control(Poco::UInt32 from, Poco::UInt32 to, const Control& control)
{
	std::vector<std::shared_ptr<BackplaneSink>> sinks;
	{
		const std::lock_guard<std::mutex> lock(_nodesMutex);
		for (const auto& pNode: _nodes)
		{
			const Poco::UInt32 number = pNode->number;
			if ((to == 0 ? number != from : number == to) && pNode->pSink) sinks.push_back(pNode->pSink);
		}
	}
	for (const auto& pSink: sinks) pSink->onControl(control);
	return sinks.empty() ? Error::DETACHED : Error::NONE;
}


void MemoryEngine::Nodes::add(Node& node)
{
	if (!_pOne)
	{
		_pOne = &node;
		return;
	}
	if (contains(node)) return;
	if (!_pMore) _pMore = std::make_unique<std::vector<Node*>>();
	_pMore->reserve(_pMore->size() + 1);
	Node* pNode = &node;
	if (pNode->number < _pOne->number) std::swap(pNode, _pOne);
	_pMore->insert(std::upper_bound(_pMore->begin(), _pMore->end(), pNode, [](const Node* pLeft, const Node* pRight) { return pLeft->number < pRight->number; }), pNode);
}


void MemoryEngine::Nodes::remove(Node& node)
{
	if (_pMore) _pMore->erase(std::remove(_pMore->begin(), _pMore->end(), &node), _pMore->end());
	if (_pOne == &node) _pOne = nullptr;
	if (_pOne || !_pMore) return;
	if (!_pMore->empty())
	{
		_pOne = _pMore->front();
		_pMore->erase(_pMore->begin());
	}
	if (_pMore->empty()) _pMore.reset();
}


bool MemoryEngine::Nodes::contains(const Node& node) const
{
	return _pOne == &node || (_pMore && std::find(_pMore->begin(), _pMore->end(), &node) != _pMore->end());
}


bool MemoryEngine::Nodes::empty() const
{
	return !_pOne;
}


void MemoryEngine::Nodes::next(Poco::UInt32 after, Sinks& sinks) const
{
	sinks.count = 0;
	if (_pOne && _pOne->number > after) put(*_pOne, sinks);
	if (!_pMore) return;
	for (const Node* pNode: *_pMore)
	{
		if (pNode->number > after && sinks.count < SOME) put(*pNode, sinks);
	}
}


void MemoryEngine::Nodes::put(const Node& node, Sinks& sinks)
{
	sinks.pSinks[sinks.count] = node.pSink;
	sinks.nodes[sinks.count++] = node.number;
}


//
// Channels
//
Position MemoryEngine::subscribe(Poco::UInt32 number, const std::string& name, const ChannelOptions& options)
{
	Node& node = nodeOf(number);
	Position position;
	turn(name, true, [&](Entry& entry)
	{
		if (options.history()) position = historyOf(entry, options).read(HistoryQuery(), _clock()).position;
		if (node.running) entry.nodes.add(node);
	});
	return position;
}


void MemoryEngine::unsubscribe(Poco::UInt32 number, const std::string& name)
{
	Node& node = nodeOf(number);
	turn(name, false, [&](Entry& entry) { remove(entry, node); });
}


void MemoryEngine::publish(Poco::UInt32 number, const std::string& name, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt)
{
	Receipt::Ptr pAnswer(pReceipt);
	History::Stored stored;
	turn(name, options.history(), [&](Entry& entry)
	{
		if (!entry.events.empty() && entry.events.bytes() + pPublication->size() > MemoryBackplane::MAX_WAITING)
		{
			stored.error = Error::BUSY;
			return;
		}
		std::unique_ptr<MemoryEvent> pEvent;
		if (!entry.nodes.empty()) pEvent = std::make_unique<MemoryEvent>();
		Publication& publication = const_cast<Publication&>(*pPublication);
		if (options.history()) stored = historyOf(entry, options).add(publication, _clock());
		else publication.published = _clock();
		if (stored.error != Error::NONE || stored.duplicate || !pEvent) return;
		pEvent->pPublication = pPublication;
		pEvent->pReceipt = pReceipt;
		pEvent->from = number;
		entry.events.push(std::move(pEvent));
	}, [&]()
	{
		if (pAnswer) pAnswer->answer(stored.error, stored.position, stored.duplicate);
	});
}


HistoryResult MemoryEngine::history(const std::string& name, const ChannelOptions& options, const HistoryQuery& query)
{
	HistoryResult result;
	turn(name, true, [&](Entry& entry) { result = historyOf(entry, options).read(query, _clock()); });
	return result;
}


void MemoryEngine::enter(Poco::UInt32 number, const std::string& name, const Member& member)
{
	turn(name, true, [&](Entry& entry)
	{
		if (!entry.pMembers) entry.pMembers = std::make_unique<MemoryMembers>();
		entry.pMembers->enter(member, number, entry.events);
	});
}


void MemoryEngine::leave(Poco::UInt32 number, const std::string& name, const std::string& member) noexcept
{
	turn(name, false, [&](Entry& entry)
	{
		if (entry.pMembers) entry.pMembers->leave(member, number, entry.events);
	});
}


std::vector<Member> MemoryEngine::presence(const std::string& name)
{
	std::vector<Member> result;
	turn(name, false, [&](Entry& entry)
	{
		if (entry.pMembers) result = entry.pMembers->list();
	});
	return result;
}


void MemoryEngine::tick()
{
	Shard& shard = _shards[_sweep++ % SHARDS];
	const Time now = _clock();
	const std::lock_guard<std::mutex> lock(shard.mutex);
	for (auto it = shard.channels.begin(); it != shard.channels.end();)
	{
		Entry& entry = it->second;
		if (entry.pHistory)
		{
			entry.pHistory->expire(now);
			if (entry.nodes.empty() && Baton::idle(entry.baton) && entry.pHistory->over(now)) entry.pHistory.reset(); // who is subscribed keeps its position
		}
		if (unused(entry)) it = shard.channels.erase(it);
		else ++it;
	}
}


MemoryEngine::Shard& MemoryEngine::shardOf(const std::string& name)
{
	return _shards[std::hash<std::string>()(name)/SHARDS % SHARDS];
}


bool MemoryEngine::unused(const Entry& entry)
{
	return entry.nodes.empty() && !entry.pHistory && entry.events.empty() && Baton::idle(entry.baton) && (!entry.pMembers || entry.pMembers->empty());
}


History& MemoryEngine::historyOf(Entry& entry, const ChannelOptions& options)
{
	if (!entry.pHistory) entry.pHistory = std::make_unique<History>(options, _epochs++, MemoryBackplane::MAX_TRANSACTIONS);
	return *entry.pHistory;
}


void MemoryEngine::remove(Entry& entry, Node& node)
{
	if (!entry.nodes.contains(node)) return;
	entry.nodes.remove(node);
	if (entry.pHistory) entry.pHistory->left(_clock());
}


//
// Turns
//
template <typename Change>
void MemoryEngine::turn(const std::string& name, bool create, const Change& change)
{
	turn(name, create, change, []() {});
}


template <typename Change, typename Answer>
void MemoryEngine::turn(const std::string& name, bool create, const Change& change, const Answer& answer)
{
	Shard& shard = shardOf(name);
	std::unique_lock<std::mutex> lock(shard.mutex);
	auto it = shard.channels.find(name);
	if (it == shard.channels.end())
	{
		if (!create)
		{
			lock.unlock();
			return answer();
		}
		it = shard.channels.try_emplace(name).first;
	}
	Entry& entry = it->second;
	const std::size_t before = entry.events.size();
	change(entry);
	const Baton::Claim claimed = claim(entry, before);
	if (unused(entry)) shard.channels.erase(it);
	lock.unlock();
	answer();
	if (!claimed.mine && !claimed.waits) return;
	lock.lock();
	serve(name, entry, claimed, shard, lock);
	if (unused(entry)) shard.channels.erase(name);
}


Baton::Claim MemoryEngine::claim(Entry& entry, std::size_t before)
	/// After a change: there were so many events before.
{
	const std::size_t queued = entry.events.size();
	Baton::Claim claimed;
	claimed.mine = queued > 0 && Baton::take(entry.baton);
	if (!claimed.mine && queued > before)
		claimed = Baton::queued(entry.baton, Baton::GIVING_OUT, queued > Baton::TURNS || entry.events.bytes() > MemoryBackplane::MAX_WAITING/2);
	return claimed;
}


void MemoryEngine::serve(const std::string& name, Entry& entry, const Baton::Claim& claim, Shard& shard, std::unique_lock<std::mutex>& lock) noexcept
{
	if (claim.mine || Baton::wait(entry.baton, claim, lock, shard.condition)) giveOut(name, entry, shard, lock);
}


void MemoryEngine::giveOut(const std::string& name, Entry& entry, Shard& shard, std::unique_lock<std::mutex>& lock) noexcept
	/// The caller serves the channel, until another thread does, or there is nothing more. Takes no memory.
{
	const Baton::Reign reign(Baton::GIVING_OUT);
	while (!entry.events.empty())
	{
		if (!Baton::goesOn(entry.baton, entry.events.size(), shard.condition)) return;
		MemoryEvents events;
		events.swap(entry.events);
		while (const std::unique_ptr<MemoryEvent> pEvent = events.pop()) giveOut(name, entry, *pEvent, lock);
	}
	Baton::leave(entry.baton, shard.condition);
}


void MemoryEngine::giveOut(const std::string& name, const Entry& entry, MemoryEvent& event, std::unique_lock<std::mutex>& lock) noexcept
	/// To all nodes that are subscribed.
{
	Sinks sinks;
	Poco::UInt32 last = 0;
	do
	{
		entry.nodes.next(last, sinks);
		lock.unlock();
		for (std::size_t i = 0; i < sinks.count; ++i)
		{
			last = sinks.nodes[i];
			if (event.pPublication) sinks.pSinks[i]->onPublication(name, event.pPublication, last == event.from ? event.pReceipt : Receipt::Ptr());
			else sinks.pSinks[i]->onPresence(name, event.member, event.joined);
			sinks.pSinks[i].reset(); // which may be the last of its hub
		}
		if (event.pReceipt && sinks.count < SOME)
		{
			const Baton::Reign callback(Baton::SERVING);
			event.pReceipt = nullptr; // which answers
		}
		lock.lock();
	} while (sinks.count == SOME);
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
