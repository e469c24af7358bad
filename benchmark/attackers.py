#
# attackers.py
#
# Library: PocoWebSocket
# Package: Benchmark
#
# The attacks of benchmark/attacks. Each is an object that is told when to begin, and then every few milliseconds to do what
# is due; all sockets are its own.
#
# SPDX-License-Identifier: BSL-1.0
#

import collections
import ctypes
import ctypes.util
import itertools
import select
import socket
import ssl
import struct
import time
import zlib

import common

KIB = 1024
MIB = 1024*KIB
KEY = b"\x37\x5a\x21\x3d"
FIN, RSV1, CONT, BINARY, PING = 0x80, 0x40, 0, 2, 9

REQUEST = (b"GET / HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n%s\r\n")
DEFLATE = b"Sec-WebSocket-Extensions: permessage-deflate\r\n"

WELL_BEHAVED = 32      # connections
MAX_CONNECTIONS = 1200 # the server's limits
MAX_MESSAGE = MIB
MAX_QUEUED = 256*KIB
HANDSHAKE_TIMEOUT = 1000 # milliseconds
LIMITS = ["--max-connections", MAX_CONNECTIONS, "--max-message", MAX_MESSAGE, "--max-queued", MAX_QUEUED,
	"--handshake-timeout", HANDSHAKE_TIMEOUT]


def header(flags, length):
	"""That of a client's frame."""
	if length < 126:
		return bytes([flags, 0x80 | length]) + KEY
	if length < 65536:
		return bytes([flags, 0x80 | 126]) + struct.pack(">H", length) + KEY
	return bytes([flags, 0x80 | 127]) + struct.pack(">Q", length) + KEY


