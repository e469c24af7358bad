"""ChatServer as its users run it, and as the page talks to it.

SPDX-License-Identifier: BSL-1.0
"""

import base64
import hashlib
import hmac
import http.client
import json
import os
import signal
import ssl
import struct
import tempfile
import time
import unittest

from peers import BINARY, CLOSE, DEADLINE, FIN, RSV1, TEXT, Certificates, ChatServer, Client, Deflate, Process, close_payload, connect, upgrade

STOP_SECONDS = 4  # promised are one or two; a busy machine gets some more


SECRET = "s" * 32


def ask_for_token(port, name, method="POST", **fields):
    """Status and text of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request(method, "/token", name if isinstance(name, bytes) else name.encode(), fields)
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


def claims(token):
    return json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))


def sign(secret, **values):
    """A token of our own."""
    def encode(data):
        return base64.urlsafe_b64encode(data).rstrip(b"=")
    text = encode(b'{"alg":"HS256"}') + b"." + encode(json.dumps(values).encode())
    return (text + b"." + encode(hmac.new(secret.encode(), text, hashlib.sha256).digest())).decode()


class File:
    """A file with this text."""

    def __init__(self, test, text):
        with tempfile.NamedTemporaryFile("w", delete=False) as file:
            file.write(text)
        self.path = file.name
        test.addCleanup(os.remove, file.name)


def run(*arguments):
    with Process(os.environ["CHAT_SERVER"], *arguments) as process:
        code, out, err = process.finish()
        return code, out.decode(), err


class Options(unittest.TestCase):
    def test_help_names_every_option(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for option in ("help", "port", "address", "tls", "certificate", "key", "threads", "no-deflate", "secret", "operator-token"):
            self.assertIn("--" + option, out)
        self.assertIn("9002", out)

    def test_bad_command_lines(self):
        short = File(self, SECRET[1:] + "\n").path
        for arguments, named in (
                (["--nonsense"], "nonsense"),
                (["--port=65536"], "port"),
                (["--address=nowhere"], "--address"),
                (["--threads=257"], "threads"),
                (["--threads=x"], "threads"),
                (["--no-deflate=yes"], "deflate"),
                (["--secret=/nowhere/at/all"], "--secret"),
                (["--secret", short], "32 bytes"),
                (["--operator-token=x"], "operator-token"),
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
                client = Client(server.port, **ChatServer.SUBPROTOCOL, **{"Sec-WebSocket-Extensions": "permessage-deflate"})
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
            self.assertIn("101", upgrade(stream, **ChatServer.SUBPROTOCOL)[0])
            https = http.client.HTTPSConnection("localhost", server.port, timeout=DEADLINE, context=context)
            self.addCleanup(https.close)
            https.request("POST", "/token", "Ann")
            token = https.getresponse().read().decode()
            stream.write_frame(FIN | TEXT, json.dumps({"opcode": "connect", "id": 1, "token": token}).encode())
            first, payload = stream.read_frame()
            self.assertEqual((first, json.loads(payload)["opcode"]), (FIN | TEXT, "connected"))

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

    def __init__(self, test, server, name=None, room=None, token=None):
        self.client = Client(server.port, **ChatServer.SUBPROTOCOL)
        test.addCleanup(self.client.close)
        self.pushes = []
        self.last_id = 0
        if name or token:
            self.connected = self.ask(opcode="connect", token=token or ask_for_token(server.port, name)[1])
            self.session = self.connected.get("session")
        if room:
            self.room = "presence-room-" + room
            self.subscribed = self.subscribe()

    def subscribe(self, **fields):
        return self.ask(opcode="subscribe", channel=self.room, **fields)

    def send(self, **message):
        self.client.write_frame(FIN | TEXT, json.dumps(message).encode())

    def receive(self):
        first, payload = self.client.read_frame()
        if first != FIN | TEXT:
            raise AssertionError(f"no message: {first:#x} {payload}")
        return json.loads(payload)

    def ask(self, **message):
        """The answer. What comes before it is kept for read()."""
        self.last_id += 1
        self.send(**message, id=self.last_id)
        while True:
            answer = self.receive()
            if answer.get("id") == self.last_id:
                return answer
            self.pushes.append(answer)

    def say(self, text):
        return self.ask(opcode="publish", channel=self.room, payload=text)

    def read(self, opcode):
        """The next push with that opcode; others are skipped."""
        while True:
            message = self.pushes.pop(0) if self.pushes else self.receive()
            if message["opcode"] == opcode:
                return message

    def people(self):
        return sorted(item["user"] for item in self.ask(opcode="presence", channel=self.room).get("items", []))

    def history(self):
        return [item["payload"] for item in self.ask(opcode="history", channel=self.room, limit=1000).get("items", [])]

    def read_close(self):
        first, payload = self.client.read_frame()
        while first == FIN | TEXT:
            first, payload = self.client.read_frame()
        if first != FIN | CLOSE:
            raise AssertionError(f"no Close frame: {first:#x} {payload}")
        return struct.unpack(">H", payload[:2])[0]


class Tokens(unittest.TestCase):
    def test_of_a_person(self):
        with ChatServer() as server:
            for name in ("A", "Grüße 世界 🌍", "x" * 24, "🌍" * 24, "<b>&amp;</b>"):
                with self.subTest(name=name):
                    status, token = ask_for_token(server.port, name)
                    self.assertEqual(status, 200)
                    said = claims(token)
                    self.assertEqual(said["sub"], name)
                    self.assertLess(abs(said["exp"] - time.time() - 3600), DEADLINE)
                    self.assertEqual(said["grants"], {"presence-room-*": ["read", "publish", "presence", "history"], "private-user-*": ["publish"]})
                    self.assertEqual(Member(self, server, token=token).connected["user"], name)

    def test_bad_names(self):
        with ChatServer() as server:
            for name in ("", " ", " Ann", "Ann ", "x" * 25, "🌍" * 25, "x" * 5000, "x" * 200000, "A\u0007", "A\nB", "A\0", "A\x7f", "A\u0085", b"\xff", b"A\xe4", b"\xed\xa0\x80"):
                with self.subTest(name=name[:30]):
                    status, text = ask_for_token(server.port, name)
                    self.assertEqual(status, 400)
                    self.assertIn("24 characters", text)
            for method in ("GET", "HEAD", "PUT"):
                self.assertEqual(ask_for_token(server.port, "Ann", method)[0], 405)

    def test_bad_tokens(self):
        """401 if it comes with the opening handshake, an Error and 4001 if it comes with Connect."""
        end = int(time.time()) + 600
        with ChatServer("--secret", File(self, SECRET + "\n").path) as server:
            self.assertEqual(Member(self, server, token=sign(SECRET, sub="Ann", exp=end)).connected["opcode"], "connected")
            good = ask_for_token(server.port, "Ann")[1]
            header, payload, signature = good.split(".")
            none = base64.urlsafe_b64encode(b'{"alg":"none"}').rstrip(b"=").decode()
            for token in (sign("t" * 32, sub="Ann", exp=end), sign(SECRET, sub="Ann", exp=end - 3600), sign(SECRET, sub="Ann"),
                          f"{none}.{payload}.", f"{header}.{payload}.", f"{header}.{payload}.{signature[:-4]}AAAA", "nonsense"):
                with self.subTest(token=token):
                    member = Member(self, server, token=token)
                    self.assertEqual((member.connected["opcode"], member.connected["code"]), ("error", 5))
                    self.assertEqual(member.read_close(), 4001)
                    stream = connect(server.port)
                    self.addCleanup(stream.close)
                    self.assertIn("401", upgrade(stream, **ChatServer.SUBPROTOCOL, Authorization=f"Bearer {token}")[0])
            member = Member(self, server)
            answer = member.ask(opcode="connect")
            self.assertEqual((answer["opcode"], answer["code"]), ("error", 5))
            self.assertEqual(member.read_close(), 4001)
            stream = connect(server.port)
            self.addCleanup(stream.close)
            self.assertIn("101", upgrade(stream, **ChatServer.SUBPROTOCOL, Authorization=f"Bearer {good}")[0])

    def test_end_with_the_server_without_a_secret(self):
        with ChatServer() as server:
            token = ask_for_token(server.port, "Ann")[1]
        with ChatServer() as server:
            self.assertEqual(Member(self, server, token=token).connected["opcode"], "error")

    def test_hold_on_with_a_secret(self):
        secret = File(self, SECRET).path
        with ChatServer("--secret", secret) as server:
            token = ask_for_token(server.port, "Ann")[1]
        with ChatServer("--secret", secret) as server:
            self.assertEqual(Member(self, server, token=token).connected["user"], "Ann")

    def test_are_refreshed(self):
        """A token that is about to end is asked for, and another one prolongs the session; of the same person only."""
        with ChatServer("--secret", File(self, SECRET).path) as server:
            member = Member(self, server, token=sign(SECRET, sub="Ann", exp=int(time.time()) + 20))
            self.assertGreater(member.read("refresh")["limit"], 0)
            answer = member.ask(opcode="refresh", token=ask_for_token(server.port, "Bob")[1])
            self.assertEqual((answer["opcode"], answer["code"]), ("error", 5))
            answer = member.ask(opcode="refresh", token=ask_for_token(server.port, "Ann")[1])
            self.assertEqual(answer["opcode"], "refresh")
            self.assertGreater(answer["limit"], 3000)


class Operators(unittest.TestCase):
    def setUp(self):
        self.server = ChatServer("--operator-token")
        self.addCleanup(self.server.stop)
        self.token = self.server.error_output().split(": ")[1].strip()

    def test_nobody_is_one_without_the_option(self):
        with ChatServer() as server:
            self.assertEqual(server.error_output(), "")
            ann = Member(self, server, "Ann", "lobby")
            for request in ({"opcode": "nodeMetrics"}, {"opcode": "disconnect", "user": "Ann"}, {"opcode": "setQuota", "session": ann.session},
                            {"opcode": "getQuota", "session": ann.session}, {"opcode": "broadcast", "payload": "x"}):
                with self.subTest(request=request):
                    answer = ann.ask(**request)
                    self.assertEqual((answer["opcode"], answer["code"]), ("error", 6))

    def test_are_in_no_room(self):
        operator = Member(self, self.server, token=self.token)
        self.assertNotIn("user", operator.connected)
        operator.room = "presence-room-lobby"
        for answer in (operator.subscribe(), operator.say("x"), operator.ask(opcode="send", user="Ann", payload="x")):
            self.assertEqual((answer["opcode"], answer["code"]), ("error", 6))

    def test_see_the_counts(self):
        operator = Member(self, self.server, token=self.token)
        ann, bob = (Member(self, self.server, name, "lobby") for name in ("Ann", "Bob"))
        ann.say("hello")
        bob.read("publication")
        counts = {item["text"]: item.get("count", 0) for item in operator.ask(opcode="nodeMetrics")["items"]}
        self.assertEqual((counts["connections"], counts["sessions"], counts["channels"], counts["subscriptions"]), (3, 3, 1, 2))
        self.assertEqual((counts["published"], counts["delivered"]), (1, 2))
        (channel,) = (item for item in operator.ask(opcode="nodeMetrics", limit=10)["items"] if "channel" in item)
        self.assertEqual((channel["channel"], channel["count"], channel["offset"]), ("presence-room-lobby", 2, 1))

    def test_disconnect(self):
        operator = Member(self, self.server, token=self.token)
        for target in ("session", "user"):
            ann = Member(self, self.server, "Ann")
            values = {"session": ann.session, "user": "Ann"}
            answer = operator.ask(opcode="disconnect", code=4000, text="Enough", **{target: values[target]})
            self.assertEqual(answer["opcode"], "disconnect")
            self.assertEqual(ann.read_close(), 4000)

    def connections(self, **fields):
        connection = http.client.HTTPConnection("127.0.0.1", self.server.port, timeout=DEADLINE)
        self.addCleanup(connection.close)
        connection.request("GET", "/connections", headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.read()

    def test_see_the_connections_from_anywhere(self):
        ann = Member(self, self.server, "Ann")
        away = {"X-Forwarded-For": "192.0.2.1"}
        for scheme, token, expected in (("Bearer", self.token, 200), ("bearer", self.token, 200), ("Basic", self.token, 403),
                                        ("Bearer", self.token[:-4] + "AAAA", 403), ("Bearer", ask_for_token(self.server.port, "Ann")[1], 403)):
            with self.subTest(scheme=scheme, token=token):
                status, text = self.connections(**away, Authorization=f"{scheme} {token}")
                self.assertEqual(status, expected)
                if status == 200:
                    shown = [(row["session"], row["user"]) for row in json.loads(text)["connections"]]
                    self.assertEqual(shown, [(ann.session, "Ann")])
        self.assertEqual(self.connections(**away)[0], 403)


class Chat(unittest.TestCase):
    def setUp(self):
        self.server = ChatServer("--threads=3")
        self.addCleanup(self.server.stop)

    def member(self, name=None, room=None):
        return Member(self, self.server, name, room or self.id().rsplit(".", 1)[1] if name else None)

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

    def test_handshakes_name_the_subprotocol(self):
        for field, expected in ((None, "400"), ("chat", "400"), ("poco.messaging.json.v1", "101"), ("chat, poco.messaging.v1", "101")):
            with self.subTest(field=field):
                stream = connect(self.server.port)
                self.addCleanup(stream.close)
                self.assertIn(expected, upgrade(stream, **({"Sec-WebSocket-Protocol": field} if field else {}))[0])
        stream = connect(self.server.port)
        self.addCleanup(stream.close)
        self.assertIn("404", upgrade(stream, "/elsewhere", **ChatServer.SUBPROTOCOL)[0])

    def test_members_of_a_room_hear_each_other(self):
        ann, other = self.member("Ann"), self.member("Eve", "elsewhere")
        bob = self.member("Bob")
        self.assertEqual(bob.people(), ["Ann", "Bob"])
        while ann.read("join")["user"] != "Bob":
            pass
        for sender in (ann, bob):
            sender.say("Grüße <b>\n\u0000🌍")
            lines = [member.read("publication") for member in (ann, bob)]
            self.assertEqual(lines[0], lines[1])
            self.assertEqual(lines[0]["payload"], "Grüße <b>\n\u0000🌍")
            self.assertEqual(lines[0]["sender"], sender.connected["user"])
        other.say("alone")
        self.assertEqual(other.read("publication")["payload"], "alone")

    def test_who_leaves_and_who_is_gone_is_not_there(self):
        ann, bob, eve = self.member("Ann"), self.member("Bob"), self.member("Eve")
        self.assertEqual(ann.people(), ["Ann", "Bob", "Eve"])
        bob.ask(opcode="unsubscribe", channel=bob.room)
        self.assertEqual(ann.read("leave")["user"], "Bob")
        eve.client.close()
        self.assertEqual(ann.read("leave")["user"], "Eve")  # after 5 s
        self.assertEqual(ann.people(), ["Ann"])

    def test_who_comes_back_in_time_has_not_left(self):
        ann, bob = self.member("Ann"), self.member("Bob")
        bob.client.close()
        bob = self.member("Bob")
        self.assertEqual(ann.people(), ["Ann", "Bob"])
        bob.ask(opcode="unsubscribe", channel=bob.room)
        self.assertEqual(ann.read("leave")["user"], "Bob")
        ann.say("end")
        while True:
            message = ann.pushes.pop(0)
            self.assertNotEqual(message["opcode"], "leave")
            if message["opcode"] == "publication":
                break

    def test_a_person_in_two_windows_is_there_once(self):
        ann, first, second = self.member("Ann"), self.member("Bob"), self.member("Bob")
        self.assertEqual(ann.people(), ["Ann", "Bob"])
        first.ask(opcode="unsubscribe", channel=first.room)
        self.assertEqual(ann.people(), ["Ann", "Bob"])
        second.say("still here")
        self.assertEqual(ann.read("publication")["payload"], "still here")

    def test_history_of_50(self):
        for start in (0, 30):  # a member alone may not say so much at once
            ann = self.member("Ann")
            for number in range(start, start + 30):
                ann.say(str(number))
            ann.client.close()
        bob = self.member("Bob")
        self.assertEqual(bob.history(), [str(number) for number in range(10, 60)])

    def test_what_was_missed_comes(self):
        ann, bob = self.member("Ann"), self.member("Bob")
        ann.say("before")
        seen = bob.read("publication")
        bob.client.close()
        ann.say("one")
        ann.say("two")
        position = {"flags": 1, "epoch": seen["epoch"], "offset": seen["offset"]}
        bob = self.member("Bob", "x")
        bob.room = ann.room
        self.assertEqual(bob.subscribe(**position).get("flags"), 2)  # recovered
        self.assertEqual([bob.read("publication")["payload"] for _ in range(2)], ["one", "two"])

    def test_it_is_said_if_not_all_has_come(self):
        ann = self.member("Ann")
        ann.say("seen")
        seen = ann.read("publication")
        for name in ("Bob", "Eve"):
            writer = self.member(name)
            for number in range(26):
                writer.say(str(number))
        ann.client.close()
        ann = self.member("Ann", "x")
        ann.room = "presence-room-" + self.id().rsplit(".", 1)[1]
        self.assertNotIn("flags", ann.subscribe(flags=1, epoch=seen["epoch"], offset=seen["offset"]))
        self.assertNotIn("seen", ann.history())
        self.assertEqual(len(ann.history()), 50)

    def test_private_messages(self):
        ann, eve = self.member("Ann P", "x"), self.member("Eve P", "x")
        bobs = [self.member("Bob P", room) for room in ("x", "y")]
        answer = ann.ask(opcode="send", user="Bob P", payload="for you")
        self.assertEqual((answer["opcode"], answer["count"]), ("ack", 2))
        for bob in bobs:
            message = bob.read("send")
            self.assertEqual((message["sender"], message["payload"]), ("Ann P", "for you"))
        eve.say("end")
        while True:
            message = eve.pushes.pop(0)
            self.assertNotEqual(message["opcode"], "send")
            if message["opcode"] == "publication":
                break
        answer = ann.ask(opcode="send", user="Nobody", payload="x")
        self.assertEqual((answer["opcode"], answer["code"]), ("error", 15))
        self.assertEqual(eve.ask(opcode="subscribe", channel="private-user-Bob P")["code"], 6)  # nobody listens in

    def test_typing_is_ephemeral(self):
        ann, bob = self.member("Ann"), self.member("Bob")
        bob.ask(opcode="subscribe", channel="typing-x")
        ann.ask(opcode="publish", channel="typing-x", payload="1")
        message = bob.read("publication")
        self.assertEqual((message["channel"], message["sender"]), ("typing-x", "Ann"))
        self.assertNotIn("offset", message)
        self.assertEqual(bob.ask(opcode="history", channel="typing-x")["code"], 13)

    def test_limits(self):
        ann = self.member("Ann")
        answer = ann.say("x" * 4097)
        self.assertEqual((answer["opcode"], answer["code"]), ("error", 8))
        self.assertEqual(ann.ask(opcode="send", user="Ann", payload="x" * 4097)["code"], 8)
        for text in ("x" * 4096, "ü" * 2048, "\u0001" * 4096):
            self.assertEqual(ann.say(text)["opcode"], "published")
            self.assertEqual(ann.read("publication")["payload"], text)

    def test_who_says_too_much_is_warned_then_refused(self):
        ann = self.member("Ann")
        answers = []
        while "error" not in answers and len(answers) < 2000:  # what was said is forgotten meanwhile
            answers.append(ann.say("x")["opcode"])
        self.assertGreaterEqual(answers.index("error"), 40)
        self.assertEqual(set(answers[:-1]), {"published"})
        before = ann.pushes[:ann.pushes.index(next(push for push in ann.pushes if push["opcode"] == "warning"))]
        self.assertGreaterEqual(sum(push["opcode"] == "publication" for push in before), 20)
        self.assertEqual(ann.ask(opcode="ping")["opcode"], "pong")

    def test_messages_that_are_none(self):
        for payload in (b"", b"hello", b"[]", b'{"opcode":["publish"]}', b'{"opcode":"publish","payload":"\\ud800"}', b"[" * 1000, b'{"id":-1}'):
            with self.subTest(payload=payload):
                member = self.member()
                for _ in range(3):
                    member.client.write_frame(FIN | TEXT, payload)
                self.assertEqual([member.receive()["code"] for _ in range(3)], [1, 1, 1])
                self.assertEqual(member.read_close(), 1002)
        member = self.member("Ann")
        self.assertEqual([member.ask(opcode=opcode)["code"] for opcode in ("nonsense", 65535)], [2, 2])
        member = self.member()
        member.client.write_frame(FIN | BINARY, b"\xff\xfe")
        self.assertEqual(member.read_close(), 1003)
        member = self.member()
        member.client.write_frame(FIN | TEXT, b" " * (32 * 1024 + 1))
        self.assertEqual(member.read_close(), 1009)

    def test_compressed_messages(self):
        client = Client(self.server.port, **ChatServer.SUBPROTOCOL, **{"Sec-WebSocket-Extensions": "permessage-deflate"})
        self.addCleanup(client.close)
        deflate = Deflate()
        channel = "presence-room-compressed"
        for message in ({"opcode": "connect", "token": ask_for_token(self.server.port, "Ann")[1]}, {"opcode": "subscribe", "channel": channel},
                        {"opcode": "publish", "channel": channel, "payload": "word " * 150}):
            client.write_frame(FIN | RSV1 | TEXT, deflate.compress(json.dumps(message).encode()))
        while True:
            first, payload = client.read_frame()
            message = json.loads(deflate.decompress(payload) if first & RSV1 else payload)
            if message["opcode"] == "publication":
                break
        self.assertEqual(first, FIN | RSV1 | TEXT)
        self.assertLess(len(payload), 300)
        self.assertEqual(message["payload"], "word " * 150)

    def test_many_talk_at_once(self):
        members = [self.member(f"Member {number}") for number in range(20)]
        for round_number in range(10):
            for member in members:
                member.send(opcode="publish", channel=member.room, payload=str(round_number))
        for member in members:
            self.assertEqual([member.read("publication")["offset"] for _ in range(200)], list(range(1, 201)))


if __name__ == "__main__":
    unittest.main()
