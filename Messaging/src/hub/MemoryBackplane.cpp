//
// MemoryBackplane.cpp
//
// Library: PocoMessaging
// Package: Hub
// Module:  MemoryBackplane
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/MemoryBackplane.h"
#include "Poco/Messaging/HubParams.h"
#include "core/History.h"
#include "hub/Baton.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <mutex>
#include <random>
#include <unordered_map>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class MemoryEngine
	/// What joined backplanes share.
	///
	/// A shard's mutex guards its channels, and is held for no call of a sink or an answer. What is to be given out waits in the channel,
	/// and one thread at a time gives it out (Baton): so the order is the same for all nodes.
{
public:
	explicit MemoryEngine(const Clock& clock):
		_clock(clock),
		_base(std::random_device()() >> 2),
		_epochs((static_cast<Poco::UInt64>(std::random_device()()) << 8) + 1),
		_sweep(0)
	{
	}

	Poco::UInt32 addNode()
	{
		const std::lock_guard<std::mutex> lock(_nodesMutex);
		_nodes.push_back(std::make_unique<Node>());
		_nodes.back()->number = _base + static_cast<Poco::UInt32>(_nodes.size());
		return _nodes.back()->number;
	}

	void start(Poco::UInt32 number, const std::shared_ptr<BackplaneSink>& pSink)
	{
		const std::lock_guard<std::mutex> lock(_nodesMutex);
		Node& node = *_nodes[number - _base - 1];
		node.pSink = pSink;
		node.running = true;
	}

	void stop(Poco::UInt32 number)
	{
		Node& node = nodeOf(number);
		if (!node.running.exchange(false)) return;
		for (Shard& shard: _shards)
		{
			std::vector<std::string> names;
			{
				const std::lock_guard<std::mutex> lock(shard.mutex);
				for (auto& item: shard.channels)
				{
					remove(item.second, node);
					names.push_back(item.first);
				}
			}
			for (const std::string& name: names)
			{
				turn(name, false, [&](Entry& entry)
				{
					if (!entry.pMembers) return;
					for (const std::string& member: entry.pMembers->leaveAll(number)) push(entry, {nullptr, nullptr, 0, {member, ""}, false});
				});
			}
		}
		const std::lock_guard<std::mutex> lock(_nodesMutex);
		node.pSink.reset(); // no channel refers to it any more
	}

	Position subscribe(Poco::UInt32 number, const std::string& name, const ChannelOptions& options)
	{
		Node& node = nodeOf(number);
		Position position;
		turn(name, true, [&](Entry& entry)
		{
			if (node.running) entry.nodes.add(node);
			if (options.history()) position = historyOf(entry, options).read(HistoryQuery(), _clock()).position;
		});
		return position;
	}

	void unsubscribe(Poco::UInt32 number, const std::string& name)
	{
		Node& node = nodeOf(number);
		turn(name, false, [&](Entry& entry)
		{
			remove(entry, node);
		});
	}

	void publish(Poco::UInt32 number, const std::string& name, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt)
	{
		Receipt::Ptr pAnswer(pReceipt);
		History::Stored stored;
		turn(name, options.history(), [&](Entry& entry)
		{
			const std::size_t size = pPublication->size();
			if (entry.pOut && entry.pOut->bytes + size > MemoryBackplane::MAX_WAITING && !entry.pOut->waiting.empty())
			{
				stored.error = Error::BUSY;
				return;
			}
			Publication& publication = const_cast<Publication&>(*pPublication);
			if (options.history()) stored = historyOf(entry, options).add(publication, _clock());
			else publication.published = _clock();
			if (stored.error != Error::NONE || stored.duplicate || entry.nodes.empty()) return;
			push(entry, {pPublication, pReceipt, number, {}, false});
		}, [&]()
		{
			if (pAnswer) pAnswer->answer(stored.error, stored.position, stored.duplicate);
		});
	}

	HistoryResult history(const std::string& name, const ChannelOptions& options, const HistoryQuery& query)
	{
		HistoryResult result;
		turn(name, true, [&](Entry& entry) { result = historyOf(entry, options).read(query, _clock()); });
		return result;
	}

	void enter(Poco::UInt32 number, const std::string& name, const Member& member)
	{
		turn(name, true, [&](Entry& entry)
		{
			if (!entry.pMembers) entry.pMembers = std::make_unique<Members>();
			if (entry.pMembers->enter(member, number)) push(entry, {nullptr, nullptr, 0, member, true});
		});
	}

	void leave(Poco::UInt32 number, const std::string& name, const std::string& member)
	{
		turn(name, false, [&](Entry& entry)
		{
			if (entry.pMembers && entry.pMembers->leave(member, number)) push(entry, {nullptr, nullptr, 0, {member, ""}, false});
		});
	}

	std::vector<Member> presence(const std::string& name)
	{
		std::vector<Member> result;
		turn(name, false, [&](Entry& entry)
		{
			if (entry.pMembers) result = entry.pMembers->list();
		});
		return result;
	}

	Error control(Poco::UInt32 from, Poco::UInt32 to, const Control& control)
	{
		std::vector<std::shared_ptr<BackplaneSink>> sinks;
		{
			const std::lock_guard<std::mutex> lock(_nodesMutex);
			for (std::size_t i = 0; i < _nodes.size(); ++i)
			{
				const Poco::UInt32 number = _nodes[i]->number;
				if ((to == 0 ? number != from : number == to) && _nodes[i]->pSink) sinks.push_back(_nodes[i]->pSink);
			}
		}
		for (const auto& pSink: sinks) pSink->onControl(control);
		return sinks.empty() ? Error::DETACHED : Error::NONE;
	}

	void tick()
		/// Forgets what is too old, in one shard each time.
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

private:
	struct Node
	{
		std::shared_ptr<BackplaneSink> pSink;
		std::atomic<bool> running{false};
		Poco::UInt32 number = 0;
	};

	enum
	{
		SHARDS = 64,
		SOME = 4 // nodes to which something is given out at a time
	};

	struct Sinks
		/// Of some nodes.
	{
		std::array<std::shared_ptr<BackplaneSink>, SOME> pSinks;
		std::array<Poco::UInt32, SOME> nodes{};
		std::size_t count = 0;
	};

	class Nodes
		/// Those that are subscribed to a channel, by their numbers. One, mostly, takes no memory of its own.
	{
	public:
		void add(Node& node)
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

		void remove(Node& node)
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

		bool contains(const Node& node) const
		{
			return _pOne == &node || (_pMore && std::find(_pMore->begin(), _pMore->end(), &node) != _pMore->end());
		}

		bool empty() const
		{
			return !_pOne;
		}

		void next(Poco::UInt32 after, Sinks& sinks) const
			/// Some of those with larger numbers, the smallest first. Takes no memory.
		{
			sinks.count = 0;
			if (_pOne && _pOne->number > after) put(*_pOne, sinks);
			if (!_pMore) return;
			for (const Node* pNode: *_pMore)
			{
				if (pNode->number > after && sinks.count < SOME) put(*pNode, sinks);
			}
		}

	private:
		static void put(const Node& node, Sinks& sinks)
		{
			sinks.pSinks[sinks.count] = node.pSink;
			sinks.nodes[sinks.count++] = node.number;
		}

		Node* _pOne = nullptr;
		std::unique_ptr<std::vector<Node*>> _pMore;
	};

	struct Event
	{
		Publication::Ptr pPublication; // or a member:
		Receipt::Ptr pReceipt;
		Poco::UInt32 from;
		Member member;
		bool joined;
	};

	struct Out
	{
		std::vector<Event> waiting;
		std::size_t bytes = 0;
	};

	struct Entry
	{
		Nodes nodes;
		std::unique_ptr<History> pHistory;
		std::unique_ptr<Members> pMembers;
		std::unique_ptr<Out> pOut;
		BatonState baton; // which thread gives out
	};

	struct Shard
	{
		std::mutex mutex;
		std::condition_variable condition; // of threads that wait for a channel
		std::unordered_map<std::string, Entry> channels;
	};

	Node& nodeOf(Poco::UInt32 number)
	{
		const std::lock_guard<std::mutex> lock(_nodesMutex);
		return *_nodes[number - _base - 1];
	}

	Shard& shardOf(const std::string& name)
	{
		return _shards[std::hash<std::string>()(name)/SHARDS % SHARDS];
	}

	static bool unused(const Entry& entry)
	{
		return entry.nodes.empty() && !entry.pHistory && !entry.pOut && Baton::idle(entry.baton) && (!entry.pMembers || entry.pMembers->empty());
	}

	History& historyOf(Entry& entry, const ChannelOptions& options)
	{
		if (!entry.pHistory) entry.pHistory = std::make_unique<History>(options, _epochs++, MemoryBackplane::MAX_TRANSACTIONS);
		return *entry.pHistory;
	}

	void remove(Entry& entry, Node& node)
	{
		if (!entry.nodes.contains(node)) return;
		entry.nodes.remove(node);
		if (entry.pHistory) entry.pHistory->left(_clock());
	}

	static void push(Entry& entry, Event&& event)
	{
		if (!entry.pOut) entry.pOut = std::make_unique<Out>();
		if (event.pPublication) entry.pOut->bytes += event.pPublication->size();
		entry.pOut->waiting.push_back(std::move(event));
	}

	template <typename Change>
	void turn(const std::string& name, bool create, const Change& change)
	{
		turn(name, create, change, []() {});
	}

	template <typename Change, typename Answer>
	void turn(const std::string& name, bool create, const Change& change, const Answer& answer)
		/// Changes a channel. If something is to be given out then, this thread does it, or another one. The answer is called before.
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
		const std::size_t before = queued(entry);
		change(entry);
		Baton::Claim claim;
		claim.mine = entry.pOut && Baton::take(entry.baton);
		if (!claim.mine && queued(entry) > before)
			claim = Baton::queued(entry.baton, Baton::GIVING_OUT, queued(entry) > Baton::TURNS || entry.pOut->bytes > MemoryBackplane::MAX_WAITING/2);
		if (unused(entry)) shard.channels.erase(it);
		lock.unlock();
		answer();
		if (!claim.mine && !claim.waits) return;
		lock.lock();
		if (claim.mine || Baton::wait(entry.baton, claim, lock, shard.condition)) giveOut(name, entry, shard, lock);
		if (unused(entry)) shard.channels.erase(name);
	}

	static std::size_t queued(const Entry& entry)
	{
		return entry.pOut ? entry.pOut->waiting.size() : 0;
	}

	static void giveOut(const std::string& name, Entry& entry, Shard& shard, std::unique_lock<std::mutex>& lock) noexcept
		/// The caller serves the channel, until another thread does, or there is nothing more. Takes no memory.
	{
		const Baton::Reign reign(Baton::GIVING_OUT);
		while (entry.pOut)
		{
			if (!Baton::goesOn(entry.baton, entry.pOut->waiting.size(), shard.condition)) return;
			const std::unique_ptr<Out> pOut = std::move(entry.pOut);
			for (Event& event: pOut->waiting) giveOut(name, entry, event, lock);
		}
		Baton::leave(entry.baton, shard.condition);
	}

	static void giveOut(const std::string& name, const Entry& entry, Event& event, std::unique_lock<std::mutex>& lock) noexcept
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

	const Clock _clock;
	std::array<Shard, SHARDS> _shards;
	std::mutex _nodesMutex;
	std::vector<std::unique_ptr<Node>> _nodes; // their number is _base and their place
	const Poco::UInt32 _base; // a process that begins anew has other numbers: clients know ids of sessions and messages of before
	std::atomic<Poco::UInt64> _epochs;
	std::atomic<unsigned> _sweep;
};


