//
// ChatRooms.h
//
// Definition of the ChatRooms class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ChatRooms_INCLUDED
#define ChatRooms_INCLUDED


#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Timestamp.h"
#include <cstddef>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <string>
#include <vector>


class Refused: public std::runtime_error
	/// Says why somebody cannot do what he wants to.
{
public:
	using std::runtime_error::runtime_error;
};


struct ChatLine
	/// Something that was said.
{
	int number; // events of a room are numbered: messages may overtake each other on the way to a page
	std::string name;
	std::string text;
	Poco::Timestamp time;
};


struct RoomView
	/// A copy of what a room was like after one of its events.
{
	std::string room;
	int number = 0; // of that event
	std::vector<std::string> people;
	std::vector<Poco::Net::WebSocketConnection::Ptr> connections; // of these people
	std::vector<ChatLine> lines; // the history for join(), the new line for say()
};


class ChatRooms
	/// Who is in which room, and what was said there.
	///
	/// All functions may be called by any thread. They return copies, and send nothing: the mutex is
	/// held for as long as copying takes, and never while something else is called.
{
public:
	static constexpr std::size_t MAX_ROOMS   = 100;
	static constexpr std::size_t MAX_PEOPLE  = 100; // in a room
	static constexpr std::size_t MAX_HISTORY = 50;

	RoomView join(const std::string& room, const std::string& name, const Poco::Net::WebSocketConnection::Ptr& pConnection);
		/// Enters a room, which is made if it does not exist. Throws a Refused exception if somebody in
		/// the room has that name, or there is no place.

	RoomView leave(const std::string& room, const std::string& name);
	RoomView say(const std::string& room, const std::string& name, const std::string& text);
		/// To be called for those who are in the room.

	std::map<std::string, std::size_t> sizes() const;
		/// Returns how many people are in each room; not those that are empty.

private:
	struct Room
	{
		int number = 0; // of the last event
		std::map<std::string, Poco::Net::WebSocketConnection::Ptr> people;
		std::deque<ChatLine> history;
	};

	Room& find(const std::string& name);
	static RoomView view(const std::string& name, const Room& room);

	mutable std::mutex _mutex;
	std::map<std::string, Room> _rooms;
};


#endif // ChatRooms_INCLUDED
