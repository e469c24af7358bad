#
# common.py
#
# Library: PocoWebSocket
# Package: Benchmark
#
# What the benchmark scripts share: building, starting the programs, describing the machine.
#
# SPDX-License-Identifier: BSL-1.0
#

import argparse
import collections
import contextlib
import ctypes
import fcntl
import json
import os
import pathlib
import re
import resource
import signal
import socket
import statistics
import struct
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
SERVERS = {"stock": "BenchmarkEchoStock", "ours": "BenchmarkEcho"} # the frame calls that both have
MESSAGES = "BenchmarkEchoMessages"
BEAST = "BenchmarkEchoBeast"
EVENTS = {"minimal loop": "BenchmarkEchoMinimal", "ours": "BenchmarkEchoEvents", "Beast": "BenchmarkEchoBeastEvents"} # one thread for all connections
CONGESTION = pathlib.Path("/proc/sys/net/ipv4/tcp_congestion_control")
WARM_UP = 4 # turns
OPTIONAL = [BEAST, EVENTS["Beast"]] # built where Boost is found


def fail(text):
	"""Ends the script with a message."""
	sys.exit(f"{pathlib.Path(sys.argv[0]).name}: {text}")


def positive(kind):
	"""An argparse type: a number greater than 0."""
	def parse(text):
		value = kind(text)
		if not value > 0:
			raise argparse.ArgumentTypeError(f"must be greater than 0: {text}")
		return value
	return parse


class Parser(argparse.ArgumentParser):
	"""Command lines that make no sense end with exit code 64."""

	def __init__(self, description):
		super().__init__(description=description, formatter_class=argparse.ArgumentDefaultsHelpFormatter)
		self.add_argument("--build-dir", type=pathlib.Path, default=ROOT/"build"/"release",
			help="where to build, with the preset release")

	def error(self, message):
		print(f"{self.prog}: {message}", file=sys.stderr)
		sys.exit(64)


def addCores(parser):
	"""The option --cores."""
	parser.add_argument("--cores", default="0,1", help="the server's core and the generator's")


def checkCores(parser, arguments):
	"""Makes a list of it."""
	arguments.cores = arguments.cores.split(",")
	if len(arguments.cores) != 2 or not all(core.isdigit() for core in arguments.cores):
		parser.error("--cores: two numbers are needed")
	if not {int(core) for core in arguments.cores} <= os.sched_getaffinity(0):
		parser.error("--cores: no such core")


def raiseDescriptors():
	"""As many descriptors as are allowed, also for the programs started from now on."""
	resource.setrlimit(resource.RLIMIT_NOFILE, 2*resource.getrlimit(resource.RLIMIT_NOFILE)[1:])


def keepAwake():
	"""As root: until this process ends, cores that have nothing to do wait in a loop and do not halt (the kernel's PM QoS interface). A
	virtual machine's core that halts is given to others, and comes back milliseconds later."""
	try:
		device = os.open("/dev/cpu_dma_latency", os.O_WRONLY | os.O_CLOEXEC)
	except OSError:
		return
	os.write(device, struct.pack("=i", 0)) # the descriptor stays open on purpose: closing it would end the request


def build(directory, *targets, optional=()):
	"""Builds the targets, and the optional ones as far as they exist; returns the folder that their programs are in."""
	directory = directory.resolve()
	buildStep("--preset", "release", "-B", str(directory), "-DPOCO_WEBSOCKET_BENCHMARKS=ON",
		f"-DCMAKE_RUNTIME_OUTPUT_DIRECTORY={directory}/bin")
	known = subprocess.run(["cmake", "--build", str(directory), "--target", "help"], stdout=subprocess.PIPE, text=True).stdout
	there = [name for name in optional if re.search(rf"\b{name}\b", known)]
	buildStep("--build", str(directory), "--target", *targets, *there)
	ownNetwork()
	return directory/"bin"


