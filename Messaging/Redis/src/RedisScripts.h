//
// RedisScripts.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisScripts
//
// What Redis does by itself.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisScripts_INCLUDED
#define Messaging_RedisScripts_INCLUDED


#include "Poco/Messaging/Config.h"
#include <array>
#include <string>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisScript
	/// A script in Lua. Each is done by Redis as one step. Its first two arguments are what keys and what PUB/SUB channels begin with.
	///
	/// Keys, behind the prefix: h:CHANNEL a stream, the history: entry OFFSET-0 with the fields t (time) and d (frame); m:CHANNEL a hash: e (epoch), o (offset of the
	/// last publication); t:LENGTH:CHANNEL:TRANSACTION "EPOCH OFFSET"; p:CHANNEL a hash, who is in it: for each member ",NODE,NODE,|" and its Join; n:NODE
	/// a set, the members of a node: LENGTH:CHANNELMEMBER; alive a hash: the nodes' heartbeats; nodes: the last number of a node.
{
public:
	static const RedisScript PUBLISH;
		/// Stores and publishes. For each channel: channel, size of the history, its time, time of the position, an epoch, count; then so many times transaction, frame. Returns for each
		/// channel the epoch, then for each publication its offset; negative: of the one that has the transaction already; or an error.

	static const RedisScript READ;
		/// Reads the position and the history. channel, time of the position, time to keep it at least or 0, an epoch, epoch of the position behind which is read or 0, its offset, limit, bytes, size of the
		/// history, its time, epoch, offset and time of the last publication that the node has seen. If that is not there any more, but others in its place,
		/// data was lost: then a new epoch begins. Returns epoch, offset, entries.

	static const RedisScript CHECK;
		/// Looks whether the server has lost what the node has seen, as READ does, before the node publishes again. For each: channel, time of the position, an epoch, then epoch, offset and
		/// time of the last publication that the node has seen.

	static const RedisScript MEMBERS;
		/// Lets members in and out. node, then "+", channel, member, Join; or "-", channel, member.

	static const RedisScript BURY;
		/// Takes out some members of a node, if its heartbeat is the one given, or none is. node, heartbeat or "". Returns whether there are more.

	static const RedisScript BEAT;
		/// A heartbeat of the node, which comes back to it, and, the first time, to the others. node. Returns whether the node was known before, then nodes and heartbeats.

	static const RedisScript KEEP;
		/// Keeps positions of quiet channels. For each: channel, time.

	static const RedisScript NUMBER;
		/// Returns a number for a node, which no other has had, also if Redis has lost its data.

	static const std::array<const RedisScript*, 8>& all();

	explicit RedisScript(const std::string& text);

	const std::string text;
	const std::string sha;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisScripts_INCLUDED
