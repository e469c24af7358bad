//
// NATSJetStream.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSJetStream
//
// What nodes and JetStream write to each other.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSJetStream.h"
#include "Poco/JSON/Array.h"
#include "Poco/JSON/Parser.h"
#include "Poco/Exception.h"
#include <algorithm>
#include <charconv>
#include <random>
#include <sstream>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr Poco::Int64 NANOSECONDS = 1000000; // in a millisecond
	constexpr Time LONGEST = Time(10)*365*24*3600*1000;
	constexpr std::size_t EPOCH_DIGITS = 14;
	constexpr std::size_t NAME_PART = 100; // a name has 255 bytes at most
	constexpr Poco::UInt64 MAX_EPOCH = (Poco::UInt64(1) << 53) - 1; // some clients have no larger integers
	const std::string API = "$JS.API.";
	const std::string DESCRIPTION = "Poco::Messaging, a channel's history; ms that it is kept if nobody uses it: ";

	using Object = Poco::JSON::Object;
	using Array = Poco::JSON::Array;

	std::string text(const Object& object)
	{
		std::ostringstream stream;
		object.stringify(stream);
		return stream.str();
	}

	Poco::UInt64 number(const Object& object, const std::string& name)
		/// Returns 0 if it is none, or negative.
	{
		const auto value = object.get(name);
		if (!value.isInteger() || (value.isSigned() && value.convert<Poco::Int64>() < 0)) return 0;
		return value.convert<Poco::UInt64>();
	}

	std::string string(const Object& object, const std::string& name)
	{
		const auto value = object.get(name);
		return value.isString() ? value.extract<std::string>() : std::string();
	}

	Time idleOf(const std::string& description)
	{
		Time idle = 0;
		if (description.compare(0, DESCRIPTION.size(), DESCRIPTION) == 0) std::from_chars(description.data() + DESCRIPTION.size(), description.data() + description.size(), idle);
		return idle;
	}

	NATSStream streamOf(const Object& object)
	{
		NATSStream stream;
		stream.pConfig = object.getObject("config");
		if (stream.pConfig)
		{
			const Object& config = *stream.pConfig;
			stream.name = string(config, "name");
			const Array::Ptr pSubjects = config.getArray("subjects");
			if (pSubjects && pSubjects->size() == 1 && pSubjects->get(0).isString()) stream.subject = pSubjects->get(0).extract<std::string>();
			const Object::Ptr pRepublish = config.getObject("republish");
			if (pRepublish) stream.live = string(*pRepublish, "dest");
			const auto direct = config.get("allow_direct");
			stream.direct = direct.isBoolean() && direct.extract<bool>();
			stream.size = number(config, "max_msgs");
			stream.age = static_cast<Time>(number(config, "max_age"))/NANOSECONDS;
			stream.idle = idleOf(string(config, "description"));
		}
		const Object::Ptr pState = object.getObject("state");
		if (pState)
		{
			stream.first = number(*pState, "first_seq");
			stream.last = number(*pState, "last_seq");
			stream.messages = number(*pState, "messages");
			stream.bytes = number(*pState, "bytes");
		}
		return stream;
	}

	void read(const Object& object, NATSReply& reply)
	{
		const Object::Ptr pError = object.getObject("error");
		if (pError)
		{
			reply.error = static_cast<int>(number(*pError, "err_code"));
			if (reply.error == NATSReply::NONE) reply.error = NATSReply::OTHER;
			reply.reason = string(*pError, "description");
		}
		reply.stream = string(object, "stream");
		reply.sequence = number(object, "seq");
		const auto duplicate = object.get("duplicate");
		reply.duplicate = duplicate.isBoolean() && duplicate.extract<bool>();
		reply.total = static_cast<std::size_t>(number(object, "total"));
		if (object.has("config")) reply.streams.push_back(streamOf(object));
		const Array::Ptr pStreams = object.getArray("streams");
		for (std::size_t i = 0; pStreams && i < pStreams->size(); ++i)
		{
			const auto value = pStreams->get(static_cast<unsigned>(i));
			const Object::Ptr pStream = pStreams->getObject(static_cast<unsigned>(i));
			if (value.isString()) reply.names.push_back(value.extract<std::string>());
			else if (pStream) reply.streams.push_back(streamOf(*pStream));
		}
	}

	void setLimits(Object& config, const NATSStream& stream)
		/// A transaction is known as long as the stream may remember it, which is not longer than it keeps a message.
	{
		config.set("max_msgs", stream.size);
		config.set("max_age", std::min(std::max(stream.age, TRANSACTION_TIME), LONGEST)*NANOSECONDS);
		config.set("description", DESCRIPTION + std::to_string(std::min(stream.idle, LONGEST)));
	}

	std::string part(std::string name)
		/// Makes a part of a stream's name.
	{
		std::replace(name.begin(), name.end(), '.', '_');
		return name.substr(0, NAME_PART);
	}
}


