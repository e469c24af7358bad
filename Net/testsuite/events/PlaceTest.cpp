//
// PlaceTest.cpp
//
// Every function of a server, a client and their loops, called in every kind of place: it works, or throws an IllegalStateException
// at once, and nothing hangs, neither there nor when all is stopped afterwards.
//


#include "support/EventSupport.h"
#include "Poco/Net/WebSocketClient.h"
#include "Poco/Exception.h"
#include "Poco/URI.h"
#include <gtest/gtest.h>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>


using Poco::Net::HTTPServerRequest;
using Poco::Net::HTTPServerResponse;
using Poco::Net::ServerSocket;
using Poco::Net::SocketAddress;
using Poco::Net::WebSocketClient;
using Poco::Net::WebSocketClientLoop;
using Poco::Net::WebSocketClientParams;
using Poco::Net::WebSocketPreparedMessage;
using Poco::Net::WebSocketServer;


namespace WebSocketTest {
namespace {


enum Place
	/// Where a function is called.
{
	APPLICATION,     // a thread of the program
	SERVER_OPEN,     // a callback of the server
	SERVER_MESSAGE,
	SERVER_PART,
	SERVER_DRAINED,
	SERVER_ERROR,
	SERVER_CLOSE,
	SERVER_HOOK,     // in its loop
	ORIGIN_CHECK,
	ADOPTED_HOOK,    // in the thread of a HTTPServer, whose handler calls adopt()
	HTTP_FACTORY,    // that of setHTTP()
	HTTP_HANDLER,
	OTHER_SERVER,    // a callback of another server
	CLIENT_MESSAGE,  // a callback of the client
	CLIENT_CLOSE,
	CONNECT_FAILED,  // the same, of another client on the same loops
	OTHER_CLIENT,
	GUEST,           // a callback of a client on the server's loops
	SESSION_FACTORY, // of the client
	GUEST_FACTORY,   // of a client that uses the server's loops
	PLACES
};

const char* const NAMES[PLACES] =
{
	"Application", "ServerOpen", "ServerMessage", "ServerPart", "ServerDrained", "ServerError", "ServerClose", "ServerHook", "OriginCheck", "AdoptedHook",
	"HTTPFactory", "HTTPHandler", "OtherServer", "ClientMessage", "ClientClose", "ConnectFailed", "OtherClient", "Guest", "SessionFactory", "GuestFactory"
};

bool isServers(Place place)
	/// Returns true if the server waits for the place when it stops.
{
	return (place >= SERVER_OPEN && place <= HTTP_HANDLER) || place == GUEST;
}

enum Owner
{
	SERVER,
	CLIENT,
	OTHERS,
	OWNERS
};

struct World;

struct State
	/// What is left when the objects have gone.
{
	std::atomic<bool> over[OWNERS] = {};   // nothing may come any more
	std::atomic<int> late{0};              // what has come all the same
	std::atomic<int> busy[OWNERS] = {};    // callbacks that are running
	std::atomic<Place> place{PLACES};      // where the function is to be called
	std::atomic<bool> called{false};
	std::atomic<bool> led{false};
	std::atomic<std::thread::id> thread{std::thread::id()}; // that the request is handled in which the server is destroyed
	std::function<std::string ()> function;
	std::promise<std::string> outcome;

	void at(Place here)
	{
		if (place != here || called.exchange(true)) return;
		EXPECT_TRUE(eventually([this] { return led.load(); })); // the test may be using what is to be destroyed
		if (here == ORIGIN_CHECK || here == HTTP_FACTORY) thread = std::this_thread::get_id();
		const std::string result = function();
		outcome.set_value(result);
	}

	class Call
		/// A callback, hook, handler or factory that is running.
	{
	public:
		Call(State& state, Owner owner):
			_state(state),
			_owner(owner)
		{
			++_state.busy[_owner];
			if (_state.over[_owner] && std::this_thread::get_id() != _state.thread) ++_state.late;
		}

		~Call()
		{
			--_state.busy[_owner];
		}

	private:
		State& _state;
		const Owner _owner;
	};
};

using StatePtr = std::shared_ptr<State>;

struct Places
{
	Place open, message, part, drained, error, close, failed;
};

template <class Base>
class HandlerOf: public Base
	/// Sends back what it receives if it is a server's.
{
public:
	HandlerOf(const StatePtr& pState, Owner owner, bool echoes, const Places& places):
		_pState(pState),
		_owner(owner),
		_echoes(echoes),
		_places(places)
	{
	}

	void opened(EventConnection& connection)
	{
		connection.setParts(_pState->place == _places.part && _places.part != PLACES);
		at(_places.open);
	}

	void onMessage(EventConnection& connection, std::string_view data, WebSocketFrame::Opcode opcode) override
	{
		if (_echoes) connection.send(data, opcode);
		if (_pState->place == _places.drained && _places.drained != PLACES) connection.sendText(std::string(8000000, 'x'));
		at(_places.message);
	}

	void onPart(EventConnection&, std::string_view, WebSocketFrame::Opcode, bool) override
	{
		at(_places.part);
	}

	void onDrained(EventConnection&) override
	{
		at(_places.drained);
	}

	void onError(EventConnection&, const Poco::Exception&) override
	{
		at(_places.error);
	}

	void onClose(EventConnection&, int, const std::string&) override
	{
		at(_places.close);
	}

protected:
	void at(Place here)
	{
		const State::Call call(*_pState, _owner);
		_pState->at(here);
	}

	const StatePtr _pState;
	const Owner _owner;
	const bool _echoes;
	const Places _places;
};

class Handler: public HandlerOf<Poco::Net::WebSocketServerHandler>
{
public:
	using HandlerOf::HandlerOf;

