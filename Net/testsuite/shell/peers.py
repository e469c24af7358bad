"""What the tests of the command-line programs need: processes with deadlines, and the
WebSocket protocol in its barest form, which can also be spoken wrongly.

SPDX-License-Identifier: BSL-1.0
"""

import base64
import hashlib
import os
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import zlib

DEADLINE = 30  # seconds that anything may take at most, on a slow machine and under a sanitizer

TEXT, BINARY, CLOSE, PING, PONG, RSV1, FIN = 0x1, 0x2, 0x8, 0x9, 0xA, 0x40, 0x80


def close_payload(code, reason=""):
    return struct.pack(">H", code) + reason.encode()


class Stream:
    """A connection on which frames can be read and written."""

    def __init__(self, sock, masks):
        self.sock = sock
        self.masks = masks
        sock.settimeout(DEADLINE)

    def read(self, size):
        """Exactly size bytes; EOFError at the end of the stream."""
        data = b""
        while len(data) < size:
            chunk = self.sock.recv(size - len(data))
            if not chunk:
                raise EOFError
            data += chunk
        return data

    def read_head(self):
        """The first line of a request or response, and its headers with names in small letters."""
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.read(1)
        first, *lines = head.decode().split("\r\n")[:-2]
        return first, {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}

    def write(self, data):
        self.sock.sendall(data)

    def read_frame(self):
        """The first byte, and the payload without its mask."""
        first, second = self.read(2)
        size = second & 0x7F
        if size == 126:
            size, = struct.unpack(">H", self.read(2))
        elif size == 127:
            size, = struct.unpack(">Q", self.read(8))
        key = self.read(4) if second & 0x80 else b""
        if bool(key) == self.masks:
            raise AssertionError("a mask is missing, or there is one that must not be")
        payload = self.read(size)
        return first, xor(payload, key) if key else payload

    def read_close(self):
        """The code of the Close frame that comes next."""
        first, payload = self.read_frame()
        if first != FIN | CLOSE:
            raise AssertionError(f"no Close frame: {first:#x} {payload}")
        return struct.unpack(">H", payload[:2])[0]

    def write_frame(self, first, payload=b"", masks=None):
        masks = self.masks if masks is None else masks
        size = len(payload)
        bit = 0x80 if masks else 0
        if size < 126:
            head = struct.pack(">BB", first, bit | size)
        elif size < 65536:
            head = struct.pack(">BBH", first, bit | 126, size)
        else:
            head = struct.pack(">BBQ", first, bit | 127, size)
        if masks:
            key = os.urandom(4)
            head, payload = head + key, xor(payload, key)
        self.write(head + payload)

    def read_end(self):
        """True if the stream ends here."""
        try:
            return self.sock.recv(1) == b""
        except ConnectionResetError:
            return True

    def close(self):
        self.sock.close()


class Deflate:
    """One direction of permessage-deflate with its default parameters (RFC 7692, 7.2)."""

    def __init__(self):
        self.compressor = zlib.compressobj(wbits=-15)
        self.decompressor = zlib.decompressobj(wbits=-15)

    def compress(self, data):
        return (self.compressor.compress(data) + self.compressor.flush(zlib.Z_SYNC_FLUSH))[:-4]

    def decompress(self, data):
        return self.decompressor.decompress(data + b"\0\0\xff\xff")


