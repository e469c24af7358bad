//
// RawConnection.cpp
//
// Library: PocoMessaging
// Package: Service
// Module:  RawConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Poco/Messaging/RawConnection.h"
#include "Poco/Net/NetException.h"
#include <chrono>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


using Poco::Net::WebSocketFrame;


namespace
{
	thread_local bool isLoop = false;
}


RawConnection::RawConnection(Poco::Net::WebSocketConnection& connection, const std::string& user):
	_pConnection(&connection, true),
	_user(user)
{
}


RawConnection::~RawConnection()
{
}


void RawConnection::inLoop()
	/// The calling thread is that of a loop.
{
	isLoop = true;
}


Poco::Net::WebSocketConnection& RawConnection::connection() const
{
	return const_cast<Poco::Net::WebSocketConnection&>(*_pConnection);
}


//
// Handlers
//
void RawConnection::setDataHandler(const DataHandler& handler)
{
	if (!handler) throw Poco::InvalidArgumentException("There is no handler");
	const std::lock_guard<std::mutex> lock(_mutex);
	if (_pDataHandler) throw Poco::IllegalStateException("There is a data handler");
	if (_onDemand) throw Poco::IllegalStateException("Messages are read with readSome()");
	_pDataHandler = std::make_shared<const DataHandler>(handler);
	read(true);
}


void RawConnection::setErrorHandler(const ErrorHandler& handler)
{
	const std::lock_guard<std::mutex> lock(_mutex);
	_errorHandler = handler;
}


void RawConnection::setCloseHandler(const CloseHandler& handler)
{
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		if (!_ended)
		{
			_closeHandler = handler;
			return;
		}
	}
	if (handler) handler(_code, _reason); // they do not change any more
}


//
// Reading on demand
//
void RawConnection::read(bool flag)
	/// By the mutex.
{
	if (flag == _reads) return;
	_reads = flag;
	if (flag) connection().resume();
	else connection().pause();
}


bool RawConnection::readSome(std::string& message, const Poco::Timespan& timeout)
{
	if (isLoop) throw Poco::IllegalStateException("readSome() would stop the loop");
	const auto end = std::chrono::steady_clock::now() + std::chrono::microseconds(timeout.totalMicroseconds());
	std::unique_lock<std::mutex> lock(_mutex);
	if (_pDataHandler) throw Poco::IllegalStateException("There is a data handler");
	_onDemand = true;
	bool inTime = true;
	while (_messages.empty() && !_ended && inTime)
	{
		read(true);
		inTime = _condition.wait_until(lock, end) == std::cv_status::no_timeout;
	}
	if (!_messages.empty())
	{
		message = std::move(_messages.front());
		_messages.pop_front();
		return true;
	}
	if (_ended) throw Poco::Net::ConnectionResetException("The connection has ended", _reason, _code);
	return false; // what comes now is for the next call
}


void RawConnection::onMessage(std::string_view message, WebSocketFrame::Opcode opcode)
{
	std::shared_ptr<const DataHandler> pHandler;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		pHandler = _pDataHandler;
		if (!pHandler)
		{
			if (connection().state() != Poco::Net::WebSocketConnection::OPEN) return; // close() has been called
			_messages.emplace_back(message);
			read(false);
			_condition.notify_all(); // those that get none have it read on
		}
	}
	if (pHandler) (*pHandler)(message, opcode);
}


void RawConnection::onError(const Poco::Exception& error)
{
	ErrorHandler handler;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		handler = _errorHandler;
	}
	if (handler) handler(error);
}


void RawConnection::onClose(int code, const std::string& reason)
{
	CloseHandler handler;
	ErrorHandler errorHandler; // they may own this
	std::shared_ptr<const DataHandler> pDataHandler;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_code = code;
		_reason = reason;
		_ended = true;
		handler.swap(_closeHandler);
		errorHandler.swap(_errorHandler);
		pDataHandler.swap(_pDataHandler);
		_condition.notify_all();
	}
	if (handler) handler(code, reason);
}


//
// What the connection does
//
RawConnection::SendResult RawConnection::sendText(std::string_view text)
{
	return connection().sendText(text);
}


RawConnection::SendResult RawConnection::sendBinary(std::string_view data)
{
	return connection().sendBinary(data);
}


void RawConnection::close(int code, const std::string& reason)
{
	connection().close(code, reason);
}


const Poco::UUID& RawConnection::id() const
{
	return _pConnection->id();
}


Poco::Net::SocketAddress RawConnection::remoteAddress() const
{
	return _pConnection->remoteAddress();
}


RawConnection::Metrics RawConnection::metrics() const
{
	return _pConnection->metrics();
}


const std::string& RawConnection::user() const
{
	return _user;
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
