//
// Peer.h
//
// The raw other side of the connection that is tested.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Peer_INCLUDED
#define Peer_INCLUDED


#include "Channel.h"
#include "Deflate.h"
#include "Wire.h"
#include <memory>
#include <string>


namespace Conformance {


struct Options
{
	bool client = false;         /// Whether what is tested is a client.
	bool cut = false;            /// Whether what is sent is cut into small pieces.
	bool full = false;           /// Whether sizes and counts are those of the public suite.
	bool echoesFragments = false;/// Whether what is tested may echo fragments of what is no message then.
};


class Peer
	/// Sends frames, right and wrong ones, and compares what comes back. All throw Failed if
	/// something else comes than should.
{
public:
	Peer(Channel& channel, const Options& options, const DeflateParams& deflate, const std::string& received);
		/// received is what has come already.

	const Options& options() const;

	//
	// Sending. Frames are gathered until flush().
	//
	Peer& add(int firstByte, const std::string& payload = "");
		/// Adds a frame.

	Peer& addBytes(const std::string& bytes);
		/// Adds bytes as they are.

	Peer& addWronglyMasked(int firstByte, const std::string& payload);
		/// Adds a frame that is masked if it must not be, and the other way round.

	Peer& addPart(int firstByte, const std::string& payload, std::size_t missing, std::size_t held = 0);
		/// Adds the beginning of a frame whose payload is longer by missing bytes. The last held bytes of what
		/// is there of it are added by addHeld().

	Peer& addHeld();

	Peer& addMessage(int opcode, const std::string& payload, std::size_t fragmentSize = 0);
		/// Adds a message, compressed if that was agreed on, in frames of fragmentSize bytes.

	Peer& flush(std::size_t pieceSize = 0);
		/// Sends: in pieces of pieceSize bytes; with 0, whole, or cut as the options say. What the other
		/// side does not accept after it has ended the connection is dropped.

	void send(int firstByte, const std::string& payload = "");
		/// Adds a frame and flushes.

	void pause();
		/// Gives the other side a little time to act too early, or too late.

	//
	// Comparing
	//
	void expectMessage(int opcode, const std::string& payload);
	void expectPong(const std::string& payload = "");
	void expectCompressed() const;
		/// At least one message that has come was compressed.

	void expectClose(int code, const std::string& reason = "");
		/// A Close frame comes; code 0: one without. Nothing follows, and the connection ends.

	void expectCloseFrame(int code, const std::string& reason = "");
		/// As above, but does not wait for the end.

	void expectFailure(int code);
		/// The connection is failed: a Close frame with this code comes though this side sends
		/// none, nothing follows, and the connection ends.

	void expectEnd(bool orderly);
		/// Nothing comes any more, and the connection ends; orderly: without a reset.

	void close();
		/// Closes with code 1000, as a case that has gone well ends.

private:
	void cutAndSend(const std::string& bytes, std::size_t pieceSize);
	bool nextFrame(Frame& frame);
	bool nextEvent(Frame& event);
		/// Returns the next control frame or whole message; false at the end of the stream.
	void addFragment(const Frame& frame);
	void checkPartial() const;

	Channel& _channel;
	const Options _options;
	const bool _masks;
	FrameParser _parser;
	std::string _pending;
	std::string _held;
	std::string _allSent;
	Frame _message;
	bool _inMessage;
	bool _compressed;
	bool _sawCompressed;
	std::unique_ptr<Deflater> _pDeflater;
	std::unique_ptr<Inflater> _pInflater;
};


std::string describe(const Frame& event);
	/// Returns a text for messages about failures.


} // namespace Conformance


#endif // Peer_INCLUDED
