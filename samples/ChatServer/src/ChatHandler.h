//
// ChatHandler.h
//
// Definition of the ChatHandler class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ChatHandler_INCLUDED
#define ChatHandler_INCLUDED


#include "ChatMessages.h"
#include "ChatRooms.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/WebSocketHandler.h"


class ChatHandler: public Poco::Net::WebSocketServerHandler
	/// Does what the pages ask for. Its functions are called by all threads of the server, but for
	/// one connection always by the same one.
{
public:
	explicit ChatHandler(ChatRooms& rooms);

	void onOpen(Poco::Net::WebSocketConnection& connection, Poco::Net::HTTPServerRequest& request) override;
	void onMessage(Poco::Net::WebSocketConnection& connection, std::string_view data, Poco::Net::WebSocketFrame::Opcode opcode) override;
	void onClose(Poco::Net::WebSocketConnection& connection, int code, const std::string& reason) override;

private:
	struct Seat
		/// Where the user of a connection is; the connection's user data.
	{
		std::string room; // empty if he is in none
		std::string name;
	};

	static Seat& seat(Poco::Net::WebSocketConnection& connection);

	void perform(Poco::Net::WebSocketConnection& connection, const ChatRequest& request);
	void join(Poco::Net::WebSocketConnection& connection, const ChatRequest& request);
	void leave(Poco::Net::WebSocketConnection& connection);

	ChatRooms& _rooms;
};


#endif // ChatHandler_INCLUDED
