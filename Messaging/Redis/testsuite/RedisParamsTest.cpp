//
// RedisParamsTest.cpp
//
// URLs, parameters, TLS.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ContractSupport.h"
#include "RedisServer.h"
#include "support/TestCertificate.h"
#include "Poco/Messaging/RedisBackplane.h"
#include "Poco/Net/NetException.h"
#include "Poco/Net/ServerSocket.h"
#include "Poco/TemporaryFile.h"
#include <fstream>


namespace
{
	using Poco::Messaging::RedisBackplane;
	using Poco::Messaging::RedisBackplaneParams;

	std::string refused(const std::string& url)
		/// Returns why the URL is refused; empty: it is not.
	{
		try
		{
			const RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams(url));
			return "";
		}
		catch (const Poco::SyntaxException& exc)
		{
			return exc.displayText();
		}
	}

	std::string startOf(const RedisBackplaneParams::Ptr& pParams)
		/// Returns how it fails; empty: it starts.
	{
		try
		{
			const TestHub hub(Backplane::Ptr(new RedisBackplane(pParams)));
			return "";
		}
		catch (const Poco::Net::NetException& exc)
		{
			return exc.displayText();
		}
	}

	void expectIn(const std::string& text, const std::string& whole)
	{
		EXPECT_NE(std::string::npos, whole.find(text)) << "\"" << text << "\" is not in: " << whole;
	}

	std::string freePort()
	{
		const Poco::Net::ServerSocket socket(Poco::Net::SocketAddress("127.0.0.1", 0));
		return std::to_string(socket.address().port());
	}
}


TEST(RedisURL, IsTakenOrRefused)
{
	struct Row
	{
		const char* url;
		const char* problem; // part of the text; "": it is taken
	};
	const Row ROWS[] =
	{
		{"redis://host", ""},
		{"redis://host/", ""},
		{"redis://host:1/0", ""},
		{"redis://host:65535/16383", ""},
		{"redis://[::1]:6379", ""},
		{"redis://[::1]", ""},
		{"redis://:secret@host", ""},
		{"redis://user:sec%40ret@host:6379/1", ""},
		{"redis+sentinel://a", ""},
		{"redis+sentinel://a,b:1,c/master/2", ""},
		{"redis+sentinel://user:secret@a,b/master", ""},
		{"", "begin"},
		{"host", "begin"},
		{"http://host", "begin"},
		{"redis:/host", "begins with none"},
		{"redis://", "no host"},
		{"redis://:1", "no host"},
		{"redis://a,b", "more than one host"},
		{"redis://secret@host", "no password"},
		{"redis://host:0", "port"},
		{"redis://host:65536", "port"},
		{"redis://host:x", "port"},
		{"redis://host/x", "database"},
		{"redis://host/-1", "database"},
		{"redis://host/16384", "database"},
		{"redis://user:secret@host:x", "port"},
		{"redis+sentinel://", "no host"},
		{"redis+sentinel://a/master/x", "database"}
	};
	for (const Row& row: ROWS)
	{
		const std::string text = refused(row.url);
		EXPECT_EQ(*row.problem == '\0', text.empty()) << row.url << ": " << text;
		expectIn(row.problem, text);
		EXPECT_EQ(std::string::npos, text.find("secret")) << text;
	}
}


TEST(RedisBackplaneParams, AreChecked)
{
	RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams("redis://host"));
	RedisBackplaneParams& params = *pParams;
	EXPECT_EQ("poco:", params.getPrefix());
	params.setPrefix(std::string(255, 'x'));
	EXPECT_THROW(params.setPrefix(std::string(256, 'x')), Poco::InvalidArgumentException);
	for (const Poco::Timespan& wrong: {Poco::Timespan(0, 9999), Poco::Timespan(3600, 1)})
	{
		EXPECT_THROW(params.setConnectTimeout(wrong), Poco::InvalidArgumentException);
		EXPECT_THROW(params.setReplyTimeout(wrong), Poco::InvalidArgumentException);
	}
	for (const Poco::Timespan& right: {Poco::Timespan(0, 10000), Poco::Timespan(3600, 0)})
	{
		params.setConnectTimeout(right);
		params.setReplyTimeout(right);
		EXPECT_EQ(right, params.getConnectTimeout());
		EXPECT_EQ(right, params.getReplyTimeout());
	}
	EXPECT_THROW(params.addShard("redis://"), Poco::SyntaxException);
	params.addShard("redis://other");
	EXPECT_EQ(2u, params.getURLs().size());
	EXPECT_THROW(params.setClock(nullptr), Poco::InvalidArgumentException);
	EXPECT_THROW(new RedisBackplane(RedisBackplaneParams::Ptr()), Poco::InvalidArgumentException);
}


TEST(RedisTLS, VerifiesTheServer)
{
	const std::string url = "rediss://127.0.0.1:" + freePort();
	const std::string text = refused(url);
	if (!text.empty())
	{
		expectIn("TLS needs hiredis 1.0 or newer", text);
		return; // which is said; with a newer hiredis what follows is tested
	}
	const WebSocketTest::TestCertificate certificate("localhost");
	const Poco::TemporaryFile files;
	Poco::File(files).createDirectories();
	const std::string certificateFile = files.path() + "/certificate.pem";
	const std::string keyFile = files.path() + "/key.pem";
	std::ofstream(certificateFile) << certificate.pem();
	std::ofstream(keyFile) << certificate.keyPEM();
	const std::string port = url.substr(url.rfind(':') + 1);
	const RedisServer server(RedisServer::FORGETS, {"--tls-port", port, "--tls-cert-file", certificateFile, "--tls-key-file", keyFile, "--tls-ca-cert-file", certificateFile});
	RedisBackplaneParams::Ptr pParams(new RedisBackplaneParams("rediss://localhost:" + port));
	expectIn("certificate verify failed", startOf(pParams));
	pParams->setCAFile(certificateFile);
	EXPECT_NE("", startOf(pParams)) << "the server asks for a certificate";
	pParams->setCertificate(certificateFile, keyFile);
	EXPECT_EQ("", startOf(pParams));
	RedisBackplaneParams::Ptr pOther(new RedisBackplaneParams(url)); // an address that is not in the certificate
	pOther->setCAFile(certificateFile);
	pOther->setCertificate(certificateFile, keyFile);
	EXPECT_NE("", startOf(pOther));
	pOther->setCAFile("/none");
	EXPECT_NE("", startOf(pOther));
}
