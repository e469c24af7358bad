//
// ClassSignalTest.cpp
//
// Timers and profilers interrupt whatever a thread waits in: time-outs end all the same.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassScript.h"
#include "support/TestResolver.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/Clock.h"
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::ServerSocket;
using Poco::Net::Socket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	const Poco::Timespan TIMEOUT(0, 100*1000);

	extern "C" void ignoreSignal(int)
	{
	}

	class Storm
		/// Interrupts the thread that has made it, much more often than its time-outs last; no longer than DEADLINE_S.
	{
	public:
		Storm():
			_target(::pthread_self()),
			_count(0),
			_stopped(false),
			_over(false)
		{
			struct sigaction action = {};
			action.sa_handler = ignoreSignal; // without SA_RESTART, as a timer's
			::sigaction(SIGUSR1, &action, &_before);
			_thread = std::async(std::launch::async, [this] { run(); });
		}

		~Storm()
		{
			{
				std::lock_guard<std::mutex> lock(_mutex);
				_stopped = true;
				_stop.notify_one();
			}
			_thread.wait();
			::sigaction(SIGUSR1, &_before, nullptr);
		}

		bool over()
			/// Returns true if it has ended by itself: what has ended then may have waited for that.
		{
			std::lock_guard<std::mutex> lock(_mutex);
			return _over;
		}

		void waitForSignals()
			/// Waits until some more have come.
		{
			constexpr int SOME = 10;
			std::unique_lock<std::mutex> lock(_mutex);
			const int end = _count + SOME;
			_sent.wait(lock, [&] { return _count >= end || _over; });
		}

	private:
		void run()
		{
			constexpr int PERIOD_MS = 10;
			std::unique_lock<std::mutex> lock(_mutex);
			for (int i = 0; i < DEADLINE_S*1000/PERIOD_MS; ++i)
			{
				if (_stop.wait_for(lock, std::chrono::milliseconds(PERIOD_MS), [this] { return _stopped; })) return;
				::pthread_kill(_target, SIGUSR1);
				++_count;
				_sent.notify_all();
			}
			_over = true;
			_sent.notify_all();
		}

		const pthread_t _target;
		struct sigaction _before;
		std::mutex _mutex;
		std::condition_variable _stop;
		std::condition_variable _sent;
		int _count;
		bool _stopped;
		bool _over;
		std::future<void> _thread;
	};

	void expectTimeout(const std::function<void ()>& call)
	{
		Storm storm;
		EXPECT_THROW(call(), Poco::TimeoutException);
		EXPECT_FALSE(storm.over()) << "waited until no signal came any more";
	}

	void expectEnd(const std::function<void ()>& call)
	{
		Storm storm;
		call();
		EXPECT_FALSE(storm.over()) << "waited until no signal came any more";
	}
}


class ClassSignalTest: public ConnectionTest
{
};


TEST_P(ClassSignalTest, Receive)
{
	Pair pair(GetParam());
	pair.ws.setReceiveTimeout(TIMEOUT);
	for (Receive receive: overloads()) expectTimeout([&] { receive(pair.ws); });
	Poco::Buffer<char> message(0);
	WebSocketFrame::Opcode opcode = WebSocketFrame::OP_CONT;
	expectTimeout([&] { pair.ws.receiveMessage(message, opcode); });
	pair.send(0x81, "later");
	EXPECT_TRUE(pair.ws.receiveMessage(message, opcode));
}


