//
// NodeFormat.cpp
//
// Library: PocoMessaging
// Package: Node
// Module:  NodeFormat
//
// SPDX-License-Identifier: BSL-1.0
//


#include "node/NodeFormat.h"
#include <algorithm>
#include <charconv>
#include <limits>
#include <system_error>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	class FrameWriter
		/// Appends the fields of a frame to a text, or only counts their bytes.
	{
	public:
		explicit FrameWriter(std::string* pTo):
			_pTo(pTo)
		{
		}

		void number(Poco::UInt64 value)
		{
			for (; value >= 0x80; value >>= 7) byte(static_cast<char>(0x80 | (value & 0x7F)));
			byte(static_cast<char>(value));
		}

		void text(std::string_view value)
		{
			number(value.size());
			_size += value.size();
			if (_pTo) _pTo->append(value);
		}

		void trace(const TraceContext& value)
		{
			for (const Poco::UInt64 part: {value.traceHigh, value.traceLow, value.span, value.parent}) number(part);
		}

		std::size_t size() const
		{
			return _size;
		}

	private:
		void byte(char value)
		{
			++_size;
			if (_pTo) *_pTo += value;
		}

		std::string* _pTo;
		std::size_t _size = 0;
	};

	class FrameReader
		/// Takes fields off a text. After the first one that is not valid all are 0 and empty.
	{
	public:
		explicit FrameReader(std::string_view rest):
			_rest(rest)
		{
		}

		Poco::UInt64 number(Poco::UInt64 most = std::numeric_limits<Poco::UInt64>::max())
		{
			Poco::UInt64 value = 0;
			for (unsigned shift = 0; shift < 64 && !_rest.empty(); shift += 7)
			{
				const unsigned char byte = static_cast<unsigned char>(_rest.front());
				if (shift == 63 && byte > 1) break; // more than 64 bits
				_rest.remove_prefix(1);
				value |= static_cast<Poco::UInt64>(byte & 0x7F) << shift;
				if (byte >= 0x80) continue;
				if (value > most) break;
				return value;
			}
			fail();
			return 0;
		}

		std::string_view text()
		{
			const Poco::UInt64 size = number();
			if (size > _rest.size()) fail();
			const std::string_view value = _rest.substr(0, static_cast<std::size_t>(size));
			_rest.remove_prefix(value.size());
			return value;
		}

		TraceContext trace()
		{
			TraceContext value;
			for (Poco::UInt64* pPart: {&value.traceHigh, &value.traceLow, &value.span, &value.parent}) *pPart = number();
			return value;
		}

		std::string_view rest() const
		{
			return _rest;
		}

		bool valid() const
		{
			return _valid;
		}

	private:
		void fail()
		{
			_valid = false;
			_rest = std::string_view();
		}

		std::string_view _rest;
		bool _valid = true;
	};

	template <class Fields>
	void appendFrame(std::string& to, const Fields& fields)
		/// Appends the frame whole, or throws a bad_alloc and appends nothing.
	{
		FrameWriter counter(nullptr);
		fields(counter);
		const std::size_t size = counter.size();
		counter.number(size);
		const std::size_t needed = to.size() + counter.size();
		if (needed > to.capacity()) to.reserve(std::max(needed, 2*to.capacity()));
		FrameWriter writer(&to);
		writer.number(size);
		fields(writer);
	}

	bool onlyFrame(std::string_view event, char kind, std::string_view& frame)
		/// Reads an event that is one frame.
	{
		if (event.empty() || event.front() != kind) return false;
		FrameReader reader(event.substr(1));
		frame = reader.text();
		return reader.valid() && reader.rest().empty();
	}

	template <class Number>
	bool decimal(std::string_view& rest, char end, Number& value)
		/// Takes a number and the character behind it off a text.
	{
		const char* const pEnd = rest.data() + rest.size();
		const auto result = std::from_chars(rest.data(), pEnd, value);
		if (result.ec != std::errc() || result.ptr == pEnd || *result.ptr != end) return false;
		rest.remove_prefix(static_cast<std::size_t>(result.ptr - rest.data()) + 1);
		return true;
	}
}


NodeFormat::Kind NodeFormat::kind(std::string_view event)
{
	const char first = event.empty() ? '\0' : event.front();
	for (const Kind kind: {PUBLICATIONS, JOINED, LEFT, CONTROL})
	{
		if (first == kind) return kind;
	}
	return NOTHING;
}


