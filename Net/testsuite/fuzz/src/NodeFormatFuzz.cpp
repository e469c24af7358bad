//
// NodeFormatFuzz.cpp
//
// What nodes read from an engine, in which others can write. What has been read is written, and read again: that is the same. What is not valid is left.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "node/NodeFormat.h"
#include <cstdint>
#include <cstdlib>


using Poco::Messaging::Control;
using Poco::Messaging::Member;
using Poco::Messaging::NodeFormat;
using Poco::Messaging::Publication;


namespace
{
	void check(bool holds)
	{
		if (!holds) std::abort();
	}

	void publications(std::string_view event)
	{
		NodeFormat::Header header;
		if (!NodeFormat::parse(event, header)) return;
		std::string frames;
		NodeFormat::Source source;
		std::size_t count = 0;
		for (std::size_t rest = header.frames.size(); const Publication::Ptr pPublication = NodeFormat::nextPublication(header.frames, source); rest = header.frames.size())
		{
			check(header.frames.size() < rest);
			NodeFormat::append(frames, source, *pPublication);
			++count;
		}
		const std::string written = NodeFormat::publications(header.position, header.time, frames);
		NodeFormat::Header again;
		check(NodeFormat::parse(written, again) && again.position == header.position && again.time == header.time);
		std::string framesAgain;
		for (; count > 0; --count)
		{
			const Publication::Ptr pPublication = NodeFormat::nextPublication(again.frames, source);
			check(pPublication);
			NodeFormat::append(framesAgain, source, *pPublication);
		}
		check(again.frames.empty() && framesAgain == frames);
	}

	void others(std::string_view event)
	{
		Member member;
		Member again;
		if (NodeFormat::parseJoined(event, member)) check(NodeFormat::parseJoined(NodeFormat::joined(member), again) && again.id == member.id && again.info == member.info);
		if (NodeFormat::parseLeft(event, member.id)) check(NodeFormat::left(member.id) == event);
		Poco::UInt32 from = 0;
		Poco::UInt32 fromAgain = 0;
		Control control;
		Control controlAgain;
		if (!NodeFormat::parse(event, from, control)) return;
		const std::string written = NodeFormat::control(from, control);
		check(NodeFormat::parse(written, fromAgain, controlAgain) && NodeFormat::control(fromAgain, controlAgain) == written);
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	const std::string_view event(reinterpret_cast<const char*>(pData), size);
	publications(event);
	others(event);
	return 0;
}
