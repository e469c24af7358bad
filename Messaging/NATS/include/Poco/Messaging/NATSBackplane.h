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
	/// Joins nodes by NATS 2.2 or newer: publications of channels without history, and messages between nodes.
	///
	/// History and presence are not supported: a channel that has one of them is refused with Error::NO_HISTORY, by subscribe() and publish() too. A stream of JetStream numbers
	/// its messages for all subjects together, so the offsets of a channel would have gaps, which is what a hub takes for a loss; it drops old messages with their position; and sizes and times
	/// are those of the stream, not of a channel. Offsets of our own would need a round trip for each publication, refused and repeated whenever another node was faster.
	///
	/// One thing is less than Backplane promises. All nodes, that of the publisher too, get the publications of a node in their order. But those of
	/// two nodes, published at the same time, may have one order at one node and another one at another: a server passes on what a connection sends without regard to the others. Whoever
	/// needs one order takes Redis, or publishes a channel at one node only.
	///
	/// A publication is answered when a server has taken it, which one PING finds out for all that wait; there is one after 3 s of silence, too. If that takes
	/// more than 2 s, or the connection is lost, they are answered with UNAVAILABLE. They may have been published all the same.
	/// A lost connection is made again for ever: exponential back-off from 100 ms to 5 s, minus up to 50 % jitter. Meanwhile everything is refused with UNAVAILABLE; then the
	/// channels are subscribed again, and BackplaneSink::onGap() is called for each. So it is when too much has waited for this node, and was dropped.
	///
	/// NATS has no counter: the number of a node is 32 random bits that no other node has when start() is called (nobody looks if the server
	/// cannot be reached then). Nodes tell each other every 3 s that they are there. One that has not done so for 10 s is gone.
	///
	/// Everything stands under the prefix (NATSBackplaneParams::setPrefix()). What another program writes there is counted, dropped, and logged once.
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
		Poco::UInt64 reconnects = 0;   /// Connections that were made again.
		Poco::UInt64 published = 0;    /// Publications of this node that a server has taken.
		Poco::UInt64 refused = 0;      /// Those that were answered with an error.
		Poco::UInt64 received = 0;     /// Publications that came from the server.
		Poco::UInt64 dropped = 0;      /// Messages that came, and did not fit.
		Poco::UInt64 foreign = 0;      /// What other programs have written where nodes write. It was dropped.
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
		/// See Backplane::publish(). A publication that is larger than the server takes (its max_payload) is answered with TOO_LARGE.

	void history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done) override;
		/// Answers with NO_HISTORY.

	void enter(const std::string& channel, const Member& member) override;
		/// Does nothing.

	void leave(const std::string& channel, const std::string& member) override;
		/// Does nothing.

	void presence(const std::string& channel, const PresenceDone& done) override;
		/// Answers with NO_HISTORY.

	Error control(Poco::UInt32 node, const Control& control) override;
		/// See Backplane::control(). For the first second after a connection was made, a node that is not known may be there.

	void tick() override;
		/// See Backplane::tick().

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
