//
// ServerCore.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketServer
//
// A running server: where its connections come from, and how it ends.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_ServerCore_INCLUDED
#define Net_ServerCore_INCLUDED


#include "core/Routes.h"
#include "events/Admission.h"
#include "events/ConnectionGroup.h"
#include "events/EventConnection.h"
#include "events/HTTPDispatcher.h"
#include "events/Listener.h"
#include "events/Proxies.h"
#include "events/Route.h"
#include "events/ServerLoops.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/AutoPtr.h"
#include "Poco/Logger.h"
#include <array>
#include <atomic>
#include <condition_variable>
#include <mutex>
#include <vector>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketServer::Core: public WebSocketRoute, public WebSocketListener::Acceptor, public WebSocketHTTPDispatcher::Owner
	/// What the connections have in common, and where they come from. Connections that the application keeps share its ownership.
	///
	/// ServerStages.cpp: how the server begins and ends. ServerEntrance.cpp: who comes in. ServerCore.cpp: connections, from their requests to their
	/// end. ServerReport.cpp: what it tells of itself.
{
public:
	Core(const WebSocketServerHandler::Ptr& pItsHandler, const WebSocketServerParams::Ptr& pItsParams);
		/// The handler may be null: then there are routes only.

	typedef Poco::AutoPtr<Core> Ptr;

	//
	// Stages
	//
	void addRoute(const std::string& itsPath, const WebSocketServerHandler::Ptr& pItsHandler, const WebSocketConnectionParams::Ptr& pItsParams);
	void setHTTP(const HTTPRequestHandlerFactory::Ptr& pItsFactory, const HTTPServerParams::Ptr& pItsParams);
	void listen(const ServerSocket& socket, bool shared, ProxyProtocol proxyProtocol);
	Poco::UInt16 port() const;
	void start();
	void stop();

	void destroy();
		/// For the destructor, which cannot throw: as stop() if that is possible; otherwise the handler is silenced, other threads are
		/// waited for, and this one ends later.

	bool abandon();
		/// Returns true in a child of the process that has started the server: nothing but the ports can be given back.

	std::vector<WebSocketConnection::Ptr> drain(const Poco::Timespan& timeout);
	std::vector<WebSocketReactor::Ptr> reactors() const;

	//
	// Connections
	//
	WebSocketConnection::Ptr adopt(HTTPServerRequest& request, HTTPServerResponse& response);
	void broadcast(const WebSocketPreparedMessage::Ptr& pMessage);
	std::vector<WebSocketConnection::Ptr> connections();
	Metrics metrics() const;
	bool accepting() const;
	bool draining() const;
	std::vector<double> lags(const Poco::Timespan& longest);
	void addTurns(WebSocketTurnTimes& turns) const;

	// WebSocketListener::Acceptor
	void accepted(int& fd, const sockaddr* pRemote, socklen_t length) override;
	bool accepted(const StreamSocket& socket) override;
	void acceptFailed(int code) override;
	void shutDown(const ServerSocket& socket) noexcept override;
	bool announced(const sockaddr* pPeer, socklen_t length) override;
	void introduced(int& fd, const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied) override;
	void introduced(const StreamSocket& socket, const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied) override;
	void notIntroduced(const sockaddr* pPeer, socklen_t length, const char* pWhy) noexcept override;

	// WebSocketConnectionGroup
	bool identify(WebSocketStream& stream, HTTPRequest& request, WebSocketRefusal::Reason& reason) override;
	WebSocketConnectionGroup* route(const HTTPRequest& request, std::string& value) override;
	bool handOver(WebSocketStream& stream, const std::string& received, int requests, Phase counted) override;
	void refused(const WebSocketRefusal& refusal, const Traffic& traffic) override;
	void abandoned() override;
	bool logs() const override;
	bool await(WebSocketRefusal::Reason& reason) noexcept override;
	void awaited() noexcept override;
	void opened(WebSocketConnection& connection, Phase before) override;
	void greeted(WebSocketConnection& connection) override;
	void gone(WebSocketConnection& connection, Phase phase, bool closed) override;

	// WebSocketHTTPDispatcher::Owner
	bool keeps() const override;
	void handled(WebSocketHTTPDispatcher::Connection& connection) override;
	void closed(const SocketAddress& remote) override;

	const WebSocketServerParams::Ptr pParams;

protected:
	~Core() override = default;

private:
	enum Stage
	{
		CREATED,
		RUNNING,
		STOPPING,
		DRAINED, // handlers of other requests may be running still
		STOPPED
	};

	void checkCreated(const char* function) const;
	void startThreads();
	void closeAll();
	void waitUntilStopped(std::unique_lock<std::mutex>& lock);
	void setStage(Stage stage);
	void finish();
	void begin(const WebSocketEventConnection::Ptr& pConnection, WebSocketReactor& reactor);
	void refuse(WebSocketRefusal::Reason reason, const SocketAddress& address, HTTPResponse::HTTPStatus status = HTTPResponse::HTTPStatus(0), const std::string& text = "A limit is reached", const std::string& path = std::string());
	void countTLS(const WebSocketConnection& connection);
	void logEnd(const WebSocketEventConnection& connection);
	bool admit(const WebSocketHost& host, const sockaddr* pPeer, socklen_t length);
	template <typename Make> void take(const WebSocketHost& host, std::unique_ptr<WebSocketVia>&& pVia, const Make& make);
	template <typename Make> void introduce(const sockaddr* pPeer, socklen_t length, const WebSocketProxied& proxied, const Make& make);
	template <typename Function> void orWithdraw(const WebSocketHost& host, const Function& function);

	const bool _hasHandler;
	std::size_t _largestQueue; // of all routes; each has its own limit, too
	WebSocketRoutes _paths;
	std::vector<Poco::AutoPtr<WebSocketRoute>> _routes; // those of the paths
	HTTPRequestHandlerFactory::Ptr _pFactory;
	Poco::AutoPtr<Poco::Logger> _pAccessLog; // outlives Logger::shutdown(); null: nothing is logged
	WebSocketProxies _proxies;
	WebSocketAdmission _admission; // is open while the server runs and is not being drained
	WebSocketServerLoops _loops;
	mutable std::mutex _stageMutex; // who changes the stage has it, but not while it waits for a thread
	std::condition_variable _stopped;
	std::atomic<Stage> _stage{CREATED};
	std::atomic<bool> _draining{false}; // drain() has been called
	std::atomic<Poco::UInt64> _accepted{0};
	std::atomic<Poco::UInt64> _failures{0};
	std::array<std::atomic<Poco::UInt64>, TLS_VERSIONS> _secure = {}; // connections that were opened over TLS
	std::mutex _cutMutex;
	std::vector<WebSocketConnection::Ptr> _cut; // while draining
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_ServerCore_INCLUDED
