//
// FlatMessage.cpp
//
// Library: PocoMessaging
// Package: Wire
// Module:  FlatMessage
//
// Messages as FlatBuffers.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "wire/UTF8.h"
#include "Poco/Messaging/Message.h"
#include "Message_generated.h"
#include <algorithm>
#include <cstdint>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr std::size_t ALIGNMENT = 8; // of a buffer: that of its largest fields
	constexpr std::size_t MIN_ITEM = 8; // bytes of an item: its reference, and its table without fields

	bool readText(const flatbuffers::String* pText, std::string_view& text)
		/// Returns false if it is not UTF-8, as texts of FlatBuffers are: clients of the JSON format could not be told it.
	{
		text = pText ? std::string_view(pText->c_str(), pText->size()) : std::string_view();
		return isUTF8(text);
	}

	bool read(const Wire::Message& from, Message& message)
		/// Returns false if a text is not UTF-8.
	{
		bool valid = true;
		message.opcode = from.opcode();
		message.id = from.id();
		valid &= readText(from.transaction(), message.transaction);
		valid &= readText(from.channel(), message.channel);
		valid &= readText(from.session(), message.session);
		valid &= readText(from.sender(), message.sender);
		valid &= readText(from.user(), message.user);
		message.epoch = from.epoch();
		message.offset = from.offset();
		message.flags = from.flags();
		message.code = from.code();
		valid &= readText(from.text(), message.text);
		valid &= readText(from.token(), message.token);
		const auto* const pPayload = from.payload();
		message.payload = pPayload ? std::string_view(reinterpret_cast<const char*>(pPayload->data()), pPayload->size()) : std::string_view();
		message.limit = from.limit();
		message.timestamp = from.timestamp();
		message.count = from.count();
		message.trace = TraceContext();
		if (const auto* const pTrace = from.trace())
		{
			message.trace.traceHigh = pTrace->trace_high();
			message.trace.traceLow = pTrace->trace_low();
			message.trace.span = pTrace->span();
			message.trace.parent = pTrace->parent();
		}
		message.items.clear();
		if (const auto* const pItems = from.items())
		{
			message.items.resize(pItems->size());
			for (flatbuffers::uoffset_t i = 0; i < pItems->size(); ++i) valid &= read(*pItems->Get(i), message.items[i]);
		}
		return valid;
	}

	class Builder
		/// A thread's, so that its memory is used again.
	{
	public:
		void write(const Message& message, std::string& bytes)
		{
			_builder.Clear();
			try
			{
				_builder.Finish(add(message), Wire::MessageIdentifier());
				bytes.assign(reinterpret_cast<const char*>(_builder.GetBufferPointer()), _builder.GetSize());
			}
			catch (...) // there is no memory
			{
				_builder.Reset();
				throw;
			}
			if (_builder.GetSize() > MAX_KEPT) _builder.Reset();
		}

	private:
		enum
		{
			MAX_KEPT = 65536
		};

		typedef flatbuffers::Offset<flatbuffers::String> Text;

		Text text(std::string_view from)
		{
			return from.empty() ? Text() : _builder.CreateString(from.data(), from.size());
		}

		flatbuffers::Offset<Wire::Message> add(const Message& message)
		{
			flatbuffers::Offset<flatbuffers::Vector<flatbuffers::Offset<Wire::Message>>> items;
			if (!message.items.empty())
			{
				std::vector<flatbuffers::Offset<Wire::Message>> offsets;
				offsets.reserve(message.items.size());
				for (const Message& item: message.items) offsets.push_back(add(item));
				items = _builder.CreateVector(offsets);
			}
			flatbuffers::Offset<flatbuffers::Vector<uint8_t>> payload;
			if (!message.payload.empty()) payload = _builder.CreateVector(reinterpret_cast<const uint8_t*>(message.payload.data()), message.payload.size());
			const Text transaction = text(message.transaction);
			const Text channel = text(message.channel);
			const Text session = text(message.session);
			const Text sender = text(message.sender);
			const Text user = text(message.user);
			const Text note = text(message.text);
			const Text token = text(message.token);
			Wire::MessageBuilder builder(_builder);
			builder.add_count(message.count);
			if (message.trace.valid())
			{
				const Wire::Trace trace(message.trace.traceHigh, message.trace.traceLow, message.trace.span, message.trace.parent);
				builder.add_trace(&trace);
			}
			builder.add_timestamp(message.timestamp);
			builder.add_offset(message.offset);
			builder.add_epoch(message.epoch);
			builder.add_limit(message.limit);
			builder.add_code(message.code);
			builder.add_flags(message.flags);
			builder.add_id(message.id);
			if (!items.IsNull()) builder.add_items(items);
			if (!payload.IsNull()) builder.add_payload(payload);
			if (!token.IsNull()) builder.add_token(token);
			if (!note.IsNull()) builder.add_text(note);
			if (!user.IsNull()) builder.add_user(user);
			if (!sender.IsNull()) builder.add_sender(sender);
			if (!session.IsNull()) builder.add_session(session);
			if (!channel.IsNull()) builder.add_channel(channel);
			if (!transaction.IsNull()) builder.add_transaction(transaction);
			builder.add_opcode(message.opcode);
			return builder.Finish();
		}

		flatbuffers::FlatBufferBuilder _builder;
	};

	class BinaryFormat final: public MessageFormat
	{
	public:
		const char* subprotocol() const override
		{
			return "poco.messaging.v1";
		}

		bool text() const override
		{
			return false;
		}

		bool parse(std::string_view received, Message& message, std::deque<std::string>& kept) const override
		{
			std::string_view bytes = received;
			if (reinterpret_cast<std::uintptr_t>(bytes.data()) % ALIGNMENT != 0)
			{
				kept.emplace_back(bytes); // what has been received begins anywhere
				bytes = kept.back();
			}
			const auto* const pBytes = reinterpret_cast<const uint8_t*>(bytes.data());
			const std::size_t tables = std::min<std::size_t>(MAX_ITEMS, bytes.size()/MIN_ITEM) + 1; // a table may be referred to several times, and counts as often
			flatbuffers::Verifier verifier(pBytes, bytes.size(), MAX_DEPTH, static_cast<flatbuffers::uoffset_t>(tables));
			if (!Wire::VerifyMessageBuffer(verifier)) return false;
			return read(*Wire::GetMessage(pBytes), message);
		}

		void write(const Message& message, std::string& bytes) const override
		{
			static thread_local Builder builder;
			builder.write(message, bytes);
		}
	};
}


const MessageFormat& MessageFormat::binary()
{
	static const BinaryFormat format;
	return format;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
