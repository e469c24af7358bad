//
// UnitInputTest.cpp
//
// What a connection receives, and when reading stops, without a socket.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Input.h"
#include <gtest/gtest.h>
#include <functional>
#include <stdexcept>
#include <string>


using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFramer;
using Poco::Net::WebSocketInput;


namespace
{
	std::string text(const std::string& payload)
		/// A server's frame.
	{
		return "\x81" + std::string(1, static_cast<char>(payload.size())) + payload;
	}

	class Receiver
		/// A client's: what it is told becomes a line.
	{
	public:
		Receiver():
			framer(WebSocketFramer::ROLE_CLIENT, true),
			input(framer)
		{
		}

		void arrive(std::string bytes)
		{
			const std::size_t used = input.process(framer, &bytes[0], bytes.size(), *this);
			if (used < bytes.size()) backlog.data.append(bytes.data() + used, bytes.size() - used);
		}

		void resume()
		{
			input.resume();
			input.processBacklog(framer, backlog, *this);
		}

		void messageReceived()
		{
			told += std::string(input.parser().data(), input.parser().length()) + " ";
			if (then) then();
		}

		void gatheredReceived() { told += "gathered "; }
		void partReceived()     { told += "part "; }
		void controlReceived()  { told += "control "; }
		void protocolFailed()   { told += "failed "; input.turnOff(); }
		void messagesReceived(int number) { messages += number; }
		void stopReading()      { ++stopped; input.stop(); }
		void goOnLater()        { input.resume(); }

		WebSocketFramer framer;
		WebSocketInput input;
		WebSocketInput::Backlog backlog;
		std::function<void()> then;
		std::string told;
		int messages = 0;
		int stopped = 0;
	};
}


TEST(EventInput, WhatArrivesIsTold)
{
	const struct
	{
		const char* name;
		std::string bytes;
		const char* told;
		int messages;
	} ROWS[] =
	{
		{"one message", text("a"), "a ", 1},
		{"three", text("a") + text("b") + text("c"), "a b c ", 3},
		{"5.4: in two fragments", std::string("\x01\x01" "a" "\x80\x01" "b", 6), "ab gathered ", 1},
		{"5.5.2: a PING between two messages", text("a") + std::string("\x89\x00", 2) + text("b"), "a control b ", 2},
		{"5.1: a masked frame from a server", text("a") + std::string("\x81\x80\x00\x00\x00\x00", 6) + text("b"), "a failed ", 1},
		{"half a frame", text("abc").substr(0, 3), "", 0}
	};
	for (const auto& row: ROWS)
	{
		Receiver whole;
		whole.arrive(row.bytes);
		EXPECT_EQ(row.told, whole.told) << row.name;
		EXPECT_EQ(row.messages, whole.messages) << row.name;
		EXPECT_EQ(0u, whole.backlog.data.size()) << row.name;

		Receiver single;
		for (const char c: row.bytes) single.arrive(std::string(1, c));
		EXPECT_EQ(row.messages, single.messages) << row.name << ", byte by byte";
	}
}


TEST(EventInput, PausedAtAMessage_RestIsTheBacklog)
{
	Receiver receiver;
	receiver.then = [&] { if (receiver.input.pause()) receiver.told += "paused "; };
	receiver.arrive(text("a") + text("b") + text("c"));
	EXPECT_EQ("a paused ", receiver.told);
	EXPECT_EQ(2*text("b").size(), receiver.backlog.data.size());
	EXPECT_TRUE(receiver.input.isPaused());
	receiver.resume();
	EXPECT_EQ("a paused b paused ", receiver.told);
	receiver.resume();
	EXPECT_EQ("a paused b paused c paused ", receiver.told);
	EXPECT_EQ(0u, receiver.backlog.data.size());
	EXPECT_EQ(3, receiver.messages);
}


TEST(EventInput, ManyFrames_RestIsForLater)
{
	for (const int number: {1, 750, 751, 2000})
	{
		Receiver receiver;
		std::string bytes;
		for (int i = 0; i < number; ++i) bytes += text("");
		receiver.arrive(bytes);
		int turns = 1;
		for (; receiver.input.state() == WebSocketInput::RESUMING; ++turns) receiver.resume();
		EXPECT_EQ(number, receiver.messages);
		EXPECT_EQ((number + 749)/750, turns);
		EXPECT_EQ(turns - 1, receiver.stopped);
		EXPECT_TRUE(receiver.input.isReading());
	}
}


