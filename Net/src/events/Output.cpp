//
// Output.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOutput
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Output.h"
#include "core/BranchHint.h"
#include <algorithm>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int MAX_BLOCKS = 64;
	constexpr std::size_t FIRST_SIZE  = 2*1024;    // memory for the first messages
	constexpr std::size_t KEPT_BYTES = 64*1024;   // memory that is kept for later

	class Copy: public Poco::RefCountedObject
	{
	public:
		Copy(const char* pData, std::size_t length)
		{
			_bytes.append(pData, length);
		}

		const char* data() const
		{
			return _bytes.data();
		}

	private:
		WebSocketBuffer _bytes;
	};
}


WebSocketOutput::WebSocketOutput():
	accounted(0),
	_pEnd(nullptr),
	_endPosition(0),
	_elsewhere(0),
	_position(0),
	_first(0),
	_encrypted(0)
{
	_bytes.reserve(FIRST_SIZE);
}


[[gnu::noinline]] void WebSocketOutput::refer(const char* pData, std::size_t length, Poco::RefCountedObject* pOwner, std::size_t gathered)
{
	settle();
	_references.push_back({_bytes.size() + gathered, pData, length, Poco::AutoPtr<Poco::RefCountedObject>(pOwner, true)});
	_bytes.extend(gathered);
	_elsewhere += length;
	if (pOwner) return;
	_pEnd = pData + length;
	_endPosition = _bytes.size();
}


void WebSocketOutput::settle()
	/// The length of the last reference is what it says, and stays so.
{
	if (likely(!_pEnd)) return;
	Reference& last = _references.back();
	last.length = static_cast<std::size_t>(_pEnd - last.pData);
	_pEnd = nullptr;
}


bool WebSocketOutput::refersTo(const char* pBegin, const char* pEnd)
{
	settle();
	return std::any_of(_references.begin() + static_cast<std::ptrdiff_t>(_first), _references.end(), [=](const Reference& reference)
	{
		return !reference.pOwner && reference.pData >= pBegin && reference.pData < pEnd;
	});
}


void WebSocketOutput::keep(const char* pBegin, const char* pEnd, Poco::RefCountedObject* pOwner)
{
	settle();
	for (std::size_t i = _first; i < _references.size(); ++i)
	{
		Reference& reference = _references[i];
		if (!reference.pOwner && reference.pData >= pBegin && reference.pData < pEnd) reference.pOwner.assign(pOwner, true);
	}
}


void WebSocketOutput::keep()
{
	settle();
	for (std::size_t i = _first; i < _references.size(); ++i)
	{
		Reference& reference = _references[i];
		if (reference.pOwner) continue;
		Poco::AutoPtr<Copy> pCopy = new Copy(reference.pData, reference.length);
		reference.pData = pCopy->data();
		reference.pOwner = pCopy;
	}
}


int WebSocketOutput::blocks(iovec* pBlocks, int max) const
{
	int count = 0;
	const auto add = [&](const char* pData, std::size_t length)
	{
		if (length == 0 || count == max) return;
		pBlocks[count].iov_base = const_cast<char*>(pData);
		pBlocks[count].iov_len = length;
		++count;
	};
	std::size_t position = _position;
	for (std::size_t i = _first; i < _references.size() && count < max; ++i)
	{
		add(_bytes.data() + position, _references[i].position - position);
		add(_references[i].pData, _references[i].length);
		position = _references[i].position;
	}
	add(_bytes.data() + position, _bytes.size() - position);
	return count;
}


[[gnu::noinline]] void WebSocketOutput::consume(std::size_t length)
{
	while (length > 0)
	{
		const std::size_t end = _first < _references.size() ? _references[_first].position : _bytes.size();
		const std::size_t gathered = std::min(length, end - _position);
		_position += gathered;
		length -= gathered;
		if (length == 0) break;

		Reference& reference = _references[_first];
		const std::size_t referred = std::min(length, reference.length);
		reference.pData  += referred;
		reference.length -= referred;
		_elsewhere -= referred;
		length -= referred;
		if (reference.length == 0)
		{
			reference.pOwner.reset();
			++_first;
		}
	}
	if (_position == _bytes.size() && _elsewhere == 0) reset();
	else compact();
}


