//
// HTTPDispatcher.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketHTTPDispatcher
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/HTTPDispatcher.h"
#include "events/HTTPSession.h"
#include "events/Stream.h"
#include "net/OpenSSL.h"
#include "Poco/Net/HTTPRequestHandler.h"
#include "Poco/Net/HTTPServerRequestImpl.h"
#include "Poco/Net/HTTPServerResponseImpl.h"
#include "Poco/Buffer.h"
#include "Poco/ErrorHandler.h"
#include "Poco/Exception.h"
#include "Poco/Timestamp.h"
#include <algorithm>
#include <chrono>
#include <istream>
#include <utility>
#include <cerrno>
#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


namespace
{
	constexpr int DEFAULT_THREADS = 16;
	constexpr std::streamsize MAX_SKIPPED = 64*1024; // of a body that the handler has not read

	Poco::UInt64 cookieOf(int fd)
		/// Returns a number that no other socket has, or ever had.
	{
		Poco::UInt64 cookie = 0;
		socklen_t length = sizeof(cookie);
		::getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &length);
		return cookie;
	}

	void sendError(WebSocketHTTPSession& session, HTTPResponse::HTTPStatus status)
	{
		try
		{
			HTTPServerResponseImpl response(session);
			response.setVersion(HTTPMessage::HTTP_1_1);
			response.setStatusAndReason(status);
			response.setContentLength(0);
			response.setKeepAlive(false);
			response.send();
		}
		catch (const Poco::Exception&)
		{
			// the client has gone
		}
	}

	std::unique_ptr<HTTPServerRequestImpl> readRequest(HTTPServerResponseImpl& response, WebSocketHTTPSession& session, HTTPServerParams* pParams, const WebSocketVia* pVia)
	{
		if (!pVia) return std::make_unique<HTTPServerRequestImpl>(response, session, pParams);
		auto pRequest = std::make_unique<WebSocketProxiedRequest>(response, session, pParams, *pVia);
		if (!pVia->host.empty()) pRequest->setHost(pVia->host);
		return pRequest;
	}

	class EndOfTLS
		/// Ends TLS before a session closes its socket, also if a handler has thrown: closing would wait for the client with Poco 1.13.
	{
	public:
		EndOfTLS(WebSocketHTTPSession& session, const Poco::AutoPtr<StreamSocketImpl>& pSocket):
			_session(session),
			_pSocket(pSocket)
		{
		}

		~EndOfTLS()
		{
			if (_session.has(_pSocket.get())) WebSocketOpenSSL(_pSocket.get()).end();
		}

	private:
		EndOfTLS(const EndOfTLS&) = delete;
		EndOfTLS& operator = (const EndOfTLS&) = delete;

		WebSocketHTTPSession& _session;
		Poco::AutoPtr<StreamSocketImpl> _pSocket;
	};

	void letGo(Poco::AutoPtr<StreamSocketImpl>& pSocket)
		/// Lets go of a socket, and ends TLS if nobody else has it.
	{
		if (pSocket->referenceCount() == 1) WebSocketOpenSSL(pSocket.get()).end();
		pSocket.reset();
	}

	bool received(HTTPServerRequestImpl& request)
		/// Returns true if nothing of the request's body is left. What is left would be taken for the next request.
	{
		if (!request.hasContentLength()) return true;
		request.stream().ignore(MAX_SKIPPED);
		return request.stream().eof();
	}

	bool ends(const HTTPServerRequestImpl& request)
		/// Returns true if the stream of the request's body ends with the body. Poco's stream of chunks reads on, into the next request, if it
		/// is asked again, and that of a request without a length ends with the connection.
	{
		if (request.has(HTTPMessage::TRANSFER_ENCODING)) return false;
		const std::string& method = request.getMethod();
		return request.hasContentLength() || method == HTTPRequest::HTTP_GET || method == HTTPRequest::HTTP_HEAD || method == HTTPRequest::HTTP_DELETE;
	}
}


WebSocketProxiedRequest::WebSocketProxiedRequest(HTTPServerResponseImpl& response, HTTPServerSession& session, HTTPServerParams* pParams, const WebSocketVia& via):
	HTTPServerRequestImpl(response, session, pParams),
	_via(via)
{
}


bool WebSocketProxiedRequest::secure() const
{
	return _via.told == WebSocketScheme::NOT_TOLD ? HTTPServerRequestImpl::secure() : _via.told == WebSocketScheme::SECURE;
}