TEST_P(ClassSignalTest, WhatWasWaitedBeforeTheFirstSignalCounts)
	/// It comes late: then little is left, and not the whole time-out.
{
	const Poco::Timespan timeout(3, 0);
	Poco::Clock::ClockDiff rest = 0;
	for (int i = 0; i < 3; ++i) // others may keep the machine busy
	{
		Pair pair(GetParam());
		pair.ws.setReceiveTimeout(timeout);
		struct sigaction action = {};
		struct sigaction before = {};
		action.sa_handler = ignoreSignal;
		::sigaction(SIGUSR1, &action, &before);
		const pthread_t target = ::pthread_self();
		const Poco::Clock begin;
		Poco::Clock signalled;
		std::promise<void> over;
		std::future<void> isOver = over.get_future();
		std::future<void> thread = std::async(std::launch::async, [&]
		{
			isOver.wait_for(std::chrono::milliseconds(timeout.totalMilliseconds()*9/10));
			signalled.update();
			::pthread_kill(target, SIGUSR1);
		});
		EXPECT_THROW(receiveFixed(pair.ws), Poco::TimeoutException);
		EXPECT_LE(timeout.totalMicroseconds(), begin.elapsed() + 20000); // two clocks
		over.set_value();
		get(thread);
		rest = signalled.elapsed();
		::sigaction(SIGUSR1, &before, nullptr);
		if (rest < timeout.totalMicroseconds()/2) return;
	}
	ADD_FAILURE() << rest << " microseconds after the signal";
}


TEST_P(ClassSignalTest, ReceiveInsideAFrame)
{
	for (std::size_t length: {100, 100000, 4 << 20})
	{
		SCOPED_TRACE(length);
		Pair pair(GetParam());
		pair.ws.setReceiveTimeout(TIMEOUT);
		const std::string frame = pair.frame(0x82, pattern(length));
		pair.peer.send(frame.substr(0, 50));
		expectTimeout([&] { appendFrame(pair.ws); });
		pair.peer.send(frame.substr(50, frame.size()/2));
		expectTimeout([&] { appendFrame(pair.ws); });
		std::future<void> rest = std::async(std::launch::async, [&] { pair.peer.send(frame.substr(50 + frame.size()/2)); });
		pair.ws.setReceiveTimeout(deadline());
		EXPECT_TRUE(pattern(length) == appendFrame(pair.ws).payload);
		get(rest);
	}
}


TEST_P(ClassSignalTest, SignalsLoseNothing)
{
	Pair pair(GetParam());
	const std::string payload = pattern(1 << 20);
	std::future<void> sent = std::async(std::launch::async, [&]
	{
		for (char c: pair.frame(0x82, pattern(2000))) pair.peer.send(std::string(1, c));
		pair.send(0x82, payload);
	});
	Storm storm;
	EXPECT_TRUE(pattern(2000) == appendFrame(pair.ws).payload);
	EXPECT_TRUE(payload == appendFrame(pair.ws).payload);
	get(sent);
}


TEST_P(ClassSignalTest, Send)
{
	for (std::size_t length: {100, 10000, 300000})
	{
		SCOPED_TRACE(length);
		Pair pair(GetParam());
		pair.ws.setSendBufferSize(64*1024);
		pair.ws.setSendTimeout(TIMEOUT);
		const std::string payload = pattern(length);
		constexpr int MANY = 100000;
		expectTimeout([&]
		{
			for (int i = 0; i < MANY; ++i) pair.ws.sendFrame(payload.data(), static_cast<int>(length), WebSocket::FRAME_BINARY);
		});
		expectTimeout([&]
		{
			for (int i = 0; i < MANY; ++i) pair.ws.sendText(payload); // the system may still have had some room
		});
	}
}


TEST_P(ClassSignalTest, Poll)
{
	Pair pair(GetParam());
	expectEnd([&] { EXPECT_FALSE(pair.ws.poll(TIMEOUT, Socket::SELECT_READ)); });
}


TEST_P(ClassSignalTest, Close)
{
	Pair pair(GetParam());
	expectEnd([&] { EXPECT_FALSE(pair.ws.closeHandshake(1000, "", TIMEOUT)); });
}


