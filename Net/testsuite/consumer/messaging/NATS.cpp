//
// NATS.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  NATS
//
// A program that uses Poco::MessagingNATS as installed: two nodes.
//
// usage: NATS <URL of a server>
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Nodes.h"
#include "Poco/Messaging/NATSBackplane.h"


int main(int argc, char** argv)
{
	return run([=]()
	{
		const std::string url(argc > 1 ? argv[1] : "nats://127.0.0.1:4222");
		Node here(new NATSBackplane(url));
		Node there(new NATSBackplane(url));
		exchange(here, there);
	});
}
