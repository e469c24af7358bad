//
// UnitClientRulesTest.cpp
//
// The rules of the client without sockets, threads and clock: against a service of a few lines, with the connection lost at each message; and one by one.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "client/ClientRules.h"
#include <gtest/gtest.h>


using Poco::Messaging::ClientRules;
using Poco::Messaging::ErrorCode;
using Poco::Messaging::Left;
using Poco::Messaging::Message;
using Poco::Messaging::MessageClientCallbacks;
using Poco::Messaging::MessageFlag;
using Poco::Messaging::MessageFormat;
using Poco::Messaging::MessageSubscription;
using Poco::Messaging::Opcode;
using Poco::Messaging::Position;
using Poco::Messaging::Time;


namespace
{
	typedef std::vector<std::string> Texts;

	struct Parsed
	{
		explicit Parsed(const std::string& text):
			bytes(text)
		{
			EXPECT_TRUE(MessageFormat::binary().parse(bytes, message, kept));
		}

		Parsed(const Parsed&) = delete;
		Parsed& operator = (const Parsed&) = delete;

		std::string bytes;
		std::deque<std::string> kept;
		Message message;
	};

	class Rules
		/// The rules, and an application that writes down what it is told.
	{
	public:
		explicit Rules(bool hasToken = false, std::size_t maxPending = 1024*1024):
			rules(options(hasToken, maxPending))
		{
		}

		void run()
			/// Does what calls do.
		{
			auto& calls = rules.output().calls;
			while (!calls.empty())
			{
				const ClientRules::Call call = calls.front();
				calls.pop_front();
				if (call.wantsToken) wanted.push_back(call.generation);
				else call.function();
				if (call.acknowledges.empty()) continue;
				if (throws) rules.thrown("thrown", call.acknowledges);
				else rules.acknowledge(call.acknowledges);
			}
		}

		void online()
		{
			rules.start();
			rules.opened(now);
			Message connected = Message::empty(Opcode::CONNECTED, sent().id);
			connected.session = "1-1";
			receive(connected);
			EXPECT_EQ(MessageClientCallbacks::CONNECTED, rules.state());
			told.clear();
		}

		void receive(const Message& message)
		{
			rules.received(MessageFormat::binary().write(message), false, now);
			run();
		}

		Message sent()
			/// Takes the next message that was sent. Opcode 0: there is none.
		{
			run();
			auto& messages = rules.output().messages;
			if (messages.empty()) return Message();
			parsed.emplace_back(messages.front());
			messages.pop_front();
			return parsed.back().message;
		}

		void in(const char* channel, Poco::UInt64 epoch, Poco::UInt64 offset, Poco::UInt32 flags = 0)
			/// Answers a Subscribe that was sent.
		{
			const Message subscribe = sent();
			EXPECT_EQ(Opcode::SUBSCRIBE, subscribe.opcode);
			EXPECT_EQ(channel, subscribe.channel);
			Message answer = Message::empty(Opcode::SUBSCRIBED, subscribe.id);
			answer.channel = channel;
			answer.epoch = epoch;
			answer.offset = offset;
			answer.flags = flags;
			receive(answer);
		}

		void subscribe(const char* channel)
		{
			rules.subscribe(channel, subscription(channel), std::nullopt, now);
		}

		void push(Poco::UInt16 opcode, const char* channel, const char* data, Poco::UInt64 epoch = 0, Poco::UInt64 offset = 0, Poco::UInt32 code = 0)
		{
			Message message = Message::request(opcode, 0, data);
			message.channel = channel;
			message.epoch = epoch;
			message.offset = offset;
			message.code = code;
			receive(message);
		}

		void error(Poco::UInt32 id, ErrorCode code)
		{
			Message message = Message::empty(Opcode::ERROR_ANSWER, id);
			message.code = static_cast<Poco::UInt32>(code);
			receive(message);
		}

		ClientRules::Done done(const std::string& name)
		{
			return [this, name](ErrorCode code, const Message&) { told.push_back(name + " " + Poco::Messaging::toString(code)); };
		}

		MessageSubscription subscription(const std::string& name)
		{
			MessageSubscription subscription;
			subscription.onPublication = [this, name](const Message& message) { told.push_back(name + ":" + std::string(message.payload)); };
			subscription.onLost = [this, name](const Position& last, const Position& next)
			{
				told.push_back(name + " lost " + std::to_string(last.epoch) + "." + std::to_string(last.offset) + "-" + std::to_string(next.epoch) + "." + std::to_string(next.offset));
			};
			subscription.onSubscribed = [this, name](const Message&) { told.push_back(name + " in"); };
			subscription.onEnded = [this, name](ErrorCode code, const std::string&) { told.push_back(name + " ended " + Poco::Messaging::toString(code)); };
			subscription.onPresence = [this, name](const Message& message) { told.push_back(name + (message.opcode == Opcode::JOIN ? " join" : " leave")); };
			subscription.onDropped = [this, name](Poco::UInt64 count) { told.push_back(name + " dropped " + std::to_string(count)); };
			return subscription;
		}

		Texts take()
		{
			run();
			Texts result;
			result.swap(told);
			return result;
		}

		Time now = 1000;
		Texts told;
		std::vector<unsigned> wanted; // tokens
		bool throws = false;
		std::deque<Parsed> parsed;
		ClientRules rules;

	private:
		ClientRules::Options options(bool hasToken, std::size_t maxPending)
		{
			ClientRules::Options result;
			result.prefix = "client-";
			result.hasToken = hasToken;
			result.maxPendingBytes = maxPending;
			result.callbacks.onState = [this](MessageClientCallbacks::State state, const std::string& text)
			{
				static const char* const NAMES[] = {"stopped", "connecting", "connected"};
				told.push_back(std::string(NAMES[state]) + (text.empty() ? "" : ": ") + text);
			};
			result.callbacks.onMessage = [this](const Message& message) { told.push_back("message " + std::string(message.payload)); };
			result.callbacks.onPush = [this](const Message& message) { told.push_back("push " + std::to_string(message.opcode)); };
			result.callbacks.onWarning = [this](const Message&) { told.push_back("warning"); };
			result.callbacks.onError = [this](ErrorCode code, const std::string& text) { told.push_back(std::string("error ") + Poco::Messaging::toString(code) + (text.empty() ? "" : ": ") + text); };
			return result;
		}
	};

