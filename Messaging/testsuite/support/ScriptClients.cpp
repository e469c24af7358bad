//
// ScriptClients.cpp
//
// Clients in TypeScript, run by Node.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ScriptClients.h"
#include "Poco/JSON/Object.h"
#include "Poco/JSON/Parser.h"
#include "Poco/NumberParser.h"
#include "Poco/Pipe.h"
#include "Poco/PipeStream.h"
#include "Poco/Process.h"
#include <csignal>
#include <iostream>
#include <sstream>
#include <vector>


using Poco::JSON::Object;
using Poco::Messaging::ErrorCode;
using Poco::Messaging::Message;
using Poco::Messaging::MessageFlag;
using Poco::Messaging::MessageSubscription;
using Poco::Messaging::Opcode;
using Poco::Messaging::Position;


namespace
{
	std::string text(const Object& object)
	{
		std::ostringstream out;
		object.stringify(out);
		return out.str();
	}

	Position positionOf(const Object& object)
	{
		return {Poco::NumberParser::parseUnsigned64(object.getValue<std::string>("epoch")), Poco::NumberParser::parseUnsigned64(object.getValue<std::string>("offset"))};
	}

	Message messageAt(const Object& event)
	{
		const Position position = positionOf(event);
		Message message;
		message.epoch = position.epoch;
		message.offset = position.offset;
		return message;
	}

	ErrorCode codeOf(const Object& event)
	{
		const std::string kind = event.getValue<std::string>("kind");
		if (kind == "done") return ErrorCode::NONE;
		if (kind == "lost") return ErrorCode::CONNECTION_LOST;
		if (kind == "timeout") return ErrorCode::TIMED_OUT;
		if (kind == "closed") return ErrorCode::STOPPED;
		return static_cast<ErrorCode>(event.getValue<Poco::UInt32>("code"));
	}

	void handOver(const MessageSubscription& to, const Object& event)
	{
		const std::string what = event.getValue<std::string>("event");
		if (what == "subscribed")
		{
			Message message = messageAt(event);
			if (event.getValue<bool>("recovered")) message.flags = MessageFlag::RECOVERED;
			to.onSubscribed(message);
		}
		else if (what == "publication")
		{
			const std::string payload = event.getValue<std::string>("payload");
			Message message = messageAt(event);
			message.payload = payload;
			to.onPublication(message);
		}
		else if (what == "lost") to.onLost(positionOf(*event.getObject("last")), positionOf(*event.getObject("next")));
		else if (what == "dropped") to.onDropped(Poco::NumberParser::parseUnsigned64(event.getValue<std::string>("count")));
		else if (what == "ended") to.onEnded(ErrorCode::INTERNAL, event.getValue<std::string>("reason") + ": " + event.getValue<std::string>("text"));
		else if (what == "presence")
		{
			const std::string member = event.getValue<std::string>("member");
			Message message;
			message.opcode = event.getValue<bool>("joined") ? Opcode::JOIN : Opcode::LEAVE;
			message.user = member;
			to.onPresence(message);
		}
	}
}


struct ScriptClients::Process
{
	explicit Process(const std::string& script):
		handle(Poco::Process::launch("node", {script}, &input, &output, nullptr)), // its errors are seen
		orders(input),
		events(output)
	{
	}

	Poco::Pipe input;
	Poco::Pipe output;
	Poco::ProcessHandle handle;
	Poco::PipeOutputStream orders;
	Poco::PipeInputStream events;
};


class ScriptClients::Client final: public TrafficClient
{
public:
	Client(ScriptClients& process, int number, const std::string& beginning):
		_process(process),
		_number(number),
		_beginning(beginning)
	{
	}

	void start() override
	{
		_process.tell(_beginning);
		std::map<std::string, MessageSubscription> subscriptions;
		{
			const std::lock_guard<std::mutex> lock(_process._mutex);
			subscriptions = _process._subscriptions[_number];
		}
		for (const auto& subscription: subscriptions) tell("subscribe", subscription.first);
	}

	void stop() override
	{
		_process.stopped(_number);
	}

	void cut() override
	{
		tell("cut", "");
	}

