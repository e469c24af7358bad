//
// ClientExample.cpp
//
// What docs/messaging.md shows of MessageClient compiles.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/MessageClient.h"


using namespace Poco::Messaging;


std::string askForAToken();
void show(std::string_view sender, std::string_view payload);
void showAGap();
void complain(ErrorCode error);


// As it stands in the document, without indentation. It is compiled, and not called.
template <typename Nothing>
void exampleOfTheDocument()
{
MessageClientParams::Ptr pParams(new MessageClientParams);
pParams->setToken([]() { return askForAToken(); }); // for each connection, and when one runs out
MessageClient client(Poco::URI("wss://example.com/messages"), MessageClientCallbacks(), pParams);
MessageSubscription room;
room.onPublication = [](const Message& publication) { show(publication.sender, publication.payload); };
room.onLost = [](const Position&, const Position&) { showAGap(); };
client.subscribe("room", room);
client.start();
client.publish("room", "hello", [](ErrorCode error, const Message&) { if (error != ErrorCode::NONE) complain(error); });
}
