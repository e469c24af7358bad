//
// EventSupport.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/EventSupport.h"
#include "Poco/Net/SecureServerSocket.h"
#include <chrono>
#include <fstream>
#include <thread>
#include <sys/socket.h>
#include <unistd.h>


using Poco::Net::HTTPRequest;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::StreamSocket;


namespace WebSocketTest {


std::string portName(const ::testing::TestParamInfo<Port>& info)
{
	return info.param == Port::PLAIN ? "Plain" : info.param == Port::TLS ? "TLS" : "Local";
}


Transport transportOf(Port port)
{
	return port == Port::TLS ? Transport::TLS : Transport::PLAIN;
}


bool eventually(const std::function<bool ()>& condition)
{
	const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(DEADLINE_S);
	while (!condition())
	{
		if (std::chrono::steady_clock::now() > end) return false;
		std::this_thread::sleep_for(std::chrono::milliseconds(1));
	}
	return true;
}


//
// Recorder
//
class Recorder::Call
	/// A callback that is running.
{
public:
	Call(Recorder& recorder, const EventConnection& connection):
		_mutex(recorder._mutex),
		_pEntry(nullptr)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		const auto it = recorder._index.find(&connection);
		if (it == recorder._index.end()) return;
		_pEntry = it->second;
		EXPECT_FALSE(_pEntry->busy) << "a callback inside a callback";
		_pEntry->busy = true;
	}

	~Call()
	{
		std::lock_guard<std::mutex> lock(_mutex);
		if (_pEntry) _pEntry->busy = false;
	}

private:
	std::mutex& _mutex;
	Entry* _pEntry;
};


Recorder::Recorder():
	message([](EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) { connection.send(data, opcode); })
{
}


namespace
{
	std::string shortened(std::string_view data)
	{
		return data.size() > 64 ? "#" + std::to_string(data.size()) : std::string(data);
	}
}


void Recorder::note(EventConnection& connection, const std::string& line)
{
	std::lock_guard<std::mutex> lock(_mutex);
	const auto it = _index.find(&connection);
	if (it == _index.end()) ADD_FAILURE() << "a callback without onOpen(): " << line;
	else it->second->log.push_back(line);
	if (it != _index.end() && it->second->closed && line.find("error") != 0) ADD_FAILURE() << "a callback after onClose(): " << line;
}


std::size_t Recorder::count() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return _entries.size();
}


EventConnection::Ptr Recorder::connection(std::size_t index) const
{
	if (!eventually([&] { return count() > index; })) throw Poco::TimeoutException("No connection");
	std::lock_guard<std::mutex> lock(_mutex);
	return _entries[index]->pConnection;
}


std::vector<std::string> Recorder::log(std::size_t index) const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return index < _entries.size() ? _entries[index]->log : std::vector<std::string>();
}


std::vector<std::string> Recorder::finalLog(std::size_t index) const
{
	EXPECT_TRUE(eventually([&]
	{
		std::lock_guard<std::mutex> lock(_mutex);
		return index < _entries.size() && _entries[index]->closed && !_entries[index]->busy;
	})) << "onClose() was not called";
	return log(index);
}


bool Recorder::has(const std::string& line, std::size_t index) const
{
	for (const std::string& entry: log(index))
	{
		if (entry == line) return true;
	}
	return false;
}


void Recorder::forget()
{
	std::vector<EventConnection::Ptr> connections;
	std::lock_guard<std::mutex> lock(_mutex);
	for (auto& pEntry: _entries)
	{
		connections.push_back(pEntry->pConnection);
		pEntry->pConnection.reset();
	}
}


void Recorder::begin(EventConnection& connection)
{
	if (!quiet)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		_entries.push_back(std::make_unique<Entry>());
		_entries.back()->pConnection.assign(&connection, true);
		_index[&connection] = _entries.back().get();
	}
	Call call(*this, connection);
	if (!quiet) note(connection, "open");
}


void Recorder::onOpen(EventConnection& connection, Poco::Net::HTTPServerRequest& request)
{
	begin(connection);
	Call call(*this, connection);
	if (open) open(connection, request);
}


