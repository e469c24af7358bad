//
// Record.h
//
// What clients were promised, and what they got.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Record_INCLUDED
#define Record_INCLUDED


#include "Poco/Messaging/Types.h"
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <string>
#include <vector>


struct Findings
	/// What a Record says.
{
	// What has been
	Poco::UInt64 published = 0;   // publications that were answered with Published: promises
	Poco::UInt64 duplicate = 0;   // of these, answered as done before: a repetition was recognised
	Poco::UInt64 uncertain = 0;   // of which nobody knows
	Poco::UInt64 refused = 0;     // tries that were refused with a temporary error, and repeated
	Poco::UInt64 received = 0;    // publications that subscribers got
	Poco::UInt64 recovered = 0;   // Subscribed with RECOVERED
	Poco::UInt64 subscribed = 0;  // all Subscribed
	Poco::UInt64 joins = 0;
	Poco::UInt64 leaves = 0;

	// What was lost, and told
	Poco::UInt64 lostTold = 0;    // promises, for each subscriber, of channels with history
	Poco::UInt64 gapsTold = 0;    // how often
	Poco::UInt64 dropped = 0;     // ephemeral ones, as told by Dropped
	Poco::UInt64 missing = 0;     // ephemeral ones that a subscriber in the channel did not get: allowed

	// What must not be
	Poco::UInt64 lost = 0;        // promises with history that a subscriber did not get, and was not told of
	Poco::UInt64 duplicates = 0;  // the same publication twice to one subscriber
	Poco::UInt64 disorder = 0;    // an order that another subscriber, or the publisher, does not have
	Poco::UInt64 contradictions = 0; // two publications with one position, or one with two
	Poco::UInt64 presence = 0;    // Join of somebody who is there, or Leave of somebody who is not
	Poco::UInt64 wire = 0;        // messages that the service should not have sent: MessageClient hides them
	std::vector<std::string> examples; // of what must not be, the first ones

	bool right() const
		/// Returns whether there is nothing that must not be.
	{
		return lost + duplicates + disorder + contradictions + presence + wire == 0;
	}

	std::string text() const;
		/// The counts, and the examples.
};


class Record
	/// What clients have seen, as they have seen it. Thread-safe. A payload names its publication, and is published once; repetitions have the same.
	/// It begins with "PUBLISHER NUMBER ", where the numbers of a publisher rise in each channel.
{
public:
	using Position = Poco::Messaging::Position;

	enum Order
		/// That of publications without history.
	{
		ONE,              // all subscribers have the same
		OF_EACH_PUBLISHER // and nobody knows how those of several are mixed
	};

	explicit Record(Order order = ONE);

	int subscriber(const std::string& name);
		/// Begins with another one, and returns its number.

	// Publishers
	void published(const std::string& channel, const std::string& payload, const Position& position, bool duplicate);
	void uncertain();
	void refused();

	// Subscribers
	void subscribed(int subscriber, const std::string& channel, const Position& position, bool recovered);
	void received(int subscriber, const std::string& channel, const Position& position, const std::string& payload);
	void lost(int subscriber, const std::string& channel, const Position& last, const Position& next);
	void dropped(int subscriber, const std::string& channel, Poco::UInt64 count);
	void presence(int subscriber, const std::string& channel, const std::string& member, bool joined);

	void wire(const std::string& what);
		/// The service has sent something wrong.

	bool complete() const;
		/// Returns whether each subscriber has come to the last promise of each channel with history that it is in.

	std::string membersDiffer(const std::string& channel, const std::set<std::string>& there, const std::function<bool(const std::string& subscriber)>& counts) const;
		/// Compares who is in a channel with the last Join or Leave of each that subscribers (those that count, by their names) were told since they came into the channel. Returns
		/// the first difference; empty if there is none. Somebody of whom a subscriber was told nothing is none: Joins of those who were there before do not come.

	Poco::UInt64 count(int subscriber) const;
		/// Returns how many publications a subscriber got.

	Poco::UInt64 promises() const;

	Findings check() const;

private:
	struct Event
	{
		enum Kind
		{
			SUBSCRIBED,
			RECEIVED,
			LOST,
			DROPPED,
			JOIN,
			LEAVE
		};

		Kind kind = RECEIVED;
		bool recovered = false;
		Position position; // LOST: next
		Position last;     // LOST
		std::string text;  // the payload or the member
		Poco::UInt64 count = 0;
		Poco::UInt64 number = 0; // of all events
	};

	using Log = std::vector<Event>;

	struct Subscriber
	{
		std::string name;
		std::map<std::string, Log> channels;
		std::map<std::string, Position> positions; // behind what was received, or told to be lost
		Poco::UInt64 received = 0;
	};

	struct Promise
	{
		std::string payload;
		Position position;
		Poco::UInt64 number = 0;
	};

	struct Channel
	{
		std::vector<Promise> promises;
		Position last; // of the last promise
	};

	class Checker;

	const Order _order;
	mutable std::mutex _mutex; // for what follows
	std::vector<Subscriber> _subscribers;
	std::map<std::string, Channel> _channels;
	Findings _counted;
	Poco::UInt64 _number = 0;
	Poco::UInt64 _promises = 0;

	Event& add(int subscriber, const std::string& channel, Event::Kind kind);
};


#endif // Record_INCLUDED
