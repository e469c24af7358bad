//
// Wire.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Wire.h"
#include <random>


namespace Conformance {


namespace
{
	unsigned byteAt(const std::string& data, std::size_t offset)
	{
		return static_cast<unsigned char>(data[offset]);
	}

	void mask(std::string& data, std::size_t offset, const std::string& key)
	{
		for (std::size_t i = offset; i < data.size(); ++i) data[i] = static_cast<char>(data[i] ^ key[(i - offset) & 3]);
	}

	std::size_t scan(const std::string& text, bool& complete)
		/// Walks along text by the table of RFC 3629, 4.
	{
		int pending = 0;
		unsigned low = 0x80;
		unsigned high = 0xbf;
		for (std::size_t i = 0; i < text.size(); ++i)
		{
			const unsigned c = byteAt(text, i);
			if (pending > 0)
			{
				if (c < low || c > high) return i;
				--pending;
				low = 0x80;
				high = 0xbf;
				continue;
			}
			if (c < 0x80) continue;
			if (c < 0xc2 || c > 0xf4) return i;
			pending = c < 0xe0 ? 1 : c < 0xf0 ? 2 : 3;
			if (c == 0xe0) low = 0xa0;
			if (c == 0xed) high = 0x9f;
			if (c == 0xf0) low = 0x90;
			if (c == 0xf4) high = 0x8f;
		}
		complete = pending == 0;
		return text.size();
	}
}


std::string header(int firstByte, std::uint64_t length, bool masked, int lengthBytes)
{
	if (lengthBytes < 0) lengthBytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
	const int maskBit = masked ? 0x80 : 0;
	std::string result(1, static_cast<char>(firstByte));
	result += static_cast<char>(maskBit | (lengthBytes == 0 ? static_cast<int>(length) : lengthBytes == 2 ? 126 : 127));
	for (int i = lengthBytes - 1; i >= 0; --i) result += static_cast<char>((length >> (8*i)) & 0xff);
	return result;
}


std::string frame(int firstByte, const std::string& payload, bool masked)
{
	static std::mt19937 random(4711);
	std::string result = header(firstByte, payload.size(), masked);
	if (!masked) return result + payload;

	std::string key(4, '\0');
	for (auto& c: key) c = static_cast<char>(random());
	result += key;
	const std::size_t offset = result.size();
	result += payload;
	mask(result, offset, key);
	return result;
}


std::string closePayload(int code, const std::string& reason)
{
	std::string result;
	result += static_cast<char>(code >> 8);
	result += static_cast<char>(code & 0xff);
	return result + reason;
}


FrameParser::FrameParser(bool masked):
	_masked(masked),
	_offset(0)
{
}


void FrameParser::append(const char* pData, std::size_t length)
{
	if (_offset == _data.size() || _offset > (1 << 20))
	{
		_data.erase(0, _offset);
		_offset = 0;
	}
	_data.append(pData, length);
}


bool FrameParser::next(Frame& result)
{
	const std::size_t available = _data.size() - _offset;
	if (available < 2) return false;
	const unsigned first = byteAt(_data, _offset);
	const unsigned second = byteAt(_data, _offset + 1);
	const bool masked = (second & 0x80) != 0;
	if (masked != _masked) throw Failed(masked ? "a frame from a server is masked" : "a frame from a client is not masked");

	const std::size_t lengthBytes = (second & 0x7f) == 126 ? 2 : (second & 0x7f) == 127 ? 8 : 0;
	const std::size_t headerLength = 2 + lengthBytes + (masked ? 4 : 0);
	if (available < headerLength) return false;
	std::uint64_t length = lengthBytes == 0 ? second & 0x7f : 0;
	for (std::size_t i = 0; i < lengthBytes; ++i) length = length*256 + byteAt(_data, _offset + 2 + i);
	if ((lengthBytes == 2 && length < 126) || (lengthBytes == 8 && length < 65536))
		throw Failed("the length of a frame is not in its shortest form");
	if ((first & 8) != 0 && (length > 125 || (first & FIN) == 0)) throw Failed("a control frame is too long, or a fragment");
	if (available < headerLength + length) return false;

	result.first = static_cast<int>(first);
	result.payload = _data.substr(_offset + headerLength, length);
	if (masked) mask(result.payload, 0, _data.substr(_offset + headerLength - 4, 4));
	_offset += headerLength + length;
	return true;
}


bool FrameParser::empty() const
{
	return _offset == _data.size();
}


std::size_t firstBad(const std::string& text)
{
	bool complete = false;
	return scan(text, complete);
}


bool isUtf8(const std::string& text)
{
	bool complete = false;
	scan(text, complete);
	return complete;
}


} // namespace Conformance
