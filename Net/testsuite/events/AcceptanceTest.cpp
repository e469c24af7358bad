//
// AcceptanceTest.cpp
//
// Handshake requests that are answered later, from any thread, or not at all.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Exception.h"
#include "Poco/ThreadPool.h"
#include "Poco/RunnableAdapter.h"
#include <chrono>
#include <future>
#include <optional>
#include <thread>


using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::NameValueCollection;
using Poco::Net::WebSocketAcceptance;
using Poco::Net::WebSocketRefusal;
using Poco::Net::WebSocketServer;


namespace WebSocketTest {
namespace {


using Waiting = WebSocketAcceptance::Ptr;

int statusOf(const std::string& response)
{
	return response.compare(0, 9, "HTTP/1.1 ") == 0 ? std::atoi(response.c_str() + 9) : 0;
}

NameValueCollection fields(const std::string& name, const std::string& value)
{
	NameValueCollection result;
	result.add(name, value);
	return result;
}

class Desk
	/// Where the hook leaves requests, all but those for /now, which it accepts.
{
public:
	EventParams::Ptr params(int threads = 1)
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(threads);
		pParams->setAsyncHook([this](const Waiting& pWaiting)
		{
			++asked;
			const bool now = pWaiting->request().getURI() == "/now";
			if (!now) waiting.put(pWaiting);
			else if (!pWaiting->accept()) ADD_FAILURE();
		});
		return pParams;
	}

	std::atomic<int> asked{0};
	Mailbox<Waiting> waiting;
};

RawPeer ask(const EventServer& server, const std::string& path = "/", const std::string& headers = "", const std::string& behind = "")
{
	RawPeer peer = server.dial();
	peer.send(handshakeRequest(path, headers) + behind);
	return peer;
}

std::string answerTo(RawPeer& peer)
{
	return peer.receiveThrough("\r\n\r\n");
}

void expectAccepted(RawPeer& peer)
{
	const std::string head = answerTo(peer);
	EXPECT_EQ(101, statusOf(head)) << head;
	peer.send(textFrame("accepted"));
	expectText(peer, "accepted");
}

void expectCancelled(const Waiting& pWaiting)
{
	EXPECT_TRUE(pWaiting->cancelled());
	EXPECT_FALSE(pWaiting->accept());
	EXPECT_FALSE(pWaiting->refuse());
	EXPECT_TRUE(pWaiting->cancelled());
}

class Block
	/// Has the only loop of a server wait in a callback.
{
public:
	explicit Block(EventServer& server):
		_peer(ask(server, "/now"))
	{
		EXPECT_EQ(101, statusOf(answerTo(_peer)));
		server.handler.message = [this](EventConnection&, std::string_view message, WebSocketFrame::Opcode)
		{
			if (message != "block") return;
			_reached = true;
			EXPECT_TRUE(eventually([this] { return _opened.load(); }));
		};
		_peer.send(textFrame("block"));
		EXPECT_TRUE(eventually([this] { return _reached.load(); }));
	}

	void open()
	{
		_opened = true;
	}

	RawPeer& peer()
	{
		return _peer;
	}

private:
	RawPeer _peer;
	std::atomic<bool> _reached{false};
	std::atomic<bool> _opened{false};
};


} // namespace


