//
// WebSocketShell.cpp
//
// A WebSocket client for the terminal and for pipes.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ShellConnector.h"
#include "ShellSession.h"
#include "ShellSettings.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SSLManager.h"
#include "Poco/Net/WebSocketParams.h"
#include "Poco/Util/Application.h"
#include "Poco/Util/HelpFormatter.h"
#include "Poco/Util/Option.h"
#include "Poco/Util/OptionException.h"
#include "Poco/Util/OptionSet.h"
#include "Poco/Ascii.h"
#include "Poco/NumberParser.h"
#include "Poco/String.h"
#include <algorithm>
#include <csignal>
#include <cstring>
#include <iostream>
#include <poll.h>
#include <unistd.h>


using Poco::Net::WebSocket;
using Poco::Util::Option;
using Poco::Util::OptionSet;
using UsageException = Poco::Util::InvalidArgumentException;


namespace
{
	bool hasControl(const std::string& text)
	{
		return std::any_of(text.begin(), text.end(), [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; });
	}
}


class WebSocketShell: public Poco::Util::Application
{
public:
	WebSocketShell()
	{
		Poco::Net::initializeSSL();
	}

	~WebSocketShell() override
	{
		Poco::Net::uninitializeSSL();
	}

	int runCommand(int argc, char** argv)
		/// Runs the program, and returns the exit code.
	{
		try
		{
			init(argc, argv);
		}
		catch (UsageException& exc)
		{
			return usageError(exc.message());
		}
		catch (Poco::Exception& exc)
		{
			return usageError(exc.displayText());
		}
		return run();
	}

protected:
	void defineOptions(OptionSet& options) override
	{
		options.addOption(Option("help", "h", "Print this text and exit."));
		options.addOption(Option("header", "", "Add a header to the request. Repeatable.")
			.argument("name: value").repeatable(true));
		options.addOption(Option("subprotocol", "", "Offer a subprotocol. Repeatable; the first is preferred. With poco.messaging.v1 "
			"lines are messages in JSON, and what is received is printed as such.")
			.argument("name").repeatable(true));
		options.addOption(Option("deflate", "", "Offer compression (permessage-deflate). Messages are then "
			"printed without the number of their frames, and PINGs are answered, but not printed."));
		options.addOption(Option("origin", "", "Send an Origin header.").argument("origin"));
		options.addOption(Option("user", "", "Authenticate to the server (Basic, Digest, NTLM).").argument("name:password"));
		options.addOption(Option("proxy", "", "Connect through a HTTP proxy (CONNECT).").argument("host:port"));
		options.addOption(Option("proxy-user", "", "Authenticate to the proxy.").argument("name:password"));
		options.addOption(Option("ca", "", "wss: trust the certification authorities in this PEM file, "
			"and no others.").argument("file"));
		options.addOption(Option("insecure", "", "wss: accept any certificate."));
		options.addOption(Option("timeout", "", "How long the opening handshake, with the connection, and the closing "
			"handshake may take, each. Default: 10.").argument("seconds"));
		options.addOption(Option("max-payload", "", "The largest message to accept, in bytes. Default: 2147483647.").argument("bytes"));
		options.addOption(Option("binary", "", "Send the file as a binary message before the input.").argument("file"));
		options.addOption(Option("commands", "", "Take lines that begin with / as commands, even if the "
			"input is not a terminal. The command /help lists them."));
		options.addOption(Option("quiet", "", "Print only the messages received: "
			"text with a line end, binary data without."));
		options.addOption(Option("reconnect", "", "Connect again when a connection fails or is lost. Exponential back-off from "
			"0.5 to 30 seconds."));
		options.addOption(Option("wait", "", "How long to wait for answers after the end of the input. "
			"Default: 1.").argument("seconds"));
	}

	void handleOption(const std::string& name, const std::string& value) override
	{
		if (name == "help")
		{
			_helpRequested = true;
			stopOptionsProcessing();
		}
		else if (name == "header")      addHeader(value);
		else if (name == "subprotocol") addSubprotocol(value);
		else if (name == "deflate")     _settings.deflate = true;
		else if (name == "origin")      _settings.headers.set("Origin", checked(name, value));
		else if (name == "user")        _settings.user = login(name, value);
		else if (name == "proxy")       setProxy(value);
		else if (name == "proxy-user")  _settings.proxyUser = login(name, value);
		else if (name == "ca")          _settings.caFile = value;
		else if (name == "insecure")    _settings.insecure = true;
		else if (name == "timeout")     _settings.timeout = seconds(name, value, 0.001);
		else if (name == "wait")        _settings.wait = seconds(name, value, 0);
		else if (name == "commands")    _settings.commands = true;
		else if (name == "quiet")       _settings.quiet = true;
		else if (name == "reconnect")   _settings.reconnect = true;
		else if (name == "max-payload") setMaxPayload(value);
		else if (name == "binary")      setBinary(value);
	}

