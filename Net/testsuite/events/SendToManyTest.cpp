//
// SendToManyTest.cpp
//
// One message for several connections: WebSocketConnection::send() with a list of them.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "support/MessageSupport.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <atomic>
#include <future>
#include <list>
#include <thread>


using Poco::Net::WebSocketPreparedMessage;


namespace WebSocketTest {


using Results = std::vector<EventConnection::SendResult>;


namespace
{
	const char* const COMPRESSED = "Sec-WebSocket-Extensions: permessage-deflate; client_no_context_takeover; server_no_context_takeover\r\n";

	Results sendTo(const std::vector<EventConnection*>& connections, const std::string& text)
	{
		Results results(connections.size(), EventConnection::DROPPED);
		EventConnection::send(WebSocketPreparedMessage::text(text), connections.data(), connections.size(), results.data());
		return results;
	}

	Results sendToEach(const std::vector<EventConnection*>& connections, const std::string& text)
		/// What it is compared with.
	{
		Results results;
		const WebSocketPreparedMessage::Ptr pMessage = WebSocketPreparedMessage::text(text);
		for (EventConnection* pConnection: connections) results.push_back(pConnection->send(pMessage));
		return results;
	}

	class Group
		/// Connections of a server, and their peers.
	{
	public:
		Group(EventServer& server, std::size_t count, const std::string& every3rd = ""):
			_server(server)
		{
			for (std::size_t i = 0; i < count; ++i)
			{
				peers.push_back(server.connect(i % 3 == 0 ? every3rd : ""));
				_references.push_back(server.handler.connection(i));
				connections.push_back(_references.back().get());
			}
		}

		~Group()
			/// Before the connections go, and what the handler uses.
		{
			_server.server.stop();
		}

		std::list<RawPeer> peers;
		std::vector<EventConnection*> connections;

	private:
		EventServer& _server;
		std::vector<EventConnection::Ptr> _references;
	};

	std::string inflated(RawPeer& peer)
	{
		const Frame frame = receiveJoined(peer);
		if (!(frame.flags & 0x40)) return frame.payload;
		ZlibInflater inflater;
		return inflater.message(frame.payload);
	}

	void receiveAll(RawPeer& peer, const std::vector<std::string>& texts)
	{
		for (const std::string& text: texts) ASSERT_TRUE(text == inflated(peer)) << text.substr(0, 10);
	}

	template <typename Function>
	void inLoop(EventServer& server, Function&& function)
		/// Has the server's handler call the function when a message comes.
	{
		server.handler.message = [function](EventConnection& connection, std::string_view, WebSocketFrame::Opcode) { function(connection); };
	}
}


TEST_P(EventPortTest, SendToManyByAnyThread)
	/// To connections of several loops, with compression and without.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(3);
	pParams->setDeflate(true);
	EventServer server(GetParam(), pParams);
	std::vector<EventConnection*> all;
	std::promise<Results> sent;
	std::string text;
	inLoop(server, [&](EventConnection&) { sent.set_value(sendTo(all, text)); });
	server.start();
	Group group(server, 9, COMPRESSED);
	all = group.connections;
	const Results expected(all.size(), EventConnection::SENT);
	const std::vector<std::string> texts = {"short", pattern(500), pattern(20000), pattern(100000)}; // below and above what is referred to, and compressed in steps
	for (const std::string& each: texts)
	{
		EXPECT_EQ(expected, sendTo(all, each));
		for (RawPeer& peer: group.peers) receiveAll(peer, {each});
		text = each;
		sent = std::promise<Results>();
		std::future<Results> results = sent.get_future();
		group.peers.front().send(textFrame("go"));
		EXPECT_EQ(expected, results.get());
		for (RawPeer& peer: group.peers) receiveAll(peer, {each});
	}
	EXPECT_TRUE(eventually([&] { return all.back()->metrics().messagesSent == 2*texts.size(); }));
	EXPECT_TRUE(eventually([&] { return all.back()->metrics().bytesQueued == 0; }));
	EXPECT_EQ(9u*2*texts.size(), server.server.metrics().messagesSent);
	EXPECT_THROW(EventConnection::send(WebSocketPreparedMessage::Ptr(), all.data(), all.size(), Results(all.size()).data()), Poco::InvalidArgumentException);
	EXPECT_EQ(Results(), sendTo({}, "to nobody"));
}


