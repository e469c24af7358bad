//
// MessageServiceFuzz.cpp
//
// What clients ask of a MessageService, by messages that are valid FlatBuffers or JSON of the schema and have odd values: names, ids, positions, lengths, flags, items in items. Two clients
// without sockets; the clock is a variable. A few bytes make a message, so that handlers are reached behind Connect and Subscribe.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Fuzz.h"
#include "service/ServiceCore.h"
#include "Poco/Net/HTTPRequest.h"
#include "Poco/Exception.h"
#include "Poco/UUID.h"
#include <cstdint>
#include <deque>
#include <map>
#include <set>


using namespace Poco::Messaging;
using Poco::Net::WebSocketConnection;
using Poco::Net::WebSocketFrame;
using Poco::Net::WebSocketPreparedMessage;


namespace
{
	Time now = 1000;

	class Client: public WebSocketConnection
		/// The server's end of a connection. Checks what is sent on it.
	{
	public:
		typedef Poco::AutoPtr<Client> Ptr;

		explicit Client(const MessageFormat& format):
			_format(format)
		{
		}

		SendResult send(std::string_view message, WebSocketFrame::Opcode opcode) override
		{
			if (closed) return NOT_OPEN;
			if (full) return QUEUE_FULL;
			Fuzz::require((opcode == WebSocketFrame::OP_TEXT) == _format.text(), "a message of the wrong type");
			Message received;
			std::deque<std::string> kept;
			Fuzz::require(_format.parse(message, received, kept), "what is sent is no message");
			sent(received);
			return SENT;
		}

		SendResult send(const WebSocketPreparedMessage::Ptr& pMessage) override
		{
			return send(pMessage->message(), _format.text() ? WebSocketFrame::OP_TEXT : WebSocketFrame::OP_BINARY);
		}

		SendResult sendBehind(const WebSocketPreparedMessage::Ptr& pMessage) override
		{
			return send(pMessage);
		}

		SendResult sendPart(std::string_view, WebSocketFrame::Opcode, bool, WebSocketFrame::Compression) override
		{
			return NOT_OPEN;
		}

		void ping() override
		{
		}

		void close(int code, const std::string& reason) override
		{
			Fuzz::require(code == 1000 || (code >= 1001 && code <= 1013 && code != 1005 && code != 1006) || (code >= 3000 && code <= 4999), "a code that must not be sent");
			Fuzz::require(reason.size() < 1024*1024, "a reason without an end");
			closed = true;
		}

		void closeBehind(int code, const std::string& reason) override
		{
			close(code, reason);
		}

		void abort() override
		{
			closed = true;
		}

		void pause() override
		{
			Fuzz::require(!paused, "paused twice");
			paused = true;
		}

		void resume() override
		{
			Fuzz::require(paused, "resumed without a pause");
			paused = false;
		}

		void setParts(bool) override
		{
		}

		State state() const override
		{
			return closed ? CLOSED : OPEN;
		}

		const Poco::UUID& id() const override
		{
			return _id;
		}

		Poco::Net::SocketAddress remoteAddress() const override
		{
			return Poco::Net::SocketAddress();
		}

		Poco::Net::SocketAddress peerAddress() const override
		{
			return Poco::Net::SocketAddress();
		}

		std::string subprotocol() const override
		{
			return _format.subprotocol();
		}

		const std::string& route() const override
		{
			return _route;
		}

		std::string routeParameter() const override
		{
			return std::string();
		}

		bool secure() const override
		{
			return false;
		}

		Poco::Net::WebSocketTLSInfo tlsInfo() const override
		{
			return Poco::Net::WebSocketTLSInfo();
		}

		Metrics metrics() const override
		{
			Metrics result;
			result.bytesQueued = full ? 1 : 0;
			return result;
		}

		void setUserData(const std::shared_ptr<void>& pData) override
		{
			_pData = pData;
		}

		std::shared_ptr<void> userData() const override
		{
			return _pData;
		}

		std::set<Poco::UInt32> asked; // ids
		bool closed = false;
		bool full = false;
		bool paused = false;
		bool connected = false;
		std::string session;

	private:
		void sent(const Message& message)
		{
			if (message.id != 0) Fuzz::require(asked.count(message.id) != 0, "an answer to nobody");
			if (message.opcode == Opcode::CONNECTED)
			{
				Fuzz::require(!connected, "Connected twice");
				connected = true;
				session = message.session;
			}
			else if (!connected) Fuzz::require(message.opcode == Opcode::ERROR_ANSWER, "a push before Connected");
			if (message.opcode != Opcode::PUBLICATION || message.epoch == 0) return;
			Poco::UInt64& last = _last[std::string(message.channel)];
			Fuzz::require(last != message.offset, "a publication twice");
			last = message.offset;
		}

		const MessageFormat& _format;
		const Poco::UUID _id;
		const std::string _route;
		std::shared_ptr<void> _pData;
		std::map<std::string, Poco::UInt64> _last; // by channel
	};

