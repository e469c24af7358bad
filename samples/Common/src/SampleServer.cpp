//
// SampleServer.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "SampleServer.h"
#include "Poco/Net/IPAddress.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/SSLManager.h"
#include "Poco/Net/WebSocketSystemd.h"
#include "Poco/Util/HelpFormatter.h"
#include "Poco/Util/IntValidator.h"
#include "Poco/Util/Option.h"
#include "Poco/Util/OptionException.h"
#include <csignal>
#include <initializer_list>
#include <iostream>


using Poco::Net::Context;
using Poco::Net::IPAddress;
using Poco::Net::WebSocketCertificates;
using Poco::Net::WebSocketSystemd;
using Poco::Util::Option;
using Poco::Util::OptionCallback;
using Poco::Util::OptionSet;
using UsageException = Poco::Util::InvalidArgumentException;


namespace
{
	const Poco::Timespan PATIENCE(1, 0); // with those that do not answer when the server stops

	IPAddress parseAddress(const std::string& host)
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


	std::string hostForURL(const std::string& host, const IPAddress& address)
	{
		if (host == "localhost" || address.isWildcard()) return "localhost";
		return address.family() == IPAddress::IPv6 ? "[" + host + "]" : host;
	}


	sigset_t setOf(std::initializer_list<int> numbers)
	{
		sigset_t signals;
		sigemptyset(&signals);
		for (int number: numbers) sigaddset(&signals, number);
		return signals;
	}


	void block(std::initializer_list<int> numbers)
		/// No thread that is started later gets these signals: one waits for them.
	{
		const sigset_t signals = setOf(numbers);
		pthread_sigmask(SIG_BLOCK, &signals, nullptr);
	}


	template <class Params>
	auto useStrongDH(Params& params, int) -> decltype(void(params.dhUse2048Bits))
	{
		params.dhUse2048Bits = true;
	}


	template <class Params>
	void useStrongDH(Params&, long)
		/// Poco 1.14 has 2048 bits by default.
	{
	}
}


SampleServer::SampleServer(const std::string& name, const std::string& purpose):
	_name(name),
	_purpose(purpose)
{
	block({SIGINT, SIGTERM, SIGQUIT, SIGPIPE});

	Poco::Net::initializeSSL();
}


SampleServer::~SampleServer()
{
	Poco::Net::uninitializeSSL();
}


int SampleServer::runCommand(int argc, char** argv)
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


void SampleServer::defineOptions(OptionSet& options)
{
	options.addOption(Option("help", "h", "Print this text and exit.")
		.callback(OptionCallback<SampleServer>(this, &SampleServer::askForHelp)));
	options.addOption(Option("port", "", "The port to listen on; 0: any free one. Default: 9002.")
		.argument("number").binding("server.port")
		.validator(new Poco::Util::IntValidator(0, 65535)));
	options.addOption(Option("address", "", "The IP address to listen on: 0.0.0.0 for all of IPv4, "
		":: for all of IPv6 and IPv4. Default: localhost, which is 127.0.0.1 and ::1, for this machine only.")
		.argument("address").binding("server.address"));
	options.addOption(Option("tls", "", "Speak TLS (https and wss).")
		.binding("server.tls"));
	options.addOption(Option("certificate", "", "With --tls: the file with the certificate, and those "
		"of its issuers, in PEM format.")
		.argument("file").binding("server.certificate"));
	options.addOption(Option("key", "", "With --tls: the file with the private key in PEM format. "
		"Default: the file with the certificate.")
		.argument("file").binding("server.key"));
}


int SampleServer::main(const ArgVec& args)
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
		std::cerr << _name << ": cannot listen: " << exc.displayText() << std::endl;
		return EXIT_UNAVAILABLE;
	}
	catch (Poco::ApplicationException& exc)
	{
		std::cerr << _name << ": " << exc.message() << std::endl;
		return EXIT_UNAVAILABLE;
	}
}


