//
// MessageSender.cpp
//
// Library: PocoWebSocket
// Package: Blocking
// Module:  WebSocketMessageSender
//
// SPDX-License-Identifier: BSL-1.0
//


#include "blocking/MessageSender.h"
#include "core/SendRules.h"
#include "Poco/Net/NetException.h"
#include <algorithm>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	class Whole
		/// A message that the program sends with one call: if that fails between two fragments, there is no other for the rest.
	{
	public:
		explicit Whole(WebSocketMessageWriter& writer):
			_writer(writer)
		{
		}

		~Whole()
		{
			_writer.giveUp();
		}

	private:
		Whole(const Whole&) = delete;
		Whole& operator = (const Whole&) = delete;

		WebSocketMessageWriter& _writer;
	};
}


WebSocketMessageSender::WebSocketMessageSender(WebSocketTransport& transport, WebSocketFramer& framer, WebSocketSender& sender):
	_transport(transport),
	_framer(framer),
	_sender(sender)
{
}


void WebSocketMessageSender::configure(const WebSocketParams& params, const WebSocketDeflateParams* pDeflate)
{
	_writer.configure(params, pDeflate, _framer.role());
}


[[gnu::always_inline]] inline int WebSocketMessageSender::sendWhole(const char* pMessage, int length, int opcode, int fragmentSize, bool compress)
{
	checkBlocking();
	if (fragmentSize < 0) throw InvalidArgumentException("Negative fragment size");

	Poco::FastMutex::ScopedLock lock(_mutex);
	const std::size_t size = static_cast<std::size_t>(length);
	_writer.begin(opcode, compress, size);
	checkText(pMessage, size, true);
	if (fragmentSize == 0 || length <= fragmentSize)
	{
		sendFragment(pMessage, size, true);
		return length;
	}
	Whole whole(_writer);
	const std::size_t fragment = static_cast<std::size_t>(fragmentSize);
	for (std::size_t offset = 0; offset < size; offset += fragment)
		sendFragment(pMessage + offset, std::min(fragment, size - offset), offset + fragment >= size);
	return length;
}


int WebSocketMessageSender::send(const char* pMessage, int length, int opcode, int fragmentSize)
{
	return sendWhole(pMessage, length, opcode, fragmentSize, true);
}


[[gnu::noinline]] int WebSocketMessageSender::sendUncompressed(const char* pMessage, int length, int opcode, int fragmentSize)
{
	return sendWhole(pMessage, length, opcode, fragmentSize, false);
}


std::streamsize WebSocketMessageSender::send(std::istream& istr, int opcode, int fragmentSize, bool compress)
{
	checkBlocking();
	if (fragmentSize <= 0) throw InvalidArgumentException("Fragment size must be greater than 0");

	Poco::FastMutex::ScopedLock lock(_mutex);
	_writer.begin(opcode, compress);
	Whole whole(_writer);
	std::vector<char> block(static_cast<std::size_t>(fragmentSize));
	std::streamsize total = 0;
	bool last = false;
	while (!last)
	{
		istr.read(block.data(), fragmentSize);
		const std::streamsize n = istr.gcount();
		last = istr.peek() == std::char_traits<char>::eof();
		checkText(block.data(), static_cast<std::size_t>(n), last);
		sendFragment(block.data(), static_cast<std::size_t>(n), last);
		total += n;
	}
	return total;
}


int WebSocketMessageSender::sendPart(const char* pPart, int length, int opcode, bool last, bool compress)
{
	checkBlocking();

	Poco::FastMutex::ScopedLock lock(_mutex);
	_writer.beginPart(opcode, compress);
	checkText(pPart, static_cast<std::size_t>(length), last);
	sendFragment(pPart, static_cast<std::size_t>(length), last);
	return length;
}


void WebSocketMessageSender::checkBlocking() const
{
	if (!_transport.getBlocking())
		throw IllegalStateException("Messages can be sent only if the socket is blocking");
}


void WebSocketMessageSender::checkText(const char* pData, std::size_t length, bool last)
{
	if (!_writer.check(pData, length, last)) WebSocketSendRules::refuseText();
}


void WebSocketMessageSender::sendFragment(const char* pData, std::size_t length, bool last)
{
	try
	{
		const WebSocketMessageWriter::Frame frame = _writer.frame(pData, length, last, _compressed);
		if (!frame.nothing) _sender.send(frame.pData, static_cast<int>(frame.length), frame.flags);
	}
	catch (const WebSocketSender::Unfinished&)
	{
		throw; // this frame counts as sent
	}
	catch (...)
	{
		_writer.lost();
		throw;
	}
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
