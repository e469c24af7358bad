//
// CertificateTable.cpp
//
// Library: PocoWebSocket
// Package: Net
// Module:  WebSocketCertificateTable
//
// SPDX-License-Identifier: BSL-1.0
//


#include "net/CertificateEnds.h"
#include "core/ServerName.h"
#include "net/ALPN.h"
#include "net/CertificateCheck.h"
#if __has_include("Poco/Net/Context.h")
#include "net/CertificateTable.h"
#define POCO_WEBSOCKET_HAVE_CONTEXT
#endif
#include "Poco/Exception.h"
#include <algorithm>
#include <utility>
#include <openssl/crypto.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>


namespace Poco {
namespace Net {
POCO_WEBSOCKET_BEGIN


#if defined(POCO_WEBSOCKET_HAVE_CONTEXT)


namespace
{
	const char* const ANY_NAME = "*";
}


class WebSocketCertificateTable::Entry: public Poco::RefCountedObject
	/// A Context. SSL objects share it.
{
public:
	typedef std::array<unsigned char, 16> Id;

	Context::Ptr pContext; // null: the owner, which would own itself otherwise
	SSL_CTX* pSSLContext = nullptr;
	Id id = {};          // of its sessions
	Poco::Timestamp end;
};


struct WebSocketCertificateTable::Hooks
	/// What OpenSSL calls.
{
	static int ofOwner()
		/// Returns the place of a table's std::shared_ptr with an SSL_CTX.
	{
		static const int index = SSL_CTX_get_ex_new_index(0, nullptr, nullptr, nullptr, freeTable);
		return index;
	}

	static int ofConnection()
		/// Returns the place of an Entry with an SSL.
	{
		static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, freeEntry);
		return index;
	}

	static void freeTable(void*, void* pTable, CRYPTO_EX_DATA*, int, long, void*)
	{
		delete static_cast<std::shared_ptr<WebSocketCertificateTable>*>(pTable);
	}

	static void freeEntry(void*, void* pEntry, CRYPTO_EX_DATA*, int, long, void*)
	{
		if (pEntry) static_cast<Entry*>(pEntry)->release();
	}

	static int hello(SSL* pSSL, int* pAlert, void* pTable)
	{
		try
		{
			static_cast<const WebSocketCertificateTable*>(pTable)->begin(pSSL);
			return SSL_CLIENT_HELLO_SUCCESS;
		}
		catch (...) // there is no memory
		{
			*pAlert = SSL_AD_INTERNAL_ERROR;
			return SSL_CLIENT_HELLO_ERROR;
		}
	}

	static std::string nameAsked(SSL* pSSL)
	{
		const unsigned char* pName = nullptr;
		std::size_t length = 0;
		if (SSL_client_hello_get0_ext(pSSL, TLSEXT_TYPE_server_name, &pName, &length) != 1) return std::string();
		return WebSocketServerName::asked(pName, length);
	}

