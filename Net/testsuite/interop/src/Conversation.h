//
// Conversation.h
//
// What the interoperability tests' server and client have in common.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Interop_Conversation_INCLUDED
#define Interop_Conversation_INCLUDED


#include "Poco/Net/WebSocket.h"
#include <string>


namespace Interop {


const std::string SUBPROTOCOL("interop.v1");

constexpr int DEADLINE_S = 30;
	/// What has not happened after so many seconds will not.

//
// What the servers, ours and the others, do by themselves.
//
constexpr int SERVER_CLOSE_CODE = 4001;
const std::string SERVER_CLOSE_REASON("auf Wiedersehen, schöne Grüße");
const std::string PING_PAYLOAD("are you there?");
const std::string PONG_REPORT("the Pong has come");
const std::string FRAGMENTED_TEXT("Ein Text in Stücken: Straße, 水, 😀.");
constexpr int FRAGMENTED_BINARY_LENGTH = 100000;


struct Message
	/// A whole message, or a Pong or Close frame.
{
	int opcode = 0;
	std::string payload;

	int closeCode() const;
		/// Returns the status code of a Close frame; 1005 if there is none.

	std::string closeReason() const;
};


class Peer
	/// Messages on a WebSocket. One thread may receive while another sends.
{
public:
	explicit Peer(Poco::Net::WebSocket& ws);
		/// Sets the timeouts of ws.

	Message receive();
		/// Receives a message, a Pong or a Close frame. Answers Pings. The end of the
		/// stream is an error.

	void send(int opcode, const std::string& payload);

	void sendFragments(int opcode, const std::string& payload, std::size_t length);
		/// Sends a message in fragments of length bytes, a Ping behind the first of them.

	void expectMessage(int opcode, const std::string& payload);
		/// Receives, and fails if it is something else.

	void expectPong(const std::string& payload);

	void close(int code, const std::string& reason);
		/// Sends a Close frame and waits for the answer, which must have the same code.

	void expectClose(int code, const std::string& reason);
		/// Receives a Close frame and answers it.

private:
	Poco::Net::WebSocket& _ws;
};


std::string pattern(std::size_t length);
	/// Returns bytes of every value.

void check(bool condition, const std::string& what);
	/// Throws a std::runtime_error with what if the condition is not met.


} // namespace Interop


#endif // Interop_Conversation_INCLUDED
