//
// RedisConnection.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisConnection.h"
#include "Poco/NumberParser.h"
#include <algorithm>
#include <sys/socket.h>
#include <utility>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Time FIRST_PAUSE = 100;      // ms until the second attempt
	constexpr Time LONGEST_PAUSE = 5000;   // ms
	constexpr Time SENTINEL_TIME = 1000;   // ms that a Sentinel may take
	constexpr int MIN_VERSION = 6;

	std::string field(const std::string& info, const std::string& name)
		/// Returns a field of what INFO says.
	{
		const std::string::size_type begin = info.find('\n' + name + ':');
		if (begin == std::string::npos) return "";
		const std::string::size_type value = begin + name.size() + 2;
		return info.substr(value, info.find_first_of("\r\n", value) - value);
	}
}


//
// RedisArguments
//
RedisArguments::RedisArguments(std::initializer_list<std::string_view> texts)
{
	_texts.reserve(texts.size());
	_sizes.reserve(texts.size());
	for (const std::string_view text: texts) add(text);
}


void RedisArguments::add(std::string_view text)
{
	_texts.push_back(text.data());
	_sizes.push_back(text.size());
}


void RedisArguments::add(Poco::UInt64 number)
{
	_numbers.push_front(std::to_string(number));
	add(std::string_view(_numbers.front()));
}


int RedisArguments::count() const
{
	return static_cast<int>(_texts.size());
}


const char** RedisArguments::texts()
{
	return _texts.data();
}


const std::size_t* RedisArguments::sizes() const
{
	return _sizes.data();
}


//
// RedisConnection
//
RedisConnection::RedisConnection(RedisLoop& loop, const RedisURL& url, const RedisBackplaneParams& params, Owner& owner):
	_loop(loop),
	_url(url),
	_params(params),
	_pTLS(url.tls ? std::make_unique<RedisTLS>(params) : nullptr),
	_owner(owner),
	_state(DOWN),
	_pContext(nullptr),
	_pSSL(nullptr),
	_resolver(loop),
	_resolving(false),
	_address(0),
	_sentinel(0),
	_now(0),
	_due(0),
	_attempts(0),
	_random(std::random_device()())
{
}


RedisConnection::~RedisConnection()
{
	close();
}


void RedisConnection::turn(Time now)
{
	_now = now;
	const Time replyTime = _params.getReplyTimeout().totalMilliseconds();
	switch (_state)
	{
	case DOWN:
		if (now >= _due) connect();
		break;
	case ASKING:
	case CONNECTING:
		if (_resolving) resolve();
		else if (now >= _due) lose("It did not answer in time");
		break;
	case READY:
		if (!_sent.empty() && now - _sent.front() >= replyTime) lose("It did not reply in time");
		break;
	case CLOSED:
		break;
	}
}


void RedisConnection::connect()
{
	if (_url.master.empty()) return open(_url.hosts.front(), CONNECTING);
	open(_url.hosts[_sentinel++ % _url.hosts.size()], ASKING);
}


void RedisConnection::open(const RedisURL::Host& host, State state)
{
	_host = host;
	_state = state;
	_due = _now + openTime();
	_resolving = true;
	resolve();
}


Time RedisConnection::openTime() const
{
	return _state == ASKING ? SENTINEL_TIME : _params.getConnectTimeout().totalMilliseconds();
}


void RedisConnection::resolve()
{
	_addresses = RedisResolver::Answer();
	_address = 0;
	if (!_resolver.find(_host.name, _addresses))
	{
		if (_now < _due) return;
		_addresses.problem = "Its name was not found in time";
	}
	_resolving = false;
	if (_addresses.addresses.empty()) ended(_addresses.problem);
	else openNext();
}


