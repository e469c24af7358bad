//
// Peer.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Peer.h"
#include <algorithm>


namespace Conformance {


namespace
{
	constexpr std::size_t BYTEWISE = 2048; // what is longer is cut into pieces of more than a byte
	constexpr std::size_t PIECES   = 256;  // about so many
	constexpr std::size_t ALL_SENT = 1 << 20;
}


Peer::Peer(Channel& channel, const Options& options, const DeflateParams& deflate, const std::string& received):
	_channel(channel),
	_options(options),
	_masks(!options.client),
	_parser(options.client),
	_inMessage(false),
	_compressed(false),
	_sawCompressed(false)
{
	_parser.append(received.data(), received.size());
	if (!deflate.on) return;
	const bool client = _masks;
	const DeflateParams& d = deflate;
	_pDeflater = std::make_unique<Deflater>(client ? d.clientMaxWindowBits : d.serverMaxWindowBits,
		!(client ? d.clientNoContextTakeover : d.serverNoContextTakeover));
	_pInflater = std::make_unique<Inflater>(client ? d.serverMaxWindowBits : d.clientMaxWindowBits,
		!(client ? d.serverNoContextTakeover : d.clientNoContextTakeover));
}


const Options& Peer::options() const
{
	return _options;
}


Peer& Peer::add(int firstByte, const std::string& payload)
{
	if ((firstByte & 8) == 0 && _allSent.size() < ALL_SENT) _allSent += payload;
	return addBytes(frame(firstByte, payload, _masks));
}


Peer& Peer::addBytes(const std::string& bytes)
{
	_pending += bytes;
	return *this;
}


Peer& Peer::addWronglyMasked(int firstByte, const std::string& payload)
{
	return addBytes(frame(firstByte, payload, !_masks));
}


Peer& Peer::addPart(int firstByte, const std::string& payload, std::size_t missing, std::size_t held)
{
	const std::string whole = frame(firstByte, payload + std::string(missing, 'm'), _masks);
	const std::size_t length = whole.size() - missing - held;
	_held = whole.substr(length, held);
	_allSent += payload;
	return addBytes(whole.substr(0, length));
}


Peer& Peer::addHeld()
{
	return addBytes(_held);
}


Peer& Peer::addMessage(int opcode, const std::string& payload, std::size_t fragmentSize)
{
	const std::string data = _pDeflater ? _pDeflater->compress(payload) : payload;
	int first = opcode | (_pDeflater ? static_cast<int>(RSV1) : 0);
	std::size_t offset = 0;
	while (fragmentSize > 0 && data.size() - offset > fragmentSize)
	{
		add(first, data.substr(offset, fragmentSize));
		offset += fragmentSize;
		first = CONT;
	}
	return add(FIN | first, data.substr(offset));
}


Peer& Peer::flush(std::size_t pieceSize)
{
	std::string bytes;
	bytes.swap(_pending);
	if (pieceSize == 0) pieceSize = !_options.cut ? bytes.size() : bytes.size() <= BYTEWISE ? 1 : (bytes.size()/PIECES) | 1;
	cutAndSend(bytes, pieceSize);
	return *this;
}


void Peer::cutAndSend(const std::string& bytes, std::size_t pieceSize)
{
	for (std::size_t offset = 0; offset < bytes.size(); offset += pieceSize)
	{
		if (!_channel.send(bytes.data() + offset, std::min(pieceSize, bytes.size() - offset))) return;
	}
}


void Peer::send(int firstByte, const std::string& payload)
{
	add(firstByte, payload).flush();
}


void Peer::pause()
{
	_channel.pause(std::chrono::milliseconds(_options.full ? 50 : 5));
}


//
// Comparing
//
std::string describe(const Frame& event)
{
	static const char* const NAMES[] = {"continuation", "text", "binary", "opcode 3", "opcode 4", "opcode 5", "opcode 6", "opcode 7",
		"Close", "Ping", "Pong", "opcode 11", "opcode 12", "opcode 13", "opcode 14", "opcode 15"};
	std::string result(NAMES[event.opcode()]);
	if (event.opcode() == CLOSE && event.payload.size() >= 2)
	{
		const int code = static_cast<unsigned char>(event.payload[0])*256 + static_cast<unsigned char>(event.payload[1]);
		return result + ' ' + std::to_string(code) + " \"" + event.payload.substr(2) + '"';
	}
	return result + " of " + std::to_string(event.payload.size()) + " bytes, \"" + event.payload.substr(0, 20) + '"';
}


bool Peer::nextFrame(Frame& result)
{
	while (!_parser.next(result))
	{
		if (!_channel.receive())
		{
			if (!_parser.empty()) throw Failed("the connection ends inside a frame");
			return false;
		}
		const std::string bytes = _channel.take();
		_parser.append(bytes.data(), bytes.size());
	}
	return true;
}


void Peer::addFragment(const Frame& fragment)
{
	const bool begins = fragment.opcode() != CONT;
	if (begins == _inMessage) throw Failed(begins ? "a message begins inside another one" : "a continuation of nothing");
	if (fragment.opcode() > BINARY || (fragment.first & (RSV2 | RSV3)) != 0) throw Failed("a reserved opcode or bit is used");
	const bool rsv1 = (fragment.first & RSV1) != 0;
	if (rsv1 && (!begins || !_pInflater)) throw Failed("RSV1 is set");
	if (begins)
	{
		_message = fragment;
		_compressed = rsv1;
	}
	else
	{
		_message.payload += fragment.payload;
	}
	_inMessage = (fragment.first & FIN) == 0;
}


bool Peer::nextEvent(Frame& event)
{
	while (nextFrame(event))
	{
		if (event.opcode() >= CLOSE)
		{
			if ((event.first & 0x70) != 0) throw Failed("a reserved bit of a control frame is set");
			return true;
		}
		addFragment(event);
		if (_inMessage) continue;
		event.first = FIN | _message.opcode();
		event.payload.swap(_message.payload);
		_message.payload.clear();
		if (_compressed) event.payload = _pInflater->decompress(event.payload);
		_sawCompressed |= _compressed;
		return true;
	}
	return false;
}


void Peer::checkPartial() const
{
	if (!_inMessage) return;
	if (!_options.echoesFragments) throw Failed("part of a message came, of which the whole was not sent");
	if (_allSent.find(_message.payload) == std::string::npos) throw Failed("a fragment came that was not sent");
}


void Peer::expectMessage(int opcode, const std::string& payload)
{
	Frame event;
	if (!nextEvent(event)) throw Failed("the connection ends before a message comes back");
	if (event.opcode() == opcode && event.payload == payload) return;
	throw Failed("expected " + describe({opcode, payload}) + "; it was " + describe(event));
}


void Peer::expectPong(const std::string& payload)
{
	expectMessage(PONG, payload);
}


void Peer::expectCompressed() const
{
	if (!_sawCompressed) throw Failed("what comes back is not compressed");
}


void Peer::expectCloseFrame(int code, const std::string& reason)
{
	Frame event;
	if (!nextEvent(event)) throw Failed("the connection ends without a Close frame");
	const std::string expected = code == 0 ? std::string() : closePayload(code, reason);
	// An engine's own words are not compared.
	const bool sameReason = reason == "*" && event.payload.size() >= 2 && isUtf8(event.payload.substr(2));
	const std::string payload = sameReason ? event.payload.substr(0, 2) + '*' : event.payload;
	if (event.opcode() != CLOSE || payload != expected)
		throw Failed("expected " + describe({CLOSE, expected}) + "; it was " + describe(event));
	checkPartial();
}


void Peer::expectClose(int code, const std::string& reason)
{
	expectCloseFrame(code, reason);
	expectEnd(true);
}


void Peer::expectFailure(int code)
{
	expectCloseFrame(code, "*");
	expectEnd(false);
}


void Peer::expectEnd(bool orderly)
{
	// A client leaves it to the server to end an orderly connection first (RFC 6455, 7.1.1).
	if (_options.client && orderly) _channel.shutdownSend();
	Frame event;
	if (nextFrame(event)) throw Failed("after the Close frame came " + describe(event));
	if (orderly && _channel.wasReset()) throw Failed("the connection is reset");
}


void Peer::close()
{
	send(FIN | CLOSE, closePayload(1000));
	expectClose(1000);
}


} // namespace Conformance
