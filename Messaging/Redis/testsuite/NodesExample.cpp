//
// NodesExample.cpp
//
// What docs/messaging.md shows of nodes compiles.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/MessageService.h"
#include "Poco/Messaging/RedisBackplane.h"
#include "Poco/Net/WebSocketMonitor.h"


using namespace Poco::Messaging;


// As it stands in the document, without indentation. It is compiled, and not called.
template <typename Nothing>
void exampleOfNodes(const MessageServiceParams::Ptr& pParams, const HubParams::Ptr& pHubParams, Poco::Net::WebSocketMonitor& monitor)
{
RedisBackplane::Ptr pBackplane(new RedisBackplane("redis://10.0.0.5/0")); // #include "Poco/Messaging/RedisBackplane.h"
MessageService service(pParams, pHubParams, pBackplane);
monitor.add([=]() { return pBackplane->monitored(); }); // a WebSocketMonitor's /metrics
}


template void exampleOfNodes<void>(const MessageServiceParams::Ptr&, const HubParams::Ptr&, Poco::Net::WebSocketMonitor&);
