//
// ServiceSupport.h
//
// A service on a server, and clients that say what a test wants.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef ServiceSupport_INCLUDED
#define ServiceSupport_INCLUDED


#include "Poco/Messaging/MessageService.h"
#include "Poco/Net/HTTPClientSession.h"
#include "Poco/Net/HTTPResponse.h"
#include "Poco/Net/WebSocket.h"
#include "TokenSupport.h"
#include <deque>
#include <functional>
#include <gtest/gtest.h>
#include <memory>


using Poco::Messaging::ErrorCode;
using Poco::Messaging::Hub;
using Poco::Messaging::HubParams;
using Poco::Messaging::Message;
using Poco::Messaging::MessageFlag;
using Poco::Messaging::MessageFormat;
using Poco::Messaging::MessageRequest;
using Poco::Messaging::MessageService;
using Poco::Messaging::MessageServiceParams;
using Poco::Messaging::Opcode;
using Poco::Messaging::QuotaRule;
using Poco::Messaging::QuotaRules;
using Poco::Messaging::TokenVerifier;


enum class Wire
{
	BINARY,
	JSON,
	BINARY_TLS
};

std::string wireName(const ::testing::TestParamInfo<Wire>& info);


bool eventually(const std::function<bool()>& condition);
	/// Waits until the condition is true, for 30 s at most.

std::string token(const std::string& claims, Poco::Int64 seconds = 3600);
	/// Returns a token with these claims, and an end.


class TestService
	/// Channels whose names begin with "h" have history (10), with "p" presence, Join and Leave.
{
public:
	explicit TestService(Wire wire, const std::function<void(MessageServiceParams&, HubParams&)>& change = [](MessageServiceParams&, HubParams&) {},
		const std::function<void(MessageService&)>& handlers = [](MessageService&) {});
	~TestService();

	static void withTokens(MessageServiceParams& params);

	std::unique_ptr<MessageService> pService;
	std::unique_ptr<Poco::Net::WebSocketServer> pServer;
	const Wire wire;
};


class TestClient
	/// Receives for 30 s at most.
{
public:
	struct Received: public Message
		/// With what its texts refer to.
	{
		Received() = default;
		Received(const Received&) = delete;
		Received& operator = (const Received&) = delete;

		std::string bytes;
		std::deque<std::string> kept;
	};

	typedef std::unique_ptr<Received> Answer;

	explicit TestClient(const TestService& service, const std::string& bearer = "", const std::string& traceparent = "");
		/// Throws a WebSocketException if the handshake is refused.

	void send(const Message& message);
	void sendBytes(const std::string& bytes, bool text);

	Answer receive();
		/// Returns the next message; null if the connection has been closed.

	Answer ask(Message message);
		/// Sends it with an id, and returns its answer. What comes before is kept for receive().

	Answer connect(const std::string& token = "", const std::string& info = "");
	Answer subscribe(const std::string& channel);

	Answer next(Poco::UInt16 opcode);
		/// Returns the next message with this opcode; skips others.

	int closeCode();
		/// Receives until the connection is closed, and returns the code.

	Poco::Net::WebSocket& socket();
	int status() const;
		/// Of the handshake's response.

private:
	std::unique_ptr<Poco::Net::HTTPClientSession> _pSession;
	Poco::Net::HTTPResponse _response;
	std::unique_ptr<Poco::Net::WebSocket> _pSocket;
	const MessageFormat& _format;
	std::deque<Answer> _pushes;
	Poco::UInt32 _id = 0;
	int _code = 0;
};


ErrorCode codeOf(const TestClient::Answer& pAnswer);
	/// Returns the code of an Error; NONE for another message.


#endif // ServiceSupport_INCLUDED
