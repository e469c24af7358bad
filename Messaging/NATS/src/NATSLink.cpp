//
// NATSLink.cpp
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSLink
//
// SPDX-License-Identifier: BSL-1.0
//


#include "NATSLink.h"
#include "Poco/Exception.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SocketAddress.h"
#include "Poco/Net/StreamSocket.h"
#include <new>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


namespace
{
	constexpr int WRITE_DEADLINE = 2000; // ms
	constexpr int PING_INTERVAL = 3000;  // ms
	constexpr int MAX_PINGS = 2;         // without an answer: a server that is silent for 9 s is gone
	constexpr int MAX_PENDING = 8*1024*1024;
	constexpr int MAX_PENDING_MESSAGES = 65536;

	struct ConnectionClosure
		/// What libnats keeps until the connection is closed.
	{
		std::shared_ptr<NATSListener> pListener;
		Poco::UInt64 number;
	};

	struct SubscriptionClosure
		/// What libnats keeps until the last message of a subscription has been handled.
	{
		std::shared_ptr<NATSListener> pListener;
		NATSTargetPtr pTarget;
	};

	void onMessage(natsConnection*, natsSubscription*, natsMsg* pMessage, void* pClosure)
	{
		auto& closure = *static_cast<SubscriptionClosure*>(pClosure);
		closure.pListener->received(closure.pTarget, NATSMessage(pMessage));
	}

	void onComplete(void* pClosure)
	{
		delete static_cast<SubscriptionClosure*>(pClosure);
	}

	void onClosed(natsConnection*, void* pClosure)
	{
		const std::unique_ptr<ConnectionClosure> pOwned(static_cast<ConnectionClosure*>(pClosure));
		pOwned->pListener->closed(pOwned->number);
	}

	void onError(natsConnection*, natsSubscription*, natsStatus status, void* pClosure)
	{
		if (status == NATS_SLOW_CONSUMER) static_cast<NATSListener*>(pClosure)->slow();
	}

	struct Options
		/// Of a connection. Collects the first error.
	{
		Options()
		{
			status = natsOptions_Create(&pOptions);
		}

		~Options()
		{
			natsOptions_Destroy(pOptions);
		}

		Options(const Options&) = delete;
		Options& operator = (const Options&) = delete;

		template <typename Function, typename... Arguments>
		void set(Function function, Arguments... arguments)
		{
			if (status == NATS_OK) status = function(pOptions, arguments...);
		}

		natsOptions* pOptions = nullptr;
		natsStatus status;
	};

	std::string reasonFor(const NATSServers::Server& server, const Poco::Timespan& timeout)
		/// libnats says only that there is no server.
	{
		try
		{
			Poco::Net::StreamSocket socket;
			socket.connect(Poco::Net::SocketAddress(server.host, server.port), timeout);
			return "it does not answer as a server of NATS does";
		}
		catch (const Poco::Net::ConnectionRefusedException&)
		{
			return "connection refused";
		}
		catch (const Poco::TimeoutException&)
		{
			return "timeout";
		}
		catch (const Poco::Exception& exc)
		{
			return exc.displayText();
		}
	}
}


NATSTarget::~NATSTarget()
{
}


NATSListener::~NATSListener()
{
}


NATSLink::NATSLink(const NATSBackplaneParams& params, const NATSServers& servers, const std::shared_ptr<NATSListener>& pListener, Poco::UInt64 number):
	_pListener(pListener),
	_pConnection(nullptr)
{
	auto pClosure = std::make_unique<ConnectionClosure>(ConnectionClosure{pListener, number});
	std::vector<std::string> urls;
	for (const NATSServers::Server& server: servers.servers) urls.push_back("nats://" + server.address());
	std::vector<const char*> pointers;
	for (const std::string& url: urls) pointers.push_back(url.c_str());

	Options options;
	options.set(&natsOptions_SetServers, pointers.data(), static_cast<int>(pointers.size()));
	if (servers.hasPassword) options.set(&natsOptions_SetUserInfo, servers.user.c_str(), servers.password.c_str());
	else if (!servers.user.empty()) options.set(&natsOptions_SetToken, servers.user.c_str());
	if (servers.tls)
	{
		options.set(&natsOptions_SetSecure, true); // its own scheme takes a server without TLS
		if (!params.getCAFile().empty()) options.set(&natsOptions_LoadCATrustedCertificates, params.getCAFile().c_str());
	}
	options.set(&natsOptions_SetName, "Poco::Messaging");
	options.set(&natsOptions_SetTimeout, static_cast<int64_t>(params.getConnectTimeout().totalMilliseconds()));
	options.set(&natsOptions_SetAllowReconnect, false);
	options.set(&natsOptions_SetPingInterval, static_cast<int64_t>(PING_INTERVAL));
	options.set(&natsOptions_SetMaxPingsOut, MAX_PINGS);
	options.set(&natsOptions_SetWriteDeadline, static_cast<int64_t>(WRITE_DEADLINE));
	options.set(&natsOptions_UseGlobalMessageDelivery, true); // not a thread for each subscription
	options.set(&natsOptions_SetClosedCB, &onClosed, static_cast<void*>(pClosure.get()));
	options.set(&natsOptions_SetErrorHandler, &onError, static_cast<void*>(pListener.get())); // the closure, and so the listener, outlives the connection
	if (options.status == NATS_OK) options.status = natsConnection_Connect(&_pConnection, options.pOptions);
	if (options.status != NATS_OK) fail(servers, options.status, params.getConnectTimeout());
	pClosure.release(); // onClosed() has it
}


