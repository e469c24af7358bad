//
// Challenge.cpp
//
// Library: PocoWebSocket
// Package: Core
// Module:  WebSocketChallenge
//
// SPDX-License-Identifier: BSL-1.0
//


#include "core/Challenge.h"
#include "core/HandshakeFields.h"
#include "Poco/Crypto/DigestEngine.h"


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


using namespace WebSocketHandshakeFields;


namespace
{
	struct Algorithm
		/// RFC 7616, 3.3 and 6.1
	{
		const char* name;
		const char* digest; // OpenSSL's name
		bool session;
	};

	const Algorithm* algorithmOf(const std::string& name)
		/// Returns null for one that is not supported.
	{
		static const Algorithm ALGORITHMS[] =
		{
			{"MD5", "MD5", false},
			{"MD5-sess", "MD5", true},
			{"SHA-256", "SHA256", false},
			{"SHA-256-sess", "SHA256", true}
		};
		if (name.empty()) return &ALGORITHMS[0];
		for (const Algorithm& algorithm: ALGORITHMS)
		{
			if (same(algorithm.name, name)) return &algorithm;
		}
		return nullptr;
	}

	std::string hash(const Algorithm& algorithm, const std::string& text)
	{
		Poco::Crypto::DigestEngine engine(algorithm.digest);
		engine.update(text);
		return Poco::DigestEngine::digestToHex(engine.digest());
	}

	bool isToken68(std::string_view text)
		/// RFC 9110, 11.2
	{
		const std::size_t end = text.find_last_not_of('=');
		if (end == std::string_view::npos) return false;
		return std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(end + 1), [](char c)
		{
			return Poco::Ascii::isAlphaNumeric(c) || std::string_view("-._~+/").find(c) != std::string_view::npos;
		});
	}

	std::string_view takeScheme(std::string_view& part)
		/// Takes a scheme off what stands between two commas, if it begins with one: a token that is not a parameter's name.
	{
		std::size_t end = 0;
		while (end < part.size() && WebSocketHandshake::isToken(part.substr(end, 1))) ++end;
		const std::string_view rest = trimmed(part.substr(end));
		if (end == 0 || (!rest.empty() && (rest.front() == '=' || !isSpace(part[end])))) return std::string_view();
		const std::string_view scheme = part.substr(0, end);
		part = rest;
		return scheme;
	}

	std::string quoted(const std::string& text)
		/// RFC 9110, 5.6.4
	{
		std::string result(1, '"');
		for (const char c: text)
		{
			if (c == '"' || c == '\\') result += '\\';
			result += c;
		}
		return result += '"';
	}
}


WebSocketChallenge::WebSocketChallenge():
	_scheme(UNSUPPORTED),
	_valid(true)
{
}


std::vector<WebSocketChallenge> WebSocketChallenge::parse(const MessageHeader& header, std::string_view field)
{
	std::vector<WebSocketChallenge> result;
	forEachLine(header, field, [&result](std::string_view line)
	{
		forEachPart(line, ',', [&result](std::string_view part)
		{
			const std::string_view scheme = takeScheme(part);
			if (!scheme.empty())
			{
				result.push_back(WebSocketChallenge());
				result.back()._text = scheme;
			}
			if (!part.empty() && !result.empty()) result.back().take(part);
		});
	});
	for (WebSocketChallenge& challenge: result) challenge.classify();
	return result;
}


WebSocketChallenge WebSocketChallenge::choose(const MessageHeader& header, std::string_view field, int schemes)
{
	for (const WebSocketChallenge& challenge: parse(header, field))
	{
		if (challenge.scheme() & schemes) return challenge;
	}
	return WebSocketChallenge();
}


void WebSocketChallenge::take(std::string_view content)
{
	const bool first = _parameters.empty() && _token.empty();
	_text.append(first ? " " : ", ").append(content);
	if (first && isToken68(content)) _token = content;
	else if (!_token.empty() || !takeParameter(content)) _valid = false;
}