void Recorder::onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode)
{
	Call call(*this, connection);
	if (!quiet) note(connection, "message " + std::to_string(opcode) + " " + shortened(data));
	if (message) message(connection, data, opcode);
}


void Recorder::onPart(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode, bool last)
{
	Call call(*this, connection);
	if (!quiet) note(connection, "part " + std::to_string(opcode) + " " + shortened(data) + (last ? "" : ".."));
	if (part) part(connection, data, opcode, last);
}


void Recorder::onPing(EventConnection& connection, std::string_view payload)
{
	Call call(*this, connection);
	if (ping) ping(connection, payload);
}


void Recorder::onPong(EventConnection& connection, std::string_view payload)
{
	Call call(*this, connection);
	if (pong) pong(connection, payload);
}


void Recorder::onDrained(EventConnection& connection)
{
	Call call(*this, connection);
	if (!quiet) note(connection, "drained");
	if (drained) drained(connection);
}


void Recorder::onError(EventConnection& connection, const Poco::Exception& exc)
{
	Call call(*this, connection);
	if (!quiet) note(connection, std::string("error ") + exc.name() + " " + std::to_string(exc.code()));
	if (error) error(connection, exc);
}


void Recorder::onClose(EventConnection& connection, int code, const std::string& reason)
{
	Call call(*this, connection);
	if (!quiet) note(connection, "close " + std::to_string(code) + (reason.empty() ? "" : " " + reason));
	if (!quiet)
	{
		std::lock_guard<std::mutex> lock(_mutex);
		EXPECT_FALSE(_index[&connection]->closed) << "onClose() for the second time";
		_index[&connection]->closed = true;
	}
	if (close) close(connection, code, reason);
}


void Recorder::onRefused(const Poco::Net::WebSocketRefusal& refusal)
{
	if (refused) refused(refusal);
}


namespace
{
	class ClientRecorder: public Poco::Net::WebSocketClientHandler
	{
	public:
		explicit ClientRecorder(const Poco::SharedPtr<Recorder>& pRecorder):
			_pRecorder(pRecorder)
		{
		}

		void onOpen(EventConnection& connection, const HTTPRequest&, const Poco::Net::HTTPResponse&) override
		{
			_pRecorder->begin(connection);
		}

		void onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
		{
			_pRecorder->onMessage(connection, data, opcode);
		}

		void onPart(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode, bool last) override
		{
			_pRecorder->onPart(connection, data, opcode, last);
		}

		void onPing(EventConnection& connection, std::string_view payload) override
		{
			_pRecorder->onPing(connection, payload);
		}

		void onPong(EventConnection& connection, std::string_view payload) override
		{
			_pRecorder->onPong(connection, payload);
		}

		void onDrained(EventConnection& connection) override
		{
			_pRecorder->onDrained(connection);
		}

		void onError(EventConnection& connection, const Poco::Exception& error) override
		{
			_pRecorder->onError(connection, error);
		}

		void onClose(EventConnection& connection, int code, const std::string& reason) override
		{
			_pRecorder->onClose(connection, code, reason);
		}

	private:
		Poco::SharedPtr<Recorder> _pRecorder;
	};
}


Poco::Net::WebSocketClientHandler::Ptr forClient(const Poco::SharedPtr<Recorder>& pRecorder)
{
	return new ClientRecorder(pRecorder);
}


//
// Server
//
namespace
{
	ServerSocket listen(Port port, const std::string& path)
	{
		if (port == Port::LOCAL) return ServerSocket(SocketAddress(SocketAddress::UNIX_LOCAL, path), 1024);
		const SocketAddress address("127.0.0.1", 0);
		if (port == Port::PLAIN) return ServerSocket(address, 1024);
		return Poco::Net::SecureServerSocket(address, 1024, serverContext());
	}
}


EventServer::EventServer(Port port, EventParams::Ptr pParams, ProxyProtocol proxyProtocol):
	_pHandler(new Recorder),
	_port(port),
	_socket(listen(port, _file.path())),
	handler(*_pHandler),
	server(_pHandler, (pParams->getThreads() == 0 ? pParams->setThreads(2) : void(), pParams))
{
	server.listen(_socket, proxyProtocol);
}


