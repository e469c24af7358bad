//
// RedisScripts.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisScripts
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisScripts.h"
#include "Poco/SHA1Engine.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	const std::string BEGINNING = R"lua(
local prefix, topics = ARGV[1], ARGV[2]
local function decimal(number) return string.format('%.0f', number) end
local function clock()
	local time = redis.call('TIME')
	return time[1]*1000 + math.floor(time[2]/1000)
end
local function own(key, kind) -- what another program has put there is removed
	local is = redis.call('TYPE', key).ok
	if is ~= kind and is ~= 'none' then redis.call('DEL', key) end
end
)lua";

	const std::string POSITIONS = R"lua(
local function position(meta)
	local known = redis.pcall('HMGET', meta, 'e', 'o')
	if known.err then
		own(meta, 'hash')
		return
	end
	local offset = known[1] and string.find(known[1], '^%d+$') and tonumber(known[2] or '')
	if offset then return known[1], offset end
end
local function begin(stream, meta, epoch, positionTime)
	redis.call('DEL', stream)
	redis.call('HSET', meta, 'e', epoch, 'o', 0)
	redis.call('PEXPIRE', meta, positionTime)
end
local function lost(stream, epoch, offset, seenEpoch, seenOffset, seenTime) -- whether it has lost what a node has seen
	if epoch ~= seenEpoch or seenOffset == 0 then return false end
	if seenOffset > offset then return true end
	local id = decimal(seenOffset) .. '-0'
	local seen = redis.call('XRANGE', stream, id, id)
	return seenTime ~= '0' and seen[1] and seen[1][2][2] ~= seenTime
end
)lua";

	const std::string LEAVING = R"lua(
local function leave(node, channel, member)
	local key = prefix .. 'p:' .. channel
	local value = redis.call('HGET', key, member)
	if not value then return end
	local bar = string.find(value, '|', 1, true)
	local nodes = string.sub(value, 1, bar - 1)
	local from, to = string.find(nodes, ',' .. node .. ',', 1, true)
	if not from then return end
	nodes = string.sub(nodes, 1, from) .. string.sub(nodes, to + 1)
	if nodes ~= ',' then
		redis.call('HSET', key, member, nodes .. string.sub(value, bar))
	else
		redis.call('HDEL', key, member)
		redis.call('PUBLISH', topics .. 's:' .. channel, 'L' .. member)
	end
end
)lua";
}


