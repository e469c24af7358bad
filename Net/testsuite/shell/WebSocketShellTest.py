"""WebSocketShell as its users run it.

SPDX-License-Identifier: BSL-1.0
"""

import base64
import json
import os
import pty
import signal
import socket
import ssl
import subprocess
import tempfile
import time
import unittest

from peers import (BINARY, CLOSE, FIN, PING, PONG, RSV1, TEXT, Certificates, Deflate, EchoServer, Process, Server,
                   Stream, accept, answer, close_payload)

STOP_SECONDS = 4  # promised are one or two; a busy machine gets some more


def shell(*arguments, **options):
    return Process(os.environ["WEBSOCKET_SHELL"], *arguments, **options)


def run(*arguments, text=b""):
    """Exit code, output and error output."""
    with shell(*arguments) as process:
        return process.finish(text)


def frames(output):
    """The lines of the output without the time, which is checked."""
    lines = output.decode().splitlines()
    for line in lines:
        time.strptime(line[:12] + "000", "%H:%M:%S.%f")
    return [line[13:] for line in lines]


def closing(stream, code=1000):
    """A server's part when the client closes with that code."""
    assert stream.read_frame() == (FIN | CLOSE, close_payload(code))
    stream.write_frame(FIN | CLOSE, close_payload(code))


class Options(unittest.TestCase):
    def test_help_names_options_and_exit_codes(self):
        code, out, err = run("--help")
        self.assertEqual((code, err), (0, ""))
        for word in ("header", "subprotocol", "deflate", "origin", "user", "proxy", "proxy-user", "ca", "insecure",
                     "timeout", "max-payload", "binary", "commands", "quiet", "wait"):
            self.assertIn("--" + word, out.decode())
        for word in ("Exit codes", "1006", "64 bad command line"):
            self.assertIn(word, " ".join(out.decode().split()))

    def test_bad_command_lines(self):
        url = "ws://localhost/"
        for arguments, named in (
                ([], "URL"),
                ([url, url], "argument"),
                (["http://localhost/"], "ws://"),
                (["localhost:9002"], "ws://"),
                (["ws://"], "host"),
                (["ws:///path"], "host"),
                (["ws://localhost/#part"], "fragment"),
                (["ws://me:secret@localhost/"], "--user"),
                (["--nonsense", url], "nonsense"),
                (["--header=novalue", url], "--header"),
                (["--header=two words: x", url], "--header"),
                (["--header=X: a\r\nY: b", url], "--header"),
                (["--origin=a\nb", url], "--origin"),
                (["--subprotocol=a b", url], "--subprotocol"),
                (["--subprotocol=a", "--subprotocol=a", url], "--subprotocol"),
                (["--deflate=yes", url], "deflate"),
                (["--user=name", url], "--user"),
                (["--proxy=host", url], "--proxy"),
                (["--proxy=host:0", url], "--proxy"),
                (["--proxy=host:x", url], "--proxy"),
                (["--proxy-user=a:b", url], "--proxy-user"),
                (["--proxy=host:1", "--proxy-user=a", url], "--proxy-user"),
                (["--ca=x.pem", url], "--ca"),
                (["--ca=/does/not/exist", "wss://localhost/"], "--ca"),
                (["--insecure", url], "--insecure"),
                (["--insecure", "--ca=x.pem", "wss://localhost/"], "--insecure"),
                (["--timeout=soon", url], "--timeout"),
                (["--timeout=0", url], "--timeout"),
                (["--wait=-1", url], "--wait"),
                (["--wait=nan", url], "--wait"),
                (["--max-payload=0", url], "--max-payload"),
                (["--max-payload=2147483648", url], "--max-payload"),
                (["--binary=/does/not/exist", url], "--binary"),
                (["--binary=/", url], "--binary"),
                (["--quiet=yes", url], "quiet"),
                ([url, "--timeout"], "timeout")):
            with self.subTest(arguments=arguments):
                code, out, err = run(*arguments)
                self.assertEqual((code, out), (64, b""))
                self.assertIn(named, err)
                self.assertIn("--help", err)


class Mode:
    """What holds in both modes, frames and messages."""

    def shell(self, *arguments, **options):
        return shell(*self.OPTIONS, *arguments, **options)

    def run_shell(self, *arguments, text=b""):
        return run(*self.OPTIONS, *arguments, text=text)


