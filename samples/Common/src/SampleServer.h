//
// SampleServer.h
//
// Definition of the SampleServer class.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef SampleServer_INCLUDED
#define SampleServer_INCLUDED


#include "SampleService.h"
#include "Poco/Net/WebSocketCertificates.h"
#include "Poco/Util/OptionSet.h"
#include "Poco/Util/ServerApplication.h"
#include <memory>
#include <string>


class SampleServer: public Poco::Util::ServerApplication
	/// What the servers among the samples have in common: their options for port, address
	/// and TLS, that they stop on SIGINT and SIGTERM, and with TLS read their certificate again on SIGHUP.
{
public:
	SampleServer(const std::string& name, const std::string& purpose);
		/// To be created before there is another thread. The purpose stands in the help.

	~SampleServer() override;

	int runCommand(int argc, char** argv);
		/// Runs the server, and returns the exit code.

protected:
	virtual std::unique_ptr<SampleService> createService() = 0;
		/// Returns what the options have chosen. Throws a Poco::Util::InvalidArgumentException
		/// if they do not go together, and a Poco::ApplicationException if something cannot be had that it needs.

	void defineOptions(Poco::Util::OptionSet& options) override;
		/// Defines the common options. Subclasses define more.

	int main(const ArgVec& args) override;

private:
	int serve();
	Poco::Net::Context::Ptr tlsContext() const;
	Poco::Net::Context::Ptr loadCertificate() const;
	void waitForEnd(Poco::Net::WebSocketCertificates* pCertificates);
	void reload(Poco::Net::WebSocketCertificates& certificates);
	std::string option(const std::string& name, const std::string& defaultValue) const;
	void askForHelp(const std::string&, const std::string&);
	void printHelp() const;
	int usageError(const std::string& text) const;

	const std::string _name;
	const std::string _purpose;
	bool _helpRequested = false;
};


#endif // SampleServer_INCLUDED
