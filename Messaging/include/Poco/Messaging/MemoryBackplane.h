//
// MemoryBackplane.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  MemoryBackplane
//
// A backplane within the process.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MemoryBackplane_INCLUDED
#define Messaging_MemoryBackplane_INCLUDED


#include "Poco/Messaging/Backplane.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class MemoryEngine;


class Messaging_API MemoryBackplane: public Backplane
	/// The backplane of a hub that is alone, and the reference for all others: it keeps everything in the process. Several hubs of a process can
	/// be joined as nodes are.
	///
	/// Everything is done in the calling thread; if another thread is giving out what was published in the same channel, by that thread, which
	/// is relieved after 64 publications if there are more. Nothing but the caller waits (see Hub).
	/// History, presence and known transactions are lost when the last of the joined objects has gone.
{
public:
	typedef Poco::AutoPtr<MemoryBackplane> Ptr;

	enum
	{
		MAX_WAITING = 8*1024*1024,  /// Bytes of publications (Publication::size()) that are queued in a channel. From half of it on callers wait. What does not fit is refused: BUSY.
		MAX_TRANSACTIONS = 64*1024*1024 /// Bytes of the transactions that a channel with history knows: each takes 144, and its name. Without room the oldest ones are forgotten, before their 5 minutes are over.
	};

	explicit MemoryBackplane(const Clock& clock);
		/// Creates a backplane of a node that is alone.

	MemoryBackplane();
		/// The same, with the system's monotonic clock.

	explicit MemoryBackplane(MemoryBackplane& other);
		/// Creates that of another node, which is joined with the first.

	void start(const std::shared_ptr<BackplaneSink>& pSink) override;
		/// See Backplane::start().

	void stop() override;
		/// See Backplane::stop().

	Poco::UInt32 node() const override;
		/// See Backplane::node().

	bool up() const override;
		/// See Backplane::up().

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
		/// See Backplane::tick().

protected:
	~MemoryBackplane() override;
		/// Destroys the backplane.

private:
	std::shared_ptr<MemoryEngine> _pEngine;
	Poco::UInt32 _node;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MemoryBackplane_INCLUDED
