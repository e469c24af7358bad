//
// Deflate.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketDeflate
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Deflate.h"
#include "Poco/Exception.h"
#include "Poco/String.h"
#if defined(POCO_WEBSOCKET_HAVE_LIBDEFLATE)
#include <libdeflate.h>
#endif
#include <zlib.h>
#include <algorithm>
#include <array>
#include <cstring>
#include <limits>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	const char* const EXTENSIONS = "Sec-WebSocket-Extensions";
	const char* const NAME       = "permessage-deflate";

	const char* const SERVER_NO_CONTEXT_TAKEOVER = "server_no_context_takeover";
	const char* const CLIENT_NO_CONTEXT_TAKEOVER = "client_no_context_takeover";
	const char* const SERVER_MAX_WINDOW_BITS     = "server_max_window_bits";
	const char* const CLIENT_MAX_WINDOW_BITS     = "client_max_window_bits";

	constexpr int MIN_ZLIB_WINDOW_BITS = 9; // zlib does not compress with 8

	// The end of each message, not sent (RFC 7692, 7.2.1)
	const char TAIL[] = {'\x00', '\x00', '\xff', '\xff'};

	struct Terms
		/// The parameters in an offer or an answer, as far as present.
	{
		bool valid = true;
		bool serverNoContextTakeover = false;
		bool clientNoContextTakeover = false;
		int  serverMaxWindowBits = 0; // 0: not there
		int  clientMaxWindowBits = 0;
		bool clientMaxWindowBitsPresent = false;
	};

	int parseWindowBits(const std::string& value)
		/// 7.1.2: a decimal integer from 8 to 15 without leading zeros. Returns 0 if it is not.
	{
		if (value.size() == 1 && value[0] >= '8' && value[0] <= '9') return value[0] - '0';
		if (value.size() == 2 && value[0] == '1' && value[1] >= '0' && value[1] <= '5') return 10 + value[1] - '0';
		return 0;
	}

	Terms parse(const WebSocketHandshake::Element& element, bool isOffer)
	{
		Terms terms;
		terms.valid = element.valid;
		bool serverBitsPresent = false;
		for (const WebSocketHandshake::Parameter& parameter: element.parameters)
		{
			bool valid = false; // 7.1: unknown, repeated, or with a value it must not have
			if (parameter.name == SERVER_NO_CONTEXT_TAKEOVER)
			{
				valid = !terms.serverNoContextTakeover && !parameter.hasValue;
				terms.serverNoContextTakeover = true;
			}
			else if (parameter.name == CLIENT_NO_CONTEXT_TAKEOVER)
			{
				valid = !terms.clientNoContextTakeover && !parameter.hasValue;
				terms.clientNoContextTakeover = true;
			}
			else if (parameter.name == SERVER_MAX_WINDOW_BITS)
			{
				terms.serverMaxWindowBits = parseWindowBits(parameter.value);
				valid = !serverBitsPresent && terms.serverMaxWindowBits > 0;
				serverBitsPresent = true;
			}
			else if (parameter.name == CLIENT_MAX_WINDOW_BITS)
			{
				terms.clientMaxWindowBits = parseWindowBits(parameter.value);
				const bool hint = isOffer && !parameter.hasValue; // 7.1.2.2
				valid = !terms.clientMaxWindowBitsPresent && (hint || terms.clientMaxWindowBits > 0);
				terms.clientMaxWindowBitsPresent = true;
			}
			if (!valid) terms.valid = false;
		}
		return terms;
	}

	std::string describe(const WebSocketDeflateParams& params)
	{
		std::string result(NAME);
		if (params.serverNoContextTakeover) result.append("; ").append(SERVER_NO_CONTEXT_TAKEOVER);
		if (params.clientNoContextTakeover) result.append("; ").append(CLIENT_NO_CONTEXT_TAKEOVER);
		if (params.serverMaxWindowBits < WebSocketDeflateParams::MAX_WINDOW_BITS)
			result.append("; ").append(SERVER_MAX_WINDOW_BITS).append("=").append(std::to_string(params.serverMaxWindowBits));
		if (params.clientMaxWindowBits < WebSocketDeflateParams::MAX_WINDOW_BITS)
			result.append("; ").append(CLIENT_MAX_WINDOW_BITS).append("=").append(std::to_string(params.clientMaxWindowBits));
		return result;
	}

	bool isDeflate(const WebSocketHandshake::Element& element)
	{
		return Poco::icompare(element.name, NAME) == 0;
	}

	void feed(z_stream& stream, const char*& pData, std::size_t& length)
		/// Gives zlib as much of the input as it can count.
	{
		const std::size_t part = std::min<std::size_t>(length, std::numeric_limits<uInt>::max());
		stream.next_in  = reinterpret_cast<Bytef*>(const_cast<char*>(pData));
		stream.avail_in = static_cast<uInt>(part);
		pData  += part;
		length -= part;
	}

	using Block = std::array<char, 16*1024>;

	void offerRoom(z_stream& stream, Block& block, std::size_t room)
	{
		stream.next_out  = reinterpret_cast<Bytef*>(block.data());
		stream.avail_out = static_cast<uInt>(std::min(room, block.size()));
	}