const RedisScript RedisScript::PUBLISH(BEGINNING + POSITIONS + R"lua(
local now = decimal(clock())
local replies, i = {}, 3
local function store(stream, size, key, epoch, offset, frame)
	local added = redis.pcall('XADD', stream, 'MAXLEN', '~', size, decimal(offset) .. '-0', 't', now, 'd', frame)
	if type(added) == 'table' then return added.err end
	if key then redis.call('SET', key, epoch .. ' ' .. decimal(offset), 'PX', 300000) end
end
while i <= #ARGV do
	local channel, size, historyTime, positionTime, newEpoch, count = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3], ARGV[i + 4], tonumber(ARGV[i + 5])
	i = i + 6
	local stream, meta = prefix .. 'h:' .. channel, prefix .. 'm:' .. channel
	local epoch, offset = position(meta)
	local failure
	if not epoch then
		epoch, offset = newEpoch, 0
		local removed = redis.pcall('DEL', stream)
		if type(removed) == 'table' then failure = removed.err end
	end
	replies[#replies + 1] = epoch
	local epochAt, first, frames = #replies, offset + 1, {}
	for _ = 1, count do
		local transaction, frame = ARGV[i], ARGV[i + 1]
		i = i + 2
		local key, stored
		if not failure and transaction ~= '' then
			key = prefix .. 't:' .. #channel .. ':' .. channel .. ':' .. transaction
			local value = redis.pcall('GET', key)
			if type(value) == 'string' then
				local space = string.find(value, ' ', 1, true)
				if space and string.sub(value, 1, space - 1) == epoch then stored = tonumber(string.sub(value, space + 1)) end
			end
		end
		if not failure and not stored then
			failure = store(stream, size, key, epoch, offset + 1, frame)
			if failure and #frames == 0 and (string.find(failure, 'ERR The ID', 1, true) or string.find(failure, 'WRONGTYPE', 1, true)) then -- somebody else has written there
				redis.call('DEL', stream)
				epoch, offset, first = newEpoch, 0, 1
				replies[epochAt] = epoch
				failure = store(stream, size, key, epoch, 1, frame)
			end
			if not failure then
				offset = offset + 1
				frames[#frames + 1] = frame
			end
		end
		replies[#replies + 1] = failure or (stored and -stored) or offset
	end
	if #frames > 0 then
		redis.call('HSET', meta, 'e', epoch, 'o', decimal(offset))
		redis.call('PEXPIRE', meta, positionTime)
		redis.call('PEXPIRE', stream, historyTime)
		redis.call('PUBLISH', topics .. 's:' .. channel, 'P' .. epoch .. ' ' .. decimal(first) .. ' ' .. now .. '\n' .. table.concat(frames))
	end
end
return replies
)lua");


const RedisScript RedisScript::READ(BEGINNING + POSITIONS + R"lua(
local channel, positionTime, keep, newEpoch, sinceEpoch, since = ARGV[3], ARGV[4], tonumber(ARGV[5]), ARGV[6], ARGV[7], tonumber(ARGV[8])
local limit, bytes, size, historyTime = tonumber(ARGV[9]), tonumber(ARGV[10]), tonumber(ARGV[11]), tonumber(ARGV[12])
local seenEpoch, seenOffset, seenTime = ARGV[13], tonumber(ARGV[14]), ARGV[15]
local stream, meta = prefix .. 'h:' .. channel, prefix .. 'm:' .. channel
own(stream, 'stream')
local epoch, offset = position(meta)
if not epoch or lost(stream, epoch, offset, seenEpoch, seenOffset, seenTime) then
	epoch, offset = newEpoch, 0
	begin(stream, meta, epoch, positionTime)
end
if keep > 0 then redis.call('PEXPIRE', meta, keep) end
local entries = {}
local from = offset - math.min(size, limit)
if sinceEpoch ~= '0' then
	from = since
	if sinceEpoch ~= epoch then limit = 0 end
end
from = math.max(from, offset - size, 0) + 1
local oldest = clock() - historyTime
while limit > 0 and from <= offset do
	local chunk = redis.call('XRANGE', stream, decimal(from) .. '-0', '+', 'COUNT', math.min(limit, 64))
	if #chunk == 0 then break end
	for _, entry in ipairs(chunk) do
		from = tonumber(string.match(entry[1], '^%d+')) + 1
		if entry[2][4] and (tonumber(entry[2][2]) or 0) > oldest then
			bytes = bytes - #entry[2][4] - 128
			if bytes < 0 and #entries > 0 then
				limit = 0
				break
			end
			entries[#entries + 1] = {from - 1, entry[2][2], entry[2][4]}
			limit = limit - 1
		end
	end
end
return {epoch, decimal(offset), entries}
)lua");


const RedisScript RedisScript::CHECK(BEGINNING + POSITIONS + R"lua(
for i = 3, #ARGV, 6 do
	local stream, meta = prefix .. 'h:' .. ARGV[i], prefix .. 'm:' .. ARGV[i]
	own(stream, 'stream')
	local epoch, offset = position(meta)
	if epoch and lost(stream, epoch, offset, ARGV[i + 3], tonumber(ARGV[i + 4]), ARGV[i + 5]) then begin(stream, meta, ARGV[i + 2], ARGV[i + 1]) end
end
return 1
)lua");


const RedisScript RedisScript::MEMBERS(BEGINNING + LEAVING + R"lua(
local function enter(node, channel, member, event)
	local key = prefix .. 'p:' .. channel
	local value = redis.call('HGET', key, member)
	if not value then
		redis.call('HSET', key, member, ',' .. node .. ',|' .. event)
		redis.call('PUBLISH', topics .. 's:' .. channel, event)
	elseif not string.find(string.sub(value, 1, string.find(value, '|', 1, true) - 1), ',' .. node .. ',', 1, true) then
		redis.call('HSET', key, member, ',' .. node .. value)
	end
end
local node, i = ARGV[3], 4
own(prefix .. 'n:' .. node, 'set')
while i <= #ARGV do
	local channel, member = ARGV[i + 1], ARGV[i + 2]
	own(prefix .. 'p:' .. channel, 'hash')
	local entry = #channel .. ':' .. channel .. member
	if ARGV[i] == '-' then
		redis.call('SREM', prefix .. 'n:' .. node, entry)
		pcall(leave, node, channel, member) -- what another program has written there concerns nobody else
		i = i + 3
	else
		redis.call('SADD', prefix .. 'n:' .. node, entry)
		pcall(enter, node, channel, member, ARGV[i + 3])
		i = i + 4
	end
end
return 1
)lua");


const RedisScript RedisScript::BURY(BEGINNING + LEAVING + R"lua(
local node, heartbeat = ARGV[3], ARGV[4]
if heartbeat ~= '' and redis.call('HGET', prefix .. 'alive', node) ~= heartbeat then return 0 end
local members = prefix .. 'n:' .. node
own(members, 'set')
for _, entry in ipairs(redis.call('SPOP', members, 256)) do
	local colon = string.find(entry, ':', 1, true)
	local length = tonumber(string.sub(entry, 1, colon - 1))
	pcall(leave, node, string.sub(entry, colon + 1, colon + length), string.sub(entry, colon + length + 1))
end
if redis.call('EXISTS', members) == 1 then return 1 end
redis.call('HDEL', prefix .. 'alive', node)
return 0
)lua");


const RedisScript RedisScript::BEAT(BEGINNING + R"lua(
own(prefix .. 'alive', 'hash')
local known = redis.call('HEXISTS', prefix .. 'alive', ARGV[3])
local count = redis.call('HINCRBY', prefix .. 'alive', ARGV[3], 1)
redis.call('PUBLISH', topics .. 'c:' .. ARGV[3], 'H')
if known == 0 then redis.call('PUBLISH', topics .. 'c', 'H' .. ARGV[3] .. ' ' .. count) end
return {known, redis.call('HGETALL', prefix .. 'alive')}
)lua");


const RedisScript RedisScript::KEEP(BEGINNING + R"lua(
for i = 3, #ARGV, 2 do redis.call('PEXPIRE', prefix .. 'm:' .. ARGV[i], ARGV[i + 1]) end
return 1
)lua");


const RedisScript RedisScript::NUMBER(BEGINNING + R"lua(
local number = redis.pcall('INCR', prefix .. 'nodes')
if type(number) == 'number' and number > 1 then return number end
number = math.floor(clock()/1000) - 1577836800
redis.call('SET', prefix .. 'nodes', decimal(number))
return number
)lua");


const std::array<const RedisScript*, 8>& RedisScript::all()
{
	static const std::array<const RedisScript*, 8> SCRIPTS = {&PUBLISH, &READ, &CHECK, &MEMBERS, &BURY, &BEAT, &KEEP, &NUMBER};
	return SCRIPTS;
}


namespace
{
	std::string shaOf(const std::string& text)
	{
		Poco::SHA1Engine engine;
		engine.update(text);
		return Poco::DigestEngine::digestToHex(engine.digest());
	}
}


RedisScript::RedisScript(const std::string& script):
	text(script),
	sha(shaOf(script))
{
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