	class Odd
		/// Values from a few bytes.
	{
	public:
		Odd(Fuzz::Input& input, const std::string& session):
			_input(input),
			_session(session)
		{
		}

		Message message(int depth)
		{
			Message result;
			const unsigned kind = _input.byte();
			result.opcode = static_cast<Poco::UInt16>(kind < 200 ? kind % 40 : kind < 250 ? 200 + kind % 3 : number());
			result.id = static_cast<Poco::UInt32>(number());
			const unsigned fields = _input.byte() | _input.byte() << 8;
			if ((fields & 1) != 0) result.channel = channel();
			if ((fields & 2) != 0) result.transaction = text();
			if ((fields & 4) != 0) result.session = text();
			if ((fields & 8) != 0) result.user = text();
			if ((fields & 16) != 0) result.payload = text();
			if ((fields & 32) != 0) result.text = text();
			if ((fields & 64) != 0) result.token = text();
			if ((fields & 128) != 0) result.flags = _input.byte();
			if ((fields & 256) != 0) result.epoch = number();
			if ((fields & 512) != 0) result.offset = number();
			if ((fields & 1024) != 0) result.code = static_cast<Poco::UInt32>(number());
			if ((fields & 2048) != 0) result.limit = static_cast<Poco::UInt32>(number());
			if ((fields & 4096) != 0) result.timestamp = static_cast<Poco::Int64>(number());
			if ((fields & 8192) != 0) result.trace.traceHigh = result.trace.span = number();
			if ((fields & 16384) != 0) result.sender = text();
			if ((fields & 32768) != 0 && depth <= MessageFormat::MAX_DEPTH)
			{
				for (unsigned count = _input.byte() % 4; count > 0; --count) result.items.push_back(message(depth + 1));
			}
			return result;
		}

	private:
		Poco::UInt64 number()
		{
			const unsigned kind = _input.byte();
			if (kind < 128) return kind % 16;
			static const Poco::UInt64 EDGES[] = {0xFFFF, 0x10000, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFF, 0x100000000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF};
			return EDGES[kind % 9] - (kind & 64 ? 1 : 0);
		}

		std::string_view channel()
		{
			static const char* const NAMES[] = {"c", "h", "h2", "p", "hp", "private-x", "presence-x", ""};
			const unsigned kind = _input.byte();
			return kind < 200 ? std::string_view(NAMES[kind % 8]) : text();
		}

		std::string_view text()
		{
			const unsigned kind = _input.byte();
			switch (kind % 8)
			{
			case 0: return _session;
			case 1: return keep(std::string(kind < 128 ? kind : 100*kind, 'x'));
			case 2: return keep(std::string("1-") + std::to_string(_input.byte()));
			case 3: return keep("anna");
			case 4: return keep(std::string(1, '\0') + "\xF0\x90\x80\x80");
			case 5: return keep(kind < 128 ? "subscribers" : "publications");
			default: return keep(_input.take(kind % 32)); // is UTF-8, or not
			}
		}

		std::string_view keep(const std::string& text)
		{
			_texts.push_back(text);
			return _texts.back();
		}

		Fuzz::Input& _input;
		const std::string& _session;
		std::deque<std::string> _texts;
	};

