//
// Buffer.h
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketBuffer
//
// Bytes that are gathered.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketBuffer_INCLUDED
#define Net_WebSocketBuffer_INCLUDED


#include "Poco/Net/WebSocketConfig.h"
#include <cstddef>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocket_API WebSocketBuffer
	/// Bytes in a block of memory that grows. Unlike in a std::string or std::vector, new bytes are
	/// not set to zero, and a large block grows without being copied, where the system can do that.
{
public:
	WebSocketBuffer();
	WebSocketBuffer(WebSocketBuffer&& other) noexcept;
	WebSocketBuffer& operator = (WebSocketBuffer&& other) noexcept;
	~WebSocketBuffer();

	char* data();
	const char* data() const;
	std::size_t size() const;
	std::size_t capacity() const;

	void reserve(std::size_t capacity);
		/// Makes room for capacity bytes at least. Throws a std::bad_alloc, and is unchanged then, if there is no memory.

	char* room(std::size_t length);
		/// Returns the address behind the last byte, with room for length more; the capacity doubles, if it
		/// has to grow. See extend(). Throws as reserve().

	void extend(std::size_t length);
		/// Makes the next length bytes of the room a part of the contents.

	void append(const char* pData, std::size_t length);
		/// Throws as reserve().

	void drop(std::size_t length);
		/// Removes the first length bytes.

	void clear();
		/// Makes it empty; the memory is kept.

	void release();
		/// Makes it empty, and gives the memory back.

private:
	void grow(std::size_t length);

	WebSocketBuffer(const WebSocketBuffer&) = delete;
	WebSocketBuffer& operator = (const WebSocketBuffer&) = delete;

	char* _pData;
	std::size_t _size;
	std::size_t _capacity;
};


//
// inlines
//
inline char* WebSocketBuffer::data()
{
	return _pData;
}


inline const char* WebSocketBuffer::data() const
{
	return _pData;
}


inline std::size_t WebSocketBuffer::size() const
{
	return _size;
}


inline std::size_t WebSocketBuffer::capacity() const
{
	return _capacity;
}


inline char* WebSocketBuffer::room(std::size_t length)
{
	if (length > _capacity - _size) grow(length);
	return _pData + _size;
}


inline void WebSocketBuffer::extend(std::size_t length)
{
	_size += length;
}


inline void WebSocketBuffer::clear()
{
	_size = 0;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketBuffer_INCLUDED
