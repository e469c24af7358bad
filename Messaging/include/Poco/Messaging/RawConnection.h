//
// RawConnection.h
//
// Library: PocoMessaging
// Package: Service
// Module:  RawConnection
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RawConnection_INCLUDED
#define Messaging_RawConnection_INCLUDED


#include "Poco/Messaging/Config.h"
#include "Poco/Net/WebSocketConnection.h"
#include "Poco/Exception.h"
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API RawConnection: public Poco::RefCountedObject
	/// A connection of a MessageService without its subprotocols: MessageService::setRawHandler(). Its messages are the application's.
	///
	/// They are handed to a data handler as they come, or are read one by one with readSome(): until it is asked for a message, nothing is
	/// read from the connection, and the client waits.
	///
	/// Objects may be kept for any time, and used by any thread. Handlers are called by the thread of the connection's loop, one after the other, and should not take long. If one throws,
	/// the connection is closed (1011).
{
public:
	typedef Poco::AutoPtr<RawConnection> Ptr;

	typedef Poco::Net::WebSocketConnection::SendResult SendResult;
		/// What has become of a message that was sent.

	typedef Poco::Net::WebSocketConnection::Metrics Metrics;
		/// Counts of the connection.

	using DataHandler = std::function<void(std::string_view message, Poco::Net::WebSocketFrame::Opcode opcode)>;
		/// Gets a message: see setDataHandler().

	using ErrorHandler = std::function<void(const Poco::Exception& error)>;
		/// Is told that the connection has failed: see setErrorHandler().

	using CloseHandler = std::function<void(int code, const std::string& reason)>;
		/// Is told that the connection has ended: see setCloseHandler().

	void setDataHandler(const DataHandler& handler);
		/// Sets what gets the messages, text (OP_TEXT) or binary (OP_BINARY). Reading begins. Throws an IllegalStateException if there is one already, or after
		/// readSome(), and an InvalidArgumentException if there is no handler.

	void setErrorHandler(const ErrorHandler& handler);
		/// Sets what is told that the connection has failed; the close handler follows. Default: none.

	void setCloseHandler(const CloseHandler& handler);
		/// Sets what is told that the connection has ended, with the code and the reason of WebSocketHandler::onClose(). It is called at once, by the calling
		/// thread, if it has ended before. While nothing is read, an end is not noticed. Default: none.

	bool readSome(std::string& message, const Poco::Timespan& timeout);
		/// Reads one message, text or binary. Returns false if none has come within the time; then one that comes later is read and kept for the next call. If several
		/// threads wait, each gets another message.
		///
		/// Throws a ConnectionResetException if the connection has ended, and an IllegalStateException if there is a data handler, or in a thread of
		/// a loop, whose connections would wait as well.

	SendResult sendText(std::string_view text);
		/// Sends a text message: see WebSocketConnection::send().

	SendResult sendBinary(std::string_view data);
		/// Sends a binary message: see WebSocketConnection::send().

	void close(int code = Poco::Net::WebSocketFrame::NORMAL_CLOSURE, const std::string& reason = "");
		/// Closes the connection: see WebSocketConnection::close().

	const Poco::UUID& id() const;
		/// Returns its random id.

	Poco::Net::SocketAddress remoteAddress() const;
		/// Returns the client's address.

	Metrics metrics() const;
		/// Returns its counts.

	const std::string& user() const;
		/// Returns the user of the handshake's token; empty if there is none.

protected:
	~RawConnection() override;
		/// Destroys the object.

private:
	friend class ServiceCore;

	RawConnection(Poco::Net::WebSocketConnection& connection, const std::string& user);
	RawConnection(const RawConnection&) = delete;
	RawConnection& operator = (const RawConnection&) = delete;

	static void inLoop();
	void onMessage(std::string_view message, Poco::Net::WebSocketFrame::Opcode opcode);
	void onError(const Poco::Exception& error);
	void onClose(int code, const std::string& reason);
	void read(bool flag);
	Poco::Net::WebSocketConnection& connection() const;

	const Poco::Net::WebSocketConnection::Ptr _pConnection;
	const std::string _user;
	mutable std::mutex _mutex; // for what follows
	std::condition_variable _condition;
	std::shared_ptr<const DataHandler> _pDataHandler;
	ErrorHandler _errorHandler;
	CloseHandler _closeHandler;
	std::deque<std::string> _messages; // that were asked for
	bool _onDemand = false;
	bool _reads = true;
	bool _ended = false;
	int _code = 0;
	std::string _reason;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RawConnection_INCLUDED
