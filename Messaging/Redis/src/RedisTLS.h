//
// RedisTLS.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisTLS
//
// Connections with TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisTLS_INCLUDED
#define Messaging_RedisTLS_INCLUDED


#include "Poco/Messaging/RedisBackplaneParams.h"
#include <memory>


struct redisContext;
struct ssl_ctx_st;
struct ssl_st;


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class RedisTLS
	/// What connections with TLS share. hiredis itself verifies a certificate, but not whose it is: this does.
{
public:
	static bool available();
		/// Returns whether this build has it.

	explicit RedisTLS(const RedisBackplaneParams& params);
		/// Reads the files. Throws a Poco::Net::NetException that names the one that cannot be used.

	ssl_st* begin(redisContext& context, const std::string& host, std::string& reason) const;
		/// Turns a new connection into one with TLS, with a server of this name or address. Returns what the connection owns then; null and the reason if that cannot be.

	static std::string problem(const ssl_st* pConnection);
		/// Returns what is wrong with the server's certificate; empty: nothing, or there is no connection.

private:
	std::shared_ptr<ssl_ctx_st> _pContext;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisTLS_INCLUDED