	int main(const ArgVec& args) override
	{
		if (_helpRequested)
		{
			printHelp();
			return EXIT_OK;
		}
		try
		{
			setURL(args);
			checkCombinations();
			createConnector(); // finds what is wrong with the options
			return _settings.reconnect ? talkAgainAndAgain() : talk();
		}
		catch (UsageException& exc)
		{
			return usageError(exc.message());
		}
	}

private:
	int talkAgainAndAgain()
		/// Until the connection is closed by somebody.
	{
		const int FIRST_DELAY = 500; // milliseconds
		const int LONGEST_DELAY = 30000;
		int delay = FIRST_DELAY;
		for (;;)
		{
			const int outcome = talk();
			if (outcome != ShellSession::NOT_CONNECTED && outcome != ShellSession::LOST) return outcome;
			if (outcome == ShellSession::LOST)
			{
				delay = FIRST_DELAY;
				_settings.binary.reset(); // it was sent
			}
			if (!_settings.quiet) std::cerr << "Connecting again in " << delay/1000.0 << " s." << std::endl;
			const StopSignal stopSignal;
			pollfd stopped = {stopSignal.fd(), POLLIN, 0};
			if (poll(&stopped, 1, delay) != 0) return outcome;
			delay = std::min(2*delay, LONGEST_DELAY);
		}
	}

	int talk()
	{
		ShellConnector connector = createConnector();
		try
		{
			WebSocket ws = connector.connect();
			if (isatty(STDIN_FILENO)) _settings.commands = true;
			if (!_settings.quiet) greet(ws, connector.response());
			return ShellSession(ws, _settings, _input).run();
		}
		catch (Poco::Net::WebSocketException& exc)
		{
			const auto& response = connector.response();
			std::cerr << "WebSocketShell: " << exc.displayText() << " (the server's answer: "
				<< static_cast<int>(response.getStatus()) << " " << response.getReason() << ")" << std::endl;
		}
		catch (Poco::Exception& exc)
		{
			std::cerr << "WebSocketShell: cannot connect: " << exc.displayText() << std::endl;
		}
		return ShellSession::NOT_CONNECTED;
	}

	void greet(const WebSocket& ws, const Poco::Net::HTTPResponse& response) const
	{
		std::cerr << "Connected to " << _settings.uri.toString();
		if (!ws.subprotocol().empty()) std::cerr << ", subprotocol " << ws.subprotocol();
		if (_settings.deflate) std::cerr << ", " << response.get("Sec-WebSocket-Extensions", "without compression");
		if (_settings.commands) std::cerr << ". /help lists the commands";
		std::cerr << "." << std::endl;
	}

	ShellConnector createConnector() const
	{
		try
		{
			return ShellConnector(_settings);
		}
		catch (Poco::Exception& exc)
		{
			throw UsageException("--ca: " + exc.displayText());
		}
	}

	void setURL(const ArgVec& args)
	{
		if (args.empty()) throw UsageException("the URL is missing");
		if (args.size() > 1) throw UsageException("unexpected argument " + args[1]);
		try
		{
			_settings.uri = args[0];
		}
		catch (Poco::SyntaxException&)
		{
			throw UsageException("not a URL: " + args[0]);
		}
		const Poco::URI& uri = _settings.uri;
		if (uri.getScheme() != "ws" && uri.getScheme() != "wss")
			throw UsageException("the URL must begin with ws:// or wss://: " + args[0]);
		if (uri.getHost().empty() || hasControl(args[0]))
			throw UsageException("the URL has no valid host: " + args[0]);
		if (!uri.getFragment().empty()) throw UsageException("the URL must not have a fragment: " + args[0]); // RFC 6455, 3
		if (!uri.getUserInfo().empty()) throw UsageException("use --user for the name and password: " + args[0]);
	}

	void checkCombinations() const
	{
		if (!_settings.proxyUser.name.empty() && _settings.proxyHost.empty())
			throw UsageException("--proxy-user: only with --proxy");
		const bool secure = _settings.uri.getScheme() == "wss";
		if (!_settings.caFile.empty() && !secure) throw UsageException("--ca: only with a wss URL");
		if (_settings.insecure && !secure) throw UsageException("--insecure: only with a wss URL");
		if (_settings.insecure && !_settings.caFile.empty()) throw UsageException("--insecure: not together with --ca");
	}

