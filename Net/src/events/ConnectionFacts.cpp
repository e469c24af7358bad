//
// ConnectionFacts.cpp
//
// Library: PocoWebSocket
// Package: Events
// Module:  WebSocketEventConnection
//
// What any thread may ask of a connection.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "events/EventConnection.h"
#include "Poco/Net/HTTPResponse.h"
#include <memory>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


const Poco::UUID& WebSocketEventConnection::id() const
{
	return _extras.get().id();
}


bool WebSocketEventConnection::belongsTo(const WebSocketConnectionGroup& group) const
{
	return &this->group().root == &group;
}


bool WebSocketEventConnection::lives() const
{
	const State now = state(); // first: it is stored last
	return (now == OPEN || now == CLOSING) && _life.opened();
}


SocketAddress WebSocketEventConnection::remoteAddress() const
{
	return _stream.remoteAddress();
}


SocketAddress WebSocketEventConnection::peerAddress() const
{
	return _stream.peerAddress();
}


WebSocketHost WebSocketEventConnection::remoteHost() const
{
	return _stream.remoteHost();
}


std::string WebSocketEventConnection::subprotocol() const
{
	const Extras* const pExtras = _extras.find();
	return pExtras ? pExtras->subprotocol : std::string();
}


const std::string& WebSocketEventConnection::route() const
{
	return group().routePath;
}


std::string WebSocketEventConnection::routeParameter() const
{
	const Extras* const pExtras = _extras.find();
	return pExtras ? pExtras->routeParameter : std::string();
}


bool WebSocketEventConnection::secure() const
{
	return _stream.secure();
}


WebSocketTLSInfo WebSocketEventConnection::tlsInfo() const
{
	return _stream.tlsInfo() ? *_stream.tlsInfo() : WebSocketTLSInfo();
}


std::string_view WebSocketEventConnection::tlsVersion() const
{
	return _stream.tlsInfo() ? std::string_view(_stream.tlsInfo()->version) : std::string_view();
}


WebSocketConnection::Metrics WebSocketEventConnection::metrics() const
{
	Metrics metrics;
	metrics.messagesReceived  = _input.messages;
	metrics.bytesReceived     = _input.bytes;
	_queue.metrics(metrics);
	metrics.messagesNotQueued = _notQueued;
	metrics.pingTime          = Poco::Timespan(_pingTimes.roundTrip());
	metrics.since             = _since;
	return metrics;
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::describe(WebSocketAccessLine& line) const
{
	const Metrics counts = metrics();
	const Extras& extras = _extras.get();
	line.address          = remoteAddress().toString();
	line.path             = extras.path;
	line.status           = HTTPResponse::HTTP_SWITCHING_PROTOCOLS;
	line.milliseconds     = counts.since.elapsed()/1000;
	line.bytesReceived    = counts.bytesReceived;
	line.bytesSent        = counts.bytesSent;
	line.messagesReceived = counts.messagesReceived;
	line.messagesSent     = counts.messagesSent;
	line.closeCode        = extras.closeSent != 0 ? extras.closeSent : _framer.closeCode();
	line.pClosedBy        = extras.closeSent != 0 ? "server" : line.closeCode != WebSocketFrame::NO_CLOSE_FRAME ? "peer" : "nobody";
}


void WebSocketEventConnection::setUserData(const std::shared_ptr<void>& pData)
{
	std::atomic_store(&_extras.get().pUserData, pData);
	if (_dataReleased.fetch_or(0, std::memory_order_acq_rel)) releaseUserData(); // otherwise releaseUserData() finds it
}


[[gnu::cold, gnu::noinline]] void WebSocketEventConnection::releaseUserData()
	/// It may hold this connection.
{
	_dataReleased.fetch_or(1, std::memory_order_acq_rel);
	if (Extras* const pExtras = _extras.find()) std::atomic_exchange(&pExtras->pUserData, std::shared_ptr<void>());
}


std::shared_ptr<void> WebSocketEventConnection::userData() const
{
	const Extras* const pExtras = _extras.find();
	return pExtras ? std::atomic_load(&pExtras->pUserData) : std::shared_ptr<void>();
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