void WebSocketOutput::compact()
	/// Removes what has been sent from the front, when it is worth it.
{
	if (_position > KEPT_BYTES && _position > _bytes.size()/2)
	{
		_bytes.drop(_position);
		for (std::size_t i = _first; i < _references.size(); ++i) _references[i].position -= _position;
		_position = 0;
	}
	if (_first > MAX_BLOCKS && _first > _references.size()/2)
	{
		_references.erase(_references.begin(), _references.begin() + static_cast<std::ptrdiff_t>(_first));
		_first = 0;
	}
}


void WebSocketOutput::clear()
{
	_encrypted = 0;
	reset();
}


void WebSocketOutput::reset()
	/// All has been taken.
{
	_position = _first = _elsewhere = 0;
	_pEnd = nullptr;
	if (!likely(_references.empty())) _references.clear();
	if (likely(_bytes.capacity() <= KEPT_BYTES)) _bytes.clear();
	else _bytes.release();
}


inline bool WebSocketOutput::isOnePiece(iovec& piece) const
	/// As it mostly is.
{
	const std::size_t gathered = _bytes.size() - _position;
	const std::size_t references = _references.size() - _first;
	if (references == 0) piece = {const_cast<char*>(_bytes.data()) + _position, gathered};
	else piece = {const_cast<char*>(_references[_first].pData), _references[_first].length};
	return references == 0 || (references == 1 && gathered == 0);
}


long WebSocketOutput::flush(WebSocketStream& stream)
{
	settle();
	if (!likely(stream.plain())) return flushSecure(stream);
	iovec piece;
	if (likely(isOnePiece(piece)))
	{
		const long n = stream.send(&piece, 1);
		if (!likely(n >= 0)) return n == WebSocketStream::AGAIN ? 0 : n;
		if (likely(static_cast<std::size_t>(n) == piece.iov_len)) reset();
		else consume(static_cast<std::size_t>(n));
		return n;
	}
	return flushBlocks(stream);
}


[[gnu::noinline]] long WebSocketOutput::flushBlocks(WebSocketStream& stream)
{
	long total = 0;
	while (!empty())
	{
		iovec pieces[MAX_BLOCKS];
		const int count = blocks(pieces, MAX_BLOCKS);
		std::size_t length = 0;
		for (int i = 0; i < count; ++i) length += pieces[i].iov_len;
		const long n = stream.send(pieces, count);
		if (n == WebSocketStream::BROKEN) return n;
		if (n == WebSocketStream::AGAIN) break;
		consume(static_cast<std::size_t>(n));
		total += n;
		if (static_cast<std::size_t>(n) < length) break;
	}
	return total;
}


[[gnu::noinline]] long WebSocketOutput::flushSecure(WebSocketStream& stream)
{
	const std::size_t before = size();
	_elsewhere -= _encrypted; // size() is what the stream has not taken
	_encrypted = 0;
	long n = 0;
	do
	{
		iovec pieces[MAX_BLOCKS];
		const bool single = isOnePiece(pieces[0]) && pieces[0].iov_len > 0;
		n = stream.send(pieces, single ? 1 : blocks(pieces, MAX_BLOCKS));
		if (likely(single && n == static_cast<long>(pieces[0].iov_len))) reset();
		else if (n > 0) consume(static_cast<std::size_t>(n));
	}
	while (n > 0 && !empty() && stream.unsent() == 0);
	if (n == WebSocketStream::BROKEN) return n;
	_encrypted = stream.unsent();
	_elsewhere += _encrypted;
	return static_cast<long>(before - size());
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
