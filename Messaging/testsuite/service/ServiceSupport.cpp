//
// ServiceSupport.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ServiceSupport.h"
#include "support/ClassPeer.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/HTTPSClientSession.h"
#include "Poco/Net/SecureServerSocket.h"
#include "Poco/Timestamp.h"
#include <chrono>
#include <thread>


std::string wireName(const ::testing::TestParamInfo<Wire>& info)
{
	static const char* const NAMES[] = {"Binary", "JSON", "BinaryTLS"};
	return NAMES[static_cast<int>(info.param)];
}


bool eventually(const std::function<bool()>& condition)
{
	for (int i = 0; i < 30000; ++i)
	{
		if (condition()) return true;
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	return false;
}


std::string token(const std::string& claims, Poco::Int64 seconds)
{
	return signedToken("{\"alg\":\"HS256\",\"typ\":\"JWT\"}", "{\"exp\":" + std::to_string(Poco::Timestamp().epochTime() + seconds) + (claims.empty() ? "" : "," + claims) + "}");
}


TestService::TestService(Wire serviceWire, const std::function<void(MessageServiceParams&, HubParams&)>& change, const std::function<void(MessageService&)>& handlers):
	wire(serviceWire)
{
	MessageServiceParams::Ptr pParams(new MessageServiceParams);
	HubParams::Ptr pHubParams(new HubParams);
	pHubParams->setOptionsOf([](const std::string& channel)
	{
		Poco::Messaging::ChannelOptions options;
		if (channel[0] == 'h') options.historySize = 10;
		if (channel[0] == 'p') options.presence = options.joinLeave = true;
		return options;
	});
	change(*pParams, *pHubParams);
	pService = std::make_unique<MessageService>(pParams, pHubParams);
	handlers(*pService);
	pServer = std::make_unique<Poco::Net::WebSocketServer>();
	pService->addTo(*pServer, "/messages");
	const Poco::Net::SocketAddress address("127.0.0.1", 0);
	if (wire == Wire::BINARY_TLS) pServer->listen(Poco::Net::SecureServerSocket(address, 64, WebSocketTest::serverContext()));
	else pServer->listen(address);
	pServer->start();
}


TestService::~TestService()
{
	pServer->stop();
}


void TestService::withTokens(MessageServiceParams& params)
{
	params.setVerifier(std::make_shared<TokenVerifier>(std::vector<Poco::Messaging::TokenKey>{Poco::Messaging::TokenKey::hmac("", SECRET)}));
}


TestClient::TestClient(const TestService& service, const std::string& bearer, const std::string& traceparent):
	_format(service.wire == Wire::JSON ? MessageFormat::json() : MessageFormat::binary())
{
	if (service.wire == Wire::BINARY_TLS) _pSession = std::make_unique<Poco::Net::HTTPSClientSession>("localhost", service.pServer->port(), WebSocketTest::clientContext());
	else _pSession = std::make_unique<Poco::Net::HTTPClientSession>("127.0.0.1", service.pServer->port());
	Poco::Net::HTTPRequest request(Poco::Net::HTTPRequest::HTTP_GET, "/messages", Poco::Net::HTTPRequest::HTTP_1_1);
	request.set("Sec-WebSocket-Protocol", _format.subprotocol());
	if (!bearer.empty()) request.set("Authorization", "Bearer " + bearer);
	if (!traceparent.empty()) request.set("traceparent", traceparent);
	_pSocket = std::make_unique<Poco::Net::WebSocket>(*_pSession, request, _response);
	_pSocket->setReceiveTimeout(Poco::Timespan(30, 0));
}


void TestClient::send(const Message& message)
{
	sendBytes(_format.write(message), _format.text());
}


void TestClient::sendBytes(const std::string& bytes, bool text)
{
	_pSocket->sendFrame(bytes.data(), static_cast<int>(bytes.size()), text ? Poco::Net::WebSocket::FRAME_TEXT : Poco::Net::WebSocket::FRAME_BINARY);
}


TestClient::Answer TestClient::receive()
{
	if (!_pushes.empty())
	{
		Answer pAnswer = std::move(_pushes.front());
		_pushes.pop_front();
		return pAnswer;
	}
	Answer pAnswer = std::make_unique<Received>();
	Poco::Net::WebSocketFrame::Opcode opcode;
	if (!_pSocket->receiveMessage(pAnswer->bytes, opcode))
	{
		_code = _pSocket->closeCode();
		return Answer();
	}
	EXPECT_TRUE(_format.parse(pAnswer->bytes, *pAnswer, pAnswer->kept));
	return pAnswer;
}


TestClient::Answer TestClient::ask(Message message)
{
	message.id = ++_id;
	send(message);
	std::deque<Answer> others;
	others.swap(_pushes);
	for (;;)
	{
		Answer pAnswer = receive();
		if (!pAnswer || pAnswer->id == message.id)
		{
			_pushes.swap(others);
			return pAnswer;
		}
		others.push_back(std::move(pAnswer));
	}
}


TestClient::Answer TestClient::connect(const std::string& connectToken, const std::string& info)
{
	Message message = Message::empty(Opcode::CONNECT, 0);
	message.token = connectToken;
	message.text = info;
	return ask(message);
}


TestClient::Answer TestClient::subscribe(const std::string& channel)
{
	Message message = Message::empty(Opcode::SUBSCRIBE, 0);
	message.channel = channel;
	return ask(message);
}


TestClient::Answer TestClient::next(Poco::UInt16 opcode)
{
	for (;;)
	{
		Answer pAnswer = receive();
		if (!pAnswer || pAnswer->opcode == opcode) return pAnswer;
	}
}


int TestClient::closeCode()
{
	while (receive())
	{
	}
	return _code;
}


Poco::Net::WebSocket& TestClient::socket()
{
	return *_pSocket;
}


int TestClient::status() const
{
	return _response.getStatus();
}


ErrorCode codeOf(const TestClient::Answer& pAnswer)
{
	if (!pAnswer || pAnswer->opcode != Opcode::ERROR_ANSWER) return ErrorCode::NONE;
	return static_cast<ErrorCode>(pAnswer->code);
}
