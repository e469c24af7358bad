//
// NATSHistories.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSHistories
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSHistories_INCLUDED
#define Messaging_NATSHistories_INCLUDED


#include "NATSJetStream.h"
#include "NATSRead.h"
#include "NATSUnused.h"
#include "Poco/Messaging/Backplane.h"
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSHistories
	/// The channels with history. Each has a stream of JetStream, whose number of a message is the offset, and whose name has the epoch.
	///
	/// Before anything is done with a stream the node looks for it: asks for its name, then for its state, and makes it if there is none. A publication is for one stream: if that
	/// is not there any more, all that were on their way to it come back, and go to the next one, in their order.
	///
	/// It has no thread, no clock and no connection: the engine calls it, one call at a time, and then does the work.
{
public:
	struct Positioned
		/// An answer: where a channel stands.
	{
		std::string channel;
		Backplane::Positioned done; // null: of position()
		Error error = Error::NONE;
		Position position;
	};

	struct Work
		/// What a call leaves behind.
	{
		std::vector<NATSRequest> requests;        // to be sent
		std::vector<std::function<void()>> calls; // answers
		std::vector<Positioned> positioned;       // the same
		std::vector<std::pair<std::string, Poco::UInt64>> missing; // channels and publications, which do not come back
		std::vector<std::shared_ptr<NATSRead>> reads; // to be finished
		std::vector<std::string> behind;          // channels that may miss something
		std::vector<std::string> foreign;         // subjects that others use
		std::vector<std::string> problems;        // for the log
		Poco::UInt64 published = 0;
		Poco::UInt64 refused = 0;
		Poco::UInt64 removed = 0; // streams
	};

	struct Publishing
		/// A publication that is not stored yet.
	{
		Poco::UInt64 number = 0; // the node's own
		std::string data;
		std::string transaction; // empty: none
		Receipt::Ptr pReceipt;   // null: nobody waits
		Time due = 0;
		int tries = 0; // whose stream had gone

		std::size_t bytes() const
		{
			return data.size() + OWN_BYTES;
		}
	};

	static constexpr Time LATE = 3000;
		/// ms that a publication may take from the stream to this node, at most.

	static constexpr std::size_t OWN_BYTES = 512;
		/// What a publication takes besides its data, at least.

	explicit NATSHistories(const NATSBackplaneParams& params);
	~NATSHistories();

	void subscribe(const std::string& name, const ChannelOptions& options, const Backplane::Positioned& done, Time now, Work& work);
		/// The channel's live() is subscribed first.

	void position(const std::string& name, Time now, Work& work);
		/// Asks where a channel stands that is subscribed: Work::positioned.

	void unsubscribe(const std::string& name, Time now);
	void publish(const std::string& name, const ChannelOptions& options, Publishing publishing, Time now, Work& work);
	void history(const std::string& name, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done, Time now, Work& work);
	void seen(const std::string& name, const Position& position, std::string_view data);
		/// A publication has come.

	void replied(Poco::UInt64 number, NATSReply reply, Time now, Work& work);
	void lost(Work& work);
		/// The connection is lost, or there is a new one: everything is answered.

	void tick(Time now, bool first, Work& work);
		/// Answers what takes too long. first says that this is the node that removes streams.

	bool used(std::string_view text);
		/// A node has said what it uses, and what it has published. Returns false if no node says that.

	std::size_t waitingBytes() const
	{
		return _waitingBytes;
	}

	std::string live(const std::string& name) const;
		/// Returns the subject that publications come to when they are stored.

private:
	struct Waiting
		/// For the state of the stream.
	{
		Backplane::Positioned subscribed;
		std::shared_ptr<NATSRead> pRead; // null: for the position
	};

	struct Channel
	{
		std::string name;
		std::string token;   // the same in a subject
		std::string subject; // of the stream
		ChannelOptions options;
		bool subscribed = false;
		std::string stream;   // empty: not known
		bool checked = false; // it was there, with this connection
		Position seen;        // the last publication that the node knows of
		std::size_t seenHash = 0; // of its data; 0: not known
		Position live;        // the last one that has come
		Position told;        // of which the node was told since it was behind
		Time behind = 0;      // since when it is
		Position published;   // the last one of this node, until it has said so
		bool looking = false;
		int steps = 0;        // of the look
		Position seenBefore;
		std::size_t seenBeforeHash = 0;
		NATSStream found;
		std::vector<Waiting> asked; // the look is for these
		std::vector<Waiting> next;  // these want one that begins later
		std::map<Poco::UInt64, Publishing> publications; // that wait for the stream
		std::size_t onTheirWay = 0; // publications
		Time used = 0; // by the engine's clock
		Time said = 0; // that it is used, by the hub's
	};

	using ChannelPtr = std::shared_ptr<Channel>;

	struct Pending
		/// What was asked for.
	{
		enum What
		{
			NAMES,
			INFO,
			CREATE,
			GROW,
			COMPARE, // with the last publication that was seen
			REMOVE,
			PUBLISH,
			READ
		};

		What what;
		ChannelPtr pChannel;
		Time due = 0;
		std::string stream = {};
		Publishing publishing = {};
		std::shared_ptr<NATSRead> pRead = {};
		Poco::UInt64 sequence = 0; // that it has asked for
	};

	struct Reading
		/// A read that waits for others.
	{
		ChannelPtr pChannel;
		std::shared_ptr<NATSRead> pRead;
		Time due = 0;
	};

	const ChannelPtr& channel(const std::string& name, const ChannelOptions& options, Time now);
	ChannelPtr find(const std::string& name) const;
	static void advance(Position& to, const Position& position);
	static void see(Channel& channel, const Position& position, std::string_view data);
	static std::size_t hashOf(std::string_view data);
	static Time idleTime(const ChannelOptions& options);
	static std::size_t sizeOf(const ChannelOptions& options);
	void ask(Pending pending, NATSRequest request, Time now, Work& work);

	// Streams
	void look(const ChannelPtr& pChannel, Time now, Work& work);
	void step(Pending::What what, const ChannelPtr& pChannel, Time now, Work& work);
	void lookOn(Pending& pending, const NATSReply& reply, Time now, Work& work);
	void named(const ChannelPtr& pChannel, const NATSReply& reply, Time now, Work& work);
	void found(const ChannelPtr& pChannel, const NATSStream& stream, Time now, Work& work);
	void compared(const ChannelPtr& pChannel, const NATSReply& reply, Time now, Work& work);
	void looked(const ChannelPtr& pChannel, const NATSStream& stream, Time now, Work& work);
	void failed(const ChannelPtr& pChannel, const NATSReply& reply, Time now, Work& work);

	// Publications
	void send(const ChannelPtr& pChannel, Publishing publishing, Time now, Work& work);
	void sendWaiting(const ChannelPtr& pChannel, Time now, Work& work);
	void stored(Pending& pending, const NATSReply& reply, Time now, Work& work);
	Error errorOf(const NATSReply& reply, Work& work);
	void answer(Publishing publishing, const Channel& channel, Error error, const Position& position, bool duplicate, Work& work);
	void answer(const Waiting& waiting, Channel& channel, Error error, const Position& position, Work& work);

	// Reads
	void read(const ChannelPtr& pChannel, const std::shared_ptr<NATSRead>& pRead, Time now, Work& work);
	void readNext(Time now, Work& work);
	void readEnded(Time now, Work& work);
	void fail(const std::shared_ptr<NATSRead>& pRead, Work& work);

	void overdue(Pending& pending, Time now, Work& work);
	void watch(Channel& channel, Time now, Work& work);
	void say(Channel& channel);
	void sayAll(Work& work);

	const std::string _prefix;
	const bool _inMemory;
	const int _replicas;
	const Clock _clock; // of the hub
	std::unordered_map<std::string, ChannelPtr> _channels; // by token
	std::map<Poco::UInt64, Pending> _pending; // by the number of the answer; the oldest one is the first
	Poco::UInt64 _number = 0;
	std::size_t _waitingBytes = 0; // of publications
	std::size_t _reading = 0;
	std::deque<Reading> _reads; // that wait for others
	std::string _toSay; // of channels that this node uses
	std::string _problem; // that was logged last
	NATSUnused _unused;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSHistories_INCLUDED
