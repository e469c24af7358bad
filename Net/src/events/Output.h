//
// Output.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketOutput
//
// What waits to be sent.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketOutput_INCLUDED
#define Net_WebSocketOutput_INCLUDED


#include "events/Stream.h"
#include "core/Buffer.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class alignas(64) WebSocketOutput
	/// The bytes that wait to be sent to a peer, in their order: small ones are gathered, large ones may
	/// be sent from where they are.
{
public:
	enum
	{
		LARGE = 8*1024 // from here on bytes are referred to
	};

	WebSocketOutput();

	WebSocketBuffer& bytes();
		/// What is appended here is sent behind what was given before.

	void refer(const char* pData, std::size_t length, Poco::RefCountedObject* pOwner, std::size_t gathered = 0);
		/// Sends these bytes from where they are, behind the first gathered ones of the room of bytes(). pOwner, which
		/// is shared, keeps them; if it is null, they must stay until flush() and, if that does not send everything, keep().
		/// Throws a std::bad_alloc if there is no memory: then nothing is sent.

	bool extend(const char* pData, std::size_t length);
		/// As refer() without an owner, but only if these bytes lie right behind those that were given last. Returns false
		/// otherwise.

	bool empty() const;
	std::size_t size() const;
		/// Returns how many bytes wait.

	bool refersTo(const char* pBegin, const char* pEnd);
		/// Returns true if bytes from there, which nobody keeps, are waiting.

	void keep(const char* pBegin, const char* pEnd, Poco::RefCountedObject* pOwner);
		/// From now on pOwner, which is shared, keeps the bytes between the two.

	void keep();
		/// Copies what nobody keeps. Throws a std::bad_alloc if there is no memory: then this is only to be cleared.

	long flush(WebSocketStream& stream);
		/// Sends what it can. Returns how many bytes that were, or WebSocketStream::BROKEN.

	void clear();
		/// Forgets everything.

	std::size_t accounted; // what of the bytes that wait somebody has counted

private:
	struct Reference
		/// Bytes that lie elsewhere, to be sent behind the first position of the gathered ones.
	{
		std::size_t position;
		const char* pData;
		std::size_t length;
		Poco::AutoPtr<Poco::RefCountedObject> pOwner;
	};

	void settle();
	bool isOnePiece(iovec& piece) const;
	int blocks(iovec* pBlocks, int max) const;
	void consume(std::size_t length);
	void compact();
	long flushBlocks(WebSocketStream& stream);
	void reset();
	long flushSecure(WebSocketStream& stream);

	// What extend() needs lies together: to reach one output after the other is to wait for memory.
	const char* _pEnd;        // of the last reference, whose length is known from it; null if that cannot be extended
	std::size_t _endPosition; // of _bytes: where the last reference stands
	std::size_t _elsewhere;   // bytes of _references, and those that are _encrypted
	std::size_t _position;    // of _bytes: what is left
	WebSocketBuffer _bytes;
	std::size_t _first;       // of _references: what is left
	std::vector<Reference> _references;
	std::size_t _encrypted;   // bytes that the stream has taken, and has still
};


//
// inlines
//
inline WebSocketBuffer& WebSocketOutput::bytes()
{
	return _bytes;
}


inline std::size_t WebSocketOutput::size() const
{
	return _bytes.size() - _position + _elsewhere;
}


inline bool WebSocketOutput::empty() const
{
	return size() == 0;
}


inline bool WebSocketOutput::extend(const char* pData, std::size_t length)
{
	if (pData != _pEnd || _bytes.size() != _endPosition) return false;
	_pEnd += length;
	_elsewhere += length;
	return true;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketOutput_INCLUDED