	class FakeService
		/// One channel with history, "h". A session gets publications while it is in it.
	{
	public:
		explicit FakeService(std::size_t kept):
			_kept(kept)
		{
		}

		void connect()
		{
			_in = false;
			answers.clear();
		}

		void publish(const std::string& data, const std::string& transaction = "")
		{
			log.push_back(data);
			if (!transaction.empty()) _transactions[transaction] = log.size();
			if (_in) answers.push_back(publication(log.size()));
		}

		void receive(const std::string& bytes)
		{
			const Parsed parsed(bytes);
			const Message& message = parsed.message;
			Message answer = Message::empty(0, message.id);
			answer.channel = message.channel;
			answer.epoch = 7;
			switch (message.opcode)
			{
			case Opcode::CONNECT:
				answer.opcode = Opcode::CONNECTED;
				return write(answer);
			case Opcode::SUBSCRIBE:
			{
				answer.opcode = Opcode::SUBSCRIBED;
				answer.offset = log.size();
				_in = true;
				const bool recovered = message.flags == MessageFlag::SINCE && message.offset + _kept >= log.size();
				if (recovered) answer.flags = MessageFlag::RECOVERED;
				write(answer);
				for (Poco::UInt64 offset = recovered ? message.offset + 1 : log.size() + 1; offset <= log.size(); ++offset) answers.push_back(publication(offset));
				return;
			}
			case Opcode::PUBLISH:
			{
				answer.opcode = Opcode::PUBLISHED;
				const std::string transaction(message.transaction);
				if (_transactions.count(transaction) == 0) publish(std::string(message.payload), transaction);
				answer.offset = _transactions[transaction];
				return write(answer);
			}
			default:
				ADD_FAILURE() << message.opcode;
			}
		}

		std::deque<std::string> answers;
		Texts log;

	private:
		void write(const Message& message)
		{
			answers.push_back(MessageFormat::binary().write(message));
		}

		std::string publication(Poco::UInt64 offset) const
		{
			Message message = Message::request(Opcode::PUBLICATION, 0, log[offset - 1]);
			message.channel = "h";
			message.epoch = 7;
			message.offset = offset;
			return MessageFormat::binary().write(message);
		}

		const std::size_t _kept;
		std::map<std::string, std::size_t> _transactions;
		bool _in = false;
	};

