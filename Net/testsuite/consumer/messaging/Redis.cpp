//
// Redis.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Redis
//
// A program that uses Poco::MessagingRedis as installed: two nodes.
//
// usage: Redis <URL of a server>
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Nodes.h"
#include "Poco/Messaging/RedisBackplane.h"


int main(int argc, char** argv)
{
	return run([=]()
	{
		const std::string url(argc > 1 ? argv[1] : "redis://127.0.0.1:6379");
		Node here(new RedisBackplane(url));
		Node there(new RedisBackplane(url));
		exchange(here, there);
	});
}
