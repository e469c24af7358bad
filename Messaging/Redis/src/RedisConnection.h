//
// RedisConnection.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisConnection
//
// A connection that is made again when it is lost.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisConnection_INCLUDED
#define Messaging_RedisConnection_INCLUDED


#include "RedisLoop.h"
#include "RedisResolver.h"
#include "RedisTLS.h"
#include "RedisURL.h"
#include "Poco/Messaging/RedisBackplaneParams.h"
#include <deque>
#include <forward_list>
#include <initializer_list>
#include <random>
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisArguments
	/// The arguments of a command.
{
public:
	RedisArguments() = default;
	RedisArguments(RedisArguments&&) = default; // texts stay where they are
	RedisArguments(const RedisArguments&) = delete;
	RedisArguments& operator = (const RedisArguments&) = delete;
	RedisArguments(std::initializer_list<std::string_view> texts);

	void add(std::string_view text);
		/// Appends one that stays where it is until the command is sent.

	void add(Poco::UInt64 number);

	int count() const;
	const char** texts();
	const std::size_t* sizes() const;

private:
	std::vector<const char*> _texts;
	std::vector<std::size_t> _sizes;
	std::forward_list<std::string> _numbers;
};


class RedisConnection
	/// A connection to a server, by the loop's thread. When it is lost it is made again for ever: after 0.1 s at first, up to 5 s, with jitter. With Sentinels these are
	/// asked for the master each time. All addresses of a name are tried, one after the other.
{
public:
	using Reply = std::function<void(const redisReply* pReply)>;
		/// Takes the reply; null: the connection was lost before. Then it must not send anything.

	class Owner
	{
	public:
		virtual void onReady(RedisConnection& connection) = 0;
			/// The server has accepted us, and is a master of a version that will do.

		virtual void onLost(RedisConnection& connection) = 0;
			/// It is over; problem() says why. All replies have been called.

	protected:
		~Owner() = default;
	};

	RedisConnection(RedisLoop& loop, const RedisURL& url, const RedisBackplaneParams& params, Owner& owner);
		/// Throws what RedisTLS throws.

	~RedisConnection();

	void turn(Time now);
		/// Connects if it is time to, and ends what has taken too long.

	bool ready() const;
		/// Returns whether commands can be sent.

	void command(RedisArguments& arguments, const Reply& reply);
		/// Sends a command.

	void post(RedisArguments& arguments);
		/// Sends a command whose reply nobody needs.

	void listen(RedisArguments& arguments, redisCallbackFn* pFunction, void* pData);
		/// The same for SUBSCRIBE and UNSUBSCRIBE: hiredis calls the function for each message.

	void lose(const std::string& reason);
		/// Ends it; it is made again.

	void close();
		/// Ends it for good.

	static bool failed(const redisReply* pReply);
		/// Returns whether there is no reply, or an error.

	static std::string text(const redisReply* pReply);
		/// Returns the reply's text, or "".

	const std::string& problem() const;
		/// Returns host, port, and why the last attempt or connection has failed; empty: it has not.

	bool hopeless() const;
		/// Returns whether every host has been tried without success.

	Poco::UInt64 losses = 0;   // connections that had been ready
	Poco::UInt64 commands = 0; // that were sent

private:
	enum State
	{
		DOWN,
		ASKING,     // a Sentinel
		CONNECTING, // until the server has answered
		READY,
		CLOSED
	};

	struct Call
	{
		RedisConnection* pConnection;
		Reply reply;
		bool timed;
	};

	void connect();
	void open(const RedisURL::Host& host, State state);
	void resolve();
	void openNext();
	Time openTime() const;
	void connected();
	void askSentinel();
	void greet();
	void accepted(const std::string& info);
	void lost(const redisAsyncContext& context);
	void ended(const std::string& reason);
	void answered(Call& call, const redisReply* pReply);
	static void onConnect(const redisAsyncContext* pContext, int status);
	static void onDisconnect(const redisAsyncContext* pContext, int status);
	static void onReply(redisAsyncContext* pContext, void* pReply, void* pData);

	RedisLoop& _loop;
	const RedisURL _url;
	const RedisBackplaneParams& _params;
	const std::unique_ptr<RedisTLS> _pTLS; // null: without
	Owner& _owner;
	State _state;
	redisAsyncContext* _pContext;
	ssl_st* _pSSL;              // the context's; null: without TLS
	RedisURL::Host _host;       // where the context connects to
	RedisURL::Host _master;     // what a Sentinel has said
	RedisResolver _resolver;
	bool _resolving;            // the host's name
	RedisResolver::Answer _addresses; // of the host
	std::size_t _address;       // which is tried next
	std::size_t _sentinel;      // which is asked next
	Time _now;
	Time _due;                  // when to connect, or until when that may take
	unsigned _attempts;
	std::deque<Time> _sent;     // of the commands without a reply
	std::string _problem;
	std::minstd_rand _random;
};


//
// inlines
//
inline bool RedisConnection::ready() const
{
	return _state == READY;
}


inline const std::string& RedisConnection::problem() const
{
	return _problem;
}


inline bool RedisConnection::hopeless() const
{
	return _attempts >= _url.hosts.size();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisConnection_INCLUDED
