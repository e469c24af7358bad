//
// GoneTest.cpp
//
// The event shell: the peer has gone when something of the opening handshake is written. No SIGPIPE, even if the program has unblocked it.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/GonePeer.h"
#include "Poco/Net/WebSocketClient.h"
#include <sys/resource.h>
#include <sys/socket.h>


using namespace WebSocketTest;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;


namespace
{
	int descriptorOf(const SocketAddress& peer)
		/// Returns the one of this process's descriptors that is connected with that address; -1 if there is none.
	{
		rlimit limit = rlimit();
		::getrlimit(RLIMIT_NOFILE, &limit);
		for (int fd = 0; fd < static_cast<int>(std::min<rlim_t>(limit.rlim_cur, 4096)); ++fd)
		{
			sockaddr_storage address = sockaddr_storage();
			socklen_t length = sizeof(address);
			if (::getpeername(fd, reinterpret_cast<sockaddr*>(&address), &length) != 0 || address.ss_family != AF_INET) continue;
			if (SocketAddress(reinterpret_cast<const sockaddr*>(&address), length) == peer) return fd;
		}
		return -1;
	}

	class GoneClientHandler: public Poco::Net::WebSocketClientHandler
	{
	public:
		void onConnectFailed(const Poco::Exception&) override
		{
			failed = true;
		}

		std::atomic<bool> failed{false};
	};
}


TEST_P(EventPortTest, NoSIGPIPEOfAServersAnswer)
{
	for (bool accepted: {true, false})
	{
		SCOPED_TRACE(accepted ? "101" : "403");
		const SIGPIPEs signals;
		std::promise<void> asked;
		std::promise<void> gone;
		EventParams::Ptr pParams = new EventParams;
		pParams->setHook([&](HTTPServerRequest& request, HTTPServerResponse&)
		{
			SIGPIPEs::unblock(); // as a program may
			const int fd = GetParam() == Port::LOCAL ? -1 : descriptorOf(request.clientAddress());
			asked.set_value();
			gone.get_future().wait();
			EXPECT_TRUE(GetParam() == Port::LOCAL || knowsOfReset(fd));
			return accepted;
		});
		EventServer events(GetParam(), pParams);
		events.start();
		RawPeer peer = events.dial();
		peer.send(handshakeRequest());
		asked.get_future().wait();
		goAway(peer);
		gone.set_value();
		EXPECT_TRUE(eventually([&] { return events.server.metrics().handshakes == 0; }));
		events.server.stop();
		EXPECT_EQ(0, signals.count());
	}
}


TEST_P(EventPortTest, NoSIGPIPEOfAClientsRequest)
{
	if (GetParam() == Port::LOCAL) return; // a client has names and addresses
	const SIGPIPEs signals;
	GoneServer server(transportOf(GetParam()));
	WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
	pParams->setReconnect(false);
	pParams->setSessionFactory([&](const Poco::URI& uri) -> std::unique_ptr<HTTPClientSession>
	{
		SIGPIPEs::unblock(); // as a program may
		if (GetParam() == Port::TLS) return std::make_unique<GoneSecureSession>(server, uri.getHost(), uri.getPort(), clientContext());
		return std::make_unique<GonePlainSession>(server, uri.getHost(), uri.getPort());
	});
	WebSocketClientLoop loop;
	const Poco::SharedPtr<GoneClientHandler> pHandler = new GoneClientHandler;
	const std::string scheme = GetParam() == Port::TLS ? "wss" : "ws";
	WebSocketClient client(Poco::URI(scheme + "://127.0.0.1:" + std::to_string(server.port()) + "/"), pHandler, loop, pParams);
	client.start();
	EXPECT_TRUE(eventually([&] { return pHandler->failed.load(); }));
	client.stop();
	EXPECT_EQ(0, signals.count());
}
