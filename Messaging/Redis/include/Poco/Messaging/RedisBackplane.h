//
// RedisBackplane.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisBackplane
//
// A backplane on one or several Redis servers.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisBackplane_INCLUDED
#define Messaging_RedisBackplane_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include "Poco/Messaging/RedisBackplaneParams.h"
#include "Poco/Net/WebSocketMonitor.h"
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisEngine;


class Messaging_API RedisBackplane: public Backplane
	/// Joins nodes by Redis 6.0 or newer: PUB/SUB, history in streams, presence in hashes.
	///
	/// Each server has two connections, for commands and for what is published; both are made again for ever when they are lost. All calls only queue; a
	/// thread of its own speaks with Redis, and calls the sink. Publications that wait are stored by one script call, up to 64 at a time.
	///
	/// While a server cannot be reached, what concerns it waits for 2 s, and is then answered with UNAVAILABLE. A publication with that answer may
	/// have been stored: with a transaction id it can be published again. What was published meanwhile comes from the history when the server is back.
	/// If it has lost data (restart without them, fail-over to a replica that was behind), the channel gets a new epoch: nobody believes to have all.
	///
	/// Everything stands under the prefix (RedisBackplaneParams::setPrefix()). What another program writes there is counted, dropped, and logged once.
{
public:
	typedef Poco::AutoPtr<RedisBackplane> Ptr;

	enum
	{
		MAX_WAITING = 8*1024*1024, /// Bytes of publications that wait for a server, or for its answer. What does not fit is refused: BUSY.
		BATCH = 64                 /// Publications in a script call, at most.
	};

	struct Metrics
		/// What it has done since start(). All servers together.
	{
		unsigned servers = 0;         /// How many there are.
		unsigned connected = 0;       /// How many of these can be reached.
		Poco::UInt64 reconnects = 0;  /// Connections that were made again.
		Poco::UInt64 published = 0;   /// Publications of this node that a server has taken.
		Poco::UInt64 refused = 0;     /// Those that were answered with an error.
		Poco::UInt64 commands = 0;    /// Commands that were sent.
		Poco::UInt64 received = 0;    /// Publications that came from the servers.
		Poco::UInt64 foreign = 0;     /// What other programs have written where nodes write. It was dropped.
		Poco::UInt64 waitingBytes = 0; /// Of publications that wait.
	};

	explicit RedisBackplane(const std::string& url);
		/// Creates a backplane on one server, or one set of servers with Sentinel: see RedisBackplaneParams. Throws as that does.

	explicit RedisBackplane(const RedisBackplaneParams::Ptr& pParams);
		/// Creates a backplane. Throws an InvalidArgumentException if there are no parameters.

	void start(const std::shared_ptr<BackplaneSink>& pSink) override;
		/// Connects. Throws a Poco::Net::NetException with host, port and reason if a server cannot be reached within the connect timeout, is
		/// too old or refuses the password; not so with RedisBackplaneParams::setRetryAtStart().

	void stop() override;
		/// See Backplane::stop(). Waits for the servers for 2 s at most.

	Poco::UInt32 node() const override;
		/// See Backplane::node().

	bool up() const override;
		/// Returns true if all servers can be reached, and send what is published.

	void subscribe(const std::string& channel, const ChannelOptions& options, const Positioned& done) override;
		/// See Backplane::subscribe().

	void unsubscribe(const std::string& channel) override;
		/// See Backplane::unsubscribe().

	void publish(const std::string& channel, const ChannelOptions& options, const Publication::Ptr& pPublication, const Receipt::Ptr& pReceipt) override;
		/// See Backplane::publish().

	void history(const std::string& channel, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done) override;
		/// See Backplane::history().

	void enter(const std::string& channel, const Member& member) override;
		/// See Backplane::enter().

	void leave(const std::string& channel, const std::string& member) override;
		/// See Backplane::leave().

	void presence(const std::string& channel, const PresenceDone& done) override;
		/// See Backplane::presence().

	Error control(Poco::UInt32 node, const Control& control) override;
		/// See Backplane::control().

	void tick() override;
		/// See Backplane::tick(). Keeps the positions of channels in which nothing is published.

	Metrics metrics() const;
		/// Returns what it has done.

	std::vector<Poco::Net::WebSocketMonitor::Metric> monitored() const;
		/// Returns the same for WebSocketMonitor::add(), besides MessageService::monitored(). Their names begin with "messaging_redis_"; docs/messaging.md lists them.

protected:
	~RedisBackplane() override;
		/// Calls stop().

private:
	const std::shared_ptr<RedisEngine> _pEngine;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisBackplane_INCLUDED
