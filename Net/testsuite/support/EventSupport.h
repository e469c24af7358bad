//
// EventSupport.h
//
// What the tests of the event shell are made of: a server that notes what its handler is told, and raw peers.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef WebSocketEventSupport_INCLUDED
#define WebSocketEventSupport_INCLUDED


#include "support/ClassScript.h"
#include "Poco/Net/WebSocketServer.h"
#include "Poco/TemporaryFile.h"
#include <atomic>
#include <map>
#include <mutex>


namespace WebSocketTest {


using EventConnection = Poco::Net::WebSocketConnection;
using EventParams = Poco::Net::WebSocketServerParams;
using Poco::Net::WebSocketFrame;


enum class Port
{
	PLAIN,
	TLS,
	LOCAL /// A Unix-domain socket.
};


std::string portName(const ::testing::TestParamInfo<Port>& info);
Transport transportOf(Port port);


bool eventually(const std::function<bool ()>& condition);
	/// Waits until the condition is true, but not longer than DEADLINE_S. Returns false if it did not come true.


class Recorder: public Poco::Net::WebSocketServerHandler
	/// Notes what it is told, for each connection a line: "open", "message 1 text", "part 2 text.." (with ".."
	/// unless it is the last), "drained", "error 15", "close 1000 reason". Text of more than 64 bytes is noted as "#length".
	/// Then calls a function, if there is one. A callback inside another one of the same connection has failed the test.
{
public:
	typedef std::function<void (EventConnection&, std::string_view, WebSocketFrame::Opcode)> Message;

	Recorder();

	// To be set before the server is started. By default messages are sent back.
	std::function<void (EventConnection&, Poco::Net::HTTPServerRequest&)> open;
	Message message;
	std::function<void (EventConnection&, std::string_view, WebSocketFrame::Opcode, bool)> part;
	std::function<void (EventConnection&, std::string_view)> ping;
	std::function<void (EventConnection&, std::string_view)> pong;
	std::function<void (EventConnection&)> drained;
	std::function<void (EventConnection&, const Poco::Exception&)> error;
	std::function<void (EventConnection&, int, const std::string&)> close;
	std::function<void (const Poco::Net::WebSocketRefusal&)> refused; // comes from several threads

	bool quiet = false;
		/// Nothing is noted.

	std::size_t count() const;
		/// Returns how many connections there have been.

	EventConnection::Ptr connection(std::size_t index = 0) const;
		/// Waits for a connection.

	std::vector<std::string> log(std::size_t index = 0) const;

	std::vector<std::string> finalLog(std::size_t index = 0) const;
		/// Waits until the connection is closed.

	bool has(const std::string& line, std::size_t index = 0) const;

	void forget();
		/// Lets go of all connections.

	void begin(EventConnection& connection);
		/// The connection is open.

	// WebSocketServerHandler
	void onOpen(EventConnection& connection, Poco::Net::HTTPServerRequest& request) override;
	void onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override;
	void onPart(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode, bool last) override;
	void onPing(EventConnection& connection, std::string_view payload) override;
	void onPong(EventConnection& connection, std::string_view payload) override;
	void onDrained(EventConnection& connection) override;
	void onError(EventConnection& connection, const Poco::Exception& error) override;
	void onClose(EventConnection& connection, int code, const std::string& reason) override;
	void onRefused(const Poco::Net::WebSocketRefusal& refusal) override;

private:
	struct Entry
	{
		EventConnection::Ptr pConnection;
		std::vector<std::string> log;
		bool busy = false;
		bool closed = false;
	};

	class Call;

	void note(EventConnection& connection, const std::string& line);

	mutable std::mutex _mutex;
	std::vector<std::unique_ptr<Entry>> _entries;
	std::map<const EventConnection*, Entry*> _index;
};


Poco::Net::WebSocketClientHandler::Ptr forClient(const Poco::SharedPtr<Recorder>& pRecorder);
	/// Returns a client's handler that has a recorder note what it is told. The recorder's open() is not called.


class EventServer
	/// A WebSocketServer on a port, with a Recorder.
{
public:
	using ProxyProtocol = Poco::Net::WebSocketServer::ProxyProtocol;

	explicit EventServer(Port port = Port::PLAIN, EventParams::Ptr pParams = new EventParams, ProxyProtocol proxyProtocol = ProxyProtocol::OFF);
		/// With two loops, unless the parameters say something else. Is not started.

	~EventServer();

	EventServer& start();

	EventServer& smallBuffers();
		/// Has the system take little of what is sent to a peer that does not read. To be called before start().

	RawPeer dial(const std::string& before = "") const;
		/// Connects, without the opening handshake. What is before is sent first, also before TLS.

	RawPeer connect(const std::string& headers = "") const;
		/// Connects, and does the opening handshake.

	Poco::UInt16 number() const;
	Poco::Net::SocketAddress address() const;

	void shutdownPort();
		/// Does what another process can do that has the listening socket too.

private:
	Poco::SharedPtr<Recorder> _pHandler;
	Port _port;
	Poco::TemporaryFile _file;
	Poco::Net::ServerSocket _socket;

public:
	Recorder& handler;
	Poco::Net::WebSocketServer server;
};


class Notes
	/// Lines that several threads write.
{
public:
	void add(const std::string& line);

	std::vector<std::string> lines() const;

	void expect(const std::vector<std::string>& lines) const;
		/// Waits until there are as many lines.

private:
	mutable std::mutex _mutex;
	std::vector<std::string> _lines;
};


class RawServer
	/// Accepts WebSocketClients.
{
public:
	RawServer();

	Poco::UInt16 port() const;

	RawPeer accept(const std::string& headers = "");
		/// Does the opening handshake, and answers with these header lines.

private:
	Poco::Net::ServerSocket _socket;
};


std::string masked(int flags, const std::string& payload = "");
	/// Returns a client's frame.

std::string textFrame(const std::string& payload);
std::string binaryFrame(const std::string& payload);
std::string closeFrame(int code = 1000, const std::string& reason = "");

constexpr int FIN_TEXT   = 0x81;
constexpr int FIN_BINARY = 0x82;
constexpr int FIN_CLOSE  = 0x88;
constexpr int FIN_PING   = 0x89;
constexpr int FIN_PONG   = 0x8a;

Frame receiveJoined(RawPeer& peer);
	/// Receives the frames of a message. Returns them as one; receives one frame if that does not begin a message.

void expectText(RawPeer& peer, const std::string& text);
	/// Receives a text message of one frame.

void expectClosed(RawPeer& peer, int code);
	/// Receives a Close frame with that code, answers it, and expects the end of the stream.

long residentBytes();
	/// Returns the resident set of this process; -1 if that says nothing.

bool sanitized();


class EventTest: public ::testing::Test
{
private:
	Watchdog _watchdog;
};


class EventPortTest: public ::testing::TestWithParam<Port>
	/// A test for each kind of port.
{
private:
	Watchdog _watchdog;
};


} // namespace WebSocketTest


#endif // WebSocketEventSupport_INCLUDED
