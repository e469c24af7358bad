//
// RedisBackplaneParams.h
//
// Library: PocoMessagingRedis
// Package: Redis
// Module:  RedisBackplaneParams
//
// What a RedisBackplane can be told.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_RedisBackplaneParams_INCLUDED
#define Messaging_RedisBackplaneParams_INCLUDED


#include "Poco/Messaging/Types.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Timespan.h"
#include <string>
#include <vector>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API RedisBackplaneParams: public Poco::RefCountedObject
	/// What a RedisBackplane can be told. Not thread-safe; not changed once a backplane has it. All nodes have the same servers, in the same order, and the same prefix.
{
public:
	typedef Poco::AutoPtr<RedisBackplaneParams> Ptr;

	explicit RedisBackplaneParams(const std::string& url);
		/// Creates parameters with one server:
		///
		///     redis://[[user]:password@]host[:port][/database]
		///     redis+sentinel://[[user]:password@]host[:port][,host[:port]...]/master[/database]
		///
		/// The second form names Sentinels, which are asked for the master (default: "mymaster"), at every connection. Ports are 6379 and 26379, the database is 0, if
		/// not given. User and password may be percent-encoded. With rediss for redis all connections are TLS; that needs hiredis 1.0 or newer when this library is built.
		/// Throws a Poco::SyntaxException, whose text does not have the password.

	void addShard(const std::string& url);
		/// Adds another server. Channels are distributed among the servers by their names. A server that is added or removed later moves channels: their history and presence begin
		/// anew. Throws as the constructor does.

	const std::vector<std::string>& getURLs() const;
		/// Returns the servers' URLs.

	void setPrefix(const std::string& prefix);
		/// What the keys and PUB/SUB channels begin with. Default: "poco:". Throws an InvalidArgumentException if it is longer than 255 bytes.

	const std::string& getPrefix() const;
		/// See setPrefix().

	void setConnectTimeout(const Poco::Timespan& timeout);
		/// How long a connection may take until it can be used, and start() waits. Default: 5 s. 10 ms to 1 h, or an InvalidArgumentException.

	const Poco::Timespan& getConnectTimeout() const;
		/// See setConnectTimeout().

	void setReplyTimeout(const Poco::Timespan& timeout);
		/// How long a reply may take until the connection counts as lost. Default: 5 s. The same range.

	const Poco::Timespan& getReplyTimeout() const;
		/// See setReplyTimeout().

	void setCAFile(const std::string& path);
		/// With TLS: the file, PEM, of the authorities that a server's certificate is verified by. Default: those of the system. The name or address of the URL, or that
		/// a Sentinel has given, must be in the certificate.

	const std::string& getCAFile() const;
		/// See setCAFile().

	void setCertificate(const std::string& certificateFile, const std::string& keyFile);
		/// With TLS: what the servers, which ask for it by default, know this node by. PEM. Default: none.

	const std::string& getCertificateFile() const;
	const std::string& getKeyFile() const;
		/// See setCertificate().

	void setRetryAtStart(bool retry);
		/// Whether start() returns if a server cannot be reached, or has not answered within the connect timeout, and goes on trying; RedisBackplane::up() tells. Default: no.

	bool getRetryAtStart() const;
		/// See setRetryAtStart().

	void setLocalWhenAway(bool local);
		/// Whether publications without history reach the subscribers of this node if the server cannot be reached. Default: no, they are refused with UNAVAILABLE.

	bool getLocalWhenAway() const;
		/// See setLocalWhenAway().

	void setClock(const Clock& clock);
		/// The hub's clock (HubParams::setClock()), which Publication::published is in. Default: the system's monotonic clock. Throws an
		/// InvalidArgumentException if there is none.

	const Clock& getClock() const;
		/// See setClock().

protected:
	~RedisBackplaneParams() override;
		/// Destroys the parameters.

private:
	std::vector<std::string> _urls;
	std::string _prefix;
	Poco::Timespan _connectTimeout;
	Poco::Timespan _replyTimeout;
	std::string _caFile;
	std::string _certificateFile;
	std::string _keyFile;
	bool _retryAtStart;
	bool _localWhenAway;
	Clock _clock;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_RedisBackplaneParams_INCLUDED
