//
// LoadReplies.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadReplies
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadReplies.h"
#include <zlib.h>
#include <algorithm>
#include <cstring>


namespace
{
	const std::uint64_t LONG_FRAME = 4096; // up to here, every message is compared with what was sent
	const std::uint64_t SAMPLE = 16;       // of the longer ones, one in so many
	const std::uint64_t MAX_HEADER = 10;

	const int FIN    = 0x80;
	const int RSV1   = 0x40;
	const int OPCODE = 0x0f;

	[[noreturn]] void fail(const char* what)
	{
		throw std::runtime_error(what);
	}
}


//
// EqualReplies
//
EqualReplies::EqualReplies(const Wire& expected):
	_expected(expected),
	_end(expected.end(1))
{
}


std::uint64_t EqualReplies::take(const char* pData, std::size_t received)
{
	const std::uint64_t before = _count;
	std::uint64_t n = received;
	while (n > 0)
	{
		std::uint64_t length = n;
		const char* pExpected = _expected.at(_received, length);
		bool compare = true;
		if (_expected.length() > LONG_FRAME)
		{
			length = std::min(length, _end - _received);
			compare = _received - _begin < MAX_HEADER || _count % SAMPLE == 0;
		}
		if (compare && std::memcmp(pData, pExpected, length) != 0) fail("not an echo of what was sent");
		_received += length;
		pData += length;
		n -= length;
		while (_received >= _end)
		{
			_begin = _end;
			_end = _expected.end(++_count + 1);
		}
	}
	return _count - before;
}


//
// FragmentedReplies
//
FragmentedReplies::FragmentedReplies(const LoadOptions& options, const std::string& payload):
	_payload(payload),
	_binary(options.binary)
{
}


std::uint64_t FragmentedReplies::take(const char* pData, std::size_t length)
{
	const std::uint64_t before = _count;
	const char* const pEnd = pData + length;
	while (pData < pEnd || (_inPayload && _left == 0))
	{
		if (!_inPayload)
		{
			_inPayload = takeHeader(*pData++);
			continue;
		}
		const std::size_t n = static_cast<std::size_t>(std::min<std::uint64_t>(_left, static_cast<std::uint64_t>(pEnd - pData)));
		if (n > _payload.size() - _position) fail("too long an echo");
		const bool compare = _payload.size() <= LONG_FRAME || _count % SAMPLE == 0;
		if (compare && std::memcmp(pData, _payload.data() + _position, n) != 0) fail("not an echo of what was sent");
		pData += n;
		_position += n;
		_left -= n;
		if (_left > 0) continue;
		_inPayload = false;
		_inMessage = !_last;
		if (!_last) continue;
		if (_position != _payload.size()) fail("not an echo of what was sent");
		_position = 0;
		++_count;
	}
	return _count - before;
}


bool FragmentedReplies::takeHeader(char ch)
	/// Returns true if the header is complete with it.
{
	_header += ch;
	const auto byte = [this](std::size_t i) { return static_cast<unsigned char>(_header[i]); };
	if (_header.size() < 2) return false;
	const std::size_t length = byte(1) == 127 ? 10 : byte(1) == 126 ? 4 : 2; // an answer is not masked
	if (_header.size() < length) return false;
	if ((byte(0) & ~FIN) != (_inMessage ? 0 : _binary ? 2 : 1)) fail("another opcode came back");
	_last = (byte(0) & FIN) != 0;
	_left = length == 2 ? byte(1) : 0;
	for (std::size_t i = 2; i < length; ++i) _left = _left << 8 | byte(i);
	_header.clear();
	return true;
}


//
// InflatedReplies
//
struct InflatedReplies::Stream: public z_stream
{
	Stream():
		z_stream()
	{
		if (inflateInit2(this, -15) != Z_OK) fail("inflateInit2");
	}

	~Stream()
	{
		inflateEnd(this);
	}
};