	class Conversation
		/// A client and a service. The connection is lost before a message, in either direction: at `first`, and again `second` messages later.
	{
	public:
		Conversation(std::size_t kept, int first, int second):
			service(kept),
			_cuts{first, second}
		{
			client.rules.start();
			client.subscribe("h");
			open();
		}

		void exchange()
			/// Until there is nothing more to say.
		{
			auto& messages = client.rules.output().messages;
			for (;;)
			{
				client.run();
				const bool up = !messages.empty();
				if (!up && service.answers.empty()) return;
				if (cut()) continue;
				if (up)
				{
					const std::string bytes = messages.front();
					messages.pop_front();
					service.receive(bytes);
				}
				else
				{
					std::string bytes = service.answers.front();
					service.answers.pop_front();
					client.rules.received(std::move(bytes), false, client.now);
				}
			}
		}

		void publish(const std::string& data)
		{
			client.rules.publish(Message::publish("h", data), client.done(data), client.now);
		}

		Rules client;
		FakeService service;
		int left = 0;  // cuts that were not reached

	private:
		void open()
		{
			service.connect();
			client.rules.opened(client.now);
		}

		bool cut()
		{
			if (_cuts.empty()) return false;
			left = static_cast<int>(_cuts.size());
			if (_cuts.front()-- != 0) return false;
			_cuts.pop_front();
			--left;
			service.connect();
			client.rules.closed("cut");
			if (!_cuts.empty()) service.publish("while away");
			open();
			return true;
		}

		std::deque<int> _cuts;
	};
}


TEST(ClientRules, OnceAndInOrderWhereverTheConnectionIsLost)
{
	bool whole = false;
	for (int first = 0; !whole; ++first)
	{
		bool rest = false;
		for (int second = 0; !rest; ++second)
		{
			SCOPED_TRACE(std::to_string(first) + ", " + std::to_string(second));
			Conversation conversation(100, first, second);
			conversation.exchange();
			conversation.client.told.clear(); // it is in the channel: now everything counts
			const std::size_t begin = conversation.service.log.size();
			conversation.publish("1");
			conversation.exchange();
			conversation.service.publish("of others");
			conversation.publish("2");
			conversation.publish("3");
			conversation.exchange();
			Texts publications;
			std::map<std::string, int> dones;
			for (const std::string& text: conversation.client.told)
			{
				ASSERT_EQ(std::string::npos, text.find("lost"));
				if (text.rfind("h:", 0) == 0) publications.push_back(text.substr(2));
				if (text.find(" NONE") != std::string::npos) ++dones[text];
			}
			const Texts& log = conversation.service.log;
			ASSERT_EQ(Texts(log.begin() + static_cast<std::ptrdiff_t>(begin), log.end()), publications);
			for (const char* data: {"1", "2", "3"})
			{
				ASSERT_EQ(1, std::count(log.begin(), log.end(), data));
				ASSERT_EQ(1, dones[std::string(data) + " NONE"]);
			}
			rest = conversation.left != 0;
			whole = rest && second == 0 && conversation.left == 2;
		}
	}
}


