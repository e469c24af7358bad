//
// NATSBackplane.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSBackplane
//
// A backplane on NATS.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSBackplane_INCLUDED
#define Messaging_NATSBackplane_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include "Poco/Messaging/NATSBackplaneParams.h"
#include "Poco/Net/WebSocketMonitor.h"
#include <memory>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSEngine;


class Messaging_API NATSBackplane: public Backplane
	/// Joins nodes by NATS 2.2 or newer: publications, and messages between nodes. History needs JetStream, of 2.9 or newer.
	///
	/// Presence is not supported: a channel that has it is refused with Error::NO_HISTORY, by subscribe() and publish() too.
	///
	/// A channel with history has a stream of its own, which the first node that needs it makes. The offset is the stream's number of the message, and the epoch is in the stream's name. A
	/// publication is answered when the stream has stored it, so that all nodes have one order. If the server has no JetStream, such a channel is refused with Error::NO_HISTORY.
	/// A stream has the size and the time of ChannelOptions, but keeps each publication for 5 minutes at least, as it does transaction ids; what is older than the channel's time
	/// is not read then, by the clock of the node that has published it. If nodes ask for different sizes or times, the largest ones count for the stream, and each reads as much as it has asked for.
	/// If JetStream does not keep it any more (a stream that was deleted, servers that have come back with less), there is another stream with another epoch, and the hub is told.
	///
	/// What is stored is passed on at most once by the servers, and not quite in the stream's order: it is put in order here, and what is missing for 2 s is a gap. So is what another node says that it has
	/// published, which nodes do each second, if it has not come 3 s later: nothing that was answered is missing silently.
	///
	/// Streams that nobody uses any more are removed by one of the nodes: those in which nothing was published, and which no node was subscribed to, for the position time of
	/// ChannelOptions (5 minutes at least) and a quarter more; it looks every 5 minutes.
	///
	/// Without history one thing is less than Backplane promises. All nodes, that of the publisher too, get the publications of a node in their order. But those of
	/// two nodes, published at the same time, may have one order at one node and another one at another: a server passes on what a connection sends without regard to the others. Whoever
	/// needs one order takes Redis or history, or publishes a channel at one node only.
	///
	/// A publication without history is answered when a server has taken it, which one PING finds out for all that wait; there is one after 3 s of silence, too. If that takes
	/// more than 2 s, or the connection is lost, they are answered with UNAVAILABLE. They may have been published all the same.
	/// A lost connection is made again for ever: exponential back-off from 100 ms to 5 s, minus up to 50 % jitter. Meanwhile everything is refused with UNAVAILABLE; then the
	/// channels are subscribed again, and BackplaneSink::onGap() is called for each. So it is when too much has waited for this node, and was dropped. JetStream's answers have
	/// 2 s as well.
	///
	/// NATS has no counter: the number of a node is 32 random bits that no other node has when start() is called (nobody looks if the server
	/// cannot be reached then). Nodes tell each other every 3 s that they are there. One that has not done so for 10 s is gone.
	///
	/// Everything stands under the prefix (NATSBackplaneParams::setPrefix()), and streams have names that begin with it. What another program writes there is counted, dropped, and logged once. In a
	/// stream it takes an offset, so that the channel has a gap there.
{
public:
	typedef Poco::AutoPtr<NATSBackplane> Ptr;

	enum
	{
		MAX_WAITING = 8*1024*1024 /// Bytes that wait for the server, and that wait for this node's hub, each at most. What does not fit is refused (BUSY), or dropped (onGap()).
	};

	struct Metrics
		/// What it has done since start().
	{
		bool connected = false;        /// Whether there is a connection to a server.
		bool history = false;          /// Whether the server has JetStream, which keeps histories.
		Poco::UInt64 reconnects = 0;   /// Connections that were made again.
		Poco::UInt64 published = 0;    /// Publications of this node that a server has taken.
		Poco::UInt64 refused = 0;      /// Those that were answered with an error.
		Poco::UInt64 received = 0;     /// Publications that came from the server.
		Poco::UInt64 dropped = 0;      /// Messages that came, and did not fit.
		Poco::UInt64 foreign = 0;      /// What other programs have written where nodes write. It was dropped.
		Poco::UInt64 removed = 0;      /// Streams that nobody has used any more, and this node has removed.
		Poco::UInt64 waitingBytes = 0; /// Of what waits for the server.
		std::size_t nodes = 0;         /// Other nodes that are there.
	};

	explicit NATSBackplane(const std::string& url);
		/// Creates a backplane on a server, or a cluster: see NATSBackplaneParams. Throws as that does.

	explicit NATSBackplane(const NATSBackplaneParams::Ptr& pParams);
		/// Creates a backplane. Throws an InvalidArgumentException if there are no parameters.

	void start(const std::shared_ptr<BackplaneSink>& pSink) override;
		/// Connects. Throws a Poco::IOException with host, port and reason if no server can be reached within the connect timeout, or
		/// the password is refused; not so with NATSBackplaneParams::setRetryAtStart().

	void stop() override;
		/// See Backplane::stop(). Waits for the server: 2 s at most if it does not answer, or the connect timeout if it is being connected to.

	Poco::UInt32 node() const override;
		/// See Backplane::node().

	bool up() const override;
		/// Returns true if the server can be reached, and has answered within 2 s when it was last asked.

	void subscribe(const std::string& channel, const ChannelOptions& options, const Positioned& done) override;
		/// See Backplane::subscribe().

	void unsubscribe(const std::string& channel) override;
		/// See Backplane::unsubscribe().

	void publish(const std::string& channel, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) override;
		/// See Backplane::publish(). A publication that is larger than the server takes (its max_payload; with history up to 1 KiB less) is answered with
		/// TOO_LARGE, and with BUSY if JetStream has no room.

	void history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done) override;
		/// See Backplane::history(). The messages are asked for one by one, up to 128 of them at a time.

	void enter(const std::string& channel, const Member& member) override;
		/// Does nothing.

	void leave(const std::string& channel, const std::string& member) override;
		/// Does nothing.

	void presence(const std::string& channel, const PresenceDone& done) override;
		/// Answers with NO_HISTORY.

	Error control(Poco::UInt32 node, const Control& control) override;
		/// See Backplane::control(). For the first second after a connection was made, a node that is not known may be there.

	void tick() override;
		/// See Backplane::tick(). Says which histories are used, and removes those that are not.

	Metrics metrics() const;
		/// Returns what it has done.

	std::vector<Poco::Net::WebSocketMonitor::Metric> monitored() const;
		/// Returns the same for WebSocketMonitor::add(), besides MessageService::monitored(). Their names begin with "messaging_nats_"; docs/messaging.md lists them.

protected:
	~NATSBackplane() override;
		/// Calls stop().

private:
	const std::shared_ptr<NATSEngine> _pEngine;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSBackplane_INCLUDED
