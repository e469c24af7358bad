//
// Cluster.cpp
//
// Several nodes, as processes, and clients on all of them.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Cluster.h"
#include "TokenSupport.h"
#include "Poco/Timestamp.h"
#include <chrono>
#include <cstdlib>
#include <future>
#include <iostream>


using Poco::Messaging::ErrorCode;
using Poco::Messaging::Message;
using Poco::Messaging::MessageClient;
using Poco::Messaging::MessageClientCallbacks;


bool longForm()
{
	return std::getenv("POCO_TEST_LONG") != nullptr;
}


bool eventually(const std::function<bool()>& condition, int seconds)
{
	const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
	while (!condition())
	{
		if (std::chrono::steady_clock::now() >= end) return false;
		std::this_thread::sleep_for(std::chrono::milliseconds(5));
	}
	return true;
}


void waitSeconds(int seconds)
{
	std::this_thread::sleep_for(std::chrono::seconds(seconds));
}


namespace
{
	using Ask = std::function<void(MessageClient& client, const MessageClient::Done& done)>;

	void asked(Poco::UInt16 port, const Ask& ask, const std::function<void(const Message& answer)>& use)
		/// Calls use() with the answer, if there is one. A client of its own asks.
	{
		std::promise<void> done;
		MessageClient client(Poco::URI("ws://127.0.0.1:" + std::to_string(port) + "/messages"), MessageClientCallbacks());
		client.start();
		ask(client, [&](ErrorCode code, const Message& answer)
		{
			if (code == ErrorCode::NONE) use(answer);
			done.set_value();
		});
		done.get_future().wait();
		client.stop();
	}
}


Cluster::Cluster(const std::string& url, std::size_t count, const ServerProcess::Texts& options):
	Cluster(std::vector<std::string>(count, url), options)
{
}


Cluster::Cluster(const std::vector<std::string>& urls, const ServerProcess::Texts& options)
{
	for (const std::string& url: urls)
	{
		ServerProcess::Texts arguments{"--port={port}", "--engine=" + url};
		arguments.insert(arguments.end(), options.begin(), options.end());
		_processes.push_back(std::make_unique<ServerProcess>(POCO_TEST_NODE, arguments));
		_processes.back()->start();
	}
}


ServerProcess& Cluster::operator [] (std::size_t i)
{
	return *_processes[i];
}


std::vector<Poco::UInt16> Cluster::ports() const
{
	std::vector<Poco::UInt16> result;
	for (const auto& pProcess: _processes) result.push_back(pProcess->port());
	return result;
}


std::set<std::string> Cluster::members(Poco::UInt16 port, const std::string& channel)
{
	std::set<std::string> result;
	asked(port, [&](MessageClient& client, const MessageClient::Done& done) { client.presence(channel, done); }, [&](const Message& answer)
	{
		for (const Message& item: answer.items) result.emplace(item.user);
	});
	return result;
}


std::string Cluster::state(std::size_t i)
{
	std::string result;
	asked(_processes[i]->port(), [&](MessageClient& client, const MessageClient::Done& done) { client.request(200, "", done); }, [&](const Message& answer)
	{
		result = answer.payload;
	});
	return result;
}


ClusterTest::ClusterTest(Record::Order order):
	record(order)
{
}


void ClusterTest::begin(const std::vector<Poco::UInt16>& ports, const std::vector<std::string>& channels, std::size_t payload)
{
	TrafficOptions options;
	options.ports = ports;
	options.channels = channels;
	options.payload = payload;
	options.token = _token;
	if (longForm()) options.interval = 10;
	const char* const pScript = std::getenv("POCO_TEST_TRAFFIC_JS");
	if (pScript) options.script = pScript;
	subscribers = ports.size()*static_cast<std::size_t>(options.subscribers + (pScript ? 1 : 0));
	pTraffic = std::make_unique<Traffic>(record, options);
	flows("at first");
}


void ClusterTest::withUsers(const std::function<std::string(const std::string& name)>& user)
{
	_token = [user](const std::string& name)
	{
		const std::string claims = R"({"exp":)" + std::to_string(Poco::Timestamp().epochTime() + 24*3600) + R"(,"sub":")" + user(name) + "\"}";
		return signedToken(R"({"alg":"HS256","typ":"JWT"})", claims);
	};
}


void ClusterTest::flows(const std::string& what, const std::set<std::size_t>& nodes)
{
	const Poco::Int64 time = pTraffic->flows(nodes);
	ASSERT_LE(0, time) << what << ": it does not flow; waits for " << pTraffic->waits() << record.check().text();
	std::cout << what << ": it flows after " << time << " ms" << std::endl;
}


Findings ClusterTest::finish(Expected expected)
{
	EXPECT_TRUE(pTraffic->settle()) << "waits for " << pTraffic->waits();
	pTraffic.reset();
	const Findings findings = record.check();
	std::cout << findings.text() << std::endl;
	EXPECT_TRUE(findings.right());
	if (expected == ALL)
	{
		EXPECT_EQ(0u, findings.lostTold);
		EXPECT_EQ(0u, findings.gapsTold);
	}
	return findings;
}


void ClusterTest::membersAreRight(const Cluster& nodes, const std::string& channel)
{
	std::set<std::string> first;
	for (const Poco::UInt16 port: nodes.ports())
	{
		std::set<std::string> members;
		EXPECT_TRUE(eventually([&]()
		{
			members = Cluster::members(port, channel);
			return members.size() == subscribers;
		})) << members.size() << " instead of " << subscribers;
		if (first.empty()) first = members;
		EXPECT_EQ(first, members) << "it is another one at another node";
	}
}


void ClusterTest::usersAreRight(const std::string& what, const Cluster& nodes, const std::set<std::size_t>& alive, const std::set<std::string>& users, const std::string& channel)
{
	const auto begin = std::chrono::steady_clock::now();
	const std::vector<Poco::UInt16> ports = nodes.ports();
	const auto lives = [&](const std::string& subscriber) { return alive.count(std::stoul(subscriber.substr(subscriber.find('@') + 1))) > 0; };
	std::string differs;
	EXPECT_TRUE(eventually([&]()
	{
		differs = record.membersDiffer(channel, users, lives);
		for (const std::size_t node: alive)
		{
			if (differs.empty() && Cluster::members(ports[node], channel) != users) differs = "what node " + std::to_string(node) + " says";
		}
		return differs.empty();
	})) << what << ": " << differs;
	std::cout << what << ": presence is right after " << std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - begin).count() << " ms" << std::endl;
}