TEST(ClientRules, ALossIsToldWhereverTheConnectionIsLost)
{
	for (int first = 4; first < 12; ++first) // it has a position
	{
		Conversation conversation(0, first, 1000);
		conversation.exchange();
		for (const char* data: {"1", "2", "3", "4"})
		{
			conversation.publish(data);
			conversation.exchange();
		}
		Texts seen;
		bool lost = false;
		for (const std::string& text: conversation.client.told)
		{
			if (text.rfind("h:", 0) == 0) seen.push_back(text.substr(2));
			lost = lost || text.find("lost") != std::string::npos;
		}
		EXPECT_TRUE(lost || seen == conversation.service.log) << first;
		EXPECT_TRUE(lost) << first << ": something was published meanwhile, and not kept";
	}
}


TEST(ClientRules, Connect)
{
	Rules client;
	client.rules.start();
	client.rules.request(Message::request(200, 0, "x"), client.done("early"), client.now);
	EXPECT_EQ(0, client.sent().opcode) << "it waits";
	client.rules.opened(client.now);
	const Message connect = client.sent();
	EXPECT_EQ(Opcode::CONNECT, connect.opcode);
	EXPECT_EQ(0, client.sent().opcode) << "it waits for the answer";
	Message connected = Message::empty(Opcode::CONNECTED, connect.id);
	connected.session = "1-2";
	connected.user = "anna";
	client.receive(connected);
	EXPECT_EQ("1-2", client.rules.session());
	EXPECT_EQ("anna", client.rules.user());
	const Message request = client.sent();
	EXPECT_EQ(200, request.opcode);
	client.receive(Message::empty(200, request.id));
	client.receive(Message::empty(200, request.id)); // nobody waits for it any more
	client.rules.closed("gone");
	EXPECT_EQ("", client.rules.session());
	client.rules.stop();
	EXPECT_EQ(Texts({"connecting", "connected", "early NONE", "connecting: gone", "stopped"}), client.take());
}


TEST(ClientRules, ConnectIsRefusedOrNotAnswered)
{
	Rules client;
	client.rules.start();
	client.rules.opened(client.now);
	client.error(client.sent().id, ErrorCode::TOKEN);
	EXPECT_EQ(1000, client.rules.output().closeCode);
	client.rules.closed("x");
	EXPECT_EQ(0, client.rules.output().closeCode);
	EXPECT_EQ(Texts({"connecting", "connecting: Connect was refused: "}), client.take());
	client.rules.opened(client.now);
	EXPECT_EQ(client.now + 10000, client.rules.due());
	client.rules.tick(client.now + 9999);
	EXPECT_EQ(0, client.rules.output().closeCode);
	client.rules.tick(client.now + 10000);
	EXPECT_EQ(1000, client.rules.output().closeCode);
	EXPECT_EQ(0, client.rules.due());
}


TEST(ClientRules, Tokens)
{
	Rules client(true);
	client.rules.start();
	client.rules.opened(client.now);
	client.run();
	ASSERT_EQ(1u, client.wanted.size());
	client.rules.closed("x");
	client.rules.token(client.wanted[0], "late", client.now);
	client.rules.noToken(client.wanted[0], "late");
	EXPECT_EQ(0, client.sent().opcode) << "the token of another connection";
	client.rules.opened(client.now);
	client.run();
	client.rules.noToken(client.wanted[1], "nobody knows");
	EXPECT_EQ(1000, client.rules.output().closeCode);
	client.rules.closed("x");
	client.rules.opened(client.now);
	client.run();
	client.rules.token(client.wanted[2], "first", client.now);
	const Message connect = client.sent();
	EXPECT_EQ("first", connect.token);
	client.receive(Message::empty(Opcode::CONNECTED, connect.id));
	client.receive(Message::empty(Opcode::REFRESH, 0));
	ASSERT_EQ(4u, client.wanted.size());
	client.rules.token(client.wanted[3], "second", client.now);
	const Message refresh = client.sent();
	EXPECT_EQ(Opcode::REFRESH, refresh.opcode);
	EXPECT_EQ("second", refresh.token);
	client.take();
	client.error(refresh.id, ErrorCode::TOKEN);
	client.receive(Message::empty(Opcode::REFRESH, 0));
	client.rules.noToken(client.wanted[4], "away");
	EXPECT_EQ(Texts({"error TOKEN", "error TOKEN: away"}), client.take());
}


