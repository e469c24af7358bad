//
// UnitSendQueueTest.cpp
//
// What a connection is going to send, without a socket.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/FrameEncoder.h"
#include "events/ConnectionGroup.h"
#include "events/MessageQueue.h"
#include "events/Reactor.h"
#include "Poco/Net/WebSocketServerParams.h"
#include <gtest/gtest.h>
#include <string>
#include <netinet/in.h>


using Poco::Net::WebSocketBuffer;
using Poco::Net::WebSocketConnectionGroup;
using Poco::Net::WebSocketConnectionParams;
using Poco::Net::WebSocketDeflateParams;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFramer;
using Poco::Net::WebSocketHandler;
using Poco::Net::WebSocketLink;
using Poco::Net::WebSocketMessageParser;
using Poco::Net::WebSocketMessageQueue;
using Poco::Net::WebSocketPreparedMessage;
using Poco::Net::WebSocketReactor;
using Poco::Net::WebSocketSendQueue;
using Poco::Net::WebSocketServerParams;
using Poco::Net::WebSocketStream;


namespace
{
	constexpr std::size_t LIMIT = 1000;
	constexpr std::size_t ENTRY = WebSocketConnectionParams::QUEUE_ENTRY;

	WebSocketConnectionParams::Ptr limited()
	{
		WebSocketServerParams::Ptr pParams = new WebSocketServerParams;
		pParams->setMaxQueuedBytes(LIMIT);
		return pParams;
	}

	sockaddr_in nowhere()
	{
		sockaddr_in address = {};
		address.sin_family = AF_INET;
		return address;
	}

	struct Group: public WebSocketConnectionGroup
	{
		Group():
			WebSocketConnectionGroup(WebSocketFramer::ROLE_SERVER, WebSocketHandler::Ptr(), limited())
		{
		}

		void tellOpen(Poco::Net::WebSocketConnection&, Poco::Net::HTTPRequest&) override
		{
		}
	};

	class Queue: public WebSocketMessageQueue
		/// A server's, in a loop that is not started. Its connection is the one that the loop reads for: it is flushed anyway.
	{
	public:
		explicit Queue(bool deflate = false):
			_pReactor(new WebSocketReactor(0)),
			_pGroup(new Group),
			_framer(WebSocketFramer::ROLE_SERVER, true),
			_parser(_framer),
			_address(nowhere()),
			_stream(_fd, reinterpret_cast<const sockaddr*>(&_address), sizeof(_address)),
			link{nullptr, *_pGroup, *_pReactor, _framer, _parser, _stream, _timing}
		{
			const WebSocketDeflateParams params;
			open(link, *_pGroup->pConnectionParams, deflate ? &params : nullptr);
		}

		~Queue()
		{
			release(*_pReactor);
		}

		bool later(const std::string& text)
			/// As by another thread.
		{
			Message message{WebSocketFrame::OP_TEXT, WebSocketBuffer(), WebSocketPreparedMessage::Ptr()};
			message.data.append(text.data(), text.size());
			if (!reserve(LIMIT, message.cost(), true)) return false;
			take(link, std::move(message));
			return true;
		}

		void part(const std::string& text, bool last)
		{
			ASSERT_TRUE(beginPart(link, text.data(), text.size(), WebSocketFrame::OP_TEXT, true, last));
			sendPart(link, text.data(), text.size(), last);
		}

		std::string frames()
			/// What is in the output, and not elsewhere.
		{
			WebSocketBuffer& bytes = output(*_pReactor).bytes();
			return std::string(bytes.data(), bytes.size());
		}

	private:
		WebSocketReactor::Ptr _pReactor;
		Poco::AutoPtr<Group> _pGroup;
		WebSocketFramer _framer;
		WebSocketMessageParser _parser;
		sockaddr_in _address;
		int _fd = -1;
		WebSocketStream _stream;
		Poco::Net::WebSocketTiming _timing;

	public:
		const WebSocketLink link;
	};

	std::string frame(int flags, const std::string& payload)
	{
		return WebSocketTest::frame(flags, payload, false);
	}

	constexpr int TEXT = 0x81, FIRST = 0x01, MIDDLE = 0x00, LAST = 0x80, PONG = 0x8a;
}


TEST(EventSendQueue, MessagesAreFramesAtOnce)
{
	Queue queue;
	queue.send(queue.link, "a", 1, WebSocketFrame::OP_TEXT);
	queue.send(queue.link, new WebSocketPreparedMessage("b", WebSocketFrame::OP_TEXT));
	EXPECT_TRUE(queue.later("c"));
	queue.append(queue.link, PONG, "d", 1);
	EXPECT_EQ(frame(TEXT, "a") + frame(TEXT, "b") + frame(TEXT, "c") + frame(PONG, "d"), queue.frames());
	EXPECT_EQ(queue.frames().size(), queue.end());
	Poco::Net::WebSocketConnection::Metrics metrics;
	queue.metrics(metrics);
	EXPECT_EQ(3u, metrics.messagesSent);
	EXPECT_EQ(0u, metrics.bytesSent);
}