TEST_P(EventPortTest, ARequestThatWaitsHoldsUpNobody)
	/// With setHook() the other connections of the loop wait for the hook.
{
	Desk desk;
	EventServer server(GetParam(), desk.params());
	server.start();
	RawPeer before = ask(server, "/now");
	EXPECT_EQ(101, statusOf(answerTo(before)));
	RawPeer slow = ask(server, "/slow", "Cookie: who=me\r\n");
	const Waiting pWaiting = desk.waiting.take();
	EXPECT_EQ(1, server.server.metrics().acceptances);
	EXPECT_EQ(1, server.server.metrics().handshakes);
	before.send(textFrame("before"));
	expectText(before, "before");
	RawPeer after = ask(server, "/now");
	expectAccepted(after);

	EXPECT_EQ("/slow", pWaiting->request().getURI());
	EXPECT_EQ("who=me", pWaiting->request().get("Cookie"));
	EXPECT_EQ(GetParam() == Port::TLS, pWaiting->secure());
	EXPECT_TRUE(GetParam() == Port::LOCAL || slow.socket().address() == pWaiting->remoteAddress());
	EXPECT_FALSE(pWaiting->cancelled());
	EXPECT_EQ(2u, server.handler.count());
	EXPECT_TRUE(pWaiting->accept());
	expectAccepted(slow);
	EXPECT_EQ(0, server.server.metrics().acceptances);
	EXPECT_EQ(0, server.server.metrics().handshakes);
	EXPECT_FALSE(pWaiting->cancelled());
	EXPECT_FALSE(pWaiting->accept());
	EXPECT_FALSE(pWaiting->refuse());
}


TEST_P(EventPortTest, EveryAnswerFromEveryThread)
{
	using Answer = std::function<void (Waiting& pWaiting)>;
	const struct
	{
		const char* what;
		Answer answer;
		int status;
		const char* field;
		std::string value;
	}
	rows[] =
	{
		{"accept", [](Waiting& p) { EXPECT_TRUE(p->accept()); }, 101, "Sec-WebSocket-Protocol", "a"},
		{"fields", [](Waiting& p) { EXPECT_TRUE(p->accept(fields("Set-Cookie", "x=1"))); }, 101, "Set-Cookie", "x=1"},
		{"subprotocol", [](Waiting& p) { EXPECT_TRUE(p->accept(NameValueCollection(), "b")); }, 101, "Sec-WebSocket-Protocol", "b"},
		{"accept twice", [](Waiting& p) { EXPECT_TRUE(p->accept()); EXPECT_FALSE(p->refuse()); }, 101, "Upgrade", "websocket"},
		{"refuse", [](Waiting& p) { EXPECT_TRUE(p->refuse()); }, 403, "Content-Length", "10"},
		{"reason", [](Waiting& p) { EXPECT_TRUE(p->refuse(HTTPResponse::HTTP_NOT_FOUND, "No room")); }, 404, "Content-Length", "8"},
		{"authenticate", [](Waiting& p) { EXPECT_TRUE(p->refuse(HTTPResponse::HTTP_UNAUTHORIZED, "", fields("WWW-Authenticate", "Bearer"))); }, 401, "WWW-Authenticate", "Bearer"},
		{"redirect", [](Waiting& p) { EXPECT_TRUE(p->refuse(HTTPResponse::HTTP_FOUND, "", fields("Location", "/b"))); }, 302, "Location", "/b"},
		{"drop", [](Waiting& p) { p.reset(); }, 500, "Connection", "close"}
	};
	Poco::ThreadPool pool;
	Answer current;
	const std::vector<std::pair<const char*, std::function<void (const Waiting&)>>> hows =
	{
		{"in the hook", [&](const Waiting& pWaiting)
		{
			Waiting p = pWaiting;
			current(p);
		}},
		{"in a thread, while the hook runs", [&](const Waiting& pWaiting)
		{
			std::thread([&current, p = pWaiting]() mutable { current(p); }).join();
		}},
		{"in a thread of its own", [&](const Waiting& pWaiting)
		{
			std::thread([answer = current, p = pWaiting]() mutable { answer(p); }).detach();
		}},
		{"in a pool", [&](const Waiting& pWaiting)
		{
			struct Job: public Poco::Runnable
			{
				void run() override
				{
					answer(pWaiting);
					delete this;
				}

				Answer answer;
				Waiting pWaiting;
			};
			Job* const pJob = new Job;
			pJob->answer = current;
			pJob->pWaiting = pWaiting;
			pool.start(*pJob);
		}}
	};
	const std::function<void (const Waiting&)>* pHow = nullptr;
	EventParams::Ptr pParams = new EventParams;
	pParams->setSubprotocols({"a"});
	pParams->setAsyncHook([&](const Waiting& pWaiting) { (*pHow)(pWaiting); });
	EventServer server(GetParam(), pParams);
	server.start();
	for (const auto& how: hows)
	{
		for (const auto& row: rows)
		{
			SCOPED_TRACE(std::string(how.first) + ": " + row.what);
			current = row.answer;
			pHow = &how.second;
			RawPeer peer = ask(server, "/", "Sec-WebSocket-Protocol: a, b\r\n");
			const std::string head = answerTo(peer);
			EXPECT_EQ(row.status, statusOf(head)) << head;
			EXPECT_EQ(row.value, value(head, row.field));
			if (row.status != 101)
			{
				EXPECT_EQ(std::stoul(value(head, "Content-Length")), peer.receiveToEnd().size());
				continue;
			}
			peer.send(textFrame("x"));
			expectText(peer, "x");
			EXPECT_EQ(value(head, "Sec-WebSocket-Protocol"), server.handler.connection(server.handler.count() - 1)->subprotocol());
		}
	}
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
	EXPECT_EQ(0, server.server.metrics().acceptances);
	EXPECT_EQ(hows.size()*5, server.server.metrics().refusals[WebSocketRefusal::HOOK]);
	pool.joinAll();
}