WebSocketHTTPDispatcher::Descriptor::Descriptor(int itsNumber):
	number(itsNumber),
	cookie(cookieOf(itsNumber))
{
}


void WebSocketHTTPDispatcher::Descriptor::shutdown(int spare) const
{
	if (::dup3(number, spare, O_CLOEXEC) < 0) return; // it is closed already
	if (cookieOf(spare) == cookie) ::shutdown(spare, SHUT_RDWR);
}


WebSocketHTTPDispatcher::WebSocketHTTPDispatcher(const HTTPRequestHandlerFactory::Ptr& pFactory, const HTTPServerParams::Ptr& pParams, Owner& owner, WebSocketRoom& room):
	_pFactory(pFactory),
	_pParams(pParams),
	_owner(owner),
	_room(room),
	_maxThreads(static_cast<std::size_t>(pParams->getMaxThreads() > 0 ? pParams->getMaxThreads() : DEFAULT_THREADS)),
	_stopped(false),
	_spare(::eventfd(0, EFD_CLOEXEC))
{
	if (_spare < 0) throw SystemException("No descriptor", errno);
}


WebSocketHTTPDispatcher::~WebSocketHTTPDispatcher()
{
	stop();
}


bool WebSocketHTTPDispatcher::serve(WebSocketStream& stream, const std::string& received, int requests)
{
	Connection connection{Poco::AutoPtr<StreamSocketImpl>(), stream.remoteAddress(), stream.localAddress(), received, requests, nullptr};
	std::unique_lock<std::mutex> lock(_mutex);
	const std::size_t room = _maxThreads - _handled.size() + static_cast<std::size_t>(std::max(0, _pParams->getMaxQueued()));
	if (_stopped || _queue.size() >= room) return false;
	const bool threadFree = _queue.size() < _threads.size() - _handled.size();
	if (!threadFree && _threads.size() < _maxThreads && !startThread() && _threads.empty()) return false;
	std::list<Connection> taken;
	taken.push_back(std::move(connection));
	taken.back().pVia = stream.takeVia();
	taken.back().pSocket = stream.detach(); // when nothing needs memory any more
	_queue.splice(_queue.end(), taken);
	_work.notify_one();
	return true;
}


bool WebSocketHTTPDispatcher::startThread()
{
	try
	{
		auto pThread = std::make_unique<Poco::Thread>("WebSocketServer HTTP");
		pThread->setPriority(_pParams->getThreadPriority());
		_threads.reserve(_threads.size() + 1);
		_handled.reserve(_threads.size() + 1); // the thread needs no memory for that
		pThread->start(*this); // it waits for the lock
		_threads.push_back(std::move(pThread));
		return true;
	}
	catch (...) // no thread, or no memory
	{
		return false;
	}
}


void WebSocketHTTPDispatcher::run()
{
	std::unique_lock<std::mutex> lock(_mutex);
	while (wait(lock))
	{
		const WebSocketRoom::Guest guest(_room); // under the lock: who has called cut() waits for it
		std::list<Connection> taken;
		taken.splice(taken.begin(), _queue, _queue.begin()); // needs no memory, as all that is outside of handle()
		Connection& connection = taken.front();
		const Descriptor descriptor(connection.pSocket->sockfd());
		_handled.push_back(&descriptor);
		lock.unlock();
		handle(connection);
		lock.lock();
		_handled.erase(std::find(_handled.begin(), _handled.end(), &descriptor));
	}
	leave(lock);
}


bool WebSocketHTTPDispatcher::wait(std::unique_lock<std::mutex>& lock)
	/// Waits for a connection, but not longer than a thread may be idle.
{
	const std::chrono::microseconds idleTime(_pParams->getThreadIdleTime().totalMicroseconds());
	_work.wait_for(lock, idleTime, [this] { return _stopped || !_queue.empty(); });
	return !_queue.empty();
}


void WebSocketHTTPDispatcher::leave(std::unique_lock<std::mutex>& lock)
	/// A thread ends, and joins the one that has ended before.
{
	const auto it = std::find_if(_threads.begin(), _threads.end(), [](const auto& pThread) { return pThread.get() == Poco::Thread::current(); });
	std::unique_ptr<Poco::Thread> pBefore = std::move(_pLast);
	_pLast = std::move(*it);
	_threads.erase(it);
	if (_threads.empty()) _left.notify_all();
	lock.unlock();
	if (pBefore) pBefore->join();
}


