//
// EventConnection.h
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// A connection in an event loop.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketEventConnection_INCLUDED
#define Net_WebSocketEventConnection_INCLUDED


#include "events/ConnectionExtras.h"
#include "events/ConnectionGroup.h"
#include "events/HTTPDispatcher.h"
#include "events/Input.h"
#include "events/Life.h"
#include "events/MessageQueue.h"
#include "events/OnDemand.h"
#include "events/Poller.h"
#include "events/Reporting.h"
#include "core/PingTimes.h"
#include "core/Timing.h"
#include "events/Stream.h"
#include "events/TimerWheel.h"
#include "events/Watch.h"
#include "net/Upgrade.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Net/WebSocketConnection.h"
#include "core/AccessLine.h"
#include "core/Framer.h"
#include <atomic>
#include <memory>
#include <mutex>
#include <new>
#include <string>


namespace Poco {
namespace Net {


POCO_WEBSOCKET_BEGIN


class WebSocketOpeningHandshake;
class WebSocketReactor;


class WebSocketEventConnection final: public WebSocketConnection, public WebSocketTimerWheel::Entry
	/// A connection in an event loop: bytes that arrive go through the parser to the handler, and what
	/// is sent waits in an output until the end of the turn.
	///
	/// What is not an override of WebSocketConnection is called by the loop's thread only.
{
public:
	typedef Poco::AutoPtr<WebSocketEventConnection> Ptr;
	typedef WebSocketTimerWheel::Time Time;

	struct Task
		/// Something that another thread wants.
	{
		enum What
		{
			ADD,
			SEND,
			PING,
			CLOSE, // the code is in place of the opcode, the reason of the data
			ABORT,
			PAUSE,
			RESUME,
			FLUSH,
			ANSWERED,
			BROADCAST, // without a connection; the limit is in place of the opcode
			SEND_TO_MANY // the same; the number of the connections' list is in place of the opcode
		};

		Ptr pConnection;
		What what;
		WebSocketMessageQueue::Message message;
	};

	WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, int& fd, const sockaddr* pRemote, socklen_t length);
	WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, StreamSocketImpl* pSocket, const SocketAddress& remote);
		/// A connection that a server has accepted, plain or not.

	WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, const WebSocketUpgrade& upgrade, const SocketAddress& remote, const HTTPRequest& request, const std::string& routeParameter = std::string());
		/// A connection whose opening handshake is complete.

	WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, WebSocketHTTPDispatcher::Connection& connection);
		/// A connection that has made other requests before.

	void setVia(std::unique_ptr<WebSocketVia>&& pVia);
	void setVia(std::unique_ptr<WebSocketVia>&& pVia, const SocketAddress& client);
		/// Before begin(): tells how it has come, and who the client is, if a request's fields have told that already.

	// WebSocketConnection
	using WebSocketConnection::send;
	SendResult send(std::string_view message, WebSocketFrame::Opcode opcode) override;
	SendResult send(const WebSocketPreparedMessage::Ptr& pMessage) override;
	SendResult sendBehind(const WebSocketPreparedMessage::Ptr& pMessage) override;
	SendResult sendPart(std::string_view part, WebSocketFrame::Opcode opcode, bool last, WebSocketFrame::Compression compression) override;
	void ping() override;
	void close(int code, const std::string& reason) override;
	void closeBehind(int code, const std::string& reason) override;
	void abort() override;
	void pause() override;
	void resume() override;
	void setParts(bool flag) override;
	State state() const override;
	const Poco::UUID& id() const override;
	SocketAddress remoteAddress() const override;
	SocketAddress peerAddress() const override;
	WebSocketHost remoteHost() const;
	std::string_view tlsVersion() const;
		/// Returns that of tlsInfo(), without a copy.

	void describe(WebSocketAccessLine& line) const;
		/// Tells what the group logs when the connection has ended.

	std::string subprotocol() const override;
	const std::string& route() const override;
	std::string routeParameter() const override;
	bool secure() const override;
	WebSocketTLSInfo tlsInfo() const override;
	Metrics metrics() const override;
	void setUserData(const std::shared_ptr<void>& pData) override;
	std::shared_ptr<void> userData() const override;

	void begin();
		/// The connection has been put into its loop.

	void discharge();
		/// Instead of begin(): the connection cannot be put into its loop. Tells the group.

	void perform(Task& task);
	void ready(int events) override;
	void due(Time now) override;

	void flush();
		/// Sends what is waiting.

	void cut();
		/// Ends the connection at once.

	bool isBehind() const;
		/// Returns true if the loop has broadcast what this connection has not been given.

	void distribute();
		/// Sends that.

	void catchUp();
		/// Queues that, and sends it at the end of the turn. To be called before anything else is sent.

	void loseBroadcast();
		/// A message for all was not kept: for this connection it has not fitted into the queue.

	static void sendToMany(const WebSocketPreparedMessage::Ptr& pMessage, WebSocketConnection* const* ppConnections, std::size_t count, SendResult* pResults);
		/// See WebSocketConnection::send(). Any thread.

	void takeShared(const WebSocketPreparedMessage::Ptr& pMessage, std::size_t index);
		/// Sends the message, whose cost is reserved; with others, if it has an index among those of the turn.

	void giveRun();
		/// At the end of the turn: sends what waits of the turn's messages.

	SendResult sendKept(std::string_view message, WebSocketFrame::Opcode opcode, WebSocketFrame::Compression compression);
		/// As send(), without a limit: the message is in memory already.

	bool belongsTo(const WebSocketConnectionGroup& group) const;
	bool lives() const;
		/// Returns true if it was opened, and onClose() was not called. Any thread may ask, as for belongsTo().

	void endSoon(int code, const std::string& reason);
		/// As close(), but an opening handshake has the time-out of the closing handshake to be completed, from what has come last.

	Poco::UInt32 place; // in the loop's list of its connections
	bool dirty; // in the loop's list of those that have something to flush
	bool again; // in the loop's list of those that have something to do in the next turn