TEST(EventInput, Off_NothingIsToldOrKept)
{
	Receiver receiver;
	receiver.then = [&] { receiver.input.turnOff(); };
	receiver.arrive(text("a") + text("b"));
	receiver.arrive(text("c"));
	EXPECT_EQ("a ", receiver.told);
	EXPECT_EQ(0u, receiver.backlog.data.size());
}


TEST(EventInput, ReceiverThrows_MessagesAreCounted)
{
	Receiver receiver;
	receiver.then = [&] { if (receiver.told == "a b ") throw std::runtime_error("b"); };
	EXPECT_THROW(receiver.arrive(text("a") + text("b") + text("c")), std::runtime_error);
	EXPECT_EQ(2, receiver.messages);
}


TEST(EventInput, StatesOfReading)
{
	enum Call { STOP, PAUSE, RESUME, GO_ON, TURN_OFF };
	using I = WebSocketInput;
	const struct
	{
		I::State from;
		Call call;
		bool result; // of stop() and pause()
		I::State to;
	} ROWS[] =
	{
		{I::READING,  STOP,     true,  I::PAUSED},
		{I::READING,  PAUSE,    true,  I::PAUSED},
		{I::READING,  RESUME,   false, I::READING},
		{I::READING,  GO_ON,    false, I::READING},
		{I::PAUSED,   STOP,     false, I::PAUSED},
		{I::PAUSED,   PAUSE,    false, I::PAUSED},
		{I::PAUSED,   RESUME,   false, I::RESUMING},
		{I::PAUSED,   GO_ON,    false, I::READING},
		{I::RESUMING, STOP,     false, I::RESUMING},
		{I::RESUMING, PAUSE,    false, I::PAUSED},
		{I::RESUMING, RESUME,   false, I::RESUMING},
		{I::RESUMING, GO_ON,    false, I::READING},
		{I::OFF,      STOP,     false, I::OFF},
		{I::OFF,      PAUSE,    false, I::OFF},
		{I::OFF,      RESUME,   false, I::OFF},
		{I::OFF,      GO_ON,    false, I::OFF},
		{I::READING,  TURN_OFF, false, I::OFF},
		{I::PAUSED,   TURN_OFF, false, I::OFF},
		{I::RESUMING, TURN_OFF, false, I::OFF}
	};
	for (const auto& row: ROWS)
	{
		WebSocketFramer framer(WebSocketFramer::ROLE_SERVER, true);
		WebSocketInput input(framer);
		if (row.from == I::PAUSED || row.from == I::RESUMING) input.stop();
		if (row.from == I::RESUMING) input.resume();
		if (row.from == I::OFF) input.turnOff();
		ASSERT_EQ(row.from, input.state());
		bool result = false;
		switch (row.call)
		{
		case STOP:     result = input.stop(); break;
		case PAUSE:    result = input.pause(); break;
		case RESUME:   input.resume(); break;
		case GO_ON:    input.goOn(); break;
		case TURN_OFF: input.turnOff(); break;
		}
		EXPECT_EQ(row.to, input.state()) << int(row.from) << ", " << row.call;
		EXPECT_EQ(row.result, result) << int(row.from) << ", " << row.call;
	}
}


TEST(EventInput, ReadAtOnce)
	/// What is read at once follows the frame before.
{
	const struct
	{
		const char* name;
		std::size_t payload;
		std::size_t size;
	} ROWS[] = {{"tiny", 125, 4*1024}, {"small", 126, 16*1024}, {"below large", 8*1024 - 1, 16*1024}, {"large", 8*1024, 1024*1024}};
	for (const auto& row: ROWS)
	{
		Receiver receiver;
		EXPECT_EQ(64u*1024, receiver.input.readSize(receiver.framer, 1024*1024, false)) << "first";
		EXPECT_EQ(4u*1024, receiver.input.readSize(receiver.framer, 1024*1024, true)) << "request";
		char header[14];
		const std::size_t length = WebSocketFramer(WebSocketFramer::ROLE_SERVER).buildHeader(0x82, row.payload, nullptr, header);
		receiver.arrive(std::string(header, length) + std::string(row.payload, 'x'));
		EXPECT_EQ(row.size, receiver.input.readSize(receiver.framer, 1024*1024, false)) << row.name;
	}
}
