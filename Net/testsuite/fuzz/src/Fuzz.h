//
// Fuzz.h
//
// What the fuzz targets share.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Fuzz_INCLUDED
#define Fuzz_INCLUDED


#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>


namespace Fuzz {


inline void require(bool condition, const char* text)
	/// What the library promises. The fuzzer reports the input if it does not hold.
{
	if (condition) return;
	std::fprintf(stderr, "broken promise: %s\n", text);
	std::abort();
}


class Input
	/// The fuzzer's bytes: first those that choose options, then the rest, which is the data.
{
public:
	Input(const std::uint8_t* pData, std::size_t size):
		_bytes(pData, pData + size),
		_position(0)
	{
	}

	unsigned byte()
		/// Returns the next byte; 0 if there is none.
	{
		return _position < _bytes.size() ? _bytes[_position++] : 0u;
	}

	bool empty() const
	{
		return _position == _bytes.size();
	}

	std::string take(std::size_t length)
		/// Returns up to length of the next bytes.
	{
		std::string result;
		while (result.size() < length && !empty()) result += static_cast<char>(byte());
		return result;
	}

	std::string rest()
	{
		return take(_bytes.size());
	}

private:
	const std::vector<std::uint8_t> _bytes;
	std::size_t _position;
};


class Cuts
	/// Places to cut data at, chosen by four bytes of the input.
{
public:
	explicit Cuts(Input& input):
		_step(1 + input.byte())
	{
		for (unsigned& place: _places) place = input.byte();
	}

	std::vector<std::size_t> ends(std::size_t size) const
		/// Returns where the parts end: some places, and in the last quarter regular steps.
	{
		std::vector<bool> marks(size + 1, false);
		for (const unsigned place: _places) marks[size*place/256] = true;
		for (std::size_t at = size*3/4; at < size; at += _step) marks[at] = true;
		marks[size] = true;

		std::vector<std::size_t> result;
		for (std::size_t at = 0; at <= size; ++at)
		{
			if (marks[at]) result.push_back(at);
		}
		return result;
	}

	static std::vector<std::size_t> whole(std::size_t size)
	{
		return {size};
	}

	static std::vector<std::size_t> single(std::size_t size)
		/// One byte at a time.
	{
		std::vector<std::size_t> result;
		for (std::size_t at = 0; at <= size; ++at) result.push_back(at);
		return result;
	}

private:
	std::size_t _step;
	unsigned _places[3];
};


class Part
	/// Bytes in memory of exactly their size, so that the sanitizer sees who reads beyond.
{
public:
	Part(const std::string& text, std::size_t begin, std::size_t end):
		_bytes(text.begin() + static_cast<std::ptrdiff_t>(begin), text.begin() + static_cast<std::ptrdiff_t>(end))
	{
		_bytes.shrink_to_fit();
	}

	const char* data() const
	{
		return _bytes.data();
	}

	std::size_t size() const
	{
		return _bytes.size();
	}

private:
	std::vector<char> _bytes;
};


} // namespace Fuzz


#endif // Fuzz_INCLUDED