TEST(EventSendQueue, MessageInParts_OthersWait_5_4)
{
	Queue queue;
	queue.part("a", false);
	EXPECT_TRUE(queue.isInParts());
	EXPECT_FALSE(queue.isDirect());
	EXPECT_FALSE(queue.holds());
	EXPECT_TRUE(queue.later("x"));
	EXPECT_TRUE(queue.later("y"));
	EXPECT_TRUE(queue.holds());
	EXPECT_EQ(2*(1 + ENTRY), queue.queued());
	queue.append(queue.link, PONG, "", 0); // 5.5: control frames may be injected
	queue.part("b", false);
	EXPECT_EQ(frame(FIRST, "a") + frame(PONG, "") + frame(MIDDLE, "b"), queue.frames());
	queue.part("c", true);
	EXPECT_FALSE(queue.isInParts());
	EXPECT_FALSE(queue.holds());
	EXPECT_TRUE(queue.isDirect()) << "nothing waits any more";
	EXPECT_EQ(frame(FIRST, "a") + frame(PONG, "") + frame(MIDDLE, "b") + frame(LAST, "c") + frame(TEXT, "x") + frame(TEXT, "y"), queue.frames());
	EXPECT_EQ(queue.frames().size(), queue.queued()) << "they are in the output now";
}


TEST(EventSendQueue, PartThatIsNotUTF8_IsNotSent_8_1)
{
	Queue queue;
	queue.part("a", false);
	EXPECT_FALSE(queue.beginPart(queue.link, "\xff", 1, WebSocketFrame::OP_TEXT, true, true));
	EXPECT_THROW(queue.beginPart(queue.link, "x", 1, WebSocketFrame::OP_BINARY, true, true), Poco::InvalidArgumentException) << "5.4";
	queue.part("b", true);
	EXPECT_EQ(frame(FIRST, "a") + frame(LAST, "b"), queue.frames());
}


TEST(EventSendQueue, LimitOfWhatWaits)
{
	const struct
	{
		const char* name;
		std::size_t before;
		std::size_t cost;
		bool fits;
	} ROWS[] =
	{
		{"into an empty queue anything fits", 0, LIMIT + 1, true},
		{"up to the limit", 1, LIMIT - 1, true},
		{"more than the limit", 1, LIMIT, false},
		{"behind a full queue", LIMIT, 1, false}
	};
	for (const auto& row: ROWS)
	{
		Queue queue;
		if (row.before > 0) { ASSERT_TRUE(queue.reserve(LIMIT, row.before, false)); }
		EXPECT_EQ(row.fits, queue.reserve(LIMIT, row.cost, false)) << row.name;
		EXPECT_EQ(row.before + (row.fits ? row.cost : 0), queue.queued()) << row.name;
		queue.giveBack(queue.queued());

		queue.append(queue.link, PONG, "", 0);
		EXPECT_FALSE(queue.reserve(LIMIT, LIMIT - 1, true)) << "the output counts for the loop's thread";
		EXPECT_TRUE(queue.fits(queue.link, LIMIT - 2));
		EXPECT_FALSE(queue.fits(queue.link, LIMIT - 1));
	}
}


TEST(EventSendQueue, ShortMessages_WhereTheyMayGo)
{
	Queue queue;
	EXPECT_FALSE(queue.hasOutput());
	queue.output(queue.link.reactor).bytes().reserve(LIMIT);
	EXPECT_TRUE(queue.isDirect());
	queue.part("a", false);
	EXPECT_FALSE(queue.isDirect()) << "while a message is sent in parts";
	queue.part("b", true);
	EXPECT_TRUE(queue.isDirect());
	queue.close();
	EXPECT_FALSE(queue.isDirect());
	EXPECT_FALSE(Queue(true).isDirect()) << "with compression";
}


TEST(EventSendQueue, Closed_WhatIsTakenIsForgotten)
{
	Queue queue;
	queue.close();
	EXPECT_FALSE(queue.isOpen());
	EXPECT_TRUE(queue.later("a"));
	EXPECT_EQ(0u, queue.queued());
	queue.append(queue.link, PONG, "", 0);
	EXPECT_EQ(frame(PONG, ""), queue.frames());
}


TEST(EventSendQueue, LongMessage_CompressedInSteps_OthersWait)
{
	Queue queue(true);
	const std::string message(100*1000, 'x');
	EXPECT_FALSE(queue.isLong(WebSocketMessageQueue::LONG_MESSAGE));
	EXPECT_TRUE(queue.isLong(message.size()));
	EXPECT_FALSE(Queue().isLong(message.size())) << "without compression";
	ASSERT_TRUE(queue.later(message));
	EXPECT_TRUE(queue.isDeflating());
	EXPECT_EQ(message.size() + ENTRY, queue.queued());
	EXPECT_TRUE(queue.reserve(2*message.size(), 1, true));
	queue.giveBack(1);
	std::size_t before = queue.queued();
	int steps = 0;
	for (; queue.isDeflating(); ++steps)
	{
		queue.deflateStep(queue.link);
		EXPECT_GT(before, queue.queued());
		before = queue.queued();
	}
	EXPECT_EQ(13, steps) << "of 8 KiB";
	EXPECT_FALSE(queue.isInParts());
	EXPECT_EQ(queue.frames().size(), queue.queued());
	EXPECT_GT(1000u, queue.frames().size());
}


TEST(EventSendQueue, Forgotten_NothingCounts)
{
	Queue queue(true);
	ASSERT_TRUE(queue.later(std::string(100*1000, 'x')));
	queue.deflateStep(queue.link);
	queue.forget();
	EXPECT_FALSE(queue.isDeflating());
	queue.breakOff(queue.link);
	EXPECT_TRUE(queue.isBroken());
	EXPECT_FALSE(queue.isOpen());
	EXPECT_FALSE(queue.hasOutput());
	EXPECT_EQ(0u, queue.queued());
}


TEST(EventSendQueue, DrainedIsOwedOnce)
{
	Queue queue;
	EXPECT_FALSE(queue.owes());
	EXPECT_FALSE(queue.owe());
	EXPECT_TRUE(queue.owe()) << "it was owed before";
	EXPECT_TRUE(queue.owes());
	EXPECT_TRUE(queue.pay());
	EXPECT_FALSE(queue.pay());
}
