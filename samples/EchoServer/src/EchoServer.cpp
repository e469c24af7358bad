//
// EchoServer.cpp
//
// Sends back every WebSocket message it gets, and serves a page for trying it out.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "EchoHandlerFactory.h"
#include "EchoListener.h"
#include "EngineOptions.h"
#include "Poco/Net/Context.h"
#include "Poco/Net/IPAddress.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SSLManager.h"
#include "Poco/Util/HelpFormatter.h"
#include "Poco/Util/IntValidator.h"
#include "Poco/Util/Option.h"
#include "Poco/Util/OptionException.h"
#include "Poco/Util/OptionSet.h"
#include "Poco/Util/ServerApplication.h"
#include <csignal>
#include <iostream>
#include <memory>
#include <string>


using Poco::Net::Context;
using Poco::Net::IPAddress;
using Poco::Util::Option;
using Poco::Util::OptionCallback;
using Poco::Util::OptionSet;
using UsageException = Poco::Util::InvalidArgumentException;


class EchoServer: public Poco::Util::ServerApplication
{
public:
	EchoServer()
	{
		Poco::Net::initializeSSL();
	}

	~EchoServer() override
	{
		Poco::Net::uninitializeSSL();
	}

	int runCommand(int argc, char** argv)
		/// Runs the server, and returns the exit code.
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
		return ServerApplication::run();
	}

protected:
	void defineOptions(OptionSet& options) override
	{
		options.addOption(Option("help", "h", "Print this text and exit.")
			.callback(OptionCallback<EchoServer>(this, &EchoServer::askForHelp)));
		options.addOption(Option("port", "", "The port to listen on; 0 takes a free one. Default: 9002.")
			.argument("number").binding("echo.port")
			.validator(new Poco::Util::IntValidator(0, 65535)));
		options.addOption(Option("address", "", "The IP address to listen on: 0.0.0.0 for all of IPv4, "
			":: for all of IPv6 and IPv4. Default: localhost, which is 127.0.0.1 and ::1, for this machine only.")
			.argument("address").binding("echo.address"));
		options.addOption(Option("tls", "", "Speak TLS (https and wss).")
			.binding("echo.tls"));
		options.addOption(Option("certificate", "", "With --tls: the file with the certificate, and those "
			"it was issued by, in PEM format.")
			.argument("file").binding("echo.certificate"));
		options.addOption(Option("key", "", "With --tls: the file with the private key in PEM format. "
			"Default: the file with the certificate.")
			.argument("file").binding("echo.key"));
		_engineOptions.define(options);
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
			if (!args.empty()) throw UsageException("unexpected argument " + args.front());
			return serve();
		}
		catch (UsageException& exc)
		{
			return usageError(exc.message());
		}
		catch (Poco::Net::NetException& exc)
		{
			std::cerr << "EchoServer: cannot listen: " << exc.displayText() << std::endl;
			return EXIT_UNAVAILABLE;
		}
	}

private:
	int serve()
	{
		const std::unique_ptr<EchoEngine> pEngine = _engineOptions.createEngine();
		const std::string host = option("address", "localhost");
		const IPAddress address = parseAddress(host);
		Context::Ptr pContext = tlsContext();

		EchoListener listener(host, static_cast<Poco::UInt16>(config().getInt("echo.port", 9002)), pContext);
		listener.start(new EchoHandlerFactory(*pEngine));
		std::cout << "EchoServer listening on " << (pContext ? "https" : "http") << "://"
			<< hostForURL(host, address) << ":" << listener.port() << "/" << std::endl;

		waitForTerminationRequest();

		pEngine->stop(std::chrono::seconds(1));
		return EXIT_OK;
	}

	static IPAddress parseAddress(const std::string& host)
	{
		try
		{
			return IPAddress(host == "localhost" ? "127.0.0.1" : host);
		}
		catch (Poco::Net::InvalidAddressException&)
		{
			throw UsageException("--address: not an IP address: " + host);
		}
	}

	Context::Ptr tlsContext()
		/// Returns a null pointer without --tls.
	{
		const std::string certificate = option("certificate", "");
		const std::string key = option("key", certificate);
		if (!config().has("echo.tls"))
		{
			if (!certificate.empty()) throw UsageException("--certificate: only with --tls");
			if (!key.empty()) throw UsageException("--key: only with --tls");
			return Context::Ptr();
		}
		if (certificate.empty()) throw UsageException("--tls: needs --certificate");
		Context::Params params;
		params.certificateFile = certificate;
		params.privateKeyFile = key;
		params.verificationMode = Context::VERIFY_NONE;
		params.dhUse2048Bits = true;
		try
		{
			Context::Ptr pContext = new Context(Context::TLS_SERVER_USE, params);
			pContext->requireMinimumProtocol(Context::PROTO_TLSV1_2);
			if (SSL_CTX_check_private_key(pContext->sslContext()) == 1) return pContext;
		}
		catch (Poco::Exception& exc)
		{
			throw UsageException("--certificate, --key: " + exc.displayText());
		}
		throw UsageException("--key: is not the key of the certificate: " + key);
	}

	std::string option(const std::string& name, const std::string& defaultValue) const
	{
		return config().getRawString("echo." + name, defaultValue);
	}

	static std::string hostForURL(const std::string& host, const IPAddress& address)
	{
		if (host == "localhost" || address.isWildcard()) return "localhost";
		return address.family() == IPAddress::IPv6 ? "[" + host + "]" : host;
	}

	void askForHelp(const std::string&, const std::string&)
	{
		_helpRequested = true;
		stopOptionsProcessing();
	}

	void printHelp() const
	{
		Poco::Util::HelpFormatter formatter(options());
		formatter.setCommand("EchoServer");
		formatter.setUsage("[options]");
		formatter.setHeader("A WebSocket server that sends back what it gets, on any path, "
			"and serves a page for trying it out on /.");
		formatter.setFooter("SIGINT and SIGTERM stop the server. Exit codes: 0 stopped, "
			"64 bad command line, 69 cannot listen on the port or address.");
		formatter.setWidth(100);
		formatter.setAutoIndent();
		formatter.format(std::cout);
	}

	static int usageError(const std::string& text)
	{
		std::cerr << "EchoServer: " << text << "\nTry EchoServer --help." << std::endl;
		return EXIT_USAGE;
	}

	bool _helpRequested = false;
	EngineOptions _engineOptions;
};


int main(int argc, char** argv)
{
	// waitForTerminationRequest() waits for these; no other thread may get them before.
	sigset_t signals;
	sigemptyset(&signals);
	for (int signal: {SIGINT, SIGTERM, SIGQUIT, SIGPIPE}) sigaddset(&signals, signal);
	pthread_sigmask(SIG_BLOCK, &signals, nullptr);

	EchoServer server;
	return server.runCommand(argc, argv);
}