#if defined(POCO_WEBSOCKET_HAVE_LIBDEFLATE)

	libdeflate_compressor* sharedCompressor(int level)
		/// One for each thread and level, made when it is first needed.
	{
		struct Compressors
		{
			libdeflate_compressor* all[10] = {};

			~Compressors()
			{
				for (libdeflate_compressor* pCompressor: all) libdeflate_free_compressor(pCompressor);
			}
		};

		thread_local Compressors compressors;
		if (!compressors.all[level]) compressors.all[level] = libdeflate_alloc_compressor(level);
		if (!compressors.all[level]) throw std::bad_alloc();
		return compressors.all[level];
	}

#endif
}


//
// WebSocketDeflateNegotiation
//
std::string WebSocketDeflateNegotiation::offer(const WebSocketDeflateParams& wanted)
{
	std::string result = describe(wanted);
	if (wanted.clientMaxWindowBits == WebSocketDeflateParams::MAX_WINDOW_BITS)
		result.append("; ").append(CLIENT_MAX_WINDOW_BITS); // the server may choose
	return result;
}


bool WebSocketDeflateNegotiation::accept(const HTTPRequest& request, const WebSocketDeflateParams& wanted, WebSocketDeflateParams& agreed, std::string& answer)
{
	for (const WebSocketHandshake::Element& element: WebSocketHandshake::elements(request, EXTENSIONS))
	{
		if (!isDeflate(element)) continue;
		const Terms terms = parse(element, true);
		if (!terms.valid) continue;

		WebSocketDeflateParams params = wanted;
		if (terms.serverNoContextTakeover) params.serverNoContextTakeover = true; // 7.1.1.1
		if (terms.clientNoContextTakeover) params.clientNoContextTakeover = true; // 7.1.1.2
		if (terms.serverMaxWindowBits > 0)
			params.serverMaxWindowBits = std::min(params.serverMaxWindowBits, terms.serverMaxWindowBits);
		if (params.serverMaxWindowBits < MIN_ZLIB_WINDOW_BITS) continue; // 7.1.2.1: declined if it cannot be done
		if (!terms.clientMaxWindowBitsPresent)
			params.clientMaxWindowBits = WebSocketDeflateParams::MAX_WINDOW_BITS; // 7.1.2.2: it must not be in the answer
		else if (terms.clientMaxWindowBits > 0)
			params.clientMaxWindowBits = std::min(params.clientMaxWindowBits, terms.clientMaxWindowBits);

		agreed = params;
		answer = describe(params);
		// 7.1.2.1: what the client has asked for is confirmed, also if it is the most there can be
		if (terms.serverMaxWindowBits == WebSocketDeflateParams::MAX_WINDOW_BITS && params.serverMaxWindowBits == terms.serverMaxWindowBits)
			answer.append("; ").append(SERVER_MAX_WINDOW_BITS).append("=15");
		return true;
	}
	return false;
}


