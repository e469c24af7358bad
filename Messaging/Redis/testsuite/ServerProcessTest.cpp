//
// ServerProcessTest.cpp
//
// The programs that tests start do what tests need.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisServer.h"
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <sys/wait.h>
#include <unistd.h>
#include <vector>


namespace
{
	std::string failure(const std::function<void()>& function)
	{
		try
		{
			function();
		}
		catch (const std::runtime_error& error)
		{
			return error.what();
		}
		return std::string();
	}

	bool contains(const std::string& text, const std::string& part)
	{
		return text.find(part) != std::string::npos;
	}
}


TEST(ServerProcess, SaysWhatIsMissing)
{
	ServerProcess server("no-such-program");
	EXPECT_TRUE(contains(failure([&]() { server.start(); }), "no-such-program is not installed"));
	EXPECT_FALSE(server.running());
}


TEST(ServerProcess, SaysWhyItDoesNotStart)
{
	EXPECT_TRUE(contains(failure([]() { RedisServer server(RedisServer::FORGETS, {"--no-such-option", "1"}); }), "no-such-option"));
}


TEST(ServerProcess, LeavesNothingBehind)
{
	auto pServer = std::make_unique<RedisServer>();
	const pid_t pid = pServer->pid();
	const std::string folder = std::filesystem::path(pServer->folder()).parent_path().string();
	EXPECT_TRUE(std::filesystem::exists(folder));
	pServer.reset();
	EXPECT_EQ(-1, ::kill(pid, 0));
	EXPECT_FALSE(std::filesystem::exists(folder));
}


TEST(RedisServer, ForgetsOrKeepsItsData)
{
	for (const RedisServer::Data data: {RedisServer::FORGETS, RedisServer::KEEPS})
	{
		RedisServer server(data);
		const Poco::UInt16 port = server.port();
		for (int i = 0; i < 1000; ++i) server.command({"INCR", "k"});
		server.kill();
		EXPECT_FALSE(server.running());
		EXPECT_TRUE(contains(failure([&]() { server.command({"PING"}); }), "cannot be reached"));
		server.start();
		EXPECT_EQ(port, server.port());
		EXPECT_EQ(data == RedisServer::KEEPS ? "1000" : "", server.command({"GET", "k"}));
		server.end();
		server.clear();
		server.start();
		EXPECT_EQ("", server.command({"GET", "k"}));
	}
}


TEST(RedisServer, IsStoppedAndGoesOn)
{
	RedisServer server;
	server.stop();
	EXPECT_TRUE(server.running());
	server.cont();
	EXPECT_EQ("PONG", server.command({"PING"}));
	server.stop();
	server.kill();
	EXPECT_FALSE(server.running());
}


TEST(RedisServer, TakesOptionsAndAPassword)
{
	RedisServer server(RedisServer::FORGETS, {"--maxmemory", "10mb"}, "secret");
	EXPECT_EQ("redis://:secret@" + server.address(), server.url());
	EXPECT_EQ("maxmemory\n10485760", server.command({"CONFIG", "GET", "maxmemory"}));
	EXPECT_EQ(10485760, server.count("maxmemory"));
	EXPECT_TRUE(contains(failure([&]() { server.command({"NOTHING"}); }), "unknown command"));
}


TEST(RedisServer, ASentinelMakesAReplicaTheMaster)
{
	RedisServer first(RedisServer::KEEPS);
	first.command({"SET", "k", "v"});
	RedisServer second(first, {});
	EXPECT_EQ("v", second.command({"GET", "k"}));
	std::vector<std::unique_ptr<RedisSentinel>> sentinels;
	for (int i = 0; i < 3; ++i) sentinels.push_back(std::make_unique<RedisSentinel>(first, 2, 1000));
	EXPECT_EQ(first.address(), sentinels[0]->master());
	for (const auto& pSentinel: sentinels) pSentinel->waitForOthers(2, 1);
	first.kill();
	for (const auto& pSentinel: sentinels) pSentinel->waitForMaster(second);
	EXPECT_EQ("v", second.command({"GET", "k"}));
	second.command({"SET", "k", "w"});
}
