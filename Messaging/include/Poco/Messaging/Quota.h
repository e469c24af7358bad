//
// Quota.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Quota
//
// How much a client may send, and be sent.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Quota_INCLUDED
#define Messaging_Quota_INCLUDED


#include "Poco/Messaging/Types.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


struct QuotaRule
	/// A limit. What was counted is forgotten evenly: a client may use the limit at once, or limit/period all the time.
{
	enum Direction
		/// Which messages count.
	{
		RECEIVED, /// Those of the client.
		SENT      /// Those to the client.
	};

	enum Unit
		/// What is counted of them.
	{
		MESSAGES, /// How many they are.
		BYTES     /// How long they are.
	};

	enum Action
		/// What happens, the mildest first.
	{
		NONE,     /// Nothing.
		WARN,     /// The client is told.
		DELAY,    /// Reading pauses until it is within the limit again, and the client is told.
		REJECT,   /// The message is answered by an error.
		TERMINATE /// The connection is closed (1008).
	};

	Direction direction = RECEIVED;  /// Which messages count.
	Unit unit = MESSAGES;            /// What is counted of them.
	Poco::UInt16 firstOpcode = 0;    /// Only messages with an opcode from this one on count,
	Poco::UInt16 lastOpcode = 65535; /// to this one.
	Time period = 1000;              /// The limits are for this time, ms; 1 ms to a day.
	Poco::UInt64 soft = 0;           /// Behind this the soft action is taken; 0: never. At most 2^50.
	Action softAction = WARN;        /// WARN or DELAY.
	Poco::UInt64 hard = 0;           /// Behind this the hard action is taken; 0: never. At least as much as soft, if both are there, and at most 2^50.
	Action hardAction = REJECT;      /// REJECT or TERMINATE.
	Poco::UInt32 maxRejected = 0;    /// If more than so many messages in a row are rejected, the connection is closed; 0: it never is.
};


class Messaging_API QuotaRules: public Poco::RefCountedObject
	/// The limits of some clients: those whose tokens say so, or all. Objects do not change, and may be used by any thread.
{
public:
	typedef Poco::AutoPtr<QuotaRules> Ptr;

	enum
	{
		MAX_RULES = 16 /// Rules, at most.
	};

	explicit QuotaRules(const std::vector<QuotaRule>& rules);
		/// Creates the rules. Throws an InvalidArgumentException if there are too many, or a field of one is out of range.

	const std::vector<QuotaRule>& rules() const;
		/// Returns the rules.

protected:
	~QuotaRules() override;
		/// Destroys the rules.

private:
	std::vector<QuotaRule> _rules;
};


class Messaging_API Quota
	/// What a client has used of its limits. One thread at a time may call an object.
{
public:
	struct Verdict
		/// What is to be done with a message.
	{
		QuotaRule::Action action = QuotaRule::NONE; /// The strictest that a rule asks for.
		Time delay = 0;                             /// For DELAY: how long, ms; 1 or more.
		int rule = -1;                              /// The index of that rule; -1: none.
	};

	explicit Quota(const QuotaRules::Ptr& pRules);
		/// Creates the quota. Null: there are no limits.

	Verdict count(QuotaRule::Direction direction, Poco::UInt16 opcode, std::size_t bytes, Time now);
		/// Counts a message of so many bytes, and returns what is to be done with it. One that is rejected does not count in any rule, but for
		/// its being rejected. A message that exceeds a limit by itself is not within it, ever.

	void setRules(const QuotaRules::Ptr& pRules, Time now);
		/// Exchanges the rules, when the client has another token. What was used counts on if there are as many rules.

	const QuotaRules::Ptr& rules() const;
		/// Returns the rules; null if there are none.

	double used(std::size_t rule, Time now) const;
		/// Returns what counts for a rule now, in its unit. Throws a RangeException if there is no such rule.

private:
	struct Used
	{
		double level = 0;
		Time since = 0; // when the level was this
		Poco::UInt32 rejected = 0; // in a row
	};

	static double levelAt(const QuotaRule& rule, const Used& used, Poco::UInt64 limit, Time now);
	static Poco::UInt64 limitOf(const QuotaRule& rule);

	QuotaRules::Ptr _pRules;
	std::vector<Used> _used;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Quota_INCLUDED
