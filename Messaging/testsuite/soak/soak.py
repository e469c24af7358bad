#!/usr/bin/python3
#
# soak.py
#
# A MessageService (TestServer, a process of its own) under clients that come, subscribe, publish, ask, do not read, say nonsense, and go in every way, for minutes: its memory stays as
# it is. All leave from time to time, and what is resident then is compared. For a longer time: --seconds 3600.
#
# usage: soak.py <TestServer> [--seconds N]
#
# Needs nothing but Python. Exits with 1 if memory has grown, or if something has failed.
#
# SPDX-License-Identifier: BSL-1.0
#

import argparse
import collections
import contextlib
import json
import os
import pathlib
import random
import re
import socket
import struct
import subprocess
import sys
import threading
import time
import traceback

WORKERS = 8
PERIOD = 10    # seconds of traffic; then all leave
WARM_UP = 4    # periods before memory is looked at: allocators keep some
MAX_GROWTH = 3 # MiB, from the end of the warm-up to the end
LEAVE = 6      # seconds until the Leaves of those who have gone are out: the hub's delay is 5
WAIT = 20      # seconds for whatever is waited for
HANDSHAKE = ("GET /messages HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
	"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Protocol: poco.messaging.json.v1\r\n\r\n")


def fail(text):
	sys.exit(f"soak.py: {text}")


class Client:
	"""A connection; messages are dictionaries."""

	def __init__(self, port):
		self.socket = socket.create_connection(("127.0.0.1", port), timeout=WAIT)
		self.stream = self.socket.makefile("rb")
		self.socket.sendall(HANDSHAKE.encode())
		line = self.stream.readline()
		if b"101" not in line:
			raise RuntimeError(f"the handshake is refused: {line}")
		while self.stream.readline() != b"\r\n":
			pass
		self.id = 0
		self.closed = False

	def __enter__(self):
		return self

	def __exit__(self, *_):
		self.stream.close()
		self.socket.close()

	def write(self, opcode, data):
		header = struct.pack("!BB", 0x80 | opcode, 0x80 | len(data)) if len(data) < 126 else struct.pack("!BBH", 0x80 | opcode, 0x80 | 126, len(data))
		self.socket.sendall(header + bytes(4) + data) # masked with 0

	def send(self, opcode, **fields):
		self.write(1, json.dumps({"opcode": opcode, **fields}).encode())

	def receive(self):
		"""The next message; None: the connection is closed."""
		while not self.closed:
			header = self.stream.read(2)
			self.closed = len(header) < 2 or header[0] & 15 == 8
			if self.closed:
				break
			size = header[1]
			if size >= 126:
				size = int.from_bytes(self.stream.read(2 if size == 126 else 8), "big")
			data = self.stream.read(size)
			if header[0] & 15 == 9:
				self.write(10, data)
			elif header[0] & 15 == 1:
				return json.loads(data)
		return None

	def ask(self, opcode, **fields):
		"""Returns the answer; what else comes is left. None: the connection is closed."""
		self.id += 1
		self.send(opcode, id=self.id, **fields)
		while True:
			message = self.receive()
			if message is None or message.get("id") == self.id:
				return message

	def connect(self):
		if self.ask("connect", text=f"somebody {random.randrange(1000)}") is None:
			raise RuntimeError("Connect was not answered")


def ordinary(client, counts):
	"""Comes into channels, publishes, asks, leaves some."""
	client.connect()
	own = f"own-{random.getrandbits(64):x}"
	for channel in (own, f"p{own}", "c1", f"h{random.randrange(10)}", f"p{random.randrange(3)}"):
		client.ask("subscribe", channel=channel)
	for _ in range(5):
		channel = random.choice(("c1", own, f"h{random.randrange(10)}"))
		client.ask("publish", channel=channel, payload="x"*random.randrange(200), transaction=f"t{random.randrange(100)}")
	client.ask("history", channel="h1", limit=5)
	client.ask("presence", channel="p1")
	client.ask(random.choice((200, 205)), payload="x")
	client.ask("unsubscribe", channel=own)
	counts["ordinary"] += 1


def returning(client, counts):
	"""Recovers from a position, that is there or is not."""
	client.connect()
	channel = f"h{random.randrange(10)}"
	before = client.ask("subscribe", channel=channel)
	client.ask("unsubscribe", channel=channel)
	client.ask("subscribe", channel=channel, flags=1, epoch=before.get("epoch", 0), offset=max(0, int(before.get("offset", 0)) - random.randrange(15)))
	counts["returning"] += 1


