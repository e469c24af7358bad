//
// WebSocketSender.h
//
// Library: PocoWebSocket
// Package: WebSocket
// Module:  WebSocketSender
//
// The write loop of the blocking shell.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketSender_INCLUDED
#define Net_WebSocketSender_INCLUDED


#include "WebSocketTransport.h"
#include "Poco/Net/WebSocketFramer.h"
#include "Poco/Mutex.h"
#include <string>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketSender
	/// Puts frames on the wire, whole, one after the other, from any number of threads.
	///
	/// A frame that could not be sent completely (non-blocking, or after a send
	/// timeout) is kept, and nothing else is sent before its rest.
{
public:
	WebSocketSender(WebSocketTransport& transport, WebSocketFramer& framer);

	int send(const char* pPayload, int length, int flags);
		/// See WebSocket::sendFrame().

	int sendClose(int statusCode, const std::string& reason);
		/// See WebSocket::shutdown().

	void sendFailure();
		/// Sends the Close frame that says why the connection has failed, if that
		/// is possible without waiting for the peer, and ends the stream.

private:
	enum
	{
		BLOCK_SIZE      = 64*1024, // bytes masked and sent at a time
		TLS_BLOCK_SIZE  = 16*1024, // one record
		GATHER_SIZE     = 2048,    // from here on a payload is sent from where it is
		KEY_POOL_SIZE   = 64*WebSocketMask::KEY_LENGTH,
		FAILURE_WAIT_MS = 2000     // for another thread to finish its frame
	};

	struct Promise
		/// A frame for which -1 was returned: the call is going to be repeated.
	{
		int length;
		int flags;
	};

	int submit(const char* pPayload, int length, int flags, int dropped);
	bool repeated(int length, int flags);
	void check(WebSocketFramer::SendResult result) const;
	bool sendFrame(const char* pPayload, std::size_t length, int flags);
	bool sendGathered(const char* pHeader, std::size_t headerLength, const char* pPayload, std::size_t length, int flags);
	bool sendBlock(int flags);
	bool finish();
	void begin(int flags);
	void keep(const char* pData, std::size_t length, WebSocketMask& mask);
	const unsigned char* nextKey();

	WebSocketTransport& _transport;
	WebSocketFramer& _framer;
	const std::size_t _blockSize;
	mutable Poco::FastMutex _mutex;
	std::vector<char> _block;   // header and payload as they go out
	std::size_t _blockPosition; // what is left to be sent of it
	std::size_t _blockEnd;
	std::vector<char> _rest;    // of an unfinished frame, behind the block
	std::size_t _restPosition;
	std::vector<Promise> _promises;
	bool _begun;  // bytes of the present frame have gone out
	bool _broken; // the stream ends inside a frame, and will never go on
	unsigned char _keys[KEY_POOL_SIZE]; // from the random number generator
	std::size_t _nextKey;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketSender_INCLUDED
