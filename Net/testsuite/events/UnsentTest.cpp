//
// UnsentTest.cpp
//
// What a peer does not take waits in the connection's queue, and little of it in the system.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventEnd.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/HTTPServerResponse.h"


namespace WebSocketTest {


namespace
{
	constexpr std::size_t SIZE = 5*1024*1024;
	constexpr std::size_t LITTLE = 1024*1024;

	void expectLittleTaken(EventConnection& connection, RawPeer& peer)
		/// Sends more than the system would take, to a peer that reads nothing.
	{
		peer.socket().setReceiveBufferSize(64*1024);
		connection.sendBinary(pattern(SIZE));
		std::size_t queued = 0;
		int equal = 0;
		EXPECT_TRUE(eventually([&]
		{
			const std::size_t now = static_cast<std::size_t>(connection.metrics().bytesQueued);
			equal = now == queued && now < SIZE ? equal + 1 : 0;
			queued = now;
			return equal == 50; // it has taken what it takes
		}));
		EXPECT_GE(LITTLE, SIZE - queued);
		EXPECT_TRUE(pattern(SIZE) == peer.receiveFrame().payload);
	}
}


class EventUnsentTest: public ::testing::TestWithParam<std::tuple<Role, Transport>>
{
private:
	Watchdog _watchdog;
};


TEST_P(EventUnsentTest, LittleWaitsInTheSystem)
{
	EventEnd end(std::get<0>(GetParam()), std::get<1>(GetParam()), [](Poco::Net::WebSocketConnectionParams& params) { params.setMaxQueuedBytes(2*SIZE); });
	expectLittleTaken(*end.pConnection, *end.pPeer);
}


TEST_P(TransportTest, LittleOfAnAdoptedConnectionWaitsInTheSystem)
{
	Poco::SharedPtr<Recorder> pHandler = new Recorder;
	EventParams::Ptr pParams = new EventParams;
	pParams->setMaxQueuedBytes(2*SIZE);
	Poco::Net::WebSocketServer loops(pHandler, pParams);
	loops.start();
	TestServer server(GetParam(), [&](Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) { loops.adopt(request, response); });
	RawPeer peer = connectRaw(server.port(), GetParam());
	peer.send(handshakeRequest());
	peer.receiveThrough("\r\n\r\n");
	expectLittleTaken(*pHandler->connection(), peer);
	pHandler->forget();
}


INSTANTIATE_TEST_SUITE_P(Event, EventUnsentTest, ::testing::Combine(::testing::Values(Role::SERVER, Role::CLIENT), ::testing::Values(Transport::PLAIN, Transport::TLS)),
	[](const ::testing::TestParamInfo<std::tuple<Role, Transport>>& param)
	{
		return std::string(std::get<0>(param.param) == Role::SERVER ? "Server" : "Client") + (std::get<1>(param.param) == Transport::TLS ? "TLS" : "Plain");
	});


} // namespace WebSocketTest