TEST_P(EventPortTest, SendToManyOfSeveralServersAndAClient)
{
	EventServer one(GetParam());
	EventServer other;
	std::vector<EventConnection*> all;
	inLoop(one, [&](EventConnection&) { EXPECT_EQ(Results(all.size(), EventConnection::SENT), sendTo(all, "by a loop")); });
	one.start();
	other.start();
	Group first(one, 2);
	Group second(other, 3);
	RawServer raw;
	Poco::SharedPtr<Recorder> pRecorder = new Recorder;
	Poco::Net::WebSocketClientLoop loop;
	Poco::Net::WebSocketClient client(Poco::URI("ws://127.0.0.1:" + std::to_string(raw.port()) + "/"), forClient(pRecorder), loop);
	client.start();
	RawPeer peer = raw.accept();
	EventConnection::Ptr pClient = pRecorder->connection();
	all = first.connections;
	all.insert(all.end(), second.connections.begin(), second.connections.end());
	all.insert(all.begin() + 2, pClient.get());
	EXPECT_EQ(Results(all.size(), EventConnection::SENT), sendTo(all, "by another thread"));
	const auto receive = [&](const char* pText)
	{
		for (RawPeer& each: first.peers) receiveAll(each, {pText});
		for (RawPeer& each: second.peers) receiveAll(each, {pText});
		expectText(peer, pText);
	};
	receive("by another thread");
	first.peers.front().send(textFrame("go"));
	receive("by a loop");
	pRecorder->forget(); // the connection shares the client's, and with it the recorder
}


TEST_P(EventPortTest, SendToManyBetweenOthers)
	/// Everything comes in the order in which it was sent, to those that get everything and to those that get a part.
{
	const std::string large = pattern(30000);
	const std::string larger = pattern(200000); // is compressed in steps
	for (bool deflated: {false, true})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(1);
		pParams->setDeflate(deflated);
		EventServer server(GetParam(), pParams);
		std::vector<EventConnection*> all;
		inLoop(server, [&](EventConnection& own)
		{
			sendTo(all, "1");
			own.sendText("2");
			sendTo(all, "3");
			sendTo(all, "4");
			own.send(WebSocketPreparedMessage::text("5"));
			server.server.broadcast(WebSocketPreparedMessage::text("6"));
			sendTo(all, "7");
			sendTo({all[1]}, "8");
			sendTo(all, large);
			sendTo({all[1], all[0], all[1]}, "9");
			own.sendPart("10", WebSocketFrame::OP_TEXT, false);
			sendTo(all, "11"); // waits for the last part
			own.sendPart("10", WebSocketFrame::OP_TEXT, true);
			sendTo(all, "12");
			server.server.broadcast(WebSocketPreparedMessage::text("13"));
			server.server.broadcast(WebSocketPreparedMessage::text("14"));
			sendTo(all, larger);
			sendTo(all, "15");
			sendTo(all, "16");
			own.close(4000);
			EXPECT_EQ((Results{EventConnection::NOT_OPEN, EventConnection::SENT, EventConnection::SENT}), sendTo(all, "17"));
		});
		server.start();
		Group group(server, 3, COMPRESSED);
		all = group.connections;
		RawPeer& own = group.peers.front();
		own.send(textFrame("go"));
		receiveAll(own, {"1", "2", "3", "4", "5", "6", "7", large, "9", "1010", "11", "12", "13", "14", larger, "15", "16"});
		expectClosed(own, 4000);
		receiveAll(*std::next(group.peers.begin()), {"1", "3", "4", "6", "7", "8", large, "9", "9", "11", "12", "13", "14", larger, "15", "16", "17"});
		receiveAll(group.peers.back(), {"1", "3", "4", "6", "7", large, "11", "12", "13", "14", larger, "15", "16", "17"});
	}
}