private:
	~WebSocketEventConnection() override;

	friend class WebSocketInput;

	typedef WebSocketConnectionExtras Extras;

	template <typename... Stream>
	WebSocketEventConnection(WebSocketConnectionGroup& group, WebSocketReactor& reactor, WebSocketConnectionGroup::Phase counted, Stream&&... stream);

	// Calling others
	template <typename Function> void call(const Function& function);
	template <typename Function> void guarded(const Function& function);
	template <typename Function> void orAbort(const Function& function);
	WebSocketConnectionGroup& group() const;
	WebSocketLink link();

	// Its place in the loop (EventConnection.cpp)
	Task newTask(Task::What what, int number = 0);
	bool here() const;
	void performTask(Task& task);
	void turn(int events);
	void unusualTurn(int events);
	int crossed(int events);

	// The opening handshake (ConnectionOpening.cpp)
	bool adopted() const;
	void beginHandshake();
	void beginAdopted();
	void receiveRequest(char* pData, std::size_t length);
	void await(bool first);
	void decided(WebSocketRefusal::Reason late, const char* pLate);
	void conclude(std::unique_ptr<WebSocketOpeningHandshake> pOpening, bool accepted, char* pBehind, std::size_t length);
	void tellRefused(WebSocketRefusal&& refusal, std::size_t sent, bool read);
	void handshakeEnded();
	bool handOver(WebSocketOpeningHandshake& opening, const char* pBehind, std::size_t length);
	void limitAge();
	void open(HTTPRequest& request, const std::string& subprotocol, const WebSocketDeflateParams* pDeflate);

	// What arrives, and when reading stops (ConnectionReading.cpp)
	void read();
	void nothingReceived();
	void receivedSecurely();
	void receive(char* pData, std::size_t length);
	void process(char* pData, std::size_t length);
	void messageReceived();
	void messagesReceived(int number);
	void gatheredReceived();
	void partReceived();
	void stopReading();
	void readyWhilePaused();
	bool unread() const;
	void processBacklog();
	void goOn();
	void goOnLater();
	void discard();
	bool isNew() const;
	void updateInterest();

	// PING, PONG and the peer's Close (ConnectionControl.cpp)
	void controlReceived();
	void sendPing();
	void sendControl(int flags, const char* pPayload, std::size_t length);
	void sendWaitingControl();

	// What the program sends (ConnectionSending.cpp)
	void wakeFlush();
	SendResult sendText(const char* pMessage, std::size_t length);
	void checkText(const char* pMessage, std::size_t length) const;
	SendResult sendAny(const char* pMessage, std::size_t length, int opcode);
	SendResult sendUnusual(const char* pMessage, std::size_t length, int opcode, bool limited);
	SendResult sendElsewhere(const char* pMessage, std::size_t length, int opcode);
	SendResult sendPrepared(const WebSocketPreparedMessage::Ptr& pMessage, bool limited = true);
	bool makeRoom(std::size_t length, bool limited = true);
	SendResult refuse();
	SendResult sendLater(WebSocketMessageQueue::Message&& message, bool limited = true, bool posted = false);
	void deflating();
	void deflateStep();
	void deflateSome();
	void deflateAll();
	SendResult reserve(const WebSocketPreparedMessage& message);

	// What goes to several connections (ConnectionBroadcast.cpp)
	void settleRun();
	void giveBroadcasts();
	std::size_t extendBy(std::size_t first);

	// What the peer takes (ConnectionFlushing.cpp)
	void tryFlush();
	bool push();
	bool pushed(WebSocketSendQueue::Flushed result);
	void blocked(WebSocketSendQueue::Flushed result);
	void unblocked();
	void flushed();

	// How it ends (ConnectionClosing.cpp)
	void sendClose(int code, const std::string& reason);
	bool enter(WebSocketLife::Phase next);
	void go(WebSocketLife::Phase next);
	void protocolFailed();
	void noMemory();
	void noteClose(int code);
	void ended();
	void broken(const Poco::Exception& exc);
	void streamBroken();
	void sendBroken();
	void callbackFailed(const Poco::Exception& exc);
	void tellError(const Poco::Exception& exc);
	void callOnError(const Poco::Exception& exc);
	void tellClosed();
	void callOnClose();

	// What is due (ConnectionTiming.cpp)
	void timeReached(Time now);
	bool act(WebSocketTiming::Action action, Time now);
	WebSocketTiming::Facts facts() const;
	WebSocketTiming::More* more() const;
	Time deadline() const;
	void schedule();
	void answered();

	// What the program asks (ConnectionFacts.cpp)
	void releaseUserData();

	std::atomic<unsigned char> _dataReleased; // 1 if no user data is kept any more
	WebSocketWatch _watch;
	bool _controlWaits; // PINGs and PONGs are to be sent when the peer takes them
	WebSocketLife _life;
	std::atomic<WebSocketConnectionGroup*> _pGroup; // the route's, as soon as that is known; routes exist before the threads do
	WebSocketReactor& _reactor;

	// What sending needs lies together: to reach one connection after the other is to wait for memory.
	WebSocketMessageQueue _queue;

	WebSocketStream _stream;
	std::unique_ptr<WebSocketOpeningHandshake> _pOpening;
	WebSocketFramer _framer;
	WebSocketInput _input;
	WebSocketOnDemand<Extras> _extras;
	WebSocketTiming _timing;
	WebSocketPingTimes _pingTimes;
	std::atomic<Poco::UInt32> _notQueued{0};
	Poco::Timestamp _since;
};


