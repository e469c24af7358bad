//
// Wire.h
//
// Frames on the wire, and what text may be: nothing here comes from the library.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Wire_INCLUDED
#define Wire_INCLUDED


#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>


namespace Conformance {


enum Opcode
{
	CONT   = 0x0,
	TEXT   = 0x1,
	BINARY = 0x2,
	CLOSE  = 0x8,
	PING   = 0x9,
	PONG   = 0xa,
	FIN    = 0x80,
	RSV1   = 0x40,
	RSV2   = 0x20,
	RSV3   = 0x10
};


class Failed: public std::runtime_error
	/// The other side did not do what it should.
{
public:
	using std::runtime_error::runtime_error;
};


std::string header(int firstByte, std::uint64_t length, bool masked, int lengthBytes = -1);
	/// Returns a frame header (RFC 6455, 5.2) without a masking key. lengthBytes: how many bytes the extended length
	/// has, 0, 2 or 8; -1: as few as possible.

std::string frame(int firstByte, const std::string& payload, bool masked);
	/// Returns a frame, masked with a key that changes each time if it is to be masked.

std::string closePayload(int code, const std::string& reason = "");
	/// Returns the payload of a Close frame.


struct Frame
{
	int first = 0;
	std::string payload;

	int opcode() const
	{
		return first & 0xf;
	}
};


class FrameParser
	/// Takes frames out of a stream of bytes. Throws Failed if one is not as it must be sent:
	/// masked by clients only, lengths as short as possible, control frames short and whole.
{
public:
	explicit FrameParser(bool masked);
		/// masked: whether frames must be masked.

	void append(const char* pData, std::size_t length);

	bool next(Frame& frame);
		/// Returns false if there is no whole frame yet.

	bool empty() const;
		/// Returns true if nothing is left over.

private:
	const bool _masked;
	std::string _data;
	std::size_t _offset;
};


std::size_t firstBad(const std::string& text);
	/// Returns the offset of the first byte with which text cannot be UTF-8 (RFC 3629) any more; the length of
	/// text if it is the beginning of a valid one.

bool isUtf8(const std::string& text);
	/// Returns whether text is UTF-8, and complete.


} // namespace Conformance


#endif // Wire_INCLUDED