TEST_F(EventTest, AnAnswerFromAnotherConnectionOfTheLoop)
{
	Desk desk;
	EventServer server(Port::PLAIN, desk.params());
	Waiting pWaiting;
	server.handler.message = [&](EventConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode)
	{
		EXPECT_TRUE(message != "let" || pWaiting->accept());
		connection.send(message, opcode);
	};
	server.start();
	RawPeer porter = ask(server, "/now");
	EXPECT_EQ(101, statusOf(answerTo(porter)));
	RawPeer peer = ask(server);
	pWaiting = desk.waiting.take();
	porter.send(textFrame("let"));
	expectText(porter, "let");
	expectAccepted(peer);
}


TEST_F(EventTest, AHookThatThrows)
{
	Waiting pKept;
	EventParams::Ptr pParams = new EventParams;
	pParams->setAsyncHook([&](const Waiting& pWaiting)
	{
		if (pWaiting->request().getURI() == "/kept") pKept = pWaiting;
		EXPECT_TRUE(pWaiting->request().getURI() != "/accepted" || pWaiting->accept());
		throw Poco::RuntimeException("hook");
	});
	EventServer server(Port::PLAIN, pParams);
	server.start();
	for (const char* path: {"/", "/kept", "/accepted"})
	{
		RawPeer peer = ask(server, path);
		EXPECT_EQ(500, statusOf(answerTo(peer))) << path;
	}
	expectCancelled(pKept);
	EXPECT_EQ(0u, server.handler.count());
	EXPECT_EQ(0, server.server.metrics().acceptances);
}


TEST_F(EventTest, AnswersThatAreNoneAreNotTaken)
{
	Desk desk;
	EventServer server(Port::PLAIN, desk.params());
	server.start();
	RawPeer peer = ask(server, "/", "Sec-WebSocket-Protocol: a\r\n");
	const Waiting pWaiting = desk.waiting.take();
	EXPECT_THROW(pWaiting->accept(fields("X", "1\r\nY: 2")), Poco::InvalidArgumentException);
	EXPECT_THROW(pWaiting->accept(fields("X\n", "1")), Poco::InvalidArgumentException);
	EXPECT_THROW(pWaiting->accept(NameValueCollection(), "b"), Poco::InvalidArgumentException);
	EXPECT_THROW(pWaiting->refuse(HTTPResponse::HTTP_FORBIDDEN, "", fields("X", std::string(1, '\0'))), Poco::InvalidArgumentException);
	for (const int status: {0, 101, 200, 299})
	{
		EXPECT_THROW(pWaiting->refuse(static_cast<HTTPResponse::HTTPStatus>(status)), Poco::InvalidArgumentException) << status;
	}
	EXPECT_FALSE(pWaiting->cancelled());
	EXPECT_TRUE(pWaiting->refuse(HTTPResponse::HTTP_MULTIPLE_CHOICES));
	EXPECT_EQ(300, statusOf(answerTo(peer)));
}


