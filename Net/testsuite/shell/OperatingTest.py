"""The samples as operators run them: metrics and health over HTTP, sockets from systemd, a restart that refuses nobody.

SPDX-License-Identifier: BSL-1.0
"""

import http.client
import json
import os
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from prometheus_client.openmetrics.parser import text_string_to_metric_families

from peers import CLOSE, DEADLINE, FIN, TEXT, ChatServer, Client, Process, close_payload

OPEN_METRICS = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def get(port, path, **fields):
    """Status, type and text of an answer."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=DEADLINE)
    try:
        connection.request("GET", path, headers=fields)
        answer = connection.getresponse()
        return answer.status, answer.getheader("Content-Type"), answer.read().decode()
    finally:
        connection.close()


class Metrics(unittest.TestCase):
    def test_both_formats_are_what_they_are_said_to_be(self):
        with ChatServer() as server:
            client = Client(server.port, **ChatServer.SUBPROTOCOL)
            self.addCleanup(client.close)

            status, kind, text = get(server.port, "/metrics", Accept=OPEN_METRICS)
            self.assertEqual((status, kind), (200, OPEN_METRICS))
            families = {family.name: family for family in text_string_to_metric_families(text)}  # raises if it is not OpenMetrics
            self.assertEqual(families["websocket_connections"].samples[0].value, 1)
            outcomes = {sample.labels["outcome"]: sample.value for sample in families["websocket_handshakes"].samples}
            self.assertEqual(outcomes["opened"], 1)
            self.assertEqual(families["websocket_loop_lag_seconds"].unit, "seconds")

            status, kind, text = get(server.port, "/metrics")
            self.assertEqual((status, kind), (200, "text/plain; version=0.0.4; charset=utf-8"))
            check = subprocess.run(["promtool", "check", "metrics"], input=text.encode(), capture_output=True, timeout=DEADLINE, check=False)
            self.assertEqual((check.returncode, check.stdout, check.stderr), (0, b"", b""))

    def test_health(self):
        with ChatServer() as server:
            self.assertEqual(get(server.port, "/health/live")[::2], (200, "live\n"))
            self.assertEqual(get(server.port, "/health/ready")[::2], (200, "ready\n"))
            self.assertEqual(get(server.port, "/health")[0], 404)


class Connections(unittest.TestCase):
    def shown(self, server, total):
        """What is shown when there are that many."""
        until = time.monotonic() + DEADLINE
        while True:
            status, kind, text = get(server.port, "/connections")
            self.assertEqual((status, kind), (200, "application/json"))
            shown = json.loads(text)
            if shown["total"] == total:
                return shown
            self.assertLess(time.monotonic(), until)

    def test_are_shown_to_operators(self):
        with ChatServer() as server:
            clients = [Client(server.port, **ChatServer.SUBPROTOCOL) for _ in range(3)]
            for client in clients:
                self.addCleanup(client.close)
            shown = self.shown(server, 3)
            self.assertEqual({row["address"] for row in shown["connections"]},
                             {f"127.0.0.1:{client.sock.getsockname()[1]}" for client in clients})
            self.assertEqual(len({row["id"] for row in shown["connections"]}), 3)
            for row in shown["connections"]:
                self.assertLess(abs(row["since"] / 1000 - time.time()), DEADLINE)
                self.assertEqual((row["messagesIn"], row["queued"]), (0, 0))
                self.assertGreater(row["bytesIn"], 0)

            for field in ("Forwarded", "X-Forwarded-For"):  # it is somebody else who asks
                self.assertEqual(get(server.port, "/connections", **{field: "for=127.0.0.1"})[::2], (403, ""))

    def test_up_to_100_of_them(self):
        with ChatServer() as server:
            for _ in range(101):
                self.addCleanup(Client(server.port, **ChatServer.SUBPROTOCOL).close)
            shown = self.shown(server, 101)
            self.assertEqual(len(shown["connections"]), 100)
            times = [row["since"] for row in shown["connections"]]
            self.assertEqual(times, sorted(times))


class Notifications:
    """What a service tells systemd."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.path = os.path.join(self.folder.name, "notify")
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.path)
        self.socket.settimeout(DEADLINE)

    def next(self):
        return self.socket.recv(1000).decode()

    def close(self):
        self.socket.close()
        self.folder.cleanup()


