"""Slow links and slow programs, with the library's default limits, long enough to pass each of them.

usage: slow.py [options] <directory with SlowEnd> [<pattern of case names>...]

  --list       prints the names of the cases and ends
  --proxy      has a program shape the links, also where the kernel could do that
  --size=<n>   bytes that each case transfers; default: 8,000,000
  --logs=<dir> keeps the output of SlowEnd there

All cases run at the same time, each over a connection of its own, and a line tells how each has ended. The
slowest takes about six minutes. Exits with 1 if one has failed. A case is named <peer>-<KB/s>-<our role>-<engine>-<transport>-<task>:

  peer       who is slow (below)
  engine     frames and messages (the class, with the automatic PING every 30 s), events and eventsmany
  task       send, close or receive: see src/SlowEnd.cpp

Of the engines, frames and eventsmany send 125 messages, the others one.

  link       A link with the rate, 20 ms of delay each way, and a queue of a second, beyond which packets are lost;
             the peer is Python's websockets, and takes what comes.
  deep       The same with a queue of three seconds, and CUBIC, which fills it: what is lost comes again seconds later.
  reader     A program that reads, or sends, steadily so much, over loopback.
  hoarder    The same with a receive buffer of 4 MB: the system acknowledges what the program reads minutes later.
  hider      The same, and the buffer is set when the connection is there: what the program reads of the last 2.4 MB does not
             show at its window.

Links lead through a router: network namespaces, veth devices and tc's netem, for which one has to be root. Where the
kernel lacks netem it is tbf, whose only delay is that of its queue. Without namespaces a proxy in this program shapes what it
passes on, and the cases of deep are left out, since nobody can see what waits inside of a proxy.
Nothing is sent anywhere else. The namespaces are removed at the end, also after an error or SIGTERM.

SPDX-License-Identifier: BSL-1.0
"""

import argparse
import asyncio
import contextlib
import ctypes
import dataclasses
import fnmatch
import functools
import itertools
import os
import re
import select
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

import websockets

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "shell"))
import peers  # noqa: E402  pylint: disable=wrong-import-position

DEADLINE = 900  # seconds for everything; the slowest case needs less than half of that
START = 60  # seconds for what happens at the beginning
MANY = 125
STEP = 0.1  # seconds between two reads of a slow program
PERIOD = bytes(range(251))
DELAY = "20ms"
PACKET = 1514
QUEUE = {"link": 1, "deep": 3}  # seconds
HOARD = 4 << 20