TEST_F(EventTest, BothHooks)
{
	Desk desk;
	EventParams::Ptr pParams = desk.params();
	pParams->setHook([](HTTPServerRequest& request, HTTPServerResponse& response)
	{
		request.set("X-User", "me");
		response.set("X-Hook", "passed");
		return request.getURI() != "/refused";
	});
	EventServer server(Port::PLAIN, pParams);
	std::string user;
	server.handler.open = [&](EventConnection&, HTTPServerRequest& request)
	{
		user = request.get("X-User", "");
	};
	server.start();
	RawPeer refused = ask(server, "/refused");
	EXPECT_EQ(403, statusOf(answerTo(refused)));
	EXPECT_EQ(0, desk.asked);
	RawPeer peer = ask(server);
	const Waiting pWaiting = desk.waiting.take();
	EXPECT_EQ("me", pWaiting->request().get("X-User", ""));
	EXPECT_TRUE(pWaiting->accept());
	const std::string head = answerTo(peer);
	EXPECT_EQ("passed", value(head, "X-Hook"));
	peer.send(textFrame("x"));
	expectText(peer, "x");
	EXPECT_EQ("me", user);
}


TEST_F(EventTest, UserDataOfAnAcceptance)
{
	Desk desk;
	EventServer server(Port::PLAIN, desk.params());
	Mailbox<std::string> users;
	server.handler.open = [&](EventConnection& connection, HTTPServerRequest&)
	{
		const auto pUser = std::static_pointer_cast<std::string>(connection.userData());
		users.put(pUser ? *pUser : "nobody");
	};
	server.start();
	std::weak_ptr<std::string> pWeak;
	{
		RawPeer peer = ask(server);
		const Waiting pWaiting = desk.waiting.take();
		pWaiting->setUserData(std::make_shared<std::string>("first"));
		const auto pUser = std::make_shared<std::string>("me");
		pWeak = pUser;
		pWaiting->setUserData(pUser);
		EXPECT_TRUE(pWaiting->accept());
		EXPECT_EQ(101, statusOf(answerTo(peer)));
		EXPECT_EQ("me", users.take());
		pWaiting->setUserData(std::make_shared<std::string>("too late"));
	}
	EXPECT_TRUE(eventually([&] { return pWeak.expired(); })) << "released with the connection";
	RawPeer other = ask(server, "/now");
	EXPECT_EQ("nobody", users.take());
	RawPeer gone = ask(server);
	const Waiting pWaiting = desk.waiting.take();
	const auto pUser = std::make_shared<std::string>("gone");
	pWaiting->setUserData(pUser);
	gone.close();
	EXPECT_TRUE(eventually([&] { return pWaiting->cancelled(); }));
	EXPECT_EQ(1, pUser.use_count()) << "is not kept";
	pWaiting->setUserData(pUser);
	EXPECT_EQ(1, pUser.use_count());
}