class Pipes(Mode):
    @classmethod
    def setUpClass(cls):
        cls.server = EchoServer(*cls.SERVER_OPTIONS)
        cls.addClassCleanup(cls.server.stop)

    def test_text(self):
        code, out, err = self.run_shell("--wait=0.1", self.server.url, text="hello\n\nwörld".encode())
        self.assertEqual(code, 0)
        self.assertIn(self.server.url, err)
        lines = frames(out)
        self.assertEqual([line for line in lines if line[0] == ">"],
                         ["> TEXT 5 hello", "> TEXT 0", "> TEXT 6 wörld", "> CLOSE 2 1000"])
        self.assertEqual([line for line in lines if line[0] == "<"],
                         ["< TEXT 5 hello", "< TEXT 0", "< TEXT 6 wörld", "< CLOSE 2 1000"])

    def test_quiet_prints_what_came_and_nothing_else(self):
        text = "".join(f"line {i} ä\n" for i in range(5000)).encode() + b"/close 4000\n" + b"x" * 100000 + b"\n"
        self.assertEqual(self.run_shell("--quiet", "--wait=0", self.server.url, text=text), (0, text, ""))

    def test_binary_file(self):
        content = os.urandom(1 << 20)
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            self.assertEqual(self.run_shell("--quiet", "--wait=0", "--binary", file.name, self.server.url), (0, content, ""))
            code, out, _ = self.run_shell("--wait=0", "--binary", file.name, self.server.url, text=b"then this")
            self.assertEqual(code, 0)
            dump = "BINARY 1048576 " + " ".join(f"{byte:02X}" for byte in content[:32]) + " ..."
            self.assertEqual(sorted(frames(out)), sorted(
                [f"> {dump}", f"< {dump}", "> TEXT 9 then this", "< TEXT 9 then this", "> CLOSE 2 1000", "< CLOSE 2 1000"]))

    def test_commands(self):
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"\x00\xff")
            file.flush()
            text = f"/ping are you there\n/text /text\n/binary {file.name}\nplain\n/close 4001 that is all\nnot sent\n"
            code, out, _ = self.run_shell("--commands", self.server.url, text=text.encode())
        self.assertEqual(code, 3)
        sent = ["PING 13 are you there", "TEXT 5 /text", "BINARY 2 00 FF", "TEXT 5 plain", "CLOSE 13 4001 that is all"]
        self.assertEqual([line[2:] for line in frames(out) if line[0] == ">"], sent)
        self.assertEqual([line[2:] for line in frames(out) if line[0] == "<"], ["PONG" + sent[0][4:]] + sent[1:-1] + [self.CLOSE_ANSWER])

    def test_bad_commands(self):
        text = "/fly\n/close x\n/close 1005\n/close 70000\n/close 1000 {0}\n/ping {0}\n/binary /does/not/exist\n/close\n"
        code, out, err = self.run_shell("--commands", self.server.url, text=text.format("x" * 126).encode())
        self.assertEqual(code, 0)
        self.assertEqual(frames(out), ["> CLOSE 2 1000", "< CLOSE 2 1000"])
        self.assertEqual(err.count("WebSocketShell: "), 7, err)

    def test_slash_is_no_command_in_a_pipe(self):
        code, out, _ = self.run_shell("--wait=0", self.server.url, text=b"/close 4001\n")
        self.assertEqual(code, 0)
        self.assertIn("< TEXT 11 /close 4001", frames(out))

    def test_terminal(self):
        ours, theirs = pty.openpty()
        with self.shell(self.server.url, stdin=theirs) as process:
            os.close(theirs)
            os.write(ours, b"typed\n")
            self.assertTrue(process.read_line().endswith("> TEXT 5 typed\n"))
            self.assertTrue(process.read_line().endswith("< TEXT 5 typed\n"))
            os.write(ours, b"/ping x\n")
            self.assertTrue(process.read_line().endswith("> PING 1 x\n"))
            self.assertTrue(process.read_line().endswith("< PONG 1 x\n"))
            os.write(ours, b"/help\n/close 4321\n")
            self.assertTrue(process.read_line().endswith("> CLOSE 2 4321\n"))
            self.assertTrue(process.read_line().endswith("< CLOSE 2 4321\n"))
            self.assertEqual(process.wait(), 3)
            self.assertIn("/binary FILE", process.popen.stderr.read().decode())
        os.close(ours)

    def test_max_payload(self):
        code, _, _ = self.run_shell("--max-payload=10", "--wait=0", self.server.url, text=b"0123456789")
        self.assertEqual(code, 0)
        code, _, err = self.run_shell("--max-payload=10", self.server.url, text=b"0123456789A")
        self.assertEqual(code, 3)
        self.assertIn("--max-payload", err)
        code, _, _ = self.run_shell("--max-payload=200", self.server.url, text=b"x" * 201)
        self.assertEqual(code, 3)

    def test_output_that_nobody_reads(self):
        with self.shell(self.server.url) as process:
            process.popen.stdout.close()
            process.popen.stdin.write(b"hello\n")
            process.popen.stdin.flush()
            self.assertEqual(process.wait(), 0)
            process.popen.stdout = None

    def test_every_frame_in_time(self):
        with self.shell(self.server.url) as process:
            for number in range(5):  # each answer is there before the next line, and before the end of the input
                process.popen.stdin.write(b"%d\n" % number)
                process.popen.stdin.flush()
                self.assertTrue(process.read_line().endswith(f"> TEXT 1 {number}\n"))
                self.assertTrue(process.read_line().endswith(f"< TEXT 1 {number}\n"))


