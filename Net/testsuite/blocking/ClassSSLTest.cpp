//
// ClassSSLTest.cpp
//
// An SSL object must not be used by two threads at a time, which OpenSSL does not check, and seldom shows.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "support/TestSupport.h"
#include <openssl/ssl.h>
#include <atomic>
#include <map>
#include <mutex>
#include <thread>
#include <dlfcn.h>


using namespace WebSocketTest;
using Poco::Net::WebSocket;


namespace
{
	class Use
		/// A call of OpenSSL, on behalf of whomsoever.
	{
	public:
		explicit Use(const SSL* pSSL):
			_pSSL(pSSL)
		{
			{
				std::lock_guard<std::mutex> lock(mutex());
				if (++users()[pSSL] > 1) ++overlaps();
			}
			if (watched()) std::this_thread::yield(); // so that others have a chance
		}

		~Use()
		{
			std::lock_guard<std::mutex> lock(mutex());
			if (--users()[_pSSL] == 0) users().erase(_pSSL);
		}

		static std::atomic<bool>& watched()
			/// Other tests do without: beside others that keep the machine busy, whoever yields waits.
		{
			static std::atomic<bool> flag{false};
			return flag;
		}

		static std::atomic<int>& overlaps()
		{
			static std::atomic<int> count{0};
			return count;
		}

	private:
		static std::mutex& mutex()
		{
			static std::mutex instance;
			return instance;
		}

		static std::map<const SSL*, int>& users()
		{
			static std::map<const SSL*, int> instance;
			return instance;
		}

		const SSL* _pSSL;
	};

	template <class Function>
	Function next(const char* pName)
		/// Returns OpenSSL's own function.
	{
		return reinterpret_cast<Function>(::dlsym(RTLD_NEXT, pName));
	}
}


//
// What libPocoNetSSL calls
//
extern "C" int SSL_read(SSL* pSSL, void* pBuffer, int length)
{
	static const auto function = next<int (*)(SSL*, void*, int)>("SSL_read");
	const Use use(pSSL);
	return function(pSSL, pBuffer, length);
}


extern "C" int SSL_write(SSL* pSSL, const void* pBuffer, int length)
{
	static const auto function = next<int (*)(SSL*, const void*, int)>("SSL_write");
	const Use use(pSSL);
	return function(pSSL, pBuffer, length);
}


extern "C" int SSL_pending(const SSL* pSSL)
{
	static const auto function = next<int (*)(const SSL*)>("SSL_pending");
	const Use use(pSSL);
	return function(pSSL);
}


extern "C" int SSL_shutdown(SSL* pSSL)
{
	static const auto function = next<int (*)(SSL*)>("SSL_shutdown");
	const Use use(pSSL);
	return function(pSSL);
}


class ClassSSLTest: public SocketTest
{
protected:
	ClassSSLTest()
	{
		Use::watched() = true;
	}

	~ClassSSLTest() override
	{
		Use::watched() = false;
	}
};


TEST_F(ClassSSLTest, IsUsedByOneThreadAtATime)
{
	const int before = Use::overlaps();
	const int count = 100;
	const std::string payload = pattern(3000);
	Both both(Transport::TLS);
	std::vector<std::future<void>> working;
	for (WebSocket* pSocket: {&both.client, &both.server})
	{
		for (int i = 0; i < 2; ++i)
		{
			working.push_back(std::async(std::launch::async, [pSocket, &payload]
			{
				for (int j = 0; j < count; ++j) pSocket->sendFrame(payload.data(), static_cast<int>(payload.size()));
			}));
		}
		working.push_back(std::async(std::launch::async, [pSocket]
		{
			for (int j = 0; j < 2*count; ++j) EXPECT_EQ(3000, receiveFixed(*pSocket).result);
		}));
	}
	for (int i = 0; i < count; ++i)
	{
		for (WebSocket* pSocket: {&both.client, &both.server})
		{
			pSocket->available();
			pSocket->poll(0, WebSocket::SELECT_READ);
			pSocket->closeState();
		}
	}
	for (std::future<void>& future: working) get(future);
	EXPECT_EQ(before, Use::overlaps());
}


TEST_F(ClassSSLTest, EndsFromAnotherThread)
{
	const int before = Use::overlaps();
	for (int way = 0; way < 3; ++way)
	{
		for (int i = 0; i < 20; ++i)
		{
			Both both(Transport::TLS);
			std::future<void> receiving = std::async(std::launch::async, [&]
			{
				try
				{
					while (receiveFixed(both.client).flags != 0)
						;
				}
				catch (const Poco::Net::NetException&)
				{
					// woken as well
				}
			});
			std::future<void> sending = std::async(std::launch::async, [&]
			{
				EXPECT_THROW(for (;;) both.client.sendFrame("hello", 5), Poco::Exception);
			});
			both.server.sendFrame("hello", 5);
			for (int j = 0; j < 5; ++j) EXPECT_EQ(5, receiveFixed(both.server).result);
			if (way == 0) both.client.impl()->shutdown();
			if (way == 1) both.client.shutdownReceive();
			if (way == 2) both.client.shutdownSend();
			get(receiving);
			get(sending);
		}
	}
	EXPECT_EQ(before, Use::overlaps());
}