int SampleServer::serve()
{
	const std::string host = option("address", "localhost");
	const IPAddress address = parseAddress(host);
	const std::unique_ptr<SampleService> pService = createService();
	const Context::Ptr pContext = tlsContext();
	std::unique_ptr<WebSocketCertificates> pCertificates;
	if (pContext)
	{
		try
		{
			pCertificates = std::make_unique<WebSocketCertificates>(pContext);
		}
		catch (Poco::InvalidArgumentException& exc)
		{
			throw UsageException("--certificate, --key: " + exc.message());
		}
		block({SIGHUP}); // otherwise it ends the program
	}
	ListeningPorts ports = passedPorts(pContext);
	if (ports.empty()) ports = listenOn(host, static_cast<Poco::UInt16>(config().getInt("server.port", 9002)), pContext);
	const Poco::UInt16 port = ports.front().address().port();

	pService->start(ports);
	std::cout << _name << " listening on " << (pContext ? "https" : "http") << "://"
		<< hostForURL(host, address) << ":" << port << "/" << std::endl;
	if (const std::string more = pService->more(); !more.empty()) std::cout << more << std::endl;
	WebSocketSystemd::notify("READY=1");
	waitForEnd(pCertificates.get());
	WebSocketSystemd::notify("STOPPING=1");
	pService->stop(PATIENCE);
	return EXIT_OK;
}


void SampleServer::waitForEnd(WebSocketCertificates* pCertificates)
{
	const sigset_t signals = pCertificates ? setOf({SIGINT, SIGTERM, SIGQUIT, SIGHUP}) : setOf({SIGINT, SIGTERM, SIGQUIT});
	int number = 0;
	while (sigwait(&signals, &number) == 0 && number == SIGHUP) reload(*pCertificates);
}


void SampleServer::reload(WebSocketCertificates& certificates)
	/// Connections that are open stay. If something is wrong with the files, all stays as it is.
{
	try
	{
		certificates.exchange(loadCertificate());
		logger().information("SIGHUP: the certificate was read again");
	}
	catch (Poco::Exception& exc)
	{
		logger().error("SIGHUP: the certificate stays as it is: " + exc.displayText());
	}
}


Context::Ptr SampleServer::tlsContext() const
	/// Returns a null pointer without --tls.
{
	const std::string certificate = option("certificate", "");
	const std::string key = option("key", certificate);
	if (!config().has("server.tls"))
	{
		if (!certificate.empty()) throw UsageException("--certificate: only with --tls");
		if (!key.empty()) throw UsageException("--key: only with --tls");
		return Context::Ptr();
	}
	if (certificate.empty()) throw UsageException("--tls: needs --certificate");
	try
	{
		return loadCertificate();
	}
	catch (Poco::Exception& exc)
	{
		throw UsageException("--certificate, --key: " + exc.displayText());
	}
}


Context::Ptr SampleServer::loadCertificate() const
{
	Context::Params params;
	params.certificateFile = option("certificate", "");
	params.privateKeyFile = option("key", params.certificateFile);
	params.verificationMode = Context::VERIFY_NONE;
	useStrongDH(params, 0);
	Context::Ptr pContext = new Context(Context::TLS_SERVER_USE, params);
	pContext->requireMinimumProtocol(Context::PROTO_TLSV1_2);
	return pContext;
}


std::string SampleServer::option(const std::string& name, const std::string& defaultValue) const
{
	return config().getRawString("server." + name, defaultValue);
}


void SampleServer::askForHelp(const std::string&, const std::string&)
{
	_helpRequested = true;
	stopOptionsProcessing();
}


void SampleServer::printHelp() const
{
	Poco::Util::HelpFormatter formatter(options());
	formatter.setCommand(_name);
	formatter.setUsage("[options]");
	formatter.setHeader(_purpose);
	formatter.setFooter("SIGINT and SIGTERM stop the server. With --tls, SIGHUP has it read certificate and key again. Exit codes: 0 stopped, "
		"64 bad command line, 69 cannot listen on the port or address, or reach what it needs.");
	formatter.setWidth(100);
	formatter.setAutoIndent();
	formatter.format(std::cout);
}


int SampleServer::usageError(const std::string& text) const
{
	std::cerr << _name << ": " << text << "\nTry " << _name << " --help." << std::endl;
	return EXIT_USAGE;
}