def xor(data, key):
    size = len(data)
    pattern = (key * (size // 4 + 1))[:size]
    return (int.from_bytes(data, "big") ^ int.from_bytes(pattern, "big")).to_bytes(size, "big")


def connect(port, host="127.0.0.1", wrap=lambda sock: sock):
    sock = socket.create_connection((host, port), DEADLINE)
    try:
        return Stream(wrap(sock), masks=True)
    except Exception:
        sock.close()
        raise


def upgrade(stream, path="/", **headers):
    """The opening handshake of a client; returns the first line of the answer and its headers."""
    fields = {"Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade",
              "Sec-WebSocket-Key": base64.b64encode(os.urandom(16)).decode(), "Sec-WebSocket-Version": "13"}
    fields.update(headers)
    lines = [f"GET {path} HTTP/1.1"] + [f"{name}: {value}" for name, value in fields.items() if value]
    stream.write(("\r\n".join(lines) + "\r\n\r\n").encode())
    return stream.read_head()


class Client(Stream):
    """A client with an open WebSocket."""

    def __init__(self, port, host="127.0.0.1", path="/", **headers):
        super().__init__(socket.create_connection((host, port), DEADLINE), masks=True)
        first, self.headers = upgrade(self, path, **headers)
        assert first.startswith("HTTP/1.1 101"), first


def accept(stream, **headers):
    """The opening handshake of a server; returns the request line and its headers."""
    first, fields = stream.read_head()
    answer(stream, fields, **headers)
    return first, fields


def answer(stream, fields, **headers):
    key = fields["sec-websocket-key"] + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
    token = base64.b64encode(hashlib.sha1(key.encode()).digest()).decode()
    lines = ["HTTP/1.1 101 Switching Protocols", "Upgrade: websocket", "Connection: Upgrade",
             f"Sec-WebSocket-Accept: {token}"] + [f"{name}: {value}" for name, value in headers.items()]
    stream.write(("\r\n".join(lines) + "\r\n\r\n").encode())


class Server:
    """Takes one connection on a port of 127.0.0.1, by default a free one, and has serve(stream) talk on it in a
    thread. To be used in a with statement, at whose end it has finished; what it raised is raised."""

    def __init__(self, serve, port=0):
        self.serve = serve
        self.error = None
        self.listener = socket.create_server(("127.0.0.1", port))
        self.listener.settimeout(DEADLINE)
        self.port = self.listener.getsockname()[1]
        self.url = f"ws://127.0.0.1:{self.port}/"
        self.thread = threading.Thread(target=self.run)

    def run(self):
        try:
            with self.listener.accept()[0] as sock:
                self.serve(Stream(sock, masks=False))
        except Exception as error:  # pylint: disable=broad-except
            self.error = error

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, kind, value, trace):
        if kind:
            self.listener.shutdown(socket.SHUT_RDWR)  # ends a pending accept()
        self.thread.join()
        self.listener.close()
        if self.error:
            raise self.error


class Process:
    """A program of ours; killed at the end of the with statement if it still runs."""

    def __init__(self, *command, **options):
        # A shell that starts us in the background has it ignored, and children inherit that.
        signal.signal(signal.SIGINT, signal.default_int_handler)
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        pipes.update(options)
        self.popen = subprocess.Popen(command, **pipes)
        self.watchdog = threading.Timer(DEADLINE, self.popen.kill)
        self.watchdog.daemon = True
        self.watchdog.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.watchdog.cancel()
        self.popen.kill()
        self.popen.wait()
        for pipe in (self.popen.stdin, self.popen.stdout, self.popen.stderr):
            if pipe:
                pipe.close()

    def read_line(self):
        """The next line of the standard output; "" if the program ended, or took too long."""
        return self.popen.stdout.readline().decode()

    def send_signal(self, number):
        self.popen.send_signal(number)

    def wait(self):
        """The exit code; negative if it was killed, also for taking too long."""
        return self.popen.wait()

    def finish(self, text=b""):
        """Gives it the text and the end of the input; returns exit code, output, error output."""
        out, err = self.popen.communicate(text, DEADLINE)
        return self.popen.returncode, out, err.decode()


class ServerProcess(Process):
    """A server of ours on a free port."""

    def __init__(self, *arguments):
        self.errors = tempfile.TemporaryFile()  # a pipe that nobody reads would fill up
        super().__init__(os.environ[self.PROGRAM], "--port=0", *arguments, stdin=subprocess.DEVNULL, stderr=self.errors)
        self.line = self.read_line()
        if not self.line:
            raise AssertionError(f"{self.PROGRAM} did not start: " + self.error_output())
        self.http_url = self.line.split(" on ")[1].strip()
        self.url = self.http_url.replace("http", "ws", 1)
        self.port = int(self.http_url.rstrip("/").rsplit(":", 1)[1])

    def error_output(self):
        descriptor = self.errors.fileno()
        return os.pread(descriptor, os.fstat(descriptor).st_size, 0).decode()  # without seek(): the program writes where that has led

    def __exit__(self, *_):
        super().__exit__()
        self.errors.close()

    def stop(self, number=signal.SIGTERM):
        """Has it end with exit code 0; returns the error output."""
        if self.popen.poll() is None:
            self.send_signal(number)
        code = self.wait()
        err = self.error_output()
        self.__exit__()
        if code != 0:
            raise AssertionError(f"{self.PROGRAM} ended with exit code {code}: {err}")
        return err


class EchoServer(ServerProcess):
    PROGRAM = "ECHO_SERVER"


class ChatServer(ServerProcess):
    PROGRAM = "CHAT_SERVER"
    SUBPROTOCOL = {"Sec-WebSocket-Protocol": "poco.messaging.json.v1"}  # a client without it is refused


class Certificates:
    """A certification authority and certificates that it issues, made by the openssl command."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory()
        self.openssl("req", "-x509", *self.new_key("ca"), "-subj", "/CN=Test CA", "-days", "2", "-out", self.path("ca.pem"))
        self.ca = self.path("ca.pem")

    def issue(self, name, alternative_names):
        """The files with a certificate and its key, for names as in 'DNS:localhost,IP:127.0.0.1'."""
        with open(self.path(name + ".ext"), "w", encoding="ascii") as file:
            file.write("subjectAltName=" + alternative_names + "\n")
        self.openssl("req", *self.new_key(name), "-subj", "/CN=" + name, "-out", self.path(name + ".csr"))
        self.openssl("x509", "-req", "-in", self.path(name + ".csr"), "-CA", self.ca, "-CAkey", self.path("ca.key"),
                     "-CAcreateserial", "-days", "2", "-extfile", self.path(name + ".ext"), "-out", self.path(name + ".pem"))
        return self.path(name + ".pem"), self.path(name + ".key")

    def path(self, name):
        return os.path.join(self.folder.name, name)

    def new_key(self, name):
        return "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.path(name + ".key")

    @staticmethod
    def openssl(*arguments):
        subprocess.run(["openssl", *arguments], check=True, capture_output=True, timeout=DEADLINE)

    def remove(self):
        self.folder.cleanup()
