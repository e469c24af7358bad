//
// JSONMessage.cpp
//
// Library: PocoMessaging
// Package: Wire
// Module:  JSONMessage
//
// Messages as JSON.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "wire/UTF8.h"
#include "Poco/Messaging/Message.h"
#include "Poco/Base64Decoder.h"
#include "Poco/Base64Encoder.h"
#include "Poco/Exception.h"
#include "Poco/JSON/Array.h"
#include "Poco/JSON/Object.h"
#include "Poco/JSON/Parser.h"
#include "Poco/JSONString.h"
#include "Poco/NumberParser.h"
#include <algorithm>
#include <iterator>
#include <sstream>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Poco::UInt64 MAX_EXACT = Poco::UInt64(1) << 53; // what a double has exactly

	struct Name
	{
		Poco::UInt16 opcode;
		const char* name;
	};

	const Name OPCODES[] =
	{
		{Opcode::CONNECT, "connect"}, {Opcode::CONNECTED, "connected"}, {Opcode::PING, "ping"}, {Opcode::PONG, "pong"}, {Opcode::ERROR_ANSWER, "error"},
		{Opcode::REFRESH, "refresh"}, {Opcode::DISCONNECT, "disconnect"}, {Opcode::WHO_AM_I, "whoAmI"}, {Opcode::WARNING, "warning"},
		{Opcode::SUBSCRIBE, "subscribe"}, {Opcode::SUBSCRIBED, "subscribed"}, {Opcode::UNSUBSCRIBE, "unsubscribe"}, {Opcode::UNSUBSCRIBED, "unsubscribed"},
		{Opcode::PUBLISH, "publish"}, {Opcode::PUBLISHED, "published"}, {Opcode::PUBLICATION, "publication"}, {Opcode::SEND, "send"},
		{Opcode::BROADCAST, "broadcast"}, {Opcode::ACK, "ack"}, {Opcode::HISTORY, "history"}, {Opcode::HISTORY_RESULT, "historyResult"},
		{Opcode::PRESENCE, "presence"}, {Opcode::PRESENCE_RESULT, "presenceResult"}, {Opcode::PRESENCE_STATS, "presenceStats"}, {Opcode::JOIN, "join"},
		{Opcode::LEAVE, "leave"}, {Opcode::DROPPED, "dropped"}, {Opcode::SET_QUOTA, "setQuota"}, {Opcode::GET_QUOTA, "getQuota"},
		{Opcode::NODE_METRICS, "nodeMetrics"}
	};

	//
	// Writing
	//
	class Writer
	{
	public:
		explicit Writer(std::string& bytes):
			_bytes(bytes)
		{
		}

		void add(const Message& message)
		{
			_bytes += "{\"opcode\":";
			const auto* const pName = std::find_if(std::begin(OPCODES), std::end(OPCODES), [&](const Name& name) { return name.opcode == message.opcode; });
			if (pName != std::end(OPCODES)) addText(pName->name);
			else _bytes += std::to_string(message.opcode);
			number("id", message.id);
			text("transaction", message.transaction);
			text("channel", message.channel);
			text("session", message.session);
			text("sender", message.sender);
			text("user", message.user);
			number("epoch", message.epoch);
			number("offset", message.offset);
			number("flags", message.flags);
			number("code", message.code);
			text("text", message.text);
			text("token", message.token);
			if (isUTF8(message.payload)) text("payload", message.payload);
			else text("payload64", base64(message.payload));
			number("limit", message.limit);
			if (message.timestamp) key("timestamp"), _bytes += std::to_string(message.timestamp);
			number("count", message.count);
			text("traceparent", message.trace.traceparent());
			if (!message.items.empty())
			{
				key("items");
				char separator = '[';
				for (const Message& item: message.items)
				{
					_bytes += separator;
					add(item);
					separator = ',';
				}
				_bytes += ']';
			}
			_bytes += '}';
		}

	private:
		void key(const char* name)
		{
			_bytes += ",\"";
			_bytes += name;
			_bytes += "\":";
		}

		void number(const char* name, Poco::UInt64 value)
		{
			if (value == 0) return;
			key(name);
			const char* const quote = value > MAX_EXACT ? "\"" : "";
			_bytes += quote + std::to_string(value) + quote;
		}

		void text(const char* name, std::string_view value)
		{
			if (value.empty()) return;
			if (!isUTF8(value)) throw Poco::InvalidArgumentException("Not UTF-8", name);
			key(name);
			addText(value);
		}

		void addText(std::string_view value)
		{
			_bytes += Poco::toJSON(std::string(value));
		}

		static std::string base64(std::string_view bytes)
		{
			std::ostringstream stream;
			Poco::Base64Encoder encoder(stream);
			encoder.rdbuf()->setLineLength(0);
			encoder.write(bytes.data(), static_cast<std::streamsize>(bytes.size()));
			encoder.close();
			return stream.str();
		}

		std::string& _bytes;
	};

	//
	// Reading
	//
	class Reader
		/// Throws a Poco::Exception for a field of a wrong type.
	{
	public:
		explicit Reader(std::deque<std::string>& kept):
			_kept(kept)
		{
		}

		void read(const Poco::JSON::Object& object, Message& message)
		{
			message = Message();
			for (const auto& item: object)
			{
				if (!item.second.isEmpty()) read(item.first, item.second, message); // null is absent
			}
		}

	private:
		void read(const std::string& name, const Poco::Dynamic::Var& value, Message& message)
		{
			if (name == "opcode") message.opcode = opcode(value);
			else if (name == "id") message.id = number<Poco::UInt32>(value);
			else if (name == "transaction") message.transaction = text(value);
			else if (name == "channel") message.channel = text(value);
			else if (name == "session") message.session = text(value);
			else if (name == "sender") message.sender = text(value);
			else if (name == "user") message.user = text(value);
			else if (name == "epoch") message.epoch = number<Poco::UInt64>(value);
			else if (name == "offset") message.offset = number<Poco::UInt64>(value);
			else if (name == "flags") message.flags = number<Poco::UInt32>(value);
			else if (name == "code") message.code = number<Poco::UInt32>(value);
			else if (name == "text") message.text = text(value);
			else if (name == "token") message.token = text(value);
			else if (name == "payload") message.payload = text(value);
			else if (name == "payload64") message.payload = base64(value);
			else if (name == "limit") message.limit = number<Poco::UInt32>(value);
			else if (name == "timestamp") message.timestamp = number<Poco::Int64>(value);
			else if (name == "count") message.count = number<Poco::UInt64>(value);
			else if (name == "traceparent") message.trace = TraceContext::parse(text(value));
			else if (name == "items") items(*value.extract<Poco::JSON::Array::Ptr>(), message);
			// others are of later versions
		}

		void items(const Poco::JSON::Array& array, Message& message)
		{
			message.items.resize(array.size());
			for (std::size_t i = 0; i < array.size(); ++i)
			{
				const auto pItem = array.getObject(static_cast<unsigned>(i));
				if (!pItem) throw Poco::SyntaxException("An item is no object");
				read(*pItem, message.items[i]);
			}
		}

		std::string_view text(const Poco::Dynamic::Var& value)
		{
			_kept.push_back(value.extract<std::string>());
			return _kept.back();
		}

		std::string_view base64(const Poco::Dynamic::Var& value)
		{
			const std::string& text = value.extract<std::string>();
			std::istringstream stream(text);
			Poco::Base64Decoder decoder(stream);
			std::string bytes(text.size()/4*3 + 3, '\0');
			decoder.read(&bytes[0], static_cast<std::streamsize>(bytes.size())); // what the decoder throws is a bad stream
			if (decoder.bad()) throw Poco::SyntaxException("Not base64");
			bytes.resize(static_cast<std::size_t>(decoder.gcount()));
			_kept.push_back(std::move(bytes));
			return _kept.back();
		}

		template <typename Integer>
		static Integer number(const Poco::Dynamic::Var& value)
			/// Throws if it does not fit.
		{
			if (value.isString())
			{
				Poco::UInt64 result = 0;
				if (!Poco::NumberParser::tryParseUnsigned64(value.extract<std::string>(), result)) throw Poco::SyntaxException("No number");
				return Poco::Dynamic::Var(result).convert<Integer>();
			}
			if (!value.isInteger() || value.isBoolean()) throw Poco::SyntaxException("No whole number");
			return value.convert<Integer>();
		}

		static Poco::UInt16 opcode(const Poco::Dynamic::Var& value)
		{
			if (!value.isString()) return number<Poco::UInt16>(value);
			const std::string& text = value.extract<std::string>();
			const auto* const pName = std::find_if(std::begin(OPCODES), std::end(OPCODES), [&](const Name& name) { return name.name == text; });
			return pName == std::end(OPCODES) ? Poco::UInt16(0) : pName->opcode;
		}

		std::deque<std::string>& _kept;
	};

	class JSONFormat final: public MessageFormat
	{
	public:
		const char* subprotocol() const override
		{
			return "poco.messaging.json.v1";
		}

		bool text() const override
		{
			return true;
		}

		bool parse(std::string_view bytes, Message& message, std::deque<std::string>& kept) const override
		{
			try
			{
				Poco::JSON::Parser parser;
				parser.setDepth(2*MAX_DEPTH); // an array and an object each
				const auto pObject = parser.parse(std::string(bytes)).extract<Poco::JSON::Object::Ptr>();
				if (!pObject) return false;
				Reader(kept).read(*pObject, message);
				return true;
			}
			catch (Poco::Exception&)
			{
				return false;
			}
		}

		void write(const Message& message, std::string& bytes) const override
		{
			bytes.clear();
			Writer(bytes).add(message);
		}
	};
}


const MessageFormat& MessageFormat::json()
{
	static const JSONFormat format;
	return format;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
