# A client, made with Python's websockets, for InteropServer.
#
# usage: client.py <port> [<certificate>]
#
# SPDX-License-Identifier: BSL-1.0

import asyncio
import sys

import websockets

from conversation import *

UTF8 = "1 byte: A, 2: ß, 3: 水, 4: 😀, and more"


class Server:
    def __init__(self, port, certificate=None):
        self.scheme = "wss" if certificate else "ws"
        self.port = port
        self.options = {"ssl": client_context(certificate)} if certificate else {}

    async def connect(self, path):
        ws = await within(websockets.connect(
            f"{self.scheme}://localhost:{self.port}{path}",
            subprotocols=["something-else", SUBPROTOCOL], max_size=None, **self.options))
        check(ws.subprotocol == SUBPROTOCOL, "the server chose the subprotocol")
        return ws


async def messages(ws):
    payloads = ["Hello", UTF8, "", b""]
    for length in (1, 125, 126, 127, 65535, 65536, 1 << 20):
        payloads += [pattern(length), "x" * length]
    for payload in payloads:
        await within(ws.send(payload))
        await expect_message(ws, payload)


async def fragments(ws):
    await send_fragments(ws, UTF8, 1)
    await expect_message(ws, UTF8)
    await send_fragments(ws, pattern(200000), 30000)
    await expect_message(ws, pattern(200000))


async def pings(ws):
    for payload in (b"payload", b"p" * 125):
        await ping(ws, payload)


async def many_in_flight(ws):
    contents = [str(i) + "f" * (i * 13 % 2000) for i in range(1000)]

    async def send():
        for content in contents:
            await within(ws.send(content))

    sending = asyncio.ensure_future(send())
    for content in contents:
        await expect_message(ws, content)
    await within(sending)


def on_echo(step):
    async def run(server):
        ws = await server.connect("/echo")
        await step(ws)
        await close(ws)
        await expect_report(server, "1000 ")
    return run


async def expect_report(server, text):
    ws = await server.connect("/report")
    await expect_message(ws, text)
    await close(ws)


async def client_closes(server):
    ws = await server.connect("/echo")
    await close(ws, 4000, "genug für heute")
    await expect_report(server, "4000 genug für heute")


async def server_closes(server):
    ws = await server.connect("/close")
    await expect_close(ws, SERVER_CLOSE_CODE, SERVER_CLOSE_REASON)


async def server_pings(server):
    ws = await server.connect("/ping")
    await expect_message(ws, PONG_REPORT)
    await close(ws)


async def server_fragments(server):
    ws = await server.connect("/fragments")
    await expect_message(ws, FRAGMENTED_TEXT)
    await expect_message(ws, pattern(FRAGMENTED_BINARY_LENGTH))
    await close(ws)


STEPS = {
    "messages": on_echo(messages),
    "fragments": on_echo(fragments),
    "pings": on_echo(pings),
    "many in flight": on_echo(many_in_flight),
    "client closes": client_closes,
    "server closes": server_closes,
    "server pings": server_pings,
    "server fragments": server_fragments,
}


async def main():
    server = Server(*sys.argv[1:])
    failures = 0
    for name, step in STEPS.items():
        outcome = "ok"
        try:
            await step(server)
        except Exception as error:
            outcome = f"{type(error).__name__}: {error}"
            failures += 1
        print(f"client.py: {name}: {outcome}", flush=True)
    return 1 if failures else 0


sys.exit(asyncio.run(main()))