	void subscribe(const std::string& channel, const MessageSubscription& callbacks) override
	{
		const std::lock_guard<std::mutex> lock(_process._mutex);
		_process._subscriptions[_number][channel] = callbacks;
	}

	void publish(const std::string& channel, const std::string& payload, const Done& done, const std::string& transaction) override
	{
		Object order;
		{
			const std::lock_guard<std::mutex> lock(_process._mutex);
			order.set("number", ++_process._lastRequest);
			_process._requests[_process._lastRequest] = {_number, done};
		}
		order.set("do", "publish").set("client", _number).set("channel", channel).set("payload", payload).set("transaction", transaction);
		_process.tell(text(order));
	}

private:
	void tell(const std::string& what, const std::string& channel)
	{
		Object order;
		order.set("do", what).set("client", _number).set("channel", channel);
		_process.tell(text(order));
	}

	ScriptClients& _process;
	const int _number;
	const std::string _beginning;
};


ScriptClients::ScriptClients(const std::string& script):
	_pProcess(std::make_unique<Process>(script))
{
	std::signal(SIGPIPE, SIG_IGN); // node may have ended
	_thread = std::thread([this]() { run(); });
}


ScriptClients::~ScriptClients()
{
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_ended = true;
	}
	tell(R"({"do":"end"})");
	_pProcess->handle.wait();
	_thread.join();
}


TrafficClient::Ptr ScriptClients::client(Poco::UInt16 port, bool json, const std::string& token)
{
	int number = 0;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		number = ++_lastClient;
	}
	Object order;
	order.set("do", "client").set("number", number).set("port", port).set("json", json).set("token", token);
	return std::make_unique<Client>(*this, number, text(order));
}


Poco::UInt64 ScriptClients::events() const
{
	const std::lock_guard<std::mutex> lock(_mutex);
	return _events;
}


void ScriptClients::run()
{
	std::string line;
	while (std::getline(_pProcess->events, line)) heard(line);
	const std::lock_guard<std::mutex> lock(_mutex);
	if (!_ended) std::cerr << "ScriptClients: node has ended" << std::endl; // nothing flows any more: the test says so
}


void ScriptClients::heard(const std::string& line)
{
	const auto pEvent = Poco::JSON::Parser().parse(line).extract<Object::Ptr>();
	const std::lock_guard<std::recursive_mutex> calling(_calling);
	if (pEvent->getValue<std::string>("event") == "answered")
	{
		Done done;
		{
			const std::lock_guard<std::mutex> lock(_mutex);
			++_events;
			const auto it = _requests.find(pEvent->getValue<int>("number"));
			if (it == _requests.end()) return; // its client is stopped
			done = it->second.done;
			_requests.erase(it);
		}
		const ErrorCode code = codeOf(*pEvent);
		const std::string why = pEvent->optValue<std::string>("text", "");
		Message answer;
		if (code == ErrorCode::NONE) answer = messageAt(*pEvent);
		if (pEvent->optValue("duplicate", false)) answer.flags = MessageFlag::DUPLICATE;
		answer.text = why;
		return done(code, answer);
	}
	MessageSubscription to;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		++_events;
		const auto client = _subscriptions.find(pEvent->getValue<int>("client"));
		if (client == _subscriptions.end()) return; // it is stopped
		to = client->second[pEvent->getValue<std::string>("channel")];
	}
	handOver(to, *pEvent);
}


void ScriptClients::tell(const std::string& line)
{
	const std::lock_guard<std::mutex> lock(_writing); // another one: who reads what node says must not wait until node reads
	_pProcess->orders << line << std::endl;
}


void ScriptClients::stopped(int client)
{
	const std::lock_guard<std::recursive_mutex> calling(_calling);
	std::vector<Done> open;
	{
		const std::lock_guard<std::mutex> lock(_mutex);
		_subscriptions.erase(client);
		for (auto it = _requests.begin(); it != _requests.end();)
		{
			if (it->second.client == client) open.push_back(it->second.done);
			it = it->second.client == client ? _requests.erase(it) : std::next(it);
		}
	}
	for (const Done& done: open) done(ErrorCode::STOPPED, Message());
}