InflatedReplies::InflatedReplies(const LoadOptions& options, const std::vector<std::string>& payloads):
	_payloads(payloads),
	_binary(options.binary),
	_takeover(!options.serverNoTakeover),
	_pStream(std::make_unique<Stream>()),
	_message(options.size + 1, '\0') // one byte more than there must be
{
}


InflatedReplies::~InflatedReplies()
{
}


std::size_t InflatedReplies::frame(std::size_t position, std::size_t& header) const
	/// Returns the length of the frame at the position, and that of its header; 0 if it is not complete.
{
	const auto byte = [this, position](std::size_t i) { return static_cast<unsigned char>(_input[position + i]); };
	const std::size_t there = _input.size() - position;
	if (there < 2) return 0;
	const int code = byte(1); // an answer is not masked
	header = code == 127 ? 10 : code == 126 ? 4 : 2;
	if (there < header) return 0;
	std::uint64_t length = static_cast<std::uint64_t>(code);
	if (header > 2)
	{
		length = 0;
		for (std::size_t i = 2; i < header; ++i) length = length << 8 | byte(i);
	}
	return length <= there - header ? header + static_cast<std::size_t>(length) : 0;
}


std::uint64_t InflatedReplies::take(const char* pData, std::size_t length)
{
	_input.append(pData, length);
	std::uint64_t count = 0;
	std::size_t header = 0;
	for (std::size_t n = 0; (n = frame(_counted, header)) > 0; _counted += n)
	{
		if (static_cast<unsigned char>(_input[_counted]) & FIN) ++count;
	}
	return count;
}


void InflatedReplies::verify()
{
	std::size_t position = 0;
	std::size_t header = 0;
	for (std::size_t n = 0; position < _counted; position += n)
	{
		n = frame(position, header);
		const int flags = static_cast<unsigned char>(_input[position]);
		if ((flags & OPCODE) != (_inMessage ? 0 : _binary ? 2 : 1)) fail("another opcode came back");
		if (!_inMessage)
		{
			_compressed = (flags & RSV1) != 0;
			_length = 0;
		}
		_inMessage = (flags & FIN) == 0;
		const char* pPayload = _input.data() + position + header;
		if (_compressed)
		{
			inflate(pPayload, n - header);
			if (!_inMessage) inflate("\x00\x00\xff\xff", 4);
			if (!_inMessage && !_takeover) inflateReset(_pStream.get());
		}
		else
		{
			if (n - header > _message.size() - _length) fail("too long an echo");
			std::memcpy(&_message[_length], pPayload, n - header);
			_length += n - header;
		}
		if (_inMessage) continue;
		const std::string& expected = _payloads[_next];
		if (_length != expected.size() || std::memcmp(_message.data(), expected.data(), _length) != 0) fail("not an echo of what was sent");
		_next = (_next + 1) % _payloads.size();
	}
	_input.erase(0, _counted);
	_counted = 0;
}


void InflatedReplies::inflate(const char* pData, std::size_t length)
{
	_pStream->next_in   = reinterpret_cast<Bytef*>(const_cast<char*>(pData));
	_pStream->avail_in  = static_cast<uInt>(length);
	_pStream->next_out  = reinterpret_cast<Bytef*>(&_message[_length]);
	_pStream->avail_out = static_cast<uInt>(_message.size() - _length);
	const int rc = ::inflate(_pStream.get(), Z_SYNC_FLUSH);
	if (rc == Z_STREAM_END) inflateResetKeep(_pStream.get()); // RFC 7692, 7.2.3.4
	else if (rc != Z_OK && rc != Z_BUF_ERROR) fail("the answer is not compressed correctly");
	if (rc == Z_STREAM_END && _pStream->avail_in > 0)
	{
		const std::size_t rest = _pStream->avail_in;
		_length = _message.size() - _pStream->avail_out;
		return inflate(pData + length - rest, rest);
	}
	_length = _message.size() - _pStream->avail_out;
	if (_pStream->avail_out == 0) fail("too long an echo");
}
