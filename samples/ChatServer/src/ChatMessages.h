//
// ChatMessages.h
//
// The messages of the chat, in JSON.
//
//     from the page   {"type": "join", "room": "lobby", "name": "Ann"}
//                     {"type": "say", "text": "Hello"}
//                     {"type": "leave"}
//     to the page     {"type": "joined", "room": "lobby", "name": "Ann", "number": 7, "people": ["Ann", "Bob"], "lines": [...]}
//                     {"type": "people", "room": "lobby", "number": 8, "people": ["Ann"]}
//                     {"type": "said", "room": "lobby", "line": {"number": 9, "name": "Ann", "text": "Hello", "time": 1700000000000}}
//                     {"type": "refused", "text": "This room is full."}
//                     {"type": "status", ...}, see Status
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ChatMessages_INCLUDED
#define ChatMessages_INCLUDED


#include "ChatRooms.h"
#include "Poco/Net/WebSocketConnection.h"
#include <map>
#include <string>


struct ChatRequest
	/// What a page wants.
{
	enum Type
	{
		JOIN,
		SAY,
		LEAVE
	};

	Type type;
	std::string room; // JOIN
	std::string name;
	std::string text; // SAY

	static ChatRequest parse(const std::string& message);
		/// Throws a Poco::Exception if that is none, and a Refused exception if
		/// a text in it is empty or too long.
};


struct Status
	/// How busy the server is; what is counted each second.
{
	int connections = 0;
	double messagesIn = 0;
	double messagesOut = 0;
	double bytesIn = 0; // as on the wire, so compression shows
	double bytesOut = 0;
	std::map<std::string, std::size_t> rooms; // people in each
};


typedef Poco::Net::WebSocketPreparedMessage::Ptr MessagePtr;

MessagePtr joinedMessage(const RoomView& view, const std::string& name);
MessagePtr peopleMessage(const RoomView& view);
MessagePtr saidMessage(const RoomView& view);
MessagePtr refusedMessage(const std::string& text);
MessagePtr statusMessage(const Status& status);
	/// Returns a message that is ready to be sent to any number of connections.


#endif // ChatMessages_INCLUDED