void RedisConnection::openNext()
	/// They share the time.
{
	_due = _now + openTime()/static_cast<Time>(_addresses.addresses.size());
	_pContext = ::redisAsyncConnect(_addresses.addresses[_address++].c_str(), _host.port);
	if (!_pContext) return ended("There is no memory");
	if (_pContext->err)
	{
		const std::string reason = _pContext->errstr;
		::redisAsyncFree(std::exchange(_pContext, nullptr));
		return ended(reason);
	}
	std::string reason;
	_pSSL = _pTLS ? _pTLS->begin(_pContext->c, _host.name, reason) : nullptr;
	if (_pTLS && !_pSSL)
	{
		::redisAsyncFree(std::exchange(_pContext, nullptr));
		return ended(reason);
	}
	_pContext->data = this;
	_loop.watch(*_pContext);
	::redisAsyncSetConnectCallback(_pContext, &RedisConnection::onConnect);
	::redisAsyncSetDisconnectCallback(_pContext, &RedisConnection::onDisconnect);
}


void RedisConnection::connected()
{
	if (_state == ASKING) askSentinel();
	else greet();
}


void RedisConnection::askSentinel()
{
	RedisArguments arguments{"SENTINEL", "get-master-addr-by-name", _url.master};
	command(arguments, [this](const redisReply* pReply)
	{
		if (!pReply) return;
		const bool known = pReply->type == REDIS_REPLY_ARRAY && pReply->elements == 2;
		if (!known || !Poco::NumberParser::tryParse(text(pReply->element[1]), _master.port)) return lose("The Sentinel does not know the master \"" + _url.master + '"');
		_master.name = text(pReply->element[0]);
		redisAsyncContext* const pOld = std::exchange(_pContext, nullptr);
		pOld->data = nullptr;
		_sent.clear();
		::redisAsyncFree(pOld);
		open(_master, CONNECTING);
	});
}


void RedisConnection::greet()
{
	const auto checked = [this](const redisReply* pReply)
	{
		if (pReply && failed(pReply)) lose(text(pReply)); // which never has the password
	};
	if (!_url.password.empty() || !_url.user.empty())
	{
		RedisArguments arguments{"AUTH"};
		if (!_url.user.empty()) arguments.add(_url.user);
		arguments.add(_url.password);
		command(arguments, checked);
	}
	if (_url.database != 0)
	{
		RedisArguments arguments{"SELECT"};
		arguments.add(static_cast<Poco::UInt64>(_url.database));
		command(arguments, checked);
	}
	RedisArguments arguments{"INFO"};
	command(arguments, [this, checked](const redisReply* pReply)
	{
		if (failed(pReply)) return checked(pReply);
		accepted(text(pReply));
	});
}


void RedisConnection::accepted(const std::string& info)
{
	int version = 0;
	Poco::NumberParser::tryParse(field(info, "redis_version").substr(0, field(info, "redis_version").find('.')), version);
	if (version < MIN_VERSION) return lose("Redis is too old: " + field(info, "redis_version") + ", and 6.0 is needed");
	if (field(info, "cluster_enabled") == "1") return lose("It is a node of Redis Cluster, which is not supported: use several servers as shards, or Sentinel");
	if (field(info, "loading") == "1") return lose("It is still loading its data");
	if (field(info, "role") != "master") return lose("It is a replica");
	_state = READY;
	_attempts = 0;
	_problem.clear();
	_owner.onReady(*this);
}


void RedisConnection::command(RedisArguments& arguments, const Reply& reply)
{
	auto pCall = std::make_unique<Call>(Call{this, reply, true});
	++commands;
	_sent.push_back(_now);
	if (_pContext && ::redisAsyncCommandArgv(_pContext, &RedisConnection::onReply, pCall.get(), arguments.count(), arguments.texts(), arguments.sizes()) == REDIS_OK)
	{
		pCall.release();
		return;
	}
	_sent.pop_back();
	reply(nullptr);
}


void RedisConnection::post(RedisArguments& arguments)
{
	++commands;
	if (_pContext) ::redisAsyncCommandArgv(_pContext, nullptr, nullptr, arguments.count(), arguments.texts(), arguments.sizes());
}


