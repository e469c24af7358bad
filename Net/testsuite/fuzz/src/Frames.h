//
// Frames.h
//
// What a peer sends, for the fuzz targets that receive frames.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Frames_INCLUDED
#define Frames_INCLUDED


#include "Fuzz.h"
#include "core/Deflate.h"
#include "core/Framer.h"
#include <algorithm>


namespace Fuzz {


using Poco::Net::WebSocketDeflater;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;
using Poco::Net::WebSocketFramer;
using Poco::Net::WebSocketMask;


struct Settings
	/// What the first two bytes of an input choose.
{
	explicit Settings(Input& input)
	{
		const unsigned options = input.byte();
		role          = options & 0x01 ? WebSocketFramer::ROLE_CLIENT : WebSocketFramer::ROLE_SERVER;
		verifyUTF8    = (options & 0x02) == 0;
		verifyMasking = (options & 0x04) == 0;
		deflate       = (options & 0x08) != 0;
		takeover      = (options & 0x10) == 0;
		madeOfFrames  = (options & 0x20) != 0;
		closeSent     = (options & 0x40) != 0;
		largeFrames   = (options & 0x80) != 0;
		const unsigned limits = input.byte();
		windowBits     = 8 + static_cast<int>(limits & 7);
		maxMessageSize = limits & 0x08 ? 100 : 1 << 20;
		maxFrameSize   = limits & 0x10 ? 60 : 1 << 20;
		maxFragments   = limits & 0x20 ? 3 : 1000;
	}

	WebSocketFramer::Role role;
	bool verifyUTF8;
	bool verifyMasking;
	bool deflate;
	bool takeover;
	bool madeOfFrames;
	bool closeSent;
	bool largeFrames;
	int windowBits;
	Poco::UInt64 maxMessageSize;
	Poco::UInt64 maxFrameSize;
	unsigned maxFragments;
};


inline WebSocketFramer::Role other(WebSocketFramer::Role role)
{
	return role == WebSocketFramer::ROLE_CLIENT ? WebSocketFramer::ROLE_SERVER : WebSocketFramer::ROLE_CLIENT;
}


inline std::string encode(const WebSocketFramer& framer, int flags, const char* pPayload, std::size_t length)
	/// Returns the frame as framer sends it.
{
	const unsigned char key[] = {0xa1, 0x05, 0x7f, 0xf0};
	char header[WebSocketFrameHeader::MAX_LENGTH];
	std::string wire(header, framer.buildHeader(flags, length, framer.role() == WebSocketFramer::ROLE_CLIENT ? key : nullptr, header));
	std::string payload(pPayload, length);
	if (framer.role() == WebSocketFramer::ROLE_CLIENT) WebSocketMask(key).apply(&payload[0], length);
	return wire + payload;
}


inline std::string makeFrames(const Settings& settings, Input& input, int largest = 0)
	/// Makes frames of the input, most of them right: first byte, length, payload. With RSV3 set,
	/// up to largest of them become large instead: of 65,535 bytes and more.
{
	const WebSocketFramer sender(other(settings.role));
	WebSocketDeflater deflater(std::max(9, settings.windowBits), settings.takeover);
	bool compressing = false;
	std::string wire;
	while (!input.empty())
	{
		int flags = static_cast<int>(input.byte());
		std::string payload = input.take(input.byte());
		if ((flags & 0x18) == 0x10 && largest > 0)
		{
			--largest;
			flags &= ~0x10;
			payload.insert(0, 65535, 'x');
		}
		const bool control = (flags & 0x08) != 0;
		if (!control && (flags & 0x0f) != 0) compressing = settings.deflate && (flags & 0x40) != 0;
		if (!control && compressing)
		{
			std::string compressed;
			deflater.compress(payload.data(), payload.size(), (flags & 0x80) != 0, compressed);
			payload = compressed;
		}
		wire += encode(sender, flags, payload.data(), payload.size());
	}
	return wire;
}


} // namespace Fuzz


#endif // Frames_INCLUDED
