//
// RedisServer.cpp
//
// A Redis of a test, and a Sentinel.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisServer.h"
#include <chrono>
#include <fstream>
#include <functional>
#include <hiredis/hiredis.h>
#include <stdexcept>
#include <thread>


namespace
{
	using Reply = std::unique_ptr<redisReply, void (*)(void*)>;
	using Context = std::unique_ptr<redisContext, void (*)(redisContext*)>;

	Reply send(redisContext* pContext, const std::vector<std::string>& words)
	{
		std::vector<const char*> texts;
		std::vector<std::size_t> sizes;
		for (const std::string& word: words)
		{
			texts.push_back(word.data());
			sizes.push_back(word.size());
		}
		return Reply(static_cast<redisReply*>(redisCommandArgv(pContext, static_cast<int>(texts.size()), texts.data(), sizes.data())), freeReplyObject);
	}

	std::string textOf(const redisReply& reply)
	{
		if (reply.type == REDIS_REPLY_INTEGER) return std::to_string(reply.integer);
		std::string result;
		if (reply.type == REDIS_REPLY_ARRAY)
		{
			for (std::size_t i = 0; i < reply.elements; ++i) result += (i > 0 ? "\n" : "") + textOf(*reply.element[i]);
		}
		else if (reply.str) result.assign(reply.str, static_cast<std::size_t>(reply.len));
		return result;
	}

	void until(const std::function<bool()>& condition, const std::string& what)
		/// For 30 s at most.
	{
		const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
		while (!condition())
		{
			if (std::chrono::steady_clock::now() >= end) throw std::runtime_error(what);
			std::this_thread::sleep_for(std::chrono::milliseconds(10));
		}
	}

	RedisServer::Texts argumentsOf(RedisServer::Data data, const RedisServer::Texts& options, const std::string& password)
	{
		RedisServer::Texts result{"--port", "{port}", "--bind", "127.0.0.1", "--dir", "{folder}", "--save", "", "--appendonly", data == RedisServer::KEEPS ? "yes" : "no"};
		if (data == RedisServer::KEEPS) result.insert(result.end(), {"--appendfsync", "no"}); // what was written survives the process
		if (!password.empty()) result.insert(result.end(), {"--requirepass", password, "--masterauth", password});
		result.insert(result.end(), options.begin(), options.end());
		return result;
	}
}


RedisServer::RedisServer(Data data, const Texts& options, const std::string& password, const Environment& environment):
	ServerProcess("redis-server", argumentsOf(data, options, password), environment),
	_password(password)
{
	start();
}


RedisServer::RedisServer(const RedisServer& master, const Texts& options):
	ServerProcess("redis-server"),
	_password(master._password)
{
	Texts arguments = argumentsOf(KEEPS, options, _password);
	arguments.insert(arguments.end(), {"--replicaof", "127.0.0.1 " + std::to_string(master.port()), "--repl-diskless-sync-delay", "0"});
	setArguments(arguments);
	start();
	until([this]() { return info("master_link_status") == "up"; }, "The replica does not reach its master");
}


RedisServer::RedisServer(const std::string& configuration):
	ServerProcess("redis-server", {"{folder}/sentinel.conf", "--sentinel", "--port", "{port}", "--bind", "127.0.0.1", "--dir", "{folder}"})
{
	std::ofstream(folder() + "/sentinel.conf") << configuration;
}


std::string RedisServer::url() const
{
	return "redis://" + (_password.empty() ? "" : ":" + _password + '@') + address();
}


std::string RedisServer::command(const Texts& words) const
{
	constexpr timeval TIMEOUT{10, 0};
	const Context pContext(redisConnectWithTimeout("127.0.0.1", port(), TIMEOUT), redisFree);
	if (!pContext || pContext->err) throw std::runtime_error("redis-server (" + address() + ") cannot be reached");
	redisSetTimeout(pContext.get(), TIMEOUT);
	if (!_password.empty()) send(pContext.get(), {"AUTH", _password});
	const Reply pReply = send(pContext.get(), words);
	if (!pReply) throw std::runtime_error("redis-server (" + address() + ") does not answer: " + pContext->errstr);
	if (pReply->type == REDIS_REPLY_ERROR) throw std::runtime_error("redis-server (" + address() + ") does not do " + words.front() + ": " + textOf(*pReply));
	return textOf(*pReply);
}


std::string RedisServer::info(const std::string& field) const
{
	const std::string all = "\n" + command({"INFO", "all"});
	const std::size_t at = all.find("\n" + field + ':');
	if (at == std::string::npos) return std::string();
	const std::size_t begin = at + field.size() + 2;
	return all.substr(begin, all.find('\r', begin) - begin);
}


Poco::Int64 RedisServer::count(const std::string& field) const
{
	return std::stoll('0' + info(field));
}


bool RedisServer::ready()
{
	try
	{
		return command({"PING"}) == "PONG"; // an error while it loads its data
	}
	catch (const std::runtime_error&)
	{
		return false;
	}
}


RedisSentinel::RedisSentinel(const RedisServer& master, int quorum, int downAfterMilliseconds):
	RedisServer("sentinel monitor master 127.0.0.1 " + std::to_string(master.port()) + ' ' + std::to_string(quorum) + "\n"
		"sentinel down-after-milliseconds master " + std::to_string(downAfterMilliseconds) + "\n"
		"sentinel failover-timeout master 10000\n")
{
	start();
	until([this]() { return !this->master().empty(); }, "The sentinel does not know its master");
}


std::string RedisSentinel::master() const
{
	std::string result = command({"SENTINEL", "GET-MASTER-ADDR-BY-NAME", "master"});
	const std::size_t end = result.find('\n');
	if (end != std::string::npos) result[end] = ':';
	return result;
}


void RedisSentinel::waitForOthers(int sentinels, int replicas) const
{
	const std::string known = "slaves=" + std::to_string(replicas) + ",sentinels=" + std::to_string(sentinels + 1);
	until([&]() { return info("master0").find(known) != std::string::npos; }, "The sentinel does not know the others: " + known);
}


void RedisSentinel::waitForMaster(const RedisServer& server) const
{
	until([&]() { return master() == server.address() && server.info("role") == "master"; }, "There is no fail-over");
}