WebSocketHandshake::Verdict WebSocketDeflateNegotiation::complete(const HTTPResponse& response, const WebSocketDeflateParams& wanted, bool& agreedOn, WebSocketDeflateParams& agreed)
{
	WebSocketHandshake::Verdict verdict;
	verdict.status = response.getStatus();
	agreedOn = false;
	for (const WebSocketHandshake::Element& element: WebSocketHandshake::elements(response, EXTENSIONS))
	{
		if (!isDeflate(element)) continue;
		const Terms terms = parse(element, false);
		// 7.1: an answer that does not fit the offer fails the connection
		const bool fits = terms.valid && !agreedOn
			&& (!wanted.serverNoContextTakeover || terms.serverNoContextTakeover)
			&& (wanted.serverMaxWindowBits == WebSocketDeflateParams::MAX_WINDOW_BITS
				|| (terms.serverMaxWindowBits > 0 && terms.serverMaxWindowBits <= wanted.serverMaxWindowBits))
			&& terms.clientMaxWindowBits <= wanted.clientMaxWindowBits;
		if (!fits)
		{
			verdict.error = WebSocketError::HANDSHAKE_EXTENSION;
			verdict.text  = "Server has given an invalid answer to the offer of permessage-deflate";
			return verdict;
		}
		agreedOn = true;
		agreed = wanted;
		agreed.serverNoContextTakeover = terms.serverNoContextTakeover;
		agreed.clientNoContextTakeover = wanted.clientNoContextTakeover || terms.clientNoContextTakeover;
		if (terms.serverMaxWindowBits > 0) agreed.serverMaxWindowBits = terms.serverMaxWindowBits;
		if (terms.clientMaxWindowBits > 0) agreed.clientMaxWindowBits = terms.clientMaxWindowBits;
	}
	return verdict;
}


//
// WebSocketDeflater
//
struct WebSocketDeflater::Stream: public z_stream
{
	Stream(int windowBits, int level, int memLevel):
		z_stream()
	{
		if (deflateInit2(this, level, Z_DEFLATED, -windowBits, memLevel, Z_DEFAULT_STRATEGY) != Z_OK)
			throw std::bad_alloc();
	}

	~Stream()
	{
		deflateEnd(this);
	}
};


WebSocketDeflater::WebSocketDeflater(int windowBits, bool contextTakeover, int level, int memLevel):
	_windowBits(windowBits),
	_contextTakeover(contextTakeover),
	_level(level),
	_memLevel(memLevel),
	_inMessage(false)
{
	if (windowBits < MIN_ZLIB_WINDOW_BITS || windowBits > WebSocketDeflateParams::MAX_WINDOW_BITS)
		throw InvalidArgumentException("Window bits of a compressor must be 9 to 15");
	if (level < 1 || level > 9) throw InvalidArgumentException("Compression level must be 1 to 9");
	if (memLevel < 1 || memLevel > 9) throw InvalidArgumentException("Memory level of a compressor must be 1 to 9");
}


WebSocketDeflater::~WebSocketDeflater()
{
}


void WebSocketDeflater::reset()
{
	if (_pStream) deflateReset(_pStream.get());
	_inMessage = false;
}


bool WebSocketDeflater::wholeAtOnce(std::size_t length, bool last) const
{
	// libdeflate's window is the largest; no distance is longer than the message.
	return last && !_inMessage && !_contextTakeover && length <= std::size_t(1) << _windowBits;
}


