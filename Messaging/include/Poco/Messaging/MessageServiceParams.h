//
// MessageServiceParams.h
//
// Library: PocoMessaging
// Package: Service
// Module:  MessageServiceParams
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Messaging_MessageServiceParams_INCLUDED
#define Messaging_MessageServiceParams_INCLUDED


#include "Poco/Messaging/Message.h"
#include "Poco/Messaging/Quota.h"
#include "Poco/Messaging/TokenVerifier.h"
#include "Poco/Exception.h"
#include "Poco/Timespan.h"


namespace Poco {
namespace Messaging {
POCO_MESSAGING_BEGIN


class Messaging_API MessageServiceParams: public Poco::RefCountedObject
	/// Limits and options of a MessageService.
	///
	/// The object must not be changed once it is in use. Setters throw an InvalidArgumentException if
	/// their argument is out of range.
{
public:
	typedef Poco::AutoPtr<MessageServiceParams> Ptr;

	using QuotaOf = std::function<QuotaRules::Ptr(const std::string& name)>;
		/// Returns the rules with a name; null: no limits.

	struct Span
		/// What a handler has done, for a tracing system.
	{
		TraceContext trace;          /// Its trace, its own span, and that of who has asked.
		Poco::UInt16 opcode = 0;     /// What it was asked.
		Poco::Int64 begin = 0;       /// When it was called, microseconds since 1970.
		Poco::Int64 duration = 0;    /// How long the call took, microseconds. An answer may come later.
		bool failed = false;         /// It has thrown, or has answered with an Error before it has returned.
	};

	using SpanHook = std::function<void(const Span& span)>;
		/// Is told what a handler has done.

	using ErrorHook = std::function<void(Poco::UInt16 opcode, const Poco::Exception& error)>;
		/// Is told what a handler has thrown.

	MessageServiceParams();
		/// Creates the parameters with their defaults.

	void setVerifier(const std::shared_ptr<TokenVerifier>& pVerifier);
		/// Sets what checks tokens. Without, there are none: nobody has a user, and the channels that need a grant are closed to all.
		/// Default: none.

	const std::shared_ptr<TokenVerifier>& getVerifier() const;
		/// Returns what checks tokens.

	void setTokenRequired(bool flag);
		/// Sets whether a session needs a token, if there is a verifier. Default: true.

	bool getTokenRequired() const;
		/// Returns whether a session needs a token.

	void setConnectTimeout(const Poco::Timespan& timeout);
		/// Sets within which time after the opening handshake a client has to Connect; 10 ms to 10 minutes. Otherwise its connection is closed
		/// (MessageService::CLOSE_CONNECT). Default: 10 s.

	Poco::Timespan getConnectTimeout() const;
		/// Returns within which time a client has to Connect.

	void setRefreshTime(const Poco::Timespan& time);
		/// Sets how long before its token runs out a client is asked for another one; 0 to 1 h. Default: 30 s.

	Poco::Timespan getRefreshTime() const;
		/// Returns how long before its token runs out a client is asked for another one.

	void setMaxMalformed(int count);
		/// Sets with which malformed message a connection is closed (1002); 1 to 1,000. Those before it are answered by an Error. Default: 3.

	int getMaxMalformed() const;
		/// Returns with which malformed message a connection is closed.

	void setMaxQueuedBytes(int size);
		/// Sets how many bytes may wait to be sent to a session; 1 KiB or more. Default: 1 MiB.

	int getMaxQueuedBytes() const;
		/// Returns how many bytes may wait to be sent to a session.

	void setQuota(const QuotaRules::Ptr& pRules);
		/// Sets the limits of sessions whose tokens name none; null: no limits. Default: null.

	const QuotaRules::Ptr& getQuota() const;
		/// Returns the limits of sessions whose tokens name none.

	void setQuotaOf(const QuotaOf& function);
		/// Sets which limits have the names that tokens and SetQuota name. Any thread may call the function. Default: setQuota()'s for all.

	const QuotaOf& getQuotaOf() const;
		/// Returns which limits have which names.

	void setTokenThreads(int count);
		/// Sets how many threads check tokens that take long (TokenVerifier::costly()); 1 to 64. They are there if there is a verifier. Default: 1.

	int getTokenThreads() const;
		/// Returns how many threads check tokens.

	void setState(const std::shared_ptr<void>& pState);
		/// Sets an object of the application for all handlers: MessageRequest::state(). Default: none.

	const std::shared_ptr<void>& getState() const;
		/// Returns the object of the application.

	void setSpanHook(const SpanHook& hook);
		/// Sets what is called when a handler has returned. Any thread may call it. If it is set, each request has a trace: a new one, where none has come.
		/// What it throws is ignored. Default: none.

	const SpanHook& getSpanHook() const;
		/// Returns what is called when a handler has returned.

	void setErrorHook(const ErrorHook& hook);
		/// Sets what is told what a handler has thrown: the client gets ErrorCode::INTERNAL, and no more. What it throws is ignored. Default: none.

	const ErrorHook& getErrorHook() const;
		/// Returns what is told what a handler has thrown.

protected:
	~MessageServiceParams() override;
		/// Destroys the parameters.

private:
	std::shared_ptr<TokenVerifier> _pVerifier;
	bool _tokenRequired;
	Poco::Timespan _connectTimeout;
	Poco::Timespan _refreshTime;
	int _maxMalformed;
	int _maxQueuedBytes;
	QuotaRules::Ptr _pQuota;
	QuotaOf _quotaOf;
	int _tokenThreads;
	std::shared_ptr<void> _pState;
	SpanHook _spanHook;
	ErrorHook _errorHook;
};


POCO_MESSAGING_END
} } // namespace Poco::Messaging


#endif // Messaging_MessageServiceParams_INCLUDED
