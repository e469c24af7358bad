//
// ServiceCore.h
//
// Library: PocoMessaging
// Package: Service
// Module:  ServiceCore
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_ServiceCore_INCLUDED
#define Messaging_ServiceCore_INCLUDED


#include "Poco/Messaging/MessageService.h"
#include "Poco/Net/WebSocketAcceptance.h"
#include "service/MessageEncoder.h"
#include "service/Peer.h"
#include <atomic>
#include <condition_variable>
#include <set>
#include <thread>
#include <unordered_map>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class ServiceCore: public std::enable_shared_from_this<ServiceCore>
	/// What a MessageService is behind its header: handlers, peers, what is due when, and the threads for that.
{
public:
	ServiceCore(const MessageServiceParams::Ptr& pParams, const HubParams::Ptr& pHubParams, const Backplane::Ptr& pBackplane);
	~ServiceCore();

	void start();
	void stop();

	// Handlers; not to be changed once sealed
	void setHandler(Poco::UInt16 opcode, const MessageService::Handler& handler);
	MessageService::Handler overrideHandler(Poco::UInt16 opcode, const MessageService::Handler& handler);
	void setRawHandler(const MessageService::RawHandler& handler);
	void seal();

	// What a WebSocketServer calls
	void onHandshake(const Poco::Net::WebSocketAcceptance::Ptr& pAcceptance);
	void onOpen(Poco::Net::WebSocketConnection& connection, const Poco::Net::HTTPRequest& request);
	void onMessage(Peer& peer, std::string_view bytes, Poco::Net::WebSocketFrame::Opcode opcode);
	void onDrained(Peer& peer);
	void onClose(Peer& peer);
	void onRawMessage(RawConnection& raw, std::string_view bytes, Poco::Net::WebSocketFrame::Opcode opcode);
	void onRawError(RawConnection& raw, const Poco::Exception& error);
	void onRawClose(RawConnection& raw, int code, const std::string& reason);

	void tick();
		/// Does what is due. The timer's thread calls it.

	// For requests
	void fail(Peer& peer, Poco::UInt32 id, ErrorCode code, const std::string& text, const TraceContext& trace = TraceContext());
	void connectPeer(Peer& peer, Poco::UInt32 id, std::string_view info, std::string_view token);
	void refreshPeer(Peer& peer, Poco::UInt32 id, std::string_view token);
	void setQuota(Peer& peer, const std::string& name);
	Peer::Ptr peerOf(const std::string& session) const;

	Hub& hub();
	const MessageServiceParams& params() const;
	Session::Ptr session(const Poco::Net::WebSocketConnection& connection) const;
	MessageService::Metrics metrics() const;
	Time now() const;
	Poco::Int64 wallOffset() const;
		/// What the hub's clock is behind the time since 1970, ms.

private:
	typedef MessageService::Handler Handler;

	struct Counts
	{
		std::atomic<Poco::UInt64> connections{0}, requests{0}, malformed{0}, errors{0}, handlerErrors{0}, tokensRefused{0}, warned{0}, delayed{0}, rejected{0}, terminated{0};
	};

	enum
	{
		MAX_TOKENS = 1024, // that wait to be checked
		TICK = 100         // ms
	};

	void openRaw(Poco::Net::WebSocketConnection& connection, const std::string& user);
	void addBuiltins();
	const Handler* find(Poco::UInt16 opcode) const;
	void handle(Peer& peer, const Message& message, const Session::Ptr& pSession, const Quota::Verdict& verdict);
	void call(const Handler& handler, MessageRequest& request, Poco::UInt16 opcode) noexcept;
	void failed(Poco::UInt16 opcode) noexcept;
		/// In a catch block: something of the application's has thrown.

	bool count(Peer& peer, const Message& message, std::size_t size, Quota::Verdict& verdict, Session::Ptr& pSession);
	void malformed(Peer& peer);

	typedef std::function<void(const TokenResult& result)> Checked;
	bool check(std::string_view token, const Checked& done);
		/// Checks the token here, or in another thread. Returns false if too many wait.

	void connected(Peer& peer, Poco::UInt32 id, const std::string& info, const TokenResult& token, bool hasToken);
	void greet(Peer& peer, Poco::UInt32 id, const Session::Ptr& pSession, const TokenResult& token);
	void setDeadline(Peer& peer);
	QuotaRules::Ptr rulesOf(const std::string& name) const;
	void look(Peer& peer, Time now);
	void schedule(Peer& peer, Time due);
		/// By the peer's mutex.

	void runTimer();
	void runTokens();
	template <typename Function> void quietly(Function&& function) const noexcept;

	const MessageServiceParams::Ptr _pParams;
	const Clock _clock;
	const std::array<Encoder::Ptr, 2> _encoders; // binary, JSON
	std::unordered_map<Poco::UInt16, Handler> _handlers;
	MessageService::RawHandler _rawHandler;
	std::atomic<bool> _sealed;
	std::unique_ptr<Hub> _pHub;

	mutable std::mutex _mutex; // for what follows
	std::condition_variable _condition; // of the timer
	std::condition_variable _tokenCondition;
	std::set<std::pair<Time, Peer*>> _due; // the peers that are in it are not closed
	std::set<Peer*> _peers; // references
	std::set<RawConnection*> _raws; // references
	std::deque<std::function<void()>> _tokens; // that wait to be checked
	std::atomic<bool> _stopped; // is set by the mutex
	std::vector<std::thread> _threads;
	Counts _counts;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_ServiceCore_INCLUDED
