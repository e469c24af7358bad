//
// UnitOutputTest.cpp
//
// What waits to be sent, against a model.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/ClassPeer.h"
#include "events/FanOut.h"
#include "events/Output.h"
#include "events/Stream.h"
#include <gtest/gtest.h>
#include <random>
#include <sys/socket.h>
#include <unistd.h>


using Poco::Net::WebSocketBuffer;
using Poco::Net::WebSocketFanOut;
using Poco::Net::WebSocketOutput;
using Poco::Net::WebSocketPreparedMessage;
using Poco::Net::WebSocketStream;


namespace WebSocketTest {


namespace
{
	class Owner: public Poco::RefCountedObject
		/// Bytes that are filled with rubbish when nobody refers to them any more.
	{
	public:
		explicit Owner(const std::string& text, int& alive):
			bytes(text),
			_alive(alive)
		{
			++_alive;
		}

		std::string bytes;

	protected:
		~Owner() override
		{
			bytes.assign(bytes.size(), '!');
			--_alive;
		}

	private:
		int& _alive;
	};

	class Ends
		/// A stream with a small buffer, and its other end.
	{
	public:
		Ends()
		{
			int fds[2];
			if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fds) != 0) throw Poco::SystemException("socketpair");
			const int size = 4096;
			::setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
			sockaddr address = sockaddr();
			address.sa_family = AF_UNIX;
			pStream = std::make_unique<WebSocketStream>(fds[0], &address, static_cast<socklen_t>(sizeof(sa_family_t)));
			_other = fds[1];
		}

		~Ends()
		{
			::close(_other);
		}

		void receive(std::size_t max)
		{
			std::string bytes(max, '\0');
			const ssize_t n = ::recv(_other, &bytes[0], max, MSG_DONTWAIT);
			if (n > 0) received.append(bytes, 0, static_cast<std::size_t>(n));
		}

		std::unique_ptr<WebSocketStream> pStream;
		std::string received;

	private:
		int _other;
	};
}


TEST(EventOutput, RandomSequences)
{
	// As the loop does it: what nobody keeps is there until flush() and keep().
	for (unsigned seed = 1; seed <= 10; ++seed)
	{
		std::mt19937 random(seed);
		const auto upTo = [&](std::size_t max) { return std::uniform_int_distribution<std::size_t>(0, max)(random); };
		int alive = 0;
		{
			Ends ends;
			WebSocketOutput output;
			std::string model;
			long sent = 0;
			std::vector<std::unique_ptr<std::string>> loose;
			for (int step = 0; step < 400; ++step)
			{
				const std::string bytes = pattern(upTo(3) == 0 ? upTo(40000) : upTo(200), static_cast<unsigned>(step));
				switch (upTo(6))
				{
				case 0:
				case 1:
					output.bytes().append(bytes.data(), bytes.size());
					model += bytes;
					break;
				case 2:
					if (!bytes.empty())
					{
						Poco::AutoPtr<Owner> pOwner = new Owner(bytes, alive);
						output.refer(pOwner->bytes.data(), pOwner->bytes.size(), pOwner);
						model += bytes;
					}
					break;
				case 3:
					if (!bytes.empty())
					{
						loose.push_back(std::make_unique<std::string>(bytes));
						output.refer(loose.back()->data(), bytes.size(), nullptr);
						EXPECT_TRUE(output.refersTo(loose.back()->data(), loose.back()->data() + 1));
						model += bytes;
					}
					break;
				case 4:
					if (bytes.size() > 1)
					{
						const std::size_t first = 1 + upTo(bytes.size() - 2);
						loose.push_back(std::make_unique<std::string>(bytes));
						const char* const pBytes = loose.back()->data();
						EXPECT_FALSE(output.extend(pBytes, first));
						output.refer(pBytes, first, nullptr);
						EXPECT_TRUE(output.extend(pBytes + first, bytes.size() - first));
						model += bytes;
						if (upTo(1) == 0) break;
						output.bytes().append("x", 1);
						model += 'x';
						EXPECT_FALSE(output.extend(pBytes + bytes.size(), 1)) << "there is something in between";
					}
					break;
				case 5:
					sent += output.flush(*ends.pStream);
					output.keep();
					for (auto& pBytes: loose) pBytes->assign(pBytes->size(), '?');
					loose.clear();
					break;
				default:
					ends.receive(upTo(60000));
				}
				ASSERT_EQ(model.size() - static_cast<std::size_t>(sent), output.size());
				ASSERT_EQ(output.size() == 0, output.empty());
			}
			while (!output.empty() || ends.received.size() < model.size())
			{
				const long n = output.flush(*ends.pStream);
				ASSERT_LE(0, n);
				ends.receive(1000000);
			}
			EXPECT_TRUE(model == ends.received) << "seed " << seed;
		}
		EXPECT_EQ(0, alive);
	}
}


