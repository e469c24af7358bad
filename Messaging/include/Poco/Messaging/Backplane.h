//
// Backplane.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Backplane
//
// What joins the hubs of several nodes.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Backplane_INCLUDED
#define Messaging_Backplane_INCLUDED


#include "Poco/Messaging/Encoder.h"
#include "Poco/Messaging/Publication.h"
#include <memory>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API Receipt: public Poco::RefCountedObject
	/// Collects what becomes of a publication. Whoever holds it last answers: its destructor calls done().
{
public:
	typedef Poco::AutoPtr<Receipt> Ptr;

	explicit Receipt(const PublishDone& done);
		/// Creates the receipt.

	void answer(Error error, const Position& position, bool duplicate);
		/// Notes what the backplane says. To be called once.

	void deliver(const Delivery& delivery);
		/// Notes what became of it on this node. To be called once at most.

protected:
	~Receipt() override;
		/// Calls done().

private:
	PublishDone _done;
	PublishResult _result; // answer() and deliver() write different fields
};


struct HistoryQuery
	/// What is asked of a history.
{
	bool hasSince = false;              /// Whether there is a position. If not: the latest publications.
	Position since;                     /// Publications behind it; those of its epoch.
	std::size_t limit = 0;              /// How many publications at most, those next to the position, or the latest; 0: only the position of the channel.
	std::size_t maxBytes = 1024*1024;   /// How many bytes (Publication::size()), at most; one publication at least.
};


struct HistoryResult
	/// The answer to a query.
{
	Error error = Error::NONE;                  /// Whether it was read; if not, the rest says nothing.
	Position position;                          /// Of the channel's last publication.
	std::vector<Publication::Ptr> publications; /// By offset, one after the other without a gap.
};

using HistoryDone = std::function<void(const HistoryResult& result)>;


struct Control
	/// What one hub says to another.
{
	enum Kind
		/// What it is about.
	{
		TO_SESSION, /// A message for a session.
		TO_USER,    /// A message for all sessions of a user.
		TO_ALL,     /// A message for all sessions.
		ACK,        /// A message was acknowledged: message.ackId.
		DISCONNECT_SESSION, /// A session's connection is closed.
		DISCONNECT_USER     /// The connections of all sessions of a user are closed.
	};

	Kind kind = TO_ALL;    /// What it is about.
	std::string target;    /// The session or the user.
	DirectMessage message; /// For the first four.
	int code = 0;          /// Of the Close frame, for the others.
	std::string reason;    /// The same.
};


class Messaging_API BackplaneSink
	/// What a backplane calls: the hub.
	///
	/// Functions may be called by any thread, without a lock of the backplane: the sink calls the backplane, and what the
	/// backplane calls then must not wait for this. For one channel they are called one after the other. A call may wait for calls of the hub
	/// for the same channel, in which other threads call the backplane. Nothing is thrown.
{
public:
	virtual ~BackplaneSink();
		/// Destroys the sink.

	virtual void onPublication(const std::string& channel, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) noexcept = 0;
		/// Something was published in a channel that this node is subscribed to. The publications of a channel come in their order,
		/// which is the same on all nodes; with history by offset, each once. The node that has published it gets the receipt as well; others: null.

	virtual void onGap(const std::string& channel) noexcept = 0;
		/// Publications of the channel may have been lost, as always after the engine could not be reached: the hub reads the history.

	virtual void onPresence(const std::string& channel, const Member& member, bool joined) noexcept = 0;
		/// A member has come into the channel, or has left it: exactly once each, on each node that is subscribed.

	virtual void onControl(const Control& control) noexcept = 0;
		/// Another node, or this one, has called control().
};


class Messaging_API Backplane: public Poco::RefCountedObject
	/// Joins the hubs of several nodes: passes on what is published, and keeps history and presence. An object belongs to one node.
	///
	/// All functions may be called by any thread, and return at once; of the program's threads publish(), enter() and leave() may wait for
	/// each other, but nothing that is called in a channel's turn of a hub. Answers are given by functions, which may be called before the call has returned, or later by
	/// another thread, once each; never while a lock is held. For one channel, subscribe() and unsubscribe() take effect in the order of the calls. After
	/// stop() has returned nothing is called but what runs already; answers that were not given are released uncalled.
{
public:
	typedef Poco::AutoPtr<Backplane> Ptr;

	virtual void start(const std::shared_ptr<BackplaneSink>& pSink) = 0;
		/// Begins. Called once, before everything else. Throws if the engine cannot be reached.

	virtual void stop() = 0;
		/// Ends: the node's subscriptions and members are gone.

	virtual Poco::UInt32 node() const = 0;
		/// Returns the number of this node, which no other node has.

	virtual bool up() const = 0;
		/// Returns whether the backplane can be reached.

	using Positioned = std::function<void(Error error, const Position& position)>;
		/// Answers with the position of a channel; 0, 0 if it has no history.

	virtual void subscribe(const std::string& channel, const ChannelOptions& options, const Positioned& done) = 0;
		/// Begins to pass on the publications of a channel. With history, everything behind the position of the answer comes to
		/// onPublication(); something before it may come as well.

	virtual void unsubscribe(const std::string& channel) = 0;
		/// Ends that.

	virtual void publish(const std::string& channel, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) = 0;
		/// Publishes. The order of a channel's publications is that in which the backplane takes them. With history it stores
		/// the publication first, with the next offset, unless there was one with the same transaction id within 5 minutes (and it is still known: MemoryBackplane forgets the oldest ones without room): then
		/// the receipt has the position of that, and nothing is delivered. Sets the publication's position. Calls Receipt::answer(), and keeps the receipt until this
		/// node's onPublication() has been called with it, if the node is subscribed.

	virtual void history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done) = 0;
		/// Reads the history. A result for a position whose next publication is not there any more has none, or begins later.

	virtual void enter(const std::string& channel, const Member& member) = 0;
		/// Counts a session of the member in the channel. Calls onPresence() of each subscribed node if it is the first.

	virtual void leave(const std::string& channel, const std::string& member) = 0;
		/// The session has left. Calls onPresence() of each subscribed node if it was the last. If a node has died, its sessions have left
		/// 10 s later at most.

	virtual void presence(const std::string& channel, const PresenceDone& done) = 0;
		/// Returns who is in the channel, on all nodes.

	virtual Error control(Poco::UInt32 node, const Control& control) = 0;
		/// Calls onControl() of a node; 0: of all others. At most once each. Returns Error::UNAVAILABLE if it cannot be tried, and
		/// Error::DETACHED if it is known that there is no such node; 0: no other node. NONE says that somebody may have been told.

	virtual void tick() = 0;
		/// Does what is due. Called every second or more often.

protected:
	~Backplane() override;
		/// Destroys the backplane.
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Backplane_INCLUDED
