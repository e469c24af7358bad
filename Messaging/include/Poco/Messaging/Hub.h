//
// Hub.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Hub
//
// Channels, and who is in them.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Hub_INCLUDED
#define Messaging_Hub_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include "Poco/Messaging/Connection.h"
#include "Poco/Messaging/HubParams.h"
#include "Poco/Messaging/Session.h"
#include <memory>
#include <string>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class HubCore;


class Messaging_API Hub
	/// Channels, and the sessions that are in them: publish and subscribe, messages to a session, a user or all, presence, history,
	/// recovery. It has no sockets, no threads, and no clock but HubParams::setClock(): connections are attached to it, and whoever has
	/// a thread calls tick() (HubTimer does).
	///
	/// Threads: every function may be called by any thread at any time, also by what the hub calls: answers, connections, carriers, encoders, backplanes.
	/// While the hub calls anything, it holds no lock. But a call may wait for those of other threads for the same channel (Order), as for a lock: do not call
	/// while holding a lock that anything takes that the hub calls. What is called by something that the hub calls in a channel's turn does not wait.
	///
	/// Order: a channel is served by one thread at a time, that of a caller. What is called for the channel meanwhile, by other threads or by something that
	/// the hub calls in this one, is queued for its turn. The thread that serves the channel does it, in the order of the calls. So an answer may come before the
	/// call returns, or later in another thread. No thread serves others for ever, and the queue does not grow: if 64 calls are queued, or the thread has served
	/// 64 and more, the next caller waits until what it has queued is taken, or serves the channel instead. In a channel an answer to
	/// subscribe() comes before what follows it, and nothing comes after the answer to unsubscribe(). Between channels there is no order.
	///
	/// Without memory: a call throws a std::bad_alloc or answers BUSY, and nothing was done. detach() does not fail, and whoever goes has left. What could not be given out to
	/// a channel's subscribers is repaired from history, or they are told as of what was dropped (Encoder::dropped()); each time Metrics::failures counts.
	///
	/// Answers are functions; an empty one is not called. What they throw is counted (Metrics::failures).
	///
	/// Guarantees have names, which the tests have as well:
	///   - EPHEMERAL_ORDER, HISTORY_COMPLETE, IDEMPOTENT_PUBLISH: publish()
	///   - IDEMPOTENT_SUBSCRIBE, HONEST_RECOVERY: subscribe()
	///   - DIRECT_AT_MOST_ONCE, DIRECT_AT_LEAST_ONCE: send(), sendToUser(), sendAcknowledged()
	///   - BROADCAST_AT_MOST_ONCE: broadcast()
	///   - EXACTLY_ONE_LEAVE: presence()
	///   - SLOW_ALONE, SLOW_TOLD, SLOW_REPLAYED, SLOW_CLOSED: Connection::FULL, drained()
{
public:
	struct Metrics
		/// Counts of the hub. The first four are what is now, the others what has been.
	{
		Poco::UInt64 sessions = 0;      /// Attached sessions.
		Poco::UInt64 channels = 0;      /// Channels that sessions are in.
		Poco::UInt64 subscriptions = 0; /// Sessions in channels.
		Poco::UInt64 acks = 0;          /// Messages that wait for their acknowledgement.
		Poco::UInt64 published = 0;     /// Publications of this node that were passed to the backplane.
		Poco::UInt64 delivered = 0;     /// Publications queued or sent to sessions, but for those from history.
		Poco::UInt64 lagging = 0;       /// Those that come later, from history.
		Poco::UInt64 dropped = 0;       /// Those that were dropped, for sessions that were too slow.
		Poco::UInt64 lags = 0;          /// How often a session has fallen behind.
		Poco::UInt64 closedAsSlow = 0;  /// Sessions closed because of that (1013).
		Poco::UInt64 failures = 0;      /// What answers and encoders have thrown, and turns without memory.
	};

	struct ChannelMetrics
		/// Counts of a channel, on this node.
	{
		std::string channel;            /// Its name.
		Poco::UInt64 subscribers = 0;   /// Sessions that are in it.
		Poco::UInt64 publications = 0;  /// Given to them since somebody is in it, by whichever node they were published.
	};

	enum class Top
		/// What comes first.
	{
		SUBSCRIBERS, /// The channels with the most subscribers.
		PUBLICATIONS /// Those with the most publications.
	};

	struct PublishOptions
		/// What goes with a publication.
	{
		std::string transaction; /// Names it: IDEMPOTENT_PUBLISH. At most 255 bytes.
		std::string sender;      /// Who has published it; empty: the program.
		TraceContext trace = {}; /// Where it stands in a trace.
	};

	struct SendResult
		/// What has become of a message, on this node.
	{
		Error error = Error::NONE; /// DETACHED: there is no such session or user here, and no other node that could know it. UNAVAILABLE: other nodes could not be told.
		Poco::UInt32 queued = 0;   /// Sessions for which it was sent or queued.
		Poco::UInt32 full = 0;     /// Sessions whose queue was full: it was not sent to these.
		bool passedOn = false;     /// Other nodes have been told: whether it is known there is not said.
	};

	explicit Hub(const Backplane::Ptr& pBackplane, const HubParams::Ptr& pParams = new HubParams, const std::shared_ptr<Carrier>& pCarrier = nullptr);
		/// Creates the hub, and starts the backplane, which is its own. Throws an InvalidArgumentException if there is no backplane, or there are no parameters.

	~Hub();
		/// Stops the backplane. Connections are left as they are. Answers that have not been given are not given. What the hub has called
		/// and what has not returned by now may still use what it was called for.

	Session::Ptr attach(const Connection::Ptr& pConnection, const Encoder::Ptr& pEncoder, const std::string& user = "", const std::string& info = "");
		/// Begins a session. user may have several; none if it is empty. info is what others see of it in presences. Throws an
		/// InvalidArgumentException if there is no connection or no encoder.

	void detach(const Session::Ptr& pSession);
		/// Ends a session: to be called when its connection has ended, and before. It is taken out of its channels, in those with presence
		/// it leaves after HubParams::setLeaveDelay(). Does nothing if that was done before.

	void drained(const Session::Ptr& pSession);
		/// To be called when the connection's queue has become empty, after Connection::send() has returned FULL.
		///
		/// SLOW_ALONE: a session whose queue is full delays no other one.
		/// SLOW_TOLD: of an ephemeral channel it is told, when its queue is empty, how many messages were dropped (Encoder::dropped()), Join and Leave included.
		/// SLOW_REPLAYED: in a channel with history it is marked as lagging and sent nothing, and when its queue is empty what it has missed
		/// comes from history, in order, once; if the history does not reach back, it is taken out of the channel, and told (Left::GAP).
		/// SLOW_CLOSED: with the HubParams::setMaxLags()-th lag within setLagTime() its connection is closed (1013); also if its queue is full
		/// when it has to be told of unsubscribe() with notify.

	void subscribe(const Session::Ptr& pSession, const std::string& channel, const SubscribeDone& done);
		/// Puts a session into a channel. What is published after the position of the answer follows.
		///
		/// IDEMPOTENT_SUBSCRIBE: for a session that is in the channel, or on its way into it, nothing happens but the answer.

	void subscribe(const Session::Ptr& pSession, const std::string& channel, const Position& since, const SubscribeDone& done);
		/// The same, behind the position that the client had come to, in a session of any node.
		///
		/// HONEST_RECOVERY: if the answer says recovered, everything that was published behind since follows, in order, each once. If it does not say so,
		/// nothing from before the answer's position follows: the client has to get its state anew. That is so if the
		/// epoch is another one, the history does not reach back, or more than HubParams::setMaxRecovered() publications or setMaxRecoveredBytes() were missed.

	void unsubscribe(const Session::Ptr& pSession, const std::string& channel, const Done& done, bool notify = false);
		/// Takes a session out of a channel. With notify it is told (Left::REVOKED). Answers NOT_SUBSCRIBED if it was not in it.

	void publish(const std::string& channel, const std::string& data, const PublishDone& done = PublishDone());
		/// Publishes. Throws a std::bad_alloc if there is no memory.
		///
		/// EPHEMERAL_ORDER: in a channel without history each subscriber gets it at most once, in the order of the channel's publications.
		/// HISTORY_COMPLETE: in a channel with history, each subscriber gets it once, in that order, or is told that it was taken out of the channel. If a
		/// publication is lost on its way to a node, it is read from history before the next one is given to sessions.
		/// The answer says how many subscribers of this node got it, lag, or were dropped.

	void publish(const std::string& channel, const std::string& data, const PublishOptions& options, const PublishDone& done = PublishDone());
		/// The same.
		///
		/// IDEMPOTENT_PUBLISH: in a channel with history, a second publication with the same transaction within 5 minutes is neither stored nor
		/// delivered again; its answer has the position of the first. No publication is refused because many transactions are known: if a backplane has no
		/// room for them (MemoryBackplane::MAX_TRANSACTIONS), it forgets the oldest.

	void history(const std::string& channel, const HistoryQuery& query, const HistoryDone& done);
		/// Reads a channel's history. Answers NO_HISTORY if it has none.

	void presence(const std::string& channel, const PresenceDone& done);
		/// Answers who is in a channel, on all nodes; NO_HISTORY if it does not know.
		///
		/// EXACTLY_ONE_LEAVE: subscribers are told once that a member has come, and once that it has left, however many sessions it has and on whichever
		/// nodes. If it has left by losing its connection, that is after HubParams::setLeaveDelay(), unless it has come back. If a node has died, after 10 s at most.

	SendResult send(const std::string& session, const std::string& data, const std::string& sender = "", const TraceContext& trace = TraceContext());
		/// Sends to a session of any node. DIRECT_AT_MOST_ONCE: it comes once, or not at all.

	SendResult sendToUser(const std::string& user, const std::string& data, const std::string& sender = "", const TraceContext& trace = TraceContext());
		/// Sends to all sessions of a user, on all nodes. DIRECT_AT_MOST_ONCE for each.

	SendResult broadcast(const std::string& data, const std::string& sender = "", const TraceContext& trace = TraceContext());
		/// Sends to all sessions of all nodes. BROADCAST_AT_MOST_ONCE for each.

	enum class To
		/// What a target is.
	{
		SESSION, /// The id of a session.
		USER     /// A user.
	};

	void sendAcknowledged(To to, const std::string& target, const std::string& data, const std::string& sender, const Poco::Timespan& timeout, const Done& done);
		/// Sends, and sends again each HubParams::setRepeatInterval(), also to sessions that were attached meanwhile, until one has acknowledged
		/// it (NONE) or the time is over (TIMED_OUT). Answers BUSY if setMaxAcks() wait already.
		///
		/// DIRECT_AT_LEAST_ONCE: if the answer is NONE it has come, once or several times, each with the same DirectMessage::ackId and ackNode.

	void acknowledge(Poco::UInt32 ackNode, Poco::UInt64 ackId);
		/// A client has answered a message with these numbers.

	SendResult disconnect(const std::string& session, int code, const std::string& reason);
		/// Closes the connection of a session of any node.

	SendResult disconnectUser(const std::string& user, int code, const std::string& reason);
		/// Closes the connections of all sessions of a user, on all nodes.

	Session::Ptr session(const std::string& id) const;
		/// Returns an attached session of this node; null if there is none.

	Poco::UInt32 node() const;
		/// Returns the number of this node.

	Metrics metrics() const;
		/// Returns the counts.

	std::vector<ChannelMetrics> topChannels(std::size_t count, Top by) const;
		/// Returns so many of the channels that sessions of this node are in, at most, the first ones by that; by the other one, then by name, if they are equal. Goes through all of
		/// them, 1/64 at a time, which others wait for: for operators, not for each message.

	bool healthy() const;
		/// Returns whether the backplane can be reached.

	void tick();
		/// Does what is due: Leaves, repeated messages, time-outs, sessions that have been drained unnoticed. Called several times a second.

	const HubParams& params() const;
		/// Returns the parameters.

private:
	Hub(const Hub&) = delete;
	Hub& operator = (const Hub&) = delete;

	std::shared_ptr<HubCore> _pCore;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Hub_INCLUDED