def lagging(client, counts):
	"""Does not read, while more is published than the queues take."""
	client.connect()
	for channel in ("c1", "h1"):
		client.ask("subscribe", channel=channel)
	client.socket.settimeout(1)
	with contextlib.suppress(OSError):
		for _ in range(300):
			client.send("publish", channel=random.choice(("c1", "h1")), payload="x"*20000)
	counts["lagging"] += 1


def hostile(client, counts):
	"""Says what is no message, asks before Connect, and again and again."""
	if random.random() < 0.5:
		client.connect()
	for _ in range(4):
		client.write(1, random.choice((b"{", b"", b"[]", b'{"opcode":9999}', b'{"opcode":"publish","channel":""}', b'{"opcode":"subscribe","channel":"' + b"x"*300 + b'"}')))
	for _ in range(4):
		client.receive() # an Error to each, or the connection is closed
	counts["hostile"] += 1


def idle(client, counts):
	"""Is there, and hears what others publish."""
	client.connect()
	client.ask("subscribe", channel="c1")
	client.socket.settimeout(0.5)
	with contextlib.suppress(TimeoutError):
		for _ in range(200):
			client.receive()
	counts["idle"] += 1


KINDS = [ordinary]*20 + [returning]*6 + [hostile]*3 + [idle]*2 + [lagging]


def work(port, end, counts, failures):
	while time.monotonic() < end and not failures:
		try:
			with Client(port) as client:
				kind = random.choice(KINDS)
				kind(client, counts)
				if random.random() < 0.5:
					client.send("disconnect")
				elif random.random() < 0.5: # a reset
					client.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
		except (ConnectionError, TimeoutError) as error:
			counts["cut"] += 1 # one that is too slow, or hostile
			if isinstance(error, TimeoutError):
				counts["timed out: " + kind.__name__] += 1
		except Exception: # pylint: disable=broad-except
			failures.append(traceback.format_exc())


def resident(pid):
	"""MiB."""
	return int(re.search(r"^VmRSS:\s*(\d+) kB", pathlib.Path(f"/proc/{pid}/status").read_text(), re.M).group(1))/1024


def descriptors(pid):
	return len(os.listdir(f"/proc/{pid}/fd"))


def main():
	parser = argparse.ArgumentParser(description="A MessageService under clients of every kind: its memory stays as it is.")
	parser.add_argument("server", help="the program TestServer")
	parser.add_argument("--seconds", type=float, default=240)
	arguments = parser.parse_args()
	process = subprocess.Popen([arguments.server, "--queue=65536"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
	port = int(process.stdout.readline().split()[1])
	counts, failures, measured = collections.Counter(), [], []
	atRest = descriptors(process.pid)
	periods = max(WARM_UP + 2, int(arguments.seconds/(PERIOD + LEAVE)))
	for period in range(periods):
		end = time.monotonic() + PERIOD
		workers = [threading.Thread(target=work, args=(port, end, counts, failures)) for _ in range(WORKERS)]
		for worker in workers:
			worker.start()
		for worker in workers:
			worker.join()
		if failures:
			process.kill()
			fail(f"something has failed:\n{failures[0]}")
		if process.poll() is not None:
			fail(f"the server has ended: {process.returncode}")
		end = time.monotonic() + WAIT
		while descriptors(process.pid) > atRest and time.monotonic() < end:
			time.sleep(0.01)
		if descriptors(process.pid) > atRest:
			process.kill()
			fail(f"{descriptors(process.pid) - atRest} descriptors are left")
		time.sleep(LEAVE)
		measured.append(resident(process.pid))
		print(f"period {period + 1} of {periods}: {measured[-1]:.1f} MiB; {dict(counts)}", flush=True)
	process.stdin.close()
	if process.wait(WAIT) != 0:
		fail(f"the server has failed at its end: {process.returncode}")
	first = max(measured[:WARM_UP])
	growth = measured[-1] - first
	print(f"{sum(counts.values())} clients; after the warm-up {first:.1f} MiB, at the end {measured[-1]:.1f} MiB")
	if growth > MAX_GROWTH:
		fail(f"memory has grown by {growth:.1f} MiB")


if __name__ == "__main__":
	main()