TEST_P(ClassSignalTest, NoSIGPIPEAfterThePeerHasGone)
{
	const SIGPIPEs signals;
	{
		Pair pair(GetParam());
		pair.peer.close();
		EXPECT_THROW(
		{
			for (int i = 0; i < 100000; ++i) pair.ws.sendFrame("text", 4);
		}, Poco::Net::NetException);
		EXPECT_EQ(0, signals.count());
		pair.ws.Socket::close();
	}
	EXPECT_EQ(0, signals.count());
}


INSTANTIATE_TEST_SUITE_P(All, ClassSignalTest, ::testing::ValuesIn(allConnections()), connectionName);


class ClassSignalHandshakeTest: public TransportTest
{
protected:
	static std::unique_ptr<HTTPClientSession> session(Poco::UInt16 port, const std::string& host = "127.0.0.1")
	{
		std::unique_ptr<HTTPClientSession> pSession;
		if (GetParam() == Transport::TLS) pSession = std::make_unique<Poco::Net::HTTPSClientSession>(host, port, clientContext());
		else pSession = std::make_unique<HTTPClientSession>(host, port);
		pSession->setTimeout(deadline());
		return pSession;
	}

	static void expectNoWebSocket(HTTPClientSession& session)
	{
		WebSocketParams::Ptr pParams = new WebSocketParams;
		pParams->setHandshakeTimeout(TIMEOUT);
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		expectTimeout([&] { WebSocket(session, request, response, pParams); });
	}
};


TEST_P(ClassSignalHandshakeTest, Connect)
{
	ServerSocket listener;
	listener.bind(SocketAddress("127.0.0.1", 0));
	listener.listen(1);
	std::vector<StreamSocket> queue; // until the system answers no more
	for (bool full = false; !full;)
	{
		queue.emplace_back(SocketAddress::IPv4);
		queue.back().connectNB(listener.address());
		full = !queue.back().poll(Poco::Timespan(0, 50*1000), Socket::SELECT_WRITE);
	}
	expectNoWebSocket(*session(listener.address().port()));
}


TEST_P(ClassSignalHandshakeTest, AddressesThatDoNotAnswer)
{
	const BlackHole hole(SocketAddress("127.0.0.2", 0));
	const BlackHole other(SocketAddress("127.0.0.3", hole.port()));
	const Name name("localhost", {"127.0.0.2", "127.0.0.3"});
	expectNoWebSocket(*session(hole.port(), "localhost"));
}


TEST_P(ClassSignalHandshakeTest, SilentServer)
{
	ServerSocket listener(SocketAddress("127.0.0.1", 0));
	expectNoWebSocket(*session(listener.address().port()));
}


TEST_P(ClassSignalHandshakeTest, NoAnswer)
{
	ScriptedServer server(GetParam(), [](ScriptedServer& script)
	{
		RawPeer peer = script.accept();
		receiveRequest(peer);
		EXPECT_TRUE(peer.atEnd());
	});
	expectNoWebSocket(*session(server.port()));
	server.finish();
}


TEST_P(ClassSignalHandshakeTest, SlowServer)
{
	ServerSocket listener(SocketAddress("127.0.0.1", 0));
	Storm storm;
	std::future<void> server = std::async(std::launch::async, [&]
	{
		StreamSocket socket = listener.acceptConnection();
		storm.waitForSignals();
		RawPeer peer(socket, GetParam(), true);
		const std::string request = receiveRequest(peer);
		storm.waitForSignals();
		peer.send(handshakeResponse(request));
		EXPECT_TRUE(peer.atEnd());
	});
	{
		const std::unique_ptr<HTTPClientSession> pSession = session(listener.address().port());
		HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
		HTTPResponse response;
		try
		{
			WebSocket ws(*pSession, request, response, WebSocketParams::Ptr(new WebSocketParams));
		}
		catch (const Poco::Exception& exc)
		{
			ADD_FAILURE() << exc.displayText();
		}
	}
	get(server);
}


INSTANTIATE_TEST_SUITE_P(All, ClassSignalHandshakeTest, ::testing::Values(Transport::PLAIN, Transport::TLS), transportName);
