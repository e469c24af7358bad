//
// NATSEngine.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSEngine
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSEngine_INCLUDED
#define Messaging_NATSEngine_INCLUDED


#include "NATSHistories.h"
#include "NATSLink.h"
#include "NATSOrder.h"
#include "NATSOthers.h"
#include "Poco/Messaging/NATSBackplane.h"
#include "node/NodeFormat.h"
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <set>
#include <thread>
#include <unordered_map>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NATSEngine final: public NATSListener, public std::enable_shared_from_this<NATSEngine>
	/// What a NATSBackplane does. The backplane owns it, and so do its threads and libnats, until they have ended.
	///
	/// Calls of the hub queue commands. The sender's thread does them, and makes the connection; it calls nothing of the program, and is the only one that may wait for the server.
	/// Threads of libnats queue what has come. The giver's thread calls the sink and gives the answers; it may wait for the hub as long as that likes.
	///
	/// Everything that is to be answered, publications and subscriptions, has a turn. What waits is sent together, and a PING behind it: when the server has answered that, it has had all of it.
	/// What concerns channels with history is answered by JetStream instead (NATSHistories).
{
public:
	explicit NATSEngine(const NATSBackplaneParams::Ptr& pParams);
	~NATSEngine();

	void start(const std::shared_ptr<BackplaneSink>& pSink);
	void stop();
	Poco::UInt32 node() const;
	bool up() const;
	void subscribe(const std::string& name, const ChannelOptions& options, const Backplane::Positioned& done);
	void unsubscribe(const std::string& name);
	void publish(const std::string& name, const ChannelOptions& options, const Publication& publication, const Receipt::Ptr& pReceipt);
	void history(const std::string& name, const ChannelOptions& options, const HistoryQuery& query, const HistoryDone& done);
	Error control(Poco::UInt32 node, const Control& control);
	void tick();
	NATSBackplane::Metrics metrics() const;

	void received(const NATSTargetPtr& pTarget, NATSMessage message) noexcept override;
	void closed(Poco::UInt64 link) noexcept override;
	void slow() noexcept override;

private:
	enum Kind
		/// What comes to a subject.
	{
		CHANNEL, // publications
		STORED,  // the same, of a channel with history: JetStream has stored them
		REPLIES, // of JetStream
		USED,    // which histories are used
		CONTROL, // messages for this node
		TO_ALL,  // messages for all others
		NODES    // who is there
	};

	struct Target: public NATSTarget
	{
		struct Kept
		{
			Receipt::Ptr pReceipt;
			Time due = 0;
		};

		Kind kind = CHANNEL;
		std::string name;
		std::atomic<bool> ended{false};     // nothing is given to the sink any more
		std::atomic<bool> incomplete{false}; // something was dropped, and the giver is going to say so
		std::unordered_map<Poco::UInt64, Kept> receipts; // by number, of this node's publications, until they come back; by _mutex
		NATSOrder order;    // of what is stored; of the giver
		bool asked = false; // where the channel stands; of the giver
		bool begun = false; // that was known once; of the giver
	};

	using TargetPtr = std::shared_ptr<Target>;

	struct Command
	{
		enum What
		{
			PUBLISH,
			ASK, // JetStream
			SUBSCRIBE,
			UNSUBSCRIBE
		};

		What what;
		std::string subject;
		std::string data;
		TargetPtr pTarget;
		Poco::UInt64 turn = 0; // if it is answered
		NATSRequest request = {};
	};

	struct Asked
		/// What waits for an answer.
	{
		Poco::UInt64 turn = 0;
		Time due = 0;
		std::size_t bytes = 0;
		bool publication = false;
		Receipt::Ptr pReceipt;
		Backplane::Positioned subscribed;
		TargetPtr pTarget; // that was subscribed
	};

	using Answers = std::vector<Asked>;

	struct Event
		/// For the giver.
	{
		TargetPtr pTarget;
		std::unique_ptr<NATSMessage> pMessage; // null: a gap
		std::size_t bytes = 0;
		Position position;  // of what is stored
		Answers answers;
		Error error = Error::NONE; // of the answers
		std::vector<Receipt::Ptr> released; // nobody waits for these any more
		NATSHistories::Work work; // what is to be called, and logged
		std::vector<TargetPtr> positioned; // those of the work, or null
		std::vector<TargetPtr> behind; // alike
		bool late = false; // it is to be looked whether something is missing

		bool empty() const
			/// Of those without a target.
		{
			return !late && answers.empty() && released.empty() && positioned.empty() && behind.empty() && work.calls.empty() && work.reads.empty() && work.foreign.empty() && work.problems.empty();
		}
	};

	// The sender
	void send();
	bool connect();
	void join(bool first);
	void serve();
	bool perform(const Command& command);
	bool ask(const NATSRequest& request);
	void confirmed(Poco::UInt64 turn);
	void disconnected();
	void goodbye();
	Time backOff();

	// What comes
	void heard(std::string_view text);
	void replied(NATSMessage message);
	void used(std::string_view text);
	Position positionOf(const Target& target, NATSMessage& message);
	void foreign(const std::string& subject);
	void enqueue(Event event);
	void enqueueAnswers(Answers& answers, Error error, std::vector<Receipt::Ptr>& released);

	// The giver
	void give();
	void give(BackplaneSink& sink, Event& event);
	void givePublications(BackplaneSink& sink, Target& target, std::string_view event);
	void giveStored(BackplaneSink& sink, const TargetPtr& pTarget, Event& event);
	void giveNext(BackplaneSink& sink, const TargetPtr& pTarget);
	void giveWork(BackplaneSink& sink, Event& event);
	void givePosition(BackplaneSink& sink, const TargetPtr& pTarget, const NATSHistories::Positioned& positioned);
	void askPosition(const TargetPtr& pTarget);
	void askForMissing();
	void giveControl(BackplaneSink& sink, const Target& target, std::string_view event);
	void giveAnswers(Event& event);
	Receipt::Ptr returned(Target& target, const NodeFormat::Source& source);
	Time wallDifference() const;

	template <typename Function>
	void withHistories(const Function& function, Error* pError = nullptr)
		/// Calls it with the histories and the work, by _mutex, and does the work. After the end it is an error.
	{
		Event event;
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			if (_pHistories)
			{
				NATSHistories::Work work;
				function(*_pHistories, work);
				take(work, event);
			}
			else if (pError) *pError = Error::UNAVAILABLE;
		}
		if (!event.empty()) enqueue(std::move(event));
	}

	// By _mutex
	Error refusal(const ChannelOptions& options) const;
	TargetPtr target(const std::string& name, Kind kind);
	void keep(const std::string& name, Poco::UInt64 number, const Receipt::Ptr& pReceipt, Time now);
	void take(NATSHistories::Work& work, Event& event);
	void post(Command command);
	void question(Time now);
	void announce(const char* word, Time now);
	void rollCall(Time now);
	void overdue(Time now, Answers& answers);
	void forget(Time now, std::vector<Receipt::Ptr>& released);
	void end(const TargetPtr& pTarget);
	void release(Target& target, std::vector<Receipt::Ptr>& released);

	std::string subjectOf(const char* part) const;
	std::string subjectOf(const char* part, const std::string& token) const;

	static Time wallTime();

	const NATSBackplaneParams::Ptr _pParams;
	const NATSServers _servers;
	Poco::UInt32 _node;
	std::atomic<Poco::UInt64> _number{0};  // of publications
	std::atomic<bool> _up{false};          // connected, subscribed, and answering
	std::atomic<std::size_t> _maxPayload{0};
	std::atomic<bool> _stopped{false};

	mutable std::mutex _mutex; // what the hub asks for
	std::condition_variable _toDo;
	std::deque<Command> _commands;
	std::size_t _commandBytes = 0; // of those that are not answered
	std::deque<Asked> _asked;
	std::size_t _askedBytes = 0;
	std::size_t _kept = 0;      // receipts of all channels
	std::unordered_map<std::string, TargetPtr> _channels;
	NATSOthers _others;
	Poco::UInt64 _turn = 0;     // of what was asked last
	Poco::UInt64 _linkNumber = 0;
	bool _connected = false;    // commands are done
	bool _lost = false;         // the connection is to be made again
	bool _connecting = false;
	bool _jetStream = false;    // the server has it
	std::unique_ptr<NATSHistories> _pHistories;
	const std::string _inbox;   // of answers of JetStream, whose numbers follow
	Time _lastBeat = 0;
	Time _lastTick = 0;
	NATSBackplane::Metrics _counts;

	std::mutex _eventMutex; // what has come
	std::condition_variable _toGive;
	std::deque<Event> _events;
	std::size_t _eventBytes = 0;
	bool _gapAll = false;
	bool _giving = false; // a function of the program may be running
	std::atomic<bool> _holds{false}; // something waits for what is missing
	std::atomic<Poco::UInt64> _received{0};
	std::atomic<Poco::UInt64> _dropped{0};
	std::atomic<Poco::UInt64> _foreign{0};

	// Of the sender
	std::unique_ptr<NATSLink> _pLink;
	std::vector<TargetPtr> _own; // subjects of the node itself
	Time _backOff = 0;
	bool _silent = false; // the server has not answered the last PING yet

	std::set<TargetPtr> _holding; // channels in which something is missing; of the giver
	std::shared_ptr<BackplaneSink> _pSink; // of the giver, after start()
	std::thread _sender;
	std::thread _giver;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSEngine_INCLUDED