TEST_P(EventPortTest, WhatComesTooEarlyIsBounded)
	/// RFC 6455, 4.1: a client sends nothing before the answer. Those that do lose nothing, and the server keeps little of it.
{
	Desk desk;
	EventServer server(GetParam(), desk.params());
	server.start();
	for (const std::size_t size: {std::size_t(10), std::size_t(3000), std::size_t(20000), std::size_t(300000)})
	{
		SCOPED_TRACE(size);
		const bool fits = size < 100000; // into the system's buffers
		if (!fits && GetParam() == Port::TLS) continue; // an SSL object is for one thread: the peer cannot receive while it sends
		const Poco::UInt64 before = server.server.metrics().bytesReceived;
		const std::string text = pattern(size);
		RawPeer peer = ask(server, "/", "", textFrame("behind"));
		const Waiting pWaiting = desk.waiting.take();
		std::thread sender([&]
		{
			peer.send(textFrame(text), 1000);
			peer.send(textFrame("last"));
		});
		const Poco::UInt64 least = std::min<Poco::UInt64>(size, 16*1024);
		EXPECT_TRUE(eventually([&] { return server.server.metrics().bytesReceived - before >= least; }));
		EXPECT_GE(16u*1024 + 3*4*1024, server.server.metrics().bytesReceived - before);
		if (fits) sender.join();
		EXPECT_TRUE(pWaiting->accept());
		if (size > 200000) peer.receiveThrough("\r\n\r\n"); // or nobody would take what is sent back
		else EXPECT_EQ(101, statusOf(answerTo(peer)));
		expectText(peer, "behind");
		EXPECT_TRUE(text == receiveJoined(peer).payload);
		expectText(peer, "last");
		if (!fits) sender.join();
	}
}


TEST_P(EventPortTest, TheClientGoes)
{
	Desk desk;
	EventServer server(GetParam(), desk.params());
	server.start();
	for (int how = 0; how < 3; ++how)
	{
		SCOPED_TRACE(how);
		RawPeer peer = ask(server, "/", "", textFrame("early"));
		const Waiting pWaiting = desk.waiting.take();
		EXPECT_FALSE(pWaiting->cancelled());
		if (how == 0) peer.close();
		else if (how == 1) peer.reset();
		else peer.endSending();
		EXPECT_TRUE(eventually([&] { return pWaiting->cancelled(); }));
		expectCancelled(pWaiting);
		EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 0; }));
		EXPECT_EQ(0, server.server.metrics().acceptances);
	}
	EXPECT_EQ(0u, server.handler.count());
	EXPECT_EQ(3u, server.server.metrics().handshakesAbandoned);
}


TEST_P(EventPortTest, NobodyAnswers)
{
	for (const bool acceptance: {true, false}) // which of the two times is over first
	{
		Desk desk;
		EventParams::Ptr pParams = desk.params();
		(acceptance ? pParams->setAcceptanceTimeout(Poco::Timespan(0, 50*1000)) : pParams->setHandshakeTimeout(Poco::Timespan(0, 50*1000)));
		if (!acceptance) pParams->setAcceptanceTimeout(Poco::Timespan(20, 0, 0, 0, 0));
		EventServer server(GetParam(), pParams);
		server.start();
		RawPeer peer = ask(server);
		const Waiting pWaiting = desk.waiting.take();
		const std::string head = answerTo(peer);
		EXPECT_EQ(503, statusOf(head)) << head;
		EXPECT_EQ("1", value(head, "Retry-After"));
		EXPECT_EQ(1u, server.server.metrics().refusals[WebSocketRefusal::TIMED_OUT]);
		EXPECT_EQ("The answer has taken too long\n", peer.receiveToEnd());
		expectCancelled(pWaiting);
		EXPECT_EQ(0, server.server.metrics().acceptances);
		EXPECT_EQ(0u, server.handler.count());
	}
}


