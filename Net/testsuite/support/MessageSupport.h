//
// MessageSupport.h
//
// What the tests of messages and parameters are made of: connections with parameters, and compression by zlib.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketMessageSupport_INCLUDED
#define WebSocketMessageSupport_INCLUDED


#include "support/ClassScript.h"
#include "support/TestSupport.h"
#include "Poco/Net/WebSocketParams.h"


namespace WebSocketTest {


using ParamsPtr = Poco::Net::WebSocketParams::Ptr;


//
// Connections
//
class Wire
	/// A WebSocket of ours with parameters, and the raw peer that it is connected with.
{
public:
	explicit Wire(const Connection& connection, ParamsPtr pParams = new Poco::Net::WebSocketParams, const std::string& extensions = "");
		/// extensions is what the peer offers, or answers, in Sec-WebSocket-Extensions.

	Poco::Net::WebSocket ws;
		/// With a receive timeout of DEADLINE_S.

	RawPeer peer;

	std::string head;
		/// What ours has sent in the opening handshake.

	std::string frame(int flags, const std::string& payload = "") const;
	std::string header(int flags, Poco::UInt64 length) const;
		/// As the peer must send it.

	void send(int flags, const std::string& payload = "");

private:
	struct Ends
	{
		Poco::Net::WebSocket ws;
		RawPeer peer;
		std::string head;
	};

	Wire(const Connection& connection, Ends&& ends);
	static Ends connect(const Connection& connection, const ParamsPtr& pParams, const std::string& extensions);

	bool _peerMasks;
};


class Couple
	/// A server and a client, both ours, with parameters.
{
public:
	Couple(Transport transport, ParamsPtr pServerParams, ParamsPtr pClientParams);

	Poco::Net::WebSocket server;
	Poco::Net::WebSocket client;

private:
	using Ends = std::pair<Poco::Net::WebSocket, Poco::Net::WebSocket>;

	explicit Couple(Ends&& ends);
	static Ends connect(Transport transport, const ParamsPtr& pServerParams, const ParamsPtr& pClientParams);
};


struct Answer
	/// What a server of ours has made of a request.
{
	std::string text;  /// Head and body of the response.
	int error = 0;     /// Code of the WebSocketException.
	bool refusedToSend = false; /// Another exception: nothing may have been sent.
	std::string subprotocol;

	int status() const;
};

Answer ask(const ParamsPtr& pParams, const std::string& request);
	/// Sends a request to a server with parameters; without any if pParams is null.


struct Opened
	/// What a client of ours has made of a response.
{
	std::string request;
	int error = 0; /// Code of the WebSocketException.
	std::string subprotocol;
};

Opened open(const ParamsPtr& pParams, const std::string& headers);
	/// Connects to a raw server that answers 101 with these header lines.


//
// Messages
//
struct Message
{
	int result; /// The length; 0 if the connection is closed, or the message empty; -1 if it is not complete yet.
	int opcode;
	std::string payload;
};

bool operator == (const Message& one, const Message& other);
void PrintTo(const Message& message, std::ostream* pStream);

Message text(const std::string& payload);
Message binary(const std::string& payload);
Message closed();
	/// What the calls below return.

using ReceiveMessage = Message (*)(Poco::Net::WebSocket& ws);

Message receiveString(Poco::Net::WebSocket& ws);
Message receiveBuffer(Poco::Net::WebSocket& ws);
std::vector<ReceiveMessage> receivers();

std::string receiveWhole(RawPeer& peer, int opcode);
	/// Receives a message of that opcode, which may come in several frames, and returns its payload.


//
// Compression, without the library
//
class ZlibDeflater
	/// Compresses messages as RFC 7692, 7.2.1 says.
{
public:
	explicit ZlibDeflater(int windowBits = 15, bool contextTakeover = true, int level = 6);
	~ZlibDeflater();

	std::string message(const std::string& payload);

private:
	ZlibDeflater(const ZlibDeflater&) = delete;
	ZlibDeflater& operator = (const ZlibDeflater&) = delete;

	struct Stream;
	std::unique_ptr<Stream> _pStream;
	bool _contextTakeover;
};


class ZlibInflater
	/// Decompresses messages with a window of exactly so many bits.
{
public:
	explicit ZlibInflater(int windowBits = 15, bool contextTakeover = true);
	~ZlibInflater();

	std::string message(const std::string& payload);
		/// Throws a DataFormatException if it cannot be decompressed.

private:
	ZlibInflater(const ZlibInflater&) = delete;
	ZlibInflater& operator = (const ZlibInflater&) = delete;

	struct Stream;
	std::unique_ptr<Stream> _pStream;
	bool _contextTakeover;
};


long peakMemory();
	/// Returns the largest resident set of this process so far, in bytes; -1 if that says nothing.


} // namespace WebSocketTest


#endif // WebSocketMessageSupport_INCLUDED