	void onOpen(EventConnection& connection, Poco::Net::HTTPServerRequest&) override
	{
		opened(connection);
	}
};

class ClientHandler: public HandlerOf<Poco::Net::WebSocketClientHandler>
{
public:
	using HandlerOf::HandlerOf;

	void onOpen(EventConnection& connection, const Poco::Net::HTTPRequest&, const Poco::Net::HTTPResponse&) override
	{
		opened(connection);
	}

	void onConnectFailed(const Poco::Exception&) override
	{
		at(_places.failed);
	}
};

class HTTPFactory: public Poco::Net::HTTPRequestHandlerFactory
{
public:
	explicit HTTPFactory(const StatePtr& pState):
		_pState(pState)
	{
	}

	Poco::Net::HTTPRequestHandler* createRequestHandler(const HTTPServerRequest& request) override
	{
		const State::Call call(*_pState, SERVER);
		_pState->at(HTTP_FACTORY);
		return _handlers.createRequestHandler(request);
	}

private:
	void handle(HTTPServerResponse& response)
	{
		const State::Call call(*_pState, SERVER);
		_pState->at(HTTP_HANDLER);
		response.sendBuffer("done", 4);
	}

	const StatePtr _pState;
	FunctionFactory _handlers{[this](HTTPServerRequest&, HTTPServerResponse& response) { handle(response); }};
};

Poco::UInt16 portOf(const ServerSocket& socket)
{
	return socket.address().port();
}

struct World
	/// A server, and a client on two loops of its own, and others that are connected to them.
{
	World():
		pState(std::make_shared<State>()),
		port(portOf(socket)),
		otherPort(portOf(otherSocket))
	{
		EventParams::Ptr pParams = serverParams();
		const std::weak_ptr<State> pWeak(pState);
		pParams->setHook([pWeak](HTTPServerRequest& request, HTTPServerResponse&)
		{
			const StatePtr p = pWeak.lock();
			const State::Call call(*p, SERVER);
			p->at(request.getURI() == "/adopt" ? ADOPTED_HOOK : SERVER_HOOK);
			return true;
		});
		pParams->setOriginCheck([pWeak](const std::string&, const HTTPServerRequest&)
		{
			const StatePtr p = pWeak.lock();
			const State::Call call(*p, SERVER);
			p->at(ORIGIN_CHECK);
			return true;
		});
		pServer = std::make_unique<WebSocketServer>(new Handler(pState, SERVER, true, {SERVER_OPEN, SERVER_MESSAGE, SERVER_PART, SERVER_DRAINED, SERVER_ERROR, SERVER_CLOSE, PLACES}), pParams);
		pServer->setHTTP(new HTTPFactory(pState));
		pServer->listen(socket);
		socket = ServerSocket();
		pServer->start();
		pOther = std::make_unique<WebSocketServer>(new Handler(pState, OTHERS, true, {PLACES, OTHER_SERVER, PLACES, PLACES, PLACES, PLACES, PLACES}), serverParams());
		pOther->listen(otherSocket);
		otherSocket = ServerSocket();
		pOther->start();
		pLoop = std::make_unique<WebSocketClientLoop>(2, 2);
		pClient = client(port, CLIENT, *pLoop, CLIENT_MESSAGE, CLIENT_CLOSE, SESSION_FACTORY);
		pOtherClient = client(otherPort, OTHERS, *pLoop, OTHER_CLIENT, PLACES, PLACES);
		pFailing = client(1, OTHERS, *pLoop, PLACES, PLACES, PLACES);
		pGuestLoop = std::make_unique<WebSocketClientLoop>(*pServer, 1);
		pGuest = client(otherPort, OTHERS, *pGuestLoop, GUEST, PLACES, GUEST_FACTORY);
	}

	static EventParams::Ptr serverParams()
	{
		EventParams::Ptr pParams = new EventParams;
		pParams->setThreads(2);
		return pParams;
	}

	std::unique_ptr<WebSocketClient> client(Poco::UInt16 to, Owner owner, WebSocketClientLoop& loop, Place message, Place close, Place factory)
	{
		WebSocketClientParams::Ptr pParams = new WebSocketClientParams;
		pParams->setReconnectDelay(Poco::Timespan(0, 10000), Poco::Timespan(0, 50000));
		const std::weak_ptr<State> pWeak(pState);
		pParams->setSessionFactory([pWeak, owner, factory](const Poco::URI& uri)
		{
			if (const StatePtr p = pWeak.lock())
			{
				const State::Call call(*p, owner);
				p->at(factory);
			}
			return std::make_unique<Poco::Net::HTTPClientSession>(uri.getHost(), uri.getPort());
		});
		return std::make_unique<WebSocketClient>(Poco::URI("ws://127.0.0.1:" + std::to_string(to) + "/"), new ClientHandler(pState, owner, false, {PLACES, message, PLACES, PLACES, PLACES, close, to == 1 ? CONNECT_FAILED : PLACES}), loop, pParams);
	}

	RawPeer peer(const std::string& request)
	{
		Poco::Net::StreamSocket connected;
		connected.connect(SocketAddress("127.0.0.1", port), deadline());
		RawPeer result(connected, Transport::PLAIN, false);
		result.send(request);
		return result;
	}

	std::future<std::string> call(Place place, const std::function<void ()>& function)
		/// Has a function called in a place. The result is "works", or the name of what was thrown.
	{
		pState->function = [function]
		{
			try
			{
				function();
			}
			catch (const Poco::Exception& exc)
			{
				return std::string(exc.name());
			}
			return std::string("works");
		};
		std::future<std::string> outcome = pState->outcome.get_future();
		pState->place = place;
		pClient->start();
		const bool there = place == SERVER_OPEN || place == SERVER_HOOK || place == SESSION_FACTORY;
		EXPECT_TRUE(there || eventually([&] { return pClient->state() == WebSocketClient::CONNECTED; }));
		lead(place);
		pState->led = true;
		return outcome;
	}

	void lead(Place place)
		/// Does what makes somebody come to the place.
	{
		switch (place)
		{
		case APPLICATION:
			std::thread([pHeld = pState] { pHeld->at(APPLICATION); }).detach();
			break;
		case SERVER_OPEN:
		case SERVER_HOOK:
		case SESSION_FACTORY:
			break; // the client has done that
		case SERVER_MESSAGE:
		case SERVER_PART:
		case CLIENT_MESSAGE:
			pClient->sendText("go");
			break;
		case CLIENT_CLOSE:
		case SERVER_CLOSE:
			pClient->connection()->close(1000, "");
			break;
		case SERVER_DRAINED:
		case SERVER_ERROR:
			pRaw = std::make_unique<RawPeer>(peer(handshakeRequest() + (place == SERVER_ERROR ? masked(0x83) : textFrame("go"))));
			if (place == SERVER_DRAINED) reader = std::thread([this] { pRaw->receiveToEnd(); });
			break;
		case ORIGIN_CHECK:
			pRaw = std::make_unique<RawPeer>(peer(handshakeRequest("/", "Origin: http://localhost\r\n")));
			break;
		case ADOPTED_HOOK:
			pHTTP = std::make_unique<TestServer>(Transport::PLAIN, TestServer::RequestHandler([this](HTTPServerRequest& request, HTTPServerResponse& response)
			{
				try
				{
					pServer->adopt(request, response);
				}
				catch (const Poco::Exception&)
				{
					// the server has been stopped meanwhile
				}
			}));
			pRaw = std::make_unique<RawPeer>(connectRaw(pHTTP->port(), Transport::PLAIN));
			pRaw->send(handshakeRequest("/adopt"));
			break;
		case HTTP_FACTORY:
		case HTTP_HANDLER:
			pRaw = std::make_unique<RawPeer>(peer("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"));
			break;
		case OTHER_SERVER:
		case OTHER_CLIENT:
			pOtherClient->start();
			pOtherClient->sendText("go");
			break;
		case CONNECT_FAILED:
			pFailing->start();
			break;
		case GUEST:
		case GUEST_FACTORY:
			pGuest->start();
			pGuest->sendText("go");
			break;
		default:
			break;
		}
	}

	void over(Owner owner)
		/// What was stopped calls nobody any more, and has waited for those that it had called.
	{
		pState->over[owner] = true;
		EXPECT_EQ(0, pState->busy[owner]);
	}

	void end()
		/// Ends everything, in a thread of the application.
	{
		if (pServer)
		{
			pServer->stop();
			over(SERVER);
		}
		if (pClient)
		{
			pClient->stop();
			over(CLIENT);
		}
		pClient.reset();
		pOtherClient.reset();
		pFailing.reset();
		pGuest.reset();
		pGuestLoop.reset();
		pLoop.reset();
		pHTTP.reset();
		pServer.reset();
		pOther.reset();
		if (reader.joinable()) reader.join();
		EXPECT_EQ(0, pState->late);
	}

	const StatePtr pState;
	ServerSocket socket{SocketAddress("127.0.0.1", 0), 64};
	ServerSocket otherSocket{SocketAddress("127.0.0.1", 0), 64};
	const Poco::UInt16 port;
	const Poco::UInt16 otherPort;
	std::unique_ptr<WebSocketServer> pServer;
	std::unique_ptr<WebSocketServer> pOther;
	std::unique_ptr<WebSocketClientLoop> pLoop;
	std::unique_ptr<WebSocketClientLoop> pGuestLoop;
	std::unique_ptr<WebSocketClient> pClient;
	std::unique_ptr<WebSocketClient> pOtherClient;
	std::unique_ptr<WebSocketClient> pFailing;
	std::unique_ptr<WebSocketClient> pGuest;
	std::unique_ptr<TestServer> pHTTP;
	std::unique_ptr<RawPeer> pRaw;
	std::thread reader;
};

enum Right
	/// What is right.
{
	WORKS,   // everywhere
	THROWS,  // everywhere
	OUTSIDE  // works where the server does not wait for the place, and throws elsewhere
};

struct Function
{
	const char* name;
	void (*call)(World& world);
	Right right;
};

const Poco::Timespan SHORT(0, 50000);

const Function FUNCTIONS[] =
{
	{"server.setHTTP()",   [](World& world) { world.pServer->setHTTP(new HTTPFactory(world.pState)); }, THROWS},
	{"server.listen()",    [](World& world) { world.pServer->listen(ServerSocket(SocketAddress("127.0.0.1", 0))); }, THROWS},
	{"server.start()",     [](World& world) { world.pServer->start(); }, THROWS},
	{"server.stop()",      [](World& world) { world.pServer->stop(); world.over(SERVER); }, OUTSIDE},
	{"server.stop() x 2",  [](World& world) { world.pServer->stop(); world.pServer->stop(); }, OUTSIDE},
	{"server.drain()",     [](World& world) { world.pServer->drain(SHORT); world.over(SERVER); }, OUTSIDE},
	{"server.drain() x 2", [](World& world) { world.pServer->drain(SHORT); EXPECT_TRUE(world.pServer->drain(SHORT).empty()); }, OUTSIDE},
	{"server.broadcast()", [](World& world) { world.pServer->broadcast(WebSocketPreparedMessage::text("to all")); }, WORKS},
	{"server.metrics()",   [](World& world) { world.pServer->metrics(); world.pServer->params(); }, WORKS},
	{"~WebSocketServer",   [](World& world) { world.pServer.reset(); world.pState->over[SERVER] = true; }, WORKS},
	{"another server",     [](World& world) { WebSocketServer server(new Poco::Net::WebSocketServerHandler, world.serverParams()); server.start(); server.stop(); }, WORKS},
	{"client.start()",     [](World& world) { world.pClient->start(); }, WORKS},
	{"client.stop()",      [](World& world) { world.pClient->stop(); EXPECT_EQ(WebSocketClient::STOPPED, world.pClient->state()); }, WORKS},
	{"client.stop() x 2",  [](World& world) { world.pClient->stop(); world.pClient->stop(); }, WORKS},
	{"client, again",      [](World& world) { world.pClient->stop(); world.pClient->start(); }, WORKS},
	{"client.send()",      [](World& world) { world.pClient->sendText("hello"); world.pClient->state(); world.pClient->connection(); world.pClient->response(); }, WORKS},
	{"~WebSocketClient",   [](World& world) { world.pClient.reset(); world.pState->over[CLIENT] = true; }, WORKS},
	{"~WebSocketClientLoop", [](World& world)
	{
		world.pClient.reset();
		world.pState->over[CLIENT] = true;
		world.pOtherClient.reset();
		world.pFailing.reset();
		world.pLoop.reset();
	}, WORKS},
	{"~ of the guest",     [](World& world) { world.pGuest.reset(); world.pGuestLoop.reset(); }, WORKS},
	{"another loop",       [](World& world) { WebSocketClientLoop own(1, 1); WebSocketClientLoop guest(*world.pServer, 1); }, WORKS},
	{"all destructors",    [](World& world)
	{
		world.pClient.reset();
		world.pOtherClient.reset();
		world.pFailing.reset();
		world.pGuest.reset();
		world.pLoop.reset();
		world.pGuestLoop.reset();
		world.pServer.reset();
		world.pOther.reset();
		world.pState->over[SERVER] = world.pState->over[CLIENT] = world.pState->over[OTHERS] = true;
	}, WORKS}
};

std::string expected(Right right, Place place)
{
	return right == THROWS || (right == OUTSIDE && isServers(place)) ? "Illegal state" : "works";
}

class EventPlaceTest: public ::testing::TestWithParam<Place>
{
private:
	Watchdog _watchdog;
};

std::vector<Place> allPlaces()
{
	std::vector<Place> places;
	for (int i = 0; i < PLACES; ++i) places.push_back(static_cast<Place>(i));
	return places;
}

std::string placeName(const ::testing::TestParamInfo<Place>& place)
{
	return NAMES[place.param];
}

INSTANTIATE_TEST_SUITE_P(Event, EventPlaceTest, ::testing::ValuesIn(allPlaces()), placeName);


} // namespace


TEST_P(EventPlaceTest, EveryFunction)
{
	for (const Function& function: FUNCTIONS)
	{
		SCOPED_TRACE(function.name);
		World world;
		std::future<std::string> outcome = world.call(GetParam(), [&] { function.call(world); });
		EXPECT_EQ(expected(function.right, GetParam()), get(outcome));
		world.end();
	}
}


} // namespace WebSocketTest
