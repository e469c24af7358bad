//
// SendToManyTest.cpp
//
// One message for several connections, without memory.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/CoreAllocations.h"
#include "support/EventSupport.h"
#include <algorithm>
#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <new>
#include <string>
#include <utility>
#include <vector>


using namespace WebSocketTest;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketPreparedMessage;


namespace
{
	class Members
		/// Connections that get messages, and their peers.
	{
	public:
		static constexpr std::size_t COUNT = 5;

		explicit Members(EventServer& server)
			/// Before the server is started.
		{
			_references.reserve(COUNT);
			server.handler.quiet = true; // notes take memory
			server.handler.open = [this](EventConnection& connection, Poco::Net::HTTPServerRequest&)
			{
				std::lock_guard<std::mutex> lock(_mutex);
				if (_references.size() < COUNT) _references.emplace_back(&connection, true);
			};
		}

		void connect(EventServer& server)
		{
			for (std::size_t i = 0; i < COUNT; ++i)
			{
				peers.push_back(server.connect());
				std::lock_guard<std::mutex> lock(_mutex);
				_connections[i] = _references.at(i).get();
			}
		}

		bool send(const WebSocketPreparedMessage::Ptr& pMessage)
			/// Sets the results. Returns false if there is no memory.
		{
			try
			{
				EventConnection::send(pMessage, _connections.data(), COUNT, results.data());
				return true;
			}
			catch (const std::bad_alloc&)
			{
				return false;
			}
		}

		void expect(const std::string& text, bool mayEnd)
			/// Who was told so gets it, and nobody else.
		{
			std::size_t i = 0;
			for (RawPeer& peer: peers)
			{
				SCOPED_TRACE(i);
				EXPECT_TRUE(results[i] == EventConnection::SENT || results[i] == EventConnection::QUEUE_FULL);
				_connections[i]->sendText("end");
				std::string all = received(peer);
				if (all == text) all += received(peer);
				const std::string expected = results[i] == EventConnection::SENT ? text + "end" : "end";
				EXPECT_TRUE(all == expected || (mayEnd && (all.empty() || all == text))) << all;
				EXPECT_TRUE(eventually([&] { return _connections[i]->metrics().bytesQueued == 0; })) << "a reservation was not given back";
				++i;
			}
		}

		bool all() const
		{
			return std::all_of(results.begin(), results.end(), [](EventConnection::SendResult result) { return result == EventConnection::SENT; });
		}

		std::list<RawPeer> peers;
		std::array<EventConnection::SendResult, COUNT> results = {};

	private:
		static std::string received(RawPeer& peer)
			/// Returns nothing if the connection has ended.
		{
			try
			{
				return peer.receiveFrame().payload;
			}
			catch (const Poco::TimeoutException&)
			{
				throw;
			}
			catch (const Poco::IOException&)
			{
				return "";
			}
		}

		std::mutex _mutex;
		std::vector<EventConnection::Ptr> _references;
		std::array<EventConnection*, COUNT> _connections = {};
	};
}


TEST(FaultEventTest, SendToManyByAnotherThreadWithoutMemory)
	/// Who was told SENT gets it, the others do not, and what was reserved for them is given back.
{
	const WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text("message");
	bool struck = true;
	std::size_t at = 0;
	for (; struck && !::testing::Test::HasFailure(); ++at)
	{
		SCOPED_TRACE(at);
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(2);
		EventServer server(Port::PLAIN, pParams);
		Members members(server);
		server.start();
		members.connect(server);
		bool sent = false;
		{
			const FailingAllocations failing(at, at + 1);
			sent = members.send(pMessage);
			struck = failing.struck();
		}
		EXPECT_EQ(!struck, sent);
		EXPECT_EQ(sent, members.all());
		members.expect("message", false);
		server.server.stop();
	}
	EXPECT_GT(at, 5u) << "nothing was tested";
}


TEST(FaultEventTest, SendToManyByTheLoopWithoutMemory)
	/// The same; but a connection whose message was queued, and cannot be sent, ends.
{
	static thread_local std::unique_ptr<FailingAllocations> pFailing;
	const WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text("message");
	std::atomic<bool> struck{true};
	std::size_t at = 0;
	for (; struck && !::testing::Test::HasFailure(); ++at)
	{
		SCOPED_TRACE(at);
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		EventServer server(Port::PLAIN, pParams);
		Members members(server);
		server.handler.message = [&](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode)
		{
			if (data == "go")
			{
				auto pNew = std::make_unique<FailingAllocations>(at, at + 1);
				pFailing.swap(pNew);
				const bool sent = members.send(pMessage);
				EXPECT_EQ(sent, members.all());
				return;
			}
			struck = pFailing->struck();
			pFailing.reset();
			connection.sendText("no more");
		};
		server.start();
		members.connect(server);
		RawPeer control = server.connect();
		control.send(textFrame("go") + masked(FIN_PING));
		try
		{
			control.receiveFrame();
		}
		catch (const Poco::IOException&)
		{
			// it was this one's memory
		}
		for (bool done = false; !done;)
		{
			try
			{
				RawPeer peer = server.connect(); // memory may fail in this as well
				peer.send(textFrame("disarm"));
				done = peer.receiveFrame().payload == "no more";
			}
			catch (const Poco::TimeoutException&)
			{
				throw;
			}
			catch (const Poco::IOException&)
			{
				// it was
			}
		}
		members.expect("message", struck);
		server.server.stop();
	}
	EXPECT_GT(at, 3u) << "nothing was tested";
}