	static void use(SSL* pSSL, SSL_CTX* pContext)
		/// SSL_set_SSL_CTX() takes what is looked for in the context each time. The rest has been copied when the SSL object was made.
	{
		SSL_CTX* const pBefore = SSL_get_SSL_CTX(pSSL);
		if (pContext == pBefore) return;
		const auto before = SSL_CTX_get_options(pBefore);
		const auto options = SSL_CTX_get_options(pContext);
		if (SSL_set_SSL_CTX(pSSL, pContext) != pContext) throw std::bad_alloc();
		SSL_clear_options(pSSL, before & ~options);
		SSL_set_options(pSSL, options);
		SSL_set_min_proto_version(pSSL, static_cast<int>(SSL_CTX_get_min_proto_version(pContext)));
		SSL_set_max_proto_version(pSSL, static_cast<int>(SSL_CTX_get_max_proto_version(pContext)));
		SSL_set_verify(pSSL, SSL_CTX_get_verify_mode(pContext), SSL_CTX_get_verify_callback(pContext));
		X509_VERIFY_PARAM_clear_flags(SSL_get0_param(pSSL), ~0ul); // otherwise those of the first context stay
		if (SSL_set1_param(pSSL, SSL_CTX_get0_param(pContext)) != 1) throw std::bad_alloc(); // the depth, too
		const bool cached = (SSL_CTX_get_session_cache_mode(pContext) & SSL_SESS_CACHE_SERVER) != 0;
		if (cached || !(SSL_get_verify_mode(pSSL) & SSL_VERIFY_PEER)) return;
		SSL_set_num_tickets(pSSL, 0); // as if the connection had begun with this context: see WebSocketTLSChannel
		SSL_set_options(pSSL, SSL_OP_NO_TICKET);
	}
};


WebSocketCertificateTable::WebSocketCertificateTable(const Context::Ptr& pOwner):
	_pOwner(pOwner ? pOwner->sslContext() : nullptr),
	_pOwnerContext(pOwner.get()),
	_usage(pOwner ? static_cast<int>(pOwner->usage()) : 0)
{
	if (!pOwner) throw InvalidArgumentException("No Context");
}


void WebSocketCertificateTable::attach(const std::shared_ptr<WebSocketCertificateTable>& pTable)
{
	SSL_CTX* const pOwner = pTable->_pOwner;
	if (SSL_CTX_get_ex_data(pOwner, Hooks::ofOwner())) throw IllegalStateException("The Context has certificates already");
	auto pShared = std::make_unique<std::shared_ptr<WebSocketCertificateTable>>(pTable);
	if (SSL_CTX_set_ex_data(pOwner, Hooks::ofOwner(), pShared.get()) != 1) throw std::bad_alloc();
	pShared.release();
	SSL_CTX_set_client_hello_cb(pOwner, Hooks::hello, pTable.get());
}


WebSocketCertificateTable::EntriesPtr WebSocketCertificateTable::entries() const
{
	std::lock_guard<std::mutex> lock(_mutex);
	return _pEntries;
}


void WebSocketCertificateTable::exchange(const Context::Ptr& pContext, const Names& names)
{
	std::lock_guard<std::mutex> exchangeLock(_exchangeMutex);
	const auto pEntries = std::make_shared<Entries>();
	(*pEntries)[ANY_NAME] = entryOf(pContext, ANY_NAME, *pEntries);
	for (const auto& [name, pItsContext]: names)
	{
		const std::string canonical = WebSocketServerName::canonicalPattern(name);
		if (canonical.empty()) throw InvalidArgumentException("Not a host name, nor one whose first label is *", name);
		if (pEntries->count(canonical)) throw InvalidArgumentException("Two certificates for the same name", name);
		(*pEntries)[canonical] = entryOf(pItsContext, canonical, *pEntries);
	}
	EntriesPtr pOld = pEntries; // is released without the lock
	std::lock_guard<std::mutex> lock(_mutex);
	_pEntries.swap(pOld);
}


WebSocketCertificateTable::EntryPtr WebSocketCertificateTable::entryOf(const Context::Ptr& pContext, const std::string& name, const Entries& made) const
	/// Returns the entry that there is for the Context, so that its sessions live on, or a new one.
{
	const std::string which = name == ANY_NAME ? "The certificate" : "The certificate of " + name;
	if (!pContext) throw InvalidArgumentException(which, "no Context");
	if (!pContext->isForServerUse() || static_cast<int>(pContext->usage()) != _usage) throw InvalidArgumentException(which, "its Context is for another usage");
	SSL_CTX* const pSSLContext = pContext->sslContext();
	Poco::Timestamp end;
	WebSocketCertificateCheck::findEnd(pSSLContext, end);
	const std::string problem = WebSocketCertificateCheck::problem(pSSLContext);
	if (!problem.empty()) throw InvalidArgumentException(which, problem);
	const EntriesPtr pOld = entries();
	for (const Entries* const p: {&made, pOld.get()})
	{
		if (!p) continue;
		for (const auto& entry: *p)
		{
			if (entry.second->pSSLContext == pSSLContext) return entry.second;
		}
	}
	EntryPtr pEntry = new Entry;
	if (pContext.get() != _pOwnerContext) pEntry->pContext = pContext;
	pEntry->pSSLContext = pSSLContext;
	pEntry->end = end;
	if (RAND_bytes(pEntry->id.data(), static_cast<int>(pEntry->id.size())) != 1) throw SystemException("No random numbers for TLS sessions");
	WebSocketALPN::select(pSSLContext);
	return pEntry;
}


WebSocketCertificateTable::EntryPtr WebSocketCertificateTable::find(const std::string& name) const
{
	const EntriesPtr pEntries = entries();
	for (const std::string& key: {name, WebSocketServerName::patternOf(name)})
	{
		const auto it = pEntries->find(key);
		if (it != pEntries->end()) return it->second;
	}
	return pEntries->at(ANY_NAME);
}


void WebSocketCertificateTable::begin(ssl_st* pSSL) const
{
	if (SSL_get_ex_data(pSSL, Hooks::ofConnection())) return; // a second hello (RFC 8446, 4.1.4), or a renegotiation: once chosen, it stays
	const std::string name = Hooks::nameAsked(pSSL);
	EntryPtr pEntry = find(name);
	if (SSL_set_ex_data(pSSL, Hooks::ofConnection(), pEntry.get()) != 1) throw std::bad_alloc();
	pEntry->duplicate();
	Hooks::use(pSSL, pEntry->pSSLContext);
	// RFC 6066, 3: a session is continued with the same name only. The keys of tickets are those of the owner.
	std::array<unsigned char, SHA256_DIGEST_LENGTH> sessions;
	const std::string which = std::string(pEntry->id.begin(), pEntry->id.end()) + name;
	SHA256(reinterpret_cast<const unsigned char*>(which.data()), which.size(), sessions.data());
	SSL_set_session_id_context(pSSL, sessions.data(), static_cast<unsigned>(sessions.size()));
}


WebSocketCertificateEnds WebSocketCertificateTable::ends() const
{
	WebSocketCertificateEnds result;
	const EntriesPtr pEntries = entries();
	for (const auto& [name, pEntry]: *pEntries) result[name] = pEntry->end;
	return result;
}


WebSocketCertificateEnds WebSocketCertificateTable::endsOf(ssl_ctx_st* pContext)
{
	typedef std::shared_ptr<WebSocketCertificateTable> TablePtr;
	if (const void* const pTable = SSL_CTX_get_ex_data(pContext, Hooks::ofOwner())) return (*static_cast<const TablePtr*>(pTable))->ends();
	WebSocketCertificateEnds result;
	Poco::Timestamp end;
	if (WebSocketCertificateCheck::findEnd(pContext, end)) result[ANY_NAME] = end;
	return result;
}


WebSocketCertificateEnds certificateEndsOf(ssl_ctx_st* pContext)
{
	return WebSocketCertificateTable::endsOf(pContext);
}


#else


WebSocketCertificateEnds certificateEndsOf(ssl_ctx_st*)
{
	return WebSocketCertificateEnds();
}


#endif


POCO_WEBSOCKET_END
} } // namespace Poco::Net
