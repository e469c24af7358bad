//
// ChatRooms.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ChatRooms.h"
#include <algorithm>


using Poco::Net::WebSocketConnection;


RoomView ChatRooms::join(const std::string& roomName, const std::string& name, const WebSocketConnection::Ptr& pConnection)
{
	std::lock_guard<std::mutex> lock(_mutex);
	Room& room = find(roomName);
	if (room.people.size() >= MAX_PEOPLE) throw Refused("This room is full.");
	if (!room.people.emplace(name, pConnection).second) throw Refused("Somebody in this room has that name.");
	++room.number;
	RoomView result = view(roomName, room);
	result.lines.assign(room.history.begin(), room.history.end());
	return result;
}


RoomView ChatRooms::leave(const std::string& roomName, const std::string& name)
{
	std::lock_guard<std::mutex> lock(_mutex);
	Room& room = _rooms.at(roomName);
	room.people.erase(name);
	++room.number;
	return view(roomName, room);
}


RoomView ChatRooms::say(const std::string& roomName, const std::string& name, const std::string& text)
{
	std::lock_guard<std::mutex> lock(_mutex);
	Room& room = _rooms.at(roomName);
	room.history.push_back({++room.number, name, text, Poco::Timestamp()});
	if (room.history.size() > MAX_HISTORY) room.history.pop_front();
	RoomView result = view(roomName, room);
	result.lines.push_back(room.history.back());
	return result;
}


std::map<std::string, std::size_t> ChatRooms::sizes() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	std::map<std::string, std::size_t> result;
	for (const auto& [name, room]: _rooms)
	{
		if (!room.people.empty()) result[name] = room.people.size();
	}
	return result;
}


ChatRooms::Room& ChatRooms::find(const std::string& name)
{
	if (_rooms.count(name) == 0 && _rooms.size() >= MAX_ROOMS)
	{
		// A room stays when all have left it, with its history, until its place is needed.
		const auto empty = std::find_if(_rooms.begin(), _rooms.end(),
			[](const auto& entry) { return entry.second.people.empty(); });
		if (empty == _rooms.end()) throw Refused("There are too many rooms.");
		_rooms.erase(empty);
	}
	return _rooms[name];
}


RoomView ChatRooms::view(const std::string& name, const Room& room)
{
	RoomView result;
	result.room   = name;
	result.number = room.number;
	for (const auto& [person, pConnection]: room.people)
	{
		result.people.push_back(person);
		result.connections.push_back(pConnection);
	}
	return result;
}