void WebSocketDeflater::compress(const char* pData, std::size_t length, bool last, std::string& output)
{
	if (length == 0 && last && !_inMessage)
	{
		output += '\0'; // 7.2.3.6
		return;
	}
#if defined(POCO_WEBSOCKET_HAVE_LIBDEFLATE)
	if (wholeAtOnce(length, last))
	{
		libdeflate_compressor* pCompressor = sharedCompressor(_level);
		const std::size_t begin = output.size();
		output.resize(begin + libdeflate_deflate_compress_bound(pCompressor, length));
		output.resize(begin + libdeflate_deflate_compress(pCompressor, pData, length, &output[begin], output.size() - begin));
		output += '\0'; // 7.2.3.4: behind a block with BFINAL set
		return;
	}
#endif

	if (length == 0 && !last) return;
	if (!_pStream) _pStream = std::make_unique<Stream>(_windowBits, _level, _memLevel);
	Block block;
	do
	{
		feed(*_pStream, pData, length);
		const int flush = last && length == 0 ? Z_SYNC_FLUSH : Z_NO_FLUSH;
		do
		{
			offerRoom(*_pStream, block, block.size());
			deflate(_pStream.get(), flush);
			output.append(block.data(), block.size() - _pStream->avail_out);
		}
		while (_pStream->avail_out == 0);
	}
	while (length > 0);

	_inMessage = !last;
	if (last)
	{
		output.resize(output.size() - sizeof(TAIL)); // 7.2.1
		if (!_contextTakeover) deflateReset(_pStream.get());
	}
}


//
// WebSocketInflater
//
struct WebSocketInflater::Stream: public z_stream
{
	explicit Stream(int windowBits):
		z_stream()
	{
		if (inflateInit2(this, -windowBits) != Z_OK) throw std::bad_alloc();
	}

	~Stream()
	{
		inflateEnd(this);
	}
};


WebSocketInflater::WebSocketInflater(int windowBits, bool contextTakeover):
	_windowBits(windowBits),
	_contextTakeover(contextTakeover)
{
	if (windowBits < WebSocketDeflateParams::MIN_WINDOW_BITS || windowBits > WebSocketDeflateParams::MAX_WINDOW_BITS)
		throw InvalidArgumentException("Window bits of a decompressor must be 8 to 15");
}


WebSocketInflater::~WebSocketInflater()
{
}


WebSocketInflater::Result WebSocketInflater::decompress(const char* pData, std::size_t length, bool last, std::size_t limit, std::string& output)
{
	return decompressTo(pData, length, last, limit, output);
}


WebSocketInflater::Result WebSocketInflater::decompress(const char* pData, std::size_t length, bool last, std::size_t limit, WebSocketBuffer& output)
{
	return decompressTo(pData, length, last, limit, output);
}


template <typename Output>
WebSocketInflater::Result WebSocketInflater::decompressTo(const char* pData, std::size_t length, bool last, std::size_t limit, Output& output)
{
	if (!_pStream) _pStream = std::make_unique<Stream>(_windowBits);
	const std::size_t begin = output.size();
	Result result = run(pData, length, limit, output);
	if (result == OK && last)
	{
		result = run(TAIL, sizeof(TAIL), limit - (output.size() - begin), output); // 7.2.2
		constexpr int AT_END_OF_BLOCK = 128;
		if (result == OK && !(_pStream->data_type & AT_END_OF_BLOCK)) result = CORRUPT; // a message cut off
		if (!_contextTakeover) inflateReset(_pStream.get());
	}
	return result;
}


template <typename Output>
WebSocketInflater::Result WebSocketInflater::run(const char* pData, std::size_t length, std::size_t limit, Output& output)
{
	Block block;
	do
	{
		feed(*_pStream, pData, length);
		for (;;)
		{
			// One byte more than allowed shows that there is more than allowed.
			offerRoom(*_pStream, block, limit < block.size() ? limit + 1 : block.size());
			const uInt room = _pStream->avail_out;
			const int rc = inflate(_pStream.get(), Z_SYNC_FLUSH);
			const std::size_t n = room - _pStream->avail_out;
			output.append(block.data(), std::min(n, limit));
			if (n > limit) return TOO_BIG;
			limit -= n;
			if (rc == Z_STREAM_END) // 7.2.3.4: BFINAL was set; what follows may still refer to what was before
			{
				inflateResetKeep(_pStream.get()); // keeps the window
				if (_pStream->avail_in == 0) break;
			}
			else if (rc == Z_MEM_ERROR)
			{
				throw std::bad_alloc();
			}
			else if (rc != Z_OK && rc != Z_BUF_ERROR)
			{
				return CORRUPT;
			}
			else if (_pStream->avail_out > 0)
			{
				break; // all input is used
			}
		}
	}
	while (length > 0);
	return OK;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