TEST_P(EventPortTest, SendToManyBetweenOthersOfAnotherThread)
{
	const std::string filler = pattern(70000); // is compressed in steps
	for (bool deflated: {false, true})
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setDeflate(deflated);
		pParams->setMaxQueuedBytes(1 << 30);
		EventServer server(GetParam(), pParams);
		server.start();
		Group group(server, 4, COMPRESSED);
		for (int i = 0; i < 150; i += 3)
		{
			for (EventConnection* pConnection: group.connections) pConnection->sendText(std::to_string(i) + (i % 12 == 0 ? filler : ""));
			EXPECT_EQ(Results(4, EventConnection::SENT), sendTo(group.connections, std::to_string(i + 1) + (i % 15 == 0 ? filler : "")));
			server.server.broadcast(WebSocketPreparedMessage::text(std::to_string(i + 2)));
		}
		for (RawPeer& peer: group.peers)
		{
			for (int i = 0; i < 150; ++i)
			{
				const std::string text = inflated(peer);
				ASSERT_EQ(std::to_string(i), text.substr(0, std::to_string(i).size()));
			}
		}
	}
}


TEST_P(EventPortTest, SendToManyOftenInATurn)
	/// More than is kept in one place, and runs that have gaps.
{
	EventServer server(GetParam());
	const std::string filler = pattern(1000);
	std::vector<EventConnection*> all;
	const auto gets = [](std::size_t k, int i) { return k == 0 || (k == 1 && i % 2 == 0) || (k == 2 && i < 100) || (k == 3 && i % 50 > 30); };
	inLoop(server, [&](EventConnection&)
	{
		for (int i = 0; i < 200; ++i)
		{
			std::vector<EventConnection*> some;
			for (std::size_t k = 0; k < all.size(); ++k)
			{
				if (gets(k, i)) some.push_back(all[k]);
			}
			EXPECT_EQ(Results(some.size(), EventConnection::SENT), sendTo(some, std::to_string(i) + filler));
		}
	});
	server.start();
	Group group(server, 4);
	all = group.connections;
	group.peers.front().send(textFrame("go"));
	std::size_t k = 0;
	for (RawPeer& peer: group.peers)
	{
		for (int i = 0; i < 200; ++i)
		{
			if (!gets(k, i)) continue;
			ASSERT_TRUE(std::to_string(i) + filler == peer.receiveFrame().payload) << i;
		}
		++k;
	}
}


TEST_P(EventPortTest, SendToManyTellsWhatSendTells)
	/// Queues that are full, and that are closed, with every policy; by the loop and by another thread.
{
	for (EventParams::QueuePolicy policy: {EventParams::QUEUE_REFUSE, EventParams::QUEUE_DROP, EventParams::QUEUE_CLOSE_1008})
	{
		for (bool callback: {false, true})
		{
			std::vector<Results> both;
			for (const auto send: {sendToEach, sendTo})
			{
				EventParams::Ptr pParams = new EventParams;
				pParams->setMaxQueuedBytes(1200000);
				pParams->setQueuePolicy(policy);
				pParams->setThreads(1);
				EventServer server(GetParam(), pParams);
				server.smallBuffers();
				std::vector<EventConnection*> all;
				Results results;
				std::promise<void> sent;
				const auto sendAll = [&]
				{
					const std::string text = pattern(400000);
					for (int i = 0; i < 5; ++i)
					{
						const Results some = send({all[0], all[1]}, text);
						results.insert(results.end(), some.begin(), some.end());
					}
					sent.set_value();
				};
				inLoop(server, [&](EventConnection&) { sendAll(); });
				server.start();
				Group group(server, 3);
				all = group.connections;
				group.peers.front().close();
				server.handler.finalLog(0);
				EventConnection& slow = *all[1];
				slow.sendText(pattern(1000000)); // the peer does not read it
				ASSERT_TRUE(eventually([&] { return slow.metrics().bytesSent > 1000 && slow.metrics().bytesQueued > 400000; })); // the loop has it
				if (callback) group.peers.back().send(textFrame("go"));
				else sendAll();
				sent.get_future().get();
				EXPECT_EQ(EventConnection::NOT_OPEN, results[8]);
				EXPECT_EQ(policy == EventParams::QUEUE_REFUSE ? EventConnection::QUEUE_FULL : policy == EventParams::QUEUE_DROP ? EventConnection::DROPPED : EventConnection::NOT_OPEN, results[9]);
				both.push_back(results);
				const std::size_t arrived = 1 + static_cast<std::size_t>(std::count(results.begin(), results.end(), EventConnection::SENT));
				RawPeer& peer = *std::next(group.peers.begin());
				for (std::size_t i = 0; i < arrived; ++i) ASSERT_EQ(i == 0 ? 1000000u : 400000u, receiveJoined(peer).payload.size());
				if (policy == EventParams::QUEUE_CLOSE_1008) expectClosed(peer, 1008);
				else EXPECT_TRUE(eventually([&] { return server.handler.has("drained", 1) && slow.metrics().bytesQueued == 0; }));
			}
			EXPECT_EQ(both[0], both[1]);
		}
	}
}


