//
// Deflate.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Deflate.h"
#include "Wire.h"
#include "Poco/NumberParser.h"
#include "Poco/StringTokenizer.h"
#include <cstring>
#include <map>
#include <vector>


namespace Conformance {


namespace
{
	const std::string EXTENSION("permessage-deflate");
	const std::string TAIL("\x00\x00\xff\xff", 4); // RFC 7692, 7.2.1

	std::map<std::string, std::string> parse(const std::string& element)
		/// Returns the parameters of a permessage-deflate element.
	{
		const Poco::StringTokenizer parts(element, ";", Poco::StringTokenizer::TOK_TRIM);
		if (parts.count() == 0 || parts[0] != EXTENSION) throw Failed("no permessage-deflate, but \"" + element + '"');
		std::map<std::string, std::string> result;
		for (std::size_t i = 1; i < parts.count(); ++i)
		{
			const std::size_t equals = parts[i].find('=');
			const std::string name = parts[i].substr(0, equals);
			const std::string value = equals == std::string::npos ? "" : parts[i].substr(equals + 1);
			if (!result.emplace(name, value).second) throw Failed("repeated parameter: " + element);
		}
		return result;
	}

	void takeBits(const std::map<std::string, std::string>& params, const std::string& name, int& bits)
		/// Lowers bits to the value of a parameter.
	{
		const auto it = params.find(name);
		if (it == params.end()) return;
		int value = 0;
		if (!Poco::NumberParser::tryParse(it->second, value) || value < 8 || value > bits)
			throw Failed(name + " is " + it->second + ", asked for was " + std::to_string(bits));
		bits = value;
	}
}


std::string DeflateParams::offer() const
{
	std::string result(EXTENSION);
	if (serverNoContextTakeover) result += "; server_no_context_takeover";
	if (clientNoContextTakeover) result += "; client_no_context_takeover";
	if (serverMaxWindowBits < 15) result += "; server_max_window_bits=" + std::to_string(serverMaxWindowBits);
	result += "; client_max_window_bits";
	if (clientMaxWindowBits < 15) result += '=' + std::to_string(clientMaxWindowBits);
	return result;
}


void DeflateParams::checkAnswer(const std::string& answer)
{
	const auto params = parse(answer);
	for (const auto& param: params)
	{
		if (param.first != "server_no_context_takeover" && param.first != "client_no_context_takeover" &&
			param.first != "server_max_window_bits" && param.first != "client_max_window_bits")
			throw Failed("unknown parameter: " + answer);
	}
	if (serverNoContextTakeover && params.count("server_no_context_takeover") == 0)
		throw Failed("server_no_context_takeover was not accepted: " + answer);
	if (serverMaxWindowBits < 15 && params.count("server_max_window_bits") == 0)
		throw Failed("server_max_window_bits was not accepted: " + answer);
	serverNoContextTakeover = params.count("server_no_context_takeover") > 0;
	clientNoContextTakeover |= params.count("client_no_context_takeover") > 0;
	takeBits(params, "server_max_window_bits", serverMaxWindowBits);
	takeBits(params, "client_max_window_bits", clientMaxWindowBits);
}


std::string DeflateParams::answer(const std::string& offer) const
{
	const auto params = parse(offer);
	std::string result(EXTENSION);
	if (serverNoContextTakeover) result += "; server_no_context_takeover";
	if (clientNoContextTakeover) result += "; client_no_context_takeover";
	if (serverMaxWindowBits < 15) result += "; server_max_window_bits=" + std::to_string(serverMaxWindowBits);
	if (clientMaxWindowBits < 15)
	{
		if (params.count("client_max_window_bits") == 0) throw Failed("client_max_window_bits was not offered: " + offer);
		result += "; client_max_window_bits=" + std::to_string(clientMaxWindowBits);
	}
	return result;
}


Deflater::Deflater(int windowBits, bool takeover):
	_takeover(takeover)
{
	std::memset(&_stream, 0, sizeof(_stream));
	if (deflateInit2(&_stream, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -windowBits, 8, Z_DEFAULT_STRATEGY) != Z_OK)
		throw std::runtime_error("deflateInit2");
}


Deflater::~Deflater()
{
	deflateEnd(&_stream);
}


std::string Deflater::compress(const std::string& message)
{
	std::string result;
	std::vector<char> block(65536);
	_stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(message.data()));
	_stream.avail_in = static_cast<uInt>(message.size());
	do
	{
		_stream.next_out = reinterpret_cast<Bytef*>(block.data());
		_stream.avail_out = static_cast<uInt>(block.size());
		deflate(&_stream, Z_SYNC_FLUSH);
		result.append(block.data(), block.size() - _stream.avail_out);
	}
	while (_stream.avail_out == 0);
	if (!_takeover) deflateReset(&_stream);
	if (result.size() < TAIL.size()) return std::string(1, '\0'); // empty message after an empty one (RFC 7692, 7.2.3.6)
	return result.substr(0, result.size() - TAIL.size());
}


Inflater::Inflater(int windowBits, bool takeover):
	_takeover(takeover),
	_blockSize(windowBits < 15 ? 16 : 65536) // zlib sees no window in what has been written by one call
{
	std::memset(&_stream, 0, sizeof(_stream));
	if (inflateInit2(&_stream, -windowBits) != Z_OK) throw std::runtime_error("inflateInit2");
}


Inflater::~Inflater()
{
	inflateEnd(&_stream);
}


std::string Inflater::decompress(std::string data)
{
	data += TAIL;
	std::string result;
	std::vector<char> block(_blockSize);
	_stream.next_in = reinterpret_cast<Bytef*>(data.data());
	_stream.avail_in = static_cast<uInt>(data.size());
	do
	{
		_stream.next_out = reinterpret_cast<Bytef*>(block.data());
		_stream.avail_out = static_cast<uInt>(block.size());
		const int rc = inflate(&_stream, Z_SYNC_FLUSH);
		if (rc != Z_OK && rc != Z_BUF_ERROR && rc != Z_STREAM_END)
			throw Failed(std::string("a message cannot be decompressed: ") + (_stream.msg ? _stream.msg : zError(rc)));
		result.append(block.data(), block.size() - _stream.avail_out);
		if (rc == Z_STREAM_END) inflateReset(&_stream);
		else if (rc == Z_BUF_ERROR) break;
	}
	while (_stream.avail_out == 0 || _stream.avail_in > 0);
	if (!_takeover) inflateReset(&_stream);
	return result;
}


} // namespace Conformance