	static bool isToken(const std::string& name)
		/// Returns true for what a field may be called (RFC 9110, 5.6.2).
	{
		const auto isTokenCharacter = [](unsigned char c) { return Poco::Ascii::isAlphaNumeric(c) || (c != 0 && std::strchr("!#$%&'*+-.^_`|~", c)); };
		return !name.empty() && std::all_of(name.begin(), name.end(), isTokenCharacter);
	}

	void addHeader(const std::string& value)
	{
		const std::size_t colon = value.find(':');
		if (colon == std::string::npos || !isToken(value.substr(0, colon)))
			throw UsageException("--header: not of the form 'name: value': " + value);
		_settings.headers.add(value.substr(0, colon), Poco::trim(checked("header", value.substr(colon + 1))));
	}

	void addSubprotocol(const std::string& value)
	{
		_settings.subprotocols.push_back(value);
		try
		{
			Poco::Net::WebSocketParams::Ptr(new Poco::Net::WebSocketParams)->setSubprotocols(_settings.subprotocols);
		}
		catch (Poco::InvalidArgumentException& exc)
		{
			throw UsageException("--subprotocol: " + exc.message());
		}
	}

	void setProxy(const std::string& value)
	{
		const std::size_t colon = value.rfind(':');
		unsigned port = 0;
		if (colon == std::string::npos || colon == 0 ||
			!Poco::NumberParser::tryParseUnsigned(value.substr(colon + 1), port) || port == 0 || port > 65535)
			throw UsageException("--proxy: not of the form host:port: " + value);
		_settings.proxyHost = value.substr(0, colon);
		_settings.proxyPort = static_cast<Poco::UInt16>(port);
	}

	void setMaxPayload(const std::string& value)
	{
		if (!Poco::NumberParser::tryParse(value, _settings.maxPayload) || _settings.maxPayload <= 0)
			throw UsageException("--max-payload: not a number from 1 to 2147483647: " + value);
	}

	void setBinary(const std::string& value)
	{
		try
		{
			_settings.binary = ShellSession::readFile(value);
		}
		catch (Poco::Exception& exc)
		{
			throw UsageException("--binary: " + exc.displayText());
		}
	}

	static std::string checked(const std::string& name, const std::string& value)
	{
		if (hasControl(value)) throw UsageException("--" + name + ": control characters are not allowed");
		return value;
	}

	static ShellSettings::Login login(const std::string& name, const std::string& value)
	{
		const std::size_t colon = value.find(':');
		if (colon == std::string::npos || colon == 0)
			throw UsageException("--" + name + ": not of the form name:password");
		return {value.substr(0, colon), value.substr(colon + 1)};
	}

	static Poco::Timespan seconds(const std::string& name, const std::string& value, double min)
	{
		const double MAX = 86400*365.0;
		double number = 0;
		if (!Poco::NumberParser::tryParseFloat(value, number) || !(number >= min && number <= MAX))
			throw UsageException("--" + name + ": not a number of seconds: " + value);
		return Poco::Timespan(static_cast<Poco::Timespan::TimeDiff>(number*1e6));
	}

	void printHelp() const
	{
		Poco::Util::HelpFormatter formatter(options());
		formatter.setCommand("WebSocketShell");
		formatter.setUsage("[options] URL");
		formatter.setHeader("Connects to a WebSocket server, ws://... or wss://..., sends each line of the input "
			"as a text message, and prints what it receives. After the end of the input it closes the connection.");
		formatter.setFooter("Exit codes: 0 the connection was closed normally (code 1000, 1001 or none, or by a "
			"signal), 1 no connection, or the handshake failed, 2 the connection was lost without a Close frame "
			"(1006), 3 it was closed with another code, 64 bad command line.");
		formatter.setWidth(100);
		formatter.setAutoIndent();
		formatter.format(std::cout);
	}

	static int usageError(const std::string& text)
	{
		std::cerr << "WebSocketShell: " << text << "\nTry WebSocketShell --help." << std::endl;
		return EXIT_USAGE;
	}

	bool _helpRequested = false;
	ShellSettings _settings;
	LineReader _input{STDIN_FILENO};
};


int main(int argc, char** argv)
{
	std::signal(SIGPIPE, SIG_IGN); // a write that fails is enough to know
	WebSocketShell shell;
	return shell.runCommand(argc, argv);
}