NATSReply NATSReply::parse(NATSMessage message)
{
	NATSReply reply;
	const std::string_view status = message.header("Status");
	if (!message.header("Nats-Sequence").empty()) reply.pMessage = std::make_unique<NATSMessage>(std::move(message));
	else if (status == "503") reply.error = NOBODY;
	else if (status.empty()) reply = parse(message.data());
	return reply; // another status: there is no such message
}


NATSReply NATSReply::parse(std::string_view text)
{
	NATSReply reply;
	try
	{
		Poco::JSON::Parser parser;
		const auto value = parser.parse(std::string(text));
		if (value.type() != typeid(Object::Ptr)) throw Poco::DataFormatException();
		read(*value.extract<Object::Ptr>(), reply);
	}
	catch (const Poco::Exception&)
	{
		reply = NATSReply();
		reply.error = OTHER;
	}
	return reply;
}


NATSRequest NATSRequest::names(const std::string& subject)
{
	Object object;
	object.set("subject", subject);
	return {API + "STREAM.NAMES", text(object)};
}


NATSRequest NATSRequest::list(const std::string& subjects, std::size_t offset)
{
	Object object;
	object.set("subject", subjects);
	object.set("offset", static_cast<Poco::UInt64>(offset));
	return {API + "STREAM.LIST", text(object)};
}


NATSRequest NATSRequest::info(const std::string& stream)
{
	return {API + "STREAM.INFO." + stream, ""};
}


NATSRequest NATSRequest::create(const NATSStream& stream, bool inMemory, int replicas)
{
	Object config;
	config.set("name", stream.name);
	Array subjects;
	subjects.add(stream.subject);
	config.set("subjects", subjects);
	config.set("retention", "limits");
	config.set("discard", "old");
	config.set("storage", inMemory ? "memory" : "file");
	config.set("num_replicas", replicas);
	for (const char* const unlimited: {"max_bytes", "max_consumers", "max_msg_size", "max_msgs_per_subject"}) config.set(unlimited, -1);
	config.set("duplicate_window", TRANSACTION_TIME*NANOSECONDS);
	config.set("allow_direct", true);
	Object republish;
	republish.set("src", stream.subject);
	republish.set("dest", stream.live);
	config.set("republish", republish);
	setLimits(config, stream);
	return {API + "STREAM.CREATE." + stream.name, text(config)};
}


NATSRequest NATSRequest::grow(const NATSStream& stream)
{
	Object config(*stream.pConfig);
	setLimits(config, stream);
	return {API + "STREAM.UPDATE." + stream.name, text(config)};
}


NATSRequest NATSRequest::remove(const std::string& stream)
{
	return {API + "STREAM.DELETE." + stream, ""};
}


NATSRequest NATSRequest::message(const std::string& stream, Poco::UInt64 sequence)
{
	return {API + "DIRECT.GET." + stream, "{\"seq\":" + std::to_string(sequence) + '}'};
}


std::string streamName(const std::string& prefix, const std::string& token, Poco::UInt64 epoch)
{
	char digits[EPOCH_DIGITS + 1];
	for (std::size_t i = EPOCH_DIGITS; i > 0; epoch >>= 4) digits[--i] = "0123456789abcdef"[epoch & 15];
	return part(prefix) + '-' + part(token) + '-' + std::string(digits, EPOCH_DIGITS);
}


Poco::UInt64 epochOf(std::string_view streamName)
{
	if (streamName.size() <= EPOCH_DIGITS || streamName[streamName.size() - EPOCH_DIGITS - 1] != '-') return 0;
	const char* const pEnd = streamName.data() + streamName.size();
	Poco::UInt64 epoch = 0;
	const auto result = std::from_chars(pEnd - EPOCH_DIGITS, pEnd, epoch, 16);
	return result.ec == std::errc() && result.ptr == pEnd ? epoch : 0;
}


Poco::UInt64 newEpoch()
{
	std::random_device device;
	const Poco::UInt64 high = device();
	return (high << 32 | device()) % MAX_EPOCH + 1;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
