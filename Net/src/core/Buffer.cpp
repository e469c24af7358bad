//
// Buffer.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketBuffer
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Buffer.h"
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <utility>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


WebSocketBuffer::WebSocketBuffer():
	_pData(nullptr),
	_size(0),
	_capacity(0)
{
}


WebSocketBuffer::WebSocketBuffer(WebSocketBuffer&& other) noexcept:
	_pData(std::exchange(other._pData, nullptr)),
	_size(std::exchange(other._size, 0)),
	_capacity(std::exchange(other._capacity, 0))
{
}


WebSocketBuffer& WebSocketBuffer::operator = (WebSocketBuffer&& other) noexcept
{
	std::swap(_pData, other._pData);
	std::swap(_size, other._size);
	std::swap(_capacity, other._capacity);
	return *this;
}


WebSocketBuffer::~WebSocketBuffer()
{
	std::free(_pData);
}


void WebSocketBuffer::reserve(std::size_t capacity)
{
	if (capacity <= _capacity) return;
	void* const p = std::realloc(_pData, capacity);
	if (!p) throw std::bad_alloc();
	_pData = static_cast<char*>(p);
	_capacity = capacity;
}


void WebSocketBuffer::grow(std::size_t length)
{
	reserve(std::max(_size + length, 2*_capacity));
}


void WebSocketBuffer::append(const char* pData, std::size_t length)
{
	if (length == 0) return;
	std::memcpy(room(length), pData, length);
	_size += length;
}


void WebSocketBuffer::drop(std::size_t length)
{
	_size -= length;
	if (_size > 0) std::memmove(_pData, _pData + length, _size);
}


void WebSocketBuffer::release()
{
	std::free(_pData);
	_pData = nullptr;
	_size = _capacity = 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
