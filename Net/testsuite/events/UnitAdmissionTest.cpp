//
// UnitAdmissionTest.cpp
//
// Who may come in to a server: each limit at its edge, and what makes room again.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/Admission.h"
#include <gtest/gtest.h>
#include <thread>
#include <arpa/inet.h>
#include <netinet/in.h>


using Poco::Net::WebSocketAdmission;
using Poco::Net::WebSocketConnectionGroup;
using Poco::Net::WebSocketHost;
using Poco::Net::WebSocketRefusal;
using Poco::Net::WebSocketServer;
using Poco::Net::WebSocketServerParams;


namespace
{
	WebSocketHost host(const char* pAddress)
	{
		sockaddr_in address = {};
		address.sin_family = AF_INET;
		::inet_pton(AF_INET, pAddress, &address.sin_addr);
		return WebSocketHost(reinterpret_cast<const sockaddr*>(&address));
	}

	const WebSocketHost A = host("192.0.2.1");
	const WebSocketHost B = host("192.0.2.2");

	class EventAdmissionTest: public testing::Test
	{
	protected:
		EventAdmissionTest()
		{
			pParams->setMaxConnections(3);
			pParams->setMaxHandshakes(2);
			pParams->setMaxConnectionsPerAddress(2);
			admission.open();
		}

		bool admit(const WebSocketHost& host, bool counted, WebSocketAdmission::Answer expected = WebSocketAdmission::REFUSED)
			/// Counts what is refused, as a server does. If it is not admitted, it is what is expected.
		{
			const WebSocketAdmission::Answer answer = admission.admit(host, counted, reason);
			if (answer == WebSocketAdmission::ADMITTED) return true;
			EXPECT_EQ(expected, answer);
			if (answer == WebSocketAdmission::REFUSED) admission.refused(reason);
			return false;
		}

		WebSocketServer::Metrics metrics() const
		{
			WebSocketServer::Metrics metrics;
			admission.read(metrics);
			return metrics;
		}

		WebSocketServerParams::Ptr pParams = new WebSocketServerParams;
		WebSocketAdmission admission{pParams};
		WebSocketRefusal::Reason reason = WebSocketRefusal::MALFORMED; // of the last that was refused
	};
}


TEST_F(EventAdmissionTest, HandshakesAtTheSameTime)
{
	EXPECT_TRUE(admit(A, false));
	EXPECT_TRUE(admit(B, false));
	EXPECT_FALSE(admit(B, false));
	EXPECT_EQ(WebSocketRefusal::HANDSHAKE_LIMIT, reason);
	admission.opened(WebSocketConnectionGroup::HANDSHAKE);
	EXPECT_TRUE(admit(B, false));
	EXPECT_EQ(1, metrics().connections);
	EXPECT_EQ(2, metrics().handshakes);
	EXPECT_EQ(1u, metrics().connectionsRefused);
}


TEST_F(EventAdmissionTest, ConnectionsOfOneAddress)
{
	for (int i = 0; i < 2; ++i)
	{
		EXPECT_TRUE(admit(A, false));
		admission.opened(WebSocketConnectionGroup::HANDSHAKE);
	}
	EXPECT_FALSE(admit(A, false));
	EXPECT_EQ(WebSocketRefusal::ADDRESS_LIMIT, reason);
	EXPECT_TRUE(admit(A, true)); // one of the two is to become this one
	admission.leave(WebSocketConnectionGroup::HANDSHAKE, A);
	EXPECT_TRUE(admit(B, false));
	admission.leave(WebSocketConnectionGroup::HANDSHAKE, B);
	admission.leave(WebSocketConnectionGroup::OPENED, A);
	EXPECT_TRUE(admit(A, false));
}


TEST_F(EventAdmissionTest, AllConnections)
{
	for (const WebSocketHost& host: {A, A, B})
	{
		EXPECT_TRUE(admit(host, false));
		admission.opened(WebSocketConnectionGroup::HANDSHAKE);
	}
	EXPECT_FALSE(admit(B, false));
	EXPECT_EQ(WebSocketRefusal::CONNECTION_LIMIT, reason);
	EXPECT_TRUE(admit(B, true));
	EXPECT_EQ(3u, metrics().connectionsOpened);
}


TEST_F(EventAdmissionTest, OtherRequests)
{
	EXPECT_TRUE(admit(A, false));
	admission.change(WebSocketConnectionGroup::HANDSHAKE, WebSocketConnectionGroup::HTTP);
	EXPECT_EQ(1, metrics().httpConnections);
	EXPECT_EQ(0, metrics().handshakes);
	EXPECT_TRUE(admit(A, false));
	EXPECT_FALSE(admit(A, false)); // the other request counts for its address
	admission.opened(WebSocketConnectionGroup::HTTP);
	EXPECT_EQ(0, metrics().httpConnections);
	EXPECT_EQ(1, metrics().connections);
}


TEST_F(EventAdmissionTest, RequestsThatWait)
{
	pParams->setMaxAcceptances(2);
	EXPECT_TRUE(admission.await());
	EXPECT_TRUE(admission.await());
	EXPECT_FALSE(admission.await());
	EXPECT_EQ(2, metrics().acceptances);
	admission.awaited();
	EXPECT_TRUE(admission.await());
	admission.close();
	admission.awaited();
	EXPECT_FALSE(admission.await());
	EXPECT_EQ(1, metrics().acceptances);
}


TEST_F(EventAdmissionTest, LimitOfThoseThatWait)
{
	EXPECT_EQ(1000, pParams->getMaxAcceptances());
	for (const int count: {0, -1}) EXPECT_THROW(pParams->setMaxAcceptances(count), Poco::InvalidArgumentException);
	pParams->setMaxAcceptances(1);
	EXPECT_EQ(1, pParams->getMaxAcceptances());
}