TEST(EventFanOut, Places)
	/// In each order a message has one place, as long as there is room.
{
	std::vector<WebSocketPreparedMessage::Ptr> messages;
	for (int i = 0; i < 5; ++i) messages.push_back(WebSocketPreparedMessage::text(std::to_string(i)));
	WebSocketFanOut fanOut;
	const std::size_t length = messages[0]->frame().size();
	for (int turn = 0; turn < 2; ++turn)
	{
		const char* const pFirst = fanOut.place(messages[0]);
		ASSERT_TRUE(pFirst);
		for (int connection = 0; connection < 3; ++connection) // one message to all
		{
			EXPECT_EQ(pFirst, fanOut.place(messages[0]));
			EXPECT_EQ(pFirst, fanOut.again(*messages[0]));
			EXPECT_EQ(nullptr, fanOut.again(*messages[1]));
		}
		for (int connection = 0; connection < 3; ++connection) // all messages to one
		{
			for (std::size_t i = 0; i < messages.size(); ++i)
			{
				const char* const pFrame = fanOut.place(messages[i]);
				EXPECT_EQ(pFirst + i*length, pFrame);
				EXPECT_EQ(messages[i]->frame(), std::string(pFrame, length));
			}
		}
		EXPECT_EQ(5, messages[4]->referenceCount() + 3) << "it is kept";
		fanOut.clear();
		EXPECT_EQ(1, messages[4]->referenceCount());
		EXPECT_EQ(nullptr, fanOut.again(*messages[4]));
	}

	WebSocketPreparedMessage::Ptr pLarge = WebSocketPreparedMessage::text(std::string(30000, 'x'));
	const char* const pFirst = fanOut.place(pLarge);
	ASSERT_TRUE(pFirst);
	ASSERT_TRUE(fanOut.place(WebSocketPreparedMessage::text(std::string(30000, 'y'))));
	EXPECT_EQ(nullptr, fanOut.place(WebSocketPreparedMessage::text(std::string(30000, 'z')))) << "there is no room";
	EXPECT_EQ(pFirst, fanOut.place(pLarge));
	EXPECT_TRUE(fanOut.place(messages[0]));
}


TEST(EventOutput, KeptBySomebody)
{
	int alive = 0;
	Ends ends;
	WebSocketOutput output;
	Poco::AutoPtr<Owner> pOwner = new Owner(pattern(100000), alive);
	const std::string expected = pOwner->bytes;
	const char* const pBegin = pOwner->bytes.data();
	output.refer(pBegin, 100000, nullptr);
	EXPECT_FALSE(output.refersTo(pBegin + 1, pBegin + 100000));
	output.keep(pBegin, pBegin + 100000, pOwner);
	EXPECT_FALSE(output.refersTo(pBegin, pBegin + 100000));
	pOwner.reset();
	EXPECT_EQ(1, alive);
	while (!output.empty())
	{
		ASSERT_LE(0, output.flush(*ends.pStream));
		ends.receive(100000);
	}
	EXPECT_EQ(0, alive);
	ends.receive(100000);
	EXPECT_TRUE(expected == ends.received);

	output.refer(pBegin, 0, nullptr);
	output.clear();
	EXPECT_TRUE(output.empty());
}


TEST(EventOutput, ClearForgetsEverything)
{
	int alive = 0;
	WebSocketOutput output;
	Poco::AutoPtr<Owner> pOwner = new Owner("owned", alive);
	output.bytes().append("bytes", 5);
	output.refer(pOwner->bytes.data(), 5, pOwner);
	pOwner.reset();
	output.clear();
	EXPECT_TRUE(output.empty());
	EXPECT_EQ(0, alive);
}


TEST(EventOutput, BrokenStream)
{
	Ends ends;
	WebSocketOutput output;
	output.bytes().append("bytes", 5);
	ends.pStream->close();
	EXPECT_EQ(WebSocketStream::BROKEN, output.flush(*ends.pStream));
}


} // namespace WebSocketTest
