"""ChatServer as its users run it, and as the page talks to it.

SPDX-License-Identifier: BSL-1.0
"""

import http.client
import json
import os
import signal
import ssl
import struct
import time
import unittest

from peers import BINARY, CLOSE, FIN, RSV1, TEXT, Certificates, ChatServer, Client, Deflate, Process, close_payload, connect, upgrade

STOP_SECONDS = 4  # promised are one or two; a busy machine gets some more


def run(*arguments):
    with Process(os.environ["CHAT_SERVER"], *arguments) as process:
        code, out, err = process.finish()
        return code, out.decode(), err


class Options(unittest.TestCase):
    def test_help_names_every_option(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for option in ("help", "port", "address", "tls", "certificate", "key", "threads", "no-deflate"):
            self.assertIn("--" + option, out)
        self.assertIn("9002", out)

    def test_bad_command_lines(self):
        for arguments, named in (
                (["--nonsense"], "nonsense"),
                (["--port=65536"], "port"),
                (["--address=nowhere"], "--address"),
                (["--threads=257"], "threads"),
                (["--threads=x"], "threads"),
                (["--no-deflate=yes"], "deflate"),
                (["--tls"], "--certificate"),
                (["--certificate=x.pem"], "--certificate"),
                (["argument"], "argument")):
            with self.subTest(arguments=arguments):
                code, out, err = run(*arguments)
                self.assertEqual((code, out), (64, ""))
                self.assertIn(named, err)
                self.assertEqual(err.count("\n"), 2, err)

    def test_port_in_use(self):
        with ChatServer() as server:
            code, out, err = run(f"--port={server.port}")
            self.assertEqual((code, out), (69, ""))
            self.assertIn("in use", err)

    def test_says_where_it_listens(self):
        with ChatServer("--address=127.0.0.1") as server:
            self.assertEqual(server.line, f"ChatServer listening on http://127.0.0.1:{server.port}/\n")

    def test_compression(self):
        for options, expected in (([], "permessage-deflate"), (["--no-deflate"], None)):
            with self.subTest(options=options), ChatServer(*options) as server:
                client = Client(server.port, **{"Sec-WebSocket-Extensions": "permessage-deflate"})
                self.addCleanup(client.close)
                self.assertEqual(client.headers.get("sec-websocket-extensions"), expected)

    def test_tls(self):
        certificates = Certificates()
        self.addCleanup(certificates.remove)
        certificate, key = certificates.issue("server", "DNS:localhost")
        context = ssl.create_default_context(cafile=certificates.ca)
        with ChatServer("--tls", "--certificate", certificate, "--key", key) as server:
            stream = connect(server.port, wrap=lambda sock: context.wrap_socket(sock, server_hostname="localhost"))
            self.addCleanup(stream.close)
            self.assertIn("101", upgrade(stream)[0])
            stream.write_frame(FIN | TEXT, json.dumps({"type": "join", "room": "lobby", "name": "Ann"}).encode())
            first, payload = stream.read_frame()
            self.assertEqual((first, json.loads(payload)["type"]), (FIN | TEXT, "joined"))

    def test_stop(self):
        for number in (signal.SIGTERM, signal.SIGINT):
            with self.subTest(number=number), ChatServer() as server:
                members = [Member(self, server, name, "lobby") for name in ("Ann", "Bob")]
                self.addCleanup(connect(server.port).close)
                begin = time.monotonic()
                server.send_signal(number)
                for member in members:
                    self.assertEqual(member.read_close(), 1001)
                    member.client.write_frame(FIN | CLOSE, close_payload(1001))
                self.assertEqual(server.stop(), "")
                self.assertLess(time.monotonic() - begin, STOP_SECONDS)


class Member:
    """A page, more or less."""

    def __init__(self, test, server, name=None, room=None):
        self.client = Client(server.port)
        test.addCleanup(self.client.close)
        if name:
            self.send(type="join", name=name, room=room)
            self.joined = self.read("joined")

    def send(self, **message):
        self.client.write_frame(FIN | TEXT, json.dumps(message).encode())

    def read(self, kind):
        """The next message of that type; others are skipped."""
        while True:
            first, payload = self.client.read_frame()
            if first != FIN | TEXT:
                raise AssertionError(f"no message: {first:#x} {payload}")
            message = json.loads(payload)
            if message["type"] == kind:
                return message

    def read_people(self, *expected):
        """Reads until these people are in the room."""
        while self.read("people")["people"] != list(expected):
            pass

    def read_close(self):
        first, payload = self.client.read_frame()
        while first == FIN | TEXT:
            first, payload = self.client.read_frame()
        if first != FIN | CLOSE:
            raise AssertionError(f"no Close frame: {first:#x} {payload}")
        return struct.unpack(">H", payload[:2])[0]


class Chat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = ChatServer("--threads=3")
        cls.addClassCleanup(cls.server.stop)

    def member(self, name=None, room=None):
        return Member(self, self.server, name, room or self.id().rsplit("_", 1)[1])

    def test_page(self):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=10)
        self.addCleanup(connection.close)
        connection.request("GET", "/")
        response = connection.getresponse()
        self.assertEqual(response.status, 200)
        body = response.read().decode()
        self.assertIn("WebSocket chat", body)
        for bad in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write"):
            self.assertNotIn(bad, body)

    def test_members_of_a_room_hear_each_other(self):
        ann, other = self.member("Ann"), self.member("Ann", "elsewhere")
        bob = self.member("Bob")
        self.assertEqual(bob.joined["people"], ["Ann", "Bob"])
        ann.read_people("Ann", "Bob")
        for sender in (ann, bob):
            sender.send(type="say", text="Grüße <b>\n\u0000🌍")
            lines = [member.read("said")["line"] for member in (ann, bob)]
            self.assertEqual(lines[0], lines[1])
            self.assertEqual(lines[0]["text"], "Grüße <b>\n\u0000🌍")
        other.send(type="say", text="alone")
        self.assertEqual(other.read("said")["line"]["text"], "alone")

    def test_who_leaves_and_who_is_gone_is_not_there(self):
        ann, bob, eve = self.member("Ann"), self.member("Bob"), self.member("Eve")
        ann.read_people("Ann", "Bob", "Eve")
        bob.send(type="leave")
        ann.read_people("Ann", "Eve")
        eve.client.close()
        ann.read_people("Ann")
        bob.send(type="say", text="still here?")
        self.assertEqual(bob.read("refused")["text"], "Enter a room first.")

    def test_another_room_can_be_entered(self):
        ann, bob = self.member("Ann"), self.member("Bob")
        bob.send(type="join", name="Bob", room="next door")
        self.assertEqual(bob.read("joined")["people"], ["Bob"])
        ann.read_people("Ann", "Bob")
        ann.read_people("Ann")

    def test_history_of_50(self):
        ann = self.member("Ann")
        for number in range(60):
            ann.send(type="say", text=str(number))
            ann.read("said")
        ann.client.close()
        bob = self.member("Bob")  # the room has been empty meanwhile, perhaps
        self.assertEqual([line["text"] for line in bob.joined["lines"]], [str(number) for number in range(10, 60)])
        numbers = [line["number"] for line in bob.joined["lines"]]
        self.assertEqual(numbers, sorted(set(numbers)))

    def test_names_are_taken_once(self):
        self.member("Ann")
        second = self.member()
        second.send(type="join", name=" Ann ", room=self.id().rsplit("_", 1)[1])
        self.assertIn("has that name", second.read("refused")["text"])

    def test_limits(self):
        ann = self.member("Ann")
        for message, word in (({"type": "join", "name": "x" * 25, "room": "a"}, "longer"),
                              ({"type": "join", "name": "", "room": "a"}, "missing"),
                              ({"type": "join", "name": "A\u0007", "room": "a"}, "control"),
                              ({"type": "join", "name": "A", "room": "  "}, "missing"),
                              ({"type": "say", "text": "ü" * 1001}, "longer"),
                              ({"type": "say", "text": " \n"}, "missing")):
            with self.subTest(message=message):
                ann.send(**message)
                self.assertIn(word, ann.read("refused")["text"])
        ann.send(type="say", text="ü" * 1000)
        self.assertEqual(ann.read("said")["line"]["text"], "ü" * 1000)

    def test_rooms_are_full_at_100(self):
        for number in range(100):
            self.member(f"Member {number}", "full")
        late = self.member()
        late.send(type="join", name="Late", room="full")
        self.assertEqual(late.read("refused")["text"], "This room is full.")

    def test_messages_that_are_none(self):
        for payload in (b"", b"hello", b"[]", b"{}", b'{"type":"nonsense"}', b'{"type":"say"}', b'{"type":["say"]}',
                        b'{"type":"say","text":"\\ud800"}', b"[" * 1000, b'{"type":"join","name":"A","room":{"a":{"b":{"c":{}}}}}'):
            with self.subTest(payload=payload):
                member = self.member()
                member.client.write_frame(FIN | TEXT, payload)
                self.assertEqual(member.read_close(), 1008)
        member = self.member()
        member.client.write_frame(FIN | BINARY, b"\xff\xfe")
        self.assertEqual(member.read_close(), 1008)
        member = self.member()
        member.client.write_frame(FIN | TEXT, b" " * 16385)
        self.assertEqual(member.read_close(), 1009)

    def test_status(self):
        ann = self.member("Ann", "counted")
        status = ann.read("status")
        while {"name": "counted", "people": 1} not in status["rooms"]:
            status = ann.read("status")
        self.assertGreaterEqual(status["connections"], 1)
        while min(status[key] for key in ("messagesIn", "messagesOut", "bytesIn", "bytesOut")) == 0:
            ann.send(type="say", text="counted")
            status = ann.read("status")

    def test_compressed_messages(self):
        client = Client(self.server.port, **{"Sec-WebSocket-Extensions": "permessage-deflate"})
        self.addCleanup(client.close)
        deflate = Deflate()
        for message in ({"type": "join", "name": "Ann", "room": "compressed"}, {"type": "say", "text": "word " * 150}):
            client.write_frame(FIN | RSV1 | TEXT, deflate.compress(json.dumps(message).encode()))
        while True:
            first, payload = client.read_frame()
            message = json.loads(deflate.decompress(payload) if first & RSV1 else payload)
            if message["type"] == "said":
                break
        self.assertEqual(first, FIN | RSV1 | TEXT)
        self.assertLess(len(payload), 300)
        self.assertEqual(message["line"]["text"], ("word " * 150).strip())

    def test_many_talk_at_once(self):
        members = [self.member(f"Member {number}") for number in range(20)]
        for round_number in range(10):
            for member in members:
                member.send(type="say", text=str(round_number))
        for member in members:
            numbers = [member.read("said")["line"]["number"] for _ in range(200)]
            self.assertEqual(len(set(numbers)), 200)


if __name__ == "__main__":
    unittest.main()