@functools.lru_cache
def message(length):
    return (PERIOD * (length // len(PERIOD) + 1))[:length]


def check(condition, what):
    if not condition:
        raise RuntimeError(what)


@dataclasses.dataclass
class Case:
    peer: str
    rate: int  # KB/s
    role: str
    engine: str
    transport: str
    task: str

    def __post_init__(self):
        self.name = f"{self.peer}-{self.rate}-{self.role}-{self.engine}-{self.transport}-{self.task}"
        self.log = ""

    @property
    def over_link(self):
        return self.peer in ("link", "deep")

    @property
    def count(self):
        return MANY if self.engine in ("frames", "eventsmany") else 1

    @property
    def tls(self):
        return self.transport == "tls"


def all_cases():
    for peer, rate, role, transport, task, engine in itertools.product(
            ("link", "deep", "reader", "hoarder", "hider"), (25, 80), ("server", "client"), ("plain", "tls"),
            ("send", "close", "receive"), ("frames", "messages", "events", "eventsmany")):
        if peer in ("hoarder", "hider") and task == "receive":
            continue  # the buffer does not matter
        yield Case(peer, rate, role, engine, transport, task)


#
# Links
#
class Namespace:
    """A network namespace. In a with statement, what the thread makes is in it; removed by remove()."""

    CLONE_NEWNET = 0x40000000
    libc = ctypes.CDLL(None, use_errno=True)

    def __init__(self, name):
        self.name = name
        run("ip", "netns", "add", name)
        self.file = os.open(f"/run/netns/{name}", os.O_RDONLY)
        self.home = os.open("/proc/self/ns/net", os.O_RDONLY)
        self.prefix = ("ip", "netns", "exec", name)

    def enter(self, file):
        if self.libc.setns(file, self.CLONE_NEWNET) != 0:
            raise OSError(ctypes.get_errno(), "setns")

    def __enter__(self):
        self.enter(self.file)

    def __exit__(self, *_):
        self.enter(self.home)

    def remove(self):
        subprocess.run(["ip", "netns", "del", self.name], check=False)


def run(*command, text=None):
    result = subprocess.run(command, input=text, text=True, capture_output=True, timeout=START)
    check(result.returncode == 0, f"{' '.join(command)}: {result.stderr.strip()}")
    return result.stdout


def batch(command, space, lines):
    run(command, "-n", space.name, "-batch", "-", text="\n".join(lines) + "\n")


class KernelLinks:
    """Three namespaces: near (where ours is), a router, and far. Case n has a pair of devices on each side of the router, which
    shapes what it forwards: a sender does not notice a queue that is not its own. Addresses are 10.66.x.y near and 10.67.x.y far."""

    def __init__(self, cases):
        self.spaces = []
        try:
            for place in ("near", "router", "far"):
                self.spaces.append(Namespace(f"slow-{place}-{os.getpid()}"))
            self.near, self.router, self.far = self.spaces
            self.numbers = {case.name: number for number, case in enumerate(cases)}
            self.shape = self.netem
            self.make(cases)
        except BaseException:
            self.remove()
            raise

    def make(self, cases):
        commands = {space: ["link set lo up"] for space in self.spaces}
        for number, case in enumerate(cases):
            for space, side, net, other in ((self.near, "n", 66, 67), (self.far, "f", 67, 66)):
                device = f"{side}{number}"
                commands[self.router] += [
                    f"link add {device} type veth peer name {device} netns {space.name}",
                    f"address add {self.address(net, number, 2)}/30 dev {device}",
                    *self.up(device)]
                # CUBIC is what most systems have; others may keep queues short, as BBR does.
                congestion = " congctl cubic" if case.peer == "deep" else ""
                commands[space] += [
                    f"address add {self.address(net, number, 1)}/30 dev {device}",
                    *self.up(device),
                    f"route add {self.address(other, number, 0)}/30 via {self.address(net, number, 2)} dev {device}{congestion}"]
        for space in (self.router, self.near, self.far):
            batch("ip", space, commands[space])
        run(*self.router.prefix, "tee", "/proc/sys/net/ipv4/ip_forward", text="1\n")
        try:
            batch("tc", self.router, [f"qdisc add dev n0 {self.netem(cases[0])}", "qdisc del dev n0 root"])
        except RuntimeError:
            self.shape = self.tbf
        batch("tc", self.router, [f"qdisc add dev {side}{number} {self.shape(case)}" for number, case in enumerate(cases) for side in "nf"])

    @staticmethod
    def up(device):
        return f"link set {device} gso_max_segs 1", f"link set {device} up" # a packet is a packet

    @staticmethod
    def address(net, number, end):
        return f"10.{net}.{number // 64}.{number % 64 * 4 + end}"

    @staticmethod
    def packets(case):
        return max(20, QUEUE[case.peer] * case.rate * 1000 // PACKET)

    def netem(self, case):
        return f"root netem rate {case.rate * 8}kbit delay {DELAY} limit {self.packets(case)}"

    def tbf(self, case):
        return f"root tbf rate {case.rate * 8}kbit burst {2 * PACKET} limit {self.packets(case) * PACKET}"

    def can(self, _):
        return True

    def describe(self):
        return f"network namespaces and tc {'netem' if self.shape == self.netem else 'tbf (this kernel has no netem)'}"

    def our_address(self, case):
        return self.address(66, self.numbers[case.name], 1)

    def listener(self, case):
        """Where the peer listens."""
        with self.far:
            return socket.create_server((self.address(67, self.numbers[case.name], 1), 0))

    def connect(self, case, port):
        with self.far:
            return socket.create_connection((self.our_address(case), port), START)

    def reach(self, _, listener):
        """Where ours has to connect, so that it reaches the peer."""
        return listener.getsockname()

    def prefix(self):
        return self.near.prefix

    def remove(self):
        for space in self.spaces:
            space.remove()


class ProxyLinks:
    """A proxy for each connection, on loopback. It must not have a long queue: its system has acknowledged what is in it."""

    def __init__(self, why):
        self.why = why

    def can(self, case):
        return case.peer != "deep"

    def describe(self):
        return f"a proxy that shapes ({self.why}); without those of deep"

    def our_address(self, _):
        return "127.0.0.1"

    def listener(self, _):
        return socket.create_server(("127.0.0.1", 0))

    def connect(self, case, port):
        return socket.create_connection(self.start(case, ("127.0.0.1", port)), START)

    def reach(self, case, listener):
        return self.start(case, listener.getsockname())

    def prefix(self):
        return ()

    def remove(self):
        pass

    def start(self, case, target):
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        threading.Thread(target=self.serve, args=(case, listener, target), daemon=True).start()
        return listener.getsockname()

    def serve(self, case, listener, target):
        with listener:
            near = listener.accept()[0]
        far = socket.socket()
        far.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16384)
        far.connect(target)
        for source, sink in ((near, far), (far, near)):
            queue = Queue(KernelLinks.packets(case) * PACKET)
            threading.Thread(target=queue.fill, args=(source,), daemon=True).start()
            threading.Thread(target=queue.empty, args=(sink, case.rate), daemon=True).start()


class Queue:
    """What a proxy has received and not passed on yet."""

    def __init__(self, limit):
        self.limit = limit
        self.data = bytearray()
        self.ended = False
        self.changed = threading.Condition()

    def fill(self, source):
        data = True
        while data:
            try:
                data = source.recv(4096)
            except OSError:
                data = b""
            with self.changed:
                self.data += data
                self.ended = not data
                self.changed.notify_all()
                self.changed.wait_for(lambda: len(self.data) < self.limit)

    def empty(self, sink, rate):
        pace = Pace(rate)
        with contextlib.suppress(OSError):
            while True:
                with self.changed:
                    self.changed.wait_for(lambda: self.data or self.ended)
                    if not self.data:
                        break
                step = pace.step()
                with self.changed:
                    data = bytes(self.data[:step])
                    del self.data[:step]
                    self.changed.notify_all()
                sink.sendall(data)
            sink.shutdown(socket.SHUT_WR)


#
# Peers
#
class Pace:
    """Steps of a tenth of a second. One that is late is not made up for."""

    def __init__(self, rate):
        self.bytes = int(rate * 1000 * STEP)
        self.next = time.monotonic()

    def step(self):
        now = time.monotonic()
        time.sleep(max(0, self.next - now))
        self.next = max(self.next, now) + STEP
        return self.bytes


class SlowProgram:
    """Speaks the protocol in its barest form, and reads or sends at its pace."""

    def __init__(self, case, size, stream):
        self.case = case
        self.expected = message(size // case.count)
        self.stream = stream
        self.pace = Pace(case.rate)
        self.room = 0
        self.closing = False
        self.data = bytearray()
        self.messages = 0
        self.code = None

    def talk(self):
        if self.case.task == "receive":
            self.upload()
        else:
            self.download()

    def read_slowly(self):
        self.room = min(self.room, self.pace.bytes) + self.pace.step()  # a read of TLS ends with its record
        self.room -= self.read(self.room)

    def read(self, size):
        try:
            data = self.stream.sock.recv(size)
        except ssl.SSLEOFError:
            data = b""
        check(data, f"the stream ends after {self.messages} messages and {len(self.data)} bytes")
        self.data += data
        while self.frame():
            pass
        return len(data)

    def frame(self):
        """Takes a frame that is there. Returns false if none is."""
        if len(self.data) < 2:
            return False
        first, second = self.data[:2]
        start, size = 2, second & 0x7F
        if size >= 126:
            start += 2 if size == 126 else 8
            size = int.from_bytes(self.data[2:start], "big")
        masked = second & 0x80
        check(bool(masked) != self.stream.masks, "a mask is missing, or there is one that must not be")
        if masked:
            start += 4
        if len(self.data) < start + size or len(self.data) < start:
            return False
        payload = bytes(self.data[start:start + size])
        if masked:
            payload = peers.xor(payload, bytes(self.data[start - 4:start]))
        del self.data[:start + size]
        self.take(first, payload)
        return True

    def take(self, first, payload):
        if first == peers.FIN | peers.PING:
            if self.closing:
                return
            self.stream.write_frame(peers.FIN | peers.PONG, payload)
        elif first == peers.FIN | peers.CLOSE:
            self.code = int.from_bytes(payload[:2], "big")
        elif first != peers.FIN | peers.PONG:
            check(first == peers.FIN | peers.BINARY, f"an unexpected frame: {first:#x}")
            check(payload == self.expected, f"a message of {len(payload)} bytes is not as it was sent")
            self.messages += 1

    def download(self):
        while self.messages < self.case.count:
            self.read_slowly()
            check(self.code is None or self.messages == self.case.count, f"closed too early: {self.code}")
        self.close(ours=self.case.task == "send")

    def upload(self):
        stream, sock = self.stream, self.stream.sock
        frames = Collector(stream.masks)
        for _ in range(self.case.count):
            frames.write_frame(peers.FIN | peers.BINARY, self.expected)
        data = memoryview(frames.data)
        while data:
            step = self.pace.step()
            if select.select([sock], [], [], 0)[0]:
                self.read(4096)
                check(self.code is None, f"closed too early: {self.code}")
            sock.sendall(data[:step])
            data = data[step:]
        self.close(ours=True)

    def close(self, ours):
        if ours:
            self.closing = True
            self.stream.write_frame(peers.FIN | peers.CLOSE, peers.close_payload(1000))
        while self.code is None:
            self.read_slowly()
        check(self.code == 1000, f"closed: {self.code}")
        if not ours:
            with contextlib.suppress(OSError):  # a program may be gone that has not waited for it
                self.stream.write_frame(peers.FIN | peers.CLOSE, peers.close_payload(1000))
        # The server is the first to end the TCP connection (RFC 6455, 7.1.1).
        if not self.stream.masks:
            with contextlib.suppress(OSError):
                self.stream.sock.shutdown(socket.SHUT_WR)
        with contextlib.suppress(OSError):
            while self.stream.sock.recv(4096):
                pass


class Collector(peers.Stream):
    """Keeps what is written."""

    def __init__(self, masks):  # pylint: disable=super-init-not-called
        self.masks = masks
        self.data = bytearray()

    def write(self, data):
        self.data += data


def client_context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    return context


class Runner:
    """Runs a case."""

    OPTIONS = dict(max_size=None, compression=None, ping_interval=None, close_timeout=DEADLINE)

    def __init__(self, links, program, size, folder):
        self.links = links
        self.program = program
        self.size = size
        self.folder = folder
        self.processes = []
        self.files = [os.path.join(folder, name) for name in ("certificate.pem", "key.pem")]
        run("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", self.files[1],
            "-out", self.files[0], "-days", "2", "-subj", "/CN=localhost")
        self.server_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.server_tls.load_cert_chain(*self.files)
        self.client_tls = client_context()
        self.loop = asyncio.new_event_loop() # of all of websockets' ends
        threading.Thread(target=self.loop.run_forever, daemon=True).start()

    def run(self, case):
        """Raises what was wrong."""
        path = os.path.join(self.folder, case.name + ".log")
        with open(path, "w+b") as log, contextlib.ExitStack() as stack:
            errors = []
            process = None
            try:
                listener = stack.enter_context(self.listener(case)) if case.role == "client" else None
                process = self.start(case, listener, log)
                self.converse(case, listener, process, path)
            except Exception as error:  # pylint: disable=broad-except
                errors.append(f"the peer: {type(error).__name__}: {error}")
            if process:
                try:
                    code = process.wait(START)
                except subprocess.TimeoutExpired:
                    process.kill()
                    code = process.wait()
                if code != 0:
                    errors.append(f"SlowEnd: {'did not end' if code < 0 else 'failed'}")
        with open(path, encoding="utf-8", errors="replace") as file:
            case.log = file.read()
        if errors:
            raise RuntimeError("; ".join(errors))

    def listener(self, case):
        if case.over_link:
            return self.links.listener(case)
        return self.tune(case, socket.create_server(("127.0.0.1", 0)), "hoarder")

    @staticmethod
    def tune(case, sock, peer):
        if case.peer == peer:
            force = 33  # SO_RCVBUFFORCE: beyond the system's limit
            try:
                sock.setsockopt(socket.SOL_SOCKET, force, HOARD)
            except OSError:
                sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, HOARD)
        return sock

    def start(self, case, listener, log):
        command = [self.program, case.engine.replace("many", ""), case.task, str(case.count), str(self.size // case.count)]
        if case.over_link:
            command = [*self.links.prefix(), *command]
        if listener is None:
            command += [self.links.our_address(case) if case.over_link else "127.0.0.1", case.transport]
            command += self.files if case.tls else []
        else:
            host, port = self.links.reach(case, listener) if case.over_link else listener.getsockname()
            command += [host, str(port), case.transport]
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes.append(process)
        return process

    def stop(self):
        for process in self.processes:
            if process.poll() is None:
                process.kill()
                process.wait()

    def converse(self, case, listener, process, path):
        if listener is None:
            port = read_port(process, path)
            if case.over_link:
                sock = self.links.connect(case, port)
            else:
                sock = self.tune(case, socket.socket(), "hoarder")
                sock.settimeout(START)
                sock.connect(("127.0.0.1", port))
            stream = None if case.over_link else self.open_stream(case, sock, False)
        else:
            if case.over_link:
                sock = listener
            else:
                listener.settimeout(START)
                sock = listener.accept()[0]
            stream = None if case.over_link else self.open_stream(case, sock, True)
        if stream:
            with stream.sock:
                if stream.masks:
                    first = peers.upgrade(stream)[0]
                    check(first.startswith("HTTP/1.1 101"), first)
                else:
                    peers.accept(stream)
                stream.sock.settimeout(DEADLINE)
                SlowProgram(case, self.size, stream).talk()
        else:
            asyncio.run_coroutine_threadsafe(self.websockets(case, sock, listener is not None), self.loop).result()

    def open_stream(self, case, sock, server):
        self.tune(case, sock, "hider").settimeout(START)
        if case.tls:
            sock = (self.server_tls.wrap_socket(sock, server_side=True) if server else self.client_tls.wrap_socket(sock))
        return peers.Stream(sock, masks=not server)

    async def websockets(self, case, sock, server):
        await asyncio.wait_for(self.serve(case, sock) if server else self.connect(case, sock), DEADLINE)

    async def connect(self, case, sock):
        sock.settimeout(None)
        sock.setblocking(False)
        options = dict(ssl=self.client_tls, server_hostname="localhost") if case.tls else {}
        async with websockets.connect(f"{'wss' if case.tls else 'ws'}://localhost/", sock=sock, open_timeout=START, **options, **self.OPTIONS) as ws:
            await self.talk(case, ws)

    async def serve(self, case, listener):
        done = asyncio.get_running_loop().create_future()

        async def handler(ws, *_):
            try:
                done.set_result(await self.talk(case, ws))
            except Exception as error:  # pylint: disable=broad-except
                done.set_exception(error)

        options = dict(ssl=self.server_tls) if case.tls else {}
        async with websockets.serve(handler, sock=listener, **options, **self.OPTIONS):
            await done

    async def talk(self, case, ws):
        text = message(self.size // case.count)
        if case.task == "receive":
            for _ in range(case.count):
                await ws.send(text)
        else:
            for _ in range(case.count):
                check(await ws.recv() == text, "a message is not as it was sent")
        if case.task == "close":
            await ws.wait_closed()
        else:
            await ws.close(1000)
        check(ws.close_rcvd is not None and ws.close_rcvd.code == 1000, f"closed: {ws.close_rcvd}")


def read_port(process, path):
    end = time.monotonic() + START
    while time.monotonic() < end:
        with open(path, encoding="utf-8", errors="replace") as file:
            match = re.search(r"^port (\d+)$", file.read(), re.MULTILINE)
        if match:
            return int(match[1])
        check(process.poll() is None, "SlowEnd has ended")
        time.sleep(0.02)
    raise TimeoutError("SlowEnd does not say its port")


#
# All
#
class Report:
    def __init__(self, count):
        self.lock = threading.Lock()
        self.failed = []
        self.left = count
        self.over = False

    def tell(self, case, seconds, error):
        if self.over:
            return
        notes = sorted({f"{case.log.count(note)} x {note}" for note in re.findall(r"note: (.*)", case.log)})
        with self.lock:
            self.left -= 1
            print(f"{'FAILED' if error else 'ok':6} {seconds:5.0f} s  {case.name}{' (' + ', '.join(notes) + ')' if notes else ''}")
            if error:
                self.failed.append(case.name)
                print("\n".join(f"       | {line}" for line in [str(error), *case.log.splitlines()]))
            sys.stdout.flush()


def run_case(runner, case, report):
    start = time.monotonic()
    error = None
    try:
        runner.run(case)
    except Exception as raised:  # pylint: disable=broad-except
        error = raised
    report.tell(case, time.monotonic() - start, error)


def run_all(runner, cases, report):
    end = time.monotonic() + DEADLINE
    threads = [threading.Thread(target=run_case, args=(runner, case, report), daemon=True) for case in cases]
    for thread in threads:
        thread.start()
        time.sleep(0.05)
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    if report.left:
        report.failed.append(f"{report.left} that have not ended")


def make_links(cases, proxy):
    over_links = [case for case in cases if case.over_link]
    if not over_links:
        return ProxyLinks("not needed")
    if proxy:
        return ProxyLinks("as told to")
    try:
        return KernelLinks(over_links)
    except (OSError, RuntimeError, AttributeError) as error:
        return ProxyLinks(f"no network namespaces: {error}")


def parse(arguments):
    parser = argparse.ArgumentParser(usage=__doc__.split("\n\n")[1][7:])
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--proxy", action="store_true")
    parser.add_argument("--size", type=int, default=8_000_000)
    parser.add_argument("--logs")
    parser.add_argument("directory")
    parser.add_argument("patterns", nargs="*")
    return parser.parse_args(arguments)


def main():
    options = parse(sys.argv[1:])
    cases = [case for case in all_cases() if any(fnmatch.fnmatch(case.name, pattern) for pattern in options.patterns or ["*"])]
    if options.list:
        print("\n".join(case.name for case in cases))
        return 0
    if not cases:
        print("slow.py: no such case", file=sys.stderr)
        return 64
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda number, _: sys.exit(128 + number))

    begin = time.monotonic()
    links = make_links(cases, options.proxy)
    cases = [case for case in cases if links.can(case)]
    report = Report(len(cases))
    try:
        with tempfile.TemporaryDirectory() as temporary:
            folder = options.logs or temporary
            os.makedirs(folder, exist_ok=True)
            program = os.path.join(os.path.abspath(options.directory), "SlowEnd")
            runner = Runner(links, program, options.size, folder)
            print(f"{len(cases)} cases; links: {links.describe()}", flush=True)
            try:
                run_all(runner, cases, report)
            finally:
                report.over = True
                runner.stop()
    finally:
        links.remove()
    print(f"{len(cases) - len(report.failed)} of {len(cases)} ok, {len(report.failed)} failed, {time.monotonic() - begin:.0f} s")
    for name in report.failed:
        print(f"FAILED {name}")
    sys.stdout.flush()
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main())