MemoryBackplane::MemoryBackplane(const Clock& clock):
	_pEngine(std::make_shared<MemoryEngine>(clock)),
	_node(_pEngine->addNode())
{
}


MemoryBackplane::MemoryBackplane():
	MemoryBackplane(Clock(&HubParams::monotonic))
{
}


MemoryBackplane::MemoryBackplane(MemoryBackplane& other):
	_pEngine(other._pEngine),
	_node(_pEngine->addNode())
{
}


MemoryBackplane::~MemoryBackplane()
{
	_pEngine->stop(_node);
}


void MemoryBackplane::start(const std::shared_ptr<BackplaneSink>& pSink)
{
	_pEngine->start(_node, pSink);
}


void MemoryBackplane::stop()
{
	_pEngine->stop(_node);
}


Poco::UInt32 MemoryBackplane::node() const
{
	return _node;
}


bool MemoryBackplane::up() const
{
	return true;
}


void MemoryBackplane::subscribe(const std::string& channel, const ChannelOptions& options, const Positioned& done)
{
	done(Error::NONE, _pEngine->subscribe(_node, channel, options));
}


void MemoryBackplane::unsubscribe(const std::string& channel)
{
	_pEngine->unsubscribe(_node, channel);
}


void MemoryBackplane::publish(const std::string& channel, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt)
{
	_pEngine->publish(_node, channel, options, pPublication, pReceipt);
}


void MemoryBackplane::history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done)
{
	done(_pEngine->history(channel, options, query));
}


void MemoryBackplane::enter(const std::string& channel, const Member& member)
{
	_pEngine->enter(_node, channel, member);
}


void MemoryBackplane::leave(const std::string& channel, const std::string& member)
{
	_pEngine->leave(_node, channel, member);
}


void MemoryBackplane::presence(const std::string& channel, const PresenceDone& done)
{
	PresenceResult result;
	result.members = _pEngine->presence(channel);
	done(result);
}


Error MemoryBackplane::control(Poco::UInt32 node, const Control& control)
{
	return _pEngine->control(_node, node, control);
}


void MemoryBackplane::tick()
{
	_pEngine->tick();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
