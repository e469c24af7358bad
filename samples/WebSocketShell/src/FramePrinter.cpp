//
// FramePrinter.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "FramePrinter.h"
#include "Poco/Net/WebSocket.h"
#include "Poco/DateTimeFormatter.h"
#include "Poco/LocalDateTime.h"
#include "Poco/NumberFormatter.h"
#include <algorithm>
#include <iostream>


using Poco::NumberFormatter;
using Poco::Net::WebSocket;


namespace
{
	const std::size_t BYTES_SHOWN = 32;


	const char* nameOf(int opcode)
	{
		switch (opcode)
		{
		case WebSocket::FRAME_OP_TEXT:   return "TEXT";
		case WebSocket::FRAME_OP_BINARY: return "BINARY";
		case WebSocket::FRAME_OP_CLOSE:  return "CLOSE";
		case WebSocket::FRAME_OP_PING:   return "PING";
		default:                         return "PONG";
		}
	}


	std::string hexDump(const std::string& bytes)
	{
		std::string result;
		for (std::size_t i = 0; i < std::min(bytes.size(), BYTES_SHOWN); ++i)
		{
			if (i > 0) result += ' ';
			NumberFormatter::appendHex(result, static_cast<unsigned char>(bytes[i]), 2);
		}
		if (bytes.size() > BYTES_SHOWN) result += " ...";
		return result;
	}


	std::string printable(const std::string& text)
		/// Replaces control characters (U+0000 to U+001F, U+007F to U+009F) by what can
		/// be seen; everything else stays.
	{
		std::string result;
		for (std::size_t i = 0; i < text.size(); ++i)
		{
			const unsigned char c = static_cast<unsigned char>(text[i]);
			const unsigned char next = i + 1 < text.size() ? static_cast<unsigned char>(text[i + 1]) : 0;
			if (c == '\n')
				result += "\\n";
			else if (c < 0x20 || c == 0x7f)
				result += "\\x" + NumberFormatter::formatHex(c, 2);
			else if (c == 0xc2 && next >= 0x80 && next < 0xa0)
				result += "\\x" + NumberFormatter::formatHex(static_cast<unsigned char>(text[++i]), 2);
			else
				result += text[i];
		}
		return result;
	}


	bool isPlain(const std::string& bytes)
	{
		return std::all_of(bytes.begin(), bytes.end(), [](char c) { return c >= 0x20 && c < 0x7f; });
	}
}


FramePrinter::FramePrinter(bool payloadsOnly):
	_payloadsOnly(payloadsOnly)
{
}


void FramePrinter::print(Direction direction, int opcode, const std::string& payload, int frames)
{
	if (_payloadsOnly)
	{
		if (direction == SENT || opcode >= WebSocket::FRAME_OP_CLOSE) return;
		std::cout << payload;
		if (opcode == WebSocket::FRAME_OP_TEXT) std::cout << '\n';
	}
	else
	{
		std::cout << Poco::DateTimeFormatter::format(Poco::LocalDateTime(), "%H:%M:%S.%i")
			<< (direction == SENT ? " > " : " < ") << nameOf(opcode) << ' ' << payload.size();
		if (frames > 1) std::cout << " (" << frames << " frames)";
		const std::string text = describe(opcode, payload);
		if (!text.empty()) std::cout << ' ' << text;
		std::cout << '\n';
	}
	std::cout.flush();
}


std::string FramePrinter::describe(int opcode, const std::string& payload)
{
	switch (opcode)
	{
	case WebSocket::FRAME_OP_TEXT:
		return printable(payload);
	case WebSocket::FRAME_OP_BINARY:
		return hexDump(payload);
	case WebSocket::FRAME_OP_CLOSE:
		if (payload.size() < 2) return "no code";
		return NumberFormatter::format(static_cast<unsigned char>(payload[0]) << 8 | static_cast<unsigned char>(payload[1]))
			+ (payload.size() > 2 ? " " + printable(payload.substr(2)) : std::string());
	default:
		return isPlain(payload) ? payload : hexDump(payload);
	}
}


bool FramePrinter::failed() const
{
	return std::cout.fail();
}
