//
// MessageFormatFuzz.cpp
//
// What clients of a MessageService send: the first byte is the format, the others are a message. What is read is written, and read again: that
// is the same, and what has been read is within the bytes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/Message.h"
#include "Poco/Exception.h"
#include <cstdint>
#include <cstdlib>
#include <deque>


using Poco::Messaging::Message;
using Poco::Messaging::MessageFormat;


namespace
{
	std::size_t sizeOf(const Message& message, int depth)
		/// Reads everything.
	{
		if (depth > MessageFormat::MAX_DEPTH) std::abort();
		std::size_t size = 0;
		for (const std::string_view text: {message.transaction, message.channel, message.session, message.sender, message.user, message.text, message.token, message.payload})
		{
			size += text.size();
			for (const char c: text) size += c == '\0' ? 0 : 0; // is readable
		}
		for (const Message& item: message.items) size += sizeOf(item, depth + 1);
		return size;
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	if (size < 1) return 0;
	const MessageFormat& format = pData[0] % 2 == 0 ? MessageFormat::binary() : MessageFormat::json();
	const std::string_view bytes(reinterpret_cast<const char*>(pData + 1), size - 1);
	Message message;
	std::deque<std::string> kept;
	if (!format.parse(bytes, message, kept)) return 0;
	const std::size_t read = sizeOf(message, 1);
	std::string written;
	try
	{
		format.write(message, written);
	}
	catch (const Poco::InvalidArgumentException&)
	{
		return 0; // a text that is not UTF-8, which JSON cannot have
	}
	Message again;
	std::deque<std::string> keptAgain;
	if (!format.parse(written, again, keptAgain) || sizeOf(again, 1) != read || again.opcode != message.opcode || again.items.size() != message.items.size() || again.offset != message.offset || again.payload != message.payload)
		std::abort();
	return 0;
}
