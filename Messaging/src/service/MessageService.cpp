//
// MessageService.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageService
//
// SPDX-License-Identifier: BSL-1.0
//


#include "service/ServiceCore.h"
#include "Poco/Net/HTTPServerRequest.h"
#include <typeinfo>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;


namespace
{
	class ServiceHandler: public Poco::Net::WebSocketServerHandler
		/// The route of a service on a server.
	{
	public:
		explicit ServiceHandler(const std::shared_ptr<ServiceCore>& pCore):
			_pCore(pCore)
		{
		}

		void onOpen(WebSocketConnection& connection, Poco::Net::HTTPServerRequest& request) override
		{
			_pCore->onOpen(connection, request);
		}

		void onMessage(WebSocketConnection& connection, std::string_view message, WebSocketFrame::Opcode opcode) override
		{
			const ClientPtr pClient = clientOf(connection);
			if (Peer* const pPeer = peerOf(pClient)) _pCore->onMessage(*pPeer, message, opcode);
			else if (RawConnection* const pRaw = rawOf(pClient)) _pCore->onRawMessage(*pRaw, message, opcode);
		}

		void onDrained(WebSocketConnection& connection) override
		{
			const ClientPtr pClient = clientOf(connection);
			if (Peer* const pPeer = peerOf(pClient)) _pCore->onDrained(*pPeer);
		}

		void onError(WebSocketConnection& connection, const Poco::Exception& error) override
		{
			const ClientPtr pClient = clientOf(connection);
			if (RawConnection* const pRaw = rawOf(pClient)) _pCore->onRawError(*pRaw, error);
		}

		void onClose(WebSocketConnection& connection, int code, const std::string& reason) override
		{
			const ClientPtr pClient = clientOf(connection);
			if (Peer* const pPeer = peerOf(pClient)) _pCore->onClose(*pPeer);
			else if (RawConnection* const pRaw = rawOf(pClient)) _pCore->onRawClose(*pRaw, code, reason);
		}

	private:
		typedef std::shared_ptr<Poco::RefCountedObject> ClientPtr; // a Peer or a RawConnection

		static ClientPtr clientOf(WebSocketConnection& connection)
		{
			return std::static_pointer_cast<Poco::RefCountedObject>(connection.userData());
		}

		static bool isPeer(const Poco::RefCountedObject& client)
		{
			return typeid(client) == typeid(Peer);
		}

		static Peer* peerOf(const ClientPtr& pClient)
		{
			return pClient && isPeer(*pClient) ? static_cast<Peer*>(pClient.get()) : nullptr;
		}

		static RawConnection* rawOf(const ClientPtr& pClient)
		{
			return pClient && !isPeer(*pClient) ? static_cast<RawConnection*>(pClient.get()) : nullptr;
		}

		const std::shared_ptr<ServiceCore> _pCore;
	};
}


MessageService::MessageService(const MessageServiceParams::Ptr& pParams, const HubParams::Ptr& pHubParams, const Backplane::Ptr& pBackplane)
{
	if (!pParams || !pHubParams) throw Poco::InvalidArgumentException("There are no parameters");
	_pCore = std::make_shared<ServiceCore>(pParams, pHubParams, pBackplane);
	_pCore->start();
}


MessageService::~MessageService()
{
	_pCore->stop();
}


void MessageService::setHandler(Poco::UInt16 opcode, const Handler& handler)
{
	_pCore->setHandler(opcode, handler);
}


MessageService::Handler MessageService::overrideHandler(Poco::UInt16 opcode, const Handler& handler)
{
	return _pCore->overrideHandler(opcode, handler);
}


void MessageService::setRawHandler(const RawHandler& handler)
{
	_pCore->setRawHandler(handler);
}


void MessageService::addTo(Poco::Net::WebSocketServer& server, const std::string& path, const Poco::Net::WebSocketConnectionParams::Ptr& pParams)
{
	constexpr int MAX_MESSAGE = 1024*1024;
	Poco::Net::WebSocketConnectionParams::Ptr pRoute(pParams);
	if (!pRoute)
	{
		pRoute = new Poco::Net::WebSocketConnectionParams;
		pRoute->setMaxMessageSize(MAX_MESSAGE);
	}
	pRoute->setMaxQueuedBytes(_pCore->params().getMaxQueuedBytes());
	pRoute->setQueuePolicy(Poco::Net::WebSocketConnectionParams::QUEUE_REFUSE);
	pRoute->setAsyncHook([pCore = _pCore](const Poco::Net::WebSocketAcceptance::Ptr& pAcceptance) { pCore->onHandshake(pAcceptance); });
	pRoute->setSubprotocols({MessageFormat::binary().subprotocol(), MessageFormat::json().subprotocol()});
	server.addRoute(path, new ServiceHandler(_pCore), pRoute);
	_pCore->seal();
}


Hub& MessageService::hub()
{
	return _pCore->hub();
}


Session::Ptr MessageService::session(const WebSocketConnection& connection) const
{
	return _pCore->session(connection);
}


MessageService::Metrics MessageService::metrics() const
{
	return _pCore->metrics();
}


std::vector<Poco::Net::WebSocketMonitor::Metric> MessageService::monitored() const
{
	const Metrics service = metrics();
	const Hub::Metrics hub = _pCore->hub().metrics();
	return
	{
		{"messaging_healthy", "Whether the other nodes can be reached.", false, _pCore->hub().healthy() ? 1u : 0u},
		{"messaging_connections", "Connections of the service.", false, service.connections},
		{"messaging_sessions", "Sessions of this node.", false, hub.sessions},
		{"messaging_channels", "Channels that sessions of this node are in.", false, hub.channels},
		{"messaging_subscriptions", "Sessions in channels.", false, hub.subscriptions},
		{"messaging_acks", "Messages that wait for their acknowledgement.", false, hub.acks},
		{"messaging_requests", "Messages of clients.", true, service.requests},
		{"messaging_malformed", "Messages of clients that were none.", true, service.malformed},
		{"messaging_errors", "Errors that were sent to clients.", true, service.errors},
		{"messaging_handler_errors", "Exceptions of handlers.", true, service.handlerErrors},
		{"messaging_refused_tokens", "Tokens that were not accepted.", true, service.tokensRefused},
		{"messaging_quota_warned", "Messages behind a soft limit.", true, service.warned},
		{"messaging_quota_delayed", "Messages after which reading has paused.", true, service.delayed},
		{"messaging_quota_rejected", "Messages that were rejected.", true, service.rejected},
		{"messaging_quota_terminated", "Connections that a quota has closed.", true, service.terminated},
		{"messaging_published", "Publications of this node.", true, hub.published},
		{"messaging_delivered", "Publications queued or sent to sessions.", true, hub.delivered},
		{"messaging_lagging", "Publications that come later, from history.", true, hub.lagging},
		{"messaging_dropped", "Messages dropped for slow sessions.", true, hub.dropped},
		{"messaging_lags", "How often a session has fallen behind.", true, hub.lags},
		{"messaging_closed_as_slow", "Sessions closed because of that.", true, hub.closedAsSlow},
		{"messaging_failures", "What answers and encoders have thrown, and turns without memory.", true, hub.failures}
	};
}


const MessageServiceParams& MessageService::params() const
{
	return _pCore->params();
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
