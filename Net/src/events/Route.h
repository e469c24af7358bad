//
// Route.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketRoute
//
// Connections of a server with the same path.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketRoute_INCLUDED
#define Net_WebSocketRoute_INCLUDED


#include "events/ConnectionGroup.h"
#include "Poco/Net/HTTPServerRequest.h"
#include "Poco/Net/WebSocketHandler.h"
#include <string>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketRoute: public WebSocketConnectionGroup
	/// Connections of a server with the same handler and parameters: those of a path, or those of no other route. Who comes
	/// and goes is told to the server, which is the root of them all.
{
public:
	WebSocketRoute(const std::string& itsPath, const WebSocketServerHandler::Ptr& pItsHandler, const WebSocketConnectionParams::Ptr& pItsParams, WebSocketConnectionGroup* pItsRoot = nullptr):
		WebSocketConnectionGroup(WebSocketFramer::ROLE_SERVER, pItsHandler, pItsParams, pItsRoot),
		_pServerHandler(pItsHandler)
	{
		routePath = itsPath;
		limits.maxAge = root.limits.maxAge; // which is no parameter of a connection
	}

	void tellOpen(WebSocketConnection& connection, HTTPRequest& request) override
	{
		if (!silent()) _pServerHandler->onOpen(connection, static_cast<HTTPServerRequest&>(request));
	}

	void tellRefused(const WebSocketRefusal& refusal)
		/// Calls the handler's onRefused(), unless it is silenced.
	{
		if (!silent()) _pServerHandler->onRefused(refusal);
	}

protected:
	~WebSocketRoute() override = default;

private:
	WebSocketServerHandler::Ptr _pServerHandler;
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketRoute_INCLUDED
