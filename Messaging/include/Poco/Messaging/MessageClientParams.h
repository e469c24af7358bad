//
// MessageClientParams.h
//
// Library: PocoMessaging
// Package: Client
// Module:  MessageClientParams
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MessageClientParams_INCLUDED
#define Messaging_MessageClientParams_INCLUDED


#include "Poco/Messaging/Message.h"
#include "Poco/AutoPtr.h"
#include "Poco/RefCountedObject.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API MessageClientParams: public Poco::RefCountedObject
	/// Limits and options of a MessageClient.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<MessageClientParams> Ptr;

	using TokenFunction = std::function<std::string()>;
		/// Returns a token.

	MessageClientParams();
		/// Creates the parameters with their defaults.

	void setFormat(const MessageFormat& format);
		/// Sets how messages are written. Default: MessageFormat::binary().

	const MessageFormat& getFormat() const;
		/// Returns how messages are written.

	void setToken(const TokenFunction& function);
		/// Sets what returns a token for each Connect, and for each Refresh that the service asks for. The client's thread calls it, and it may take
		/// long. If it throws, the connection is closed, and the client tries again later; a Refresh is not done. Default: none.
		///
		/// A token for the Authorization field, which is the same for all connections, can be set with WebSocketClientParams::setHeaders().

	const TokenFunction& getToken() const;
		/// Returns what returns a token.

	void setInfo(const std::string& info);
		/// Sets what others see of the client in a channel's presence, if the token does not say it. Default: empty.

	const std::string& getInfo() const;
		/// Returns what others see of the client.

	void setRequestTimeout(const Poco::Timespan& timeout);
		/// Sets how long a request waits for its answer, the time without a connection included; 10 ms to 4 minutes (for 5 a service
		/// knows what it has published already). An answer to Connect that takes longer costs the connection. Default: 10 s.

	Poco::Timespan getRequestTimeout() const;
		/// Returns how long a request waits for its answer.

	void setMaxPendingBytes(int size);
		/// Sets how many bytes the requests may have that wait for their answers; 1 or more. Each counts as its message and 256 bytes.
		/// A request that exceeds it is answered with ErrorCode::BUSY, if it is not the only one. Default: 1 MiB.

	int getMaxPendingBytes() const;
		/// Returns how many bytes the requests may have that wait for their answers.

protected:
	~MessageClientParams() override;
		/// Destroys the parameters.

private:
	const MessageFormat* _pFormat;
	TokenFunction _token;
	std::string _info;
	Poco::Timespan _requestTimeout;
	int _maxPendingBytes;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MessageClientParams_INCLUDED