NATSLink::~NATSLink()
{
	for (const auto& item: _subscriptions) natsSubscription_Destroy(item.second);
	natsConnection_Destroy(_pConnection);
}


void NATSLink::fail(const NATSServers& servers, natsStatus status, const Poco::Timespan& timeout)
{
	std::string text;
	if (status == NATS_NO_SERVER)
	{
		for (const NATSServers::Server& server: servers.servers) text += (text.empty() ? "" : "; ") + server.address() + ": " + reasonFor(server, timeout);
	}
	else
	{
		const char* const pText = natsStatus_GetText(status); // a fixed text, without anything of ours
		text = servers.text() + ": " + (pText ? pText : "");
	}
	throw Poco::IOException("NATS at " + text);
}


bool NATSLink::subscribe(const NATSTargetPtr& pTarget)
{
	if (_subscriptions.count(pTarget.get()) > 0) return true;
	auto pClosure = std::make_unique<SubscriptionClosure>(SubscriptionClosure{_pListener, pTarget});
	natsSubscription*& pSubscription = _subscriptions[pTarget.get()];
	if (natsConnection_Subscribe(&pSubscription, _pConnection, pTarget->subject.c_str(), &onMessage, pClosure.get()) != NATS_OK)
	{
		_subscriptions.erase(pTarget.get());
		return false;
	}
	if (natsSubscription_SetOnCompleteCB(pSubscription, &onComplete, pClosure.get()) != NATS_OK)
	{
		pClosure.release(); // the connection is closed, and nobody knows whether it is used: it stays
		return false;
	}
	pClosure.release();
	return natsSubscription_SetPendingLimits(pSubscription, MAX_PENDING_MESSAGES, MAX_PENDING) == NATS_OK;
}


void NATSLink::unsubscribe(const NATSTarget& target)
{
	const auto it = _subscriptions.find(&target);
	if (it == _subscriptions.end()) return;
	natsSubscription_Unsubscribe(it->second);
	natsSubscription_Destroy(it->second);
	_subscriptions.erase(it);
}


bool NATSLink::publish(const std::string& subject, std::string_view data)
{
	return natsConnection_Publish(_pConnection, subject.c_str(), data.data(), static_cast<int>(data.size())) == NATS_OK;
}


bool NATSLink::publish(const std::string& subject, std::string_view data, const std::string& reply, const Headers& headers)
{
	natsMsg* pCreated = nullptr;
	if (natsMsg_Create(&pCreated, subject.c_str(), reply.c_str(), data.data(), static_cast<int>(data.size())) != NATS_OK) return false;
	const NATSMessage message(pCreated);
	for (const auto& header: headers)
	{
		if (natsMsgHeader_Set(pCreated, header.first, header.second.c_str()) != NATS_OK) return false;
	}
	return natsConnection_PublishMsg(_pConnection, pCreated) == NATS_OK;
}


bool NATSLink::flush(int milliseconds)
{
	return natsConnection_FlushTimeout(_pConnection, milliseconds) == NATS_OK;
}


bool NATSLink::closed() const
{
	return natsConnection_IsClosed(_pConnection);
}


bool NATSLink::unused(const std::string& subject)
{
	std::string answer;
	return !ask(subject, answer);
}


bool NATSLink::ask(const std::string& subject, std::string& answer)
{
	natsMsg* pReply = nullptr;
	const natsStatus status = natsConnection_Request(&pReply, _pConnection, subject.c_str(), nullptr, 0, WRITE_DEADLINE);
	const NATSMessage reply(pReply);
	if (pReply) answer = reply.data();
	return status != NATS_NO_RESPONDERS;
}


std::size_t NATSLink::maxPayload() const
{
	return static_cast<std::size_t>(natsConnection_GetMaxPayload(_pConnection));
}


POCO_MESSAGING_END
} } // namespace Poco::Messaging
