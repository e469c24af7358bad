//
// TokenVerifier.h
//
// Library: PocoMessaging
// Package: Messaging
// Module:  TokenVerifier
//
// Who a client is, and what it may do.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_TokenVerifier_INCLUDED
#define Messaging_TokenVerifier_INCLUDED


#include "Poco/Messaging/Config.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Timespan.h"
#include "Poco/Types.h"
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


enum Right
	/// What a session may do in a channel; may be combined.
{
	RIGHT_READ = 1,     /// Subscribe.
	RIGHT_PUBLISH = 2,  /// Publish.
	RIGHT_PRESENCE = 4, /// Ask who is there.
	RIGHT_HISTORY = 8   /// Read the history.
};


class Messaging_API Grants
	/// What a session may do, in which channels.
{
public:
	void add(const std::string& pattern, unsigned rights);
		/// Grants rights (Right) in the channels that the pattern matches: a name, in which each * stands for any number of any bytes.

	bool allow(const std::string& channel, Right right) const;
		/// Returns true if something grants it; and for every channel whose name does not begin with "private-" or
		/// "presence-".

	bool empty() const;
		/// Returns true if nothing was granted.

	static bool isPublic(const std::string& channel);
		/// Returns true if no grant is needed.

	static bool matches(const std::string& pattern, const std::string& channel);
		/// Returns true if the pattern matches. Takes time in proportion to the product of the lengths at most.

private:
	struct Grant
	{
		std::string pattern;
		unsigned rights;
	};

	std::vector<Grant> _grants;
};


enum class TokenError
	/// What is wrong with a token.
{
	NONE,      /// Nothing.
	TOO_LONG,  /// It is longer than TokenVerifierParams::setMaxLength().
	MALFORMED, /// It is no JWS in compact form (RFC 7515, 7.1), or its header is none.
	ALGORITHM, /// Its algorithm is not HS256, RS256 or ES256.
	KEY,       /// There is no key with its id for its algorithm.
	SIGNATURE, /// Its signature is wrong.
	CLAIMS,    /// A claim has the wrong type, is too long, or is missing.
	EXPIRED,   /// It has expired (RFC 7519, 4.1.4).
	NOT_YET,   /// It is not valid yet (4.1.5).
	ISSUER,    /// It is from somebody else (4.1.1).
	AUDIENCE   /// It is for somebody else (4.1.3).
};

Messaging_API const char* toString(TokenError error);
	/// Returns the error's name, for logs. Clients should not be told more than that the token is not accepted.


struct TokenResult
	/// What a token says. If it has an error, nothing.
{
	TokenError error = TokenError::NONE; /// Whether it is valid.
	std::string user;                    /// The claim "sub"; empty if there is none.
	std::string info;                    /// The claim "info", a string; empty if there is none.
	std::string quota;                   /// The claim "quota", a string: which QuotaRules the program gives it; empty if there is none.
	Poco::Int64 expires = 0;             /// The claim "exp", seconds since 1970; 0 if there is none.
	Grants grants;                       /// The claim "grants": {"chat-*": ["read", "publish", "presence", "history"], ...}.
};


class Messaging_API TokenKey
	/// A key, for one algorithm: a token cannot choose another one for it.
{
public:
	enum Algorithm
		/// RFC 7518, 3.1.
	{
		HS256, /// HMAC with SHA-256.
		RS256, /// RSA, PKCS #1 v1.5, with SHA-256.
		ES256  /// ECDSA with P-256 and SHA-256.
	};

	static TokenKey hmac(const std::string& id, const std::string& secret);
		/// Creates a key from a secret of 32 bytes or more (RFC 7518, 3.2). Throws an InvalidArgumentException if it is shorter.

	static TokenKey rsa(const std::string& id, const std::string& pem);
		/// Creates a key from a public key of 2048 bits or more (RFC 7518, 3.3) in PEM. Throws an InvalidArgumentException if it is none.

	static TokenKey ec(const std::string& id, const std::string& pem);
		/// Creates a key from a public key of the curve P-256 in PEM. Throws an InvalidArgumentException if it is none.

	const std::string& id() const;
		/// Returns the id, the "kid" of a token's header. A key without id is for tokens without.

	Algorithm algorithm() const;
		/// Returns the algorithm.

private:
	friend class TokenVerifier;
	class Verifier;

	TokenKey(const std::string& id, Algorithm algorithm, const std::shared_ptr<const Verifier>& pVerifier);

	std::string _id;
	Algorithm _algorithm;
	std::shared_ptr<const Verifier> _pVerifier;
};


