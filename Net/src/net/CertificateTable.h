//
// CertificateTable.h
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketCertificateTable
//
// Which certificate a handshake gets.
//
// SPDX-License-Identifier: BSL-1.0
//


#ifndef Net_WebSocketCertificateTable_INCLUDED
#define Net_WebSocketCertificateTable_INCLUDED


#include "net/CertificateEnds.h"
#include "Poco/Net/WebSocketCertificates.h"
#include "Poco/RefCountedObject.h"
#include <array>
#include <memory>
#include <mutex>


struct ssl_st;
struct ssl_ctx_st;


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


class WebSocketCertificateTable
	/// What a WebSocketCertificates has, for as long as the SSL_CTX lives that it is for. That one's sockets make the SSL objects; when the client's
	/// first message has come, and before anything is made of it, the SSL object gets what its Context says.
{
public:
	typedef WebSocketCertificates::Names Names;

	explicit WebSocketCertificateTable(const Context::Ptr& pOwner);

	static void attach(const std::shared_ptr<WebSocketCertificateTable>& pTable);
		/// The owner's sockets use it from now on, and share it.

	void exchange(const Context::Ptr& pContext, const Names& names);
	WebSocketCertificateEnds ends() const;
		/// As WebSocketCertificates'.

	static WebSocketCertificateEnds endsOf(ssl_ctx_st* pContext);
		/// As certificateEndsOf().

private:
	class Entry;
	typedef Poco::AutoPtr<Entry> EntryPtr;
	typedef std::map<std::string, EntryPtr> Entries;
	typedef std::shared_ptr<const Entries> EntriesPtr;

	struct Hooks;

	EntriesPtr entries() const;
	EntryPtr find(const std::string& name) const;
	EntryPtr entryOf(const Context::Ptr& pContext, const std::string& name, const Entries& made) const;
	void begin(ssl_st* pSSL) const;

	ssl_ctx_st* const _pOwner;
	const Context* const _pOwnerContext; // to compare
	const int _usage;
	std::mutex _exchangeMutex;
	mutable std::mutex _mutex; // of what follows
	EntriesPtr _pEntries;      // never empty once it is attached
};


POCO_WEBSOCKET_END
} } // namespace Poco::Net


#endif // Net_WebSocketCertificateTable_INCLUDED
