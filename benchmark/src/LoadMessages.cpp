//
// LoadMessages.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  LoadMessages
//
// SPDX-License-Identifier: BSL-1.0
//


#include "LoadMessages.h"
#include <zlib.h>
#include <algorithm>
#include <cstdio>
#include <fstream>
#include <iterator>


namespace
{
	const char MASK_KEY[4] = {0x37, 0x5a, 0x21, 0x3d};
	const std::size_t CHUNK = 256*1024;      // at least so much can be sent with one call
	const std::size_t JSON_MESSAGES = 256;
	const std::size_t JSON_BYTES = 1024*1024; // fewer messages if they are longer

	class Random
		/// Always the same numbers.
	{
	public:
		unsigned operator () (unsigned limit)
		{
			_value = _value*1103515245u + 12345u;
			return (_value >> 16)%limit;
		}

	private:
		unsigned _value = 1;
	};

	std::string asciiText(std::size_t size)
	{
		Random random;
		std::string text(size, ' ');
		for (char& ch: text) ch = static_cast<char>(' ' + random(95));
		return text;
	}

	std::string mixedText(std::size_t size)
		/// Characters of one to four bytes, padded with ASCII.
	{
		const std::string words =
			"Z\xc3\xbcrich, \xce\xb1\xce\xb2\xce\xb3 \xe6\x97\xa5\xe6\x9c\xac\xe8\xaa\x9e, 20 \xe2\x82\xac \xf0\x9f\x98\x80 ";
		std::string text;
		while (text.size() + words.size() <= size) text += words;
		text.resize(size, '.');
		return text;
	}

	template <std::size_t N>
	const char* any(const char* const (&words)[N], Random& random)
	{
		return words[random(N)];
	}

	std::string jsonText(std::size_t size, Random& random)
		/// An event as applications send them: the same names each time, other values.
	{
		static const char* const TYPES[] = {"order.created", "order.updated", "order.shipped", "payment.received", "payment.refused"};
		static const char* const NAMES[] = {"Ada Berg", "Bruno Costa", "Chen Wei", "Dora Nagy", "Emil Holm", "Fatima Said", "Goran Ilic", "Hana Sato"};
		static const char* const GOODS[] = {"keyboard", "monitor", "cable", "notebook", "camera", "battery", "headphones", "printer", "lamp", "chair"};
		static const char* const STATES[] = {"available", "reserved", "backorder"};
		char part[256];
		std::snprintf(part, sizeof(part), "{\"type\":\"%s\",\"id\":%u%05u,\"time\":\"2024-%02u-%02uT%02u:%02u:%02u.%03uZ\",\"customer\":{\"id\":\"c-%05u\",\"name\":\"%s\",\"vip\":%s},\"items\":[",
			any(TYPES, random), 10 + random(90), random(30000), 1 + random(12), 1 + random(28), random(24), random(60), random(60), random(1000),
			random(30000), any(NAMES, random), random(4) == 0 ? "true" : "false");
		std::string text(part);
		for (;;)
		{
			std::snprintf(part, sizeof(part), "{\"sku\":\"%c%c-%04u\",\"name\":\"%s\",\"quantity\":%u,\"price\":%u.%02u,\"state\":\"%s\"},",
				'A' + static_cast<int>(random(26)), 'A' + static_cast<int>(random(26)), random(10000), any(GOODS, random), 1 + random(9), random(500), random(100), any(STATES, random));
			if (text.size() + std::string(part).size() + 16 > size) break;
			text += part;
		}
		if (text.back() == ',') text.pop_back();
		text += "],\"note\":\"";
		while (text.size() + 2 < size) text += "thank you "[text.size() % 10];
		text += "\"}";
		text.resize(size, ' ');
		return text;
	}
}


void Wire::append(int flags, const std::string& payload, bool masked)
{
	_bytes += static_cast<char>(flags);
	const int maskBit = masked ? 0x80 : 0;
	const std::uint64_t length = payload.size();
	const int lengthBytes = length < 126 ? 0 : length < 65536 ? 2 : 8;
	_bytes += static_cast<char>(maskBit | (lengthBytes == 0 ? static_cast<int>(length) : lengthBytes == 2 ? 126 : 127));
	for (int i = lengthBytes; i-- > 0; ) _bytes += static_cast<char>(length >> 8*i);
	if (masked) _bytes.append(MASK_KEY, sizeof(MASK_KEY));
	const std::size_t begin = _bytes.size();
	_bytes += payload;
	if (masked)
	{
		for (std::size_t i = 0; i < payload.size(); ++i) _bytes[begin + i] = static_cast<char>(payload[i] ^ MASK_KEY[i % 4]);
	}
	_ends.push_back(_bytes.size());
}


void Wire::finish()
{
	const std::string cycle = _bytes;
	_cycle = cycle.size();
	while (_bytes.size() + cycle.size() <= CHUNK) _bytes += cycle;
}


const char* Wire::at(std::uint64_t position, std::uint64_t& length) const
{
	const std::uint64_t offset = position % _bytes.size();
	length = std::min<std::uint64_t>(length, _bytes.size() - offset);
	return _bytes.data() + offset;
}


std::uint64_t Wire::end(std::uint64_t count) const
{
	const std::uint64_t rest = count % _ends.size();
	return count/_ends.size()*_cycle + (rest > 0 ? _ends[rest - 1] : 0);
}


std::uint64_t Wire::length() const
{
	return _ends.front();
}


std::vector<std::string> payloads(const LoadOptions& options)
{
	if (!options.message.empty())
	{
		std::ifstream file(options.message, std::ios::binary);
		return {std::string(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>())};
	}
	if (!options.json) return {options.unicode ? mixedText(options.size) : asciiText(options.size)};
	Random random;
	std::vector<std::string> result;
	const std::size_t count = std::clamp<std::size_t>(JSON_BYTES/std::max<std::size_t>(options.size, 1), 2, JSON_MESSAGES);
	for (std::size_t i = 0; i < count; ++i) result.push_back(jsonText(options.size, random));
	return result;
}


std::vector<std::string> deflated(const LoadOptions& options, const std::vector<std::string>& payloads)
{
	z_stream stream = {};
	if (deflateInit2(&stream, options.level, Z_DEFLATED, -options.windowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		throw std::runtime_error("deflateInit2");
	std::vector<std::string> result;
	for (const std::string& payload: payloads)
	{
		std::string output(deflateBound(&stream, static_cast<uLong>(payload.size())) + 16, '\0');
		stream.next_in   = reinterpret_cast<Bytef*>(const_cast<char*>(payload.data()));
		stream.avail_in  = static_cast<uInt>(payload.size());
		stream.next_out  = reinterpret_cast<Bytef*>(&output[0]);
		stream.avail_out = static_cast<uInt>(output.size());
		if (deflate(&stream, Z_SYNC_FLUSH) != Z_OK || stream.avail_out == 0) throw std::runtime_error("deflate");
		output.resize(output.size() - stream.avail_out - 4); // without 00 00 ff ff
		result.push_back(output);
		if (options.clientNoTakeover) deflateReset(&stream);
	}
	deflateEnd(&stream);
	return result;
}
