//
// Types.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  Types
//
// What the hub, its backplanes and its encoders speak of.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_Types_INCLUDED
#define Messaging_Types_INCLUDED


#include "Poco/Messaging/Config.h"
#include "Poco/Types.h"
#include <cstddef>
#include <functional>
#include <string>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Time = Poco::Int64;
	/// Milliseconds of a clock that never goes back. Where it begins does not matter.

using Clock = std::function<Time()>;
	/// Returns the time. May be called by any thread.


struct Position
	/// A place in the history of a channel: behind the publication that has this offset.
{
	Poco::UInt64 epoch = 0;  /// Changes when the history was lost; 0: the channel has no history.
	Poco::UInt64 offset = 0; /// Of the last publication that was seen; the first one of an epoch has offset 1.
};

inline bool operator == (const Position& left, const Position& right)
{
	return left.epoch == right.epoch && left.offset == right.offset;
}

inline bool operator != (const Position& left, const Position& right)
{
	return !(left == right);
}


enum class Error
	/// Why something was not done.
{
	NONE,            /// It was done.
	DETACHED,        /// The session is not attached, or not any more.
	CHANNEL_NAME,    /// The channel's name is empty or too long (HubParams::setMaxChannelLength()).
	TOO_LARGE,       /// The payload is too large (HubParams::setMaxPayload()).
	TOO_MANY,        /// The session is in as many channels as it may be (HubParams::setMaxChannels()).
	NOT_SUBSCRIBED,  /// The session is not in the channel.
	BUSY,            /// Too much waits already. Temporary: nothing was done, and it may be tried again.
	UNAVAILABLE,     /// The backplane cannot be reached. Temporary, as BUSY.
	NO_HISTORY,      /// The channel has no history, or no presence.
	TIMED_OUT        /// No acknowledgement has come in time.
};

Messaging_API const char* toString(Error error);
	/// Returns the error's name, for logs.


enum class Left: unsigned char
	/// Why a session has been taken out of a channel, as Encoder::unsubscribed() tells it.
{
	GAP,     /// What it has missed is not in the history any more: subscribe anew.
	EPOCH,   /// The history was lost, and has begun again: subscribe anew.
	REVOKED, /// The program has done it: Hub::unsubscribe() with notify.
	FAILED   /// The backplane has refused to go on: subscribe anew, later.
};


struct ChannelOptions
	/// What a channel can do. The same channel has the same options on all nodes, at all times.
{
	std::size_t historySize = 0;     /// How many publications are kept; 0: the channel is ephemeral. More than 65,536 are as many.
	Time historyTime = 300*1000;     /// How long each is kept, ms.
	Time positionTime = 3600*1000;   /// How long the epoch and the offset are kept after the last publication, and after the last one has left, ms; as historyTime at least.
	bool presence = false;           /// Whether the channel knows who is in it.
	bool joinLeave = false;          /// Whether its subscribers are told who comes and goes. Needs presence.

	bool history() const
		/// Returns true if the channel has history.
	{
		return historySize > 0;
	}
};


struct Member
	/// Who is in a channel. A user with several sessions in it is one member.
{
	std::string id;   /// The user; the id of the session if it has no user.
	std::string info; /// What the session's info was when it came in.
};


struct Delivery
	/// What has become of a publication, for the subscribers of this node.
{
	Poco::UInt32 delivered = 0; /// Queued or sent.
	Poco::UInt32 lagging = 0;   /// Comes later, from history, when the subscriber has caught up.
	Poco::UInt32 dropped = 0;   /// Not sent, and will not be: the channel has no history, and the queue was full.
};


struct PublishResult
	/// The answer to a publication.
{
	Error error = Error::NONE; /// Whether it was done; if not, the rest says nothing.
	Position position;      /// Of the publication, if the channel has history.
	bool duplicate = false; /// One with the same transaction id was published before, and has this position. Nothing was stored or delivered.
	Delivery local;         /// What became of it on this node.
};

using PublishDone = std::function<void(const PublishResult& result)>;


struct SubscribeResult
	/// The answer to a subscription.
{
	Error error = Error::NONE; /// Whether it was done; if not, the rest says nothing.
	Position position;      /// What follows the answer begins behind it, or behind the position asked for, if recovered.
	bool recovered = false; /// Everything behind the position that was asked for follows, once and in order.
	bool existing = false;  /// The session was in the channel before.
};

using SubscribeDone = std::function<void(const SubscribeResult& result)>;

using Done = std::function<void(Error error)>;


struct PresenceResult
	/// Who is in a channel.
{
	Error error = Error::NONE; /// Whether it was done; if not, the rest says nothing.
	std::vector<Member> members; /// In no order.
};

using PresenceDone = std::function<void(const PresenceResult& result)>;


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_Types_INCLUDED
