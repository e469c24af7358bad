//
// ClientCutTest.cpp
//
// A client whose connection is cut behind each byte, in either direction.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ClientSupport.h"


namespace
{
	typedef std::tuple<Wire, CuttingProxy::Direction> Cut;

	class ClientCutTest: public ::testing::TestWithParam<Cut>
	{
	};

	std::string cutName(const ::testing::TestParamInfo<Cut>& info)
	{
		return wireName(::testing::TestParamInfo<Wire>(std::get<0>(info.param), 0)) + (std::get<1>(info.param) == CuttingProxy::UP ? "Up" : "Down");
	}

	int step(Wire wire)
		/// JSON is longer, and cut in the same places. TLS connections cost milliseconds, and their first thousands of bytes are OpenSSL's.
	{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
		return wire == Wire::BINARY_TLS ? 257 : 23; // they are ten times as slow
#else
		return wire == Wire::BINARY_TLS ? 37 : wire == Wire::JSON ? 3 : 1;
#endif
	}
}


INSTANTIATE_TEST_SUITE_P(Client, ClientCutTest, ::testing::Combine(::testing::Values(Wire::BINARY, Wire::JSON, Wire::BINARY_TLS), ::testing::Values(CuttingProxy::UP, CuttingProxy::DOWN)), cutName);


TEST_P(ClientCutTest, OnceAndInOrder)
{
	const Wire wire = std::get<0>(GetParam());
	TestService service(wire);
	Hub& hub = service.pService->hub();
	CuttingProxy proxy(service.pServer->port());
	Poco::Net::WebSocketClientLoop loop;
	int bytes = 0;
	for (;; bytes += step(wire))
	{
		SCOPED_TRACE(bytes);
		proxy.cutAfter(std::get<1>(GetParam()), bytes);
		const std::string channel = "h" + std::to_string(bytes);
		hub.publish(channel, "before"); // the epoch of a channel in which nothing was published ends when all have left
		Told told;
		MessageClient client(uriOf(wire, proxy.port()), told.callbacks(), loop, clientParams(wire), connectionParams(wire));
		client.subscribe(channel, told.subscription("h"));
		client.start();
		ASSERT_TRUE(told.has("h in"));
		client.publish(channel, "1", told.done("1"));
		ASSERT_TRUE(told.has("h:1"));
		hub.publish(channel, "2");
		client.publish(channel, "3", told.done("3"));
		ASSERT_TRUE(told.has("h:3"));
		ASSERT_TRUE(told.has("1 NONE") && told.has("3 NONE"));
		hub.publish(channel, "4");
		ASSERT_TRUE(told.has("h:4"));
		ASSERT_EQ(Texts({"1", "2", "3", "4"}), told.with("h:")) << ::testing::PrintToString(told.all());
		ASSERT_EQ(0u, told.count("h lost")) << ::testing::PrintToString(told.all());
		ASSERT_EQ(0u, told.count("1 CONNECTION_LOST"));
		if (!proxy.wasCut()) break;
	}
	EXPECT_LT(500, bytes);
	RecordProperty("bytes", bytes);
}
