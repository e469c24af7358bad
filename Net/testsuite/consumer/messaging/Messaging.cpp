//
// Messaging.cpp
//
// Library: PocoWebSocket
// Package: Consumer
// Module:  Messaging
//
// A program that uses Poco::Messaging as installed: one node.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Nodes.h"


int main()
{
	return run([]()
	{
		Node node(new MemoryBackplane);
		exchange(node, node);
	});
}
