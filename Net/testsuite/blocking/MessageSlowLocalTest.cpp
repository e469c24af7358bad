//
// MessageSlowLocalTest.cpp
//
// The class over Unix-domain sockets, with a slow peer: the system tells only how much it holds.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/MessageSupport.h"
#include "support/SlowPeer.h"
#include "Poco/Net/HTTPServerConnection.h"
#include "Poco/TemporaryFile.h"
#include <future>


using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace WebSocketTest {


namespace
{
	class LocalWire
		/// A WebSocket of ours over a Unix-domain socket, and its raw peer.
	{
	public:
		LocalWire(Role role, const ParamsPtr& pParams):
			_listener(SocketAddress(SocketAddress::UNIX_LOCAL, _file.path())),
			_role(role)
		{
			if (role == Role::SERVER) accept(pParams);
			else connect(pParams);
		}

		std::string frame(int flags, const std::string& payload) const
		{
			return WebSocketTest::frame(flags, payload, _role == Role::SERVER);
		}

		std::unique_ptr<WebSocket> pOurs;
		std::unique_ptr<RawPeer> pPeer;

	private:
		StreamSocket dial() const
		{
			return StreamSocket(SocketAddress(SocketAddress::UNIX_LOCAL, _file.path()));
		}

		void accept(const ParamsPtr& pParams)
		{
			pPeer = std::make_unique<RawPeer>(dial(), Transport::PLAIN, false);
			pPeer->send(handshakeRequest());
			const TestServer::RequestHandler handler = [&](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				pOurs = std::make_unique<WebSocket>(request, response, pParams);
			};
			Poco::Net::HTTPServerConnection(_listener.acceptConnection(), new Poco::Net::HTTPServerParams, new FunctionFactory(handler)).run();
			pPeer->receiveThrough("\r\n\r\n");
		}

		void connect(const ParamsPtr& pParams)
		{
			std::future<void> peer = std::async(std::launch::async, [&]
			{
				pPeer = std::make_unique<RawPeer>(_listener.acceptConnection(), Transport::PLAIN, true);
				pPeer->send(handshakeResponse(receiveRequest(*pPeer)));
			});
			HTTPClientSession session(dial());
			HTTPRequest request(HTTPRequest::HTTP_GET, "/", HTTPRequest::HTTP_1_1);
			HTTPResponse response;
			request.setHost("localhost");
			pOurs = std::make_unique<WebSocket>(session, request, response, pParams);
			get(peer);
		}

		Poco::TemporaryFile _file;
		ServerSocket _listener;
		const Role _role;
	};

	class MessageSlowTestOfLocal: public ::testing::TestWithParam<Role>
	{
	private:
		Watchdog _watchdog;
	};
}


TEST_P(MessageSlowTestOfLocal, AnswerToAPingBehindAsMuchAsBefore)
	/// Another thread sends as much as the peer reads: what the system holds is the same whenever it is looked at.
{
	ParamsPtr pParams = new WebSocketParams;
	pParams->setPingInterval(Poco::Timespan(0, 100*1000));
	pParams->setPongTimeout(LIMIT);
	LocalWire wire(GetParam(), pParams);
	wire.pOurs->setSendTimeout(LIMIT);
	wire.pOurs->setReceiveTimeout(Poco::Timespan(60, 0));
	const std::string payload = pattern(100);
	const int size = static_cast<int>(frame(0x82, payload, GetParam() == Role::CLIENT).size());
	constexpr int MANY = 200; // for which the peer takes four times the limit
	for (int i = 0; i < MANY; ++i) wire.pOurs->sendBinary(payload);
	std::future<Message> received = std::async(std::launch::async, [&] { return receiveString(*wire.pOurs); });
	Pace pace;
	for (int i = 0; i < MANY; ++i)
	{
		pace.step();
		std::string bytes(static_cast<std::size_t>(size), '\0');
		EXPECT_EQ(size, wire.pPeer->socket().receiveBytes(&bytes[0], size)); // no more: the peer's own buffer would take it
		wire.pOurs->sendBinary(payload);
	}
	EXPECT_EQ(std::future_status::timeout, received.wait_for(std::chrono::seconds(0)));
	wire.pPeer->send(wire.frame(0x81, "alive"));
	EXPECT_EQ(text("alive"), get(received));
}


INSTANTIATE_TEST_SUITE_P(All, MessageSlowTestOfLocal, ::testing::Values(Role::SERVER, Role::CLIENT),
	[](const ::testing::TestParamInfo<Role>& row) { return row.param == Role::SERVER ? "Server" : "Client"; });


} // namespace WebSocketTest