EventServer::~EventServer()
{
	server.stop();
	handler.forget(); // the connections share the ownership of the handler
}


EventServer& EventServer::start()
{
	server.start();
	return *this;
}


EventServer& EventServer::smallBuffers()
{
	_socket.setSendBufferSize(16*1024); // those that are accepted have it as well
	return *this;
}


Poco::UInt16 EventServer::number() const
{
	return _socket.address().port();
}


SocketAddress EventServer::address() const
{
	return _port == Port::LOCAL ? SocketAddress(SocketAddress::UNIX_LOCAL, _file.path()) : _socket.address();
}


void EventServer::shutdownPort()
{
	const int other = ::dup(_socket.impl()->sockfd());
	EXPECT_EQ(0, ::shutdown(other, SHUT_RDWR));
	::close(other);
}


RawPeer EventServer::dial(const std::string& before) const
{
	StreamSocket socket;
	socket.connect(address(), deadline());
	if (!before.empty()) socket.sendBytes(before.data(), static_cast<int>(before.size()));
	return RawPeer(socket, transportOf(_port), false);
}


RawPeer EventServer::connect(const std::string& headers) const
{
	RawPeer peer = dial();
	peer.send(handshakeRequest("/", headers));
	const std::string response = peer.receiveThrough("\r\n\r\n");
	if (response.find("HTTP/1.1 101 ") != 0) throw Poco::Net::NetException("Not accepted", response);
	return peer;
}


//
// Frames
//
void Notes::add(const std::string& line)
{
	std::lock_guard<std::mutex> lock(_mutex);
	_lines.push_back(line);
}


std::vector<std::string> Notes::lines() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return _lines;
}


void Notes::expect(const std::vector<std::string>& expected) const
{
	eventually([&] { return lines().size() >= expected.size(); });
	EXPECT_EQ(expected, lines());
}


RawServer::RawServer():
	_socket(SocketAddress("127.0.0.1", 0))
{
}


Poco::UInt16 RawServer::port() const
{
	return _socket.address().port();
}


RawPeer RawServer::accept(const std::string& headers)
{
	RawPeer peer(_socket.acceptConnection(), Transport::PLAIN, true);
	peer.send(handshakeResponse(receiveRequest(peer), headers));
	return peer;
}


std::string masked(int flags, const std::string& payload)
{
	return frame(flags, payload, true);
}


std::string textFrame(const std::string& payload)
{
	return masked(FIN_TEXT, payload);
}


std::string binaryFrame(const std::string& payload)
{
	return masked(FIN_BINARY, payload);
}


std::string closeFrame(int code, const std::string& reason)
{
	return masked(FIN_CLOSE, closePayload(code, reason));
}


Frame receiveJoined(RawPeer& peer)
{
	Frame joined = peer.receiveFrame();
	while (!(joined.flags & 0x80))
	{
		const Frame next = peer.receiveFrame();
		EXPECT_EQ(0, next.flags & 0x7f) << "not a continuation";
		joined.flags |= next.flags & 0x80;
		joined.payload += next.payload;
	}
	return joined;
}


void expectText(RawPeer& peer, const std::string& text)
{
	const Frame received = peer.receiveFrame();
	EXPECT_EQ(FIN_TEXT, received.flags);
	EXPECT_TRUE(text == received.payload) << received.payload.substr(0, 64);
}


void expectClosed(RawPeer& peer, int code)
{
	const Frame received = peer.receiveFrame();
	EXPECT_EQ(FIN_CLOSE, received.flags);
	EXPECT_EQ(code, received.closeCode()) << received.closeReason();
	try
	{
		peer.send(masked(FIN_CLOSE, received.payload));
	}
	catch (const Poco::Exception&)
	{
		// it has gone already
	}
	EXPECT_TRUE(peer.atEnd());
}


long residentBytes()
{
	if (sanitized()) return -1;
	std::ifstream statm("/proc/self/statm");
	long size = 0, resident = 0;
	return statm >> size >> resident ? resident*::sysconf(_SC_PAGESIZE) : -1;
}


bool sanitized()
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
	return true;
#else
	return false;
#endif
}


} // namespace WebSocketTest
