//
// NATSBackplaneParams.h
//
// Library: PocoMessagingNATS
// Package: NATS
// Module:  NATSBackplaneParams
//
// What a NATSBackplane can be told.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_NATSBackplaneParams_INCLUDED
#define Messaging_NATSBackplaneParams_INCLUDED


#include "Poco/Messaging/Types.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Timespan.h"
#include <string>


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API NATSBackplaneParams: public Poco::RefCountedObject
	/// What a NATSBackplane can be told. Not thread-safe; not changed once a backplane has it. All nodes have the same prefix, and servers of the same cluster.
{
public:
	typedef Poco::AutoPtr<NATSBackplaneParams> Ptr;

	explicit NATSBackplaneParams(const std::string& url);
		/// Creates parameters with the servers of a cluster, of which one is enough at a time:
		///
		///     nats://[user:password@|token@]host[:port][,host[:port]...]
		///     tls://...
		///
		/// The port is 4222, if not given. User, password and token may be percent-encoded. With tls the servers' certificates are verified, for their
		/// host names too. Throws a Poco::SyntaxException, whose text does not have the password.

	const std::string& getURL() const;
		/// Returns the servers' URL. It has the password.

	void setCAFile(const std::string& path);
		/// Sets the file of the certificates that are trusted, PEM. Default: empty, those that OpenSSL trusts.

	const std::string& getCAFile() const;
		/// See setCAFile().

	void setPrefix(const std::string& prefix);
		/// Sets what subjects begin with: names of letters, digits, "-" and "_", with "." between them. Default: "poco". Throws an InvalidArgumentException if it
		/// is something else, or longer than 255 bytes. Programs with different prefixes do not meet, unless one is another one with ".c", ".h", ".l" or ".n" behind it.

	const std::string& getPrefix() const;
		/// See setPrefix().

	void setConnectTimeout(const Poco::Timespan& timeout);
		/// Sets how long it may take to connect to a server; 10 ms to 1 h, or an InvalidArgumentException. Default: 5 s.

	const Poco::Timespan& getConnectTimeout() const;
		/// See setConnectTimeout().

	void setRetryAtStart(bool retry);
		/// Sets whether start() returns at once if no server can be reached, and goes on trying; NATSBackplane::up() tells. Default: no.

	bool getRetryAtStart() const;
		/// See setRetryAtStart().

	void setHistoryInMemory(bool inMemory);
		/// Sets whether histories are kept in the servers' memory. They are lost then when a server ends that keeps them, and channels have a new epoch. Default: no, on disk. For
		/// streams that are made from now on, as the next.

	bool getHistoryInMemory() const;
		/// See setHistoryInMemory().

	void setHistoryReplicas(int replicas);
		/// Sets how many servers of a cluster keep each history; 1 to 5, or an InvalidArgumentException. Default: 1. If there are fewer servers, channels with history are refused.

	int getHistoryReplicas() const;
		/// See setHistoryReplicas().

	void setClock(const Clock& clock);
		/// Sets what tells the time of the hub, which is that of HubParams::setClock(). Default: the system's monotonic clock.

	const Clock& getClock() const;
		/// See setClock().

protected:
	~NATSBackplaneParams() override;
		/// Destroys the parameters.

private:
	const std::string _url;
	std::string _caFile;
	std::string _prefix;
	Poco::Timespan _connectTimeout;
	bool _retryAtStart;
	bool _historyInMemory;
	int _historyReplicas;
	Clock _clock;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_NATSBackplaneParams_INCLUDED