def frame(flags, payload=b""):
	"""A client's frame."""
	mask = KEY*(len(payload)//4 + 1)
	masked = (int.from_bytes(payload, "big") ^ int.from_bytes(mask[:len(payload)], "big")).to_bytes(len(payload), "big")
	return header(flags, len(payload)) + masked


def deflated(length):
	"""A message of so many zeros, compressed."""
	compressor = zlib.compressobj(9, zlib.DEFLATED, -15)
	return frame(FIN | RSV1 | BINARY, (compressor.compress(bytes(length)) + compressor.flush(zlib.Z_SYNC_FLUSH))[:-4])


def clientHello():
	"""The bytes that a TLS client begins with."""
	context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
	context.check_hostname = False
	context.verify_mode = ssl.CERT_NONE
	output = ssl.MemoryBIO()
	try:
		context.wrap_bio(ssl.MemoryBIO(), output).do_handshake()
	except ssl.SSLWantReadError:
		return output.read()


def received(connection, size=65536):
	"""What has come; nothing if there is nothing yet, None if the connection has ended."""
	try:
		return connection.recv(size) or None
	except BlockingIOError:
		return b""
	except ConnectionError:
		return None


def reset(connection):
	"""Ends the connection with a RST, which leaves nothing behind."""
	connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
	connection.close()


class Attack:
	"""An attack on a port."""
	text = ""     # what it does
	server = []   # options of the server, besides LIMITS
	rate = 0      # how often act() is called in a second; 0: always

	def __init__(self, port, startOther):
		"""startOther: starts another server, of the lowest priority, on the same core."""
		self.port = port
		self.startOther = startOther
		self.count = collections.Counter()
		self.numbers = itertools.count()

	def begin(self):
		"""Prepares everything."""

	def act(self):
		"""Does the next thing."""

	def step(self):
		"""Looks at what has come."""

	def end(self):
		"""Ends all connections."""

	def proof(self, growth, before, after):
		"""Text: what the attack has done. growth: of the server's memory, in bytes; before, after: its metrics."""
		return ""

	def wait(self):
		"""Until it makes sense to go on."""
		time.sleep(0.001)

	def run(self, stopped):
		"""Acts until stopped() says so. Returns the part of what was due that was done: what is late by more than 50 ms is left out."""
		start = time.monotonic()
		acts = done = 0
		while not stopped():
			due = int((time.monotonic() - start)*self.rate) - acts if self.rate else 1
			acts += due
			due = min(due, max(1, self.rate//20))
			for _ in range(due):
				self.act()
			done += due
			self.step()
			self.wait()
		return done/max(acts, 1)

	def connect(self, slow=False):
		"""A connection, without a handshake. There are not more than 28,000 ports for each of the addresses."""
		connection = socket.socket()
		connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
		connection.setsockopt(socket.IPPROTO_IP, 24, 1) # IP_BIND_ADDRESS_NO_PORT
		if slow: # what can be under way is little, and the segments are those of a network
			connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
			connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1400)
		connection.settimeout(30)
		connection.bind((f"127.0.0.{1 + next(self.numbers) % 8}", 0))
		connection.connect(("127.0.0.1", self.port))
		return connection

	def some(self, connection):
		"""What comes next, which must come."""
		data = connection.recv(65536)
		if not data:
			common.fail("the server has closed the connection")
		return data

	def open(self, extensions=b"", slow=False):
		"""A WebSocket connection, which does not block."""
		connection = self.connect(slow)
		connection.sendall(REQUEST % extensions)
		answer = b""
		while not answer.endswith(b"\r\n\r\n"):
			answer += self.some(connection)
		if not answer.startswith(b"HTTP/1.1 101"):
			common.fail(f"no WebSocket handshake: {answer}")
		connection.setblocking(False)
		return connection


def quiet(kind):
	"""No attack, on a server with the same options."""
	class Quiet(Attack):
		server = kind.server
		rate = 1
	return Quiet


class SlowHandshakes(Attack):
	"""Requests that take too long."""
	connections = 500
	text = f"{connections} handshakes at a time, a byte a second each, begun one after the other; another when one has ended"
	rate = connections
	pause = 1/connections # seconds between the first ones
	request = REQUEST

	def begin(self):
		self.poll = select.epoll()
		self.slots = collections.deque()
		self.byDescriptor = {}
		self.longest = self.longestCut = 0
		while len(self.slots) < self.connections:
			self.another()
			self.step()
			time.sleep(self.pause)

	def another(self):
		connection = self.connect()
		connection.setblocking(False)
		connection.send(self.request[:1])
		self.byDescriptor[connection.fileno()] = [connection, 1, time.monotonic(), b""]
		self.slots.append(connection.fileno())
		self.poll.register(connection, select.EPOLLIN)
		self.count["begun"] += 1

	def act(self):
		descriptor = self.slots[0]
		self.slots.rotate(-1)
		slot = self.byDescriptor[descriptor]
		try:
			slot[0].send(self.request[slot[1]:slot[1] + 1])
			slot[1] += 1
		except OSError:
			pass # it has been cut, and step() sees it

	def step(self):
		for descriptor, _ in self.poll.poll(0):
			slot = self.byDescriptor[descriptor]
			data = received(slot[0])
			if data:
				slot[3] += data
				continue
			if slot[3].startswith(b"HTTP/1.1 408 "):
				self.count["408"] += 1
				self.longest = max(self.longest, time.monotonic() - slot[2])
			else:
				self.count["answered" if slot[3] else "cut"] += 1
				self.longestCut = max(self.longestCut, time.monotonic() - slot[2])
			self.poll.unregister(descriptor)
			reset(slot[0])
			del self.byDescriptor[descriptor]
			self.slots.remove(descriptor)
			self.another()

	def end(self):
		for slot in self.byDescriptor.values():
			reset(slot[0])
		self.poll.close()

	def proof(self, growth, before, after):
		return (f"{self.count['begun']:,} begun, {self.count['408']:,} answered 408 after {1000*self.longest:,.0f} ms at most, "
			f"{self.count['cut'] + self.count['answered']:,} ended otherwise")


class SlowAtOnce(SlowHandshakes):
	"""The same, all of which take too long at the same moment."""
	text = f"the same, all {SlowHandshakes.connections} begun at once"
	pause = 0


class SlowTLS(SlowHandshakes):
	"""The same one layer below."""
	server = ["--tls"]
	text = f"{SlowHandshakes.connections} TLS handshakes at a time, a byte of the ClientHello a second each; another when one has ended"
	request = clientHello()

	def proof(self, growth, before, after):
		return f"{self.count['begun']:,} begun, {self.count['cut']:,} cut after {1000*self.longestCut:,.0f} ms at most, {self.count['answered']:,} answered before"


class HandshakesTLS(Attack):
	"""The server signs, and the attacker does not even look at it."""
	server = ["--tls"]
	rate = 500
	text = f"{rate} ClientHellos a second, each the same on a connection of its own, which is reset when the server has answered"
	request = clientHello()

	def begin(self):
		self.waiting = set()

	def act(self):
		connection = self.connect()
		connection.setblocking(False)
		connection.send(self.request)
		self.waiting.add(connection)
		self.count["begun"] += 1

	def step(self):
		for connection in list(self.waiting):
			data = received(connection)
			if data == b"":
				continue
			self.count["signed" if data else "cut"] += 1
			self.waiting.remove(connection)
			reset(connection)

	def end(self):
		for connection in self.waiting:
			reset(connection)

	def proof(self, growth, before, after):
		return f"{self.count['begun']:,} begun, {self.count['signed']:,} answered, {self.count['cut']:,} cut"


class SlowHeaders(SlowHandshakes):
	"""PROXY headers that take too long."""
	server = ["--trusted", "127.0.0.0/8"]
	text = f"{SlowHandshakes.connections} PROXY headers at a time, a byte a second each; another when one has ended"
	request = b"PROXY TCP4 192.0.2.1 192.0.2.2 40000 443\r\n"

	def begin(self):
		self.port = self.proxyPort
		super().begin()

	def proof(self, growth, before, after):
		return f"{self.count['begun']:,} begun, {self.count['cut']:,} cut after {1000*self.longestCut:,.0f} ms at most, {self.count['answered']:,} answered"


class Garbage(Attack):
	"""What is no PROXY header, where there has to be one."""
	server = SlowHeaders.server
	rate = 1000
	signature = b"\r\n\r\n\0\r\nQUIT\n"
	kinds = [
		signature + b"\x3f\x11\0\x0c" + bytes(12),          # a version that does not exist
		signature + b"\x21\x11\xff\xff" + bytes(4096),       # longer than it may be
		signature + b"\x21\x11\0\x0f" + bytes(12) + b"\x03\xff\xff", # a TLV longer than the header
		b"PROXY TCP4 999.0.2.1 192.0.2.2 40000 443\r\n",
		b"PROXY TCP4 " + b"1"*200,
		REQUEST % b"",
	]
	text = f"{rate:,} connections a second with what is no PROXY header, in {len(kinds)} ways: no such version, too long, malformed, none at all"

	def begin(self):
		self.port = self.proxyPort
		self.kind = itertools.cycle(self.kinds)
		self.waiting = collections.deque()

	def act(self):
		connection = self.connect()
		connection.setblocking(False)
		connection.send(next(self.kind))
		self.waiting.append(connection)
		self.count["begun"] += 1

	def step(self):
		while self.waiting:
			data = received(self.waiting[0])
			if data == b"":
				return
			if data:
				common.fail("a connection without a PROXY header was answered")
			reset(self.waiting.popleft())
			self.count["cut"] += 1

	def end(self):
		for connection in self.waiting:
			reset(connection)

	def proof(self, growth, before, after):
		return f"{self.count['begun']:,} begun, {self.count['cut']:,} cut, {after['refused'] - before['refused']:,} counted as refused"


class Forged(Attack):
	"""Who tells where he comes from, at length, and is not believed."""
	server = ["--trusted", "192.0.2.0/24"]
	rate = 500
	request = REQUEST % (b"X-Forwarded-For: " + b", ".join([b"127.1.2.3"]*500) + b"\r\nX-Forwarded-Proto: https\r\nX-Forwarded-Host: localhost\r\n")
	text = f"{rate} handshakes a second with 500 addresses in X-Forwarded-For, from who is no trusted proxy; reset when they are complete"

	def act(self):
		connection = self.connect()
		connection.sendall(self.request)
		answer = self.some(connection)
		self.count["opened" if answer.startswith(b"HTTP/1.1 101") else "refused"] += 1
		reset(connection)

	def proof(self, growth, before, after):
		return (f"{self.count['opened']:,} opened, {self.count['refused']:,} refused; "
			f"{after['forwarded_ignored'] - before['forwarded_ignored']:,} counted as not believed")


class Forwarded(Forged):
	"""Who is believed: all addresses have to be read, since each is a trusted proxy's."""
	server = SlowHeaders.server
	text = "the same from a trusted proxy, all 500 addresses being those of trusted proxies"


class TLS12:
	"""A client's TLS 1.2 without I/O: Python's ssl cannot renegotiate."""
	context = None

	def __init__(self):
		if not self.context:
			TLS12.load()
		self.ssl = self.SSL_new(self.context)
		self.input, self.output = (self.BIO_new(self.BIO_s_mem()) for _ in range(2))
		self.SSL_set_bio(self.ssl, self.input, self.output)
		self.SSL_set_connect_state(self.ssl)

	@classmethod
	def load(cls):
		"""OpenSSL's functions become static methods."""
		POINTER, NUMBER, BYTES = ctypes.c_void_p, ctypes.c_int, ctypes.c_char_p
		library = ctypes.CDLL(ctypes.util.find_library("ssl"))
		for name, result, *arguments in (("TLS_client_method", POINTER), ("SSL_CTX_new", POINTER, POINTER), ("SSL_new", POINTER, POINTER), ("BIO_s_mem", POINTER),
			("BIO_new", POINTER, POINTER), ("SSL_CTX_ctrl", NUMBER, POINTER, NUMBER, ctypes.c_long, POINTER), ("SSL_set_bio", None, POINTER, POINTER, POINTER),
			("SSL_set_connect_state", None, POINTER), ("SSL_free", None, POINTER), ("SSL_do_handshake", NUMBER, POINTER), ("SSL_renegotiate", NUMBER, POINTER),
			("SSL_get_error", NUMBER, POINTER, NUMBER), ("ERR_clear_error", None), ("SSL_read", NUMBER, POINTER, BYTES, NUMBER),
			("SSL_write", NUMBER, POINTER, BYTES, NUMBER), ("BIO_read", NUMBER, POINTER, BYTES, NUMBER), ("BIO_write", NUMBER, POINTER, BYTES, NUMBER)):
			function = getattr(library, name)
			function.restype, function.argtypes = result, arguments
			setattr(cls, name, staticmethod(function))
		cls.context = cls.SSL_CTX_new(cls.TLS_client_method())
		cls.SSL_CTX_ctrl(cls.context, 124, 0x303, None) # SSL_CTX_set_max_proto_version

	def free(self):
		self.SSL_free(self.ssl)

	def check(self, result):
		"""True if a call has done it, False if it has to wait."""
		if result <= 0 and self.SSL_get_error(self.ssl, result) != 2: # SSL_ERROR_WANT_READ
			self.ERR_clear_error()
			raise ConnectionError("TLS")
		return result > 0

	def handshake(self):
		"""Goes on with it; returns True if it is complete."""
		return self.check(self.SSL_do_handshake(self.ssl))

	def received(self, data):
		self.BIO_write(self.input, data, len(data))

	def toSend(self):
		buffer = ctypes.create_string_buffer(65536)
		result = self.BIO_read(self.output, buffer, len(buffer))
		return buffer.raw[:max(result, 0)]

	def write(self, data):
		self.check(self.SSL_write(self.ssl, data, len(data)))

	def read(self):
		buffer = ctypes.create_string_buffer(16384)
		result = self.SSL_read(self.ssl, buffer, len(buffer))
		return buffer.raw[:result] if self.check(result) else b""


class Renegotiation(Attack):
	"""Handshakes on connections that have one already."""
	server = ["--tls"]
	connections = 4
	rate = 200
	text = f"{connections} connections with TLS 1.2, which ask for another handshake, {rate} times a second; another connection when that is refused"

	def begin(self):
		self.slots = collections.deque(self.openTLS() for _ in range(self.connections))

	def openTLS(self):
		"""A WebSocket connection."""
		connection, tls = self.connect(), TLS12()
		while not tls.handshake():
			connection.sendall(tls.toSend())
			tls.received(self.some(connection))
		tls.write(REQUEST % b"")
		connection.sendall(tls.toSend())
		while not tls.read():
			tls.received(self.some(connection))
		connection.setblocking(False)
		return connection, tls

	def act(self):
		connection, tls = self.slots.popleft()
		try:
			tls.received(received(connection))
			if tls.handshake(): # the one before
				tls.SSL_renegotiate(tls.ssl)
				self.count["asked"] += 1
				tls.handshake()
			connection.send(tls.toSend())
		except (ConnectionError, TypeError):
			self.count["refused"] += 1
			tls.free()
			reset(connection)
			connection, tls = self.openTLS()
		self.slots.append((connection, tls))

	def step(self):
		for connection, tls in self.slots:
			data = received(connection)
			if not data:
				continue
			tls.received(data)
			try:
				if tls.handshake():
					self.count["done"] += 1
			except ConnectionError:
				pass # act() sees it
			if output := tls.toSend():
				connection.send(output)

	def end(self):
		for connection, tls in self.slots:
			tls.free()
			reset(connection)

	def proof(self, growth, before, after):
		return f"{self.count['asked']:,} asked for, {self.count['done']:,} done, {self.count['refused']:,} connections refused"


class RenegotiationAllowed(Renegotiation):
	server = ["--tls", "--renegotiation"]
	text = "the same where it is allowed (SSL_OP_ALLOW_CLIENT_RENEGOTIATION)"


class Opened(Attack):
	"""WebSocket connections, of which one after the other sends something, whose answers are read or not."""
	connections = 1
	extensions = b""
	slow = False
	reads = True

	def begin(self):
		self.sockets = [self.open(self.extensions, self.slow) for _ in range(self.connections)]
		self.turn = itertools.cycle(range(self.connections))
		self.unsent = [b""]*self.connections
		self.prepare()

	def prepare(self):
		"""What is sent."""

	def send(self, data):
		"""Sends by the next connection, as much as it takes. Returns False if that was not all."""
		i = next(self.turn)
		data = self.unsent[i] or data
		try:
			sent = self.sockets[i].send(data)
		except BlockingIOError:
			sent = 0
		except ConnectionError:
			common.fail("the server has cut the attacker's connection")
		self.unsent[i] = memoryview(data)[sent:]
		self.count["bytes"] += sent
		return sent == len(data)

	def step(self):
		if self.reads:
			for connection in self.sockets:
				data = received(connection, MIB)
				if data is None:
					common.fail("the server has closed the attacker's connection")
				self.count["answers"] += len(data)

	def end(self):
		for connection in self.sockets:
			reset(connection)


class SlowFrames(Opened):
	"""Frames that take for ever."""
	connections = 500
	rate = connections
	reads = False
	text = f"{connections} connections, a byte a second of a frame of 1 MiB each"

	def prepare(self):
		for connection in self.sockets:
			connection.send(header(FIN | BINARY, MAX_MESSAGE))

	def act(self):
		self.send(b"x")

	def proof(self, growth, before, after):
		return (f"{self.count['bytes']:,} bytes taken of {self.connections} frames; memory {growth/self.connections/KIB:,.1f} KiB a connection")


class Trickle(Opened):
	"""PINGs whose bytes come one by one."""
	connections = 32
	rate = 5000
	text = f"PINGs from {connections} connections, byte by byte: {rate:,} bytes a second"

	def prepare(self):
		self.data = [itertools.cycle(frame(FIN | PING)) for _ in self.sockets]
		self.next = itertools.cycle(self.data)

	def act(self):
		self.send(bytes([next(next(self.next))]))

	def proof(self, growth, before, after):
		return f"{self.count['bytes']/6:,.0f} PINGs in {self.count['bytes']:,} segments, {self.count['answers']//2:,} PONGs"


class Readers(Opened):
	"""Those that never read."""
	connections = 64
	rate = 1000
	slow = True
	reads = False
	size = 64*KIB
	text = f"{connections} readers that never read, and ask for 64 KiB again and again: {rate:,} messages a second"

	def prepare(self):
		self.data = frame(FIN | BINARY, bytes(self.size))

	def act(self):
		if self.send(self.data):
			self.count["messages"] += 1

	def proof(self, growth, before, after):
		return (f"{self.count['messages']:,} messages; memory {growth/self.connections/KIB:,.0f} KiB a reader, "
			f"where {MAX_QUEUED//KIB} KiB may be queued")


class Flood(Opened):
	"""More connections than there may be."""
	connections = MAX_CONNECTIONS - WELL_BEHAVED
	rate = 4000
	reads = False
	text = f"{rate:,} connections a second, where no more may be; another when it has been closed"

	def prepare(self):
		self.waiting = collections.deque()

	def act(self):
		connection = self.connect()
		connection.setblocking(False)
		self.waiting.append(connection)
		self.count["begun"] += 1

	def step(self):
		while self.waiting:
			data = received(self.waiting[0])
			if data is not None:
				if data:
					common.fail("a connection past the limit was answered")
				return
			reset(self.waiting.popleft())
			self.count["refused"] += 1

	def end(self):
		super().end()
		for connection in self.waiting:
			reset(connection)

	def proof(self, growth, before, after):
		return (f"{self.count['begun']:,} begun, {self.count['refused']:,} closed, {after['refused'] - before['refused']:,} counted as refused")


class FloodElsewhere(Flood):
	"""What of a flood is the machine's."""
	connections = MAX_CONNECTIONS
	text = "the same on another server on the same core: what of it is not ours"

	def begin(self):
		self.other = self.startOther()
		self.port = self.other.port
		super().begin()

	def end(self):
		super().end()
		self.other.__exit__()

	def proof(self, growth, before, after):
		return f"{self.count['begun']:,} begun, {self.count['refused']:,} closed"


class Resets(Attack):
	"""Connections that are reset when they are open."""
	rate = 1000
	text = f"{rate:,} connections a second that are reset as soon as the handshake is complete"

	def act(self):
		reset(self.open())
		self.count["opened"] += 1

	def proof(self, growth, before, after):
		return (f"{self.count['opened']:,} reset, {after['opened'] - before['opened']:,} counted as opened, "
			f"{after['connections'] + after['handshakes']:,} left in the end")


class Batches(Opened):
	"""Many small frames at once."""
	connections = 4
	rate = 400
	number = 1000
	unit = ""
	answer = 0 # bytes of one

	def frames(self):
		raise NotImplementedError

	def prepare(self):
		self.data = self.frames()

	def act(self):
		self.send(self.data)

	def sent(self):
		return self.count["bytes"]/len(self.data)*self.number

	def proof(self, growth, before, after):
		return f"{self.sent():,.0f} {self.unit}, {self.count['answers']:,} bytes came back"


class Pings(Batches):
	unit = "PINGs"
	text = "1,000 empty PINGs at once, by 4 connections: 400,000 PINGs a second"

	def frames(self):
		return frame(FIN | PING)*self.number


class Messages(Batches):
	unit = "messages"
	text = "1,000 messages of a byte at once, by 4 connections: 400,000 messages a second"

	def frames(self):
		return frame(FIN | BINARY, b"x")*self.number


class Fragments(Batches):
	unit = "fragments"
	text = "a message in 1,000 fragments of a byte, by 4 connections: 400,000 fragments a second"

	def frames(self):
		return frame(BINARY, b"x") + frame(CONT, b"x")*(self.number - 2) + frame(FIN | CONT, b"x")


def unpaced(base, what):
	"""The same as fast as a connection takes it, 0.4 of each 0.5 s: a real-time server would be stopped now and then otherwise."""
	class Unpaced(base):
		connections = 1
		rate = 0
		number = 100000
		text = f"{what}, by one connection as fast as it takes them"

		def act(self):
			if time.monotonic() % 0.5 < 0.4:
				super().act()
			else:
				time.sleep(0.001)

		def wait(self):
			select.select(self.sockets, self.sockets, [], 0.001)
	return Unpaced


class Bombs(Attack):
	"""Messages that are too large when decompressed."""
	rate = 50
	server = ["--deflate"]
	text = f"64 MiB of zeros, compressed to 64 KiB, by {rate} connections a second; 1 MiB is allowed"

	def begin(self):
		self.data = deflated(64*MIB)
		self.open(DEFLATE).close()
		self.waiting = []

	def act(self):
		connection = self.open(DEFLATE)
		try:
			connection.send(self.data)
		except BlockingIOError:
			pass
		self.waiting.append(connection)
		self.count["begun"] += 1

	def step(self):
		for connection in self.waiting[:]:
			data = received(connection)
			if data == b"":
				continue
			if data and data[:1] == b"\x88" and data[2:4] == struct.pack(">H", 1009):
				self.count["1009"] += 1
			reset(connection)
			self.waiting.remove(connection)

	def end(self):
		for connection in self.waiting:
			reset(connection)

	def proof(self, growth, before, after):
		return f"{self.count['begun']:,} begun, {self.count['1009']:,} closed with 1009; memory {growth/MIB:,.1f} MiB"


class Inflated(Opened):
	"""Compressed messages of the size that is allowed."""
	rate = 4
	number = 16
	server = ["--deflate"]
	extensions = DEFLATE
	text = f"{number} messages of 1 MiB of zeros, as many as are allowed, each compressed to 1 KiB, at once: {rate} times a second"

	def prepare(self):
		self.message = deflated(MAX_MESSAGE)
		self.data = self.message*self.number

	def act(self):
		self.send(self.data)

	def proof(self, growth, before, after):
		return (f"{self.count['bytes']//len(self.message):,} messages in {self.count['bytes']:,} bytes, {self.count['answers']:,} bytes came back; "
			f"memory {growth/MIB:,.1f} MiB")


ATTACKS = {
	"handshakes": SlowHandshakes,
	"at-once": SlowAtOnce,
	"frames": SlowFrames,
	"trickle": Trickle,
	"readers": Readers,
	"flood": Flood,
	"flood-elsewhere": FloodElsewhere,
	"resets": Resets,
	"tls-handshakes": HandshakesTLS,
	"tls-slow": SlowTLS,
	"proxy-slow": SlowHeaders,
	"proxy-garbage": Garbage,
	"forged": Forged,
	"forwarded": Forwarded,
	"renegotiation": Renegotiation,
	"renegotiation-allowed": RenegotiationAllowed,
	"pings": Pings,
	"messages": Messages,
	"fragments": Fragments,
	"bombs": Bombs,
	"inflated": Inflated,
	"pings-unpaced": unpaced(Pings, "empty PINGs"),
	"messages-unpaced": unpaced(Messages, "messages of a byte"),
	"fragments-unpaced": unpaced(Fragments, "fragments of a byte"),
}
