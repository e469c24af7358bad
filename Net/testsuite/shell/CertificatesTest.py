"""SIGHUP has the samples read their certificate again; openssl's own client is the peer.

SPDX-License-Identifier: BSL-1.0
"""

import os
import shutil
import signal
import ssl
import subprocess
import threading
import time
import unittest

from peers import DEADLINE, FIN, TEXT, Certificates, ChatServer, Client, EchoServer, connect, upgrade


def s_client(port, *arguments):
    """What openssl's client says of a connection that it ends at once."""
    result = subprocess.run(["openssl", "s_client", "-brief", "-connect", f"127.0.0.1:{port}", *arguments],
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=DEADLINE, check=False)
    return result.stdout.decode()


def until(condition):
    """Waits until the condition is true, and tells whether it has become so."""
    end = time.monotonic() + DEADLINE
    while not condition() and time.monotonic() < end:
        time.sleep(0.01)
    return condition()


class Exchange:
    OPTIONS = ()
    SERVER = EchoServer
    FIELDS = {}

    @classmethod
    def setUpClass(cls):
        cls.certificates = Certificates()
        cls.addClassCleanup(cls.certificates.remove)
        for name in ("first", "second", "third"):
            cls.certificates.issue(name, "DNS:localhost,IP:127.0.0.1")
        path = cls.certificates.path
        cls.certificates.openssl("x509", "-req", "-in", path("third.csr"), "-CA", path("ca.pem"), "-CAkey", path("ca.key"),
                                 "-CAcreateserial", "-days", "-1", "-out", path("expired.pem"))
        shutil.copy(path("third.key"), path("expired.key"))

    def put(self, certificate, key=None):
        for name, kind in ((certificate, "pem"), (key or certificate, "key")):
            new = self.certificates.path("new")
            shutil.copy(self.certificates.path(f"{name}.{kind}"), new)
            os.replace(new, self.certificates.path("server." + kind))

    def start(self):
        self.put("first")
        return self.SERVER("--tls", "--certificate", self.certificates.path("server.pem"), "--key", self.certificates.path("server.key"), *self.OPTIONS)

    def connect(self, server):
        context = ssl.create_default_context(cafile=self.certificates.ca)
        stream = connect(server.port, wrap=lambda sock: context.wrap_socket(sock, server_hostname="localhost"))
        self.addCleanup(stream.close)
        return stream

    def served(self, server, *arguments):
        text = s_client(server.port, "-CAfile", self.certificates.ca, "-verify_return_error", *arguments)
        self.assertIn("Verification: OK", text)
        return text.split("Peer certificate: CN = ")[1].split()[0]

    def expect_open(self, stream):
        if self.SERVER is EchoServer:
            stream.write_frame(FIN | TEXT, b"there")
            self.assertEqual(stream.read_frame(), (FIN | TEXT, b"there"))
        else:
            stream.write_frame(0x89, b"there")
            while stream.read_frame() != (0x8A, b"there"):
                pass

    def test_certificates_are_read_again(self):
        with self.start() as server:
            stream = self.connect(server)
            self.assertIn("101", upgrade(stream, **self.FIELDS)[0])
            self.expect_open(stream)
            for version in ("-tls1_2", "-tls1_3"):
                self.assertEqual(self.served(server, version, "-servername", "localhost"), "first")
            self.put("second")
            self.assertEqual(self.served(server), "first")
            server.send_signal(signal.SIGHUP)
            self.assertTrue(until(lambda: self.served(server) == "second"))
            for version in ("-tls1_2", "-tls1_3"):
                self.assertEqual(self.served(server, version), "second")
            self.expect_open(stream)
            self.assertIn("101", upgrade(self.connect(server), **self.FIELDS)[0])
            server.stop()

    def test_bad_certificates_are_refused(self):
        with self.start() as server:
            stream = self.connect(server)
            self.assertIn("101", upgrade(stream, **self.FIELDS)[0])
            path = self.certificates.path
            with open(path("nonsense.pem"), "w", encoding="ascii") as file:
                file.write("nonsense\n")
            shutil.copy(path("first.key"), path("nonsense.key"))
            refusals = 0
            for certificate, key, reason in (("second", "first", "key"), ("expired", None, "certificate has expired"), ("nonsense", None, "certificate")):
                self.put(certificate, key)
                server.send_signal(signal.SIGHUP)
                refusals += 1
                self.assertTrue(until(lambda: server.error_output().count("stays as it is") == refusals), server.error_output())
                self.assertIn(reason, server.error_output().splitlines()[-1])
                self.assertEqual(self.served(server), "first")
            os.remove(path("server.pem"))
            server.send_signal(signal.SIGHUP)
            self.assertTrue(until(lambda: server.error_output().count("stays as it is") == refusals + 1))
            self.assertEqual(self.served(server), "first")
            self.expect_open(stream)
            self.put("second")
            server.send_signal(signal.SIGHUP)
            self.assertTrue(until(lambda: self.served(server) == "second"))
            server.stop()

    def test_under_load(self):
        with self.start() as server:
            streams = [self.connect(server) for _ in range(4)]
            for stream in streams:
                self.assertIn("101", upgrade(stream, **self.FIELDS)[0])
            ends, done, errors = threading.Event(), [], []

            def dial():
                context = ssl.create_default_context(cafile=self.certificates.ca)
                while not ends.is_set():
                    try:
                        stream = connect(server.port, wrap=lambda sock: context.wrap_socket(sock, server_hostname="localhost"))
                        if "101" not in upgrade(stream, **self.FIELDS)[0]:
                            errors.append("no upgrade")
                        stream.close()
                    except Exception as error:  # whatever it is, it must not be
                        errors.append(repr(error))
                    done.append(1)

            threads = [threading.Thread(target=dial) for _ in range(2)]
            for thread in threads:
                thread.start()
            for number in range(1, 31):
                self.put(("first", "second")[number % 2])
                server.send_signal(signal.SIGHUP)
                self.assertTrue(until(lambda: server.error_output().count("was read again") == number))
                self.expect_open(streams[number % 4])
            self.assertTrue(until(lambda: len(done) > 20))
            ends.set()
            for thread in threads:
                thread.join()
            self.assertEqual(errors, [])
            for stream in streams:
                self.expect_open(stream)
            server.stop()

    def test_old_versions_of_tls_are_refused(self):
        """openssl's client offers them, and the server's alert says why not."""
        with self.start() as server:
            for version in ("-tls1", "-tls1_1"):
                self.assertIn("alert protocol version", s_client(server.port, version, "-cipher", "ALL:@SECLEVEL=0"))


class ExchangeEvents(Exchange, unittest.TestCase):
    OPTIONS = ("--engine=events",)


class ExchangeMessages(Exchange, unittest.TestCase):
    OPTIONS = ("--engine=messages",)


class ExchangeFrames(Exchange, unittest.TestCase):
    OPTIONS = ("--engine=frames",)


if "CHAT_SERVER" in os.environ:  # it needs Poco::Messaging
    class ExchangeChat(Exchange, unittest.TestCase):
        SERVER = ChatServer
        FIELDS = ChatServer.SUBPROTOCOL


class Plain(unittest.TestCase):
    def test_without_tls_the_signal_ends_it(self):
        """As ever: the terminal was closed."""
        with EchoServer() as server:
            Client(server.port).close()
            server.send_signal(signal.SIGHUP)
            self.assertEqual(server.wait(), -signal.SIGHUP)


if __name__ == "__main__":
    unittest.main()
