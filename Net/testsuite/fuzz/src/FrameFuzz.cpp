//
// FrameFuzz.cpp
//
// Frame headers: decoded, encoded again, and compared with a decoder that was written apart.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "core/ClosePayload.h"
#include "core/FrameHeader.h"
#include "core/UTF8.h"
#include <cstring>


using Fuzz::require;
using Poco::Net::WebSocketClosePayload;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketFrameHeader;
using Poco::Net::WebSocketUTF8;


namespace
{
	WebSocketFrameHeader::Result decode(const std::string& data, Poco::UInt64& payloadLength, std::size_t& length)
		/// RFC 6455, 5.2, read byte by byte.
	{
		const auto at = [&data](std::size_t i) { return static_cast<unsigned char>(data[i]); };
		if (data.size() < 2) return WebSocketFrameHeader::NEED_MORE;
		const unsigned seven = at(1) & 0x7fu;
		const std::size_t lengthBytes = seven < 126 ? 0 : seven == 126 ? 2 : 8;
		payloadLength = lengthBytes == 0 ? seven : 0;
		if (data.size() < 2 + lengthBytes) return WebSocketFrameHeader::NEED_MORE;
		for (std::size_t i = 0; i < lengthBytes; ++i) payloadLength = payloadLength << 8 | at(2 + i);
		if (lengthBytes == 2 && payloadLength < 126) return WebSocketFrameHeader::MALFORMED;
		if (lengthBytes == 8 && (payloadLength < 65536 || payloadLength >> 63)) return WebSocketFrameHeader::MALFORMED;
		length = 2 + lengthBytes + ((at(1) & 0x80) ? 4 : 0);
		return data.size() < length ? WebSocketFrameHeader::NEED_MORE : WebSocketFrameHeader::OK;
	}

	void checkClose(const std::string& data)
	{
		if (data.size() < 2) return;
		const int code = WebSocketClosePayload::code(data.data());
		require(code >= 0 && code <= 65535, "a Close code has two bytes");
		char payload[WebSocketFrame::MAX_CONTROL_PAYLOAD];
		const std::size_t length = WebSocketClosePayload::build(payload, code, data.substr(2));
		require(length >= 2 && length <= sizeof(payload), "a Close payload has 2 to 125 bytes");
		require(std::memcmp(payload, data.data(), length) == 0, "a Close payload is what it was made of");
		if (WebSocketUTF8::isValid(data.data() + 2, data.size() - 2))
		{
			require(WebSocketUTF8::isValid(payload + 2, length - 2), "a Close reason is cut between two characters");
			require(length == data.size() || length > sizeof(payload) - 4, "a Close reason is cut by no more than it must");
		}
	}
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	const std::string data(Fuzz::Input(pData, size).rest());
	checkClose(data);

	WebSocketFrameHeader::Result before = WebSocketFrameHeader::NEED_MORE;
	for (std::size_t length = 0; length <= data.size() && length <= WebSocketFrameHeader::MAX_LENGTH + 1; ++length)
	{
		const Fuzz::Part part(data, 0, length);
		WebSocketFrameHeader header;
		header.flags = 0x55;
		const WebSocketFrameHeader::Result result = WebSocketFrameHeader::parse(part.data(), length, header);
		Poco::UInt64 payloadLength = 0;
		std::size_t headerLength = 0;
		require(result == decode(data.substr(0, length), payloadLength, headerLength), "result of parse()");
		require(before == WebSocketFrameHeader::NEED_MORE || before == result, "what is decided stays decided");
		before = result;
		const std::size_t needed = WebSocketFrameHeader::lengthNeeded(part.data(), length);
		require(needed >= WebSocketFrameHeader::MIN_LENGTH && needed <= WebSocketFrameHeader::MAX_LENGTH, "range of lengthNeeded()");
		if (result == WebSocketFrameHeader::NEED_MORE) require(needed > length, "lengthNeeded() is more than there is");
		if (result != WebSocketFrameHeader::OK)
		{
			require(header.flags == 0x55 && header.length == 0, "the header is changed only if OK is returned");
			continue;
		}
		require(header.payloadLength == payloadLength && header.length == headerLength && needed == headerLength, "lengths");
		char again[WebSocketFrameHeader::MAX_LENGTH];
		require(header.build(again) == headerLength && std::memcmp(again, data.data(), headerLength) == 0, "build() undoes parse()");
	}
	return 0;
}
