"""EchoServer as its users run it.

SPDX-License-Identifier: BSL-1.0
"""

import asyncio
import http.client
import os
import re
import signal
import socket
import ssl
import struct
import threading
import time
import unittest

import websockets

from peers import (BINARY, CLOSE, DEADLINE, FIN, PING, PONG, RSV1, TEXT, Certificates, Client, Deflate, EchoServer,
                   Process, close_payload, connect, upgrade)

STOP_SECONDS = 4  # promised are one or two; a busy machine gets some more

EVENTS, MESSAGES, FRAMES = ("--engine=events",), ("--engine=messages",), ("--engine=frames",)


def run(*arguments):
    with Process(os.environ["ECHO_SERVER"], *arguments) as process:
        code, out, err = process.finish()
        return code, out.decode(), err


class Options(unittest.TestCase):
    def test_help_names_every_option(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for option in ("help", "port", "address", "tls", "certificate", "key", "engine", "threads", "deflate",
                       "subprotocol", "origin", "max-payload"):
            self.assertIn("--" + option, out)
        self.assertIn("9002", out)

    def test_bad_command_lines(self):
        for arguments, named in (
                (["--nonsense"], "nonsense"),
                (["--port"], "port"),
                (["--port=x"], "port"),
                (["--port=-1"], "port"),
                (["--port=65536"], "port"),
                (["--port=1", "--port=2"], "port"),
                (["--address=nowhere"], "--address"),
                (["--address=1.2.3.4.5"], "--address"),
                (["--engine=steam"], "--engine"),
                (["--engine=messages", "--engine=frames"], "engine"),
                (["--threads=257"], "threads"),
                (["--threads=-1"], "threads"),
                (["--threads=2", "--engine=messages"], "--threads"),
                (["--threads=2", "--engine=frames"], "--threads"),
                (["--deflate=yes"], "deflate"),
                (["--deflate", "--engine=frames"], "--deflate"),
                (["--subprotocol=two words"], "--subprotocol"),
                (["--subprotocol="], "--subprotocol"),
                (["--subprotocol=a", "--subprotocol=b", "--subprotocol=a"], "--subprotocol"),
                (["--subprotocol=a", "--engine=frames"], "--subprotocol"),
                (["--origin=www.example.com"], "--origin"),
                (["--origin=https://www.example.com/"], "--origin"),
                (["--origin=https://www.example.com:443"], "--origin"),
                (["--origin=https://me@www.example.com"], "--origin"),
                (["--origin=https://"], "--origin"),
                (["--origin="], "--origin"),
                (["--engine=frames", "--origin=*"], "--origin"),
                (["--max-payload=124"], "max-payload"),
                (["--max-payload=2147483648"], "max-payload"),
                (["--tls"], "--certificate"),
                (["--tls", "--certificate=/does/not/exist"], "--certificate"),
                (["--tls", "--certificate=" + __file__], "--certificate"),
                (["--certificate=x.pem"], "--certificate"),
                (["--key=x.pem"], "--key"),
                (["--tls=yes"], "tls"),
                (["argument"], "argument")):
            with self.subTest(arguments=arguments):
                code, out, err = run(*arguments)
                self.assertEqual((code, out), (64, ""))
                self.assertIn(named, err)
                self.assertEqual(err.count("\n"), 2, err)

    def test_port_in_use(self):
        with EchoServer() as server:
            for arguments in ([], ["--address=127.0.0.1"], ["--address=::1"]):
                with self.subTest(arguments=arguments):
                    code, out, err = run(f"--port={server.port}", *arguments)
                    self.assertEqual((code, out), (69, ""))
                    self.assertIn("in use", err)
                    self.assertIn(str(server.port), err)

    def test_address_of_another_machine(self):
        code, _, err = run("--address=192.0.2.1", "--port=0")
        self.assertEqual(code, 69)
        self.assertIn("cannot listen", err)

    def test_localhost_is_both_loopback_addresses_and_no_other(self):
        with EchoServer() as server:
            self.assertEqual(server.line, f"EchoServer listening on http://localhost:{server.port}/\n")
            for host in ("127.0.0.1", "::1"):
                client = Client(server.port, host)
                client.write_frame(FIN | TEXT, b"hello")
                self.assertEqual(client.read_frame(), (FIN | TEXT, b"hello"))
                client.close()
            with self.assertRaises(ConnectionRefusedError):
                connect(server.port, "127.0.0.2")

    def test_all_addresses(self):
        for address, hosts in (("0.0.0.0", ["127.0.0.1", "127.0.0.2"]), ("::", ["::1", "127.0.0.2"])):
            with self.subTest(address=address), EchoServer("--address", address) as server:
                for host in hosts:
                    Client(server.port, host).close()


class Page:
    """What all engines do."""

    @classmethod
    def setUpClass(cls):
        cls.server = EchoServer(*cls.OPTIONS)
        cls.addClassCleanup(cls.server.stop)

    def request(self, method, path, headers=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        connection.request(method, path, headers=headers or {})
        response = connection.getresponse()
        body = response.read().decode()
        connection.close()
        return response, body

    def test_page(self):
        for path in ("/", "/?x=1"):
            response, body = self.request("GET", path)
            self.assertEqual(response.status, 200)
            self.assertEqual(response.getheader("Content-Type"), "text/html; charset=utf-8")
            self.assertTrue(body.startswith("<!DOCTYPE html>") and body.rstrip().endswith("</html>"))

    def test_page_needs_nothing_from_elsewhere(self):
        _, body = self.request("GET", "/")
        for link in re.findall(r"""(?:src|href)\s*=\s*["']?([^"'\s>]+)|url\(([^)]*)\)|@import""", body):
            self.assertTrue(link[0].startswith("data:"), link)

    def test_head(self):
        response, body = self.request("HEAD", "/")
        self.assertEqual((response.status, body), (200, ""))

    def test_other_requests(self):
        for method, path, status in (("GET", "/favicon.ico", 204), ("GET", "/nothing", 404), ("GET", "//", 404),
                                     ("GET", "/%00", 404), ("POST", "/", 405), ("DELETE", "/nothing", 404)):
            with self.subTest(method=method, path=path):
                self.assertEqual(self.request(method, path)[0].status, status)

    def test_upgrade_to_something_else_gets_the_page(self):
        response, body = self.request("GET", "/", {"Connection": "Upgrade", "Upgrade": "h2c"})
        self.assertEqual(response.status, 200)
        self.assertIn("<html", body)

    def test_upgrade_on_the_connection_that_has_fetched_the_page(self):
        stream = connect(self.server.port)
        self.addCleanup(stream.close)
        stream.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        first, fields = stream.read_head()
        self.assertIn("200", first)
        stream.read(int(fields["content-length"]))
        self.assertIn("101", upgrade(stream)[0])
        stream.write_frame(FIN | TEXT, b"hello")
        self.assertEqual(stream.read_frame(), (FIN | TEXT, b"hello"))

    def test_bad_handshakes(self):
        for headers, status in (({"Sec-WebSocket-Key": ""}, "400"), ({"Sec-WebSocket-Key": "abc"}, "400"),
                                ({"Sec-WebSocket-Version": "12"}, "426")):
            with self.subTest(headers=headers):
                stream = connect(self.server.port)
                self.assertEqual(upgrade(stream, **headers)[0].split()[1], status)
                stream.close()


class PageEvents(Page, unittest.TestCase):
    OPTIONS = EVENTS


class PageThreads(Page, unittest.TestCase):
    OPTIONS = MESSAGES


class Echo:
    """What all engines do."""

    @classmethod
    def setUpClass(cls):
        cls.server = EchoServer("--max-payload=70000", *cls.OPTIONS)
        cls.addClassCleanup(cls.server.stop)

    def client(self, path="/"):
        client = Client(self.server.port, path=path)
        self.addCleanup(client.close)
        return client

    def test_any_path(self):
        for path in ("/", "/chat", "/a/b?c=d"):
            client = self.client(path)
            client.write_frame(FIN | TEXT, path.encode())
            self.assertEqual(client.read_frame(), (FIN | TEXT, path.encode()))

    def test_sizes(self):
        client = self.client()
        for size in (0, 1, 125, 126, 65535, 65536, 70000):
            payload = os.urandom(size)
            client.write_frame(FIN | BINARY, payload)
            self.assertEqual(client.read_frame(), (FIN | BINARY, payload))

    def test_max_payload(self):
        client = self.client()
        client.write_frame(FIN | BINARY, bytes(70001))
        first, payload = client.read_frame()
        self.assertEqual((first, payload[:2]), (FIN | CLOSE, close_payload(1009)))

    def test_ping_is_answered_and_pong_is_not(self):
        client = self.client()
        client.write_frame(FIN | PONG, b"unasked")
        client.write_frame(FIN | PING, b"asked")
        self.assertEqual(client.read_frame(), (FIN | PONG, b"asked"))

    def test_many_in_flight(self):
        client = self.client()
        for number in range(1000):
            client.write_frame(FIN | TEXT, b"%d" % number)
        for number in range(1000):
            self.assertEqual(client.read_frame(), (FIN | TEXT, b"%d" % number))

    def test_nothing_is_lost_if_the_client_reads_late(self):
        client = self.client()
        payload = os.urandom(65536)
        sent = []

        def write():
            for number in range(500):  # more than any buffer and queue holds
                client.write_frame(FIN | BINARY, struct.pack(">I", number) + payload)
                sent.append(number)

        writer = threading.Thread(target=write, daemon=True)
        writer.start()
        count = -1
        while count != len(sent) < 500:  # it is made to wait
            count = len(sent)
            writer.join(0.5)
        for number in range(500):
            self.assertEqual(client.read_frame(), (FIN | BINARY, struct.pack(">I", number) + payload))
        writer.join(DEADLINE)
        self.assertEqual(len(sent), 500)

    def test_many_connections(self):
        clients = [self.client() for _ in range(256)]
        for round_number in range(3):
            for number, client in enumerate(clients):
                client.write_frame(FIN | TEXT, b"%d %d" % (round_number, number))
            for number, client in enumerate(clients):
                self.assertEqual(client.read_frame(), (FIN | TEXT, b"%d %d" % (round_number, number)))

    def test_silent_connections_do_not_keep_others_out(self):
        for _ in range(20):
            self.addCleanup(connect(self.server.port).close)
        self.client().write_frame(FIN | TEXT)


class EchoMessages(Echo):
    """What engines do that echo messages."""

    def test_fragments_come_back_as_one_message(self):
        client = self.client()
        for first, payload in ((TEXT, b"one "), (0, b"two "), (0, b""), (FIN | PING, b"asked"), (0, b"three "), (FIN, b"four")):
            client.write_frame(first, payload)
        self.assertEqual(client.read_frame(), (FIN | PONG, b"asked"))
        self.assertEqual(client.read_frame(), (FIN | TEXT, b"one two three four"))

    def test_max_payload_is_of_the_message(self):
        client = self.client()
        client.write_frame(BINARY, bytes(35000))
        client.write_frame(FIN, bytes(35001))
        first, payload = client.read_frame()
        self.assertEqual((first, payload[:2]), (FIN | CLOSE, close_payload(1009)))

    def test_close_code_comes_back(self):
        for payload in (b"", close_payload(1000), close_payload(4001, "ende gut, älles gut")):
            client = self.client()
            client.write_frame(FIN | CLOSE, payload)
            first, answer = client.read_frame()
            self.assertEqual((first, answer[:2]), (FIN | CLOSE, payload[:2]))
            self.assertTrue(client.read_end())


class EchoEventsEngine(EchoMessages, unittest.TestCase):
    OPTIONS = ()  # the default


class EchoEventsEngineThreads(EchoMessages, unittest.TestCase):
    OPTIONS = ("--threads=3",)


class EchoMessagesEngine(EchoMessages, unittest.TestCase):
    OPTIONS = MESSAGES


class EchoFramesEngine(Echo, unittest.TestCase):
    OPTIONS = FRAMES

    def test_fragments_come_back_as_they_are(self):
        client = self.client()
        for first, payload in ((TEXT, b"one "), (0, b"two "), (0, b""), (0, b"three "), (FIN, b"four")):
            client.write_frame(first, payload)
            self.assertEqual(client.read_frame(), (first, payload))

    def test_max_payload_is_of_the_frame(self):
        client = self.client()
        for first in (BINARY, FIN):
            client.write_frame(first, bytes(70000))
            self.assertEqual(client.read_frame(), (first, bytes(70000)))

    def test_close_comes_back(self):
        for payload in (b"", close_payload(1000), close_payload(4001, "ende gut, älles gut")):
            client = self.client()
            client.write_frame(FIN | CLOSE, payload)
            self.assertEqual(client.read_frame(), (FIN | CLOSE, payload))
            self.assertTrue(client.read_end())


class Compression:
    """What engines do that echo messages."""

    @classmethod
    def setUpClass(cls):
        cls.server = EchoServer("--deflate", "--max-payload=1000000", *cls.OPTIONS)
        cls.addClassCleanup(cls.server.stop)

    def client(self):
        client = Client(self.server.port, **{"Sec-WebSocket-Extensions": "permessage-deflate"})
        self.addCleanup(client.close)
        self.assertEqual(client.headers["sec-websocket-extensions"], "permessage-deflate")
        return client, Deflate()

    def test_messages_are_compressed_both_ways(self):
        client, deflate = self.client()
        for _ in range(3):
            text = "compressed, wörd for word " * 1000
            client.write_frame(FIN | RSV1 | TEXT, deflate.compress(text.encode()))
            first, payload = client.read_frame()
            self.assertEqual(first, FIN | RSV1 | TEXT)
            self.assertLess(len(payload), 1000)
            self.assertEqual(deflate.decompress(payload).decode(), text)

    def test_max_payload_is_of_the_decompressed_message(self):
        client, deflate = self.client()
        content = os.urandom(1000000)
        compressed = deflate.compress(content)
        self.assertGreater(len(compressed), len(content))
        client.write_frame(FIN | RSV1 | BINARY, compressed)
        first, payload = client.read_frame()
        self.assertEqual(first & ~FIN, RSV1 | BINARY)
        while not first & FIN:  # by events, what is long is compressed in several frames
            first, more = client.read_frame()
            self.assertEqual(first & ~FIN, 0)
            payload += more
        self.assertEqual(deflate.decompress(payload), content)
        client.write_frame(FIN | RSV1 | BINARY, deflate.compress(bytes(1000001)))
        first, payload = client.read_frame()
        self.assertEqual((first, payload[:2]), (FIN | CLOSE, close_payload(1009)))

    def test_not_unless_offered(self):
        client = Client(self.server.port)
        self.addCleanup(client.close)
        self.assertNotIn("sec-websocket-extensions", client.headers)

    def test_not_unless_switched_on(self):
        for options in (self.OPTIONS, FRAMES):
            with self.subTest(options=options), EchoServer(*options) as server:
                client = Client(server.port, **{"Sec-WebSocket-Extensions": "permessage-deflate"})
                self.addCleanup(client.close)
                self.assertNotIn("sec-websocket-extensions", client.headers)

    def test_client_of_another_make(self):
        async def talk():
            async with websockets.connect(self.server.url, compression="deflate", max_size=None) as ws:
                extensions = [extension.name for extension in ws.extensions]
                echoes = []
                for message in messages:
                    await ws.send(message)
                    echoes.append(await ws.recv())
                return extensions, echoes

        messages = ["", "short", "wörds " * 10000, bytes(500000), os.urandom(500000), "x"]
        extensions, echoes = asyncio.run(asyncio.wait_for(talk(), DEADLINE))
        self.assertEqual(extensions, ["permessage-deflate"])
        self.assertEqual(echoes, messages)


class CompressionEvents(Compression, unittest.TestCase):
    OPTIONS = EVENTS


class CompressionMessages(Compression, unittest.TestCase):
    OPTIONS = MESSAGES


class Negotiation:
    """What engines do that echo messages."""

    def handshake(self, server, **headers):
        """Status and headers of the answer."""
        stream = connect(server.port)
        self.addCleanup(stream.close)
        first, fields = upgrade(stream, Host=f"localhost:{server.port}", **headers)
        return int(first.split()[1]), fields

    def test_subprotocols(self):
        with EchoServer("--subprotocol=one", "--subprotocol", "two", *self.OPTIONS) as server:
            for offered, chosen in (("one", "one"), ("three, two, one", "two"), ("three", None), (None, None)):
                with self.subTest(offered=offered):
                    status, fields = self.handshake(server, **{"Sec-WebSocket-Protocol": offered})
                    self.assertEqual((status, fields.get("sec-websocket-protocol")), (101, chosen))

    def test_no_subprotocol(self):
        for options in (self.OPTIONS, FRAMES):
            with self.subTest(options=options), EchoServer(*options) as server:
                status, fields = self.handshake(server, **{"Sec-WebSocket-Protocol": "one"})
                self.assertEqual(status, 101)
                self.assertNotIn("sec-websocket-protocol", fields)

    def origins(self, server, expected):
        for origin, status in expected.items():
            with self.subTest(origin=origin):
                self.assertEqual(self.handshake(server, Origin=origin)[0], status)

    def test_own_host_only(self):
        with EchoServer(*self.OPTIONS) as server:
            self.origins(server, {None: 101, f"http://localhost:{server.port}": 101, "https://a.example": 403,
                                  "http://localhost:1": 403, "http://localhost": 403, "null": 403})

    def test_allowed_origins(self):
        with EchoServer("--origin=https://a.example", "--origin", "http://b.example:81", *self.OPTIONS) as server:
            self.origins(server, {None: 101, f"http://localhost:{server.port}": 101, "https://a.example": 101,
                                  "http://b.example:81": 101, "http://a.example": 403, "https://c.example": 403,
                                  "null": 403})

    def test_all_origins(self):
        with EchoServer("--origin=*", *self.OPTIONS) as server:
            self.origins(server, {None: 101, "https://a.example": 101, "null": 101})

    def test_frames_engine_lets_everyone_in(self):
        with EchoServer(*FRAMES) as server:
            self.origins(server, {None: 101, "https://a.example": 101, "null": 101})


class NegotiationEvents(Negotiation, unittest.TestCase):
    OPTIONS = EVENTS


class NegotiationMessages(Negotiation, unittest.TestCase):
    OPTIONS = MESSAGES


class Stop:
    """What all engines do."""

    def server(self):
        return EchoServer(*self.OPTIONS)

    def keep(self, stream):
        self.addCleanup(stream.close)
        return stream

    def stop(self, server, number=signal.SIGTERM):
        """Stops the server, which must end in time and without complaints."""
        begin = time.monotonic()
        self.assertEqual(server.stop(number), "")
        self.assertLess(time.monotonic() - begin, STOP_SECONDS)

    def test_without_connections(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number), self.server() as server:
                self.stop(server, number)

    def test_open_connections_get_code_1001(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number), self.server() as server:
                clients = [self.keep(Client(server.port)) for _ in range(20)]
                server.send_signal(number)
                for client in clients:
                    self.assertEqual(client.read_close(), 1001)
                    client.write_frame(FIN | CLOSE, close_payload(1001))
                    self.assertTrue(client.read_end())
                self.stop(server, number)

    def test_connections_that_keep_sending(self):
        with self.server() as server:
            clients = [self.keep(Client(server.port)) for _ in range(10)]
            for client in clients:
                for _ in range(100):
                    client.write_frame(FIN | TEXT, b"more")
            for client in clients:
                self.assertEqual(client.read_frame(), (FIN | TEXT, b"more"))
            server.send_signal(signal.SIGTERM)
            for client in clients:
                frame = (FIN | TEXT, b"more")
                while frame == (FIN | TEXT, b"more"):
                    client.write_frame(*frame)
                    frame = client.read_frame()
                self.assertEqual((frame[0], frame[1][:2]), (FIN | CLOSE, close_payload(1001)))
                client.write_frame(*frame)
                self.assertTrue(client.read_end())
            self.stop(server)

    def test_connections_that_do_not_answer(self):
        with self.server() as server:
            client = self.keep(Client(server.port))
            silent = self.keep(connect(server.port))
            half = self.keep(connect(server.port))
            half.write(b"GET / HTTP/1.1\r\nHost:")
            self.stop(server)
            self.assertEqual(client.read_close(), 1001)
            for stream in (client, silent, half):
                self.assertTrue(stream.read_end())

    def test_connection_that_does_not_read(self):
        with self.server() as server:
            blocked, other = self.keep(Client(server.port)), self.keep(Client(server.port))
            blocked.sock.setblocking(False)
            frame = b"\x82\xfe\xff\xff\0\0\0\0" + bytes(65535)
            rest = b""
            stuck_since = time.monotonic()
            while time.monotonic() - stuck_since < 0.5:  # the server no longer reads, so it cannot write
                try:
                    rest = rest or frame
                    rest = rest[blocked.sock.send(rest):]
                    stuck_since = time.monotonic()
                except BlockingIOError:
                    time.sleep(0.01)
            server.send_signal(signal.SIGTERM)
            self.assertEqual(other.read_close(), 1001)
            self.stop(server)

    def test_port_is_free_at_once(self):
        with self.server() as first:
            self.keep(Client(first.port))
            self.stop(first)
            with Process(os.environ["ECHO_SERVER"], f"--port={first.port}") as second:
                self.assertIn(str(first.port), second.read_line())


class StopEvents(Stop, unittest.TestCase):
    OPTIONS = ("--deflate", *EVENTS)


class StopMessages(Stop, unittest.TestCase):
    OPTIONS = ("--deflate", *MESSAGES)


class StopFrames(Stop, unittest.TestCase):
    OPTIONS = FRAMES


class TLS(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)
        cls.certificate, cls.key = cls.certificates.issue("server", "DNS:localhost,IP:127.0.0.1")

    def start(self, *options):
        return EchoServer("--tls", "--certificate", self.certificate, "--key", self.key, *options)

    def connect(self, server):
        context = ssl.create_default_context(cafile=self.certificates.ca)
        stream = connect(server.port, wrap=lambda sock: context.wrap_socket(sock, server_hostname="localhost"))
        self.addCleanup(stream.close)
        return stream

    def test_echo(self):
        for options in (EVENTS, ("--deflate",), MESSAGES, ("--deflate", *MESSAGES), FRAMES):
            with self.subTest(options=options), self.start(*options) as server:
                self.assertEqual(server.line, f"EchoServer listening on https://localhost:{server.port}/\n")
                stream = self.connect(server)
                self.assertIn("101", upgrade(stream)[0])
                payload = os.urandom(1 << 20)
                stream.write_frame(FIN | BINARY, payload)
                self.assertEqual(stream.read_frame(), (FIN | BINARY, payload))

    def test_key_in_the_certificate_file(self):
        both = self.certificates.path("both.pem")
        with open(both, "w", encoding="ascii") as file:
            for part in (self.certificate, self.key):
                with open(part, encoding="ascii") as source:
                    file.write(source.read())
        with EchoServer("--tls", "--certificate", both) as server:
            self.connect(server)

    def test_key_of_another_certificate(self):
        _, other = self.certificates.issue("other", "DNS:localhost")
        code, _, err = run("--tls", "--certificate", self.certificate, "--key", other, "--port=0")
        self.assertEqual(code, 64)
        self.assertIn("--key", err)

    def test_stop(self):
        for options in (EVENTS, MESSAGES, FRAMES):
            with self.subTest(options=options), self.start(*options) as server:
                client = self.connect(server)
                upgrade(client)
                self.addCleanup(connect(server.port).close)  # not even a TLS handshake
                self.connect(server)                         # no request
                upgrade(self.connect(server))                # no answer to the Close frame
                begin = time.monotonic()
                server.send_signal(signal.SIGTERM)
                self.assertEqual(client.read_close(), 1001)
                client.write_frame(FIN | CLOSE, close_payload(1001))
                server.stop()
                self.assertLess(time.monotonic() - begin, STOP_SECONDS)

    def test_plain_http_does_no_harm(self):
        for options in (EVENTS, MESSAGES):
            with self.subTest(options=options), self.start(*options) as server:
                stream = connect(server.port)
                stream.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                with self.assertRaises((EOFError, ConnectionResetError)):
                    stream.read(4096)
                stream.close()
                self.connect(server)

    def test_connections_that_are_reset_at_once(self):
        with self.start() as server:
            server.send_signal(signal.SIGSTOP)
            for _ in range(20):
                stream = connect(server.port)
                stream.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                stream.close()
            server.send_signal(signal.SIGCONT)
            self.connect(server)
            self.assertEqual(server.stop(), "")

    def test_page(self):
        for options in (EVENTS, MESSAGES):
            with self.subTest(options=options), self.start(*options) as server:
                stream = self.connect(server)
                stream.write(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                first, fields = stream.read_head()
                self.assertIn("200", first)
                stream.read(int(fields["content-length"]))
                self.assertIn("101", upgrade(stream)[0])  # on the same connection
                stream.write_frame(FIN | TEXT, b"hello")
                self.assertEqual(stream.read_frame(), (FIN | TEXT, b"hello"))


class Examples(unittest.TestCase):
    def test_handler(self):
        with Process(os.environ["HANDLER"]) as process:
            self.assertEqual(process.finish(), (0, b"Hello\n", ""))

    def test_adopt(self):
        with Process(os.environ["ADOPT"]) as process:
            self.assertEqual(process.finish(), (0, b"100 connections, 1 HTTP thread\n", ""))

    def test_rooms(self):
        with Process(os.environ["ROOMS"]) as process:
            self.assertEqual(process.finish(), (0, b"Hello; Ann in 7: Hello; 401\n", ""))

    def test_echo_and_client(self):
        with Process(os.environ["ECHO"], "127.0.0.1:0") as server:
            port = re.match(r"Port (\d+),", server.read_line())[1]
            with Process(os.environ["CLIENT"], f"ws://127.0.0.1:{port}/") as client:
                self.assertEqual(client.finish(), (0, b"Hello\n", ""))
            self.assertEqual(server.finish(), (0, b"", ""))

    def test_protocol(self):
        with Process(os.environ["PROTOCOL"]) as process:
            self.assertEqual(process.finish(), (0, b"Hello\nClosed with 1000\n", ""))


if __name__ == "__main__":
    unittest.main()