TEST_F(EventTest, TheTimeOfTheHandshakeGoesOn)
	/// What the request has taken is not given again to the answer. (On a machine that stands still an attempt shows nothing.)
{
	using Clock = std::chrono::steady_clock;
	const std::chrono::milliseconds limit(400);
	Desk desk;
	EventParams::Ptr pParams = desk.params();
	pParams->setHandshakeTimeout(Poco::Timespan(0, 400*1000));
	EventServer server(Port::PLAIN, pParams);
	server.start();
	const std::string request = handshakeRequest();
	EXPECT_TRUE(eventually([&]
	{
		const auto since = Clock::now();
		RawPeer peer = server.dial();
		peer.send(request.substr(0, 10));
		EXPECT_TRUE(eventually([&] { return Clock::now() - since > limit/2; }));
		peer.send(request.substr(10));
		if (statusOf(answerTo(peer)) != 503) return false;
		expectCancelled(desk.waiting.take());
		return Clock::now() - since < limit*5/4;
	}));
}


TEST_F(EventTest, AnAnswerComesBeforeTheTimeIsOver)
	/// The loop learns of both at the same time.
{
	Desk desk;
	EventParams::Ptr pParams = desk.params();
	pParams->setAcceptanceTimeout(Poco::Timespan(0, 300*1000));
	EventServer server(Port::PLAIN, pParams);
	std::optional<Block> block;
	server.handler.message = [](EventConnection&, std::string_view, WebSocketFrame::Opcode) {};
	server.start();
	RawPeer peer = ask(server);
	const Waiting pWaiting = desk.waiting.take();
	const auto since = std::chrono::steady_clock::now();
	block.emplace(server);
	const bool inTime = pWaiting->accept();
	EXPECT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(400); }));
	block->open();
	EXPECT_EQ(inTime ? 101 : 503, statusOf(answerTo(peer))); // on a machine that stands still it is late
}


TEST_F(EventTest, LimitOfAcceptances)
{
	Desk desk;
	EventParams::Ptr pParams = desk.params(2);
	pParams->setMaxAcceptances(2);
	EventServer server(Port::PLAIN, pParams);
	server.start();
	RawPeer first = ask(server);
	Waiting pFirst = desk.waiting.take();
	RawPeer second = ask(server);
	const Waiting pSecond = desk.waiting.take();
	EXPECT_EQ(2, server.server.metrics().acceptances);
	for (const char* path: {"/", "/now"})
	{
		RawPeer third = ask(server, path);
		const std::string head = answerTo(third);
		EXPECT_EQ(503, statusOf(head));
		EXPECT_EQ("1", value(head, "Retry-After"));
	}
	EXPECT_EQ(2, desk.asked) << "the hook is not called";
	EXPECT_EQ(2u, server.server.metrics().refusals[WebSocketRefusal::BUSY]);
	EXPECT_EQ(2u, server.server.metrics().connectionsRefused);
	pFirst.reset();
	EXPECT_EQ(500, statusOf(answerTo(first)));
	RawPeer third = ask(server);
	const Waiting pThird = desk.waiting.take();
	EXPECT_TRUE(pSecond->accept());
	expectAccepted(second);
	EXPECT_EQ(1, server.server.metrics().acceptances);
	for (int i = 0; i < 3; ++i) // which wait for nobody
	{
		RawPeer other = ask(server, "/now");
		expectAccepted(other);
	}
	EXPECT_EQ(2u, server.server.metrics().connectionsRefused);
}


TEST_P(EventPortTest, StopWhileRequestsWait)
{
	for (const bool destroy: {false, true})
	{
		Desk desk;
		auto pServer = std::make_unique<EventServer>(GetParam(), desk.params());
		pServer->start();
		RawPeer peer = ask(*pServer);
		RawPeer other = ask(*pServer);
		const Waiting pWaiting = desk.waiting.take();
		{
			const Waiting pDropped = desk.waiting.take();
			if (destroy) pServer.reset();
			else pServer->server.stop();
			EXPECT_TRUE(pDropped->cancelled());
		}
		expectCancelled(pWaiting);
		EXPECT_EQ("", peer.receiveToEnd());
		if (pServer)
		{
			EXPECT_EQ(0u, pServer->handler.count());
			EXPECT_EQ(0, pServer->server.metrics().acceptances);
		}
	}
}


