//
// ChatHandler.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ChatHandler.h"
#include "Poco/Exception.h"
#include <memory>


using Poco::Net::HTTPServerRequest;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;


namespace
{
	void sendToAll(const RoomView& view, const MessagePtr& pMessage)
		/// The message was made once, for everybody. What send() returns does not matter: somebody who has
		/// gone is about to leave, and somebody who does not read is sent away by the queue's policy.
	{
		for (WebSocketConnection::Ptr pConnection: view.connections) pConnection->send(pMessage);
	}
}


ChatHandler::ChatHandler(ChatRooms& rooms):
	_rooms(rooms)
{
}


void ChatHandler::onOpen(WebSocketConnection& connection, HTTPServerRequest&)
{
	connection.setUserData(std::make_shared<Seat>());
}


void ChatHandler::onMessage(WebSocketConnection& connection, std::string_view data, WebSocketFrame::Opcode)
{
	try
	{
		perform(connection, ChatRequest::parse(std::string(data)));
	}
	catch (const Refused& refused)
	{
		connection.send(refusedMessage(refused.what()));
	}
	catch (const Poco::Exception&)
	{
		connection.close(WebSocketFrame::POLICY_VIOLATION, "Not a message of this chat"); // not from our page
	}
}


void ChatHandler::onClose(WebSocketConnection& connection, int, const std::string&)
{
	leave(connection);
}


ChatHandler::Seat& ChatHandler::seat(WebSocketConnection& connection)
{
	return *std::static_pointer_cast<Seat>(connection.userData());
}


void ChatHandler::perform(WebSocketConnection& connection, const ChatRequest& request)
{
	const Seat& where = seat(connection);
	switch (request.type)
	{
	case ChatRequest::JOIN:
		leave(connection);
		join(connection, request);
		break;
	case ChatRequest::SAY:
		{
			if (where.room.empty()) throw Refused("Enter a room first.");
			const RoomView view = _rooms.say(where.room, where.name, request.text);
			sendToAll(view, saidMessage(view));
		}
		break;
	case ChatRequest::LEAVE:
		leave(connection);
	}
}


void ChatHandler::join(WebSocketConnection& connection, const ChatRequest& request)
{
	const RoomView view = _rooms.join(request.room, request.name, WebSocketConnection::Ptr(&connection, true));
	seat(connection) = {request.room, request.name};
	connection.send(joinedMessage(view, request.name));
	sendToAll(view, peopleMessage(view));
}


void ChatHandler::leave(WebSocketConnection& connection)
{
	Seat& where = seat(connection);
	if (where.room.empty()) return;
	const RoomView view = _rooms.leave(where.room, where.name);
	where = Seat();
	sendToAll(view, peopleMessage(view));
}