//
// inlines
//
inline WebSocketConnection::State WebSocketEventConnection::state() const
{
	return _life.state();
}


template <typename Function>
inline void WebSocketEventConnection::call(const Function& function)
	/// Calls a callback, and deals with what it throws.
{
	reportExceptions(function, [this](const Poco::Exception& exc) { callbackFailed(exc); });
}


template <typename Function>
inline void WebSocketEventConnection::guarded(const Function& function)
	/// What goes wrong ends this connection, and nothing else.
{
	try
	{
		function();
	}
	catch (const Poco::Exception& exc)
	{
		broken(exc);
	}
	catch (const std::bad_alloc&)
	{
		noMemory();
	}
}


template <typename Function>
inline void WebSocketEventConnection::orAbort(const Function& function)
	/// If a message was sent in part, and cannot be sent on, nothing can be sent any more.
{
	try
	{
		function();
	}
	catch (...)
	{
		abort();
		throw;
	}
}


inline WebSocketConnectionGroup& WebSocketEventConnection::group() const
{
	return *_pGroup.load(std::memory_order_relaxed);
}


inline WebSocketLink WebSocketEventConnection::link()
{
	return WebSocketLink{this, group(), _reactor, _framer, _input.parser(), _stream, _timing};
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketEventConnection_INCLUDED