TEST_P(EventPortTest, SendToManyUpToTheLimit)
	/// Of a queue that is empty before: what is sent in a turn counts as it does with send().
{
	for (bool callback: {false, true})
	{
		std::vector<Results> both;
		for (const auto send: {sendToEach, sendTo})
		{
			EventParams::Ptr pParams = new EventParams;
			pParams->setMaxQueuedBytes(1000);
			pParams->setThreads(1);
			EventServer server(GetParam(), pParams);
			std::vector<EventConnection*> all;
			Results results;
			std::promise<void> sent;
			const auto sendAll = [&]
			{
				for (std::size_t length: {2000, 10, 300, 300, 300, 300, 990, 5, 5000})
				{
					const Results some = send(all, pattern(length));
					results.insert(results.end(), some.begin(), some.end());
				}
				sent.set_value();
			};
			inLoop(server, [&](EventConnection&)
			{
				if (callback) sendAll();
			});
			server.start();
			Group group(server, 2);
			all = group.connections;
			if (callback) group.peers.front().send(textFrame("go"));
			else server.handler.message = nullptr;
			if (!callback) sendAll();
			sent.get_future().get();
			both.push_back(results);
			for (std::size_t i = 0; i < results.size() && callback; ++i)
			{
				if (results[i] == EventConnection::SENT) receiveJoined(i % 2 == 0 ? group.peers.front() : group.peers.back());
			}
		}
		EXPECT_EQ(EventConnection::SENT, both[0].front());
		if (!callback) continue; // another thread's depends on what the loop has sent meanwhile
		EXPECT_EQ(both[0], both[1]);
	}
}


TEST_P(EventPortTest, SendToManyQueuesNoMoreThanTheLimit)
	/// However many messages are sent in a turn, to a peer that reads nothing.
{
	constexpr int LIMIT = 1000000; // more than the system takes later of what it has not taken in the turn, being busy
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxQueuedBytes(LIMIT);
	pParams->setThreads(1);
	EventServer server(GetParam(), pParams);
	server.smallBuffers();
	std::vector<EventConnection*> all;
	std::promise<Results> sent;
	inLoop(server, [&](EventConnection&)
	{
		Results results;
		const std::string text = pattern(1000);
		for (int i = 0; i < 20000; ++i) results.push_back(sendTo(all, text).front());
		sent.set_value(results);
	});
	server.start();
	Group group(server, 2);
	all = {group.connections.back()}; // the other one is reading
	group.peers.front().send(textFrame("go"));
	const Results results = sent.get_future().get();
	EXPECT_EQ(EventConnection::SENT, results.front());
	EXPECT_EQ(EventConnection::QUEUE_FULL, results.back());
	EXPECT_TRUE(eventually([&] { return all.front()->metrics().bytesQueued > 0; }));
	EXPECT_LE(all.front()->metrics().bytesQueued, LIMIT + 10u);
}