void RedisConnection::listen(RedisArguments& arguments, redisCallbackFn* pFunction, void* pData)
{
	++commands;
	::redisAsyncCommandArgv(_pContext, pFunction, pData, arguments.count(), arguments.texts(), arguments.sizes());
}


void RedisConnection::onConnect(const redisAsyncContext* pContext, int status)
{
	auto* const pConnection = static_cast<RedisConnection*>(pContext->data);
	if (!pConnection) return;
	if (status == REDIS_OK) return pConnection->connected();
	pConnection->lost(*pContext);
}


void RedisConnection::onDisconnect(const redisAsyncContext* pContext, int)
{
	auto* const pConnection = static_cast<RedisConnection*>(pContext->data);
	if (!pConnection) return;
	pConnection->lost(*pContext);
}


void RedisConnection::lost(const redisAsyncContext& context)
	/// hiredis frees it.
{
	std::string reason = RedisTLS::problem(_pSSL);
	if (reason.empty()) reason = context.errstr && *context.errstr ? context.errstr : "It has ended the connection";
	_pContext = nullptr;
	ended(reason);
}


void RedisConnection::onReply(redisAsyncContext* pContext, void* pReply, void* pData)
{
	const std::unique_ptr<Call> pCall(static_cast<Call*>(pData));
	const auto* const p = static_cast<const redisReply*>(pReply);
	if (p && pContext->data) pCall->pConnection->answered(*pCall, p);
	else pCall->reply(nullptr);
}


void RedisConnection::answered(Call& call, const redisReply* pReply)
{
	if (!_sent.empty()) _sent.pop_front();
	call.reply(pReply);
	if (_state != READY || pReply->type != REDIS_REPLY_ERROR) return;
	// What another connection may mend: a server that is no master any more, or is loading; scripts that somebody has removed.
	static const char* const ENDS[] = {"READONLY", "MASTERDOWN", "LOADING", "NOSCRIPT"};
	const std::string error = text(pReply);
	for (const char* const pEnd: ENDS)
	{
		if (error.compare(0, std::char_traits<char>::length(pEnd), pEnd) == 0) return lose(error);
	}
}


void RedisConnection::lose(const std::string& reason)
{
	if (!_pContext) return;
	redisAsyncContext* const pContext = std::exchange(_pContext, nullptr);
	pContext->data = nullptr;
	const State state = std::exchange(_state, DOWN); // no replies send anything
	// What the server has not got must not come to it later, behind what the next connection sends
	const linger reset{1, 0};
	::setsockopt(pContext->c.fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	::redisAsyncFree(pContext); // calls them, or will when the reply has returned in which we are
	_state = state;
	ended(reason);
}


void RedisConnection::close()
{
	_state = CLOSED;
	if (!_pContext) return;
	redisAsyncContext* const pContext = std::exchange(_pContext, nullptr);
	pContext->data = nullptr;
	::redisAsyncFree(pContext);
}


void RedisConnection::ended(const std::string& reason)
{
	const State state = _state;
	_sent.clear();
	if (state == CLOSED) return;
	if (state != READY && _address < _addresses.addresses.size()) return openNext();
	_state = DOWN;
	_problem = _host.toString() + ": " + reason;
	const Time pause = std::min(FIRST_PAUSE << std::min(_attempts++, 10u), LONGEST_PAUSE);
	_due = _now + pause/2 + static_cast<Time>(_random() % static_cast<unsigned>(pause));
	if (state != READY) return;
	++losses;
	_owner.onLost(*this);
}


bool RedisConnection::failed(const redisReply* pReply)
{
	return !pReply || pReply->type == REDIS_REPLY_ERROR;
}


std::string RedisConnection::text(const redisReply* pReply)
{
	const bool has = pReply && (pReply->type == REDIS_REPLY_STRING || pReply->type == REDIS_REPLY_STATUS || pReply->type == REDIS_REPLY_ERROR);
	return has ? std::string(pReply->str, static_cast<std::size_t>(pReply->len)) : std::string();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