def end(process):
    """Has it stop; returns the exit code."""
    process.send_signal(signal.SIGTERM)
    return process.wait()


class Activated(Process):
    """A server of ours with a listening socket that somebody else keeps, as systemd starts it."""

    def __init__(self, listener, *arguments, program="CHAT_SERVER", **environment):
        # LISTEN_PID is the program's own: the shell becomes it.
        super().__init__("/bin/bash", "-c", f'LISTEN_PID=$$ exec "$0" "$@" 3<&{listener.fileno()}', os.environ[program], *arguments,
                         stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL, pass_fds=(listener.fileno(),),
                         env={**os.environ, "LISTEN_FDS": "1", **environment})


class Systemd(unittest.TestCase):
    def setUp(self):
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.addCleanup(self.listener.close)
        self.port = self.listener.getsockname()[1]

    def test_socket_activate(self):
        for program in ("CHAT_SERVER", "ECHO_SERVER"):
            with self.subTest(program=program):
                with socket.create_server(("127.0.0.1", 0)) as free:
                    port = free.getsockname()[1]
                with Process("systemd-socket-activate", f"--listen=127.0.0.1:{port}", os.environ[program],
                             stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
                    until = time.monotonic() + DEADLINE
                    while True:
                        try:
                            client = Client(port, **ChatServer.SUBPROTOCOL)  # starts the program
                            break
                        except ConnectionRefusedError:  # it does not listen yet
                            self.assertLess(time.monotonic(), until)
                    self.addCleanup(client.close)
                    self.assertIn(f":{port}/", process.read_line())
                    client.write_frame(FIN | CLOSE, close_payload(1000))
                    self.assertEqual(client.read_close(), 1000)
                    self.assertEqual(end(process), 0)

    def test_tells_how_it_is(self):
        notifications = Notifications()
        self.addCleanup(notifications.close)
        with Activated(self.listener, NOTIFY_SOCKET=notifications.path) as process:
            self.assertEqual(notifications.next(), "READY=1")
            client = Client(self.port, **ChatServer.SUBPROTOCOL)  # from here on it serves
            self.addCleanup(client.close)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(notifications.next(), "STOPPING=1")
            client.write_frame(FIN | CLOSE, close_payload(1001))
            self.assertEqual(process.wait(), 0)

    def test_restart_refuses_nobody(self):
        self.restart("ECHO_SERVER", ())

    def test_restart_with_an_asynchronous_hook(self):
        """Who asks while the server is drained is told to come again."""
        self.restart("CHAT_SERVER", ("AssertionError('HTTP/1.1 503 Service Unavailable')",))

    def restart(self, program, allowed):
        done = threading.Event()
        failures = []
        connected = [0] * 4

        def come_back(number):
            """A client that is there all the time, as far as it can."""
            while not done.is_set():
                try:
                    client = Client(self.port, **ChatServer.SUBPROTOCOL)  # an opening handshake that fails is a failure
                except (OSError, EOFError, AssertionError) as error:
                    if repr(error) in allowed:
                        continue
                    failures.append(repr(error))
                    return
                connected[number] += 1
                try:
                    client.write_frame(FIN | CLOSE, close_payload(1000))
                    while client.read_frame()[0] != FIN | CLOSE:
                        continue
                except (OSError, EOFError):
                    pass  # it was open: this is no refusal
                client.close()

        clients = [threading.Thread(target=come_back, args=(number,)) for number in range(len(connected))]
        process = Activated(self.listener, program=program)
        try:
            process.read_line()
            for client in clients:
                client.start()
            for _ in range(4):
                before = sum(connected)
                until = time.monotonic() + DEADLINE
                while sum(connected) < before + 20 and not failures:
                    self.assertLess(time.monotonic(), until)
                    time.sleep(0.01)
                self.assertEqual(end(process), 0)  # nobody serves now
                process.__exit__()
                process = Activated(self.listener, program=program)
                process.read_line()
        finally:
            done.set()
            for client in clients:
                if client.ident:
                    client.join()
            process.__exit__()
        self.assertEqual(failures, [])


if __name__ == "__main__":
    unittest.main()