class PipesFrames(Pipes, unittest.TestCase):
    OPTIONS = ()
    SERVER_OPTIONS = ("--engine=frames",)
    CLOSE_ANSWER = "CLOSE 13 4001 that is all"


class PipesMessages(Pipes, unittest.TestCase):
    OPTIONS = ("--deflate",)
    SERVER_OPTIONS = ("--deflate",)  # with the default engine
    CLOSE_ANSWER = "CLOSE 2 4001"


class Endings(Mode):
    """Exit codes, against a server that does what each case wants."""

    def check(self, serve, code, wait=20):
        with Server(serve) as server:
            outcome, out, err = self.run_shell("--timeout=20", f"--wait={wait}", server.url)
            self.assertEqual(outcome, code, err)
        return frames(out), err

    def test_no_server(self):
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        code, out, err = self.run_shell(f"ws://127.0.0.1:{port}/")
        self.assertEqual((code, out), (1, b""))
        self.assertIn("refused", err)

    def test_no_websocket(self):
        def serve(stream):
            stream.read_head()
            stream.write(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")

        _, err = self.check(serve, 1)
        self.assertIn("404", err)

    def test_no_answer_to_the_handshake(self):
        def serve(stream):
            stream.read_head()
            assert stream.read_end()

        with Server(serve) as server:
            code, _, err = self.run_shell("--timeout=0.3", server.url)
        self.assertEqual(code, 1)
        self.assertIn("imeout", err)

    def test_close_codes(self):
        for number, code in ((1000, 0), (1001, 0), (None, 0), (1002, 3), (1011, 3), (3000, 3), (4999, 3)):
            with self.subTest(number=number):
                payload = close_payload(number, "so") if number else b""

                def serve(stream, payload=payload):
                    accept(stream)
                    stream.write_frame(FIN | CLOSE, payload)
                    first, reply = stream.read_frame()
                    assert (first, reply) == (FIN | CLOSE, payload[:2])

                lines, _ = self.check(serve, code)
                self.assertIn(f"< CLOSE 4 {number} so" if number else "< CLOSE 0 no code", lines)

    def test_lost(self):
        def serve(stream):
            accept(stream)

        _, err = self.check(serve, 2)
        self.assertIn("without a Close", err)

    def test_reconnect(self):
        """The connection is lost twice, and there is no server for a while; no line of the input is."""
        def lose(stream):
            accept(stream)
            self.assertEqual((FIN | TEXT, b"first"), stream.read_frame())

        def close(stream):
            accept(stream)
            self.assertEqual((FIN | TEXT, b"second"), stream.read_frame())
            stream.write_frame(FIN | CLOSE, close_payload(1000))
            stream.read_frame()

        with Server(lose) as server:
            process = shell("--reconnect", server.url)
            process.popen.stdin.write(b"first\n")
            process.popen.stdin.flush()
        with process:
            while b"Connecting again in 1 s" not in process.popen.stderr.readline():  # lost, and no server
                pass
            with Server(close, server.port):
                process.popen.stdin.write(b"second\n")
                process.popen.stdin.flush()
                self.assertEqual(0, process.wait())

    def test_lost_inside_a_frame(self):
        def serve(stream):
            accept(stream)
            stream.write(b"\x81\x05abc")

        self.check(serve, 2)

    def test_lost_instead_of_an_answer_to_close(self):
        def serve(stream):
            accept(stream)
            stream.read_frame()

        self.check(serve, 2, wait=0)

    def test_no_answer_to_close(self):
        def serve(stream):
            accept(stream)
            assert stream.read_frame() == (FIN | CLOSE, close_payload(1000))
            assert stream.read_end()

        with Server(serve) as server:
            code, _, err = self.run_shell("--timeout=0.3", "--wait=0", server.url)
        self.assertEqual(code, 2)
        self.assertIn("did not answer", err)

    def test_server_that_breaks_a_rule(self):
        def serve(stream):
            accept(stream)
            stream.write_frame(FIN | TEXT, b"masked", masks=True)
            first, payload = stream.read_frame()
            assert (first, payload[:2]) == (FIN | CLOSE, close_payload(1002))

        self.check(serve, 3)

    def test_output_is_harmless_for_a_terminal(self):
        def serve(stream):
            accept(stream)
            stream.write_frame(FIN | TEXT, "\x1b[2J\r\n\t\x7f\x9b".encode())
            stream.write_frame(FIN | PONG, b"\x1b")
            stream.write_frame(FIN | CLOSE, close_payload(1000, "\x1b"))
            stream.read_frame()

        lines, _ = self.check(serve, 0)
        self.assertEqual(lines[:3], [r"< TEXT 10 \x1B[2J\x0D\n\x09\x7F\x9B", "< PONG 1 1B", r"< CLOSE 3 1000 \x1B"])

    def test_flood_of_pings_that_are_answered(self):
        def serve(stream):
            accept(stream)
            for number in range(20000):
                stream.write_frame(FIN | PING, b"%d" % number)
            payload = b""
            while payload != b"19999":  # pongs may be left out, but for the last one
                first, payload = stream.read_frame()
                assert first == FIN | PONG
            stream.write_frame(FIN | CLOSE, close_payload(1000))
            stream.read_frame()

        self.check(serve, 0)


class EndingsFrames(Endings, unittest.TestCase):
    OPTIONS = ()

    def test_messages_in_fragments(self):
        def serve(stream):
            accept(stream)
            stream.write_frame(TEXT, "in dr".encode())
            stream.write_frame(0, b"ei T\xc3")  # cut inside a character
            stream.write_frame(FIN | PING, b"meanwhile")
            stream.write_frame(FIN, b"\xa4len")
            assert stream.read_frame() == (FIN | PONG, b"meanwhile")
            stream.write_frame(FIN | CLOSE, close_payload(1000))
            stream.read_frame()

        lines, _ = self.check(serve, 0)
        self.assertIn("< TEXT 14 (3 frames) in drei Tälen", lines)
        self.assertIn("< PING 9 meanwhile", lines)
        self.assertIn("> PONG 9 meanwhile", lines)


class EndingsMessages(Endings, unittest.TestCase):
    OPTIONS = ("--deflate",)

    def test_messages_in_fragments(self):
        def serve(stream):
            accept(stream)
            stream.write_frame(TEXT, "in dr".encode())
            stream.write_frame(0, b"ei T\xc3")  # cut inside a character
            stream.write_frame(FIN | PING, b"meanwhile")
            stream.write_frame(FIN, b"\xa4len")
            assert stream.read_frame() == (FIN | PONG, b"meanwhile")
            stream.write_frame(FIN | CLOSE, close_payload(1000))
            stream.read_frame()

        lines, _ = self.check(serve, 0)
        self.assertEqual(lines, ["< TEXT 14 in drei Tälen", "< CLOSE 2 1000", "> CLOSE 2 1000"])


@unittest.skipUnless(os.environ.get("MESSAGES"), "Poco::Messaging was not built: there is no FlatBuffers")
class Messaging(unittest.TestCase):
    """Lines are messages of a MessageService, in both of its subprotocols."""

    def test_lines_are_messages(self):
        page = os.path.join(os.path.dirname(__file__), "../../../samples/Messages/page/index.html")
        with Process(os.environ["MESSAGES"], page, "127.0.0.1:0") as server:
            url = server.read_line().split(",")[0].replace("http://localhost", "ws://127.0.0.1") + "messages"
            lines = ['{"opcode":"connect","id":1,"text":"Ann"}', '{"opcode":200,"id":2,"payload":"you"}', '{"opcode":200,"id":3,"payload64":"AP8="}']
            for subprotocol in ("poco.messaging.v1", "poco.messaging.json.v1"):
                with self.subTest(subprotocol=subprotocol), shell("--quiet", "--wait=1", f"--subprotocol={subprotocol}", url) as process:
                    code, out, err = process.finish("\n".join(lines).encode() + b"\n")
                    self.assertEqual(code, 0, err)
                    answers = [json.loads(line) for line in out.decode().splitlines()]
                    self.assertEqual([answer["id"] for answer in answers], [1, 2, 3])
                    self.assertEqual(answers[0]["text"], "Ann")
                    self.assertEqual(answers[1]["payload"], "Hello you")
                    self.assertEqual(answers[2]["payload64"], "SGVsbG8gAP8=")
            with shell("--quiet", "--wait=1", "--subprotocol=poco.messaging.v1", url) as process:
                code, out, err = process.finish(b"nonsense\n")
                self.assertEqual((code, out), (0, b""))
                self.assertIn("Not a message", err)


class Compression(unittest.TestCase):
    def talk(self, serve, *arguments, text=b""):
        with Server(serve) as server:
            code, out, err = run("--deflate", "--wait=20", *arguments, server.url, text=text)
        self.assertEqual(code, 0, err)
        return frames(out), err

    def test_messages_are_compressed_both_ways(self):
        text = "compressed, wörd for word " * 100
        offers = []

        def serve(stream):
            deflate = Deflate()
            _, fields = accept(stream, **{"Sec-WebSocket-Extensions": "permessage-deflate; client_max_window_bits=15"})
            offers.append(fields["sec-websocket-extensions"])
            for _ in range(2):
                first, payload = stream.read_frame()
                assert first == FIN | RSV1 | TEXT
                assert len(payload) < 200
                assert deflate.decompress(payload).decode() == text
            compressed = deflate.compress(text.encode())
            stream.write_frame(RSV1 | TEXT, compressed[:5])
            stream.write_frame(FIN, compressed[5:])
            stream.write_frame(FIN | CLOSE, close_payload(1000))
            stream.read_frame()

        lines, err = self.talk(serve, text=(text + "\n" + text).encode())
        self.assertIn("permessage-deflate; client_max_window_bits=15", err)
        self.assertTrue(offers[0].startswith("permessage-deflate"), offers)
        line = f"TEXT {len(text.encode())} {text}"
        self.assertEqual(lines, [f"> {line}", f"> {line}", f"< {line}", "< CLOSE 2 1000", "> CLOSE 2 1000"])

    def test_server_that_declines(self):
        def serve(stream):
            accept(stream)
            stream.write_frame(FIN | TEXT, b"as it is")
            first, payload = stream.read_frame()
            assert (first, payload) == (FIN | TEXT, b"x" * 1000)
            stream.write_frame(FIN | CLOSE, close_payload(1000))
            stream.read_frame()

        lines, err = self.talk(serve, text=b"x" * 1000)
        self.assertIn("without compression", err)
        self.assertIn("< TEXT 8 as it is", lines)

    def test_text_that_is_not_utf8_is_not_sent(self):
        with EchoServer("--deflate") as server:
            code, out, err = run("--deflate", "--wait=0", server.url, text=b"\xff\ngood\n")
        self.assertEqual(code, 0)
        self.assertIn("UTF-8", err)
        self.assertEqual([line for line in frames(out) if "TEXT" in line], ["> TEXT 4 good", "< TEXT 4 good"])

    def test_max_payload_is_of_the_decompressed_message(self):
        with EchoServer("--deflate") as server:
            url = server.url
            content = os.urandom(100000).hex().encode()
            self.assertEqual(run("--deflate", "--quiet", "--wait=0", "--max-payload=200000", url, text=content + b"\n"),
                             (0, content + b"\n", ""))
            code, _, err = run("--deflate", "--max-payload=200000", url, text=b"x" * 200001)
            self.assertEqual(code, 3)
            self.assertIn("--max-payload", err)

    def test_not_offered_unless_wanted(self):
        with EchoServer("--deflate") as server:
            code, _, err = run("--wait=0", server.url)
        self.assertEqual(code, 0)
        self.assertNotIn("ompress", err)
        self.assertNotIn("deflate", err)


class Handshake(unittest.TestCase):
    def test_request(self):
        seen = {}

        def serve(stream):
            seen["line"], seen["headers"] = stream.read_head()
            answer(stream, seen["headers"], **{"Sec-WebSocket-Protocol": "second"})
            closing(stream)

        with Server(serve) as server:
            code, _, err = run("--wait=0", "--header=X-One: 1", "--header", "X-Two:  two : 2 ", "--subprotocol=first",
                               "--subprotocol", "second", "--origin=https://here.example", server.url + "a/b?c=d%20e")
        self.assertEqual(code, 0)
        self.assertIn("subprotocol second", err)
        self.assertEqual(seen["line"], "GET /a/b?c=d%20e HTTP/1.1")
        for name, value in (("x-one", "1"), ("x-two", "two : 2"), ("sec-websocket-protocol", "first, second"),
                            ("origin", "https://here.example"), ("host", f"127.0.0.1:{server.port}")):
            self.assertEqual(seen["headers"][name], value)

    def test_subprotocol_that_was_not_offered(self):
        with Server(lambda stream: accept(stream, **{"Sec-WebSocket-Protocol": "other"})) as server:
            self.assertEqual(run("--subprotocol=mine", server.url)[0], 1)

    def test_subprotocol_of_a_real_server(self):
        with EchoServer("--subprotocol=mine") as server:
            code, _, err = run("--wait=0", "--subprotocol=other", "--subprotocol=mine", server.url)
            self.assertEqual(code, 0)
            self.assertIn(", subprotocol mine", err)
            code, _, err = run("--wait=0", "--subprotocol=other", server.url)
            self.assertEqual(code, 0)
            self.assertNotIn("subprotocol", err)

    def test_origin_decides(self):
        with EchoServer("--origin=https://here.example") as server:
            self.assertEqual(run("--wait=0", "--origin=https://here.example", server.url)[0], 0)
            code, _, err = run("--wait=0", "--origin=https://there.example", server.url)
            self.assertEqual(code, 1)
            self.assertIn("403", err)

    def login(self, password):
        """An HTTP server that wants name and password, me:secret."""

        def serve(stream):
            _, fields = stream.read_head()
            while fields.get("authorization") != "Basic " + base64.b64encode(b"me:se:cret").decode():
                stream.write(b"HTTP/1.1 401 Unauthorized\r\nWWW-Authenticate: Basic realm=\"x\"\r\n"
                             b"Content-Length: 0\r\n\r\n")
                try:
                    _, fields = stream.read_head()
                except (EOFError, ConnectionResetError):
                    return
            answer(stream, fields)
            closing(stream)

        with Server(serve) as server:
            return run("--wait=0", f"--user=me:{password}", server.url)[0]

    def test_credentials(self):
        self.assertEqual(self.login("se:cret"), 0)
        self.assertEqual(self.login("guess"), 1)

    def test_proxy(self):
        seen = {}

        def proxy(stream):
            seen["line"], seen["headers"] = stream.read_head()
            stream.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
            accept(stream)  # the proxy is the server, too
            closing(stream)

        with Server(proxy) as server:
            code, _, err = run("--wait=0", f"--proxy=127.0.0.1:{server.port}", "--proxy-user=me:secret",
                               "ws://far.away.example:1234/")
        self.assertEqual(code, 0, err)
        self.assertEqual(seen["line"], "CONNECT far.away.example:1234 HTTP/1.1")
        self.assertEqual(seen["headers"]["proxy-authorization"], "Basic " + base64.b64encode(b"me:secret").decode())

    def test_proxy_that_refuses(self):
        def proxy(stream):
            stream.read_head()
            stream.write(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n")

        with Server(proxy) as server:
            self.assertEqual(run(f"--proxy=127.0.0.1:{server.port}", "ws://far.away.example/")[0], 1)


class Signals(Mode):
    def check(self, number, serve, *arguments):
        with Server(serve) as server, self.shell(*arguments, server.url) as process:
            self.assertTrue(process.read_line())  # it is connected when the first frame has come
            begin = time.monotonic()
            process.send_signal(number)
            self.assertEqual(process.wait(), 0)
            self.assertLess(time.monotonic() - begin, STOP_SECONDS)

    def test_close_1001_is_sent(self):
        def serve(stream):
            accept(stream)
            stream.write_frame(FIN | TEXT, b"ready")
            closing(stream, 1001)

        for number in (signal.SIGINT, signal.SIGTERM):
            with self.subTest(number=number):
                self.check(number, serve)

    def test_server_that_does_not_answer(self):
        def serve(stream):
            accept(stream)
            stream.write_frame(FIN | TEXT, b"ready")
            while not stream.read_end():
                pass

        self.check(signal.SIGTERM, serve)

    def test_server_that_does_not_read(self):
        with tempfile.NamedTemporaryFile() as file, socket.create_server(("127.0.0.1", 0)) as listener:
            file.truncate(32 << 20)
            url = "ws://127.0.0.1:%d/" % listener.getsockname()[1]
            with self.shell("--binary", file.name, url) as process:
                with listener.accept()[0] as sock:
                    stream = Stream(sock, masks=False)
                    accept(stream)
                    stream.write_frame(FIN | TEXT, b"ready")
                    self.assertTrue(process.read_line().endswith("< TEXT 5 ready\n"))
                    begin = time.monotonic()
                    process.send_signal(signal.SIGTERM)
                    self.assertEqual(process.wait(), 0)
                    self.assertLess(time.monotonic() - begin, STOP_SECONDS)


class SignalsFrames(Signals, unittest.TestCase):
    OPTIONS = ()


class SignalsMessages(Signals, unittest.TestCase):
    OPTIONS = ("--deflate",)


class TLS(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)
        cls.ca = cls.certificates.ca
        cls.server = cls.start("server", "DNS:localhost,IP:127.0.0.1")
        cls.other = cls.start("other", "DNS:other.example,IP:192.0.2.1")

    @classmethod
    def start(cls, name, alternative_names):
        certificate, key = cls.certificates.issue(name, alternative_names)
        server = EchoServer("--tls", "--certificate", certificate, "--key", key, "--deflate")
        cls.addClassCleanup(server.stop)
        return server

    def check(self, code, url, *arguments):
        outcome, out, err = run("--quiet", "--wait=0", *arguments, url, text=b"secret\n")
        self.assertEqual(outcome, code, err)
        self.assertEqual(out, b"" if code else b"secret\n")
        return err

    def test_trusted(self):
        self.check(0, f"wss://localhost:{self.server.port}/", "--ca", self.ca)

    def test_address_in_the_certificate(self):
        self.check(0, f"wss://127.0.0.1:{self.server.port}/", "--ca", self.ca)

    def test_untrusted(self):
        err = self.check(1, f"wss://localhost:{self.server.port}/")
        self.assertIn("ertificate", err)

    def test_wrong_name(self):
        for host in ("localhost", "127.0.0.1"):
            with self.subTest(host=host):
                err = self.check(1, f"wss://{host}:{self.other.port}/", "--ca", self.ca)
                self.assertIn("ertificate", err)

    def test_insecure(self):
        for server in (self.server, self.other):
            self.check(0, f"wss://localhost:{server.port}/", "--insecure")

    def test_large_messages_both_ways(self):
        content = os.urandom(8 << 20)
        with tempfile.NamedTemporaryFile() as file:
            file.write(content)
            file.flush()
            for options in ([], ["--deflate"]):
                with self.subTest(options=options):
                    outcome = run("--quiet", "--wait=0", "--ca", self.ca, "--binary", file.name, *options,
                                  f"wss://localhost:{self.server.port}/")
                    self.assertEqual(outcome, (0, content, ""))

    def test_server_that_does_not_read(self):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*self.certificates.issue("deaf", "DNS:localhost"))
        for options in ([], ["--deflate"]):
            with self.subTest(options=options), tempfile.NamedTemporaryFile() as file, \
                    socket.create_server(("127.0.0.1", 0)) as listener:
                file.truncate(32 << 20)
                url = "wss://localhost:%d/" % listener.getsockname()[1]
                with shell("--ca", self.ca, "--binary", file.name, *options, url) as process, \
                        listener.accept()[0] as sock, context.wrap_socket(sock, server_side=True) as tls:
                    stream = Stream(tls, masks=False)
                    accept(stream)
                    stream.write_frame(FIN | TEXT, b"ready")
                    self.assertTrue(process.read_line().endswith("< TEXT 5 ready\n"))
                    begin = time.monotonic()
                    process.send_signal(signal.SIGTERM)
                    self.assertEqual(process.wait(), 0)
                    self.assertLess(time.monotonic() - begin, STOP_SECONDS)

    def test_plain_server(self):
        with EchoServer() as plain:
            self.check(1, f"wss://localhost:{plain.port}/", "--insecure", "--timeout=1")


if __name__ == "__main__":
    unittest.main()