def ownNetwork():
	"""As root: from now on a network of this process's own, with the congestion control that Linux has by default, or Reno where
	that is not allowed. Others, BBR for instance, pace with timers, which takes processor time, and decides when the peer is woken."""
	CLONE_NEWNET, SIOCSIFFLAGS, IFF_UP = 0x40000000, 0x8914, 1
	if os.geteuid() != 0 or ctypes.CDLL(None).unshare(CLONE_NEWNET) != 0:
		return
	with socket.socket() as device:
		fcntl.ioctl(device, SIOCSIFFLAGS, struct.pack("16sH14x", b"lo", IFF_UP))
	for name in ("cubic", "reno"):
		try:
			CONGESTION.write_text(name)
			return
		except OSError:
			pass


def buildStep(*arguments):
	"""Runs CMake."""
	print("+ cmake", " ".join(arguments), file=sys.stderr)
	if subprocess.run(["cmake", *arguments], cwd=ROOT, stdout=sys.stderr).returncode != 0:
		fail("the build has failed")


def need(*programs):
	"""Checks that the programs are installed."""
	for program in programs:
		if subprocess.run(["which", program], stdout=subprocess.DEVNULL).returncode != 0:
			fail(f"{program} is missing")


class Server:
	"""A running echo server: a context manager that ends it with SIGTERM."""

	def __init__(self, command):
		self.process = subprocess.Popen([str(part) for part in command], stdout=subprocess.PIPE, text=True)
		line = self.process.stdout.readline().split()
		if len(line) != 2:
			self.process.kill()
			fail(f"{command[-1]} does not start")
		self.port, self.pid = map(int, line)

	def __enter__(self):
		return self

	def __exit__(self, *_):
		os.kill(self.pid, signal.SIGTERM)
		try:
			self.process.wait(30)
		except subprocess.TimeoutExpired:
			self.process.kill()
			fail("the server does not end")
		self.process.stdout.close()


def loadCommand(prefix, folder, server, options):
	"""The load generator's command line."""
	return [str(part) for part in [*prefix, folder/"BenchmarkLoad", "--port", server.port, "--server-pid", server.pid, *options]]


def load(folder, server, *options):
	"""Runs the load generator against the server; returns what it has measured."""
	result = subprocess.run(loadCommand([], folder, server, options), stdout=subprocess.PIPE, text=True)
	if result.returncode != 0:
		fail(f"the load generator has failed: {' '.join(map(str, options))}")
	return json.loads(result.stdout)