TEST(ClientRules, RequestsAreAnsweredOnce)
{
	Rules client(false, 2*(ClientRules::REQUEST_SIZE + 1000));
	client.rules.request(Message::request(200, 0), client.done("early"), client.now);
	EXPECT_EQ(Texts({"early STOPPED"}), client.take());
	client.online();
	client.rules.request(Message::request(200, 0, "a"), client.done("a"), client.now);
	client.rules.request(Message::request(200, 0, "b"), client.done("b"), client.now + 1);
	client.rules.request(Message::request(200, 0, std::string(2000, 'x')), client.done("large"), client.now);
	EXPECT_EQ(Texts({"large BUSY"}), client.take());
	EXPECT_EQ(client.now + 10000, client.rules.due());
	client.rules.tick(client.now + 10000);
	EXPECT_EQ(Texts({"a TIMED_OUT"}), client.take());
	const Message first = client.sent();
	client.receive(Message::empty(200, first.id));
	EXPECT_EQ(Texts(), client.take());
	client.rules.closed("x");
	client.rules.tick(client.now + 20000);
	EXPECT_EQ(Texts({"b CONNECTION_LOST", "connecting: x"}), client.take());
	client.rules.request(Message::request(200, 0, std::string(3000, 'x')), client.done("alone"), client.now); // the only one may be larger
	client.rules.stop();
	client.rules.stop();
	EXPECT_EQ(Texts({"alone STOPPED", "stopped"}), client.take());
	for (const auto opcode: {Opcode::CONNECT, Opcode::REFRESH, Opcode::SUBSCRIBE, Opcode::UNSUBSCRIBE, Opcode::ACK})
		EXPECT_THROW(client.rules.request(Message::empty(opcode, 0), ClientRules::Done(), client.now), Poco::InvalidArgumentException);
}


TEST(ClientRules, WhatIsRepeated)
{
	Rules client;
	client.online();
	client.subscribe("h");
	client.in("h", 7, 0);
	client.subscribe("e");
	client.in("e", 0, 0);
	const auto publish = [&](const char* channel, const char* name, const char* transaction)
	{
		client.rules.publish(Message::publish(channel, name, 0, transaction), client.done(name), client.now);
		return client.sent();
	};
	EXPECT_EQ("client-1", publish("h", "history", "").transaction);
	EXPECT_EQ("", publish("e", "ephemeral", "").transaction);
	EXPECT_EQ("mine", publish("e", "ephemeral, named", "mine").transaction);
	EXPECT_EQ("mine", publish("u", "unknown, named", "mine").transaction);
	EXPECT_EQ("client-2", publish("u", "unknown", "").transaction);
	client.take();
	client.rules.closed("x");
	EXPECT_EQ(Texts({"ephemeral CONNECTION_LOST", "ephemeral, named CONNECTION_LOST", "unknown CONNECTION_LOST", "connecting: x"}), client.take());
	client.rules.opened(client.now);
	client.receive(Message::empty(Opcode::CONNECTED, client.sent().id));
	client.in("e", 0, 0);
	client.in("h", 7, 0, MessageFlag::RECOVERED);
	const Message history = client.sent();
	EXPECT_EQ("client-1", history.transaction);
	EXPECT_EQ("history", history.payload);
	const Message unknown = client.sent();
	EXPECT_EQ("mine", unknown.transaction);
	Message published = Message::empty(Opcode::PUBLISHED, unknown.id);
	published.epoch = 3;
	client.receive(published); // now it is known
	client.take();
	EXPECT_EQ("client-3", publish("u", "known", "").transaction);
	client.rules.closed("y");
	EXPECT_EQ(Texts({"connecting: y"}), client.take());
	client.rules.tick(client.now + 10000);
	EXPECT_EQ(Texts({"history TIMED_OUT", "known TIMED_OUT"}), client.take()) << "not for ever";
}


