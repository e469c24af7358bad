//
// NodeFormat.h
//
// Library: PocoMessaging
// Package: Node
// Module:  NodeFormat
//
// What nodes write to each other through an engine.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NodeFormat_INCLUDED
#define Messaging_NodeFormat_INCLUDED


#include "Poco/Messaging/Backplane.h"
#include <string>
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class NodeFormat
	/// Writes and reads what nodes send each other. An event is one message of an engine; its first byte says what it is.
	///
	/// Numbers are LEB128 (7 bits in a byte, the lowest first), texts have their length before them. A frame begins with its length: what a later
	/// version appends to a frame is skipped by an earlier one. Whatever is read, nothing is allocated from a claim, and nothing is thrown but bad_alloc.
{
public:
	enum Kind: char
		/// The first byte of an event.
	{
		NOTHING = 0,        /// Nothing that a node has written.
		PUBLICATIONS = 'P', /// "P", epoch, " ", offset of the first one, " ", time, "\n", frames of publications, one after the other. The numbers are decimal: engines' scripts write them.
		JOINED = 'J',       /// "J", a frame: id of the member, info.
		LEFT = 'L',         /// "L", the id of the member up to the end: engines' scripts write it.
		CONTROL = 'C'       /// "C", a frame.
	};

	struct Header
		/// What an engine says of publications.
	{
		Position position;        // of the first one; 0, 0: the channel has no history
		Time time = 0;            // ms since 1970
		std::string_view frames;  // as nextPublication() takes them
	};

	struct Source
		/// Who has published it.
	{
		Poco::UInt32 node = 0;
		Poco::UInt64 number = 0; // the node's own, of this publication
	};

	static Kind kind(std::string_view event);

	static void append(std::string& to, const Source& source, const Publication& publication);
		/// Appends the frame of a publication, without its position and its time. If it throws, nothing is appended.

	static std::string publications(const Position& first, Time time, std::string_view frames);
		/// Makes an event of frames.

	static bool parse(std::string_view event, Header& header);
		/// Reads the beginning of PUBLICATIONS. Returns false if it is not valid; header says nothing then. What is read refers to the event.

	static Publication::Ptr nextPublication(std::string_view& frames, Source& source);
		/// Reads a publication, and takes it off the frames. Returns null if there is none that is valid, and leaves the frames:
		/// if they are not empty then, they are of no use.

	static std::string joined(const Member& member);
	static bool parseJoined(std::string_view event, Member& member);
	static std::string left(const std::string& member);
	static bool parseLeft(std::string_view event, std::string& member);
		/// Return false if it is not valid, or the member has no id; member is left as it was then.

	static std::string control(Poco::UInt32 from, const Control& control);
	static bool parse(std::string_view event, Poco::UInt32& from, Control& control);
		/// Returns false if it is not valid; from and control say nothing then. The code of a Close frame has 16 bits.
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NodeFormat_INCLUDED
