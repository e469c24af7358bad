//
// ChatMessages.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ChatMessages.h"
#include "Poco/JSON/Array.h"
#include "Poco/JSON/Object.h"
#include "Poco/JSON/Parser.h"
#include "Poco/Exception.h"
#include "Poco/String.h"
#include <algorithm>
#include <sstream>


using Poco::JSON::Array;
using Poco::JSON::Object;
using Poco::Net::WebSocketPreparedMessage;


namespace
{
	constexpr int MAX_NAME = 24;
	constexpr int MAX_TEXT = 1000;
	constexpr int MAX_DEPTH = 4; // of JSON

	std::string checked(const std::string& what, const std::string& value, int max)
		/// Returns the text without the spaces around it.
	{
		const std::string text = Poco::trim(value);
		if (text.empty()) throw Refused(what + " is missing.");
		// A character of UTF-8 has one byte that is not 10xxxxxx.
		const auto length = std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xc0) != 0x80; });
		if (length > max) throw Refused(what + " is longer than " + std::to_string(max) + " characters.");
		return text;
	}


	std::string checkedName(const std::string& what, const std::string& value)
	{
		const std::string name = checked(what, value, MAX_NAME);
		if (std::any_of(name.begin(), name.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }))
			throw Refused(what + " contains control characters.");
		return name;
	}


	Object typed(const std::string& type)
	{
		Object object;
		object.set("type", type);
		return object;
	}


	Object toJSON(const ChatLine& line)
	{
		Object object;
		object.set("number", line.number);
		object.set("name", line.name);
		object.set("text", line.text);
		object.set("time", line.time.epochMicroseconds()/1000);
		return object;
	}


	Array toJSON(const std::vector<std::string>& texts)
	{
		Array array;
		for (const auto& text: texts) array.add(text);
		return array;
	}


	MessagePtr prepare(const Object& object)
	{
		std::ostringstream stream;
		object.stringify(stream);
		return WebSocketPreparedMessage::text(stream.str());
	}
}


ChatRequest ChatRequest::parse(const std::string& message)
{
	Poco::JSON::Parser parser;
	parser.setDepth(MAX_DEPTH);
	const Object::Ptr pObject = parser.parse(message).extract<Object::Ptr>();
	const auto text = [&](const char* pKey) { return pObject->getValue<std::string>(pKey); };

	const std::string type = text("type");
	if (type == "join")  return {JOIN, checkedName("The room", text("room")), checkedName("The name", text("name")), ""};
	if (type == "say")   return {SAY, "", "", checked("The message", text("text"), MAX_TEXT)};
	if (type == "leave") return {LEAVE, "", "", ""};
	throw Poco::DataException("Unknown type of message", type);
}


MessagePtr joinedMessage(const RoomView& view, const std::string& name)
{
	Array lines;
	for (const auto& line: view.lines) lines.add(toJSON(line));
	Object object = typed("joined");
	object.set("room", view.room);
	object.set("name", name);
	object.set("number", view.number);
	object.set("people", toJSON(view.people));
	object.set("lines", lines);
	return prepare(object);
}


MessagePtr peopleMessage(const RoomView& view)
{
	Object object = typed("people");
	object.set("room", view.room);
	object.set("number", view.number);
	object.set("people", toJSON(view.people));
	return prepare(object);
}


MessagePtr saidMessage(const RoomView& view)
{
	Object object = typed("said");
	object.set("room", view.room);
	object.set("line", toJSON(view.lines.back()));
	return prepare(object);
}


MessagePtr refusedMessage(const std::string& text)
{
	Object object = typed("refused");
	object.set("text", text);
	return prepare(object);
}


MessagePtr statusMessage(const Status& status)
{
	Array rooms;
	for (const auto& [name, people]: status.rooms)
	{
		Object room;
		room.set("name", name);
		room.set("people", people);
		rooms.add(room);
	}
	Object object = typed("status");
	object.set("connections", status.connections);
	object.set("messagesIn", status.messagesIn);
	object.set("messagesOut", status.messagesOut);
	object.set("bytesIn", status.bytesIn);
	object.set("bytesOut", status.bytesOut);
	object.set("rooms", rooms);
	return prepare(object);
}