TEST(ClientRules, Positions)
{
	Rules client;
	client.online();
	client.rules.subscribe("h", client.subscription("h"), Position{7, 2}, client.now);
	EXPECT_THROW(client.subscribe("h"), Poco::ExistsException);
	client.push(Opcode::PUBLICATION, "h", "early", 7, 2);
	client.in("h", 7, 2, MessageFlag::RECOVERED);
	for (const int offset: {3, 4, 4, 3, 5}) client.push(Opcode::PUBLICATION, "h", std::to_string(offset).c_str(), 7, static_cast<Poco::UInt64>(offset));
	EXPECT_EQ(Texts({"h in", "h:3", "h:4", "h:5"}), client.take()) << "once";
	client.push(Opcode::PUBLICATION, "h", "8", 7, 8);
	client.push(Opcode::PUBLICATION, "h", "1", 9, 1);
	EXPECT_EQ(Texts({"h lost 7.5-7.7", "h:8", "h lost 7.8-9.0", "h:1"}), client.take()) << "a service that leaves something out";
	client.push(Opcode::PUBLICATION, "other", "x");
	client.push(Opcode::JOIN, "h", "");
	client.push(Opcode::LEAVE, "h", "");
	Message dropped = Message::empty(Opcode::DROPPED, 0);
	dropped.channel = "h";
	dropped.count = 5;
	client.receive(dropped);
	EXPECT_EQ(Texts({"h join", "h leave", "h dropped 5"}), client.take());
	client.rules.closed("x");
	client.rules.opened(client.now);
	client.receive(Message::empty(Opcode::CONNECTED, client.sent().id));
	const Message subscribe = client.sent();
	EXPECT_EQ(MessageFlag::SINCE, subscribe.flags);
	EXPECT_EQ(9u, subscribe.epoch);
	EXPECT_EQ(1u, subscribe.offset);
}


TEST(ClientRules, TakenOutByTheService)
{
	Rules client;
	client.online();
	client.subscribe("h");
	client.in("h", 7, 5);
	for (const Left left: {Left::GAP, Left::EPOCH})
	{
		client.take();
		client.push(Opcode::UNSUBSCRIBED, "h", "", 0, 0, static_cast<Poco::UInt32>(left) + 1);
		client.push(Opcode::PUBLICATION, "h", "late", 7, 6);
		client.in("h", 8, 9);
		client.push(Opcode::PUBLICATION, "h", "10", 8, 10);
		EXPECT_EQ(Texts({"h in", left == Left::GAP ? "h lost 7.5-8.9" : "h lost 8.10-8.9", "h:10"}), client.take());
	}
	client.push(Opcode::UNSUBSCRIBED, "h", "", 0, 0, static_cast<Poco::UInt32>(Left::FAILED) + 1);
	EXPECT_EQ(0, client.sent().opcode);
	Time waited = 0;
	for (int i = 0; i < 10; ++i) // refused for a while: less and less often
	{
		const Time due = client.rules.due();
		waited = due - client.now;
		EXPECT_LE(std::min<Time>(250 << i, 15000), waited);
		EXPECT_GE(std::min<Time>(500 << i, 30000), waited);
		client.now = due;
		client.rules.tick(client.now);
		const Message subscribe = client.sent();
		EXPECT_EQ(Opcode::SUBSCRIBE, subscribe.opcode);
		EXPECT_EQ(MessageFlag::SINCE, subscribe.flags);
		client.error(subscribe.id, i % 2 == 0 ? ErrorCode::BUSY : ErrorCode::UNAVAILABLE);
	}
	client.now = client.rules.due();
	client.rules.tick(client.now);
	client.in("h", 8, 10, MessageFlag::RECOVERED);
	client.push(Opcode::UNSUBSCRIBED, "h", "", 0, 0, static_cast<Poco::UInt32>(Left::REVOKED) + 1);
	EXPECT_EQ(Texts({"h in", "h ended FORBIDDEN"}), client.take());
	EXPECT_EQ(0, client.rules.due());
	client.subscribe("h");
	client.error(client.sent().id, ErrorCode::CHANNEL_NAME);
	EXPECT_EQ(Texts({"h ended CHANNEL_NAME"}), client.take());
	EXPECT_FALSE(client.rules.unsubscribe("h"));
}