bool WebSocketChallenge::takeParameter(std::string_view content)
{
	const std::size_t equal = content.find('=');
	if (equal == std::string_view::npos) return false;
	const std::string_view name  = trimmed(content.substr(0, equal));
	const std::string_view value = trimmed(content.substr(equal + 1));
	const bool isQuoted = value.size() >= 2 && value.front() == '"' && value.back() == '"';
	if (!WebSocketHandshake::isToken(name) || !(isQuoted || WebSocketHandshake::isToken(value))) return false;
	if (find(name)) return false; // RFC 9110, 11.2: only once
	_parameters.emplace_back(name, unquoted(value));
	return true;
}


void WebSocketChallenge::classify()
{
	const std::string_view name = std::string_view(_text).substr(0, _text.find(' '));
	if (!_valid) return;
	if (same(name, "Basic")) _scheme = BASIC;
	else if (same(name, "NTLM")) _scheme = NTLM;
	else if (same(name, "Digest") && isSupportedDigest()) _scheme = DIGEST;
}


bool WebSocketChallenge::isSupportedDigest() const
{
	const Algorithm* const pAlgorithm = algorithmOf(get("algorithm"));
	if (!pAlgorithm || !find("realm") || !find("nonce")) return false;
	return find("qop") ? offersAuth() : !pAlgorithm->session; // without qop, as RFC 2069 has it, there is no cnonce
}


bool WebSocketChallenge::offersAuth() const
	/// RFC 7616, 3.3
{
	const std::string offered = get("qop");
	bool result = false;
	forEachPart(offered, ',', [&result](std::string_view quality) { if (same(quality, "auth")) result = true; });
	return result;
}


const std::string* WebSocketChallenge::find(std::string_view name) const
{
	for (const auto& parameter: _parameters)
	{
		if (same(parameter.first, name)) return &parameter.second;
	}
	return nullptr;
}


std::string WebSocketChallenge::get(std::string_view name) const
{
	const std::string* const pValue = find(name);
	return pValue ? *pValue : std::string();
}


bool WebSocketChallenge::goesOn() const
{
	if (_scheme == NTLM) return !_token.empty();
	if (_scheme != DIGEST) return false;
	return same(get("stale"), "true");
}


bool WebSocketChallenge::isPlainMD5() const
{
	if (_scheme != DIGEST) return false;
	return algorithmOf(get("algorithm")) == algorithmOf("MD5");
}


std::string WebSocketChallenge::answer(const Login& login) const
{
	// RFC 7616, 3.4.1 to 3.4.3
	const Algorithm& algorithm = *algorithmOf(get("algorithm"));
	const std::string nonce = get("nonce");
	const std::string count = "00000001";
	const bool auth = offersAuth();
	std::string secret = hash(algorithm, login.user + ":" + get("realm") + ":" + login.password);
	if (algorithm.session) secret = hash(algorithm, secret + ":" + nonce + ":" + login.cnonce);
	std::string middle = nonce;
	if (auth) middle += ":" + count + ":" + login.cnonce + ":auth";
	const std::string response = hash(algorithm, secret + ":" + middle + ":" + hash(algorithm, login.method + ":" + login.uri));

	std::string result = "Digest username=" + quoted(login.user) + ", realm=" + quoted(get("realm")) + ", uri=" + quoted(login.uri);
	if (!get("algorithm").empty()) result += ", algorithm=" + get("algorithm");
	result += ", nonce=" + quoted(nonce);
	if (auth) result += ", nc=" + count + ", cnonce=" + quoted(login.cnonce) + ", qop=auth";
	result += ", response=" + quoted(response);
	if (!get("opaque").empty()) result += ", opaque=" + quoted(get("opaque"));
	return result;
}


POCO_WEBSOCKET_END
} } // namespace Poco::Net