class Load:
	"""A load generator that measures in turns with others: a context manager that ends it."""

	def __init__(self, prefix, folder, server, options):
		self.options = " ".join(map(str, options))
		self.process = subprocess.Popen(loadCommand(prefix, folder, server, ["--turns", *options]), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

	def turn(self):
		"""Returns what was measured in a turn."""
		with contextlib.suppress(BrokenPipeError):
			print(file=self.process.stdin, flush=True)
		line = self.process.stdout.readline()
		if not line:
			fail(f"the load generator has failed: {self.options}")
		return json.loads(line)

	def __enter__(self):
		return self

	def __exit__(self, kind, *_):
		with contextlib.suppress(BrokenPipeError):
			self.process.stdin.close()
		self.process.stdout.close()
		if self.process.wait(60) != 0 and not kind:
			fail(f"the load generator has failed at its end: {self.options}")


# One of those that are compared: the server's command line, without the folder, and the load generator's options.
Side = collections.namedtuple("Side", "server load")


def addTurns(parser):
	"""The options for compare()."""
	parser.add_argument("--rounds", type=positive(int), default=5, help="how often the servers of a shape are started")
	parser.add_argument("--turns", type=positive(int), default=10, help="how often each of them is measured then")
	parser.add_argument("--seconds", type=positive(float), default=0.1, help="measured time of a turn")
	addCores(parser)


def inTurns(sides, folder, arguments):
	"""One round: the servers of all sides are running, each with a generator, and have work one after the other. sides: a dictionary of Side.
	Returns by the same keys lists of what was measured."""
	results = {name: [] for name in sides}
	with contextlib.ExitStack() as stack:
		loads = {}
		for name, side in sides.items():
			server = stack.enter_context(Server(["taskset", "-c", arguments.cores[0], folder/side.server[0], *side.server[1:]]))
			options = [*side.load, "--warmup", 0.02, "--seconds", arguments.seconds]
			loads[name] = stack.enter_context(Load(["taskset", "-c", arguments.cores[1]], folder, server, options))
		for i in range(WARM_UP + arguments.turns):
			for name in list(sides)[::1 if i % 2 == 0 else -1]:
				result = loads[name].turn()
				if i >= WARM_UP:
					results[name].append(result)
	return results


def compare(shapes, folder, arguments):
	"""All rounds, each with all shapes, and every other one backwards. shapes: by name a text and a dictionary of Side.
	Returns for each shape a list of what inTurns() returned."""
	results = collections.defaultdict(list)
	for i in range(arguments.rounds):
		for name, (text, sides) in shapes.items():
			print(f"round {i + 1} of {arguments.rounds}: {text}", file=sys.stderr)
			order = dict(list(sides.items())[::1 if i % 2 == 0 else -1])
			results[name].append(inTurns(order, folder, arguments))
	return results


def values(rounds, side, key="server_cpu_us_per_message"):
	"""The figures of a side of a shape, all turns of all rounds; empty where it was not measured."""
	return [turn[key] for results in rounds for turn in results.get(side, [])]


def ratio(rounds, side, basis):
	"""Text: the median of the rounds' ratios, the smallest and the largest; a round's is the median of its turns', but for those in
	which a server's clock has not moved: then the machine has stood still."""
	if not values(rounds, side) or not values(rounds, basis):
		return ""
	ratios = [statistics.median(mine/other for mine, other in zip(values([results], side), values([results], basis)) if mine > 0 and other > 0)
		for results in rounds]
	return f"{statistics.median(ratios):.2f} ({min(ratios):.2f} - {max(ratios):.2f})"


def turnsText(arguments):
	"""How was measured."""
	return (f"{arguments.rounds} rounds with {arguments.turns} turns of {arguments.seconds:g} s each; "
		f"server on core {arguments.cores[0]}, generator on core {arguments.cores[1]}")


def version(program):
	"""What the program says about its version."""
	return subprocess.run([str(program), "--version"], stdout=subprocess.PIPE, text=True).stdout.strip()


def compiler(directory):
	"""Name and version of the compiler, and the build type."""
	cache = (directory/"CMakeCache.txt").read_text()
	value = lambda name: re.search(rf"^{name}:\w+=(.*)$", cache, re.M).group(1)
	version = subprocess.run([value("CMAKE_CXX_COMPILER"), "--version"], stdout=subprocess.PIPE, text=True).stdout
	return f"{version.splitlines()[0]}, {value('CMAKE_BUILD_TYPE')}"


def machine(directory):
	"""A line about the machine, the compiler and the command."""
	info = pathlib.Path("/proc/cpuinfo").read_text()
	model = re.search(r"^model name\s*:\s*(.*)$", info, re.M)
	system = os.uname()
	command = " ".join(["benchmark/" + pathlib.Path(sys.argv[0]).name, *sys.argv[1:]])
	return (f"{model.group(1) if model else system.machine}, {os.cpu_count()} cores, {system.sysname} {system.release}, TCP {CONGESTION.read_text().strip()}; "
		f"{compiler(directory)}; load average at the start {os.getloadavg()[0]:.1f}. Command: `{command}`")


def table(header, rows):
	"""A Markdown table; the first column is text, the others are numbers."""
	lines = ["| " + " | ".join(header) + " |", "|---|" + "---:|"*(len(header) - 1)]
	lines += ["| " + " | ".join(row) + " |" for row in rows]
	return "\n".join(lines)
