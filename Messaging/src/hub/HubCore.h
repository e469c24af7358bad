//
// HubCore.h
//
// Library: PocoMessaging
// Package: Hub
// Module:  HubCore
//
// What gives the channels' rules threads and locks.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_HubCore_INCLUDED
#define Messaging_HubCore_INCLUDED


#include "core/Channel.h"
#include "hub/Baton.h"
#include "Poco/Messaging/Hub.h"
#include <array>
#include <atomic>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <unordered_map>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class HubCore: public BackplaneSink, public ChannelHost, public std::enable_shared_from_this<HubCore>
	/// The hub. Channels and sessions lie in shards.
	///
	/// Locks: a session's mutex comes before that of a shard of channels, and before the hub's; all others are taken alone. None is held while anything is called that is
	/// not of this class: a channel's rules run in its turn (turn()), which is no lock, but a Baton.
{
public:
	HubCore(const Backplane::Ptr& pBackplane, const HubParams::Ptr& pParams, const std::shared_ptr<Carrier>& pCarrier);
	~HubCore() override;

	void start();
	void stop();

	// Sessions
	Session::Ptr attach(const Connection::Ptr& pConnection, const Encoder::Ptr& pEncoder, const std::string& user, const std::string& info);
	void detach(Session& session);
	void drained(Session& session);
	Session::Ptr session(const std::string& id) const;

	// Channels
	void subscribe(Session& session, const std::string& channel, bool hasSince, const Position& since, const SubscribeDone& done);
	void unsubscribe(Session& session, const std::string& channel, const Done& done, bool notify);
	void publish(const std::string& channel, const std::string& data, const Hub::PublishOptions& options, const PublishDone& done);
	void history(const std::string& channel, const HistoryQuery& query, const HistoryDone& done);
	void presence(const std::string& channel, const PresenceDone& done);

	// Messages
	Hub::SendResult pass(Control& control);
		/// Does what it says here, and tells the nodes that it concerns.

	void sendAcknowledged(Control& control, const Poco::Timespan& timeout, const Done& done);
	void acknowledge(Poco::UInt32 node, Poco::UInt64 id);

	void tick();
	Hub::Metrics metrics() const;
	std::vector<Hub::ChannelMetrics> topChannels(std::size_t count, Hub::Top by) const;
	Backplane& backplane();

	// BackplaneSink
	void onPublication(const std::string& channel, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) noexcept override;
	void onGap(const std::string& channel) noexcept override;
	void onPresence(const std::string& channel, const Member& member, bool joined) noexcept override;
	void onControl(const Control& control) noexcept override;

	// ChannelHost
	void subscribeUpstream(Channel& channel, Poco::UInt32 generation) override;
	void unsubscribeUpstream(Channel& channel) override;
	void readHistory(Channel& channel, Subscription* pSubscription, const HistoryQuery& query) override;
	void retryLater(Channel& channel) override;
	void enter(Channel& channel, Session& session) override;
	void leave(Channel& channel, Session& session, bool late) override;
	void lagBegins(Session& session) override;
	void lagEnds(Session& session) override;
	void watch(Subscription& subscription, bool now) override;
	void removed(Subscription& subscription, bool bySession) override;
	void counted(const Delivery& delivery) override;
	void dropped(Session& session, Poco::UInt32 count) override;
	void failed() override;
	const HubParams& params() const override;
	Carrier& carrier() const override;

private:
	enum
	{
		SHARDS = 64
	};

	typedef Poco::AutoPtr<Channel> ChannelPtr;

	struct Shard
		/// Channels, by their names' hashes.
	{
		mutable std::mutex mutex;
		std::condition_variable condition; // of threads that wait for a channel
		std::vector<Channel*> buckets; // references; a power of 2
		std::size_t count = 0;
	};

	struct SessionShard
	{
		mutable std::mutex mutex;
		std::unordered_map<Poco::UInt64, Session::Ptr> sessions;
	};

	struct UserShard
	{
		std::mutex mutex;
		std::unordered_map<std::string, std::vector<Session::Ptr>> users;
	};

	struct Ack
	{
		Control control;
		Time deadline;
		Time next;
		Done done;
	};

	static std::size_t hashOf(const std::string& name);
	Shard& shardOf(std::size_t hash);
	static Channel* find(const Shard& shard, std::size_t hash, const std::string& name);
	void insert(Shard& shard, Channel& channel);
	static void erase(Shard& shard, Channel& channel);

	template <typename Function> void turn(Channel& channel, Function function, std::size_t bytes = 0);
	template <typename Function> void turn(const std::string& name, Function function, std::size_t bytes = 0);
	template <typename Function> Baton::Claim claim(Channel& channel, const Function& function, std::size_t bytes);
	template <typename Function> void proceed(Channel& channel, const Baton::Claim& claim, Function&& function);
	template <typename Function> void run(Channel& channel, Function&& function);
	static Channel::Turns& turnsOf(Channel& channel);
	std::size_t maxWaitingBytes() const;
	void wait(Channel& channel, const Baton::Claim& claim);
	void finish(Channel& channel);
	Error check(const std::string& channel, std::size_t size) const;
	ChannelOptions optionsOf(const std::string& channel) const;
	template <typename Function> void guarded(Function&& function) const noexcept;

	std::vector<Session::Ptr> sessionsOf(const std::string& user);
	static void send(Session& session, const DirectMessage& message, std::array<Prepared, Publication::SLOTS>& messages, Hub::SendResult& result);
	Hub::SendResult deliver(const Control& control);
	Hub::SendResult deliverToAll(const DirectMessage& message);
	void tickLeaves(Time now);
	void leaveChannels(Session& session) noexcept;
	void link(Session& session) noexcept;
	bool unlink(Session& session) noexcept;
	Session::Ptr nextWatched() noexcept;
	void lose(const std::string& channel) noexcept;
	void tickWatched();
	void tickAcks(Time now);
	void tickRetries();
	static Time milliseconds(const Poco::Timespan& time);

	const Backplane::Ptr _pBackplane;
	const HubParams::Ptr _pParams;
	const std::shared_ptr<Carrier> _pCarrier;
	std::array<Shard, SHARDS> _shards;
	std::array<SessionShard, SHARDS> _sessions;
	std::array<UserShard, SHARDS> _users;
	std::atomic<Poco::UInt64> _sessionNumber;

	mutable std::mutex _mutex; // for what follows
	std::list<Session::Leave> _leaves; // by time
	Session* _pWatched; // references: those that are behind, or could not be detached. A ring
	std::size_t _watched;
	std::vector<ChannelPtr> _retries;
	std::map<Poco::UInt64, Ack> _acks;
	Poco::UInt64 _ackNumber;

	struct Counts
	{
		std::atomic<Poco::UInt64> sessions{0}, channels{0}, subscriptions{0}, published{0}, delivered{0}, lagging{0}, dropped{0}, lags{0}, closedAsSlow{0};
		mutable std::atomic<Poco::UInt64> failures{0};
	};

	Counts _counts;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_HubCore_INCLUDED