	struct Service
	{
		Service()
		{
			pHubParams->setClock([]() { return now; });
			pHubParams->setMaxPayload(10000);
			pHubParams->setMaxChannels(5);
			pHubParams->setOptionsOf([](const std::string& channel)
			{
				ChannelOptions options;
				if (channel[0] == 'h') options.historySize = 4;
				if (channel.find('p') != std::string::npos) options.presence = options.joinLeave = true;
				return options;
			});
			pParams->setMaxMalformed(100);
			QuotaRule rule;
			rule.period = 1000;
			rule.soft = 20;
			rule.hard = 30;
			rule.maxRejected = 10;
			pParams->setQuota(QuotaRules::Ptr(new QuotaRules({rule})));
			pCore = std::make_shared<ServiceCore>(pParams, pHubParams, Backplane::Ptr(new MemoryBackplane));
			pCore->setHandler(200, [](MessageRequest& request) { request.answer(request.payload()); });
			pCore->setHandler(201, [](MessageRequest& request) { request.later().answer("later"); });
			pCore->setHandler(202, [](MessageRequest&) { throw Poco::IllegalStateException("202"); });
		}

		MessageServiceParams::Ptr pParams{new MessageServiceParams};
		HubParams::Ptr pHubParams{new HubParams};
		std::shared_ptr<ServiceCore> pCore;
	};
}


extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* pData, std::size_t size)
{
	Fuzz::Input input(pData, size);
	const unsigned options = input.byte();
	Service service;
	const MessageFormat& format = (options & 1) != 0 ? MessageFormat::json() : MessageFormat::binary();
	std::vector<Client::Ptr> clients;
	std::vector<Peer::Ptr> peers;
	for (int i = 0; i < 2; ++i)
	{
		clients.emplace_back(new Client(format));
		service.pCore->onOpen(*clients.back(), Poco::Net::HTTPRequest());
		peers.emplace_back(static_cast<Peer*>(static_cast<Poco::RefCountedObject*>(clients.back()->userData().get())), true);
	}
	const auto feed = [&](std::size_t which, const Message& message)
	{
		if (clients[which]->closed) return;
		std::string bytes;
		try
		{
			format.write(message, bytes);
		}
		catch (const Poco::InvalidArgumentException&)
		{
			return; // a text that is not UTF-8, which JSON cannot have
		}
		if (message.id != 0) clients[which]->asked.insert(message.id);
		service.pCore->onMessage(const_cast<Peer&>(*peers[which]), bytes, format.text() ? WebSocketFrame::OP_TEXT : WebSocketFrame::OP_BINARY);
	};
	if ((options & 2) != 0)
	{
		for (const std::size_t i: {0, 1}) feed(i, Message::empty(Opcode::CONNECT, 1));
	}
	while (!input.empty())
	{
		const unsigned step = input.byte();
		Client& client = *clients[step & 1];
		switch (step >> 1 & 15)
		{
		case 0:
			client.full = true;
			break;
		case 1:
			client.full = false;
			service.pCore->onDrained(const_cast<Peer&>(*peers[step & 1]));
			break;
		case 2:
			now += 1 + 500*input.byte();
			service.pCore->tick();
			break;
		default:
			if (client.paused) break; // nothing is read
			Odd odd(input, clients[step >> 7]->session);
			feed(step & 1, odd.message(1));
		}
	}
	for (const std::size_t i: {0, 1})
	{
		service.pCore->onClose(const_cast<Peer&>(*peers[i]));
		clients[i]->setUserData(std::shared_ptr<void>());
	}
	Fuzz::require(service.pCore->hub().metrics().sessions == 0, "a session that has gone is there");
	Fuzz::require(service.pCore->hub().metrics().subscriptions == 0, "a subscription of a session that has gone");
	service.pCore->stop();
	return 0;
}