void WebSocketHTTPDispatcher::handle(Connection& connection)
	/// Throws nothing.
{
	bool kept = false;
	try
	{
		WebSocketHTTPSession session(connection.received, connection.remote, connection.local, _pParams);
		const EndOfTLS end(session, connection.pSocket);
		kept = handleRequest(session, connection);
		if (kept)
		{
			Poco::Buffer<char> behind(0);
			session.drainBuffer(behind);
			connection.received.assign(behind.begin(), behind.size());
			session.release(); // or it would be closed
		}
	}
	catch (const Poco::Exception& exc)
	{
		Poco::ErrorHandler::handle(exc);
	}
	catch (const std::exception& exc)
	{
		Poco::ErrorHandler::handle(exc);
	}
	catch (...)
	{
		Poco::ErrorHandler::handle();
	}
	++connection.requests;
	try
	{
		if (kept)
		{
			_owner.handled(connection);
		}
		else
		{
			letGo(connection.pSocket);
			_owner.closed(connection.remote);
		}
	}
	catch (...) // no memory
	{
		Poco::ErrorHandler::handle();
	}
}


bool WebSocketHTTPDispatcher::handleRequest(WebSocketHTTPSession& session, const Connection& connection)
	/// Returns true if another request may follow.
{
	StreamSocketImpl* const pSocket = const_cast<StreamSocketImpl*>(connection.pSocket.get());
	auto pResponse = std::make_unique<HTTPServerResponseImpl>(session);
	std::unique_ptr<HTTPServerRequestImpl> pRequest;
	try
	{
		pRequest = readRequest(*pResponse, session, _pParams.get(), connection.pVia.get());
	}
	catch (const Poco::Exception&) // what Poco refuses and we do not
	{
		session.attach(pSocket);
		sendError(session, HTTPResponse::HTTP_BAD_REQUEST);
		return false;
	}
	session.attach(pSocket);
	session.socket().setReceiveTimeout(_pParams->getTimeout());
	const int limit = _pParams->getMaxKeepAliveRequests();
	const bool mayKeep = _pParams->getKeepAlive() && pRequest->getKeepAlive() && ends(*pRequest) && (limit <= 0 || connection.requests + 1 < limit) && _owner.keeps();
	const bool keeps = respond(session, *pRequest, *pResponse, mayKeep) && pResponse->getKeepAlive() && mayKeep;
	pResponse.reset(); // sends what is left of it
	return keeps && session.has(pSocket) && !session.networkException() && received(*pRequest) && _owner.keeps();
}


bool WebSocketHTTPDispatcher::respond(WebSocketHTTPSession& session, HTTPServerRequestImpl& request, HTTPServerResponseImpl& response, bool keep)
	/// Returns true if there was a handler.
{
	response.setDate(Poco::Timestamp());
	response.setVersion(request.getVersion());
	response.setKeepAlive(keep);
	if (!_pParams->getSoftwareVersion().empty()) response.set("Server", _pParams->getSoftwareVersion());
	try
	{
		const std::unique_ptr<HTTPRequestHandler> pHandler(_pFactory->createRequestHandler(request));
		if (pHandler)
		{
			if (request.getExpectContinue() && response.getStatus() == HTTPResponse::HTTP_OK) response.sendContinue();
			pHandler->handleRequest(request, response);
			return true;
		}
		sendError(session, HTTPResponse::HTTP_NOT_IMPLEMENTED);
		return false;
	}
	catch (...)
	{
		if (!response.sent()) sendError(session, HTTPResponse::HTTP_INTERNAL_SERVER_ERROR);
		throw;
	}
}


void WebSocketHTTPDispatcher::cut()
{
	std::list<Connection> queue;
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_stopped) return; // nothing has come since
		_stopped = true;
		queue.swap(_queue);
		for (const Descriptor* const pDescriptor: _handled) pDescriptor->shutdown(_spare);
		::close(_spare); // is the last of them
		_work.notify_all();
	}
	for (Connection& connection: queue)
	{
		letGo(connection.pSocket);
		_owner.closed(connection.remote);
	}
}


void WebSocketHTTPDispatcher::stop()
{
	cut();
	std::unique_lock<std::mutex> lock(_mutex);
	_left.wait(lock, [this] { return _threads.empty(); });
	if (_pLast) _pLast->join();
	_pLast.reset();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
