//
// ShellConnector.cpp
//
// SPDX-License-Identifier: BSL-1.0
//


#include "ShellConnector.h"
#include "Poco/Net/HTTPCredentials.h"
#include "Poco/Net/HTTPSClientSession.h"
#include <algorithm>
#include <limits>


using Poco::Net::Context;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPCredentials;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPSClientSession;
using Poco::Net::WebSocket;
using Poco::Net::WebSocketParams;


namespace
{
	Context::Ptr tlsContext(const ShellSettings& settings)
	{
		Context::Params params;
		params.caLocation = settings.caFile;
		params.loadDefaultCAs = settings.caFile.empty();
		// Strict, because Poco does not check the name "localhost" otherwise.
		params.verificationMode = settings.insecure ? Context::VERIFY_NONE : Context::VERIFY_STRICT;
		Context::Ptr pContext = new Context(Context::TLS_CLIENT_USE, params);
		pContext->requireMinimumProtocol(Context::PROTO_TLSV1_2);
		return pContext;
	}


	Poco::UInt16 portOf(const Poco::URI& uri)
	{
		if (uri.getSpecifiedPort() != 0) return uri.getSpecifiedPort();
		return uri.getScheme() == "wss" ? 443 : 80;
	}
}


ShellConnector::ShellConnector(const ShellSettings& settings):
	_settings(settings)
{
	const std::string host = settings.uri.getHost();
	const Poco::UInt16 port = portOf(settings.uri);
	if (settings.uri.getScheme() == "wss")
		_pSession = std::make_unique<HTTPSClientSession>(host, port, tlsContext(settings));
	else
		_pSession = std::make_unique<HTTPClientSession>(host, port);
	_pSession->setTimeout(settings.timeout);
	if (!settings.proxyHost.empty())
	{
		_pSession->setProxy(settings.proxyHost, settings.proxyPort);
		if (!settings.proxyUser.name.empty())
			_pSession->setProxyCredentials(settings.proxyUser.name, settings.proxyUser.password);
	}
}


WebSocket ShellConnector::connect()
{
	std::string path = _settings.uri.getPathAndQuery();
	if (path.empty() || path[0] != '/') path.insert(0, "/");
	HTTPRequest request(HTTPRequest::HTTP_GET, path, HTTPRequest::HTTP_1_1);
	for (const auto& header: _settings.headers) request.add(header.first, header.second);

	if (_settings.user.name.empty()) return WebSocket(*_pSession, request, _response, createParams());
	HTTPCredentials credentials(_settings.user.name, _settings.user.password);
	return WebSocket(*_pSession, request, _response, credentials, createParams());
}


WebSocketParams::Ptr ShellConnector::createParams() const
{
	WebSocketParams::Ptr pParams = new WebSocketParams;
	pParams->setHandshakeTimeout(_settings.timeout);
	pParams->setSubprotocols(_settings.subprotocols);
	pParams->setDeflate(_settings.deflate);
	pParams->setMaxMessageSize(_settings.maxPayload);
	if (_settings.deflate)
		pParams->setMaxFrameSize(std::numeric_limits<int>::max()); // what is compressed may be larger than the message
	else
		pParams->setMaxFrameSize(std::max(_settings.maxPayload, 125)); // control frames always fit
	return pParams;
}


const HTTPResponse& ShellConnector::response() const
{
	return _response;
}
