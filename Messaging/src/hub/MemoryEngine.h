//
// MemoryEngine.h
//
// Library: PocoMessaging
// Package: Hub
// Module:  MemoryEngine
//
// What joined MemoryBackplanes share.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MemoryEngine_INCLUDED
#define Messaging_MemoryEngine_INCLUDED


#include "core/History.h"
#include "hub/Baton.h"
#include "hub/MemoryEvents.h"
#include <array>
#include <atomic>
#include <mutex>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class MemoryEngine
	/// Channels with their histories and members, and the nodes.
	///
	/// A shard's mutex guards its channels, and is held for no call of a sink or an answer. What is to be given out waits in the channel,
	/// and one thread at a time gives it out (Baton): so the order is the same for all nodes.
	///
	/// What is called is done, or throws a std::bad_alloc, and was not done. Leaving and stopping never fail.
{
public:
	explicit MemoryEngine(const Clock& clock);

	Poco::UInt32 addNode();
	void start(Poco::UInt32 number, const std::shared_ptr<BackplaneSink>& pSink);
	void stop(Poco::UInt32 number) noexcept;

	Position subscribe(Poco::UInt32 number, const std::string& name, const ChannelOptions& options);
	void unsubscribe(Poco::UInt32 number, const std::string& name);
	void publish(Poco::UInt32 number, const std::string& name, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt);
	HistoryResult history(const std::string& name, const ChannelOptions& options, const HistoryQuery& query);
	void enter(Poco::UInt32 number, const std::string& name, const Member& member);
	void leave(Poco::UInt32 number, const std::string& name, const std::string& member) noexcept;
	std::vector<Member> presence(const std::string& name);
	Error control(Poco::UInt32 from, Poco::UInt32 to, const Control& control);

	void tick();
		/// Forgets what is too old, in one shard each time.

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
		void add(Node& node);
		void remove(Node& node);
		bool contains(const Node& node) const;
		bool empty() const;

		void next(Poco::UInt32 after, Sinks& sinks) const;
			/// Some of those with larger numbers, the smallest first. Takes no memory.

	private:
		static void put(const Node& node, Sinks& sinks);

		Node* _pOne = nullptr;
		std::unique_ptr<std::vector<Node*>> _pMore;
	};

	struct Entry
	{
		Nodes nodes;
		std::unique_ptr<History> pHistory;
		std::unique_ptr<MemoryMembers> pMembers;
		MemoryEvents events;
		BatonState baton; // which thread gives out
	};

	struct Shard
	{
		std::mutex mutex;
		std::condition_variable condition; // of threads that wait for a channel
		std::unordered_map<std::string, Entry> channels;
	};

	Node& nodeOf(Poco::UInt32 number);
	Shard& shardOf(const std::string& name);
	static bool unused(const Entry& entry);
	History& historyOf(Entry& entry, const ChannelOptions& options);
	void remove(Entry& entry, Node& node);
	void leaveAll(Shard& shard, Poco::UInt32 number) noexcept;

	template <typename Change>
	void turn(const std::string& name, bool create, const Change& change);

	template <typename Change, typename Answer>
	void turn(const std::string& name, bool create, const Change& change, const Answer& answer);
		/// Changes a channel. If something is to be given out then, this thread does it, or another one. The answer is called before.

	static Baton::Claim claim(Entry& entry, std::size_t before);
	static void serve(const std::string& name, Entry& entry, const Baton::Claim& claim, Shard& shard, std::unique_lock<std::mutex>& lock) noexcept;
	static void giveOut(const std::string& name, Entry& entry, Shard& shard, std::unique_lock<std::mutex>& lock) noexcept;
	static void giveOut(const std::string& name, const Entry& entry, MemoryEvent& event, std::unique_lock<std::mutex>& lock) noexcept;

	const Clock _clock;
	std::array<Shard, SHARDS> _shards;
	std::mutex _nodesMutex;
	std::vector<std::unique_ptr<Node>> _nodes; // their number is _base and their place
	const Poco::UInt32 _base; // a process that begins anew has other numbers: clients know ids of sessions and messages of before
	std::atomic<Poco::UInt64> _epochs;
	std::atomic<unsigned> _sweep;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MemoryEngine_INCLUDED
