//
// RedisTLS.cpp
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisTLS
//
// SPDX-License-Identifier: BSL-1.0
//


#include "RedisTLS.h"
#if defined(POCO_MESSAGING_REDIS_TLS)
#include "Poco/Net/NetException.h"
#include <hiredis/hiredis_ssl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#endif


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


#if defined(POCO_MESSAGING_REDIS_TLS)


bool RedisTLS::available()
{
	return true;
}


RedisTLS::RedisTLS(const RedisBackplaneParams& params):
	_pContext(::SSL_CTX_new(::TLS_client_method()), &::SSL_CTX_free)
{
	const auto check = [](int done, const std::string& file)
	{
		if (done != 1) throw Poco::Net::NetException("TLS to Redis: the file cannot be used", file);
	};
	SSL_CTX* const p = _pContext.get();
	if (!p) throw Poco::Net::NetException("TLS to Redis cannot be used");
	::SSL_CTX_set_verify(p, SSL_VERIFY_PEER, nullptr);
	if (params.getCAFile().empty()) ::SSL_CTX_set_default_verify_paths(p);
	else check(::SSL_CTX_load_verify_locations(p, params.getCAFile().c_str(), nullptr), params.getCAFile());
	if (params.getCertificateFile().empty()) return;
	check(::SSL_CTX_use_certificate_chain_file(p, params.getCertificateFile().c_str()), params.getCertificateFile());
	check(::SSL_CTX_use_PrivateKey_file(p, params.getKeyFile().c_str(), SSL_FILETYPE_PEM), params.getKeyFile());
}


ssl_st* RedisTLS::begin(redisContext& context, const std::string& host, std::string& reason) const
{
	reason = "TLS cannot begin";
	SSL* const pSSL = ::SSL_new(_pContext.get());
	if (!pSSL) return nullptr;
	const bool address = ::X509_VERIFY_PARAM_set1_ip_asc(::SSL_get0_param(pSSL), host.c_str()) == 1;
	const bool named = address || (::SSL_set1_host(pSSL, host.c_str()) == 1 && ::SSL_ctrl(pSSL, SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, const_cast<char*>(host.c_str())) == 1);
	if (named && ::redisInitiateSSL(&context, pSSL) == REDIS_OK) return pSSL;
	if (const std::string wrong = problem(pSSL); !wrong.empty()) reason = wrong;
	if (!context.privctx) ::SSL_free(pSSL);
	return nullptr;
}


std::string RedisTLS::problem(const ssl_st* pConnection)
{
	const long result = pConnection ? ::SSL_get_verify_result(pConnection) : X509_V_OK;
	return result == X509_V_OK ? "" : std::string("certificate verify failed: ") + ::X509_verify_cert_error_string(result);
}


#else


bool RedisTLS::available()
{
	return false;
}


RedisTLS::RedisTLS(const RedisBackplaneParams&)
{
}


ssl_st* RedisTLS::begin(redisContext&, const std::string&, std::string&) const
{
	return nullptr;
}


std::string RedisTLS::problem(const ssl_st*)
{
	return "";
}


#endif


POCO_MESSAGING_END
} } // namespace Poco::Messaging
