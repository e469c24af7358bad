//
// Deflate.h
//
// permessage-deflate (RFC 7692) of the peer, on zlib.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Deflate_INCLUDED
#define Deflate_INCLUDED


#include <string>
#include <zlib.h>


namespace Conformance {


struct DeflateParams
	/// What is asked of the other side.
{
	bool on = false;
	bool serverNoContextTakeover = false;
	bool clientNoContextTakeover = false;
	int serverMaxWindowBits = 15;
	int clientMaxWindowBits = 15;

	std::string offer() const;
		/// Returns what a client puts into Sec-WebSocket-Extensions.

	void checkAnswer(const std::string& answer);
		/// Takes a server's answer to offer(). Throws Failed if it is not one to it.

	std::string answer(const std::string& offer) const;
		/// Returns what a server puts into Sec-WebSocket-Extensions. Throws Failed if a client that
		/// makes such an offer cannot be asked for this.
};


class Deflater
	/// Compresses messages.
{
public:
	Deflater(int windowBits, bool takeover);
	~Deflater();
	std::string compress(const std::string& message);

private:
	Deflater(const Deflater&) = delete;
	Deflater& operator = (const Deflater&) = delete;

	z_stream _stream;
	const bool _takeover;
};


class Inflater
	/// Decompresses messages. Throws Failed if that takes a larger window, or more context, than agreed.
{
public:
	Inflater(int windowBits, bool takeover);
	~Inflater();
	std::string decompress(std::string data);

private:
	Inflater(const Inflater&) = delete;
	Inflater& operator = (const Inflater&) = delete;

	z_stream _stream;
	const bool _takeover;
	const std::size_t _blockSize;
};


} // namespace Conformance


#endif // Deflate_INCLUDED
