//
// MessageSlowTransferTest.cpp
//
// The class: how long a message, a frame, and the answer to a PING may take in all, however steadily a slow peer gets on.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "support/SlowPeer.h"
#include <atomic>
#include <future>
#include <thread>


using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace WebSocketTest {


namespace
{
	class MessageSlowTestOfTransfers: public ConnectionTest
	{
	};

	constexpr int SMALL = 64*1024; // of buffers

	const std::chrono::milliseconds LONG(3*LIMIT.totalMilliseconds()/2); // what is done in so long is more than one transfer

	bool isReady(const std::future<void>& future)
	{
		return future.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
	}

	ParamsPtr limited()
	{
		ParamsPtr pParams = new WebSocketParams;
		pParams->setTransferTimeout(LIMIT);
		return pParams;
	}

	void smallBuffers(Wire& wire)
	{
		wire.ws.setSendBufferSize(SMALL);
		wire.peer.socket().setReceiveBufferSize(SMALL);
	}

	class Frames
		/// A thread that sends one after the other, until it is told to stop.
	{
	public:
		Frames(Wire& wire, std::size_t size):
			_stop(false),
			_sent(std::async(std::launch::async, [this, &wire, size]
			{
				const std::string payload = pattern(size);
				while (!_stop) wire.ws.sendBinary(payload);
			}))
		{
		}

		void readSlowly(Wire& wire, const std::function<bool ()>& until)
			/// Stops the thread in the end.
		{
			constexpr std::size_t STEP = 20000;
			Pace pace;
			while (!until() && !isReady(_sent))
			{
				pace.step();
				wire.peer.receive(STEP);
			}
			_stop = true;
		}

		void finish(Wire& wire)
			/// Takes what is left.
		{
			while (!isReady(_sent))
			{
				if (wire.peer.socket().poll(Poco::Timespan(0, 10*1000), Poco::Net::Socket::SELECT_READ)) wire.peer.receive(1);
			}
			_sent.get();
		}

	private:
		std::atomic<bool> _stop;
		std::future<void> _sent;
	};
}


TEST_P(MessageSlowTestOfTransfers, EachMessageHasItsTime)
	/// They come without a pause.
{
	constexpr int MANY = 5;
	Wire wire(GetParam(), limited());
	std::future<void> received = std::async(std::launch::async, [&]
	{
		for (int i = 0; i < MANY; ++i) EXPECT_EQ(text("message"), receiveString(wire.ws));
	});
	const std::string frame = wire.frame(0x81, "message");
	const std::size_t begin = frame.size() - 3;
	wire.peer.send(frame.substr(0, begin));
	for (int i = 0; i < MANY; ++i)
	{
		std::this_thread::sleep_for(std::chrono::milliseconds(LIMIT.totalMilliseconds()/3)); // much less than the limit, on a busy machine too
		wire.peer.send(frame.substr(begin) + (i < MANY - 1 ? frame.substr(0, begin) : std::string()));
	}
	get(received);
}


TEST_P(MessageSlowTestOfTransfers, PartsHaveAnyTime)
{
	Wire wire(GetParam(), limited());
	const std::string message = pattern(static_cast<std::size_t>(LONG.count()/40)); // sendSlowly() takes 40 ms for a byte
	std::future<std::string> received = std::async(std::launch::async, [&]
	{
		std::string text;
		char buffer[1000];
		for (WebSocket::Part part; !part.last && wire.ws.receivePart(buffer, sizeof(buffer), part);) text += part.data;
		return text;
	});
	sendSlowly(wire.peer, wire.frame(0x81, message));
	EXPECT_EQ(message, get(received));
}


TEST_P(MessageSlowTestOfTransfers, EachFrameHasItsTime)
	/// The thread that sends waits nearly always.
{
	for (std::size_t size: {100, 20000, 100000})
	{
		SCOPED_TRACE(size);
		Wire wire(GetParam(), limited());
		smallBuffers(wire);
		Frames frames(wire, size);
		const auto end = std::chrono::steady_clock::now() + LONG;
		frames.readSlowly(wire, [end] { return std::chrono::steady_clock::now() >= end; });
		EXPECT_NO_THROW(frames.finish(wire));
	}
}


TEST_P(MessageSlowTestOfTransfers, RestOfAFrameHasItsTime)
	/// From the call on that sends it.
{
	Wire wire(GetParam(), limited());
	smallBuffers(wire);
	wire.ws.setSendTimeout(Poco::Timespan(0, 300*1000));
	const std::string message = pattern(1024*1024);
	EXPECT_THROW(wire.ws.sendText(message), Poco::TimeoutException);
	std::this_thread::sleep_for(std::chrono::milliseconds(LIMIT.totalMilliseconds()));
	wire.ws.setSendTimeout(deadline());
	std::future<int> sent = std::async(std::launch::async, [&] { return wire.ws.sendText("next"); });
	EXPECT_EQ(std::future_status::timeout, sent.wait_for(std::chrono::milliseconds(300))) << "has given up";
	EXPECT_TRUE(message == wire.peer.receiveFrame().payload);
	EXPECT_EQ(4, get(sent));
	EXPECT_EQ("next", wire.peer.receiveFrame().payload);
}


TEST_P(MessageSlowTestOfTransfers, ReaderThatNeverAnswers)
	/// It reads steadily, and there is always something before the PING: it is cut all the same.
{
	ParamsPtr pParams = limited();
	pParams->setPingInterval(Poco::Timespan(0, 100*1000));
	pParams->setPongTimeout(Poco::Timespan(1, 0));
	Wire wire(GetParam(), pParams);
	wire.ws.setReceiveTimeout(Poco::Timespan(60, 0));
	smallBuffers(wire);
	Frames frames(wire, 20000);
	std::future<int> error = std::async(std::launch::async, [&] { return errorOf([&] { receiveString(wire.ws); }); });
	const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(2*DEADLINE_S);
	try
	{
		frames.readSlowly(wire, [end] { return std::chrono::steady_clock::now() >= end; });
	}
	catch (const Poco::Exception&)
	{
		// it is cut
	}
	EXPECT_GT(end, std::chrono::steady_clock::now()) << "waits for ever";
	EXPECT_ANY_THROW(frames.finish(wire));
	EXPECT_EQ(WebSocket::WS_ERR_PING_TIMEOUT, get(error));
}


INSTANTIATE_TEST_SUITE_P(All, MessageSlowTestOfTransfers, ::testing::ValuesIn(allConnections()), connectionName);


} // namespace WebSocketTest