class Messaging_API TokenVerifierParams: public Poco::RefCountedObject
	/// What tokens have to say. The object must not be changed once it is in use. Setters throw an
	/// InvalidArgumentException if their argument is out of range.
{
public:
	typedef Poco::AutoPtr<TokenVerifierParams> Ptr;

	TokenVerifierParams();
		/// Creates the parameters with their defaults.

	void setIssuer(const std::string& issuer);
		/// Sets what "iss" has to be; empty: anything. Default: empty.

	const std::string& getIssuer() const;
		/// Returns what "iss" has to be.

	void setAudience(const std::string& audience);
		/// Sets what "aud" has to be, or to have; empty: a token must have no "aud", because it would be for somebody
		/// else (RFC 7519, 4.1.3). Default: empty.

	const std::string& getAudience() const;
		/// Returns what "aud" has to be, or to have.

	void setLeeway(const Poco::Timespan& time);
		/// Sets by how much clocks may differ; 0 to 5 minutes. Default: 5 s.

	Poco::Timespan getLeeway() const;
		/// Returns by how much clocks may differ.

	void setExpiryRequired(bool flag);
		/// Sets whether a token must expire. Default: true.

	bool getExpiryRequired() const;
		/// Returns whether a token must expire.

	void setMaxLength(int length);
		/// Sets the longest token, in bytes; 64 to 65,536. Default: 8,192.

	int getMaxLength() const;
		/// Returns the longest token.

protected:
	~TokenVerifierParams() override;
		/// Destroys the parameters.

private:
	std::string _issuer;
	std::string _audience;
	Poco::Timespan _leeway;
	bool _expiryRequired;
	int _maxLength;
};


class Messaging_API TokenVerifier
	/// Checks JSON Web Tokens (RFC 7519) that are signed (RFC 7515) with HS256, RS256 or ES256.
	///
	/// All functions are thread-safe. An HMAC takes some microseconds, and is compared in constant time; an RSA or ECDSA signature takes 20 to 200, and should not be
	/// checked on a loop's thread (costly()).
{
public:
	enum
	{
		MAX_KEYS = 32,    /// Keys, at most.
		MAX_GRANTS = 64,  /// Grants of a token, at most.
		MAX_NAME = 255    /// Bytes of "sub", "quota", of a pattern, and of a key's id; "info" may have four times as many.
	};

	explicit TokenVerifier(const std::vector<TokenKey>& keys, const TokenVerifierParams::Ptr& pParams = new TokenVerifierParams);
		/// Creates the verifier. Throws as setKeys(), and an InvalidArgumentException if there are no parameters.

	~TokenVerifier();
		/// Destroys the verifier.

	void setKeys(const std::vector<TokenKey>& keys);
		/// Exchanges the keys. A verification that has begun has the old ones. Throws an InvalidArgumentException if there are more than
		/// MAX_KEYS, or two have the same id and algorithm.

	TokenResult verify(std::string_view token, Poco::Int64 now) const;
		/// Checks a token. now is in seconds since 1970. Nothing in a token makes it throw; a std::bad_alloc is thrown if there is no memory.

	bool costly(std::string_view token) const;
		/// Returns true if the token's header names an algorithm other than HS256. Says nothing of its validity.

	const TokenVerifierParams& params() const;
		/// Returns the parameters.

private:
	TokenVerifier(const TokenVerifier&) = delete;
	TokenVerifier& operator = (const TokenVerifier&) = delete;

	typedef std::vector<TokenKey> Keys;

	std::shared_ptr<const Keys> keys() const;

	const TokenVerifierParams::Ptr _pParams;
	mutable std::mutex _mutex;
	std::shared_ptr<const Keys> _pKeys;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_TokenVerifier_INCLUDED