//
// Publications
//
void NodeFormat::append(std::string& to, const Source& source, const Publication& publication)
{
	appendFrame(to, [&](FrameWriter& writer)
	{
		writer.number(source.node);
		writer.number(source.number);
		writer.text(publication.data);
		writer.text(publication.transaction);
		writer.text(publication.sender);
		writer.trace(publication.trace);
	});
}


std::string NodeFormat::publications(const Position& first, Time time, std::string_view frames)
{
	std::string event(1, PUBLICATIONS);
	event.reserve(64 + frames.size());
	event.append(std::to_string(first.epoch)).append(1, ' ');
	event.append(std::to_string(first.offset)).append(1, ' ');
	event.append(std::to_string(time)).append(1, '\n');
	return event.append(frames);
}


bool NodeFormat::parse(std::string_view event, Header& header)
{
	if (kind(event) != PUBLICATIONS) return false;
	header.frames = event.substr(1);
	if (!decimal(header.frames, ' ', header.position.epoch) || !decimal(header.frames, ' ', header.position.offset)) return false;
	if (!decimal(header.frames, '\n', header.time) || header.time < 0) return false;
	return (header.position.epoch == 0) == (header.position.offset == 0);
}


Publication::Ptr NodeFormat::nextPublication(std::string_view& frames, Source& source)
{
	FrameReader all(frames);
	FrameReader reader(all.text());
	source.node = static_cast<Poco::UInt32>(reader.number(std::numeric_limits<Poco::UInt32>::max()));
	source.number = reader.number();
	const std::string_view data = reader.text();
	const std::string_view transaction = reader.text();
	const std::string_view sender = reader.text();
	const TraceContext trace = reader.trace();
	if (!all.valid() || !reader.valid()) return nullptr;
	Publication::Ptr pPublication(new Publication);
	pPublication->data = data;
	pPublication->transaction = transaction;
	pPublication->sender = sender;
	pPublication->trace = trace;
	frames = all.rest();
	return pPublication;
}


//
// Members
//
std::string NodeFormat::joined(const Member& member)
{
	std::string event(1, JOINED);
	appendFrame(event, [&](FrameWriter& writer)
	{
		writer.text(member.id);
		writer.text(member.info);
	});
	return event;
}


bool NodeFormat::parseJoined(std::string_view event, Member& member)
{
	std::string_view frame;
	if (!onlyFrame(event, JOINED, frame)) return false;
	FrameReader reader(frame);
	const std::string_view id = reader.text();
	const std::string_view info = reader.text();
	if (!reader.valid() || id.empty()) return false;
	member.id = id;
	member.info = info;
	return true;
}


std::string NodeFormat::left(const std::string& member)
{
	return static_cast<char>(LEFT) + member;
}


bool NodeFormat::parseLeft(std::string_view event, std::string& member)
{
	if (kind(event) != LEFT || event.size() == 1) return false;
	member = event.substr(1);
	return true;
}


//
// Control
//
std::string NodeFormat::control(Poco::UInt32 from, const Control& control)
{
	std::string event(1, CONTROL);
	appendFrame(event, [&](FrameWriter& writer)
	{
		writer.number(from);
		writer.number(control.kind);
		writer.text(control.target);
		writer.text(control.message.data);
		writer.text(control.message.sender);
		writer.trace(control.message.trace);
		writer.number(control.message.ackId);
		writer.number(control.message.ackNode);
		writer.number(static_cast<Poco::UInt16>(control.code));
		writer.text(control.reason);
	});
	return event;
}


bool NodeFormat::parse(std::string_view event, Poco::UInt32& from, Control& control)
{
	constexpr Poco::UInt64 MAX_NODE = std::numeric_limits<Poco::UInt32>::max();
	std::string_view frame;
	if (!onlyFrame(event, CONTROL, frame)) return false;
	FrameReader reader(frame);
	from = static_cast<Poco::UInt32>(reader.number(MAX_NODE));
	control.kind = static_cast<Control::Kind>(reader.number(Control::DISCONNECT_USER));
	const std::string_view target = reader.text();
	const std::string_view data = reader.text();
	const std::string_view sender = reader.text();
	control.message.trace = reader.trace();
	control.message.ackId = reader.number();
	control.message.ackNode = static_cast<Poco::UInt32>(reader.number(MAX_NODE));
	control.code = static_cast<int>(reader.number(std::numeric_limits<Poco::UInt16>::max()));
	const std::string_view reason = reader.text();
	if (!reader.valid()) return false;
	control.target = target;
	control.message.data = data;
	control.message.sender = sender;
	control.reason = reason;
	return true;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