TEST_P(EventPortTest, SendToManyWhileTheyClose)
	/// Each gets what comes before its end, without a gap, and no more than was told. Who was told NOT_OPEN stays so.
{
	EventServer server(GetParam());
	std::vector<EventConnection*> all;
	inLoop(server, [&](EventConnection&) { sendTo({all.back()}, "by a loop"); });
	server.start();
	Group group(server, 9);
	all = group.connections;
	std::vector<int> told(all.size(), 0);
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		Results before(all.size(), EventConnection::SENT);
		for (int i = 0; i < 2000; ++i)
		{
			const Results now = sendTo(all, std::to_string(i));
			for (std::size_t k = 0; k < now.size(); ++k)
			{
				told[k] += now[k] == EventConnection::SENT;
				EXPECT_TRUE(now[k] == EventConnection::NOT_OPEN || (now[k] == EventConnection::SENT && before[k] == EventConnection::SENT)) << k;
			}
			before = now;
			std::this_thread::yield();
		}
	});
	for (RawPeer& peer: group.peers) receiveAll(peer, {"0"});
	std::vector<int> got;
	for (RawPeer& peer: group.peers)
	{
		const std::size_t k = got.size();
		if (k % 4 == 1) peer.send(closeFrame(1000));
		if (k % 4 == 2) all[k]->close(1000);
		if (k % 4 == 3) all[k]->abort();
		if (k % 4 == 0) peer.send(textFrame("go"));
		int next = 1;
		try
		{
			while (k % 4 != 0 || next < 2000)
			{
				const Frame frame = peer.receiveFrame();
				if (frame.flags != FIN_TEXT) break;
				if (frame.payload == "by a loop") continue;
				ASSERT_EQ(std::to_string(next++), frame.payload);
			}
		}
		catch (const Poco::IOException&)
		{
			EXPECT_EQ(3u, k % 4); // was cut
		}
		got.push_back(next);
		if (k % 4 == 2) peer.send(closeFrame(1000));
	}
	get(sent);
	for (std::size_t k = 0; k < got.size(); ++k)
	{
		EXPECT_LE(got[k], told[k]) << k;
		EXPECT_TRUE(k % 4 != 0 || told[k] == 2000) << k;
	}
}


TEST_F(EventTest, SendToManyAndAbort)
	/// What waits for the end of the turn is forgotten with its connection, and its reservation is given back.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(Port::PLAIN, pParams);
	std::vector<EventConnection*> all;
	inLoop(server, [&](EventConnection& own)
	{
		sendTo(all, "1");
		own.abort();
		EXPECT_EQ((Results{EventConnection::NOT_OPEN, EventConnection::SENT}), sendTo(all, "2"));
	});
	server.start();
	Group group(server, 2);
	all = group.connections;
	group.peers.front().send(textFrame("go"));
	receiveAll(group.peers.back(), {"1", "2"});
	server.handler.finalLog(0);
	EXPECT_EQ(0u, all[0]->metrics().bytesQueued);
	EXPECT_EQ(2u, all[1]->metrics().messagesSent);
}


TEST_F(EventTest, SendToManyByOtherCallbacks)
	/// Also by those that come while what was sent goes out.
{
	EventParams::Ptr pParams = new EventParams;
	pParams->setThreads(1);
	EventServer server(Port::PLAIN, pParams);
	server.smallBuffers();
	std::vector<EventConnection*> all;
	server.handler.drained = [&](EventConnection&)
	{
		sendTo(all, "drained");
		server.server.broadcast(WebSocketPreparedMessage::text("to all"));
	};
	server.handler.close = [&](EventConnection&, int, const std::string&) { sendTo(all, "closed"); };
	server.start();
	Group group(server, 2);
	all = group.connections;
	const std::string much = pattern(4 << 20);
	all[1]->sendText(much);
	EXPECT_TRUE(eventually([&] { return all[1]->metrics().bytesQueued > 0; }));
	EXPECT_EQ(Results(2, EventConnection::SENT), sendTo(all, "behind it"));
	expectText(group.peers.front(), "behind it");
	EXPECT_TRUE(much == receiveJoined(group.peers.back()).payload);
	expectText(group.peers.back(), "behind it");
	for (RawPeer& peer: group.peers)
	{
		expectText(peer, "drained");
		expectText(peer, "to all");
	}
	group.peers.back().close();
	expectText(group.peers.front(), "closed");
}


} // namespace WebSocketTest