TEST(ClientRules, Unsubscribe)
{
	Rules client;
	client.subscribe("offline");
	EXPECT_TRUE(client.rules.unsubscribe("offline"));
	client.online();
	client.subscribe("c");
	const Message first = client.sent();
	EXPECT_TRUE(client.rules.unsubscribe("c"));
	EXPECT_EQ(Opcode::UNSUBSCRIBE, client.sent().opcode);
	client.subscribe("c");
	Message answer = Message::empty(Opcode::SUBSCRIBED, first.id);
	answer.channel = "c";
	client.receive(answer);
	client.push(Opcode::PUBLICATION, "c", "of the first one");
	EXPECT_EQ(Texts(), client.take());
	client.in("c", 0, 0);
	client.push(Opcode::PUBLICATION, "c", "1");
	EXPECT_EQ(Texts({"c in", "c:1"}), client.take());
	client.rules.received(MessageFormat::binary().write([]() { Message m = Message::request(Opcode::PUBLICATION, 0, "2"); m.channel = "c"; return m; }()), false, client.now);
	EXPECT_TRUE(client.rules.unsubscribe("c")); // before it is handed over
	EXPECT_EQ(Texts(), client.take());
	client.sent();
	client.subscribe("again");
	client.error(client.sent().id, ErrorCode::BUSY);
	EXPECT_NE(0, client.rules.due());
	EXPECT_TRUE(client.rules.unsubscribe("again"));
	EXPECT_EQ(0, client.rules.due());
	EXPECT_EQ(0, client.sent().opcode);
}


TEST(ClientRules, Messages)
{
	Rules client;
	client.online();
	const auto push = [&](const char* data, const char* transaction)
	{
		Message message = Message::request(Opcode::SEND, 0, data);
		message.transaction = transaction;
		client.receive(message);
		return client.sent();
	};
	EXPECT_EQ(0, push("a", "").opcode);
	EXPECT_EQ(0, push("a", "").opcode);
	EXPECT_EQ("1-1", push("b", "1-1").transaction);
	EXPECT_EQ("1-1", push("b", "1-1").transaction) << "the acknowledgement was lost";
	EXPECT_EQ(Texts({"message a", "message a", "message b"}), client.take());
	client.throws = true;
	EXPECT_EQ(0, push("c", "1-2").opcode);
	client.throws = false;
	EXPECT_EQ(Opcode::ACK, push("c", "1-2").opcode);
	EXPECT_EQ(Texts({"message c", "error APPLICATION: thrown", "message c"}), client.take());
	for (int i = 0; i < ClientRules::MAX_KNOWN; ++i) push("d", std::to_string(i).c_str());
	client.take();
	EXPECT_EQ(Opcode::ACK, push("b", "1-1").opcode) << "no memory grows";
	EXPECT_EQ(Texts({"message b"}), client.take());
	client.receive(Message::request(200, 0, "x"));
	client.receive(Message::empty(Opcode::WARNING, 0));
	client.receive(Message::empty(199, 0));
	client.error(0, ErrorCode::MALFORMED);
	EXPECT_EQ(Texts({"push 200", "warning", "error MALFORMED"}), client.take());
	client.rules.received("nothing", false, client.now);
	EXPECT_EQ(1002, client.rules.output().closeCode);
}
