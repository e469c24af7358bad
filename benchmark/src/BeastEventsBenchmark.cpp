//
// BeastEventsBenchmark.cpp
//
// Library: PocoWebSocket
// Package: Benchmark
// Module:  BeastEventsBenchmark
//
// The echo server of another make: Boost.Beast, asynchronous, one thread for all connections.
//
// SPDX-License-Identifier: BSL-1.0
//


#include "Certificate.h"
#include "EchoOptions.h"
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/stream_traits.hpp>
#include <boost/beast/ssl/ssl_stream.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <boost/version.hpp>
#include <deque>
#include <iostream>
#include <memory>
#include <set>
#include <string>
#include <utility>
#include <unistd.h>


namespace asio = boost::asio;
namespace websocket = boost::beast::websocket;
using Tcp = asio::ip::tcp;
using Acceptor = asio::basic_socket_acceptor<Tcp, asio::io_context::executor_type>;
using Socket = asio::basic_stream_socket<Tcp, asio::io_context::executor_type>; // without type erasure
using Secure = boost::beast::ssl_stream<Socket>;
using Error = boost::system::error_code;


namespace
{
	const int BACKLOG = 4096;

	struct Server
	{
		EchoOptions options;
		asio::ssl::context tls{asio::ssl::context::tls_server};
	};

	Socket layer(Socket&& socket, Server&, Socket*)
	{
		return std::move(socket);
	}

	Secure layer(Socket&& socket, Server& server, Secure*)
	{
		return Secure(std::move(socket), server.tls);
	}

	template <typename Then>
	void prepare(Socket&, Then&& then)
		/// Before the HTTP request.
	{
		then(Error());
	}

	template <typename Then>
	void prepare(Secure& stream, Then&& then)
	{
		stream.async_handshake(asio::ssl::stream_base::server, std::forward<Then>(then));
	}

	template <typename Layer>
	class Session: public std::enable_shared_from_this<Session<Layer>>
		/// A connection, plain or with TLS. Set as is best for speed here: each message in one frame, one buffer that keeps its memory.
	{
	public:
		Session(Server& server, Socket&& socket):
			_server(server),
			_stream(layer(std::move(socket), server, static_cast<Layer*>(nullptr)))
		{
			boost::beast::get_lowest_layer(_stream).set_option(Tcp::no_delay(true));
			websocket::permessage_deflate deflate;
			const EchoOptions& options = server.options;
			deflate.server_enable = options.deflate;
			deflate.server_max_window_bits = options.windowBits;
			deflate.client_max_window_bits = options.windowBits;
			deflate.server_no_context_takeover = options.serverNoTakeover;
			deflate.client_no_context_takeover = options.clientNoTakeover;
			deflate.compLevel = options.level;
			deflate.memLevel = options.memLevel;
			_stream.set_option(deflate);
			_stream.auto_fragment(false);
			_stream.read_message_max(16*1024*1024);
			_sessions.insert(this);
		}

		~Session()
		{
			_sessions.erase(this);
		}

		void begin()
		{
			prepare(_stream.next_layer(), [pThis = this->shared_from_this()](Error error)
			{
				if (!error) pThis->accept();
			});
		}

	private:
		void accept()
		{
			_stream.async_accept([pThis = this->shared_from_this()](Error error)
			{
				if (!error) pThis->read();
			});
		}

		void read()
		{
			_stream.async_read(_buffer, [pThis = this->shared_from_this()](Error error, std::size_t)
			{
				if (error) return;
				pThis->_stream.text(pThis->_stream.got_text());
				if (pThis->_server.options.broadcast) pThis->broadcast();
				else pThis->echo();
			});
		}

		void echo()
		{
			_stream.async_write(_buffer.data(), [pThis = this->shared_from_this()](Error error, std::size_t)
			{
				if (error) return;
				pThis->_buffer.clear();
				pThis->read();
			});
		}

		void broadcast()
		{
			const auto pMessage = std::make_shared<const std::string>(static_cast<const char*>(_buffer.data().data()), _buffer.size());
			_buffer.clear();
			for (Session* pSession: _sessions) pSession->send(pMessage);
			read();
		}

		void send(const std::shared_ptr<const std::string>& pMessage)
		{
			_messages.push_back(pMessage);
			if (_messages.size() == 1) write();
		}

		void write()
		{
			_stream.async_write(asio::buffer(*_messages.front()), [pThis = this->shared_from_this()](Error error, std::size_t)
			{
				if (error) return;
				pThis->_messages.pop_front();
				if (!pThis->_messages.empty()) pThis->write();
			});
		}

		static inline std::set<Session*> _sessions;

		Server& _server;
		websocket::stream<Layer> _stream;
		boost::beast::flat_buffer _buffer;
		std::deque<std::shared_ptr<const std::string>> _messages;
	};

	template <typename Layer>
	void accept(Acceptor& acceptor, Server& server)
	{
		acceptor.async_accept([&](Error error, Socket socket)
		{
			if (!error) std::make_shared<Session<Layer>>(server, std::move(socket))->begin();
			accept<Layer>(acceptor, server);
		});
	}
}


int main(int argc, char** argv)
	/// Listens on a free port of the loopback interface, prints the port and its process id, and stops on SIGTERM.
{
	try
	{
		if (argc == 2 && std::string(argv[1]) == "--version")
		{
			std::cout << BOOST_LIB_VERSION << std::endl;
			return 0;
		}
		Server server;
		server.options = EchoOptions::parse(argc, argv);
		if (server.options.cork || !server.options.verifyUTF8 || server.options.parts || server.options.each || server.options.limits())
			throw std::invalid_argument("--cork, --no-utf8, --parts, --each, limits and --renegotiation are unknown here");
		if (server.options.tls) useCertificate(server.tls.native_handle());
		asio::io_context context(1);
		asio::signal_set signals(context, SIGTERM, SIGINT);
		signals.async_wait([](Error, int)
		{
			_exit(0);
		});
		Acceptor acceptor(context);
		acceptor.open(Tcp::v4());
		acceptor.bind(Tcp::endpoint(asio::ip::make_address("127.0.0.1"), 0));
		acceptor.listen(BACKLOG);
		std::cout << acceptor.local_endpoint().port() << " " << getpid() << std::endl;
		if (server.options.tls) accept<Secure>(acceptor, server);
		else accept<Socket>(acceptor, server);
		context.run();
		return 0;
	}
	catch (const std::invalid_argument& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 64;
	}
	catch (const std::exception& exc)
	{
		std::cerr << exc.what() << std::endl;
		return 1;
	}
}
