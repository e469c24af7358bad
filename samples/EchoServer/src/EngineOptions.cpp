//
// EngineOptions.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EngineOptions.h"
#include "EventsEngine.h"
#include "FramesEngine.h"
#include "MessagesEngine.h"
#include "Poco/Net/WebSocketServerParams.h"
#include "Poco/Util/IntValidator.h"
#include "Poco/Util/Option.h"
#include "Poco/Util/OptionException.h"
#include "Poco/NumberParser.h"
#include "Poco/String.h"
#include "Poco/URI.h"
#include <limits>


using Poco::Net::WebSocketParams;
using Poco::Net::WebSocketServerParams;
using Poco::Util::Option;
using Poco::Util::OptionCallback;
using Poco::Util::OptionSet;
using UsageException = Poco::Util::InvalidArgumentException;


void EngineOptions::define(OptionSet& options)
{
	options.addOption(Option("engine", "", "How connections are served. 'events': whole messages, all connections "
		"on a few threads. 'messages': whole messages, a thread for each connection. Both admit browsers only from pages of "
		"their own host. 'frames': frame by frame, a thread for each connection, as with Poco's own class; admits everybody. "
		"Default: events.")
		.argument("name")
		.callback(OptionCallback<EngineOptions>(this, &EngineOptions::setEngine)));
	options.addOption(Option("threads", "", "With --engine=events: the number of threads, up to 256; 0: one per core. Default: 0.")
		.argument("number")
		.validator(new Poco::Util::IntValidator(0, 256))
		.callback(OptionCallback<EngineOptions>(this, &EngineOptions::setThreads)));
	options.addOption(Option("deflate", "", "Compress (permessage-deflate) if the client offers it. "
		"Not with --engine=frames.")
		.callback(OptionCallback<EngineOptions>(this, &EngineOptions::setDeflate)));
	options.addOption(Option("subprotocol", "", "Accept a subprotocol. If the client offers several, its first one is chosen. "
		"Repeatable. Not with --engine=frames.")
		.argument("name").repeatable(true)
		.callback(OptionCallback<EngineOptions>(this, &EngineOptions::addSubprotocol)));
	options.addOption(Option("origin", "", "Also admit browsers from pages of this origin: https://www.example.com, "
		"or * for all. Repeatable. Not with --engine=frames.")
		.argument("origin").repeatable(true)
		.callback(OptionCallback<EngineOptions>(this, &EngineOptions::addOrigin)));
	options.addOption(Option("max-payload", "", "The largest message to accept, in bytes; with --engine=frames, the largest "
		"payload of a frame. At least 125. Default: 16777216 (16 MiB).")
		.argument("bytes")
		.validator(new Poco::Util::IntValidator(125, std::numeric_limits<int>::max()))
		.callback(OptionCallback<EngineOptions>(this, &EngineOptions::setMaxPayload)));
}


std::unique_ptr<SampleService> EngineOptions::createEngine() const
{
	if (_engine != "events" && _threads != DEFAULT) throw UsageException("--threads: only with --engine=events");
	if (_engine == "frames")
	{
		if (_deflate) throw UsageException("--deflate: not with --engine=frames");
		if (!_subprotocols.empty()) throw UsageException("--subprotocol: not with --engine=frames");
		if (!_origins.empty()) throw UsageException("--origin: not with --engine=frames");
		return std::make_unique<FramesEngine>(_maxPayload);
	}
	WebSocketServerParams::Ptr pParams = new WebSocketServerParams;
	pParams->setMaxMessageSize(_maxPayload);
	pParams->setMaxFrameSize(std::numeric_limits<int>::max()); // what is compressed may be larger than the message
	pParams->setDeflate(_deflate);
	pParams->setSubprotocols(_subprotocols);
	pParams->setAllowedOrigins(_origins);
	if (_engine == "messages")
	{
		pParams->setPingInterval(0); // TCP finds out about peers that have vanished
		return std::make_unique<MessagesEngine>(pParams);
	}
	if (_threads != DEFAULT) pParams->setThreads(_threads);
	return std::make_unique<EventsEngine>(pParams);
}


void EngineOptions::setEngine(const std::string&, const std::string& value)
{
	if (value != "events" && value != "messages" && value != "frames")
		throw UsageException("--engine: there is no engine " + value + ", only events, messages and frames");
	_engine = value;
}


void EngineOptions::setThreads(const std::string&, const std::string& value)
{
	_threads = Poco::NumberParser::parse(value);
}


void EngineOptions::setDeflate(const std::string&, const std::string&)
{
	_deflate = true;
}


void EngineOptions::addSubprotocol(const std::string&, const std::string& value)
{
	_subprotocols.push_back(value);
	try
	{
		WebSocketParams::Ptr(new WebSocketParams)->setSubprotocols(_subprotocols);
	}
	catch (Poco::InvalidArgumentException& exc)
	{
		throw UsageException("--subprotocol: " + exc.message());
	}
}


void EngineOptions::addOrigin(const std::string&, const std::string& value)
{
	if (!isOrigin(value))
		throw UsageException("--origin: not an origin as browsers send it, like https://www.example.com: " + value);
	_origins.push_back(value);
}


void EngineOptions::setMaxPayload(const std::string&, const std::string& value)
{
	_maxPayload = Poco::NumberParser::parse(value);
}


bool EngineOptions::isOrigin(const std::string& text)
	/// Returns true for scheme://host[:port] without the scheme's own port (RFC 6454, 6.2), and for null and *.
{
	if (text == "null" || text == "*") return true;
	try
	{
		const Poco::URI uri(text);
		return !uri.getHost().empty() && uri.getUserInfo().empty()
			&& Poco::icompare(text, uri.getScheme() + "://" + uri.getAuthority()) == 0;
	}
	catch (Poco::SyntaxException&)
	{
		return false;
	}
}