TEST_F(EventTest, AnAcceptanceThatIsKeptKeepsNothingElse)
{
	struct Handler: public Poco::Net::WebSocketServerHandler
	{
		explicit Handler(std::atomic<bool>& gone):
			isGone(gone)
		{
		}

		~Handler() override
		{
			isGone = true;
		}

		std::atomic<bool>& isGone;
	};
	Desk desk;
	std::atomic<bool> gone{false};
	std::vector<Waiting> kept;
	{
		WebSocketServer server(new Handler(gone), desk.params());
		server.listen(Poco::Net::SocketAddress("127.0.0.1", 0));
		server.start();
		RawPeer peer = connectRaw(server.port(), Transport::PLAIN);
		peer.send(handshakeRequest());
		kept.push_back(desk.waiting.take());
		RawPeer answered = connectRaw(server.port(), Transport::PLAIN);
		answered.send(handshakeRequest());
		kept.push_back(desk.waiting.take());
		EXPECT_TRUE(kept.back()->accept());
		answered.receiveThrough("\r\n\r\n");
	}
	EXPECT_TRUE(gone);
	EXPECT_TRUE(kept[0]->cancelled());
	EXPECT_FALSE(kept[1]->cancelled());
	for (const Waiting& pWaiting: kept) EXPECT_FALSE(pWaiting->accept());
}


TEST_P(EventPortTest, DrainRefusesWhatWaits)
{
	Desk desk;
	EventServer server(GetParam(), desk.params());
	server.start();
	RawPeer peer = ask(server);
	const Waiting pWaiting = desk.waiting.take();
	auto drained = std::async(std::launch::async, [&] { return server.server.drain(deadline()).size(); });
	const std::string head = answerTo(peer);
	EXPECT_EQ(503, statusOf(head)) << head;
	EXPECT_EQ(1u, server.server.metrics().refusals[WebSocketRefusal::DRAINING]);
	EXPECT_EQ(0u, server.server.metrics().connectionsRefused);
	expectCancelled(pWaiting);
	peer.receiveToEnd();
	peer.close();
	EXPECT_EQ(0u, drained.get());
	EXPECT_EQ(0u, server.handler.count());
}


TEST_F(EventTest, AnAnswerBeforeDrainCounts)
{
	Desk desk;
	EventServer server(Port::PLAIN, desk.params());
	server.handler.message = [](EventConnection&, std::string_view, WebSocketFrame::Opcode) {};
	server.start();
	RawPeer peer = ask(server);
	const Waiting pWaiting = desk.waiting.take();
	RawPeer other = ask(server);
	const Waiting pOther = desk.waiting.take();
	Block block(server);
	EXPECT_TRUE(pWaiting->accept());
	auto drained = std::async(std::launch::async, [&] { return server.server.drain(deadline()).size(); });
	block.open();
	EXPECT_EQ(101, statusOf(answerTo(peer)));
	expectClosed(peer, 1001);
	EXPECT_EQ(503, statusOf(answerTo(other)));
	expectCancelled(pOther);
	other.close();
	expectClosed(block.peer(), 1001);
	EXPECT_EQ(0u, drained.get());
}


TEST_F(EventTest, ARequestThatComesWhileDrainingDoesNotWait)
{
	Desk desk;
	EventServer server(Port::PLAIN, desk.params());
	server.handler.message = [](EventConnection&, std::string_view, WebSocketFrame::Opcode) {};
	server.start();
	RawPeer peer = server.dial(); // is in the loop
	EXPECT_TRUE(eventually([&] { return server.server.metrics().handshakes == 1; }));
	Block block(server);
	peer.send(handshakeRequest()); // arrives before the loop is told to close its connections, or after
	auto drained = std::async(std::launch::async, [&] { return server.server.drain(deadline()).size(); });
	block.open();
	expectClosed(block.peer(), 1001);
	peer.receiveToEnd(); // cut, or 503
	peer.close();
	EXPECT_EQ(0u, drained.get());
	EXPECT_EQ(1u, server.handler.count());
	EXPECT_EQ(0, server.server.metrics().acceptances);
}