TEST_F(EventAdmissionTest, ClosedIsNoLimit)
{
	admission.close();
	EXPECT_FALSE(admit(A, false, WebSocketAdmission::CLOSED));
	EXPECT_EQ(0, admission.count());
	EXPECT_EQ(0u, metrics().connectionsRefused);
}


TEST_F(EventAdmissionTest, CountsByReason)
{
	Poco::UInt64 limits = 0;
	for (int i = 0; i < WebSocketRefusal::REASONS; ++i)
	{
		const auto which = static_cast<WebSocketRefusal::Reason>(i);
		for (int j = 0; j <= i; ++j) admission.refused(which);
		EXPECT_EQ(static_cast<Poco::UInt64>(i + 1), metrics().refusals[which]);
		if (which <= WebSocketRefusal::BUSY) limits += static_cast<Poco::UInt64>(i + 1);
		EXPECT_EQ(limits, metrics().connectionsRefused);
	}
	admission.abandoned();
	EXPECT_EQ(1u, metrics().handshakesAbandoned);
}


TEST_F(EventAdmissionTest, RateOfAnAddress)
{
	WebSocketServerParams::Ptr pLimited = new WebSocketServerParams;
	pLimited->setHandshakeRate(1, 5);
	WebSocketAdmission limited(pLimited);
	limited.open();
	WebSocketRefusal::Reason why = WebSocketRefusal::MALFORMED;
	int admitted = 0;
	while (admitted < 100 && limited.admit(A, false, why) == WebSocketAdmission::ADMITTED) ++admitted;
	EXPECT_GE(admitted, 5); // on a machine that stands still meanwhile there may be more
	EXPECT_LT(admitted, 100);
	EXPECT_EQ(WebSocketRefusal::HANDSHAKE_RATE, why);
	EXPECT_EQ(admitted, limited.count());
	EXPECT_EQ(WebSocketAdmission::ADMITTED, limited.admit(A, true, why)); // a connection that is there already
	EXPECT_EQ(WebSocketAdmission::ADMITTED, limited.admit(B, false, why));
	for (int i = 0; i < 100; ++i) EXPECT_EQ(WebSocketAdmission::ADMITTED, limited.admit(WebSocketHost(), false, why)); // a Unix-domain socket
}


TEST_F(EventAdmissionTest, KnownLater)
	/// A connection of a proxy counts for its client when that is known.
{
	WebSocketRefusal::Reason why = WebSocketRefusal::MALFORMED;
	pParams->setMaxHandshakes(100);
	pParams->setMaxConnections(100);
	for (int i = 0; i < 4; ++i) EXPECT_EQ(WebSocketAdmission::ADMITTED, admission.admit(WebSocketHost(), false, why));
	EXPECT_TRUE(admission.identify(A, true, why));
	EXPECT_TRUE(admission.identify(A, true, why));
	EXPECT_FALSE(admission.identify(A, true, why));
	EXPECT_EQ(WebSocketRefusal::ADDRESS_LIMIT, why);
	EXPECT_TRUE(admission.identify(B, true, why));
	EXPECT_TRUE(admission.identify(WebSocketHost(), true, why));
	EXPECT_EQ(WebSocketAdmission::REFUSED, admission.admit(A, false, why));
	admission.forget(A);
	EXPECT_EQ(WebSocketAdmission::ADMITTED, admission.admit(A, false, why));
	admission.leave(WebSocketConnectionGroup::HANDSHAKE, A);
	EXPECT_TRUE(admission.identify(A, true, why));
	EXPECT_EQ(4, admission.count());

	pParams->setHandshakeRate(1, 2);
	pParams->setMaxConnectionsPerAddress(0);
	WebSocketAdmission limited(pParams);
	limited.open();
	int identified = 0;
	while (identified < 100 && limited.identify(A, true, why)) ++identified;
	EXPECT_GE(identified, 2);
	EXPECT_LT(identified, 100);
	EXPECT_EQ(WebSocketRefusal::HANDSHAKE_RATE, why);
	EXPECT_TRUE(limited.identify(A, false, why)); // another request of a proxy
}


TEST(EventHostTest, NetworksOfASubscriber)
{
	const auto network = [](const char* pAddress)
	{
		sockaddr_in6 address = {};
		address.sin6_family = AF_INET6;
		EXPECT_EQ(1, ::inet_pton(AF_INET6, pAddress, &address.sin6_addr)) << pAddress;
		return WebSocketHost(reinterpret_cast<const sockaddr*>(&address)).network();
	};
	EXPECT_NE(A.network(), B.network());
	EXPECT_EQ(A.network(), network("::ffff:192.0.2.1"));
	EXPECT_NE(network("::ffff:192.0.2.2"), network("::ffff:192.0.2.1"));
	EXPECT_EQ(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff:ffff:ffff:ffff"));
	EXPECT_NE(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
	EXPECT_NE(network("c000:201::1"), A.network()); // the same first bytes
}


TEST_F(EventAdmissionTest, WaitsUntilAllHaveLeft)
{
	EXPECT_TRUE(admit(A, false));
	admission.close();
	admission.waitUntilEmpty(Poco::Timespan(0, 1000));
	EXPECT_EQ(1, admission.count());
	std::thread other([this] { admission.leave(WebSocketConnectionGroup::HANDSHAKE, A); });
	admission.waitUntilEmpty(Poco::Timespan(60, 0));
	EXPECT_EQ(0, admission.count());
	other.join();
}
