//
// MessagesEngine.h
//
// Definition of the MessagesEngine class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef MessagesEngine_INCLUDED
#define MessagesEngine_INCLUDED


#include "ThreadEngine.h"
#include "Poco/Net/WebSocketParams.h"


class MessagesEngine: public ThreadEngine
	/// Echoes whole messages, with the limits and options of the parameters.
{
public:
	explicit MessagesEngine(Poco::Net::WebSocketParams::Ptr pParams);

protected:
	Poco::Net::WebSocket accept(Poco::Net::HTTPServerRequest& request, Poco::Net::HTTPServerResponse& response) override;
	void echo(Poco::Net::WebSocket& ws) override;

private:
	const Poco::Net::WebSocketParams::Ptr _pParams;
};


#endif // MessagesEngine_INCLUDED
