//
// RedisStartTest.cpp
//
// What somebody is told whose Redis cannot be used.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisServer.h"
#include "Poco/Exception.h"
#include "Poco/Messaging/Hub.h"
#include "Poco/Messaging/RedisBackplane.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/Net/StreamSocket.h"
#include <array>
#include <atomic>
#include <functional>
#include <gtest/gtest.h>
#include <list>
#include <mutex>
#include <thread>


using Poco::Messaging::Hub;
using Poco::Messaging::RedisBackplane;
using Poco::Messaging::RedisBackplaneParams;


namespace
{
	class OtherServer
		/// Answers each command that has come with a text; null: not at all.
	{
	public:
		explicit OtherServer(const char* pAnswer):
			_pAnswer(pAnswer),
			_listener(Poco::Net::SocketAddress("127.0.0.1", 0)),
			_thread([this]() { run(); })
		{
		}

		~OtherServer()
		{
			_ended = true;
			_thread.join();
		}

		std::string url() const
		{
			return "redis://" + _listener.address().toString();
		}

	private:
		void run()
		{
			std::list<Poco::Net::StreamSocket> clients;
			while (!_ended)
			{
				if (_listener.poll(Poco::Timespan(0, 2000), Poco::Net::Socket::SELECT_READ)) clients.push_back(_listener.acceptConnection());
				for (auto it = clients.begin(); it != clients.end();)
				{
					it = serve(*it) ? std::next(it) : clients.erase(it);
				}
			}
		}

		bool serve(Poco::Net::StreamSocket& client) const
		{
			if (!client.poll(Poco::Timespan(0, 0), Poco::Net::Socket::SELECT_READ)) return true;
			try
			{
				std::array<char, 65536> bytes;
				const int received = client.receiveBytes(bytes.data(), static_cast<int>(bytes.size()));
				if (received <= 0) return false;
				const std::string text(_pAnswer ? _pAnswer : "");
				for (int i = 0; i < received; ++i)
				{
					if (bytes[static_cast<std::size_t>(i)] == '*' && !text.empty()) client.sendBytes(text.data(), static_cast<int>(text.size()));
				}
				return true;
			}
			catch (const Poco::Exception&)
			{
				return false;
			}
		}

		const char* const _pAnswer;
		Poco::Net::ServerSocket _listener;
		std::atomic<bool> _ended{false};
		std::thread _thread;
	};

	std::string bulk(const std::string& text)
	{
		return '$' + std::to_string(text.size()) + "\r\n" + text + "\r\n";
	}

	std::string failure(const std::string& url)
		/// Returns what a hub with this Redis throws.
	{
		try
		{
			RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(url));
			pParams->setConnectTimeout(Poco::Timespan(2, 0));
			Hub hub{Poco::Messaging::Backplane::Ptr(new RedisBackplane(pParams))};
		}
		catch (const Poco::Exception& error)
		{
			return error.displayText();
		}
		return std::string();
	}

	void expect(const char* what, const std::string& url, const std::vector<std::string>& parts)
	{
		const std::string text = failure(url);
		for (const std::string& part: parts) EXPECT_NE(std::string::npos, text.find(part)) << what << ": \"" << part << "\" is not in: " << text;
		EXPECT_EQ(std::string::npos, text.find("secret")) << what << ": " << text;
	}
}


TEST(RedisStart, SaysHostPortAndReason)
{
	const RedisServer open;
	const RedisServer closed(RedisServer::FORGETS, {}, "real");
	const RedisServer cluster(RedisServer::FORGETS, {"--cluster-enabled", "yes", "--cluster-port", std::to_string(ServerProcess::freePort())}); // by default a port of outgoing connections
	const RedisServer replica(open, {});
	const std::string oldInfo = bulk("# Server\r\nredis_version:5.0.14\r\nrole:master\r\n");
	const OtherServer old(oldInfo.c_str());
	const OtherServer web("HTTP/1.1 400 Bad Request\r\n\r\n");
	const OtherServer silent(nullptr);
	const std::string nobody = "127.0.0.1:" + std::to_string(ServerProcess::freePort());

	EXPECT_EQ("", failure(open.url()));
	EXPECT_EQ("", failure(open.url() + "/3"));
	EXPECT_EQ("", failure(closed.url()));
	expect("nobody listens", "redis://" + nobody, {nobody, "refused"});
	expect("no password", "redis://" + closed.address(), {closed.address(), "NOAUTH"});
	expect("a wrong password", "redis://:secret@" + closed.address(), {closed.address(), "WRONGPASS"});
	expect("a wrong user", "redis://somebody:secret@" + closed.address(), {closed.address(), "WRONGPASS"});
	expect("a password where none is needed", "redis://:secret@" + open.address(), {open.address(), "password"});
	expect("a database that is not there", open.url() + "/99", {open.address(), "DB index"});
	expect("Redis Cluster", cluster.url(), {cluster.address(), "Cluster"});
	expect("a replica", replica.url(), {replica.address(), "replica"});
	expect("a server that is too old", old.url(), {old.url().substr(8), "5.0.14", "6.0"});
	expect("a server that is something else", web.url(), {web.url().substr(8)});
	expect("one that says nothing", silent.url(), {silent.url().substr(8)});
	expect("a host that is not there", "redis://no-such-host.invalid:1", {"no-such-host.invalid:1"});
	expect("no Sentinel", "redis+sentinel://:secret@" + nobody + "/master", {nobody, "refused"});
	expect("no Sentinel, but a Redis", "redis+sentinel://" + open.address() + "/master", {open.address()});
}


TEST(RedisStart, CanBeLater)
{
	RedisServer server;
	server.kill();
	RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(server.url()));
	pParams->setRetryAtStart(true);
	Hub hub{Poco::Messaging::Backplane::Ptr(new RedisBackplane(pParams))};
	EXPECT_FALSE(hub.healthy());
	server.start();
	const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
	while (!hub.healthy() && std::chrono::steady_clock::now() < end) std::this_thread::sleep_for(std::chrono::milliseconds(5));
	EXPECT_TRUE(hub.healthy());
}