TEST_F(EventTest, AnswersAndEndsAtTheSameTime)
	/// Whoever is first: one answer counts at most, and what was opened is closed.
{
	for (int round = 0; round < 30; ++round)
	{
		Desk desk;
		EventParams::Ptr pParams = desk.params(2);
		pParams->setAcceptanceTimeout(Poco::Timespan(0, 1000*(1 + round % 3)));
		EventServer server(Port::PLAIN, pParams);
		server.start();
		RawPeer peer = ask(server);
		RawPeer other = ask(server);
		const Waiting pWaiting = desk.waiting.take();
		const Waiting pOther = desk.waiting.take();
		std::atomic<int> counted{0};
		std::vector<std::thread> threads;
		for (int i = 0; i < 3; ++i)
		{
			threads.emplace_back([&, i]
			{
				if (i % 2 == 0 ? pWaiting->accept() : pWaiting->refuse()) ++counted;
			});
		}
		threads.emplace_back([&]
		{
			if (round % 2 == 0) peer.close();
			pOther->accept();
		});
		threads.emplace_back([&]
		{
			if (round % 3 == 0) server.server.stop();
			else if (round % 3 == 1) server.server.drain(Poco::Timespan(0, 1000));
		});
		for (std::thread& thread: threads) thread.join();
		server.server.stop();
		EXPECT_GE(1, counted);
		EXPECT_EQ(counted == 0, pWaiting->cancelled());
		EXPECT_FALSE(pWaiting->accept());
		for (std::size_t i = 0; i < server.handler.count(); ++i) EXPECT_EQ("open", server.handler.finalLog(i).front()); // and it is closed
		EXPECT_EQ(0, server.server.metrics().acceptances);
	}
}


TEST_F(EventTest, AnotherRequestCameBeforeOnTheConnection)
	/// The time between two requests is not that of the answer.
{
	Desk desk;
	EventParams::Ptr pParams = desk.params();
	pParams->setAcceptanceTimeout(Poco::Timespan(60, 0));
	EventServer server(Port::PLAIN, pParams);
	Poco::Net::HTTPServerParams::Ptr pHTTPParams = new Poco::Net::HTTPServerParams;
	pHTTPParams->setKeepAliveTimeout(Poco::Timespan(0, 100*1000));
	server.server.setHTTP([](HTTPServerRequest&, HTTPServerResponse& response) { response.setContentLength(2); response.send() << "ok"; }, pHTTPParams);
	server.start();
	RawPeer peer = server.dial();
	peer.send("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
	answerTo(peer);
	EXPECT_EQ("ok", peer.receive(2));
	peer.send(handshakeRequest());
	const Waiting pWaiting = desk.waiting.take();
	const auto since = std::chrono::steady_clock::now();
	EXPECT_TRUE(eventually([&] { return std::chrono::steady_clock::now() - since > std::chrono::milliseconds(200); }));
	EXPECT_FALSE(pWaiting->cancelled());
	EXPECT_EQ(1, server.server.metrics().acceptances);
	EXPECT_TRUE(pWaiting->accept());
	expectAccepted(peer);
}


TEST_F(EventTest, AdoptAsksNobodyLater)
	/// The handler's thread may wait itself.
{
	Desk desk;
	EventServer server(Port::PLAIN, desk.params());
	server.start();
	TestServer http(Transport::PLAIN, [&](HTTPServerRequest& request, HTTPServerResponse& response) { server.server.adopt(request, response); });
	RawPeer peer = connectRaw(http.port(), Transport::PLAIN);
	peer.send(handshakeRequest());
	expectAccepted(peer);
	EXPECT_EQ(0, desk.asked);
}


} // namespace WebSocketTest
